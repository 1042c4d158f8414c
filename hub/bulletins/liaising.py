"""Between governments and members, apart from bulletins: contact, questions, and what a liaison gives.

A contact request is relayed to contributors whose consent on a report says so, each may ignore it, and the
liaison sees who accepted and nothing of the others. A question is kept without who asked and is public only
after a delay. What a liaison gives becomes a draft like any other, once every point of the checklist holds.
Nothing here is matched, linked or scored.
Source: domain brief 5.5, 5.6, story S6.
"""

import random
import time
import uuid
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.messages.bulletins import (
    AcceptedContacts,
    Answer,
    Asked,
    Contact,
    ContactAccepted,
    ContactRequest,
    Contacts,
    Inbound,
    Inbox,
    Intelligence,
    Question,
    Questions,
    Reached,
)
from cairn_protocol.messages.report import Caveat, GovRelease
from cairn_protocol.messages.wire import decode, encode
from hub.bulletins.checks import FROM_GOVERNMENT
from hub.bulletins.desk import Desk
from hub.bulletins.feedback import refuse_identifiers, require_shown
from hub.bulletins.known import known_of
from hub.bulletins.refusals import ChecklistOpen, Unfit, UnknownContact
from hub.bulletins.rows import draft_of
from hub.bulletins.tables import BulletinRow, ContactRow, IntelligenceRow, QuestionRow
from hub.bulletins.tallying import count
from hub.bulletins.wording import unfit
from hub.bulletins.workflow import Status

_MOST: Final = 200
_REACHABLE: Final = frozenset({GovRelease.CONTACT_ME, GovRelease.PARTY_AFTER_MY_APPROVAL})


async def ask_contact(db: AsyncSession, desk: Desk, liaison: str, asked: ContactRequest) -> None:
    """Relay a request to whom it may go. How many those are is not told. Raises UnknownBulletin, Tasking."""
    await require_shown(db, asked.bulletin)
    refuse_identifiers("about", asked.about)
    row = await db.scalar(
        select(BulletinRow)
        .where(BulletinRow.bulletin == asked.bulletin, BulletinRow.status == Status.RELEASED)
        .order_by(BulletinRow.version.desc())
        .limit(1)
    )
    if row is not None and row.draft is not None:
        known = await known_of(db, desk, draft_of(row))
        willing = {
            drawn.member
            for reports in known.reports
            for drawn in reports
            if drawn.consent in _REACHABLE and Caveat.NO_GOV not in drawn.caveats
        }
        for member in sorted(willing):
            relayed = insert(ContactRow).values(
                id=uuid.uuid4(),
                bulletin=asked.bulletin,
                liaison=liaison,
                member=member,
                about=asked.about,
                reach=asked.reach,
                accepted=None,
            )
            await db.execute(relayed.on_conflict_do_nothing(index_elements=["bulletin", "liaison", "member"]))
    await count(db, "contact_requests")


async def contacts_of(db: AsyncSession, member: str) -> Contacts:
    """What liaisons asked a member."""
    rows = await db.scalars(select(ContactRow).where(ContactRow.member == member).order_by(ContactRow.id))
    return Contacts(
        contacts=tuple(
            Contact(
                id=row.id,
                bulletin=row.bulletin,
                liaison=row.liaison,
                about=row.about,
                reach=row.reach,
                accepted=row.accepted is not None,
            )
            for row in rows.all()[:_MOST]
        )
    )


async def accept_contact(db: AsyncSession, member: str, contact: UUID, said: ContactAccepted) -> None:
    """The member agrees to be reached. Raises UnknownContact."""
    row = await db.get(ContactRow, contact, with_for_update=True)
    if row is None or row.member != member:
        raise UnknownContact("no request of that id was relayed to you")
    row.accepted = said.reach


async def reached(db: AsyncSession, liaison: str) -> AcceptedContacts:
    """Who accepted a liaison's requests."""
    rows = await db.scalars(
        select(ContactRow)
        .where(ContactRow.liaison == liaison, ContactRow.accepted.is_not(None))
        .order_by(ContactRow.id)
    )
    return AcceptedContacts(
        reached=tuple(
            Reached(contact=row.id, bulletin=row.bulletin, member=row.member, reach=row.accepted or "")
            for row in rows
        )
    )


async def ask(db: AsyncSession, question: Question, delay_seconds: int) -> Asked:
    """Keep a member's question, without the member; public between one and two delays from now. Raises Unfit."""
    if found := unfit("text", question.text):
        raise Unfit(found)
    wait = delay_seconds + random.SystemRandom().randint(0, delay_seconds)
    row = QuestionRow(id=uuid.uuid4(), text=question.text, public_at=int(time.time()) + wait)
    db.add(row)
    return Asked(id=row.id, text=row.text, answer=None, answered_by=None)


async def questions(db: AsyncSession) -> Questions:
    """The questions whose delay is over, with their answers."""
    rows = await db.scalars(
        select(QuestionRow)
        .where(QuestionRow.public_at <= int(time.time()))
        .order_by(QuestionRow.id)
        .limit(_MOST)
    )
    return Questions(
        questions=tuple(
            Asked(id=row.id, text=row.text, answer=row.answer, answered_by=row.answered_by) for row in rows
        )
    )


async def answer(db: AsyncSession, liaison: str, question: UUID, said: Answer) -> None:
    """A liaison answers in public. A later answer replaces its own. Raises UnknownContact, Tasking, Unfit."""
    refuse_identifiers("text", said.text)
    row = await db.get(QuestionRow, question, with_for_update=True)
    if row is None or row.public_at > int(time.time()) or row.answered_by not in (None, liaison):
        raise UnknownContact("no open question of that id")
    if row.answer is None:
        await count(db, "questions_answered")
    row.answer, row.answered_by = said.text, liaison


async def push(db: AsyncSession, liaison: str, given: Intelligence) -> UUID:
    """Keep what a liaison gives, for analysts to draft. Raises ChecklistOpen, Tasking, Unfit."""
    if given.kind not in FROM_GOVERNMENT:
        raise ChecklistOpen(f"{given.kind} is no kind that governments give")
    for point in (
        "unclassified",
        "no_source_or_method",
        "no_natural_person",
        "no_licence_data",
        "no_identifiers_to_match",
    ):
        if not getattr(given, point):
            raise ChecklistOpen(f"the checklist is open at {point}")
    if given.expires_at <= time.time():
        raise ChecklistOpen("the checklist is open at expires_at: it has passed")
    for place in ("title", "text", "authority"):
        refuse_identifiers(place, getattr(given, place))
    row = IntelligenceRow(id=uuid.uuid4(), liaison=liaison, content=encode(given))
    db.add(row)
    await count(db, "pushed")
    return row.id


async def inbox(db: AsyncSession) -> Inbox:
    """What waits for analysts."""
    rows = await db.scalars(select(IntelligenceRow).order_by(IntelligenceRow.id).limit(_MOST))
    return Inbox(
        inbound=tuple(
            Inbound(id=row.id, liaison=row.liaison, intelligence=decode(row.content, Intelligence))
            for row in rows
        )
    )
