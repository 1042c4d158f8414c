"""Calls about bulletins: members read them, analysts draft and approve, liaisons comment. All are signed."""

from typing import Any, Final, TypeVar
from uuid import UUID

from cairn.client.answers import limit_of, read_json, read_message, read_object
from cairn.client.connection import HUB, Connection
from cairn_protocol.messages.bulletins import (
    AcceptedContacts,
    Acknowledgement,
    Answer,
    Asked,
    Audience,
    Bulletins,
    ContactAccepted,
    ContactRequest,
    Contacts,
    Deconflict,
    Draft,
    DraftEdit,
    Feedback,
    Inbox,
    Intelligence,
    Objection,
    Published,
    Question,
    Questions,
    Stage,
    TaxiiToken,
    Usefulness,
    Windows,
)
from cairn_protocol.messages.wire import Message, Signed, decode, encode

_MOST_JSON: Final = 16 * 1024 * 1024
_DRAFTS: Final = "/v1/bulletins/drafts"
_M = TypeVar("_M", bound=Message)


class BulletinsClient:
    """The hub as members, analysts and liaisons see it. Calls may raise Unreachable, Unauthorised and Rejected."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # Members

    async def published(self, path: str = "/v1/bulletins") -> list[Published]:
        """Every edition in force, and every recall. Unverified."""
        found: list[Published] = []
        after = 0
        while True:
            page = await self._read(f"{path}?after={after}", Bulletins)
            found += page.bulletins
            if not page.more or page.latest <= after:
                return found
            after = page.latest

    async def acknowledge(self, bulletin: UUID, path: str = "/v1/bulletins/acknowledgements") -> None:
        """Say that a recall was seen."""
        await self._send(path, Acknowledgement(bulletin=bulletin))

    async def windows(self) -> Windows:
        """Drafts drawn from the member's own reports that it may object to."""
        return await self._read("/v1/bulletins/windows", Windows)

    async def object_to(self, objection: Objection) -> None:
        """Object to a draft."""
        await self._send("/v1/bulletins/objections", objection)

    async def usefulness(self, quarter: str) -> Usefulness:
        """What governments found useful in a quarter, in bands."""
        return await self._read(f"/v1/bulletins/usefulness?quarter={quarter}", Usefulness)

    async def contacts(self) -> Contacts:
        """What liaisons asked this member."""
        return await self._read("/v1/contacts", Contacts)

    async def accept_contact(self, contact: UUID, reach: str) -> None:
        """Agree to be reached."""
        await self._send(f"/v1/contacts/{contact}", ContactAccepted(reach=reach))

    async def ask(self, text: str) -> Asked:
        """Ask governments a question, without a name on it."""
        return decode(await self._post("/v1/questions", Question(text=text)), Asked, culprit=HUB)

    async def questions(self) -> Questions:
        """Questions and answers that are public."""
        answer = await self._connection.get(HUB, "/v1/questions", limit=limit_of(Questions))
        return read_message(answer.content, Questions, HUB)

    # Analysts and reviewers

    async def save(self, edit: DraftEdit) -> dict[str, Any]:
        """Save a draft; its standing and what the checks find."""
        return read_object(await self._post(_DRAFTS, edit), HUB)

    async def drafts(self) -> list[dict[str, Any]]:
        """Every bulletin at every version."""
        answer = await self._connection.get(HUB, _DRAFTS, limit=_MOST_JSON, signed=True)
        return list(read_json(answer.content, HUB))

    async def draft(self, bulletin: UUID, *, reviewing: bool = False) -> Draft:
        """The latest version's text."""
        return await self._read(f"{_DRAFTS}/{bulletin}{'/for-review' if reviewing else ''}", Draft)

    async def draft_as_stix(self, bulletin: UUID, audience: Audience) -> dict[str, Any]:
        """The latest version's edition for an audience, as a STIX bundle around a grouping."""
        path = f"{_DRAFTS}/{bulletin}/stix?audience={audience}"
        answer = await self._connection.get(HUB, path, limit=_MOST_JSON, signed=True)
        return read_object(answer.content, HUB)

    async def check(self, bulletin: UUID) -> dict[str, Any]:
        """What the checks find now."""
        return read_object(await self._post(f"{_DRAFTS}/{bulletin}/checks", None), HUB)

    async def submit(self, bulletin: UUID, submission: Signed) -> dict[str, Any]:
        """Stand by a draft."""
        return read_object(await self._post(f"{_DRAFTS}/{bulletin}/submission", submission), HUB)

    async def approve(self, bulletin: UUID, stage: Stage, approval: Signed) -> dict[str, Any]:
        """Agree to another's draft."""
        act = "approval" if stage is Stage.ANALYST else "privacy-approval"
        return read_object(await self._post(f"{_DRAFTS}/{bulletin}/{act}", approval), HUB)

    async def release(self, bulletin: UUID) -> dict[str, Any]:
        """Let an approved draft out."""
        return read_object(await self._post(f"{_DRAFTS}/{bulletin}/release", None), HUB)

    async def recall(self, bulletin: UUID, order: Signed) -> dict[str, Any]:
        """Take a bulletin back."""
        return read_object(await self._post(f"/v1/bulletins/{bulletin}/recall", order), HUB)

    async def inbox(self) -> Inbox:
        """What liaisons gave."""
        return await self._read("/v1/bulletins/inbox", Inbox)

    # Liaisons

    async def feedback(self, said: Feedback) -> None:
        """Say what a bulletin was worth."""
        await self._send("/v1/liaison/feedback", said)

    async def deconflict(self, bulletin: UUID) -> None:
        """Ask people at the hub to wait."""
        await self._send("/v1/liaison/deconflictions", Deconflict(bulletin=bulletin))

    async def ask_contact(self, asked: ContactRequest) -> None:
        """Have a request relayed."""
        await self._send("/v1/liaison/contacts", asked)

    async def reached(self) -> AcceptedContacts:
        """Who agreed to be reached."""
        return await self._read("/v1/liaison/contacts", AcceptedContacts)

    async def answer(self, question: UUID, text: str) -> None:
        """Answer a question in public."""
        await self._send(f"/v1/liaison/answers/{question}", Answer(text=text))

    async def push(self, given: Intelligence) -> dict[str, Any]:
        """Give what may be shared."""
        return read_object(await self._post("/v1/liaison/intelligence", given), HUB)

    async def rotate_token(self) -> TaxiiToken:
        """A new password for TAXII."""
        return read_message(await self._post("/v1/liaison/tokens", None), TaxiiToken, HUB)

    async def _read(self, path: str, cls: type[_M]) -> _M:
        answer = await self._connection.get(HUB, path, limit=limit_of(cls), signed=True)
        return read_message(answer.content, cls, HUB)

    async def _post(self, path: str, message: Message | None) -> bytes:
        body = b"" if message is None else encode(message)
        return (await self._connection.post(HUB, path, body, limit=_MOST_JSON)).content

    async def _send(self, path: str, message: Message) -> None:
        await self._post(path, message)
