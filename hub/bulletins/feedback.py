"""What liaisons say of bulletins: a code on a bulletin they were given, and no more.

By TAXII it is an opinion or a note of STIX 2.1 on the bulletin's report object, with the code as its one
label. Whatever else is posted - indicators, identities, a text with an identifier - would be something to look
for, and is refused as tasking: nothing here is matched with anything.
Source: domain brief 5.3, 5.5, 5.6.
"""

import json
import uuid
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from stix2.exceptions import STIXError

from cairn_protocol.errors import BadMessage
from cairn_protocol.messages.bulletins import Feedback, FeedbackCode
from hub.bulletins.refusals import Tasking, Unfit, UnknownBulletin
from hub.bulletins.stix import stix2_parse
from hub.bulletins.tables import BulletinRow, FeedbackRow, TaxiiObject, TaxiiStatus
from hub.bulletins.tallying import count
from hub.bulletins.wording import unfit
from hub.errors import HubError

MAX_OBJECTS: Final = 100
_SAYS: Final = ("opinion", "note")
_TEXTS: Final = ("explanation", "abstract", "content")
_PLAIN: Final = frozenset(
    {
        "type", "spec_version", "id", "created", "modified", "created_by_ref", "object_refs", "labels", "lang",
        "opinion", "explanation", "abstract", "content", "authors", "confidence", "object_marking_refs", "revoked",
    }
)  # fmt: skip


async def give(db: AsyncSession, liaison: str, said: Feedback) -> None:
    """Keep a liaison's word; its last one on a bulletin counts. Raises UnknownBulletin, Tasking, BadMessage."""
    await require_shown(db, said.bulletin)
    if (said.reason is None) == (said.code is FeedbackCode.INACCURATE):
        raise BadMessage("INACCURATE says what is, and no other code gives a reason")
    if said.reason is not None:
        refuse_identifiers("reason", said.reason)
    row = insert(FeedbackRow).values(
        bulletin=said.bulletin,
        liaison=liaison,
        code=said.code,
        reason=said.reason,
        given_on=datetime.now(UTC).date(),
    )
    await db.execute(
        row.on_conflict_do_update(
            index_elements=["bulletin", "liaison"],
            set_={name: row.excluded[name] for name in ("code", "reason", "given_on")},
        )
    )
    await count(db, "feedback")


async def require_shown(db: AsyncSession, bulletin: UUID) -> None:
    """Raise UnknownBulletin unless liaisons were given this bulletin."""
    shown = select(TaxiiObject.seq).where(TaxiiObject.bulletin == bulletin).limit(1)
    if await db.scalar(shown) is None:
        raise UnknownBulletin("liaisons were given no bulletin of that id")


def refuse_identifiers(place: str, text: str) -> None:
    """Raise Tasking for a text that holds something to be looked for, Unfit for one that is no plain text."""
    found = unfit(place, text)
    if any(one.code in ("MARKUP", "INVISIBLE") for one in found):
        raise Unfit(found)
    if found:
        raise Tasking("identifiers are not taken: " + "; ".join(map(str, found[:5])))


def read_envelope(raw: bytes) -> list[Any]:
    """The objects of a TAXII envelope. Raises BadMessage."""
    try:
        envelope = json.loads(raw)
        objects = envelope["objects"]
        if not isinstance(objects, list) or set(envelope) - {"objects", "more", "next"}:
            raise TypeError
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadMessage("the body is no TAXII envelope with a list of objects") from None
    if not 0 < len(objects) <= MAX_OBJECTS:
        raise BadMessage(f"an envelope brings 1 to {MAX_OBJECTS} objects")
    return objects


async def take_all(db: AsyncSession, liaison: str, objects: list[Any]) -> str:
    """Take or refuse each object; returns the status resource, which its sender may ask for again."""
    successes: list[dict[str, str]] = []
    failures: list[dict[str, str]] = []
    for what in objects:
        told = {"id": _printable(what, "id"), "version": _printable(what, "modified")}
        try:
            said = await _read(db, what)
            await give(db, liaison, said)
        except (HubError, BadMessage) as refused:
            if isinstance(refused, Tasking):
                await count(db, "refused_as_tasking")
            failures.append(told | {"message": f"{refused.slug}: {refused.detail}"})
        else:
            successes.append(told)
    status = uuid.uuid4()
    body = json.dumps(
        {
            "id": str(status),
            "status": "complete",
            "request_timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "total_count": len(objects),
            "success_count": len(successes),
            "successes": successes,
            "failure_count": len(failures),
            "failures": failures,
            "pending_count": 0,
            "pendings": [],
        }
    )
    db.add(TaxiiStatus(id=status, liaison=liaison, body=body))
    return body


async def _read(db: AsyncSession, what: Any) -> Feedback:
    """An opinion or note as feedback. Raises Tasking for other objects, BadMessage for what is no STIX 2.1."""
    if not isinstance(what, dict):
        raise BadMessage("an object is no object")
    if what.get("type") not in _SAYS:
        raise Tasking("only opinions and notes on bulletins are taken: nothing is looked for here")
    if set(what) - _PLAIN:
        raise Tasking("an opinion or note with more than its own properties")
    if not {"spec_version", "id", "created", "modified", "object_refs"} <= set(what):
        raise BadMessage("an opinion or note without its version, id, times or bulletin")
    try:
        stix2_parse(what)
    except (STIXError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise BadMessage("no valid STIX 2.1 object") from None
    for name in _TEXTS:
        refuse_identifiers(name, what.get(name, ""))
    for author in what.get("authors", ()):
        refuse_identifiers("authors", author)
    labels = what.get("labels", [])
    try:
        (code,) = (FeedbackCode(label.upper()) for label in labels)
    except (ValueError, TypeError):
        raise BadMessage("its one label is a code of feedback") from None
    reason = what.get("explanation") or what.get("content") if code is FeedbackCode.INACCURATE else None
    return Feedback(bulletin=await _bulletin(db, what["object_refs"]), code=code, reason=reason)


async def _bulletin(db: AsyncSession, refs: list[str]) -> UUID:
    """The bulletin whose report object is meant."""
    if len(refs) != 1:
        raise BadMessage("it refers to one bulletin")
    found = await db.scalar(
        select(TaxiiObject.bulletin).where(
            TaxiiObject.object_id == refs[0], TaxiiObject.type == "report", TaxiiObject.bulletin.is_not(None)
        )
    )
    if found is None:
        raise UnknownBulletin("it refers to no bulletin that liaisons were given")
    return found


def _printable(what: Any, name: str) -> str:
    text = what.get(name) if isinstance(what, dict) else None
    return "".join(one for one in text[:80] if one.isprintable()) if isinstance(text, str) else ""


def quarter_of(day: date) -> str:
    """The quarter a day is in, such as 2026-Q4."""
    return f"{day.year}-Q{(day.month + 2) // 3}"


def quarter_bounds(quarter: str) -> tuple[date, date]:
    """A quarter's first day, and the first day after it."""
    year, number = int(quarter[:4]), int(quarter[-1])
    begins = date(year, 3 * number - 2, 1)
    return begins, date(year + number // 4, 3 * number % 12 + 1, 1)


async def commented(db: AsyncSession, quarter: str) -> dict[UUID, set[str]]:
    """The codes that each bulletin got in a quarter, from whomever."""
    begins, ends = quarter_bounds(quarter)
    rows = await db.execute(
        select(FeedbackRow.bulletin, FeedbackRow.code)
        .join(BulletinRow, BulletinRow.bulletin == FeedbackRow.bulletin)
        .where(FeedbackRow.given_on >= begins, FeedbackRow.given_on < ends)
    )
    codes: dict[UUID, set[str]] = {}
    for bulletin, code in rows:
        codes.setdefault(bulletin, set()).add(code)
    return codes
