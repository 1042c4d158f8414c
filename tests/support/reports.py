"""Valid signed reports from (kind, value) pairs, without trustees: the joint keys are known here.

Everything is derived from names, so the same call gives the same bytes. What stands for a
value is what the protocol makes of it: OPRF output, card key, line, claim, tag.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cairn_protocol import codes
from cairn_protocol.codes.terms import Channel, Role, SentOutcome, Stage
from cairn_protocol.group import Scalar, hash_to_group, multiply, multiply_base, reduce_wide
from cairn_protocol.kinds import FUZZY_COUNT, KeyName, Kind, key_for, oprf_input
from cairn_protocol.match_lock import GroupIndex
from cairn_protocol.messages.open_codes import OpenCodes
from cairn_protocol.messages.parties import Entry, Genesis, JointKeyShares, Sector, TrusteeKeys
from cairn_protocol.messages.parties import Role as PartyRole
from cairn_protocol.messages.report import (
    Confidence,
    GovRelease,
    Handling,
    Header,
    HeaderKey,
    OpenPart,
    Report,
    Retraction,
    Tlp,
    header_order,
    sign_header,
)
from cairn_protocol.messages.wire import Signed, sign
from cairn_protocol.tags import CardKey, MatchSecret, Tag, derive, key_digest
from cairn_protocol.voprf import CONTEXT, Output
from tests.support.keys import EPOCH, NORMALISER, seed, signing_key

WEEK = "2026-W40"
NOW = 1_790_900_000  # a moment in that week


@cache
def joint_key(name: KeyName) -> Scalar:
    """A whole OPRF key, which outside of tests no machine has."""
    return reduce_wide(seed("oprf", name) * 2)


@cache
def secret_of(kind: Kind, value: str) -> MatchSecret:
    """What every firm that evaluates the value gets. Source: RFC 9497 3.3.1, Evaluate."""
    data = oprf_input(kind, value)
    element = multiply(joint_key(key_for(kind)), hash_to_group(data, b"HashToGroup-" + CONTEXT))
    sized = len(data).to_bytes(2, "big") + data + len(element).to_bytes(2, "big") + element
    return derive(Output(hashlib.sha512(sized + b"Finalize").digest()), kind, EPOCH)


def tag_of_value(kind: Kind, value: str) -> Tag:
    """The tag of a value."""
    return secret_of(kind, value).tag


def genesis(trustees: int = 3, t: int = 2, *, origin: str = "cairn.example/log") -> Genesis:
    """A genesis whose joint keys are those of this module, though the trustees' shares are of nothing."""
    public = [multiply_base(joint_key(name)) for name in KeyName] + [multiply_base(7)]
    return Genesis(
        origin=origin,
        epoch=EPOCH,
        t=t,
        hub_key=signing_key("hub").public_key().public_bytes_raw(),
        normaliser=NORMALISER,
        trustees=tuple(
            TrusteeKeys(
                id=f"t{at}",
                index=at,
                signing_key=signing_key(f"t{at}").public_key().public_bytes_raw(),
                sealing_key=seed("sealing", at),
            )
            for at in range(1, trustees + 1)
        ),
        keys=tuple(
            JointKeyShares(
                name=name,
                element=element,
                shares=tuple(multiply_base(at + 2) for at in range(trustees)),
            )
            for name, element in zip(("names", "values", "assent"), public, strict=True)
        ),
    )


@dataclass(frozen=True)
class Firm:
    """A member that can file. `index` is its group's place on every line."""

    id: str
    group: str
    index: int
    sector: Sector = Sector.EXPORTER
    families: tuple[str, ...] = ("FAM-VAC",)
    key: Ed25519PrivateKey = field(default_factory=lambda: signing_key("nobody"), repr=False)

    @property
    def entry(self) -> Entry:
        """Its entry on the roster."""
        return Entry(
            party=self.id,
            role=PartyRole.MEMBER,
            group=self.group,
            group_index=self.index,
            sector=self.sector,
            families=self.families,
            signing_key=self.key.public_key().public_bytes_raw(),
            sealing_key=None,
            not_before=0,
        )

    def report(
        self,
        *keys: tuple[Kind, str],
        inquiry: str = "inquiry",
        report_id: UUID | None = None,
        revision: int = 1,
        supersedes: bytes | None = None,
        week: str = WEEK,
        confidence: Confidence = Confidence.STATEMENT,
        country: str = "TR",
        family: str = "FAM-VAC",
        outcome: SentOutcome | None = None,
        coded: Mapping[str, object] | None = None,
        epoch: int = EPOCH,
        normaliser: bytes = NORMALISER,
    ) -> Report:
        """A report of this firm with these match keys; the rest of the padding is filler.

        coded  further OPEN codes
        """
        report_id = report_id or UUID(bytes=seed("report", self.id, inquiry)[:16])
        secrets = sorted(
            _match_keys(keys, seed(report_id, revision)), key=lambda one: header_order(one.header)
        )
        open_part = OpenPart(
            codes=open_codes(country=country, family=family, outcome=outcome, **(coded or {})),
            salt=seed("salt", report_id, revision)[:16],
        )
        header = Header(
            epoch=epoch,
            report_id=report_id,
            revision=revision,
            supersedes=supersedes,
            member=self.id,
            normaliser=normaliser,
            week=week,
            confidence=confidence,
            handling=Handling(tlp=Tlp.AMBER_STRICT, caveats=(), embargo_until=None),
            consent=GovRelease.AGGREGATE_ONLY,
            open_digest=open_part.digest(),
            sealed_digest=None,
            keys=tuple(one.header for one in secrets),
        )
        locks = [one.secret.lock for one in secrets if one.secret is not None and one.secret.lock is not None]
        claims = tuple(lock.claim(header.digest()) for lock in locks)
        place = GroupIndex(self.index)
        return Report(
            signed=sign_header(header, claims, self.key),
            open=open_part,
            card_keys=tuple(one.card_key for one in secrets),
            shares=tuple(lock.line.share_at(place).to_bytes(32, "little") for lock in locks),
            sealed=None,
        )

    def retraction(self, report: Report) -> Signed:
        """Its signed word that it takes the report back."""
        digest = report.signed.digest()
        return sign(
            Retraction(member=self.id, report_id=report.signed.header.report_id, digest=digest), self.key
        )


def firm(
    name: str,
    index: int,
    *,
    group: str | None = None,
    sector: Sector = Sector.EXPORTER,
    families: Iterable[str] = ("FAM-VAC",),
) -> Firm:
    """A firm with a key of its own; its group is named after it unless told."""
    return Firm(name, group or f"g-{name}", index, sector, tuple(families), signing_key("firm", name))


def exporters(count: int) -> list[Firm]:
    """Exporters of as many groups."""
    return [firm(f"m{at:02d}", at + 1) for at in range(count)]


def open_codes(
    *, country: str = "TR", family: str = "FAM-VAC", outcome: SentOutcome | None = None, **changed: object
) -> OpenCodes:
    """OPEN codes as a firm sends them."""
    told: dict[str, object] = dict(
        stage=Stage.INQUIRY,
        channel=Channel.EMAIL,
        role=Role.PURCHASER,
        party_country=country,
        eccn=None,
        hs6=None,
        family=family,
        quantity_band=None,
        value_band=None,
        end_use_stated=None,
        export_country="DE",
        via=(),
        stated_destination=country,
        red_flags=(),
        outcome=outcome,
        terms_version=codes.TERMS_VERSION,
        red_flags_version=codes.red_flags().version,
        items_version=codes.items().version,
    )
    return OpenCodes(**(told | changed))  # type: ignore[arg-type]


@dataclass(frozen=True)
class _MatchKey:
    header: HeaderKey
    card_key: CardKey = field(repr=False)
    secret: MatchSecret | None = field(repr=False)


def _match_keys(keys: Sequence[tuple[Kind, str]], filler: bytes) -> list[_MatchKey]:
    real = [_real(kind, value) for kind, value in keys]
    counts = {kind: sum(kind is told for told, _ in keys) for kind in Kind}
    wanted = dict(FUZZY_COUNT)
    if not counts[Kind.NAME] + counts[Kind.NAME_COMMON]:
        wanted[Kind.NAME] = 1
    return real + [
        _filler(kind, seed(filler.hex(), kind, at))
        for kind, count in wanted.items()
        for at in range(count - counts[kind])
    ]


def _real(kind: Kind, value: str) -> _MatchKey:
    secret = secret_of(kind, value)
    lock = secret.lock
    return _MatchKey(
        HeaderKey(
            kind=kind,
            key_digest=key_digest(secret.card_key),
            line=lock.commitments if lock else None,
            claim_key=lock.claim_key if lock else None,
        ),
        secret.card_key,
        secret,
    )


def _filler(kind: Kind, card_key: bytes) -> _MatchKey:
    key = CardKey(card_key)
    return _MatchKey(HeaderKey(kind=kind, key_digest=key_digest(key), line=None, claim_key=None), key, None)
