"""How routes that carry the protocol's messages appear in the API's description (OpenAPI 3.1).

Bodies are decoded by `cairn_protocol.messages.wire` alone, so that only canonical bytes are
read, and the framework can't see their types. Their schemas are made here from the same types.
"""

import json
from typing import Any

import msgspec
from fastapi import Response

from cairn_protocol.messages.wire import encode

JSON = "application/json"
_DEFS = "#/$defs/"


def takes(example: msgspec.Struct) -> dict[str, Any]:
    """The `openapi_extra=` of a route whose body is a message of the example's type."""
    return {"requestBody": {"required": True, "content": _content(example)}}


def gives(
    example: msgspec.Struct, description: str, *alternatives: msgspec.Struct, status: int = 200
) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route that answers with a message of the example's type, or an alternative's."""
    return {status: {"description": description, "content": _content(example, *alternatives)}}


def message(body: msgspec.Struct, *, status: int = 200) -> Response:
    """A response with a message in its canonical form."""
    return Response(encode(body), status_code=status, media_type=JSON)


def schema_of(message: type[msgspec.Struct]) -> dict[str, Any]:
    """A message's JSON schema in one piece: what it refers to is put in place."""
    schema = msgspec.json.schema(message)
    definitions = schema.pop("$defs")

    def whole(part: Any) -> Any:
        if isinstance(part, list):
            return [whole(item) for item in part]
        if not isinstance(part, dict):
            return part
        reference = part.get("$ref")
        if isinstance(reference, str) and reference.startswith(_DEFS):
            return whole(definitions[reference.removeprefix(_DEFS)])
        return {name: whole(value) for name, value in part.items() if name != "discriminator"}

    described: dict[str, Any] = whole(schema)
    return described


def _content(*examples: msgspec.Struct) -> dict[str, Any]:
    schemas = [schema_of(type(example)) for example in examples]
    named = {type(example).__name__: {"value": json.loads(encode(example))} for example in examples}
    return {JSON: {"schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas}, "examples": named}}
