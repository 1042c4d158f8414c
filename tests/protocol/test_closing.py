"""A period is closed once, over five groups or more that each signed their own return, and opened as one sum."""

import itertools
from dataclasses import replace
from typing import Any

import gmpy2
import msgspec
import pytest

from cairn_protocol.closing import (
    AcceptedReturn,
    accept_deposit,
    accept_return,
    check_close,
    check_only_close,
    check_signed_close,
    close,
    open_sum,
    part_of_sum,
    quorum,
)
from cairn_protocol.contributing import ReturnPeriod, make_deposit, make_return, period_of
from cairn_protocol.errors import (
    BadCiphertext,
    BadClose,
    BadPartial,
    BadPlaintextProof,
    BadSignature,
    CounterOutOfRange,
    PeriodClosed,
    ProtocolError,
    TooFewGroups,
    TooFewShares,
    UnknownSigner,
    WrongTerms,
)
from cairn_protocol.messages.parties import Role
from cairn_protocol.messages.returns import (
    Caps,
    PartialDecryptions,
    Return,
    SignedClose,
    SumResult,
    SumState,
    return_context,
)
from cairn_protocol.messages.wire import Signed, decode, digest_of, encode, sign
from cairn_protocol.packing import pack
from cairn_protocol.paillier import encrypt
from tests.support.sums import CAPS, Firm, a_sum, dealing, firm, vector

SUM = a_sum()
PERIOD = SUM.period
GENESIS = SUM.parties.genesis
GROUPS = 12
COUNTERS = vector({"handled": 100, "family-destination/FAM-IC/KZ": 5})
RETURNS = [SUM.filed(at, COUNTERS) for at in range(GROUPS)]
DEPOSITS = SUM.deposits()
CLOSED = SUM.signed(close(PERIOD, RETURNS, DEPOSITS))


def part(trustee: str, closed: SignedClose = CLOSED, period: ReturnPeriod = PERIOD) -> PartialDecryptions:
    share = SUM.dealing.shares[int(trustee[1:]) - 1]
    return part_of_sum(period, share, trustee, closed, GENESIS)


PARTS = {trustee: part(trustee) for trustee in ("t1", "t2", "t3")}


def result(closed: SignedClose) -> SumResult:
    return open_sum(PERIOD, closed, [part("t1", closed), part("t3", closed)], GENESIS)


def resigned(at: int, **fields: Any) -> Signed:
    """A firm's return with some fields changed and signed by it: what only a lying firm can send."""
    one = firm(at)
    sent = decode(one.file(PERIOD, COUNTERS).body, Return)
    return sign(msgspec.structs.replace(sent, **fields), one.key)


def refused(error: type[ProtocolError], signed: Signed, at: int = 1, period: ReturnPeriod = PERIOD) -> None:
    with pytest.raises(error) as raised:
        accept_return(period, signed, firm(at).entry)
    assert raised.value.culprit == f"member:m{at:02}"


# The way it goes


def test_a_sum_over_twelve_groups_shows_what_clears_its_floor_within_its_interval() -> None:
    shown = result(CLOSED)

    assert shown.state is SumState.PUBLISHED
    assert (shown.groups, shown.margin) == (12, 30)
    by_cell = {figure.cell: figure for figure in shown.figures}
    assert by_cell.keys() <= {"handled", "family-destination/FAM-IC/KZ"}
    assert by_cell["handled"].value == pytest.approx(1_200, abs=60)
    assert shown.withheld == len(PERIOD.layout.cells) - len(by_cell)


def test_any_two_trustees_open_the_same_result() -> None:
    results = [open_sum(PERIOD, CLOSED, pair, GENESIS) for pair in itertools.permutations(PARTS.values(), 2)]

    assert len({encode(one) for one in results}) == 1
    assert open_sum(PERIOD, CLOSED, PARTS.values(), GENESIS) == results[0]


def test_the_statement_is_the_same_in_whatever_order_contributions_come() -> None:
    check_close(CLOSED.statement, PERIOD, RETURNS[::-1], DEPOSITS[::-1])


def test_every_message_comes_back_from_the_wire() -> None:
    for message in (PERIOD.terms, CLOSED, PARTS["t1"], result(CLOSED), PERIOD.key.message):
        assert decode(encode(message), type(message)) == message


def test_a_period_with_nothing_is_summed_and_shows_nothing() -> None:
    shown = result(SUM.closed([[0] * len(COUNTERS)] * 5))

    assert (shown.state, shown.figures) == (SumState.PUBLISHED, ())


# Who is in


def test_another_members_return_is_refused() -> None:
    filed = firm(1).file(PERIOD, COUNTERS)

    refused(BadSignature, filed, at=2)
    refused(BadSignature, Signed(body=filed.body, signature=bytes(64)))
    refused(UnknownSigner, resigned(1, member="m02"))
    refused(UnknownSigner, resigned(1, group="group-02"))


def test_a_return_by_who_is_no_member_is_refused() -> None:
    one = firm(1)
    analyst = msgspec.structs.replace(one.entry, role=Role.ANALYST)

    with pytest.raises(UnknownSigner):
        accept_return(PERIOD, one.file(PERIOD, COUNTERS), analyst)


def test_another_members_ciphertexts_and_proof_are_refused_under_ones_own_signature() -> None:
    """A colluder files A's return as its own, to count A twice."""
    theirs = decode(firm(2).file(PERIOD, COUNTERS).body, Return)

    refused(BadPlaintextProof, resigned(1, ciphertexts=theirs.ciphertexts, proof=theirs.proof))
    refused(BadPlaintextProof, resigned(1, ciphertexts=theirs.ciphertexts))


def test_a_return_replayed_from_another_period_is_refused() -> None:
    november = a_sum("2026-11").period

    refused(WrongTerms, firm(1).file(november, COUNTERS))
    kept = decode(firm(1).file(november, COUNTERS).body, Return)
    again = msgspec.structs.replace(kept, terms=digest_of(PERIOD.terms), period=PERIOD.terms.period)
    refused(BadPlaintextProof, sign(again, firm(1).key))


def test_a_return_under_other_caps_is_refused() -> None:
    higher = a_sum(caps=Caps(handled=200, flagged=40, band=1, cell=50, code=20)).period

    refused(WrongTerms, firm(1).file(higher, COUNTERS))


def test_a_return_of_another_layout_or_period_than_its_terms_is_refused() -> None:
    refused(WrongTerms, resigned(1, layout=2))
    refused(WrongTerms, resigned(1, period="2026-09"))


def test_a_return_with_a_ciphertext_more_or_less_or_no_unit_is_refused() -> None:
    ciphertexts = decode(firm(1).file(PERIOD, COUNTERS).body, Return).ciphertexts
    zero = bytes(len(ciphertexts[0]))

    for bad in (ciphertexts[1:], (*ciphertexts, ciphertexts[0]), (zero, *ciphertexts[1:])):
        refused(BadCiphertext, resigned(1, ciphertexts=bad))


def test_noise_is_taken_from_listed_trustees_alone_each_in_its_own_name() -> None:
    keys = SUM.parties.trustee_keys
    sent = sign(make_deposit(PERIOD, "t1", bytes(32)), keys["t1"])

    accept_deposit(PERIOD, sent, "t1", GENESIS)
    with pytest.raises(BadSignature) as raised:
        accept_deposit(PERIOD, sent, "t2", GENESIS)
    assert raised.value.culprit == "trustee:t2"
    with pytest.raises(UnknownSigner):
        accept_deposit(PERIOD, sign(make_deposit(PERIOD, "t1", bytes(32)), keys["t2"]), "t2", GENESIS)
    with pytest.raises(UnknownSigner):
        accept_deposit(PERIOD, sent, "t9", GENESIS)
    few = a_sum(noise_from=("t1", "t2"))
    with pytest.raises(UnknownSigner):
        few.deposit("t3")
    with pytest.raises(WrongTerms):
        accept_deposit(few.period, sent, "t1", GENESIS)


def test_a_firm_cant_make_a_return_that_is_not_clipped() -> None:
    over = list(COUNTERS)
    over[PERIOD.layout.slots["flagged"]] = CAPS.flagged + 1

    with pytest.raises(CounterOutOfRange):
        make_return(PERIOD, "group-01", "m01", over)


def test_terms_need_noise_from_t_trustees_of_the_genesis() -> None:
    """Of t at least one is honest, and one honest trustee's noise suffices."""
    for listed in (("t1",), ("t2", "t1"), ("t1", "t9"), ("t1", "t2", "t9")):
        with pytest.raises(WrongTerms):
            a_sum(noise_from=listed)
    with pytest.raises(WrongTerms):
        period_of(PERIOD.terms, dealing(t=3, holders=5).key, GENESIS)


# One sum


@pytest.mark.parametrize("groups", [0, 1, 4])
def test_fewer_than_five_groups_are_not_summed(groups: int) -> None:
    with pytest.raises(TooFewGroups) as raised:
        close(PERIOD, RETURNS[:groups], DEPOSITS)
    assert raised.value.groups == groups


def test_five_groups_are_summed() -> None:
    assert len(close(PERIOD, RETURNS[:5], DEPOSITS).contributions) == 5


def test_a_group_is_in_a_sum_once_whichever_member_files() -> None:
    sister = replace(RETURNS[0], contribution=msgspec.structs.replace(RETURNS[0].contribution, member="m99"))

    for again in (RETURNS[0], sister):
        with pytest.raises(BadClose):
            close(PERIOD, [*RETURNS, again], DEPOSITS)


def test_a_period_without_every_listed_trustees_noise_is_not_closed() -> None:
    for deposits in (DEPOSITS[:2], [], [*DEPOSITS, DEPOSITS[0]]):
        with pytest.raises(BadClose):
            close(PERIOD, RETURNS, deposits)


def test_a_product_that_is_not_the_returns_is_not_signed() -> None:
    """The hub puts one group's return alone behind twelve names, leaves one out, or adds one twice."""
    alone = RETURNS[0].ciphertexts
    without = close(PERIOD, RETURNS[1:], DEPOSITS).total
    twice = tuple(
        PERIOD.key.encode(gmpy2.mpz(int.from_bytes(raw, "big")) * c % PERIOD.key.n2)
        for raw, c in zip(CLOSED.statement.total, alone, strict=True)
    )
    for total in (tuple(map(PERIOD.key.encode, alone)), without, twice):
        statement = msgspec.structs.replace(CLOSED.statement, total=total)
        with pytest.raises(BadClose) as raised:
            check_close(statement, PERIOD, RETURNS, DEPOSITS)
        assert raised.value.culprit == "hub"


def test_a_statement_that_names_other_contributions_is_not_signed() -> None:
    for returns in (RETURNS[1:], RETURNS[:-1], [SUM.filed(at, COUNTERS) for at in range(GROUPS)]):
        with pytest.raises(BadClose):
            check_close(CLOSED.statement, PERIOD, returns, DEPOSITS)


def test_so_many_groups_that_a_slot_could_overflow_are_refused() -> None:
    huge = a_sum(caps=Caps(handled=1_000_000, flagged=40, band=1, cell=5, code=20))
    many = [
        AcceptedReturn(
            msgspec.structs.replace(RETURNS[0].contribution, group=f"g{at}"), RETURNS[0].ciphertexts
        )
        for at in range(2_148)
    ]

    with pytest.raises(CounterOutOfRange):
        close(huge.period, many, DEPOSITS)


@pytest.mark.parametrize(
    ("trustees", "t", "needed"), [(3, 2, 3), (5, 3, 4), (4, 3, 4), (7, 4, 6), (1, 1, 1), (2, 2, 2)]
)
def test_any_two_quorums_share_an_honest_trustee(trustees: int, t: int, needed: int) -> None:
    """Else two statements of one period could both be signed, and their difference opened."""
    assert quorum(trustees, t) == needed
    assert 2 * quorum(trustees, t) - trustees >= t
    assert 2 * (quorum(trustees, t) - 1) - trustees < t


def test_a_statement_with_fewer_signatures_than_the_quorum_opens_nothing() -> None:
    for by in ((), ("t1", "t2"), ("t1", "t1", "t2"), ("t2", "t1", "t3")):
        signed = SUM.signed(CLOSED.statement, by)
        with pytest.raises(BadClose):
            check_signed_close(signed, GENESIS)
        with pytest.raises(BadClose):
            part("t1", signed)
        with pytest.raises(BadClose):
            open_sum(PERIOD, signed, PARTS.values(), GENESIS)


def test_a_signature_over_another_statement_names_its_trustee() -> None:
    other = SUM.signed(close(PERIOD, RETURNS[1:], DEPOSITS))
    mixed = SignedClose(statement=CLOSED.statement, approvals=(*CLOSED.approvals[:2], other.approvals[2]))

    with pytest.raises(BadSignature) as raised:
        check_signed_close(mixed, GENESIS)
    assert raised.value.culprit == "trustee:t3"


def test_a_second_statement_for_a_period_is_refused_and_the_first_again_is_not() -> None:
    second = close(PERIOD, RETURNS[1:], DEPOSITS)
    first = digest_of(CLOSED.statement)

    check_only_close(CLOSED.statement, None)
    check_only_close(CLOSED.statement, first)
    with pytest.raises(PeriodClosed):
        check_only_close(second, first)


def test_even_a_signed_statement_over_too_few_groups_opens_nothing() -> None:
    """A quorum of careless trustees is not enough to make an honest one answer."""
    few = msgspec.structs.replace(CLOSED.statement, contributions=CLOSED.statement.contributions[:4])

    with pytest.raises(TooFewGroups):
        part("t1", SUM.signed(few))


def test_a_statement_of_another_period_opens_nothing() -> None:
    with pytest.raises(WrongTerms):
        part("t1", CLOSED, a_sum("2026-11").period)


def test_a_statement_with_another_number_of_ciphertexts_opens_nothing() -> None:
    short = msgspec.structs.replace(CLOSED.statement, total=CLOSED.statement.total[1:])

    with pytest.raises(BadCiphertext):
        part("t1", SUM.signed(short))


# Opening


def test_one_trustee_alone_opens_nothing() -> None:
    with pytest.raises(TooFewShares):
        open_sum(PERIOD, CLOSED, [PARTS["t1"], PARTS["t1"]], GENESIS)


def test_a_bad_part_is_refused_and_its_trustee_named() -> None:
    bad = msgspec.structs.replace(PARTS["t2"], parts=PARTS["t1"].parts)
    renamed = msgspec.structs.replace(PARTS["t1"], trustee="t2")
    stranger = msgspec.structs.replace(PARTS["t2"], trustee="t9")
    other_sum = msgspec.structs.replace(PARTS["t2"], close=bytes(32))

    for answer in (bad, renamed, stranger, other_sum):
        with pytest.raises(BadPartial) as raised:
            open_sum(PERIOD, CLOSED, [PARTS["t1"], answer], GENESIS)
        assert raised.value.culprit == f"trustee:{answer.trustee}"


def test_a_part_of_another_sum_is_refused() -> None:
    other = SUM.signed(close(PERIOD, RETURNS[1:], DEPOSITS))

    with pytest.raises(BadPartial):
        open_sum(PERIOD, CLOSED, [PARTS["t1"], part("t2", other)], GENESIS)


def liar(at: int, counters: list[int]) -> AcceptedReturn:
    """A return that its firm did not clip: encrypted and proven as it should be, so nothing shows yet."""
    one: Firm = firm(at)
    packed = pack(counters, [1 << 31] * len(counters), PERIOD.slots)
    context = return_context(PERIOD.terms, f"group-{at:02}", f"m{at:02}")
    encrypted = encrypt(PERIOD.key, packed, context)
    sent = decode(one.file(PERIOD, COUNTERS).body, Return)
    lied = msgspec.structs.replace(
        sent, ciphertexts=tuple(map(PERIOD.key.encode, encrypted.ciphertexts)), proof=encrypted.proof
    )
    return accept_return(PERIOD, sign(lied, one.key), one.entry)


def test_a_sum_outside_its_window_is_void_and_shows_nothing() -> None:
    """A lying firm can spoil a period, not read one."""
    lied = list(COUNTERS)
    lied[PERIOD.layout.slots["stage/order"]] = 5_000
    shown = result(SUM.signed(close(PERIOD, [liar(0, lied), *RETURNS[1:]], DEPOSITS)))

    assert (shown.state, shown.figures, shown.withheld) == (SumState.VOID, (), len(COUNTERS))


def test_something_in_an_empty_slot_voids_the_sum() -> None:
    empty = PERIOD.slots * PERIOD.ciphertexts - len(COUNTERS)
    assert empty

    lied = [*COUNTERS, *[0] * (empty - 1), 1]
    shown = result(SUM.signed(close(PERIOD, [liar(0, lied), *RETURNS[1:]], DEPOSITS)))

    assert shown.state is SumState.VOID
