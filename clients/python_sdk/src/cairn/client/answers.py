"""Reading an answer: a message in its one canonical form, or the sender is named."""

import json
from typing import Any, TypeVar

import msgspec

from cairn.client.errors import ProofInvalid
from cairn_protocol.errors import PartyId, ProtocolError
from cairn_protocol.messages.wire import Message, decode

_M = TypeVar("_M", bound=msgspec.Struct)


def read_message(content: bytes, cls: type[_M], sender: PartyId) -> _M:
    """The message of that type. Raises ProofInvalid, naming `sender`, for anything else."""
    try:
        return decode(content, cls, culprit=sender)
    except ProtocolError as error:
        raise ProofInvalid.of(error, sender) from error


def read_json(content: bytes, sender: PartyId) -> Any:
    """An answer that is no message: whatever JSON it holds. Raises ProofInvalid, naming `sender`."""
    try:
        return json.loads(content)
    except ValueError as error:
        raise ProofInvalid("bad-message", "an answer that is no JSON", culprit=sender) from error


def read_object(content: bytes, sender: PartyId) -> dict[str, Any]:
    """An answer that is one JSON object. Raises ProofInvalid, naming `sender`, for anything else."""
    told = read_json(content, sender)
    if not isinstance(told, dict):
        raise ProofInvalid("bad-message", "an answer of another shape", culprit=sender)
    return told


def limit_of(cls: type[Message]) -> int:
    """How many bytes an answer of that type may have."""
    return cls.MAX_BYTES


def read_note(content: bytes, sender: PartyId) -> str:
    """A note's text. Raises ProofInvalid, naming `sender`, unless it is UTF-8."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise ProofInvalid("bad-message", "a checkpoint that is no text", culprit=sender) from error
