"""An analyst's calls about openings and cases. All are signed; what trustees and firms sealed comes sealed."""

from typing import Any, Final

from cairn.client.answers import limit_of, read_json, read_message, read_object
from cairn.client.connection import HUB, Connection
from cairn_protocol.messages.openings import Material
from cairn_protocol.messages.wire import Signed, encode

_MOST_JSON: Final = 4 * 1024 * 1024


class OpeningsClient:
    """The hub as an analyst sees it. Calls may raise Unreachable, Unauthorised, Rejected and Conflict."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def ask(self, request: Signed) -> dict[str, Any]:
        """Ask for an opening. The same request again gets the same answer."""
        return await self._post("/v1/openings", request)

    async def confirm(self, opening: str, confirmation: Signed) -> dict[str, Any]:
        """Agree to another analyst's request."""
        return await self._post(f"/v1/openings/{opening}/confirmation", confirmation)

    async def standing(self, opening: str) -> dict[str, Any]:
        """Where an opening stands, with its signed request."""
        told = await self._get(f"/v1/openings/{opening}")
        assert isinstance(told, dict)
        return told

    async def all(self) -> list[dict[str, Any]]:
        """Every opening."""
        return list(await self._get("/v1/openings"))

    async def cases(self) -> list[dict[str, Any]]:
        """Subjects that two groups or more reported."""
        return list(await self._get("/v1/cases"))

    async def material(self, opening: str) -> Material:
        """What the opening's two analysts read it with."""
        path = f"/v1/openings/{opening}/material"
        answer = await self._connection.get(HUB, path, limit=limit_of(Material), signed=True)
        return read_message(answer.content, Material, HUB)

    async def _get(self, path: str) -> Any:
        answer = await self._connection.get(HUB, path, limit=_MOST_JSON, signed=True)
        return read_json(answer.content, HUB)

    async def _post(self, path: str, message: Signed) -> dict[str, Any]:
        answer = await self._connection.post(HUB, path, encode(message), limit=_MOST_JSON)
        return read_object(answer.content, HUB)
