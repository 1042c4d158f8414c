"""Openings as this trustee decides on them: evidence judged by its own log, assent given by its staff.

Nothing is believed of the hub. The opening must be a leaf this trustee cosigned, its two analysts on its own
roster, and every report borne out by headers whose leaves, times, retractions and quarantines
this trustee has itself. Only `assent` opens the assent share.
Source: design 4.4.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cairn_protocol import assent_lock
from cairn_protocol.checkpoint import Checkpoint
from cairn_protocol.cuts import Cuts, cuts_of
from cairn_protocol.errors import BadMessage, TooLittleEvidence
from cairn_protocol.evidence import Ground, ReportName, label_of, taken_back_by
from cairn_protocol.group import Element
from cairn_protocol.messages.index import Manifest
from cairn_protocol.messages.log import LeafKind
from cairn_protocol.messages.openings import (
    AssentPart,
    Evidence,
    Opening,
    Pending,
    Refusal,
    opening_digest,
    seal_assent,
)
from cairn_protocol.messages.wire import Signed, decode, sign
from cairn_protocol.openings import OpeningVerdict, judge_opening, requested, signers
from cairn_protocol.roster import Roster
from cairn_protocol.sharing import KeyShare
from cairn_protocol.signed_note import parse_note
from cairn_protocol.tags import Tag
from trustee.keys import ServingKeys
from trustee.storage.tables import CheckpointRow, LeafRow


@dataclass(frozen=True, slots=True)
class OpeningWaiting:
    """An opening as staff see it: codes, counts, and what this trustee verified. No name, no tag."""

    id: str
    opening: Opening
    evidence: Evidence
    verdict: OpeningVerdict

    def require(self) -> None:
        """Raise TooFewGroups or TooLittleEvidence unless this trustee's own log bears it out."""
        self.verdict.require()

    def words(self) -> str:
        """A few lines."""
        request = requested(self.opening)
        head = (
            f"{self.id}  open {len(request.reports)} reports, reason {request.reason.value}, basis: {request.basis}  "
            f"[asked by {request.analyst}]"
        )
        ticks = [f"    report {at}: {_ticked(verdict.ok)} {verdict.groups} groups, {verdict.events} events"
                 for at, verdict in enumerate(self.verdict.reports, 1)]  # fmt: skip
        wrong = [f"    not borne out: {finding}" for finding in self.findings()]
        return "\n".join([head, *ticks, *wrong])

    def findings(self) -> list[str]:
        """What is wrong, in sentences."""
        every = [*self.verdict.findings, *(f for verdict in self.verdict.reports for f in verdict.findings)]
        return [str(finding) for finding in every]

    def as_json(self) -> dict[str, object]:
        """The same for programs."""
        request = requested(self.opening)
        return {
            "id": self.id,
            "act": f"open {len(request.reports)} reports",
            "reason": request.reason.value,
            "basis": request.basis,
            "analyst": request.analyst,
            "verified": self.verdict.ok,
            "groups": [verdict.groups for verdict in self.verdict.reports],
            "events": [verdict.events for verdict in self.verdict.reports],
            "findings": self.findings(),
        }


def _ticked(ok: bool) -> str:
    return "borne out by" if ok else "NOT borne out:"


def cosigned_size(db: Session) -> int:
    """How many leaves the newest checkpoint cosigned here has: what evidence is asked for."""
    return db.scalar(select(func.max(CheckpointRow.size))) or 0


def ground_of(db: Session, roster: Roster, size: int) -> Ground:
    """What this trustee knows by itself, at the checkpoint of `size` leaves that evidence was asked for.

    Raises BadMessage if it cosigned none of that size.
    """
    cosigned = db.get(CheckpointRow, size)
    if cosigned is None:
        raise BadMessage("no checkpoint of that size was cosigned here", culprit="hub")
    return Ground(
        roster=roster,
        checkpoint=Checkpoint.parse(parse_note(cosigned.note).text),
        first_cosigned=_first_cosigned(db),
        quarantined=_quarantined(db),
        taken_back=_taken_back(db),
        cuts=_cuts(db),
    )


def _first_cosigned(db: Session) -> Callable[[int], int | None]:
    def at(index: int) -> int | None:
        rows = select(CheckpointRow.cosigned_at).where(CheckpointRow.size > index)
        return db.scalar(rows.order_by(CheckpointRow.size).limit(1))

    return at


def _quarantined(db: Session) -> frozenset[Tag]:
    rows = select(LeafRow.content).where(LeafRow.kind == LeafKind.MANIFEST.value)
    content = db.scalar(rows.order_by(LeafRow.leaf_index.desc()).limit(1))
    return frozenset(map(Tag, decode(content, Manifest).quarantined)) if content else frozenset()


def _taken_back(db: Session) -> frozenset[ReportName]:
    rows = db.scalars(select(LeafRow.content).where(LeafRow.kind == LeafKind.RETRACTION.value))
    return frozenset(taken_back_by(content) for content in rows if content is not None)


def _cuts(db: Session) -> Cuts:
    rows = db.scalars(select(LeafRow.content).where(LeafRow.kind == LeafKind.CUT.value))
    return cuts_of(content for content in rows if content is not None)


def judge(db: Session, roster: Roster, pending: Pending, evidence: Evidence, now: int) -> OpeningWaiting:
    """The opening with this trustee's own verdict."""
    verdict = judge_opening(pending.opening, evidence, ground_of(db, roster, evidence.size), now)
    return OpeningWaiting(pending.id, pending.opening, evidence, verdict)


def assent(
    db: Session, roster: Roster, waiting: OpeningWaiting, trustee: str, keys: ServingKeys, share: KeyShare
) -> Signed:
    """This trustee's parts for every report of the opening, sealed to its two analysts.

    Raises TooFewGroups or TooLittleEvidence unless all of it is borne out.
    """
    waiting.verdict.require()
    evidence = waiting.evidence
    logged_at = _first_cosigned(db)(evidence.leaf_index)
    if logged_at is None:
        raise TooLittleEvidence("the opening is in no state of the log that was cosigned here")
    digest = opening_digest(waiting.opening)
    public = Element(roster.genesis.joint_key("assent").shares[share.index - 1])
    parts = []
    for one in evidence.reports:
        header = one.report.signed.header
        part = assent_lock.release(
            share, public, one.capsule, label_of(header), digest, culprit=f"member:{header.member}"
        )
        parts.append(AssentPart(element=part.element, proof=part.proof))
    analysts = signers(waiting.opening, roster, evidence.leaf_index, logged_at)
    return seal_assent(digest, trustee, parts, analysts, keys.signing)


def refusal(waiting: Pending, trustee: str, keys: ServingKeys) -> Signed:
    """This trustee's refusal; it needs no reason."""
    return sign(Refusal(opening=opening_digest(waiting.opening), trustee=trustee), keys.signing)
