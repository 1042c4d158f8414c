"""What is under a passphrase opens with it, for its one purpose, unchanged; and with nothing else."""

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn_protocol.passphrase import WrongPassphrase, open_sealed, seal

SEALED = seal("correct horse", b"secret", "trustee shares")


def test_it_opens_with_its_passphrase_for_its_purpose() -> None:
    assert open_sealed("correct horse", SEALED, "trustee shares") == b"secret"


@pytest.mark.parametrize(
    ("word", "purpose"),
    [("correct horses", "trustee shares"), ("", "trustee shares"), ("correct horse", "register")],
)
def test_another_passphrase_or_purpose_opens_nothing(word: str, purpose: str) -> None:
    with pytest.raises(WrongPassphrase):
        open_sealed(word, SEALED, purpose)


@settings(max_examples=15)  # each costs what an attacker's guess does
@given(plain=st.binary(max_size=200), word=st.text(max_size=20), purpose=st.text(max_size=20))
def test_whatever_is_sealed_comes_back(plain: bytes, word: str, purpose: str) -> None:
    assert open_sealed(word, seal(word, plain, purpose), purpose) == plain


@pytest.mark.parametrize("at", [5, 6, 21, 22, 33, 34, len(SEALED) - 1])
def test_a_changed_byte_opens_nothing(at: int) -> None:
    changed = SEALED[:at] + bytes([SEALED[at] ^ 1]) + SEALED[at + 1 :]
    with pytest.raises(WrongPassphrase):
        open_sealed("correct horse", changed, "trustee shares")


@pytest.mark.parametrize(
    "damaged",
    [b"", b"CRNP", SEALED[:33], SEALED[:49], b"CRNP\x02" + SEALED[5:], b"\0" + SEALED[1:]],
    ids=["empty", "magic", "no text", "short", "version", "magic changed"],
)
def test_what_is_no_sealed_file_is_refused(damaged: bytes) -> None:
    with pytest.raises(WrongPassphrase):
        open_sealed("correct horse", damaged, "trustee shares")


@pytest.mark.parametrize("log_n", [0, 14, 21, 63, 255])
def test_a_file_can_not_ask_for_endless_work_or_none(log_n: int) -> None:
    """scrypt with n = 2^63 would take the machine's memory before anything is checked."""
    with pytest.raises(WrongPassphrase):
        open_sealed("correct horse", SEALED[:5] + bytes([log_n]) + SEALED[6:], "trustee shares")


def test_the_same_text_sealed_twice_differs() -> None:
    assert seal("correct horse", b"secret", "trustee shares") != SEALED


def test_the_form_is_the_one_written_down() -> None:
    """By hand from the module's text: magic, log2 n, salt, nonce, AES-GCM with head and purpose bound."""
    head, salt, nonce = SEALED[:34], SEALED[6:22], SEALED[22:34]
    assert head[:6] == b"CRNP\x01\x0f"
    key = Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(b"correct horse")
    assert AESGCM(key).decrypt(nonce, SEALED[34:], head + b"trustee shares") == b"secret"
