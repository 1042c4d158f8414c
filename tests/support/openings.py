"""A log with members, analysts and sealed reports in it, as one trustee knows it. No processes, real cryptography.

    ledger = Ledger()
    alder, birch, cedar = ledger.exporters(3)
    reports = [ledger.file(firm, PHONE) for firm in (alder, birch, cedar)]
    assert ledger.judge(*reports).ok

Every leaf is first cosigned at `ledger.now`, which a test may set.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from cairn_protocol import assent_lock, merkle, sealing
from cairn_protocol.checkpoint import Checkpoint
from cairn_protocol.cuts import cuts_of
from cairn_protocol.evidence import Ground, Verdict, judge, label_of, taken_back_by
from cairn_protocol.group import Element
from cairn_protocol.kinds import Kind
from cairn_protocol.merkle import Node
from cairn_protocol.messages.corrections import Cut
from cairn_protocol.messages.log import LeafKind, content_digest, hash_of
from cairn_protocol.messages.openings import (
    Evidence,
    Opening,
    OpeningRequest,
    Reason,
    ReportEvidence,
    Shown,
    confirm,
    opening_digest,
)
from cairn_protocol.messages.parties import (
    Act,
    Approval,
    ApprovedAct,
    Entry,
    Revocation,
    Role,
    Sector,
    approve,
    prove_possession,
)
from cairn_protocol.messages.report import Confidence, Retraction, SignedHeader, sign_header
from cairn_protocol.messages.sealed import Details, SealedPart
from cairn_protocol.messages.wire import encode, sign
from cairn_protocol.roster import Roster, kind_of
from cairn_protocol.sharing import Index
from cairn_protocol.tags import MatchSecret, Tag, key_digest
from cairn_protocol.voprf import PublicShare
from tests.support import keys
from tests.support.officials import official
from tests.support.reports import NOW, WEEK, Firm, secret_of

PHONE = (Kind.PHONE, "+905550100199")
DOMAIN = (Kind.DOMAIN, "orkide-teknik.example")
EMAIL = (Kind.EMAIL, "satis@orkide-teknik.example")
DETAILS = Details(
    names=("Orkide Teknik Dis Ticaret",),
    address="Kavak Sokak 7",
    city="Izmir",
    emails=("satis@orkide-teknik.example",),
    phones=("+90 555 010 0199",),
    website="https://orkide-teknik.example/",
    registration_no="",
    vat="",
    lei="",
    imo="",
    iban="",
    narrative=None,
)


@dataclass(frozen=True)
class Filed:
    """A report in the log. `secrets` of its lockable keys, in the header's order."""

    signed: SignedHeader
    sealed: SealedPart
    leaf_index: int
    secrets: tuple[MatchSecret, ...] = field(repr=False)


@dataclass(frozen=True)
class Analyst:
    """An analyst on the roster, with both keys."""

    entry: Entry
    key: Ed25519PrivateKey = field(repr=False)
    sealing_key: X25519PrivateKey = field(repr=False)


class Ledger:
    """The log, the roster and the times that a trustee has of it."""

    def __init__(self, n: int = 3, t: int = 2) -> None:
        self.now = NOW
        self.genesis = keys.genesis(n, t)
        self.roster = Roster(self.genesis)
        self.times: list[int] = []
        self.hashes: list[bytes] = []
        self.taken_back: set[tuple[str, bytes]] = set()
        self.cuts: list[bytes] = []
        self._groups: dict[str, int] = {}
        self.log(LeafKind.GENESIS, encode(keys.signed(self.genesis)))

    @property
    def joint(self) -> Element:
        """The assent key."""
        return Element(self.genesis.joint_key("assent").element)

    @property
    def assent_publics(self) -> dict[Index, PublicShare]:
        """The trustees' shares of the assent key, as elements."""
        shares = self.genesis.joint_key("assent").shares
        return {
            Index(trustee.index): PublicShare(
                Index(trustee.index), Element(shares[trustee.index - 1]), f"trustee:{trustee.id}"
            )
            for trustee in self.genesis.trustees
        }

    def log(self, kind: LeafKind, content: bytes, digest: bytes | None = None) -> int:
        """Append a leaf; its index."""
        self.hashes.append(hash_of(kind, digest or content_digest(content)))
        self.times.append(self.now)
        return len(self.hashes) - 1

    def act(self, act: Act, possession: bytes | None = None, by: Sequence[str] = ("t1", "t2")) -> int:
        """An act with these trustees' approvals. Raises BadRoster if they are too few."""
        approvals = tuple(
            Approval(trustee=trustee, signature=approve(act, keys.signing_key(trustee))) for trustee in by
        )
        content = encode(ApprovedAct(act=act, possession=possession, approvals=approvals))
        self.roster.apply(len(self.hashes), content)
        return self.log(kind_of(act), content)

    def enrol(
        self,
        name: str,
        *,
        group: str | None = None,
        sector: Sector = Sector.EXPORTER,
        not_before: int = 0,
        key: Ed25519PrivateKey | None = None,
        by: Sequence[str] = ("t1", "t2"),
    ) -> Firm:
        """A member; its group is named after it unless told."""
        group = group or f"g-{name}"
        place = self._groups.setdefault(group, len(self._groups) + 1)
        firm = Firm(name, group, place, sector, ("ALL",), key or keys.signing_key("firm", name))
        entry = msgspec.structs.replace(firm.entry, not_before=not_before)
        self.act(entry, prove_possession(entry, firm.key), by)
        return firm

    def exporters(self, count: int) -> list[Firm]:
        """Exporters of as many groups, each time the next ones."""
        first = len(self._groups)
        return [self.enrol(f"m{first + at:02d}") for at in range(count)]

    def analyst(self, name: str = "a0") -> Analyst:
        """An analyst."""
        analyst = analyst_named(name)
        self.act(analyst.entry, prove_possession(analyst.entry, analyst.key))
        return analyst

    def revoke(self, party: str, key: Ed25519PrivateKey) -> int:
        """The key is void at once."""
        return self.act(Revocation(party=party, signing_key=keys.public(key)))

    def file(
        self,
        firm: Firm,
        *match_keys: tuple[Kind, str],
        week: str = WEEK,
        confidence: Confidence = Confidence.STATEMENT,
        inquiry: str | None = None,
    ) -> Filed:
        """A sealed report of the firm in the log."""
        made = self.make(firm, *match_keys, week=week, confidence=confidence, inquiry=inquiry)
        return self.place(made)

    def make(
        self,
        firm: Firm,
        *match_keys: tuple[Kind, str],
        week: str = WEEK,
        confidence: Confidence = Confidence.STATEMENT,
        inquiry: str | None = None,
    ) -> Filed:
        """A sealed report of the firm that is not in the log."""
        inquiry = inquiry or f"inquiry {len(self.hashes)}"
        header = firm.report(*match_keys, week=week, confidence=confidence, inquiry=inquiry).signed.header
        by_digest = {
            key_digest(secret.card_key): secret for secret in (secret_of(*key) for key in match_keys)
        }
        secrets = tuple(by_digest[key.key_digest] for key in header.lockable())
        seed = keys.seed("sealing", firm.id, inquiry)
        sealed = sealing.seal(DETAILS, label_of(header), secrets, self.joint, seed)
        header = msgspec.structs.replace(header, sealed_digest=sealed.digest())
        claims = tuple(secret.lock.claim(header.digest()) for secret in secrets if secret.lock)
        return Filed(sign_header(header, claims, firm.key), sealed, -1, secrets)

    def place(self, made: Filed) -> Filed:
        """Put a report into the log."""
        return replace(made, leaf_index=self.log(LeafKind.REPORT, b"", made.signed.digest()))

    def retract(self, firm: Firm, filed: Filed) -> None:
        """The firm takes its report back."""
        header = filed.signed.header
        word = Retraction(member=firm.id, report_id=header.report_id, digest=filed.signed.digest())
        content = encode(sign(word, firm.key))
        self.log(LeafKind.RETRACTION, content)
        self.taken_back.add(taken_back_by(content))

    def cut(self, *parts: Sequence[Filed]) -> None:
        """A reviewer and an analyst cut these parts from each other; a single part is set aside."""
        rita, ana = official("rita", Role.REVIEWER), official("ana", Role.ANALYST)
        order = rita.order(*(tuple(one.signed.header.report_id for one in part) for part in parts))
        content = encode(Cut(order=rita.sign(order), confirmation=ana.confirmation(order)))
        self.log(LeafKind.CUT, content)
        self.cuts.append(content)

    def request(self, *filed: Filed, analyst: str = "a0", reason: Reason = Reason.T1) -> OpeningRequest:
        """A request for these reports."""
        return OpeningRequest(
            epoch=keys.EPOCH,
            reports=tuple(sorted(one.signed.header.report_id for one in filed)),
            reason=reason,
            basis="Art. 6(1)(f) GDPR",
            analyst=analyst,
            requested_at=self.now,
            expires_at=self.now + 14 * 86_400,
        )

    def opening(self, request: OpeningRequest, asked: Analyst, confirmed: Analyst) -> tuple[Opening, int]:
        """The opening that two analysts signed, and its leaf's index."""
        confirmation = confirm(request, confirmed.entry.party, self.now)
        opening = Opening(request=sign(request, asked.key), confirmation=sign(confirmation, confirmed.key))
        return opening, self.log(LeafKind.OPENING, encode(opening))

    def path(self, index: int) -> tuple[bytes, ...]:
        """The path of a leaf in the whole log."""
        nodes = {Node(0, at): leaf for at, leaf in enumerate(self.hashes)}
        nodes |= merkle.append(0, (), self.hashes).interior
        return tuple(merkle.inclusion_proof(index, len(self.hashes), nodes))

    def shown(self, filed: Filed) -> Shown:
        """A report as evidence."""
        return Shown(signed=filed.signed, leaf_index=filed.leaf_index, path=self.path(filed.leaf_index))

    def evidence_for(self, filed: Filed, *beside: Filed) -> ReportEvidence:
        """The report to open, and those beside it."""
        return ReportEvidence(
            report=self.shown(filed),
            capsule=filed.sealed.capsule,
            body_digest=filed.sealed.body_digest(),
            neighbours=tuple(self.shown(one) for one in beside),
        )

    def evidence(self, opening: Opening, leaf_index: int, *reports: ReportEvidence) -> Evidence:
        """What the hub shows for an opening."""
        return Evidence(
            opening=opening_digest(opening),
            leaf_index=leaf_index,
            path=self.path(leaf_index),
            size=len(self.hashes),
            reports=tuple(sorted(reports, key=lambda one: one.report.signed.header.report_id)),
        )

    def ground(self, *, quarantined: Sequence[Tag] = (), k: int = 3) -> Ground:
        """What the trustee knows by itself."""
        root = merkle.root_of(self.hashes)
        return Ground(
            roster=self.roster,
            checkpoint=Checkpoint(self.genesis.origin, len(self.hashes), root),
            first_cosigned=lambda index: self.times[index] if index < len(self.times) else None,
            quarantined=frozenset(quarantined),
            taken_back=frozenset(self.taken_back),
            cuts=cuts_of(self.cuts),
            k=k,
        )

    def judge(
        self, filed: Filed, *beside: Filed, at: int | None = None, quarantined: Sequence[Tag] = (), k: int = 3
    ) -> Verdict:
        """The trustee's verdict on opening a report, requested `at` a time, now unless told."""
        ground = self.ground(quarantined=quarantined, k=k)
        requested_at = self.now if at is None else at
        return judge(self.evidence_for(filed, *beside), ground, len(self.hashes), requested_at)

    def assents(
        self, filed: Filed, opening: bytes, trustees: Sequence[int] = (1, 2)
    ) -> dict[Index, assent_lock.Part]:
        """The parts of these trustees for a report."""
        shares = {share.index: share for share in keys.key_shares("assent", len(self.genesis.trustees))}
        label = label_of(filed.signed.header)
        return {
            Index(at): assent_lock.release(
                shares[Index(at)],
                self.assent_publics[Index(at)].element,
                filed.sealed.capsule,
                label,
                opening,
            )
            for at in trustees
        }


def analyst_named(name: str) -> Analyst:
    """An analyst's keys and entry, which follow from the name."""
    key = keys.signing_key("analyst", name)
    sealing_key = X25519PrivateKey.from_private_bytes(keys.seed("sealing key", "analyst", name))
    entry = Entry(
        party=name,
        role=Role.ANALYST,
        group=None,
        group_index=None,
        sector=None,
        families=(),
        signing_key=keys.public(key),
        sealing_key=sealing_key.public_key().public_bytes_raw(),
        not_before=0,
    )
    return Analyst(entry, key, sealing_key)
