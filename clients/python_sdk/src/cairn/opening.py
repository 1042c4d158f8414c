"""An analyst's part in an opening: ask, confirm, and read on the analyst's own machine.

The plain text is put together here and nowhere else, from t trustees' parts sealed to this analyst and two
groups' shares of a line. It is kept encrypted for KEPT_SECONDS, then it is gone.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from cairn.client.errors import ProofInvalid
from cairn.client.openings import OpeningsClient
from cairn.session import Session
from cairn_protocol import assent_lock, match_lock
from cairn_protocol.assent_lock import AssentSecret, Label
from cairn_protocol.errors import BadMessage, BadSignature, ProtocolError, TooFewShares
from cairn_protocol.evidence import label_of
from cairn_protocol.group import Element, decode_element, decode_scalar
from cairn_protocol.match_lock import GroupIndex
from cairn_protocol.messages.log import LeafKind, check_entry, hash_of
from cairn_protocol.messages.openings import (
    Material,
    Opening,
    OpeningRequest,
    Reason,
    ReportMaterial,
    open_assent,
    opening_id,
)
from cairn_protocol.messages.openings import confirm as confirmation_of
from cairn_protocol.messages.sealed import Details
from cairn_protocol.messages.wire import Message, Signed, decode, encode, sign
from cairn_protocol.openings import requested
from cairn_protocol.sealing import open_part
from cairn_protocol.sharing import Index
from cairn_protocol.voprf import PublicShare

PENDING_SECONDS = 14 * 86_400  # a request that trustees did not answer in two weeks is void
KEPT_SECONDS = 24 * 3600


class OpenedReport(Message, frozen=True, tag="cairn/opened-report/1"):
    """One opened report, as it is kept."""

    report_id: UUID
    member: str
    details: Details


class Opened(Message, frozen=True, tag="cairn/opened/1"):
    """The plain text of an opening."""

    MAX_BYTES = 2 * 1024 * 1024
    reports: tuple[OpenedReport, ...]


def request_for(session: Session, reports: Sequence[UUID], reason: Reason, basis: str) -> tuple[str, Signed]:
    """The id and the signed request for these reports. Raises BadMessage for a basis that is no legal basis."""
    now = int(session.now())
    request = OpeningRequest(
        epoch=session.genesis.epoch,
        reports=tuple(sorted(set(reports))),
        reason=reason,
        basis=basis,
        analyst=session.profile.party,
        requested_at=now,
        expires_at=now + PENDING_SECONDS,
    )
    checked = decode(encode(request), OpeningRequest)
    return opening_id(checked), sign(checked, session.keys.signing)


async def confirm(session: Session, opening: str) -> dict[str, object]:
    """Agree to another analyst's request, after reading what it asks for."""
    client = OpeningsClient(session.connection)
    told = await client.standing(opening)
    request = _request_in(told, opening)
    confirmation = confirmation_of(request, session.profile.party, int(session.now()))
    return await client.confirm(opening, sign(confirmation, session.keys.signing))


def _request_in(told: dict[str, object], opening: str) -> OpeningRequest:
    try:
        request = decode(decode(str(told.get("request", "")).encode(), Signed).body, OpeningRequest)
    except BadMessage as error:
        raise ProofInvalid.of(error, "hub") from error
    if opening_id(request) != opening:
        raise ProofInvalid("bad-opening", "the hub shows another request under this id", culprit="hub")
    return request


async def read(session: Session, opening: str) -> Opened:
    """The plain text of an opening, put together here.

    A false part names its trustee, is recorded, and is left out: t others' are enough.

    Raises Rejected (`too-few-assents`) while trustees have not agreed; ProofInvalid if false parts leave fewer
    than t, or what the hub shows is not the opening that was asked for, as the log has it.
    """
    if (kept := session.register.opened.text(opening, session.now())) is not None:
        return decode(kept, Opened)
    material = await OpeningsClient(session.connection).material(opening)
    await session.log.refresh()
    await _require_logged(session, opening, material)
    try:
        opened = _open_all(session, material)
    except ProtocolError as error:
        raise ProofInvalid.of(error, error.culprit or "hub") from error
    session.register.opened.keep(opening, encode(opened), session.now() + KEPT_SECONDS)
    return opened


async def _require_logged(session: Session, opening: str, material: Material) -> None:
    """Raise ProofInvalid unless the material is for the opening of this id, whose leaf is in the cosigned log.

    Else the hub could show the reports of one opening as those of another.
    """
    leaf = hash_of(LeafKind.OPENING, material.opening)
    if (index := await session.log.verify_inclusion(leaf)) is None:
        raise ProofInvalid(
            "not-in-log", "the opening's leaf is not in the log that trustees cosigned", culprit="hub"
        )
    (entry,) = (await session.hub.entries(index, 1)).entries
    try:
        check_entry(entry)
        if (entry.kind, entry.digest) != (LeafKind.OPENING, material.opening):
            raise BadMessage("the hub shows another leaf than the opening's in its place")
        request = requested(decode(entry.content or b"", Opening))
    except BadMessage as error:
        raise ProofInvalid.of(error, "hub") from error
    reports = tuple(report.signed.header.report_id for report in material.reports)
    if opening_id(request) != opening or request.reports != reports:
        raise ProofInvalid("bad-opening", "the hub shows the reports of another opening", culprit="hub")


def _open_all(session: Session, material: Material) -> Opened:
    parts = _parts(session, material)
    return Opened(
        reports=tuple(
            _open_one(session, material.opening, report, {index: mine[at] for index, mine in parts.items()})
            for at, report in enumerate(material.reports)
        )
    )


def _parts(session: Session, material: Material) -> dict[Index, list[assent_lock.Part]]:
    """Each assenting trustee's parts, in the request's order, opened with this analyst's own key."""
    trustees = {trustee.id: trustee for trustee in session.genesis.trustees}
    parts: dict[Index, list[assent_lock.Part]] = {}
    for trustee in trustees.values():
        for signed in material.assents:
            try:
                mine = open_assent(
                    signed, material.opening, trustee, session.profile.party, session.keys.sealing
                )
            except BadSignature:
                continue  # another trustee's
            except ProtocolError as false:
                _remember(session, false)
                continue
            if len(mine) == len(material.reports):
                parts[Index(trustee.index)] = [assent_lock.Part(part.element, part.proof) for part in mine]
    return parts


def _open_one(
    session: Session, opening: bytes, report: ReportMaterial, parts: dict[Index, assent_lock.Part]
) -> OpenedReport:
    genesis, header = session.genesis, report.signed.header
    shares = genesis.joint_key("assent").shares
    publics = {
        Index(trustee.index): PublicShare(
            Index(trustee.index), Element(shares[trustee.index - 1]), f"trustee:{trustee.id}"
        )
        for trustee in genesis.trustees
    }
    label = label_of(header)
    secret = _combined(session, report.sealed.capsule, label, opening, parts, publics)
    lockable = header.lockable()
    if report.at >= len(lockable) or (commitments := lockable[report.at].line) is None:
        raise BadMessage("a line that the report does not have", culprit="hub")
    key, line = lockable[report.at], [decode_element(commitment) for commitment in commitments]
    a_0 = match_lock.recover(
        {GroupIndex(one.group_index): decode_scalar(one.share) for one in report.shares}, line
    )
    details = open_part(report.sealed, report.at, key.tag(header.epoch), label, a_0, secret)
    return OpenedReport(report_id=header.report_id, member=header.member, details=details)


def _combined(
    session: Session,
    capsule: bytes,
    label: Label,
    opening: bytes,
    parts: Mapping[Index, assent_lock.Part],
    publics: Mapping[Index, PublicShare],
) -> AssentSecret:
    """The capsule's secret from any t true parts.

    Raises as `assent_lock.combine`; the last false part's error if it left too few.
    """
    left, lie = dict(parts), None
    holders = {public.holder: index for index, public in publics.items()}
    while True:
        try:
            return assent_lock.combine(capsule, label, opening, left, publics, session.genesis.t)
        except TooFewShares as missing:
            raise lie or missing from missing
        except ProtocolError as false:
            if (index := holders.get(false.culprit or "")) not in left or index is None:
                raise
            lie = false
            _remember(session, false)
            del left[index]


def _remember(session: Session, false: ProtocolError) -> None:
    session.connection.state.record_fault(str(false.culprit), false.slug, int(session.now()))
