"""Each derivation has a label of its own, and no two lists of parts give one input."""

import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from cairn_protocol import kdf
from cairn_protocol.kdf import Use

part_lists = st.lists(st.binary(max_size=5), max_size=4)


def slow_hkdf(secret: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869 with SHA-512 and an empty salt, by the text."""
    key = hmac.digest(bytes(64), secret, "sha512")
    block, out = b"", b""
    for counter in range(1, -(-length // 64) + 1):
        block = hmac.digest(key, block + info + bytes([counter]), "sha512")
        out += block
    return out[:length]


@given(secret=st.binary(min_size=1, max_size=80), context=part_lists, length=st.integers(1, 200))
def test_a_derived_key_is_hkdfs(secret: bytes, context: list[bytes], length: int) -> None:
    info = b"cairn/v1/line" + b"".join(len(part).to_bytes(4, "big") + part for part in context)
    assert kdf.derive(secret, Use.LINE, *context, length=length) == slow_hkdf(secret, info, length)


@given(one=part_lists, other=part_lists)
def test_parts_that_differ_anyhow_are_prefixed_differently(one: list[bytes], other: list[bytes]) -> None:
    assert (kdf.prefixed(*one) == kdf.prefixed(*other)) == (one == other)


def test_no_label_is_another_or_the_beginning_of_another_with_a_length_behind_it() -> None:
    """A length is four bytes and starts with zero for anything below 16 MB; no label has a zero in it."""
    labels = [kdf.label(use) for use in Use]
    assert len(set(labels)) == len(labels)
    assert all(label.startswith(b"cairn/v1/") and b"\0" not in label for label in labels)


def test_the_same_secret_gives_every_use_and_context_another_key() -> None:
    derived = {kdf.derive(bytes(32), use, context) for use in Use for context in (b"", b"a")}
    assert len(derived) == 2 * len(Use)
    digests = {kdf.digest(use, b"part") for use in Use}
    assert len(digests) == len(Use)


def test_a_digest_is_sha_512_cut_to_32_bytes() -> None:
    by_hand = hashlib.sha512(b"cairn/v1/tag" + b"\0\0\0\2" + b"ab").digest()[:32]
    assert kdf.digest(Use.TAG, b"ab") == by_hand
