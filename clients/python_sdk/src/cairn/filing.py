"""Filing inquiries: bytes first into the register, then to the hub, then the promise beside them.

Whatever stops in between, the next try sends the same bytes, and the hub gives the same
receipt: nothing is lost and nothing counts twice (G7). An inquiry without enough trustees,
or without the hub, waits; `send_outbox` goes on where it stopped.

Where a policy pack says so, whoever files is named, and a report is held with its bytes fixed until a second
named person releases exactly these (`release`). Names of persons stay in the register.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

import msgspec

from cairn.client.errors import ClientError, Conflict, Metered, Rejected, TrusteeUnavailable, Unreachable
from cairn.client.hub import Promised
from cairn.looking_up import keys_of, look_up
from cairn.raw.building import Revision, build_report, report_id_for
from cairn.raw.inquiry import Inquiry
from cairn.raw.normalise.match_key import MatchKey
from cairn.raw.register import Filed, State
from cairn.raw.resolution import About
from cairn.raw.sanitise.open_codes import NOT_SENT
from cairn.raw.stored import from_bytes, to_bytes
from cairn.record import note_done
from cairn.session import Session
from cairn_protocol.errors import CairnError
from cairn_protocol.messages.report import Report, Retraction
from cairn_protocol.messages.wire import decode, encode
from cairn_protocol.tags import Tag, derive

BATCH = 50
OVERDUE_SECONDS = 60  # the hub merges a promised leaf within this time

_WITHDRAWN = "withdrawn: this report was taken back; a new matter needs a new inquiry_id"
_OTHER_INQUIRY = (
    "report-id-reused: another inquiry was filed under this inquiry_id; give the new one an id of its own"
)
_HELD = "held: a second named person must release it (`cairn outbox list`, `cairn outbox release`)"
NAME_YOURSELF = "unnamed-user: the policy pack wants a named person: say who you are with --user"


class NotReleasable(CairnError):
    """A report can't be released as asked. The text says why; nothing was sent."""

    slug: ClassVar[str] = "not-releasable"


class ReceiptStatus(StrEnum):
    """How far a report has come."""

    PROMISED = "promised"
    PROVEN = "proven"
    QUEUED = "queued"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a firm holds for one inquiry. `promise` is the hub's signed promise, canonical bytes."""

    inquiry_id: str | None  # None for a row of a file that holds no inquiry
    report_id: str | None
    status: ReceiptStatus
    reason: str | None = None
    promise: bytes | None = None

    def as_json(self) -> dict[str, object]:
        """The object `cairn report --json` prints."""
        return {
            "inquiry_id": self.inquiry_id,
            "report_id": self.report_id,
            "status": self.status.value,
            "reason": self.reason,
        }


async def file_all(
    session: Session, inquiries: Sequence[Inquiry], *, narrative: bool = False, user: str | None = None
) -> list[Receipt]:
    """File each inquiry, in order; at most BATCH share their requests. Filing again gives the same receipts.

    narrative  whether narratives go along, scrubbed and sealed
    user       the named person who files; kept in the register

    Of two inquiries under one inquiry_id the first is filed; the second is refused unless it says the same.
    """
    if not user and needs_user(session):
        return [Receipt(one.inquiry_id, None, ReceiptStatus.REFUSED, NAME_YOURSELF) for one in inquiries]
    receipts: dict[int, Receipt] = {}
    fresh: dict[str, Filed] = {}
    with session.register.transaction():
        for at, inquiry in enumerate(inquiries):
            if (first := fresh.get(inquiry.inquiry_id)) is not None:
                if first.inquiry != to_bytes(inquiry):
                    receipts[at] = _refuse(first, _OTHER_INQUIRY)
                continue
            filed = _admit(session, inquiry, narrative, user)
            if isinstance(filed, Receipt):
                receipts[at] = filed
            else:
                fresh[inquiry.inquiry_id] = filed
    sent = dict(zip(fresh, await go_on(session, list(fresh.values())), strict=True))
    return [receipts.get(at) or sent[inquiry.inquiry_id] for at, inquiry in enumerate(inquiries)]


def needs_user(session: Session) -> bool:
    """Whether the packs in force want to know which person files."""
    policy = session.policies.in_force()
    return policy.hold or policy.named_user


def _admit(session: Session, inquiry: Inquiry, narrative: bool, user: str | None) -> Filed | Receipt:
    """The record to go on with, or the receipt if there is nothing to do."""
    content = to_bytes(inquiry)
    earlier = session.register.filed(inquiry.inquiry_id)
    if earlier is None or earlier.state in (State.WAITING, State.REFUSED):
        filed = Filed(
            inquiry_id=inquiry.inquiry_id,
            state=State.WAITING,
            inquiry=content,
            narrative=narrative,
            report_id=report_id_for(session.keys.register, inquiry.inquiry_id),
            revision=earlier.revision if earlier else 1,
            before=earlier.before if earlier else None,
            filed_by=user,
        )
        session.register.keep(filed)
        return filed
    if earlier.state is State.WITHDRAWN:
        return _refuse(earlier, _WITHDRAWN)
    if earlier.inquiry != content:
        return _refuse(earlier, _OTHER_INQUIRY)
    return earlier if earlier.state is State.READY else receipt_of(earlier)


def _refuse(filed: Filed, reason: str) -> Receipt:
    return Receipt(filed.inquiry_id, str(filed.report_id), ReceiptStatus.REFUSED, reason)


def receipt_of(filed: Filed, why_queued: str | None = None) -> Receipt:
    """The receipt that a record amounts to."""
    status = {
        State.PROMISED: ReceiptStatus.PROMISED,
        State.PROVEN: ReceiptStatus.PROVEN,
        State.WAITING: ReceiptStatus.QUEUED,
        State.HELD: ReceiptStatus.QUEUED,
        State.READY: ReceiptStatus.QUEUED,
        State.REFUSED: ReceiptStatus.REFUSED,
        State.WITHDRAWN: ReceiptStatus.REFUSED,
    }[filed.state]
    why = filed.reason or why_queued
    if filed.state in (State.HELD, State.WITHDRAWN):
        why = _HELD if filed.state is State.HELD else _WITHDRAWN
    return Receipt(filed.inquiry_id, str(filed.report_id), status, why, filed.promise)


async def go_on(session: Session, filed: Sequence[Filed]) -> list[Receipt]:
    """Take records from where they are to a promise, or as far as it goes now."""
    try:
        ready = await make_ready(session, filed)
    except Metered as error:
        return [
            Receipt(f.inquiry_id, str(f.report_id), ReceiptStatus.REFUSED, f"metered: {error}") for f in filed
        ]
    except (TrusteeUnavailable, Unreachable) as error:
        return [receipt_of(f, str(error)) for f in filed]
    free = [f for f in ready if f.state not in (State.HELD, State.WITHDRAWN)]
    sent = {receipt.inquiry_id: receipt for receipt in await _send(session, free)}
    return [sent.get(f.inquiry_id) or receipt_of(f) for f in ready]


async def make_ready(session: Session, filed: Sequence[Filed]) -> list[Filed]:
    """Evaluate and build what still waits, and store the bytes. Raises TrusteeUnavailable, Metered."""
    waiting = [f for f in filed if f.state is State.WAITING]
    if not waiting:
        return list(filed)
    built = await _build(session, [(_to_be_sent(f), f.narrative, _revision(f)) for f in waiting])
    state = State.HELD if session.policies.in_force().hold else State.READY
    ready: dict[str, Filed] = {}
    with session.register.transaction():
        for f, one in zip(waiting, built, strict=True):
            made = msgspec.structs.replace(
                f, state=state, digest=one.report.signed.digest(), report=encode(one.report)
            )
            ready[f.inquiry_id] = _withdrawn(session, f) or made
            if ready[f.inquiry_id] is made:
                session.register.keep(made, [tag for _, tag in one.tags])
    return [ready.get(f.inquiry_id, f) for f in filed]


@dataclass(frozen=True, slots=True)
class Built:
    """A report that was built, and the values behind its pseudonyms."""

    report: Report = field(repr=False)
    tags: tuple[tuple[MatchKey, Tag], ...] = field(repr=False)


async def build(session: Session, inquiries: Sequence[Inquiry], *, narrative: bool = False) -> list[Built]:
    """The reports that filing these inquiries would send. Raises TrusteeUnavailable, Metered, Unreachable."""
    return await _build(session, [(one, narrative, Revision()) for one in inquiries])


def _to_be_sent(filed: Filed) -> Inquiry:
    """The inquiry as its next revision tells it: an outcome that was sent stands while the new one is never sent."""
    inquiry = from_bytes(filed.inquiry)
    if filed.stands is None or inquiry.outcome not in NOT_SENT:
        return inquiry
    return Inquiry.from_mapping({**inquiry.to_mapping(), "outcome": filed.stands})


def _revision(filed: Filed) -> Revision:
    return Revision(filed.revision, filed.before.digest if filed.before else None)


async def _build(session: Session, inquiries: Sequence[tuple[Inquiry, bool, Revision]]) -> list[Built]:
    filer = session.filer()
    await session.know_roster()  # by which an item's number may be too telling to be sent
    keys = [keys_of(session, inquiry) for inquiry, _, _ in inquiries]
    known = await look_up(session, keys)
    built = []
    for (inquiry, narrative, revision), some in zip(inquiries, keys, strict=True):
        secrets = [derive(known[key].y, key.kind, filer.epoch) for key in some]
        rules = session.rules_for(inquiry)
        report = build_report(inquiry, secrets, filer, revision, narrative=narrative, rules=rules)
        tags = tuple((key, secret.tag) for key, secret in zip(some, secrets, strict=True))
        built.append(Built(report, tags))
    return built


async def _send(session: Session, ready: Sequence[Filed]) -> list[Receipt]:
    if not ready:
        return []
    reports = [decode(f.report, Report) for f in ready if f.report is not None]
    try:
        answers: Sequence[Promised | ClientError]
        if len(reports) == 1:
            answers = [await session.hub.file_report(reports[0])]
        else:
            answers = await session.hub.file_batch(reports)
    except (Rejected, Conflict) as error:
        answers = [error] * len(reports)
    except Unreachable as error:
        return [receipt_of(f, str(error)) for f in ready]
    kept = [_with_answer(session, f, answer) for f, answer in zip(ready, answers, strict=True)]
    with session.register.transaction():
        standing = [_withdrawn(session, f) or f for f in kept]
        for f in standing:
            if f.state is not State.WITHDRAWN:
                _keep(session, f)
    return [receipt_of(f) for f in standing]


def _withdrawn(session: Session, filed: Filed) -> Filed | None:
    """The inquiry's record if it was withdrawn since `filed` was read, by another process of this home: that stands."""
    now = session.register.filed(filed.inquiry_id)
    return now if now is not None and now.state is State.WITHDRAWN else None


def _keep(session: Session, filed: Filed) -> None:
    """Keep what became of a report. If an amendment was refused, the revision before it stands."""
    if filed.state is State.REFUSED and filed.before is not None:
        tags = decode(filed.before.report, Report).signed.header.tags() if filed.before.report else []
        session.register.keep(filed.before, tags)
    else:
        session.register.keep(filed)


def _with_answer(session: Session, filed: Filed, answer: Promised | ClientError) -> Filed:
    if isinstance(answer, ClientError):
        return msgspec.structs.replace(filed, state=State.REFUSED, reason=f"{answer.slug}: {answer}")
    return msgspec.structs.replace(
        filed,
        state=State.PROMISED,
        promise=encode(answer.signed),
        leaf_hash=answer.promise.leaf_hash,
        promised_at=int(session.now()),
    )


async def send_outbox(session: Session) -> list[Receipt]:
    """Go on with everything that waits, oldest first. Stops at the first batch that can't go on."""
    receipts: list[Receipt] = []
    done: set[str] = set()
    while True:
        waiting = [
            f
            for f in session.register.in_state(State.READY, State.WAITING, limit=BATCH + len(done))
            if f.inquiry_id not in done
        ][:BATCH]
        if not waiting:
            return receipts
        done.update(f.inquiry_id for f in waiting)
        receipts += await go_on(session, waiting)
        if any(r.status is ReceiptStatus.QUEUED and r.reason != _HELD for r in receipts):
            return receipts


async def release(session: Session, inquiry_id: str, user: str) -> Receipt:
    """Send a held report, exactly as it was built when it was filed.

    user  the second person; another one than who filed

    Raises NotReleasable; KeyError if nothing was filed under that id.
    """
    with session.register.transaction():
        filed = session.register.filed(inquiry_id)
        if filed is None:
            raise KeyError(inquiry_id)
        if filed.state is not State.HELD:
            raise NotReleasable("nothing is held under that inquiry_id")
        if not user.strip():
            raise NotReleasable("a release needs a named person: say who you are with --user")
        if filed.filed_by is not None and user.strip().casefold() == filed.filed_by.strip().casefold():
            raise NotReleasable("whoever filed a report can't release it: a second person must")
        released = msgspec.structs.replace(filed, state=State.READY, released_by=user.strip())
        session.register.keep(released)
        note_done(session, inquiry_id, About.RELEASED, user=user)
    (receipt,) = await _send(session, [released])
    return receipt


@dataclass(frozen=True, slots=True)
class Proofs:
    """What verifying receipts found: how many are proven now, still promised, and overdue."""

    proven: int
    promised: int
    overdue: int


async def verify_receipts(session: Session) -> Proofs:
    """Ask for the inclusion proof of every promised report, against a checkpoint that t trustees cosigned.

    Raises ProofInvalid if a proof is false.
    """
    await session.log.refresh()
    waiting = session.register.in_state(State.PROMISED, limit=100_000)
    overdue = 0
    proven: list[Filed] = []
    for filed in waiting:
        assert filed.leaf_hash is not None
        index = await session.log.verify_inclusion(filed.leaf_hash)
        if index is not None:
            proven.append(msgspec.structs.replace(filed, state=State.PROVEN, leaf_index=index))
        elif session.now() - (filed.promised_at or 0) > OVERDUE_SECONDS:
            overdue += 1
    with session.register.transaction():
        for filed in proven:
            session.register.keep(filed)
    counts = session.register.counts()
    return Proofs(counts[State.PROVEN], counts[State.PROMISED], overdue)


async def withdraw(session: Session, inquiry_id: str, user: str | None = None) -> Receipt:
    """Take a report back. What never reached the hub is only forgotten here.

    user  the named person, for the record

    Raises KeyError if nothing was filed under that id; Unreachable leaves everything as it was.
    """
    with (
        session.register.transaction()
    ):  # whoever files at this moment finds it withdrawn, or ready to be sent
        filed = session.register.filed(inquiry_id)
        if filed is None:
            raise KeyError(inquiry_id)
        if filed.before is not None and filed.state in (State.WAITING, State.HELD):
            filed = filed.before  # the hub has that one; the amendment never left
        if filed.state not in (State.READY, State.PROMISED, State.PROVEN):
            return _took_back(session, filed, user)
    if filed.state is State.READY:
        # It may have reached the hub although no promise came back: only a filed report can be taken back.
        (receipt,) = await _send(session, [filed])
        if receipt.status is ReceiptStatus.QUEUED:
            raise Unreachable("hub", "does not answer; the report waits and was not withdrawn")
        filed = session.register.filed(inquiry_id) or filed
    if filed.state in (State.PROMISED, State.PROVEN):
        assert filed.report_id is not None and filed.digest is not None
        await session.hub.retract(
            Retraction(member=session.profile.party, report_id=filed.report_id, digest=filed.digest)
        )
    return _took_back(session, filed, user)


def _took_back(session: Session, filed: Filed, user: str | None) -> Receipt:
    with session.register.transaction():
        session.register.keep(msgspec.structs.replace(filed, state=State.WITHDRAWN))
        note_done(session, filed.inquiry_id, About.WITHDRAWN, user=user)
    return Receipt(filed.inquiry_id, str(filed.report_id), ReceiptStatus.REFUSED, "withdrawn", filed.promise)
