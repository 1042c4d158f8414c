"""Calls about disputes and cuts: reviewers look and order, analysts confirm, contributors acknowledge. All signed."""

from typing import Any, Final

from cairn.client.answers import read_json, read_object
from cairn.client.connection import HUB, Connection
from cairn_protocol.messages.wire import Signed, encode

_MOST_JSON: Final = 4 * 1024 * 1024


class CorrectionsClient:
    """The hub as reviewers, analysts and contributors see it. Calls may raise Unreachable, Unauthorised, Rejected."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def disputes(self, case: int | None = None) -> list[dict[str, Any]]:
        """Subjects that a reviewer may cut, those in dispute first."""
        return list(await self._get("/v1/disputes" + (f"?case={case}" if case is not None else "")))

    async def recalls(self) -> list[dict[str, Any]]:
        """Every cut, as reviewers see it."""
        return list(await self._get("/v1/recalls"))

    async def waiting(self) -> list[dict[str, Any]]:
        """Every cut, as analysts see it."""
        return list(await self._get("/v1/recalls/waiting"))

    async def cut(self, identity: str) -> dict[str, Any]:
        """A cut with its signed order."""
        return dict(await self._get(f"/v1/recalls/{identity}"))

    async def order(self, signed: Signed) -> dict[str, Any]:
        """A reviewer's order. The same again gets the same answer."""
        return await self._post("/v1/recalls", signed)

    async def confirm(self, identity: str, signed: Signed) -> dict[str, Any]:
        """An analyst's confirmation: the cut is carried out."""
        return await self._post(f"/v1/recalls/{identity}/confirmation", signed)

    async def acknowledge(self, identity: str, signed: Signed) -> dict[str, Any]:
        """A contributor has taken notice."""
        return await self._post(f"/v1/recalls/{identity}/acknowledgements", signed)

    async def _get(self, path: str) -> Any:
        answer = await self._connection.get(HUB, path, limit=_MOST_JSON, signed=True)
        return read_json(answer.content, HUB)

    async def _post(self, path: str, message: Signed) -> dict[str, Any]:
        answer = await self._connection.post(HUB, path, encode(message), limit=_MOST_JSON)
        return read_object(answer.content, HUB)
