"""One example of every message, made of fixed keys: the bytes of each are frozen in tests/vectors/messages.

The examples hang together: the genesis names the keys, the report is a member's, its promise is of its
digest. `python -m tests.support.messages` writes the file of a message that has none yet, and never
rewrites one: bytes that went out can't be called back.
"""

import hashlib
import importlib
import json
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from cairn_protocol import dkg, messages
from cairn_protocol.checkpoint import Checkpoint, cosign, sign_checkpoint, with_cosignatures
from cairn_protocol.codes.terms import Channel, EndUse, QuantityBand, SentOutcome, Stage, ValueBand
from cairn_protocol.codes.terms import Role as PartyRole
from cairn_protocol.group import encode_scalar, hash_to_group, multiply, multiply_base
from cairn_protocol.kinds import FUZZY_COUNT, NAME_EVALUATIONS, VALUE_EVALUATIONS, Kind
from cairn_protocol.match_lock import GroupIndex
from cairn_protocol.merkle import node_hash
from cairn_protocol.messages.index import (
    Card,
    Evidence,
    Manifest,
    ManifestAnswer,
    RecallReason,
    SegmentRef,
    Tombstone,
    Typology,
)
from cairn_protocol.messages.log import (
    ConsistencyProof,
    Entries,
    InclusionProof,
    LeafHashes,
    LeafKind,
    LogEntry,
    Push,
    PushAnswer,
    content_digest,
    hash_of,
)
from cairn_protocol.messages.open_codes import OpenCodes
from cairn_protocol.messages.parties import (
    Allowance,
    Approval,
    ApprovedAct,
    Enrolment,
    Entry,
    Invitation,
    Proposal,
    Proposals,
    Revocation,
    Role,
    Sector,
    TrusteeAddress,
    approve,
    prove_possession,
)
from cairn_protocol.messages.report import (
    Batch,
    BatchAnswer,
    BatchResult,
    Caveat,
    Confidence,
    GovRelease,
    Handling,
    Header,
    HeaderKey,
    OpenPart,
    Promise,
    Report,
    Retraction,
    Tlp,
    header_order,
    sign_header,
)
from cairn_protocol.messages.trustee import (
    CeremonyKept,
    CeremonyPlan,
    CeremonyResult,
    CeremonyTrustee,
    Commitments,
    Evaluate,
    Evaluated,
    Evaluations,
    RevealPart,
    Reveals,
)
from cairn_protocol.messages.wire import Message, digest_of, encode, sign
from cairn_protocol.sharing import Index
from cairn_protocol.tags import CardKey, derive, key_digest
from cairn_protocol.voprf import Output
from tests.support.bulletin_messages import bulletin_examples
from tests.support.correction_messages import correction_examples
from tests.support.keys import (
    EPOCH,
    JOINT_KEYS,
    NORMALISER,
    ORIGIN,
    genesis,
    public,
    scalar,
    sealing_key,
    seed,
    signed,
    signing_key,
)
from tests.support.return_messages import return_examples
from tests.support.trend_messages import trend_examples

FOLDER = Path(__file__).parent.parent / "vectors" / "messages"
AT = 1_790_000_000
_M = TypeVar("_M", bound=Message)
MEMBER = signing_key("m00")
URLS = {f"t{at}": f"https://t{at}.cairn.example" for at in (1, 2, 3)}


def message_type(message: Message | type[Message]) -> str:
    """What the message says in its field `type`."""
    return str(message.__struct_config__.tag)


def file_of(cls: type[Message]) -> Path:
    """Where the frozen bytes of a message are. Those of a second version are beside the first's."""
    _, name, version = message_type(cls).split("/")
    return FOLDER / f"{name if version == '1' else f'{name}-{version}'}.json"


def _report() -> Report:
    real = [
        (kind, derive(Output(seed(kind, 0) + seed(kind, 1)), kind, EPOCH)) for kind in (Kind.VAT, Kind.NAME)
    ]
    rows = [
        (
            HeaderKey(
                kind=kind,
                key_digest=key_digest(secret.card_key),
                line=secret.lock.commitments if secret.lock else None,
                claim_key=secret.lock.claim_key if secret.lock else None,
            ),
            secret.card_key,
        )
        for kind, secret in real
    ]
    for kind, count in FUZZY_COUNT.items():
        for at in range(count):
            card_key = CardKey(seed("filler", kind, at))
            rows.append(
                (HeaderKey(kind=kind, key_digest=key_digest(card_key), line=None, claim_key=None), card_key)
            )
    rows.sort(key=lambda row: header_order(row[0]))
    open_part = OpenPart(
        codes=OpenCodes(
            stage=Stage.QUOTATION,
            channel=Channel.WEBFORM,
            role=PartyRole.PURCHASER,
            party_country="TR",
            eccn="2B350",
            hs6=None,
            family="FAM-VAC",
            quantity_band=QuantityBand.Q2,
            value_band=ValueBand.V3,
            end_use_stated=EndUse.RESEARCH,
            export_country="DE",
            via=("AE",),
            stated_destination="TR",
            red_flags=("RF-DOC-01", "RF-PTY-02"),
            outcome=SentOutcome.HELD,
            terms_version="1.0.0",
            red_flags_version="1.0.0",
            items_version="1.0.0",
        ),
        salt=seed("salt")[:16],
    )
    header = Header(
        epoch=EPOCH,
        report_id=UUID("a3f1c2d4-5e6f-8a1b-9c2d-3e4f5a6b7c8d"),
        revision=2,
        supersedes=seed("revision 1"),
        member="m00",
        normaliser=NORMALISER,
        week="2026-W39",
        confidence=Confidence.DOCUMENT,
        handling=Handling(
            tlp=Tlp.AMBER_STRICT, caveats=(Caveat.EMBARGO_UNTIL, Caveat.NO_GOV), embargo_until="2026-W50"
        ),
        consent=GovRelease.AGGREGATE_ONLY,
        open_digest=open_part.digest(),
        sealed_digest=None,
        keys=tuple(row for row, _ in rows),
    )
    locks = [secret.lock for _, secret in real if secret.lock is not None]
    return Report(
        signed=sign_header(header, tuple(lock.claim(header.digest()) for lock in locks), MEMBER),
        open=open_part,
        card_keys=tuple(card_key for _, card_key in rows),
        shares=tuple(encode_scalar(lock.line.share_at(GroupIndex(1))) for lock in locks),
        sealed=None,
    )


def _elements(count: int, *label: object) -> tuple[bytes, ...]:
    return tuple(hash_to_group(seed(*label, at), b"cairn/test") for at in range(count))


def _evaluated(count: int, label: str) -> Evaluated:
    """What the first trustee says to those elements, but for the proof, which no two runs make alike."""
    elements = tuple(multiply(scalar("share", label), one) for one in _elements(count, label))
    return Evaluated(elements=elements, proof=seed("proof", label) + seed("proof", label, 2))


def _examples() -> list[Message]:
    founded = genesis()
    report = _report()
    header = report.signed.header
    digest = report.signed.digest()
    member = Entry(
        party="m00",
        role=Role.MEMBER,
        group="aldous",
        group_index=1,
        sector=Sector.EXPORTER,
        families=("FAM-MTL", "FAM-VAC"),
        signing_key=public(MEMBER),
        sealing_key=sealing_key("m00"),
        not_before=AT,
    )
    possession = prove_possession(member, MEMBER)
    approvals = tuple(
        Approval(trustee=name, signature=approve(member, signing_key(name))) for name in ("t1", "t3")
    )
    act = ApprovedAct(act=member, possession=possession, approvals=approvals)
    allowance = Allowance(group="aldous", day="2026-10-01", subjects=5_000)
    proposal = Proposal(act=allowance, possession=None, approved_by=("t2",))
    retraction = Retraction(member="m00", report_id=header.report_id, digest=digest)
    leaves = [
        LogEntry(
            kind=LeafKind.GENESIS,
            digest=content_digest(encode(signed(founded))),
            content=encode(signed(founded)),
        ),
        LogEntry(kind=LeafKind.ROSTER, digest=content_digest(encode(act)), content=encode(act)),
        LogEntry(kind=LeafKind.REPORT, digest=digest, content=None),
    ]
    hashes = tuple(hash_of(leaf.kind, leaf.digest) for leaf in leaves)
    root = node_hash(node_hash(hashes[0], hashes[1]), hashes[2])
    checkpoint = Checkpoint(ORIGIN, 3, root)
    cosignatures = [cosign(checkpoint, f"{ORIGIN}/{name}", signing_key(name), AT) for name in ("t1", "t2")]
    note = with_cosignatures(sign_checkpoint(checkpoint, signing_key("hub")), cosignatures)
    promise = Promise(
        member="m00", report_id=header.report_id, revision=2, digest=digest, leaf_hash=hashes[2]
    )
    manifest = Manifest(
        epoch=EPOCH,
        number=7,
        published_at=AT,
        max_age_seconds=172_800,
        tag_segments=(SegmentRef(digest=seed("tags"), count=2, length=85),),
        card_segments=(SegmentRef(digest=seed("cards"), count=1, length=361),),
        tombstones=(
            Tombstone(card_id=UUID("0b1c2d3e-4f50-8617-a829-3a4b5c6d7e8f"), reason=RecallReason.WRONG_JOIN),
        ),
        quarantined=(seed("common value"),),
    )
    plan = CeremonyPlan(
        epoch=EPOCH,
        t=2,
        trustees=tuple(CeremonyTrustee(keys=keys, url=URLS[keys.id]) for keys in founded.trustees),
    )
    ceremony = dkg.Ceremony(digest_of(plan), "names", 3, 2)
    reveal = RevealPart(
        commitments=tuple(multiply_base(scalar("dealt", at)) for at in range(ceremony.t)),
        proof=seed("proof of knowledge") + seed("proof of knowledge", 2),
    )
    dealt = dkg.digest_of(ceremony, dkg.Reveal(Index(1), reveal.commitments, reveal.proof))  # type: ignore[arg-type]
    invitation = Invitation(
        hub="https://hub.cairn.example",
        genesis_digest=digest_of(founded),
        trustees=tuple(TrusteeAddress(id=name, url=url) for name, url in URLS.items()),
        party="m00",
        role=Role.MEMBER,
        group="aldous",
        group_index=1,
        sector=Sector.EXPORTER,
        not_before=AT,
        word=seed("word"),
    )
    return [
        founded,
        signed(founded),
        member,
        Revocation(party="m00", signing_key=public(MEMBER)),
        allowance,
        act,
        invitation,
        Enrolment(word=seed("word"), entry=member, possession=possession),
        proposal,
        Proposals(proposals=(proposal,)),
        header,
        report.signed,
        report,
        Batch(reports=(report,)),
        promise,
        BatchAnswer(
            results=(
                BatchResult(promise=sign(promise, signing_key("hub")), problem=None, detail=None),
                BatchResult(promise=None, problem="bad-share", detail="File it again from the register."),
            )
        ),
        retraction,
        sign(retraction, MEMBER),
        Entries(start=0, entries=tuple(leaves), leaf_hashes=hashes),
        InclusionProof(index=2, size=3, path=(node_hash(hashes[0], hashes[1]),)),
        ConsistencyProof(old=2, new=3, path=(hashes[2],)),
        Push(start=0, entries=tuple(leaves), checkpoint=note),
        PushAnswer(size=3, cosignature=cosignatures[0]),
        LeafHashes(start=0, size=3, leaf_hashes=hashes),
        Evaluate(
            epoch=EPOCH,
            subjects=1,
            names=_elements(NAME_EVALUATIONS, "names"),
            values=_elements(VALUE_EVALUATIONS, "values"),
        ),
        Evaluations(
            names=_evaluated(NAME_EVALUATIONS, "names"), values=_evaluated(VALUE_EVALUATIONS, "values")
        ),
        plan,
        Commitments(plan=digest_of(plan), dealer="t1", digests=(dealt, dealt, dealt)),
        Reveals(
            plan=digest_of(plan),
            dealer="t1",
            holder="t2",
            reveals=(reveal, reveal, reveal),
            sealed_shares=hashlib.sha512(b"sealed shares").digest(),
        ),
        CeremonyResult(
            plan=digest_of(plan),
            trustee="t1",
            keys=tuple(founded.joint_key(name) for name in JOINT_KEYS),
        ),
        CeremonyKept(
            plan=digest_of(plan),
            trustee="t1",
            result=hashlib.sha256(b"ceremony result").digest(),
        ),
        Card(
            card_id=UUID("7c8d9e0f-1a2b-8c3d-8e4f-5a6b7c8d9e0f"),
            version=3,
            groups="2-4",
            events="2-4",
            evidence=Evidence.E2,
            first="2026-Q2",
            last="2026-Q4",
            families=("FAM-VAC",),
            sectors=("exporter", "logistics"),
            linked_by=(Kind.VAT, Kind.PHONE),
            stages=(Stage.INQUIRY, Stage.SHIPMENT),
            typologies=(Typology.T1, Typology.T3),
            after_decline=True,
            cleared=1,
        ),
        manifest,
        ManifestAnswer(manifest=manifest, leaf_index=2, path=(hashes[0],), checkpoint=note),
        *bulletin_examples(),
        *correction_examples(),
        *return_examples(),
        *trend_examples(),
    ]


EXAMPLES = {type(example): example for example in _examples()}


def example_of(cls: type[_M]) -> _M:
    """The example of one message."""
    example = EXAMPLES[cls]
    assert isinstance(example, cls)
    return example


def all_messages(of: type[Message] = Message) -> Iterator[type[Message]]:
    """Every message of the protocol, with an example or not."""
    for module in pkgutil.iter_modules(messages.__path__):
        importlib.import_module(f"{messages.__name__}.{module.name}")
    for cls in of.__subclasses__():
        if cls.__module__.startswith(messages.__name__):
            yield cls
        yield from all_messages(cls)


def freeze() -> None:
    """Write the files that are missing."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for cls, example in EXAMPLES.items():
        if not file_of(cls).exists():
            raw = encode(example)
            frozen = {
                "type": message_type(cls),
                "sha256": hashlib.sha256(raw).hexdigest(),
                "text": raw.decode(),
            }
            file_of(cls).write_text(json.dumps(frozen, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    freeze()
