"""What the log may say about returns: one approved key, one set of terms, one close and one result a period."""

from dataclasses import dataclass

import pytest
from msgspec import structs

from cairn_protocol.contributing import period_of
from cairn_protocol.errors import (
    BadClose,
    BadPaillierKey,
    BadSignature,
    BadSumResult,
    PeriodClosed,
    ProtocolError,
    TooFewGroups,
    WrongTerms,
)
from cairn_protocol.messages.log import LeafKind
from cairn_protocol.messages.parties import Approval
from cairn_protocol.messages.returns import ReturnTerms, SignedClose, SumResult, SumState
from cairn_protocol.messages.returns_exchange import ApprovedKey, approve_key
from cairn_protocol.messages.wire import Message, digest_of, encode
from cairn_protocol.paillier_shares import Dealing
from cairn_protocol.returns_layout import CURRENT
from cairn_protocol.returns_log import ReturnsLog
from tests.support.parties import parties
from tests.support.sums import CAPS, Sum, dealing, vector

KEY, TERMS, CLOSE, RESULT = (
    LeafKind.PAILLIER_KEY,
    LeafKind.RETURN_TERMS,
    LeafKind.RETURN_CLOSE,
    LeafKind.RETURN_RESULT,
)
GENESIS = parties().genesis


@dataclass(frozen=True)
class Story:
    """A period's four leaves, under a key long enough to be believed."""

    key: ApprovedKey
    terms: ReturnTerms
    closed: SignedClose
    result: SumResult
    sum: Sum

    def log(self, *until: LeafKind) -> ReturnsLog:
        """A log that has these."""
        contents = {KEY: self.key, TERMS: self.terms, CLOSE: self.closed, RESULT: self.result}
        log = ReturnsLog(GENESIS)
        for kind in until:
            log.apply(kind, encode(contents[kind]))
        return log


def approved(dealt: Dealing) -> ApprovedKey:
    keys = parties().trustee_keys
    return ApprovedKey(
        key=dealt.key.message,
        approvals=tuple(
            Approval(trustee=one.id, signature=approve_key(dealt.key.message, keys[one.id]))
            for one in GENESIS.trustees
        ),
    )


@pytest.fixture(scope="module")
def story() -> Story:
    dealt = dealing(3072)
    terms = ReturnTerms(
        period="2026-10",
        layout=CURRENT.version,
        layout_digest=CURRENT.digest,
        key_digest=dealt.key.digest,
        caps=CAPS,
        noise_from=("t1", "t2", "t3"),
        rho_thousandths=500,
    )
    period = period_of(terms, dealt.key, GENESIS)
    scene = Sum(parties(), dealt, period)
    closed = scene.closed([vector({"handled": 150})] * 5)
    result = SumResult(
        close=digest_of(closed.statement),
        period="2026-10",
        layout=CURRENT.version,
        groups=5,
        state=SumState.PUBLISHED,
        margin=30,
        figures=(),
        withheld=len(CURRENT.cells),
    )
    return Story(approved(dealt), terms, closed, result, scene)


def refused(log: ReturnsLog, kind: LeafKind, message: Message) -> type[ProtocolError]:
    with pytest.raises(ProtocolError) as error:
        log.apply(kind, encode(message))
    return type(error.value)


def test_a_period_goes_from_its_key_to_its_result(story: Story) -> None:
    log = story.log(KEY, TERMS, CLOSE, RESULT)

    assert log.results["2026-10"] == story.result
    assert log.closes["2026-10"] == story.closed
    assert log.period("2026-10").terms == story.terms


def test_a_key_stands_once_every_trustee_approved_it(story: Story) -> None:
    approvals = story.key.approvals
    swapped = tuple(
        Approval(trustee=one.trustee, signature=other.signature)
        for one, other in zip(approvals, approvals[1:] + approvals[:1], strict=True)
    )
    log = ReturnsLog(GENESIS)

    assert refused(log, KEY, structs.replace(story.key, approvals=approvals[:2])) is BadPaillierKey
    assert refused(log, KEY, structs.replace(story.key, approvals=swapped)) is BadSignature
    assert refused(log, KEY, approved(dealing(1024))) is BadPaillierKey


def test_a_key_that_other_numbers_of_trustees_open_is_none_of_this_genesis(story: Story) -> None:
    verification = story.key.key.verification
    fewer = structs.replace(story.key.key, verification=verification[:2])

    assert refused(ReturnsLog(GENESIS), KEY, structs.replace(story.key, key=fewer)) is BadPaillierKey


def test_terms_need_a_key_of_the_log_and_come_once(story: Story) -> None:
    assert refused(story.log(), TERMS, story.terms) is WrongTerms
    cheaper = structs.replace(story.terms, rho_thousandths=10_000)
    assert refused(story.log(KEY, TERMS), TERMS, cheaper) is PeriodClosed
    assert refused(story.log(KEY), TERMS, structs.replace(story.terms, noise_from=("t1",))) is WrongTerms


def test_a_second_close_of_a_period_is_refused_also_with_everybodys_signature(story: Story) -> None:
    contributions = story.closed.statement.contributions[:4]
    other = story.sum.signed(structs.replace(story.closed.statement, contributions=contributions))

    assert refused(story.log(KEY, TERMS, CLOSE), CLOSE, other) is PeriodClosed
    assert refused(story.log(KEY, TERMS, CLOSE), CLOSE, story.closed) is PeriodClosed


def test_a_close_needs_its_terms_a_quorum_and_five_groups(story: Story) -> None:
    two = structs.replace(story.closed, approvals=story.closed.approvals[:2])
    assert refused(story.log(KEY), CLOSE, story.closed) is WrongTerms
    assert refused(story.log(KEY, TERMS), CLOSE, two) is BadClose
    statement = story.closed.statement
    four = structs.replace(statement, contributions=statement.contributions[:4])
    assert refused(story.log(KEY, TERMS), CLOSE, story.sum.signed(four)) is TooFewGroups
    twice = structs.replace(statement, contributions=(*statement.contributions, statement.contributions[0]))
    assert refused(story.log(KEY, TERMS), CLOSE, story.sum.signed(twice)) is BadClose


def test_a_result_belongs_to_the_one_close_and_comes_once(story: Story) -> None:
    closed = story.log(KEY, TERMS, CLOSE)

    assert refused(story.log(KEY, TERMS), RESULT, story.result) is BadSumResult
    assert refused(closed, RESULT, structs.replace(story.result, close=bytes(32))) is BadSumResult
    assert refused(closed, RESULT, structs.replace(story.result, groups=6)) is BadSumResult
    assert refused(story.log(KEY, TERMS, CLOSE, RESULT), RESULT, story.result) is PeriodClosed
