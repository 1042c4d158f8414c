"""What is said in an opening has one form, two signers, and holds for that opening alone."""

import json
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from cryptography.hazmat.primitives import hpke
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn_protocol import assent_lock, match_lock, sealing
from cairn_protocol.errors import BadMessage, BadOpening, BadSignature, CairnError
from cairn_protocol.evidence import label_of
from cairn_protocol.group import decode_scalar, encode_scalar
from cairn_protocol.match_lock import GroupIndex
from cairn_protocol.messages.log import LeafKind, LogEntry, check_entry, content_digest
from cairn_protocol.messages.openings import (
    Assent,
    AssentPart,
    AssentParts,
    Confirmation,
    Evidence,
    LineShare,
    Material,
    Opening,
    OpeningRequest,
    Reason,
    Refusal,
    ReportMaterial,
    SealedTo,
    check_request,
    confirm,
    open_assent,
    open_refusal,
    opening_digest,
    opening_id,
    seal_assent,
)
from cairn_protocol.messages.wire import Message, Signed, decode, digest_of, encode, open_signed, sign
from cairn_protocol.openings import requested, signers
from cairn_protocol.sharing import Index
from cairn_protocol.tags import Lock
from tests.support.keys import seed, signing_key
from tests.support.openings import DETAILS, DOMAIN, PHONE, Analyst, Filed, Ledger, analyst_named

VECTORS = Path(__file__).parent.parent / "vectors" / "messages"
FROZEN = json.loads((VECTORS / "openings.json").read_text())

REQUEST = OpeningRequest(
    epoch=1,
    reports=(UUID(int=1), UUID(int=2)),
    reason=Reason.T1,
    basis="Art. 6(1)(f) GDPR; 15 CFR 764.2",
    analyst="a0",
    requested_at=1_790_900_000,
    expires_at=1_790_900_000 + 14 * 86_400,
)
A0, A1 = analyst_named("a0"), analyst_named("a1")
OPENING = Opening(
    request=sign(REQUEST, A0.key), confirmation=sign(confirm(REQUEST, "a1", 1_790_903_600), A1.key)
)
T1, T2 = Ledger().genesis.trustees[:2]
PARTS = tuple(AssentPart(element=seed("element", at), proof=seed("proof", at) * 2) for at in range(2))


def assent(opening: bytes, trustee: str = "t1", parts: tuple[AssentPart, ...] = PARTS) -> Signed:
    return seal_assent(opening, trustee, parts, (A0.entry, A1.entry), signing_key(trustee))


EXAMPLES: dict[str, Message] = {
    "opening-request": REQUEST,
    "opening-confirmation": confirm(REQUEST, "a1", 1_790_903_600),
    "opening": OPENING,
    "refusal": Refusal(opening=opening_digest(OPENING), trustee="t1"),
    "signed-refusal": sign(Refusal(opening=opening_digest(OPENING), trustee="t1"), signing_key("t1")),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_bytes_never_change(name: str) -> None:
    message = EXAMPLES[name]
    assert encode(message).decode() == FROZEN[name]
    assert decode(FROZEN[name].encode(), type(message)) == message


def test_the_digests_never_change() -> None:
    assert opening_digest(OPENING).hex() == FROZEN["opening-digest"]
    assert opening_id(REQUEST) == FROZEN["opening-id"] == digest_of(REQUEST).hex()[:16]


def test_frozen_evidence_and_assents_are_still_read() -> None:
    """HPKE has fresh randomness, so one assent is kept: it opens for both analysts and nobody else."""
    evidence = decode(FROZEN["evidence"].encode(), Evidence)
    assert encode(evidence).decode() == FROZEN["evidence"] and evidence.opening == opening_digest(OPENING)
    assert len(evidence.reports[0].neighbours) == 2
    kept = decode(FROZEN["signed-assent"].encode(), Signed)
    for analyst in (A0, A1):
        assert read(kept, analyst) == PARTS


def read(signed: Signed, analyst: Analyst, opening: bytes | None = None) -> tuple[AssentPart, ...]:
    return open_assent(
        signed, opening or opening_digest(OPENING), T1, analyst.entry.party, analyst.sealing_key
    )


def test_an_opening_is_a_leaf_whose_content_everybody_keeps() -> None:
    content = encode(OPENING)
    entry = LogEntry(kind=LeafKind.OPENING, digest=content_digest(content), content=content)
    check_entry(entry)
    assert entry.digest == opening_digest(OPENING)
    with pytest.raises(BadMessage):
        check_entry(msgspec.structs.replace(entry, content=None))


def test_a_member_finds_its_own_report_in_the_leaf() -> None:
    """Case, basis and date are what it is told; which other member's reports are listed is not in it."""
    request = requested(decode(encode(OPENING), Opening))
    assert UUID(int=2) in request.reports
    assert (opening_id(request), request.basis, request.requested_at) == (
        opening_id(REQUEST),
        REQUEST.basis,
        REQUEST.requested_at,
    )


def test_both_analysts_read_the_parts_of_an_assent() -> None:
    signed = assent(opening_digest(OPENING))
    assert read(signed, A0) == read(signed, A1) == PARTS


def test_an_assent_to_one_opening_can_not_be_played_back_for_another() -> None:
    signed = assent(seed("another opening"))
    with pytest.raises(BadOpening) as refused:
        read(signed, A0)
    assert refused.value.culprit == "trustee:t1"

    # A trustee that signs the same ciphertext again for another opening fails too: HPKE is bound to it.
    halves = open_signed(signed, Assent, T1.signing_key).sealed
    moved = sign(Assent(opening=opening_digest(OPENING), trustee="t1", sealed=halves), signing_key("t1"))
    with pytest.raises(BadOpening):
        read(moved, A0)


def sealed_by_hand(inside: AssentParts, named: bytes) -> Signed:
    """An assent to OPENING that the protocol's text gives: HPKE info = label, then opening, trustee, analyst."""
    suite = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
    halves = []
    for analyst in (A0, A1):
        parts = (opening_digest(OPENING), b"t1", analyst.entry.party.encode())
        info = b"cairn/v1/assent-answer" + b"".join(len(one).to_bytes(4, "big") + one for one in parts)
        ciphertext = suite.encrypt(encode(inside), analyst.sealing_key.public_key(), info)
        halves.append(SealedTo(analyst=analyst.entry.party, ciphertext=ciphertext))
    return sign(Assent(opening=named, trustee="t1", sealed=(halves[0], halves[1])), signing_key("t1"))


def test_the_opening_is_named_outside_inside_and_in_the_sealing() -> None:
    here, elsewhere = opening_digest(OPENING), seed("another opening")
    inside = AssentParts(opening=here, trustee="t1", parts=PARTS)
    assert read(sealed_by_hand(inside, here), A0) == PARTS
    wrong_inside = msgspec.structs.replace(inside, opening=elsewhere)
    wrong_trustee = msgspec.structs.replace(inside, trustee="t2")
    for signed in (
        sealed_by_hand(inside, elsewhere),
        sealed_by_hand(wrong_inside, here),
        sealed_by_hand(wrong_trustee, here),
    ):
        with pytest.raises(BadOpening) as refused:
            read(signed, A0)
        assert refused.value.culprit == "trustee:t1"


def test_one_trustees_assent_is_not_anothers() -> None:
    """Nor when the ciphertext is signed again by the other: it would count one trustee twice."""
    signed = assent(opening_digest(OPENING))
    halves = open_signed(signed, Assent, T1.signing_key).sealed
    copied = sign(Assent(opening=opening_digest(OPENING), trustee="t2", sealed=halves), signing_key("t2"))
    with pytest.raises(BadOpening) as refused:
        open_assent(copied, opening_digest(OPENING), T2, "a0", A0.sealing_key)
    assert refused.value.culprit == "trustee:t2"
    with pytest.raises(BadSignature):
        open_assent(signed, opening_digest(OPENING), T2, "a0", A0.sealing_key)


def test_nobody_but_the_two_analysts_reads_the_parts() -> None:
    signed = assent(opening_digest(OPENING))
    other = analyst_named("a2")
    with pytest.raises(BadOpening):
        read(signed, other)
    with pytest.raises(BadOpening):
        open_assent(signed, opening_digest(OPENING), T1, "a0", other.sealing_key)
    with pytest.raises(BadOpening):
        open_assent(signed, opening_digest(OPENING), T1, "a1", A0.sealing_key)


def test_parts_are_never_sealed_to_a_party_without_a_sealing_key() -> None:
    keyless = msgspec.structs.replace(A1.entry, sealing_key=None)
    with pytest.raises(BadOpening):
        seal_assent(opening_digest(OPENING), "t1", PARTS, (A0.entry, keyless), signing_key("t1"))


def test_a_refusal_is_of_one_opening_and_by_its_trustee() -> None:
    refusal = Refusal(opening=opening_digest(OPENING), trustee="t1")
    assert open_refusal(sign(refusal, signing_key("t1")), opening_digest(OPENING), T1) == refusal
    with pytest.raises(BadOpening):
        open_refusal(sign(refusal, signing_key("t1")), seed("another opening"), T1)
    with pytest.raises(BadSignature):
        open_refusal(sign(refusal, signing_key("hub")), opening_digest(OPENING), T1)


@pytest.mark.parametrize(
    "changed",
    [
        {"reports": (UUID(int=2), UUID(int=1))},
        {"reports": (UUID(int=1), UUID(int=1))},
        {"expires_at": REQUEST.requested_at},
        {"expires_at": REQUEST.requested_at + 31 * 86_400},
    ],
)
def test_a_request_out_of_order_or_out_of_time_is_refused(changed: dict[str, object]) -> None:
    check_request(REQUEST)
    with pytest.raises(BadMessage):
        check_request(msgspec.structs.replace(REQUEST, **changed))


@pytest.mark.parametrize(
    "changed",
    [
        {"basis": ""},
        {"basis": "x" * 201},
        {"basis": "ask satis@orkide-teknik.example"},
        {"basis": "call +90 555 010 0199"},
        {"basis": "call 905550100199"},
        {"basis": "Art. 6\n"},
        {"basis": "Art. 6\nand more"},
        {"reports": ()},
        {"reports": tuple(UUID(int=at) for at in range(17))},
        {"reason": "T4"},
        {"analyst": "Ana Liz"},
        {"epoch": 0},
    ],
)
def test_a_request_with_what_has_no_place_in_a_public_leaf_is_refused(changed: dict[str, object]) -> None:
    """The legal basis is a law and its paragraph: a mailbox or a phone number does not fit in."""
    raw = encode(msgspec.structs.replace(REQUEST, **changed))
    with pytest.raises(BadMessage):
        decode(raw, OpeningRequest)


def test_a_confirmation_names_the_digest_of_its_request() -> None:
    assert confirm(REQUEST, "a1", 5) == Confirmation(request=digest_of(REQUEST), analyst="a1", confirmed_at=5)


def test_the_entries_of_both_signers_come_from_the_roster() -> None:
    ledger = Ledger()
    asked, confirmed = ledger.analyst("a0"), ledger.analyst("a1")
    assert signers(OPENING, ledger.roster, len(ledger.hashes), ledger.now) == (asked.entry, confirmed.entry)
    with pytest.raises(BadOpening):
        signers(OPENING, Ledger().roster, len(ledger.hashes), ledger.now)


@given(raw=st.binary(max_size=200))
def test_junk_in_an_opening_is_a_refusal(raw: bytes) -> None:
    ledger = Ledger()
    junk = Opening(request=Signed(body=raw, signature=bytes(64)), confirmation=OPENING.confirmation)
    with pytest.raises(CairnError):
        signers(junk, ledger.roster, 1, ledger.now)


@given(at=st.integers(0, 10_000), bit=st.integers(0, 7))
@settings(max_examples=60)
def test_an_assent_with_one_bit_changed_is_a_refusal(at: int, bit: int) -> None:
    raw = bytearray(FROZEN["signed-assent"].encode())
    raw[at % len(raw)] ^= 1 << bit
    with pytest.raises(CairnError):
        read(decode(bytes(raw), Signed), A0)


def test_parts_and_shares_do_not_show_in_a_repr() -> None:
    """Two of them are a secret, and logs are kept."""
    share = LineShare(group_index=1, share=seed("share"))
    assert str(PARTS[0].element) not in repr(PARTS) and str(share.share) not in repr(share)


@dataclass(frozen=True)
class Read:
    """What an analyst's machine has when trustees have answered."""

    ledger: Ledger
    report: Filed
    opening: bytes
    material: Material


def answered(*trustees: int) -> Read:
    """Firms 0 and 1 filed the phone too, firm 2's report is opened, these trustees agreed."""
    ledger = Ledger()
    firms = ledger.exporters(3)
    filed = [ledger.file(firm, PHONE, DOMAIN) for firm in firms]
    report = filed[2]
    opening, _ = ledger.opening(ledger.request(report), ledger.analyst("a0"), ledger.analyst("a1"))
    digest = opening_digest(opening)
    parts = ledger.assents(report, digest, trustees)
    assents = tuple(
        seal_assent(
            digest,
            f"t{at}",
            [AssentPart(element=bytes(part.element), proof=part.proof)],
            (A0.entry, A1.entry),
            signing_key(f"t{at}"),
        )
        for at, part in parts.items()
    )
    line = lock_of(report, 0).line
    shares = tuple(
        LineShare(group_index=firm.index, share=encode_scalar(line.share_at(GroupIndex(firm.index))))
        for firm in firms[:2]
    )
    material = Material(
        opening=digest,
        reports=(
            ReportMaterial(signed=report.signed, sealed=report.sealed, at=0, shares=(shares[0], shares[1])),
        ),
        assents=assents,
    )
    return Read(ledger, report, digest, material)


def lock_of(report: Filed, at: int) -> Lock:
    lock = report.secrets[at].lock
    assert lock is not None
    return lock


def details(at: Read, analyst: Analyst) -> sealing.Details:
    """All that an analyst's machine does with what it got."""
    (report,) = at.material.reports
    header = report.signed.header
    key = header.lockable()[report.at]
    assert key.line is not None
    shares = {GroupIndex(one.group_index): decode_scalar(one.share) for one in report.shares}
    a_0 = match_lock.recover(shares, key.line)  # type: ignore[arg-type]
    parts = {}
    for signed, trustee in zip(at.material.assents, at.ledger.genesis.trustees, strict=False):
        (part,) = open_assent(signed, at.opening, trustee, analyst.entry.party, analyst.sealing_key)
        parts[Index(trustee.index)] = assent_lock.Part(part.element, part.proof)
    label = label_of(header)
    secret = assent_lock.combine(
        report.sealed.capsule, label, at.opening, parts, at.ledger.assent_publics, at.ledger.genesis.t
    )
    return sealing.open_part(report.sealed, report.at, key.tag(header.epoch), label, a_0, secret)


def test_two_groups_and_two_trustees_show_the_name_to_both_analysts() -> None:
    whole = answered(1, 2)
    assert details(whole, A0) == details(whole, A1) == DETAILS


def test_one_trustee_shows_nothing() -> None:
    with pytest.raises(CairnError) as refused:
        details(answered(1), A0)
    assert getattr(refused.value, "slug", None) == "too-few-shares"
