"""ristretto255: scalars, elements, hashing to both. The only module that touches libsodium.

Elements are 32 canonical bytes everywhere, scalars are integers modulo `ORDER`. Every
other encoding is refused, so a proof or a share has one form: scalars from outside pass
`decode_scalar`, elements `decode_element`, or `multiply`, which checks as much. Long sums
run on every core this process may use: libsodium is called without the interpreter lock.

Limits: scalar arithmetic on Python integers is not constant time; libsodium's own
operations are. A configured libsodium (CAIRN_LIBSODIUM, a path) comes first; else the
one bundled by `rbcl`, version 1.0.18, of which nothing but ristretto255 is used
(CVE-2025-69277 is in the ed25519 calls, which nobody may add here) and which lets one
non-canonical encoding through, refused here.
Source: RFC 9496; RFC 9380 5.3.1 (expand_message_xmd); RFC 9497 4.1.
"""

import ctypes
import hashlib
import os
import secrets
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from pathlib import Path
from typing import Final, NewType, TypeVar

from cairn_protocol.errors import BadElement, BadScalar, PartyId

Element = NewType("Element", bytes)
Scalar = NewType("Scalar", int)

ORDER: Final = 2**252 + 27742317777372353535851937790883648493
ELEMENT_BYTES: Final = 32
SCALAR_BYTES: Final = 32
IDENTITY: Final = Element(bytes(32))
_PARALLEL_FROM: Final = 8  # below this many multiplications a thread costs more than it saves

_A = TypeVar("_A")
_R = TypeVar("_R")


def _load() -> ctypes.CDLL:
    if configured := os.environ.get("CAIRN_LIBSODIUM"):
        return _load_configured(configured)
    try:
        from rbcl import _sodium  # type: ignore[import-untyped]
    except OSError as cause:
        raise ImportError(
            "libsodium could not be unpacked into the temporary folder; set TMPDIR to a folder that may hold "
            "executables, or CAIRN_LIBSODIUM to the path of an installed libsodium"
        ) from cause
    library = _sodium if isinstance(_sodium, ctypes.CDLL) else _sodium._sodium
    # rbcl writes 2.8 MB into the temporary folder at every import and leaves it; the mapping outlives a name.
    Path(library._name).unlink(missing_ok=True)
    return library


def _load_configured(path: str) -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(path)
        library.crypto_scalarmult_ristretto255  # noqa: B018  not in every build
        started = library.sodium_init() >= 0
    except (OSError, AttributeError) as cause:
        raise ImportError(
            "CAIRN_LIBSODIUM does not name a libsodium with ristretto255 (1.0.18 or later)"
        ) from cause
    if not started:
        raise ImportError("the libsodium that CAIRN_LIBSODIUM names does not start")
    return library


_sodium_library = _load()
_multiply = _sodium_library.crypto_scalarmult_ristretto255
_multiply_base = _sodium_library.crypto_scalarmult_ristretto255_base
_add = _sodium_library.crypto_core_ristretto255_add
_from_hash = _sodium_library.crypto_core_ristretto255_from_hash
_is_valid = _sodium_library.crypto_core_ristretto255_is_valid_point
_Encoding = ctypes.c_char * ELEMENT_BYTES

# What the process may use, not what the machine has: a container's or taskset's limit counts.
_CORES: Final = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
_WORKERS: Final = "cairn-curve"
_pool = ThreadPoolExecutor(_CORES, thread_name_prefix=_WORKERS)


def encode_scalar(scalar: int) -> bytes:
    """`scalar` mod ORDER as 32 bytes, little-endian."""
    return (scalar % ORDER).to_bytes(SCALAR_BYTES, "little")


def decode_scalar(encoded: bytes, *, culprit: PartyId | None = None) -> Scalar:
    """The scalar that `encoded` (32 bytes, little-endian) stands for.

    Raises BadScalar for another length or a value of ORDER or more.
    Source: RFC 9497 4.1, DeserializeScalar.
    """
    value = int.from_bytes(encoded, "little")
    if len(encoded) != SCALAR_BYTES or value >= ORDER:
        raise BadScalar("not a canonical scalar", culprit=culprit)
    return Scalar(value)


def decode_element(encoded: bytes, *, culprit: PartyId | None = None) -> Element:
    """`encoded` (32 bytes) as an element.

    Raises BadElement for another length, a non-canonical encoding, or the identity.
    Source: RFC 9497 4.1, DeserializeElement; RFC 9496 4.3.1.
    """
    if not _may_be_element(encoded) or encoded == IDENTITY or _is_valid(encoded) != 1:
        raise BadElement("not a canonical group element", culprit=culprit)
    return Element(encoded)


def _may_be_element(encoded: bytes) -> bool:
    # libsodium 1.0.18 takes an encoding with its top bit set for the one without; RFC 9496 4.3.1 refuses it.
    return len(encoded) == ELEMENT_BYTES and encoded[31] < 0x80


def random_scalar() -> Scalar:
    """A uniform scalar, never zero."""
    return Scalar(secrets.randbelow(ORDER - 1) + 1)


def random_element() -> Element:
    """A uniform element whose discrete logarithm its maker forgets."""
    out = _Encoding()
    _from_hash(out, secrets.token_bytes(64))
    return Element(out.raw)


def multiply(scalar: int, element: Element | bytes, *, culprit: PartyId | None = None) -> Element:
    """scalar * element. It refuses all that `decode_element` does: what comes from outside may go straight in.

    Raises BadElement if `element` is no canonical element, or the product is the identity.
    """
    out = _Encoding()
    if not _may_be_element(element) or _multiply(out, encode_scalar(scalar), element):
        raise BadElement("the product is the identity, or a factor is no element", culprit=culprit)
    return Element(out.raw)


def multiply_base(scalar: int) -> Element:
    """scalar * B. Raises BadScalar for zero."""
    out = _Encoding()
    if _multiply_base(out, encode_scalar(scalar)):
        raise BadScalar("the zero scalar has no public element")
    return Element(out.raw)


def add(left: Element, right: Element) -> Element:
    """left + right, of checked elements; may be the identity. Costs a quarter of a multiplication."""
    out = _Encoding()
    if _add(out, left, right):
        raise BadElement("a summand is no group element")
    return Element(out.raw)


BASE: Final = multiply_base(1)


def multiply_each(
    scalars: Sequence[int], elements: Sequence[Element | bytes], *, culprit: PartyId | None = None
) -> list[Element]:
    """scalars[i] * elements[i], on every core. Raises BadElement as `multiply`."""
    pairs = list(zip(scalars, elements, strict=True))
    return map_on_every_core(lambda pair: multiply(*pair, culprit=culprit), pairs)


def weighted_sum(
    scalars: Sequence[int], elements: Sequence[Element | bytes], *, culprit: PartyId | None = None
) -> Element:
    """The sum of scalars[i] * elements[i] over at least one term. Raises BadElement as `multiply`."""

    def part(pairs: Sequence[tuple[int, Element | bytes]]) -> Element:
        return reduce(add, [multiply(*pair, culprit=culprit) for pair in pairs])

    return reduce(add, _chunks_on_every_core(part, list(zip(scalars, elements, strict=True))))


def map_on_every_core(work: Callable[[_A], _R], items: Sequence[_A]) -> list[_R]:
    """[work(item) for item in items], in chunks on every core; curve work releases the interpreter lock."""
    parts = _chunks_on_every_core(lambda chunk: [work(item) for item in chunk], items)
    return [result for part in parts for result in part]


def _chunks_on_every_core(work: Callable[[Sequence[_A]], _R], items: Sequence[_A]) -> list[_R]:
    # Work that itself asks for every core does the rest where it is: workers never wait for workers.
    at_work = threading.current_thread().name.startswith(_WORKERS)
    if _CORES == 1 or at_work or len(items) < _PARALLEL_FROM:
        return [work(items)]
    size = -(-len(items) // _CORES)
    chunks = [items[at : at + size] for at in range(0, len(items), size)]
    others = [_pool.submit(work, chunk) for chunk in chunks[1:]]
    return [work(chunks[0])] + [other.result() for other in others]


def expand_message_xmd(message: bytes, domain: bytes) -> bytes:
    """64 uniform bytes from `message` under domain separation `domain` (at most 255 bytes).

    Source: RFC 9380 5.3.1 with SHA-512 and 64 bytes of output.
    """
    suffix = domain + bytes([len(domain)])
    b_0 = hashlib.sha512(bytes(128) + message + b"\x00\x40\x00" + suffix).digest()
    return hashlib.sha512(b_0 + b"\x01" + suffix).digest()


def hash_to_group(message: bytes, domain: bytes) -> Element:
    """A uniform element nobody knows the logarithm of. Source: RFC 9497 4.1, HashToGroup."""
    out = _Encoding()
    _from_hash(out, expand_message_xmd(message, domain))
    return Element(out.raw)


def hash_to_scalar(message: bytes, domain: bytes) -> Scalar:
    """A uniform scalar. Source: RFC 9497 4.1, HashToScalar."""
    return reduce_wide(expand_message_xmd(message, domain))


def reduce_wide(uniform: bytes) -> Scalar:
    """64 uniform bytes, little-endian, modulo ORDER: the bias is below 2^-250."""
    return Scalar(int.from_bytes(uniform, "little") % ORDER)


def invert_all(scalars: Sequence[Scalar]) -> list[Scalar]:
    """The inverses of non-zero scalars, at the price of one inversion (Montgomery's trick).

    Raises BadScalar if one is zero.
    """
    prefixes, running = [], 1
    for scalar in scalars:
        prefixes.append(running)
        running = running * scalar % ORDER
    if not running:
        raise BadScalar("zero has no inverse")
    inverse = pow(running, -1, ORDER)
    inverses = [Scalar(0)] * len(scalars)
    for at in range(len(scalars) - 1, -1, -1):
        inverses[at] = Scalar(inverse * prefixes[at] % ORDER)
        inverse = inverse * scalars[at] % ORDER
    return inverses
