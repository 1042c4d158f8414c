"""What the log may say about returns, leaf by leaf, as trustees and members both check it.

A key stands once every trustee of the genesis approved it; a period has one set of terms, one close
that a quorum signed, one result of that close. A trustee that mirrors the log refuses a hub's
second one (so nobody is shown another), and a member refuses what a trustee would have.

Not here: whether a close follows from the returns (`closing.check_close`), whether a result is what
the sum opens to: those need what only trustees are shown.
Source: design.md 4.7, G5 and G8.
"""

from cairn_protocol.closing import MIN_GROUPS_PER_SUM, check_only_close, check_signed_close
from cairn_protocol.contributing import ReturnPeriod, period_of
from cairn_protocol.errors import (
    BadClose,
    BadPaillierKey,
    BadSumResult,
    PeriodClosed,
    TooFewGroups,
    WrongTerms,
)
from cairn_protocol.messages.log import LeafKind
from cairn_protocol.messages.parties import Genesis
from cairn_protocol.messages.returns import ReturnTerms, SignedClose, SumResult
from cairn_protocol.messages.returns_exchange import ApprovedKey, check_key_approval
from cairn_protocol.messages.wire import decode, digest_of
from cairn_protocol.paillier import PublicKey, public_key

RETURN_KINDS = (
    LeafKind.PAILLIER_KEY,
    LeafKind.RETURN_TERMS,
    LeafKind.RETURN_CLOSE,
    LeafKind.RETURN_RESULT,
)
_HUB = "hub"


def check_approved_key(approved: ApprovedKey, genesis: Genesis) -> PublicKey:
    """The key, once every trustee of the genesis approved it, for the genesis' threshold.

    Raises BadPaillierKey; BadSignature, naming the trustee.
    """
    key = public_key(approved.key, culprit=_HUB)
    if (key.t, key.holders) != (genesis.t, len(genesis.trustees)):
        raise BadPaillierKey("a key for another number of trustees than the genesis names", culprit=_HUB)
    if [approval.trustee for approval in approved.approvals] != [one.id for one in genesis.trustees]:
        raise BadPaillierKey("a key that not every trustee of the genesis approved", culprit=_HUB)
    for trustee, approval in zip(genesis.trustees, approved.approvals, strict=True):
        check_key_approval(approved.key, trustee, approval.signature)
    return key


class ReturnsLog:
    """What the leaves applied so far say about returns.

    periods  by name, as the terms fix them
    closes   the signed close of a period that has one
    results  the published result of a period that has one
    """

    def __init__(self, genesis: Genesis) -> None:
        self.periods: dict[str, ReturnPeriod] = {}
        self.closes: dict[str, SignedClose] = {}
        self.results: dict[str, SumResult] = {}
        self._genesis = genesis
        self._keys: dict[bytes, PublicKey] = {}

    def apply(self, kind: LeafKind, content: bytes) -> None:
        """Take the content of one more leaf; a leaf of another kind changes nothing.

        Raises, naming the hub unless a trustee's signature is false: BadMessage, BadPaillierKey, BadSignature,
        WrongTerms, TooFewGroups, BadClose, BadSumResult; PeriodClosed for a second of what there is one of.
        """
        if kind is LeafKind.PAILLIER_KEY:
            key = check_approved_key(decode(content, ApprovedKey, culprit=_HUB), self._genesis)
            self._keys[key.digest] = key
        elif kind is LeafKind.RETURN_TERMS:
            self._open(decode(content, ReturnTerms, culprit=_HUB))
        elif kind is LeafKind.RETURN_CLOSE:
            self._close(decode(content, SignedClose, culprit=_HUB))
        elif kind is LeafKind.RETURN_RESULT:
            self._publish(decode(content, SumResult, culprit=_HUB))

    def period(self, name: str) -> ReturnPeriod:
        """The period of that name. Raises WrongTerms if the log has no terms for it."""
        if name not in self.periods:
            raise WrongTerms("the log has no terms for that period", culprit=_HUB)
        return self.periods[name]

    def _open(self, terms: ReturnTerms) -> None:
        if terms.period in self.periods:
            raise PeriodClosed("the period has its terms already", culprit=_HUB)
        key = self._keys.get(terms.key_digest)
        if key is None:
            raise WrongTerms("terms for a key that the log does not have", culprit=_HUB)
        self.periods[terms.period] = period_of(terms, key, self._genesis)

    def _close(self, signed: SignedClose) -> None:
        statement = signed.statement
        period = self.period(statement.terms.period)
        earlier = self.closes.get(statement.terms.period)
        check_only_close(statement, digest_of(earlier.statement) if earlier else None)
        if earlier is not None:
            raise PeriodClosed("the period's close is in the log already", culprit=_HUB)
        if statement.terms != period.terms:
            raise WrongTerms("a close statement under other terms than the log's", culprit=_HUB)
        check_signed_close(signed, self._genesis)
        groups = [contribution.group for contribution in statement.contributions]
        if len(groups) < MIN_GROUPS_PER_SUM:
            raise TooFewGroups("a sum of too few groups", groups=len(groups), culprit=_HUB)
        if groups != sorted(set(groups)):
            raise BadClose("a group twice, or out of order", culprit=_HUB)
        self.closes[statement.terms.period] = signed

    def _publish(self, result: SumResult) -> None:
        signed = self.closes.get(result.period)
        if result.period in self.results:
            raise PeriodClosed("the period's result is in the log already", culprit=_HUB)
        if signed is None or digest_of(signed.statement) != result.close:
            raise BadSumResult("a result of no sum that the log has", culprit=_HUB)
        statement = signed.statement
        if (result.groups, result.layout) != (len(statement.contributions), statement.terms.layout):
            raise BadSumResult("a result of other groups or another layout than the sum's", culprit=_HUB)
        self.results[result.period] = result
