"""A message has one form on the wire: whatever else says the same is refused, and no refusal quotes it."""

import base64
import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from cairn_protocol.errors import BadMessage, BadSignature, ProtocolError
from cairn_protocol.messages.log import PushAnswer
from cairn_protocol.messages.open_codes import OpenCodes
from cairn_protocol.messages.parties import Allowance, ApprovedAct, Entry, Invitation, Revocation
from cairn_protocol.messages.report import BatchResult, Header, Promise, Report, Retraction
from cairn_protocol.messages.wire import (
    Message,
    Signed,
    check_signature,
    decode,
    digest_of,
    encode,
    open_signed,
    sign,
)
from tests.support.keys import public, seed, signing_key
from tests.support.messages import EXAMPLES, all_messages, example_of, message_type

every_message = pytest.mark.parametrize("example", EXAMPLES.values(), ids=message_type)

FREE_TEXT = {
    *("cosignature", "checkpoint", "detail"),  # a note, a line, a sentence of the problem table
    # a bulletin's sentences, which the hub's lint reads
    *("title", "bottom_line", "observed", "suppression", "alternatives", "basis", "wanted", "handling"),
    *("correction", "reason", "about", "reach", "text", "answer", "authority", "reference", "notes"),
}


NOISY = ("value", "low", "high")  # noise may carry a count below nothing


def free(at: Sequence[str | int]) -> bool:
    """Whether any text may stand there: in that field, or in the list that it names."""
    return any(name in FREE_TEXT for name in at[-2:])


ALLOWANCE = example_of(Allowance)
REPORT = example_of(Report)
RAW = {message_type(example): encode(example) for example in EXAMPLES.values()}


def refused(raw: bytes, cls: type[msgspec.Struct]) -> BadMessage:
    with pytest.raises(BadMessage) as error:
        decode(raw, cls, culprit="member:m00")
    assert error.value.culprit == "member:m00"
    # A log that follows the chain of errors finds no other, which could quote the message.
    assert error.value.__cause__ is None and error.value.__context__ is None
    return error.value


def dumped(content: Any, **how: Any) -> bytes:
    """JSON as our own form has it, but for `how`."""
    told: dict[str, Any] = {"sort_keys": True, "separators": (",", ":"), "ensure_ascii": False} | how
    return json.dumps(content, **told).encode()


# The form


@every_message
def test_the_form_is_rfc_8785s(example: Message) -> None:
    raw = encode(example)
    assert rfc8785.dumps(json.loads(raw)) == raw == dumped(json.loads(raw))


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=100), size=st.integers(0, 2**40))
def test_the_form_is_rfc_8785s_for_every_text_and_number(text: str, size: int) -> None:
    raw = encode(PushAnswer(size=size, cosignature=text))
    assert rfc8785.dumps({"cosignature": text, "size": size, "type": "cairn/push-answer/1"}) == raw
    assert decode(raw, PushAnswer).cosignature == text


@every_message
def test_a_message_comes_back_and_its_digest_is_that_of_its_bytes(example: Message) -> None:
    again = decode(encode(example), type(example))
    assert again == example and digest_of(again) == digest_of(example)


@every_message
def test_every_other_messages_bytes_are_refused(example: Message) -> None:
    for cls in EXAMPLES:
        if cls is not type(example):
            refused(encode(example), cls)


# Other forms of the same content


def parts_of(content: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every value in a JSON document with its place."""
    yield at, content
    if isinstance(content, dict | list):
        for key, part in content.items() if isinstance(content, dict) else enumerate(content):
            yield from parts_of(part, (*at, key))


def put(content: Any, at: tuple[Any, ...], value: Any) -> Any:
    """The document with another value at a place."""
    if not at:
        return value
    changed = dict(content) if isinstance(content, dict) else list(content)
    changed[at[0]] = put(content[at[0]], at[1:], value)
    return changed


def with_values(raw: bytes, change: Callable[[Any], Any]) -> Iterator[bytes]:
    """The document once for each value that `change` has another for."""
    content = json.loads(raw)
    for at, part in parts_of(content):
        other = change(part) if not at or not free(at) else None
        if other is not None and other != part:
            yield dumped(put(content, at, other))


def with_texts(raw: bytes, pattern: str, other: Callable[[str], str]) -> Iterator[bytes]:
    """The raw document once for each match of `pattern`, replaced."""
    text = raw.decode()
    for found in re.finditer(pattern, text):
        yield (text[: found.start()] + other(found[0]) + text[found.end() :]).encode()


def unpadded(part: Any) -> Any:
    return part.rstrip("=") if isinstance(part, str) and part.endswith("=") else None


ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def loose_bits(part: Any) -> Any:
    """base64 whose last character has a bit set that stands for nothing."""
    if not isinstance(part, str) or not re.fullmatch(r"[A-Za-z0-9+/]{20,}={1,2}", part):
        return None
    body = part.rstrip("=")
    return body[:-1] + ALPHABET[ALPHABET.index(body[-1]) | 1] + part[len(body) :]


def url_alphabet(part: Any) -> Any:
    return part.replace("+", "-").replace("/", "_") if isinstance(part, str) and len(part) > 40 else None


UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
ANY_ID = '"' + UUID + '"'


def other_spellings(raw: bytes) -> Iterator[bytes]:
    """What a lenient reader takes for the same message, or for the message and more."""
    content = json.loads(raw)
    yield raw + b"\n"
    yield b" " + raw
    yield raw + b"\0"
    yield raw + raw
    yield b"\xef\xbb\xbf" + raw
    yield raw.decode().encode("utf-16")
    yield dumped(content, indent=0)
    yield dumped(content, separators=(", ", ":"))
    yield dumped(content, separators=(",", ": "))
    yield dumped(dict(reversed(content.items())), sort_keys=False)
    yield dumped([content])
    yield from with_texts(
        raw, r"(?<=\{)\"\w+\":", lambda key: f"{key}null,{key}"
    )  # a key twice, the last one right
    yield from with_texts(raw, r"(?<=\{)", lambda _: '"a0":1,')  # a field nobody knows
    yield from with_texts(raw, r"(?<=\")[A-Za-z0-9](?=[^\"]*\"[,}\]])", lambda c: f"\\u{ord(c):04x}")
    yield from with_texts(raw, r"(?<=[A-Za-z0-9])/(?=[A-Za-z0-9])", lambda _: "\\/")
    yield from with_texts(raw, r"(?<=:)\d+(?=[,}])", lambda number: number + ".0")
    yield from with_texts(raw, r"(?<=:)\d+(?=[,}])", lambda number: number + "e0")
    yield from with_texts(raw, r"(?<=:)\d+(?=[,}])", lambda number: "0" + number)
    yield from with_texts(raw, r"(?<=:)\d+(?=[,}])", lambda number: f'"{number}"')
    yield from with_texts(raw, ANY_ID, str.upper)
    yield from with_texts(raw, ANY_ID, lambda text: text.replace("-", ""))
    yield from with_texts(raw, ANY_ID, lambda text: f'"urn:uuid:{text[1:]}')
    for change in (unpadded, loose_bits, url_alphabet):
        yield from with_values(raw, change)


@every_message
def test_another_spelling_of_a_message_is_refused(example: Message) -> None:
    spellings = [raw for raw in other_spellings(encode(example)) if raw != encode(example)]
    assert len(spellings) > 10
    for raw in spellings:
        refused(raw, type(example))


def test_the_spellings_above_do_say_the_same() -> None:
    """Else that test would show nothing: a lenient reader of JSON takes most of them as the message."""
    content = json.loads(encode(ALLOWANCE))
    same = 0
    for raw in other_spellings(encode(ALLOWANCE)):
        try:
            read = json.loads(raw)
        except ValueError:
            continue
        same += isinstance(read, dict) and content.items() <= read.items()
    assert same > 15


def test_the_bytes_that_base64_stands_for_are_the_same_in_both_spellings() -> None:
    told = base64.b64encode(seed("key")).decode()
    assert loose_bits(told) != told and base64.b64decode(loose_bits(told)) == seed("key")
    raw = encode(Revocation(party="m00", signing_key=seed("key")))
    refused(raw.replace(told.encode(), loose_bits(told).encode()), Revocation)


# Other content


def wrong_values(part: Any) -> list[Any]:
    """What must not stand where `part` stands, in any message."""
    wrong: list[Any] = [{}, {"a": 1}, [[]], True, 1.5, -1, 2**63, 2**64, -(2**63), 10**30, "", "\n", "a\n"]
    if isinstance(part, str):
        wrong += [f"{part}\n", f"\n{part}", f"{part} ", f"{part}\0", 1]
    same_kind = isinstance(part, bool)
    return [value for value in wrong if value != part and not (same_kind and isinstance(value, bool))]


@every_message
def test_a_value_of_another_shape_is_refused_wherever_it_stands(example: Message) -> None:
    """Also a line feed after a name, which a pattern with $ would let through, and numbers no float holds."""
    content = json.loads(encode(example))
    checked = 0
    for at, part in parts_of(content):
        if at and (free(at) or (at[-1] == "content" and part is None)):
            continue
        if isinstance(part, dict | list) or len(at) > 4:
            continue
        for value in wrong_values(part):
            if value == "" and at[-1] in ("content", "body", "sealed_shares"):
                continue  # no bytes at all are bytes: what they say is for whoever reads them
            if value == -1 and at[-1] in NOISY:
                continue
            refused(dumped(put(content, at, value)), type(example))
            checked += 1
    assert checked


@every_message
def test_a_missing_field_is_refused(example: Message) -> None:
    content = json.loads(encode(example))
    for at, part in parts_of(content):
        if isinstance(part, dict):
            for key in part:
                less = {name: value for name, value in part.items() if name != key}
                refused(dumped(put(content, at, less)), type(example))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "-0", "1.0", "1e2", "1" * 5_000, "0x1"])
def test_numbers_that_are_no_plain_integers_are_refused(number: str) -> None:
    raw = encode(ALLOWANCE)
    assert b"5000" in raw
    refused(raw.replace(b"5000", number.encode()), Allowance)


@pytest.mark.parametrize(
    "text",
    [
        b"\xff",
        b"\xc0\xaf",
        b"\xed\xa0\x80",
        b"\\ud800",
        b"\\udc00\\ud800",
        b"\x00",
        b"\n",
        b"\\u0041",
        b"\\x41",
        b"\\/",
    ],
)
def test_text_that_is_not_plain_utf_8_is_refused(text: bytes) -> None:
    """A surrogate, an overlong form, a raw control character, or an escape nobody needs."""
    refused(b'{"cosignature":"' + text + b'","size":1,"type":"cairn/push-answer/1"}', PushAnswer)


NESTINGS = [
    b"[" * 60_000,
    b"[" * 30_000 + b"]" * 30_000,
    b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
]


@pytest.mark.parametrize("nested", NESTINGS, ids=["open", "closed", "objects"])
def test_nesting_without_end_is_refused(nested: bytes) -> None:
    refused(nested, Promise)
    for cls in (ApprovedAct, Entry, Report):
        for field in ("a", "act", "families", "signed", "zz"):
            refused(b'{"' + field.encode() + b'":' + nested + b',"type":"cairn/approved-act/1"}', cls)


# Bytes changed at random


def mutations(raw: bytes) -> st.SearchStrategy[bytes]:
    """A few bytes changed, left out, put in, doubled or moved."""
    at = st.integers(0, len(raw) - 1)
    useful = st.sampled_from(
        [b'"', b",", b":", b"{", b"}", b"[", b"]", b"0", b"A", b"=", b" ", b"\\", b"null"]
    )
    one = st.one_of(
        st.tuples(at, st.just(1), useful | st.binary(min_size=1, max_size=1)),  # replace
        st.tuples(at, st.integers(1, 40), st.just(b"")),  # leave out
        st.tuples(at, st.just(0), useful | st.binary(min_size=1, max_size=4)),  # put in
        st.tuples(at, st.just(0), at.map(lambda start: raw[start : start + 20])),  # double
    )

    def apply(changes: list[tuple[int, int, bytes]]) -> bytes:
        changed = raw
        for start, length, other in changes:
            changed = changed[:start] + other + changed[start + length :]
        return changed

    return st.lists(one, min_size=1, max_size=3).map(apply)


@given(data=st.data(), name=st.sampled_from(sorted(RAW)))
def test_changed_bytes_never_read_as_the_same_message_nor_in_another_form(
    data: st.DataObject, name: str
) -> None:
    raw = RAW[name]
    cls = next(cls for cls in EXAMPLES if message_type(cls) == name)
    changed = data.draw(mutations(raw))
    try:
        read = decode(changed, cls)
    except BadMessage:
        return
    assert encode(read) == changed
    assert (read == EXAMPLES[cls]) == (changed == raw)


@given(raw=st.binary(max_size=200))
def test_any_bytes_at_all_are_refused_as_a_bad_message(raw: bytes) -> None:
    for cls in (Report, ApprovedAct, Signed):
        refused(raw, cls)


# Limits


@every_message
def test_more_bytes_than_a_type_allows_are_refused_unread(example: Message) -> None:
    limit = type(example).MAX_BYTES
    assert len(encode(example)) <= limit
    assert str(refused(b"[" * (limit + 1), type(example))).startswith(f"more than {limit} bytes")


def types_in(info: Any, seen: set[Any], at: str) -> Iterator[tuple[str, Any]]:
    """Every type in a message's description, with its place."""
    if isinstance(info, msgspec.inspect.StructType):
        if info.cls in seen:
            return
        seen.add(info.cls)
        for field in info.fields:
            yield from types_in(field.type, seen, f"{at}.{field.name}")
    elif isinstance(info, msgspec.inspect.UnionType):
        for part in info.types:
            yield from types_in(part, seen, at)
    elif isinstance(info, msgspec.inspect.VarTupleType):
        yield at, info
        yield from types_in(info.item_type, seen, at)
    elif isinstance(info, msgspec.inspect.TupleType):
        for part in info.item_types:
            yield from types_in(part, seen, at)
    else:
        yield at, info


def ends(pattern: str | None) -> bool:
    """Whether a text can only be so long: no repetition without a number, but in what looks ahead."""
    return pattern is not None and not re.search(r"[*+]", re.sub(r"\(\?!.*?\)|\\.", "", pattern))


@pytest.mark.parametrize("cls", [*all_messages(), BatchResult], ids=lambda cls: cls.__name__)
def test_every_number_text_and_list_has_a_bound(cls: type[msgspec.Struct]) -> None:
    """So a message costs a known amount, and no number is beyond what RFC 8785 and JavaScript hold."""
    for at, info in types_in(msgspec.inspect.type_info(cls), set(), cls.__name__):
        match info:
            case msgspec.inspect.IntType():
                most = info.le if info.le is not None else info.lt
                assert info.ge is not None and most is not None and most <= 2**53, at
            case msgspec.inspect.StrType():
                assert info.max_length is not None or ends(info.pattern), at
            case msgspec.inspect.BytesType() | msgspec.inspect.VarTupleType():
                assert info.max_length is not None, at
            case msgspec.inspect.EnumType() | msgspec.inspect.UUIDType() | msgspec.inspect.NoneType():
                pass
            case msgspec.inspect.BoolType():
                pass
            case _:
                pytest.fail(f"{at}: {type(info).__name__} is on no message so far")


def test_open_codes_hold_no_free_text() -> None:
    """G1: what the hub decrypts is enumerations and codes, whatever a firm's software does."""
    for at, info in types_in(msgspec.inspect.type_info(OpenCodes), set(), "OpenCodes"):
        if isinstance(info, msgspec.inspect.StrType):
            assert info.pattern is not None, at
            for text in ("Meridian Vacuum Ltd", "+90 555 0101", "buyer@meridian.example", "Çelik"):
                assert not re.search(info.pattern, text), at


# What an error says


MARK = "MeridianVacuum"


@every_message
def test_no_refusal_quotes_what_it_refuses(example: Message) -> None:
    content = json.loads(encode(example))
    for at, part in parts_of(content):
        if len(at) > 4 or (at and free(at)):
            continue
        marked = [MARK, {MARK: MARK}, [MARK], f"{MARK} - at `$.{MARK}`", f"`$.{MARK.lower()}`"]
        for value in marked:
            assert MARK.lower() not in str(refused(dumped(put(content, at, value)), type(example))).lower()
        if isinstance(part, dict):
            for key in (MARK, f"{MARK}` - at `$.{MARK}", f"a - at `$.{MARK.lower()}"):
                more = dumped(put(content, at, part | {key: MARK}))
                assert MARK.lower() not in str(refused(more, type(example))).lower()


def test_a_refusal_says_which_field_is_wrong() -> None:
    raw = encode(REPORT).replace(b'"channel":"WEBFORM"', b'"channel":"CARRIER-PIGEON"')
    assert "$.open.codes.channel" in str(refused(raw, Report))
    raw = encode(example_of(Promise)).replace(b'"revision":2', b'"revision":0')
    assert "$.revision" in str(refused(raw, Promise))


# Signed messages


def test_a_signed_message_opens_for_its_signer_and_its_type_alone() -> None:
    key = signing_key("m00")
    retraction = example_of(Retraction)
    signed = sign(retraction, key)
    assert open_signed(signed, Retraction, public(key)) == retraction
    with pytest.raises(BadMessage):
        open_signed(signed, Promise, public(key), culprit="member:m00")
    changed = msgspec.structs.replace(signed, body=signed.body.replace(b"m00", b"m01"))
    bare = Signed(body=signed.body, signature=key.sign(signed.body))
    for false, by in ((changed, "m00"), (bare, "m00"), (signed, "m01")):
        with pytest.raises(BadSignature) as error:
            open_signed(false, Retraction, public(signing_key(by)), culprit="member:m00")
        assert error.value.culprit == "member:m00"


def test_what_is_signed_as_one_thing_is_not_signed_as_another() -> None:
    """An approval, a possession, a genesis, a report and a signed body each have a label of their own."""
    from cairn_protocol.messages import parties, report

    key = signing_key("m00")
    entry, founded = example_of(Entry), example_of(parties.Genesis)
    signatures: list[bytes] = [
        parties.approve(entry, key),
        parties.prove_possession(entry, key),
        sign(entry, key).signature,
        key.sign(encode(entry)),
    ]
    assert len(set(signatures)) == len(signatures)
    assert parties.sign_genesis(founded, key) != sign(founded, key).signature
    header = example_of(Header)
    assert report.sign_header(header, (), key).signature != sign(header, key).signature


SMALL = 2**255 - 19


def small_order_ys() -> set[int]:
    """y of every point of the Ed25519 curve whose eightfold is neutral, by adding up: RFC 8032 5.1.4."""
    p, d = SMALL, -121665 * pow(121666, -1, SMALL) % SMALL

    def added(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
        crossed = d * a[0] * b[0] * a[1] * b[1]
        x = (a[0] * b[1] + b[0] * a[1]) * pow(1 + crossed, -1, p) % p
        return x, (a[1] * b[1] + a[0] * b[0]) * pow(1 - crossed, -1, p) % p

    def root(square: int) -> int:
        candidate = pow(square, (p + 3) // 8, p)
        return candidate if candidate**2 % p == square else candidate * pow(2, (p - 1) // 4, p) % p

    order = 2**252 + 27742317777372353535851937790883648493
    for y in range(2, 100):
        square = (y * y - 1) * pow(d * y * y + 1, -1, p) % p
        if pow(square, (p - 1) // 2, p) != 1:
            continue
        total, step = (0, 1), (root(square), y)
        for bit in bin(order)[:1:-1]:
            total = added(total, step) if bit == "1" else total
            step = added(step, step)
        points, step = [(0, 1)], total  # order * point is of small order; of order 8 for some y
        while step != (0, 1):
            points.append(step)
            step = added(step, total)
        if len(points) == 8:
            return {point[1] for point in points}
    raise AssertionError("half of all points have a part of order 8")


def test_a_key_of_small_order_signs_nothing() -> None:
    """For each of them, in every encoding, there is a signature that holds for any text."""
    keys = [
        (encoded | sign_bit << 255).to_bytes(32, "little")
        for y in small_order_ys()
        for encoded in ({y, y + SMALL} if y < 19 else {y})
        for sign_bit in (0, 1)
    ]
    assert len(keys) == 14
    neutral = (1).to_bytes(32, "little")
    for key in keys:
        for text in range(16):
            with pytest.raises(BadSignature):
                check_signature(key, b"%d" % text, neutral + bytes(32), culprit="member:m00")


@given(key=st.binary(max_size=40), signature=st.binary(max_size=70))
def test_any_bytes_as_key_or_signature_are_refused_by_name(key: bytes, signature: bytes) -> None:
    with pytest.raises(BadSignature) as error:
        check_signature(key, b"text", signature, culprit="trustee:t1")
    assert error.value.culprit == "trustee:t1"


def test_the_invitation_gives_the_same_entry_for_the_same_keys() -> None:
    invitation = example_of(Invitation)
    told = (
        invitation.entry(seed("signing"), None, ("ALL",)),
        invitation.entry(seed("signing"), None, ("ALL",)),
    )
    assert told[0] == told[1] and told[0].group_index == invitation.group_index
    assert isinstance(BadMessage("x"), ProtocolError)
