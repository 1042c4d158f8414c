"""Bulletins on the reader's and the analyst's own machine.

A reader's: an edition counts once its release is in the log that trustees cosigned, its digest is the one
that was signed, and the signatures are of two people on the roster. Which of them concern the firm is
found here, by its own families and corridors; the hub is not asked.

An analyst's: a draft is read from a file, linted before it leaves, and signed over the digest of what the
analyst has read.
"""

import re
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec

from cairn.client.bulletins import BulletinsClient
from cairn.client.connection import HUB
from cairn.client.errors import ProofInvalid
from cairn.raw.sanitise.lint import lint
from cairn.session import Session
from cairn_protocol.errors import CairnError, ProtocolError
from cairn_protocol.messages.bulletins import (
    Asked,
    Draft,
    DraftEdit,
    Edition,
    Published,
    RecallOrder,
    RecallReason,
    Release,
    ReviewerApproval,
    Stage,
    Submission,
    outline_of,
)
from cairn_protocol.messages.log import LeafKind, content_digest, hash_of
from cairn_protocol.messages.parties import Role
from cairn_protocol.messages.wire import digest_of, encode, open_signed, sign
from cairn_protocol.roster import Roster

_DAY: Final = 86_400
_HEX_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_EDITION_DEFAULTS: Final[Mapping[str, Any]] = {
    "tlp": "AMBER",
    "figures": [],
    "suppression": None,
    "families": [],
    "chpl_tiers": [],
    "programmes": [],
    "corridors": [],
    "red_flags": [],
    "alternatives": [],
    "confidence": "MEDIUM",
    "actions": [],
    "wanted": [],
    "handling": "For the readers that the label names. Corrections: write to the hub.",
}


class DraftUnreadable(CairnError):
    """The file holds no draft. The message says where."""

    slug = "draft-unreadable"


class TextRefused(CairnError):
    """The firm's own lint found what must not leave. The message says where."""

    slug = "unfit-text"


@dataclass(frozen=True, slots=True)
class Read:
    """A bulletin as a reader's machine verified it.

    status    in_force, expired or recalled
    leaf      its release's or recall's place in the log
    """

    bulletin: UUID
    status: str
    leaf: int
    release: Release | None
    edition: Edition | None
    correction: str | None
    reason: str | None

    def as_json(self) -> dict[str, object]:
        """What `cairn bulletins --json` prints."""
        told: dict[str, object] = {"bulletin": str(self.bulletin), "status": self.status, "leaf": self.leaf}
        if self.release is not None and self.edition is not None:
            told |= {"version": self.release.outline.version, "kind": self.release.outline.kind.value}
            told |= msgspec.to_builtins(self.edition)
            told["correction"] = self.correction
        else:
            told["reason"] = self.reason
        return told


async def read_all(session: Session, path: str = "/v1/bulletins") -> list[Read]:
    """Every edition in force for the home's owner, and every recall, verified.

    Raises ProofInvalid for one that is not in the log or not what was signed.
    """
    client = BulletinsClient(session.connection)
    published = await client.published(path)
    if not published:
        return []
    await session.log.refresh()
    roster = await session.log.follow()
    return [await _verified(session, roster, one) for one in published]


async def _verified(session: Session, roster: Roster, one: Published) -> Read:
    if one.recall is not None:
        try:
            order = _order(roster, one)
        except ProtocolError as error:
            raise ProofInvalid.of(error, HUB) from error
        leaf = await _place(session, LeafKind.BULLETIN_RECALL, encode(one.recall))
        return Read(one.bulletin, "recalled", leaf, None, None, None, order.reason.value)
    if one.release is None or one.edition is None:
        raise ProofInvalid("bad-message", "a bulletin with neither release nor recall", culprit=HUB)
    _require_signed(roster, one.bulletin, one.release, one.edition)
    leaf = await _place(session, LeafKind.BULLETIN, encode(one.release))
    over = one.release.outline.valid_until <= session.now()
    return Read(
        one.bulletin,
        "expired" if over else "in_force",
        leaf,
        one.release,
        one.edition,
        one.correction,
        None,
    )


def _order(roster: Roster, one: Published) -> RecallOrder:
    assert one.recall is not None
    signed = one.recall.order
    claimed = msgspec.json.decode(signed.body, type=RecallOrder)
    order = open_signed(signed, RecallOrder, _key(roster, claimed.analyst, Role.ANALYST))
    if order.bulletin != one.bulletin:
        raise ProofInvalid("bad-message", "a recall of another bulletin", culprit=HUB)
    return order


def _require_signed(roster: Roster, bulletin: UUID, release: Release, edition: Edition) -> None:
    """Raise ProofInvalid unless two people signed exactly this edition."""
    outline = release.outline
    digest = digest_of(outline)
    try:
        author = open_signed(release.submission, Submission, _key(roster, outline.author, Role.ANALYST))
        approvers = set()
        for signed in release.approvals:
            claimed = msgspec.json.decode(signed.body, type=ReviewerApproval)
            role = Role.ANALYST if claimed.stage is Stage.ANALYST else Role.REVIEWER
            said = open_signed(signed, ReviewerApproval, _key(roster, claimed.approver, role))
            if said.outline == digest:
                approvers.add(said.approver)
    except ProtocolError as error:
        raise ProofInvalid.of(error, HUB) from error
    shown = [label.digest for label in outline.editions if label.audience is edition.audience]
    if author.outline != digest or not approvers - {outline.author}:
        raise ProofInvalid("bad-signature", "a bulletin that two people did not sign", culprit=HUB)
    if outline.bulletin != bulletin or shown != [edition.digest()]:
        raise ProofInvalid("wrong-digest", "a bulletin's text is not the one that was signed", culprit=HUB)


def _key(roster: Roster, party: str, role: Role) -> bytes:
    """The signing key that a person has or had on the roster. Raises ProofInvalid."""
    for standing in reversed(roster.standings(party)):
        if standing.entry.role is role:
            return standing.entry.signing_key
    raise ProofInvalid("unknown-signer", f"{party} is no {role} on the roster", culprit=HUB)


async def _place(session: Session, kind: LeafKind, content: bytes) -> int:
    place = await session.log.verify_inclusion(hash_of(kind, content_digest(content)))
    if place is None:
        raise ProofInvalid("not-in-log", "a bulletin that the log does not hold", culprit=HUB)
    return place


def concerns(edition: Edition | None, families: Collection[str], countries: Collection[str]) -> bool:
    """Whether an edition touches these families and, if any are named, these countries or regions."""
    if edition is None:
        return True  # a recall concerns whoever had it
    own = set(families)
    if edition.families and "ALL" not in own | set(edition.families) and not own & set(edition.families):
        return False
    named = {place for one in edition.corridors for place in (one.origin, one.via, one.destination) if place}
    return not countries or not named or bool(named & set(countries))


def draft_from(told: Mapping[str, Any], author: str, now: float | None = None) -> Draft:
    """A draft from what a file says; what it leaves out has a default. Raises DraftUnreadable, TextRefused.

    Beside the fields of the message: `valid_days` in place of `valid_until`, and a figure's digest in hex, as
    `cairn analyst release show` prints it.
    """
    begins = int(time.time() if now is None else now)
    known = dict(told)
    days = known.pop("valid_days", 90)
    known.pop("replaces", None)
    whole: dict[str, Any] = {
        "type": "cairn/bulletin-draft/1",
        "bulletin": str(uuid4()),
        "version": 1,
        "inputs": [{"origin": "hand", "reference": "note", "reports": [], "party": False}],
        "valid_from": begins,
        "embargo_until": 0,
        "correction": None,
    } | known
    whole.setdefault("valid_until", whole["valid_from"] + days * _DAY if isinstance(days, int) else 0)
    editions = whole.get("editions", [])
    whole["editions"] = [_edition_from(one) if isinstance(one, dict) else one for one in editions]
    try:
        draft = msgspec.convert(whole | {"author": author}, Draft, strict=False)
    except (msgspec.ValidationError, TypeError) as wrong:
        raise DraftUnreadable(f"no draft: {wrong}") from None
    _require_linted(draft)
    return draft


def _edition_from(told: Mapping[str, Any]) -> dict[str, Any]:
    whole = {**_EDITION_DEFAULTS, **told}
    if isinstance(whole["figures"], list):
        whole["figures"] = [
            {**one, "digest": bytes.fromhex(one["digest"])}
            if isinstance(one, dict) and _HEX_DIGEST.fullmatch(str(one.get("digest")))
            else one
            for one in whole["figures"]
        ]
    return whole


def _require_linted(draft: Draft) -> None:
    """The firm's own lint, which knows more of names and phones than the hub's. Raises TextRefused."""
    found = [
        f"{edition.audience}.{name} {finding.start}-{finding.end} {finding.code}: {finding.why}"
        for edition in draft.editions
        for name, text in _texts(edition)
        for finding in lint(text)
    ]
    if found:
        raise TextRefused("; ".join(found[:10]))


def _texts(edition: Edition) -> Iterable[tuple[str, str]]:
    for name in ("title", "bottom_line", "observed", "suppression", "basis", "handling"):
        text = getattr(edition, name)
        if text is not None:
            yield name, text
    for name in ("alternatives", "wanted"):
        for at, text in enumerate(getattr(edition, name)):
            yield f"{name}.{at}", text


async def save(session: Session, told: Mapping[str, Any]) -> dict[str, Any]:
    """Save a draft from a file. An existing one is edited from the text that stands, or from `replaces`."""
    client = BulletinsClient(session.connection)
    draft = draft_from(told, session.profile.party, session.now())
    replaces = told.get("replaces")
    if replaces is None:
        key = (str(draft.bulletin), draft.version)
        standing = [one for one in await client.drafts() if (one["bulletin"], one["version"]) == key]
        replaces = standing[0]["outline"] if standing else None
    try:
        before = bytes.fromhex(replaces) if replaces is not None else None
    except (ValueError, TypeError):
        raise DraftUnreadable("replaces is the outline's digest in hex") from None
    return await client.save(DraftEdit(draft=draft, replaces=before))


async def correct(session: Session, bulletin: UUID, told: Mapping[str, Any], what: str) -> dict[str, Any]:
    """Draft the next version of a bulletin that is out, saying what was wrong."""
    versions = [
        one["version"]
        for one in await BulletinsClient(session.connection).drafts()
        if one["bulletin"] == str(bulletin)
    ]
    if not versions:
        raise DraftUnreadable("there is no bulletin of that id to correct")
    return await save(
        session, {**told, "bulletin": str(bulletin), "version": max(versions) + 1, "correction": what}
    )


async def submit(session: Session, bulletin: UUID) -> dict[str, Any]:
    """Stand by one's own draft as it stands."""
    client = BulletinsClient(session.connection)
    outline = digest_of(outline_of(await client.draft(bulletin)))
    said = Submission(outline=outline, author=session.profile.party, submitted_at=int(session.now()))
    return await client.submit(bulletin, sign(said, session.keys.signing))


async def approve(session: Session, bulletin: UUID, outline: bytes | None = None) -> dict[str, Any]:
    """Agree to another's draft: to the text as it stands, or to the outline that was read before."""
    client = BulletinsClient(session.connection)
    reviewing = session.profile.role is Role.REVIEWER
    stage = Stage.PRIVACY if reviewing else Stage.ANALYST
    if outline is None:
        outline = digest_of(outline_of(await client.draft(bulletin, reviewing=reviewing)))
    said = ReviewerApproval(
        outline=outline, stage=stage, approver=session.profile.party, approved_at=int(session.now())
    )
    return await client.approve(bulletin, stage, sign(said, session.keys.signing))


async def recall(session: Session, bulletin: UUID, reason: RecallReason) -> dict[str, Any]:
    """Take a bulletin back in all its versions."""
    order = RecallOrder(
        bulletin=bulletin, reason=reason, analyst=session.profile.party, ordered_at=int(session.now())
    )
    return await BulletinsClient(session.connection).recall(bulletin, sign(order, session.keys.signing))


async def ask(session: Session, text: str) -> Asked:
    """Ask governments a question that names nobody. Raises TextRefused."""
    if found := lint(text):
        raise TextRefused("; ".join(f"{one.start}-{one.end} {one.code}: {one.why}" for one in found))
    return await BulletinsClient(session.connection).ask(text)
