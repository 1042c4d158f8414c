"""Calls about trends and releases: analysts ask and agree, members and the public read what was released."""

from typing import Any, Final

from cairn.client.answers import limit_of, read_message, read_object
from cairn.client.connection import HUB, Connection
from cairn_protocol.messages.releases import PublishedTables, ReleaseDraft, ReleaseTable
from cairn_protocol.messages.trends import TrendQuestion
from cairn_protocol.messages.wire import Signed, encode

_MOST_JSON: Final = 16 * 1024 * 1024
_DRAFTS: Final = "/v1/releases/drafts"


class TrendsClient:
    """The hub as whoever asks it of figures sees it. Calls may raise Unreachable, Unauthorised and Rejected."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def ask(self, question: TrendQuestion) -> dict[str, Any]:
        """A question's answer: its cells, where they come from, and what is left of the budget."""
        return await self._send("/v1/trends", encode(question))

    async def questions(self) -> dict[str, Any]:
        """What can be asked, and the calendar of control events."""
        return await self._get("/v1/trends")

    async def budget(self) -> list[dict[str, Any]]:
        """Every account of the ledger."""
        return list((await self._get("/v1/trends/budget"))["accounts"])

    # Releases

    async def draft(self, name: str) -> ReleaseTable:
        """Have the table of that name made for the latest period that is over; the same again is the same."""
        answer = await self._connection.post(
            HUB, _DRAFTS, encode(ReleaseDraft(name=name)), limit=limit_of(ReleaseTable)
        )
        return read_message(answer.content, ReleaseTable, HUB)

    async def drafts(self) -> list[dict[str, Any]]:
        """Every release and draft, and where it stands."""
        return list((await self._get(_DRAFTS))["releases"])

    async def read_draft(self, release: str) -> ReleaseTable:
        """A draft's table, to be read before it is agreed to."""
        answer = await self._connection.get(
            HUB, f"{_DRAFTS}/{release}", limit=limit_of(ReleaseTable), signed=True
        )
        return read_message(answer.content, ReleaseTable, HUB)

    async def consent(self, release: str, consent: Signed) -> dict[str, Any]:
        """Agree to a draft. The second analyst's consent releases it."""
        return await self._send(f"{_DRAFTS}/{release}/consents", encode(consent))

    async def published(self, *, member: bool) -> PublishedTables:
        """The releases in force: for a member those of members, else the public's, which anybody may read."""
        path = "/v1/releases/for-members" if member else "/v1/releases/tables"
        answer = await self._connection.get(HUB, path, limit=limit_of(PublishedTables), signed=member)
        return read_message(answer.content, PublishedTables, HUB)

    async def _get(self, path: str) -> dict[str, Any]:
        return read_object(
            (await self._connection.get(HUB, path, limit=_MOST_JSON, signed=True)).content, HUB
        )

    async def _send(self, path: str, body: bytes) -> dict[str, Any]:
        return read_object((await self._connection.post(HUB, path, body, limit=_MOST_JSON)).content, HUB)
