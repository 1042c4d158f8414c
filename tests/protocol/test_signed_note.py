"""A signed note is that of C2SP: its published examples verify, and nothing but its one form is read."""

import json
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cairn_protocol.errors import BadMessage, BadSignature
from cairn_protocol.signed_note import (
    MAX_NOTE_BYTES,
    MAX_SIGNATURES,
    SignatureType,
    key_id,
    parse_note,
    sign_text,
    verify_text,
)

NOTES = json.loads((Path(__file__).parent.parent / "vectors" / "c2sp_notes.json").read_text())["notes"]
WIDE_SPACE = "hub\u2003example"


def named(name: str) -> str:
    """A signature line of that name."""
    return f"— {name} {b64encode(bytes(68)).decode()}\n"


LINE = named("hub.example")


def raw(encoded: str) -> bytes:
    """A key as the standard encodes it: a type byte and 32 bytes."""
    return b64decode(encoded)[1:]


@pytest.mark.parametrize("vector", NOTES)
def test_published_notes_verify_and_are_written_back_byte_for_byte(vector: Any) -> None:
    note = parse_note(vector["note"])

    assert note.written == vector["note"]
    assert len(note.signatures) == len(vector["keys"])
    for name, key in vector["keys"].items():
        public_key = Ed25519PublicKey.from_public_bytes(raw(key["public"]))
        assert key_id(name, SignatureType.ED25519, public_key).hex() == key["id"]
        verify_text(note, name, public_key)


def test_the_published_private_key_writes_the_published_line() -> None:
    vector = next(one for one in NOTES if "PeterNeumann" in one["keys"])
    private_key = Ed25519PrivateKey.from_private_bytes(raw(vector["keys"]["PeterNeumann"]["private"]))

    signature = sign_text(parse_note(vector["note"]).text, "PeterNeumann", private_key)

    assert signature.line in vector["note"]


def test_a_name_without_its_key_and_a_key_without_its_name_sign_nothing() -> None:
    vector = next(one for one in NOTES if "PeterNeumann" in one["keys"])
    note = parse_note(vector["note"])
    peter, enoch = (
        Ed25519PublicKey.from_public_bytes(raw(vector["keys"][name]["public"]))
        for name in ("PeterNeumann", "EnochRoot")
    )

    for name, key in (("PeterNeumann", enoch), ("EnochRoot", peter), ("hub.example", peter)):
        with pytest.raises(BadSignature) as refused:
            verify_text(note, name, key, culprit="hub")
        assert refused.value.culprit == "hub"


def test_a_changed_text_is_not_what_was_signed() -> None:
    vector = NOTES[0]
    ((name, key),) = vector["keys"].items()
    changed = parse_note(vector["note"].replace("example message", "Example message"))

    with pytest.raises(BadSignature, match="does not hold"):
        verify_text(changed, name, Ed25519PublicKey.from_public_bytes(raw(key["public"])))


def test_the_last_empty_line_ends_the_text() -> None:
    assert parse_note(f"one\n\ntwo\n\n{LINE}").text == "one\n\ntwo\n"


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n",
        "text\n",
        "text\n\n",
        f"\n\n{LINE}",
        f"text\n{LINE}",
        f"text\n\n{LINE.strip()}",
        f"text\n\n{LINE}\n",
        f"text\r\n\n{LINE}",
        f"te\x00xt\n\n{LINE}",
        f"te\ud800xt\n\n{LINE}",
        f"text\n\n{LINE}more\n",
        f"text\n\n {LINE}",
        f"text\n\n{LINE.replace('— ', '- ')}",
        f"text\n\n{named('')}",
        f"text\n\n{named('hub example')}",
        f"text\n\n{named('hub+example')}",
        f"text\n\n{named(WIDE_SPACE)}",
        f"text\n\n{named('h' * 256)}",
        f"text\n\n— hub.example {b64encode(bytes(4)).decode()}\n",  # a key id and no value
        f"text\n\n— hub.example {'A' * 90}B=\n",  # unused bits set
        f"text\n\n— hub.example {'A' * 91}\n",
        f"text\n\n{LINE * (MAX_SIGNATURES + 1)}",
        f"{'t' * MAX_NOTE_BYTES}\n\n{LINE}",
        f"{'é' * (MAX_NOTE_BYTES // 2)}\n\n{LINE}",
    ],
)
def test_a_note_in_any_other_form_is_refused_and_blamed_on_its_sender(note: str) -> None:
    with pytest.raises(BadMessage) as refused:
        parse_note(note, culprit="hub")

    assert refused.value.culprit == "hub"


def test_as_many_signatures_as_the_standard_asks_for_are_read() -> None:
    """16 at least, each of the nearly 5 kB that a key of the coming kind may need."""
    line = f"— witness.example/w1 {b64encode(bytes(5_000)).decode()}\n"

    assert len(parse_note("text\n\n" + line * 16).signatures) == 16
