"""A report from an inquiry: the same inquiry gives the same bytes, on any day and any machine.

Whatever is random in it (filler for fuzzy kinds, the salt of the OPEN part) comes from a
KDF of the register key, the report id and the content's digest; Ed25519 is deterministic.
So a firm that lost its register and restored its keys files what it filed before.
"""

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cairn.raw.details import details_of
from cairn.raw.inquiry import Inquiry
from cairn.raw.sanitise import Leaving, Rules, leaving, week_of
from cairn_protocol import kdf
from cairn_protocol.assent_lock import Label
from cairn_protocol.group import Element, encode_scalar
from cairn_protocol.kdf import Use
from cairn_protocol.kinds import FUZZY_COUNT, Kind
from cairn_protocol.match_lock import GroupIndex
from cairn_protocol.messages.open_codes import OpenCodes
from cairn_protocol.messages.report import (
    Header,
    HeaderKey,
    OpenPart,
    Report,
    header_order,
    sign_header,
)
from cairn_protocol.messages.sealed import SealedPart
from cairn_protocol.messages.wire import encode
from cairn_protocol.sealing import seal
from cairn_protocol.tags import CardKey, MatchSecret, key_digest


@dataclass(frozen=True, slots=True)
class Filer:
    """Who files, and what its reports are made with."""

    member: str
    group_index: GroupIndex
    epoch: int
    normaliser: bytes
    assent_key: Element
    signing_key: Ed25519PrivateKey = field(repr=False)
    register_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Revision:
    """Which revision of a report this is. The first supersedes nothing."""

    number: int = 1
    supersedes: bytes | None = None


@dataclass(frozen=True, slots=True)
class _Slot:
    header: HeaderKey
    card_key: CardKey = field(repr=False)
    secret: MatchSecret | None = field(repr=False)


def report_id_for(register_key: bytes, inquiry_id: str) -> UUID:
    """The one report id an inquiry can have: UUIDv8 from an HMAC of its id.

    Source: RFC 9562 5.8.
    """
    raw = bytearray(hmac.digest(kdf.derive(register_key, Use.REPORT_ID), inquiry_id.encode(), "sha512")[:16])
    raw[6] = raw[6] & 0x0F | 0x80
    raw[8] = raw[8] & 0x3F | 0x80
    return UUID(bytes=bytes(raw))


def earlier_report(register_key: bytes, link: str) -> UUID:
    """The report that an `attempt_link` names: by its own id, or by the inquiry_id it was filed under."""
    try:
        named = UUID(link)
    except ValueError:
        return report_id_for(register_key, link)
    return named if named.version == 8 else report_id_for(register_key, link)


def evidence_key(register_key: bytes, report_id: UUID) -> bytes:
    """The key of one report's evidence: who is given it can check that report's file, and no other's."""
    return kdf.derive(register_key, Use.EVIDENCE_KEY, report_id.bytes)


def evidence_of(key: bytes, file_hash: bytes) -> bytes:
    """What a report says of the firm's file (its SHA-256): HMAC-SHA-256, 32 bytes."""
    return hmac.digest(key, file_hash, "sha256")


def _with_own_references(
    codes: OpenCodes, inquiry: Inquiry, register_key: bytes, report_id: UUID
) -> OpenCodes:
    """The codes with what only the firm's own key can make: the earlier attempt's report, the file's digest."""
    if inquiry.attempt_link:
        attempt = earlier_report(register_key, inquiry.attempt_link)
        codes = msgspec.structs.replace(codes, attempt=attempt)
    if inquiry.evidence_hash:
        key = evidence_key(register_key, report_id)
        codes = msgspec.structs.replace(
            codes, evidence=evidence_of(key, bytes.fromhex(inquiry.evidence_hash))
        )
    return codes


def build_report(
    inquiry: Inquiry,
    secrets: Sequence[MatchSecret],
    filer: Filer,
    revision: Revision | None = None,
    *,
    narrative: bool = False,
    rules: Rules | None = None,
) -> Report:
    """The signed report of an inquiry whose match keys became `secrets`.

    narrative  whether the narrative goes into the sealed part, scrubbed; off unless the firm says so
    rules      what makes the report coarser than the wire allows; without any only the small-market rule holds

    Two values that are one (a phone typed twice) count once. Cost: a signature, the two locks, and one
    claim a lockable key.
    """
    revision = revision or Revision()
    report_id = report_id_for(filer.register_key, inquiry.inquiry_id)
    rules = rules or Rules()
    out = leaving(inquiry, rules)
    out = replace(out, codes=_with_own_references(out.codes, inquiry, filer.register_key, report_id))
    once = list({secret.tag: secret for secret in secrets}.values())
    sealed = _sealed(inquiry, once, filer, report_id, narrative and rules.policy.narrative)
    if not rules.policy.sealed:
        sealed = None
    content = _content_digest(inquiry, out, secrets, revision, filer, sealed)

    def random(use: Use, *context: bytes) -> bytes:
        return kdf.derive(filer.register_key, use, report_id.bytes, content, *context)

    slots = [_real(secret) for secret in once]
    slots += _filler(slots, random)
    slots.sort(key=lambda slot: header_order(slot.header))
    part = OpenPart(codes=out.codes, salt=random(Use.OPEN_SALT)[:16])
    header = Header(
        epoch=filer.epoch,
        report_id=report_id,
        revision=revision.number,
        supersedes=revision.supersedes,
        member=filer.member,
        normaliser=filer.normaliser,
        week=week_of(inquiry),
        confidence=inquiry.confidence,
        handling=out.handling,
        consent=out.consent,
        open_digest=part.digest(),
        sealed_digest=sealed.digest() if sealed else None,
        keys=tuple(slot.header for slot in slots),
    )
    digest = header.digest()
    locks = [slot.secret.lock for slot in slots if slot.secret and slot.secret.lock]
    return Report(
        signed=sign_header(header, tuple(lock.claim(digest) for lock in locks), filer.signing_key),
        open=part,
        card_keys=tuple(slot.card_key for slot in slots),
        shares=tuple(encode_scalar(lock.line.share_at(filer.group_index)) for lock in locks),
        sealed=sealed,
    )


def _content_digest(
    inquiry: Inquiry,
    out: Leaving,
    secrets: Sequence[MatchSecret],
    revision: Revision,
    filer: Filer,
    sealed: SealedPart | None,
) -> bytes:
    """What the report says, in 32 bytes: anything that changes it gets other randomness."""
    return kdf.digest(
        Use.CONTENT,
        encode(out.codes),
        week_of(inquiry).encode(),
        inquiry.confidence.encode(),
        encode(out.handling),
        out.consent.encode(),
        filer.epoch.to_bytes(4, "big"),
        filer.normaliser,
        revision.number.to_bytes(4, "big"),
        revision.supersedes or b"",
        sealed.digest() if sealed else b"",
        *sorted(secret.tag for secret in secrets),
    )


def _sealed(
    inquiry: Inquiry, secrets: Sequence[MatchSecret], filer: Filer, report_id: UUID, narrative: bool
) -> SealedPart | None:
    """The sealed part, if there is a lockable key that could ever open it."""
    lockable = sorted(
        (secret for secret in secrets if secret.lock), key=lambda s: header_order(_real(s).header)
    )
    if not lockable:
        return None
    seed = kdf.derive(filer.register_key, Use.SEALING_SEED, report_id.bytes)
    label = Label(filer.epoch, report_id, filer.member)
    return seal(details_of(inquiry, narrative=narrative), label, lockable, filer.assent_key, seed)


def _real(secret: MatchSecret) -> _Slot:
    lock = secret.lock
    header = HeaderKey(
        kind=secret.kind,
        key_digest=key_digest(secret.card_key),
        line=lock.commitments if lock else None,
        claim_key=lock.claim_key if lock else None,
    )
    return _Slot(header, secret.card_key, secret)


def _filler(real: Sequence[_Slot], random: Callable[..., bytes]) -> list[_Slot]:
    """Random match keys until every kind stands as often as a report carries it."""
    present = [slot.header.kind for slot in real]
    wanted = dict(FUZZY_COUNT)
    if Kind.NAME not in present and Kind.NAME_COMMON not in present:
        wanted[Kind.NAME] = 1
    slots = []
    for kind, count in wanted.items():
        for at in range(count - present.count(kind)):
            card_key = CardKey(random(Use.FILLER_KEY, kind.encode(), at.to_bytes(2, "big")))
            header = HeaderKey(kind=kind, key_digest=key_digest(card_key), line=None, claim_key=None)
            slots.append(_Slot(header, card_key, None))
    return slots
