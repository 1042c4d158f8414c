"""The group takes one encoding of each element and scalar, and leaves nothing in the temporary folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn_protocol import group
from cairn_protocol.errors import BadElement, BadScalar
from cairn_protocol.group import (
    BASE,
    IDENTITY,
    ORDER,
    Element,
    Scalar,
    add,
    decode_element,
    decode_scalar,
    encode_scalar,
    hash_to_group,
    invert_all,
    map_on_every_core,
    multiply,
    multiply_base,
    multiply_each,
    random_element,
    random_scalar,
    weighted_sum,
)

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P

scalars = st.integers(1, ORDER - 1).map(Scalar)
elements = scalars.map(multiply_base)


def slowly_valid(encoded: bytes) -> bool:
    """Whether RFC 9496 4.3.1 decodes this, by the text: big integers, no shortcuts."""
    s = int.from_bytes(encoded, "little")
    if len(encoded) != 32 or s >= P or s % 2:
        return False
    u_1, u_2 = (1 - s * s) % P, (1 + s * s) % P
    v = (-D * u_1 * u_1 - u_2 * u_2) % P
    w = v * u_2 * u_2 % P
    if w and pow(w, (P - 1) // 2, P) != 1:  # 1 / w has no root
        return False
    root = _root(pow(w, -1, P)) if w else 0
    x = abs_(2 * s * root * u_2)
    y = u_1 * (root * root * u_2 * v) % P
    return (x * y % P) % 2 == 0 and y != 0


def abs_(x: int) -> int:
    """The one of x and -x that is even below P. Source: RFC 9496 4.1."""
    return x % P if x % P % 2 == 0 else -x % P


def _root(x: int) -> int:
    candidate = pow(x, (P + 3) // 8, P)
    return candidate if candidate * candidate % P == x else candidate * pow(2, (P - 1) // 4, P) % P


def test_small_multiples_of_the_base_are_the_standards() -> None:
    """RFC 9496 A.1: the generator and its double."""
    assert BASE.hex() == "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"
    assert multiply_base(2).hex() == "6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919"
    assert add(BASE, BASE) == multiply_base(2) == multiply(2, BASE)


@given(encoded=st.binary(min_size=32, max_size=32))
def test_any_32_bytes_are_taken_exactly_where_the_standard_takes_them(encoded: bytes) -> None:
    taken = True
    try:
        decode_element(encoded)
    except BadElement:
        taken = False
    assert taken == (slowly_valid(encoded) and encoded != IDENTITY)


@given(element=elements)
def test_every_element_has_one_encoding(element: Element) -> None:
    """The others of the same number (its negative, the sign bit, plus P) are refused, also by `multiply`."""
    assert decode_element(element) == element and slowly_valid(element)
    value = int.from_bytes(element, "little")
    for other in (P - value, value + 2**255, value + 1):
        encoded = (other % 2**256).to_bytes(32, "little")
        with pytest.raises(BadElement) as refused:
            decode_element(encoded, culprit="trustee:t1")
        assert refused.value.culprit == "trustee:t1"
        with pytest.raises(BadElement):
            multiply(2, encoded, culprit="trustee:t1")


NO_ELEMENTS = [
    IDENTITY,
    b"",
    BASE[:31],
    BASE + b"\0",
    (P).to_bytes(32, "little"),  # zero again
    (P + 4).to_bytes(32, "little"),
    b"\xff" * 32,
]


@pytest.mark.parametrize("encoded", NO_ELEMENTS, ids=lambda encoded: encoded.hex()[:12] or "empty")
def test_identity_other_lengths_and_other_encodings_are_refused(encoded: bytes) -> None:
    with pytest.raises(BadElement) as refused:
        decode_element(encoded, culprit="member:m00")
    assert refused.value.culprit == "member:m00"
    with pytest.raises(BadElement) as refused:
        multiply(5, encoded, culprit="member:m00")
    assert refused.value.culprit == "member:m00"
    with pytest.raises(BadElement) as refused:
        weighted_sum([1] * 20, [BASE] * 19 + [Element(encoded)], culprit="member:m00")
    assert refused.value.culprit == "member:m00"


@pytest.mark.parametrize(
    "encoded", [ORDER.to_bytes(32, "little"), b"\xff" * 32, bytes(31), bytes(33), b""], ids=len
)
def test_scalars_of_the_order_or_more_or_another_length_are_refused(encoded: bytes) -> None:
    with pytest.raises(BadScalar) as refused:
        decode_scalar(encoded, culprit="trustee:t2")
    assert refused.value.culprit == "trustee:t2"


@given(scalar=st.integers(0, ORDER - 1))
def test_every_scalar_below_the_order_comes_back(scalar: int) -> None:
    assert decode_scalar(encode_scalar(scalar)) == scalar


def test_zero_has_no_public_element_no_product_and_no_inverse() -> None:
    with pytest.raises(BadScalar):
        multiply_base(0)
    with pytest.raises(BadElement):
        multiply(0, BASE)
    with pytest.raises(BadElement):
        multiply(ORDER, BASE)
    with pytest.raises(BadScalar):
        invert_all([Scalar(3), Scalar(0)])


@given(a=scalars, b=scalars)
def test_multiplication_follows_the_scalars(a: Scalar, b: Scalar) -> None:
    assert multiply(a, multiply_base(b)) == multiply_base(a * b % ORDER)
    if (a + b) % ORDER:
        assert add(multiply_base(a), multiply_base(b)) == multiply_base(a + b)


@given(st.lists(st.tuples(scalars, scalars), min_size=1, max_size=20))
def test_a_sum_on_every_core_is_the_sum_of_the_scalars(pairs: list[tuple[Scalar, Scalar]]) -> None:
    weights = [weight for weight, _ in pairs]
    points = [multiply_base(point) for _, point in pairs]
    assert multiply_each(weights, points) == [multiply(w, p) for w, p in zip(weights, points, strict=True)]
    if total := sum(w * p for w, p in pairs) % ORDER:
        assert weighted_sum(weights, points) == multiply_base(total)


@given(st.lists(scalars, max_size=30))
def test_one_inversion_inverts_a_whole_batch(batch: list[Scalar]) -> None:
    assert invert_all(batch) == [pow(scalar, -1, ORDER) for scalar in batch]


@given(st.lists(st.integers(), max_size=50))
def test_work_on_every_core_keeps_the_order(items: list[int]) -> None:
    assert map_on_every_core(lambda item: -item, items) == [-item for item in items]


def test_work_on_every_core_may_ask_for_every_core_itself() -> None:
    """Workers that waited for workers would wait for ever once all of them do."""
    nested = """
import threading
from cairn_protocol import group
group._CORES = 2
group._pool = group.ThreadPoolExecutor(2, thread_name_prefix=group._WORKERS)
start = threading.Barrier(4)
def inner(item):
    return sum(group.map_on_every_core(lambda part: part, list(range(50)))) + item
def outer():
    start.wait()
    for _ in range(20):
        assert group.map_on_every_core(inner, list(range(50))) == [1225 + item for item in range(50)]
threads = [threading.Thread(target=outer) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print("done")
"""
    assert python(nested).stdout.strip() == "done"


def test_random_elements_and_scalars_are_valid_and_differ() -> None:
    drawn = {decode_element(random_element()) for _ in range(50)}
    assert len(drawn) == 50
    assert len({decode_scalar(encode_scalar(random_scalar())) for _ in range(50)} - {0}) == 50


def test_hashing_depends_on_message_and_domain() -> None:
    hashed = {hash_to_group(message, domain) for message in (b"a", b"b") for domain in (b"x", b"y")}
    assert len(hashed) == 4 and all(slowly_valid(element) for element in hashed)


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `code` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(sys.path)} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


MULTIPLY = "from cairn_protocol.group import *; print(multiply_base(2).hex())"


def test_importing_leaves_no_file_in_the_temporary_folder(tmp_path: Path) -> None:
    run = python(MULTIPLY, TMPDIR=str(tmp_path))
    assert run.stdout.strip() == multiply_base(2).hex(), run.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_configured_libsodium_comes_before_the_bundled_one(tmp_path: Path) -> None:
    unlink = "import pathlib; pathlib.Path.unlink = lambda *a, **k: None\nimport rbcl"
    assert python(unlink, TMPDIR=str(tmp_path)).returncode == 0
    (unpacked,) = tmp_path.glob("*.so")
    configured = unpacked.rename(tmp_path / "libsodium.so")
    loaded = "import sys; print('rbcl' in sys.modules, group._sodium_library._name)"
    run = python(
        f"from cairn_protocol import group; {loaded}", CAIRN_LIBSODIUM=str(configured), TMPDIR=str(tmp_path)
    )
    assert run.stdout.split() == ["False", str(configured)], run.stderr
    assert list(tmp_path.iterdir()) == [configured]


def test_a_configured_path_that_is_no_libsodium_is_an_import_error_that_says_so(tmp_path: Path) -> None:
    no_library = tmp_path / "libsodium.so"
    no_library.write_bytes(b"no library")
    # The C library loads, but has no ristretto255 in it.
    for path in (str(no_library), str(tmp_path / "missing.so"), "libc.so.6"):
        run = python(MULTIPLY, CAIRN_LIBSODIUM=path)
        assert run.returncode == 1
        assert "ImportError: CAIRN_LIBSODIUM does not name a libsodium with ristretto255" in run.stderr


def test_a_temporary_folder_that_holds_no_library_is_an_import_error_that_says_what_to_set() -> None:
    broken = (
        "import ctypes\ndef refuse(*a): raise OSError('mounted noexec')\nctypes.cdll.LoadLibrary = refuse\n"
    )
    run = python(broken + MULTIPLY)
    assert run.returncode == 1
    assert "ImportError: libsodium could not be unpacked" in run.stderr
    assert "CAIRN_LIBSODIUM" in run.stderr


def test_a_process_uses_the_cores_it_may_and_no_more() -> None:
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("this system does not bind processes to cores")
    one = python(
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from cairn_protocol import group; print(group._CORES)"
    )
    assert one.stdout.strip() == "1", one.stderr
    assert len(os.sched_getaffinity(0)) == group._CORES
