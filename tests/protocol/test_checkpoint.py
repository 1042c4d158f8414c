"""A checkpoint counts only as the hub signed it and as many trustees cosigned it as the genesis asks for."""

import json
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from cairn_protocol.checkpoint import (
    MAX_TIME,
    Checkpoint,
    Verified,
    cosign,
    open_note,
    sign_checkpoint,
    verify_cosignature,
    with_cosignatures,
)
from cairn_protocol.errors import BadMessage, BadSignature, ProtocolError, TooFewCosignatures
from cairn_protocol.signed_note import NoteSignature, SignatureType, key_id

VECTORS = Path(__file__).parent.parent / "vectors"
ORIGIN = "hub.example/log"
HUB = Ed25519PrivateKey.from_private_bytes(b"h" * 32)
TRUSTEES = {f"trustee:t{n}": Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2, 3)}
TRUSTEE_KEYS = {name: key.public_key() for name, key in TRUSTEES.items()}
CHECKPOINT = Checkpoint(ORIGIN, 1_234, bytes(range(32)))
AT = 1_790_000_000
UNCOSIGNED = sign_checkpoint(CHECKPOINT, HUB)


def vector(name: str) -> Any:
    return json.loads((VECTORS / f"{name}.json").read_text())


def cosigned(*names: str, checkpoint: Checkpoint = CHECKPOINT) -> str:
    lines = [cosign(checkpoint, name, TRUSTEES[name], AT) for name in names]
    return with_cosignatures(sign_checkpoint(checkpoint, HUB), lines)


def opened(note: str, threshold: int = 2, **by: Any) -> Verified:
    return open_note(note, ORIGIN, HUB.public_key(), TRUSTEE_KEYS, threshold, **by)


NOTE = cosigned("trustee:t1", "trustee:t2")


def test_a_real_logs_checkpoint_opens_with_the_witnesses_we_know() -> None:
    real = vector("c2sp_checkpoint")
    key = Ed25519PublicKey.from_public_bytes(b64decode(real["log_key"])[1:])
    witnesses = {
        name: Ed25519PublicKey.from_public_bytes(b64decode(encoded)[1:])
        for name, encoded in real["witness_keys"].items()
    }
    origin = real["note"].split("\n")[0]

    verified = open_note(real["note"], origin, key, witnesses, threshold=4)
    assert verified.checkpoint.size == 1_432_088_532
    assert verified.cosigners == dict.fromkeys(witnesses, 1_779_573_024)

    some = dict(list(witnesses.items())[:2])
    assert open_note(real["note"], origin, key, some, threshold=2).cosigners.keys() == some.keys()
    with pytest.raises(TooFewCosignatures):
        open_note(real["note"], origin, key, some, threshold=3)


def test_our_own_bytes_have_not_changed() -> None:
    frozen = vector("cairn_checkpoint")
    hub, trustee = (
        Ed25519PrivateKey.from_private_bytes(bytes.fromhex(frozen[of]))
        for of in ("hub_private_key", "trustee_private_key")
    )
    checkpoint = Checkpoint(frozen["origin"], frozen["size"], bytes.fromhex(frozen["root"]))

    line = cosign(checkpoint, frozen["trustee"], trustee, frozen["cosigned_at"])

    assert with_cosignatures(sign_checkpoint(checkpoint, hub), [line]) == frozen["note"]


def test_what_the_hub_signed_and_two_trustees_cosigned_opens_with_their_times() -> None:
    assert opened(NOTE) == Verified(CHECKPOINT, {"trustee:t1": AT, "trustee:t2": AT})


def test_a_trustee_opens_a_checkpoint_that_nobody_cosigned_yet() -> None:
    assert opened(UNCOSIGNED, threshold=0) == Verified(CHECKPOINT, {})


def test_too_few_cosignatures_are_refused() -> None:
    with pytest.raises(TooFewCosignatures) as refused:
        opened(cosigned("trustee:t1"))

    assert refused.value.culprit == ORIGIN


def test_a_trustee_that_is_not_in_the_genesis_counts_nothing() -> None:
    stranger = cosign(CHECKPOINT, "trustee:t9", Ed25519PrivateKey.generate(), AT)
    other_key = cosign(CHECKPOINT, "trustee:t3", Ed25519PrivateKey.generate(), AT)

    with pytest.raises(TooFewCosignatures):
        opened(with_cosignatures(cosigned("trustee:t1"), [stranger, other_key]))
    assert opened(with_cosignatures(NOTE, [stranger, other_key])) == opened(NOTE)


def test_a_cosignature_of_another_checkpoint_condemns_the_note_and_names_who_gave_it() -> None:
    other = cosign(Checkpoint(ORIGIN, 1_234, bytes(32)), "trustee:t3", TRUSTEES["trustee:t3"], AT)
    note = with_cosignatures(NOTE, [other])

    with pytest.raises(BadSignature, match="trustee:t3") as refused:
        opened(note)
    assert refused.value.culprit == ORIGIN  # not t3: its line may be true of the other checkpoint
    with pytest.raises(BadSignature) as refused:
        opened(note, sender="trustee:t1")
    assert refused.value.culprit == "trustee:t1"


def test_another_hub_or_another_log_is_refused() -> None:
    elsewhere = Checkpoint("other.example/log", 1_234, bytes(range(32)))

    with pytest.raises(BadSignature):
        open_note(NOTE, ORIGIN, Ed25519PrivateKey.generate().public_key(), TRUSTEE_KEYS, 2)
    with pytest.raises(BadMessage, match="another log"):
        opened(cosigned("trustee:t1", "trustee:t2", checkpoint=elsewhere))


def test_a_hubs_signature_never_counts_as_a_cosignature_nor_the_other_way_round() -> None:
    """One key in both parts, so that only the type keeps them apart."""
    trustee = {ORIGIN: HUB.public_key()}

    with pytest.raises(TooFewCosignatures):
        open_note(UNCOSIGNED, ORIGIN, HUB.public_key(), trustee, 1)
    with pytest.raises(BadSignature, match="not signed"):
        open_note(
            UNCOSIGNED.split("— ")[0] + cosign(CHECKPOINT, ORIGIN, HUB, AT), ORIGIN, HUB.public_key(), {}, 0
        )


def test_a_time_that_was_changed_is_no_cosignature() -> None:
    line = cosign(CHECKPOINT, "trustee:t1", TRUSTEES["trustee:t1"], AT)
    value = bytearray(b64decode(line.split(" ")[2]))
    value[4:12] = (AT + 60).to_bytes(8, "big")
    later = f"— trustee:t1 {b64encode(value).decode()}\n"

    with pytest.raises(BadSignature) as refused:
        verify_cosignature(CHECKPOINT, later, "trustee:t1", TRUSTEE_KEYS["trustee:t1"])

    assert refused.value.culprit == "trustee:t1"


def test_a_cosignature_is_checked_on_arrival() -> None:
    key = TRUSTEE_KEYS["trustee:t1"]
    line = cosign(CHECKPOINT, "trustee:t1", TRUSTEES["trustee:t1"], AT)

    assert verify_cosignature(CHECKPOINT, line, "trustee:t1", key) == AT
    for wrong, error in [
        (cosign(CHECKPOINT, "trustee:t2", TRUSTEES["trustee:t2"], AT), BadSignature),
        (cosign(Checkpoint(ORIGIN, 9, bytes(32)), "trustee:t1", TRUSTEES["trustee:t1"], AT), BadSignature),
        (line + line, BadMessage),
        (cosign(CHECKPOINT, "trustee:t9", TRUSTEES["trustee:t1"], AT), BadSignature),
        (line.strip(), BadMessage),
        ("", BadMessage),
    ]:
        with pytest.raises(error) as refused:
            verify_cosignature(CHECKPOINT, wrong, "trustee:t1", key)
        assert refused.value.culprit == "trustee:t1"


def test_a_cosignature_without_a_time_or_of_a_wrong_length_is_refused() -> None:
    trustee, key = TRUSTEES["trustee:t1"], TRUSTEE_KEYS["trustee:t1"]
    identity = key_id("trustee:t1", SignatureType.COSIGNATURE, key)
    never = (MAX_TIME + 1).to_bytes(8, "big")
    signed = never + trustee.sign(f"cosignature/v1\ntime {MAX_TIME + 1}\n{CHECKPOINT.text()}".encode())

    for value in (signed, signed[:-1], signed[8:], b"x"):
        with pytest.raises(BadSignature):
            line = NoteSignature("trustee:t1", identity, value).line
            verify_cosignature(CHECKPOINT, line, "trustee:t1", key)


@pytest.mark.parametrize("at", [-1, MAX_TIME + 1])
def test_a_trustee_cosigns_at_no_time_that_a_reader_would_refuse(at: int) -> None:
    with pytest.raises(BadMessage):
        cosign(CHECKPOINT, "trustee:t1", TRUSTEES["trustee:t1"], at)


def test_no_key_signs_a_note_twice() -> None:
    again = cosign(CHECKPOINT, "trustee:t1", TRUSTEES["trustee:t1"], AT + 1)

    with pytest.raises(BadMessage, match="twice"):
        with_cosignatures(NOTE, [again])
    with pytest.raises(BadMessage, match="twice") as refused:
        opened(NOTE + again)
    assert refused.value.culprit == ORIGIN


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hub.example/log\n1234\n",
        f"hub.example/log\n01234\n{b64encode(bytes(32)).decode()}\n",
        f"hub.example/log\n+1234\n{b64encode(bytes(32)).decode()}\n",
        f"hub.example/log\n-1\n{b64encode(bytes(32)).decode()}\n",
        f"hub.example/log\n\u0661\n{b64encode(bytes(32)).decode()}\n",
        f"hub.example/log\n{2**63}\n{b64encode(bytes(32)).decode()}\n",
        f"hub.example/log\n1234\n{b64encode(bytes(31)).decode()}\n",
        f"hub.example/log\n1234\n{b64encode(bytes(33)).decode()}\n",
        f"hub.example/log\n1234\n{'A' * 42}B=\n",  # unused bits set
        f"hub.example/log\n1234\n{b64encode(bytes(32)).decode()}",
        f"hub.example/log\n1234\n{b64encode(bytes(32)).decode()}\nan extension\n",
        f"hub.example/ log\n1234\n{b64encode(bytes(32)).decode()}\n",
        f"hub.example+log\n1234\n{b64encode(bytes(32)).decode()}\n",
        f"\n1234\n{b64encode(bytes(32)).decode()}\n",
    ],
)
def test_a_checkpoint_in_any_other_form_is_refused(text: str) -> None:
    with pytest.raises(BadMessage):
        Checkpoint.parse(text)


@given(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1), st.integers(0, MAX_TIME))
def test_a_checkpoint_comes_back_from_its_text(origin: str, size: int) -> None:
    checkpoint = Checkpoint(origin, size, bytes(32))

    assert Checkpoint.parse(checkpoint.text()) == checkpoint


@given(st.data())
def test_no_changed_byte_of_a_note_changes_what_it_says(data: st.DataObject) -> None:
    changed = bytearray(NOTE.encode())
    changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    try:
        verified = opened(changed.decode(), threshold=2)
    except (ProtocolError, UnicodeDecodeError):
        return
    assert verified == opened(NOTE)
    assert changed.decode() == NOTE  # one form: what opens is what was written


@given(st.data())
def test_no_cut_or_repeated_piece_of_a_note_changes_what_it_says(data: st.DataObject) -> None:
    begin, end = sorted(data.draw(st.tuples(*[st.integers(0, len(NOTE))] * 2)))
    piece = data.draw(st.sampled_from(["", NOTE[begin:end] * 2]))
    try:
        assert opened(NOTE[:begin] + piece + NOTE[end:], threshold=2) == opened(NOTE)
    except ProtocolError:
        return


@given(st.text(max_size=200))
def test_whatever_a_stranger_sends_is_opened_or_refused_by_name(junk: str) -> None:
    for note in (junk, UNCOSIGNED + junk, junk + UNCOSIGNED):
        try:
            opened_or_blamed: object = opened(note, threshold=0).checkpoint
        except ProtocolError as refused:
            opened_or_blamed = refused.culprit
        assert opened_or_blamed in (CHECKPOINT, ORIGIN)
