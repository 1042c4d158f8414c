"""The rules of a sum, as hub, trustees and members all apply them: who is in, what is opened, what comes out.

    accept_return, accept_deposit     one contribution, or why not
    close, check_close                the one statement of a period, and that it follows from them
    check_signed_close, check_only_close   enough trustees stand behind it, and behind no other
    part_of_sum, check_part, open_sum a trustee's part, that it is one; the published result

A trustee signs a statement only after `check_close` on returns it checked itself, so a hub can't slip in a
return twice, negated, or without a rostered group's signature; any two quorums share t trustees,
so two statements for one period need t liars. Time, storage and log are the caller's: that a
statement's leaf is in a cosigned checkpoint before anybody answers it, too.
Source: design.md 4.7; research of returns: malleability, one sum a period.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from cairn_protocol.contributing import ReturnPeriod
from cairn_protocol.errors import (
    BadCiphertext,
    BadClose,
    BadPartial,
    PartyId,
    PeriodClosed,
    TooFewGroups,
    UnknownSigner,
    VoidSum,
    WrongTerms,
)
from cairn_protocol.messages.parties import Entry, Genesis, Role
from cairn_protocol.messages.returns import (
    CloseStatement,
    Contribution,
    Deposit,
    NoiseDeposit,
    PartialDecryptions,
    Return,
    SignedClose,
    SumResult,
    SumState,
    check_close_signature,
    deposit_context,
    return_context,
)
from cairn_protocol.messages.wire import Signed, digest_of, open_signed
from cairn_protocol.packing import check_room, offsets, unpack
from cairn_protocol.paillier import Ciphertext, add, check_contribution, trivial
from cairn_protocol.paillier_shares import (
    CheckedPartial,
    KeyShare,
    Partial,
    check_partial,
    combine,
    decrypt_partially,
)
from cairn_protocol.sum_figures import figures, outside_window

# 5, not k: a return has no events to check, so the crowd is its only protection.
MIN_GROUPS_PER_SUM: Final = 5


@dataclass(frozen=True, slots=True)
class AcceptedReturn:
    """A return that may go into the sum: made by `accept_return` alone."""

    contribution: Contribution
    ciphertexts: tuple[Ciphertext, ...]


@dataclass(frozen=True, slots=True)
class AcceptedDeposit:
    """Noise that may go into the sum: made by `accept_deposit` alone."""

    deposit: Deposit
    ciphertexts: tuple[Ciphertext, ...]


def accept_return(period: ReturnPeriod, signed: Signed, entry: Entry) -> AcceptedReturn:
    """The return, once everything about it that one can check alone holds.

    entry  the sender's on the roster, in force

    Raises BadSignature, BadMessage; UnknownSigner if the return is not in the name of this member and its
    group; WrongTerms; BadCiphertext; BadPlaintextProof. All name the member.
    """
    culprit = f"member:{entry.party}"
    sent = open_signed(signed, Return, entry.signing_key, culprit=culprit)
    if entry.role is not Role.MEMBER or (sent.member, sent.group) != (entry.party, entry.group):
        raise UnknownSigner("a return in the name of another member or group", culprit=culprit)
    _check_terms(period, sent, culprit)
    if sent.layout != period.terms.layout:
        raise WrongTerms("a return of another layout than the terms'", culprit=culprit)
    context = return_context(period.terms, sent.group, sent.member)
    ciphertexts = _checked(period, sent, context, culprit)
    contribution = Contribution(group=sent.group, member=sent.member, digest=digest_of(signed))
    return AcceptedReturn(contribution, ciphertexts)


def accept_deposit(period: ReturnPeriod, signed: Signed, trustee: str, genesis: Genesis) -> AcceptedDeposit:
    """The noise, once everything about it that one can check alone holds. Not how much noise it is: nobody can.

    Raises as `accept_return`, naming the trustee; UnknownSigner if the terms don't list it.
    """
    culprit = f"trustee:{trustee}"
    keys = next((keys for keys in genesis.trustees if keys.id == trustee), None)
    if keys is None or trustee not in period.terms.noise_from:
        raise UnknownSigner("noise from nobody whom the terms list", culprit=culprit)
    sent = open_signed(signed, NoiseDeposit, keys.signing_key, culprit=culprit)
    if sent.trustee != trustee:
        raise UnknownSigner("noise in the name of another trustee", culprit=culprit)
    _check_terms(period, sent, culprit)
    ciphertexts = _checked(period, sent, deposit_context(period.terms, trustee), culprit)
    return AcceptedDeposit(Deposit(trustee=trustee, digest=digest_of(signed)), ciphertexts)


def _check_terms(period: ReturnPeriod, sent: Return | NoiseDeposit, culprit: PartyId) -> None:
    if sent.terms != digest_of(period.terms) or sent.period != period.terms.period:
        raise WrongTerms("made for other terms than the period's", culprit=culprit)


def _checked(
    period: ReturnPeriod, sent: Return | NoiseDeposit, context: bytes, culprit: PartyId
) -> tuple[Ciphertext, ...]:
    if len(sent.ciphertexts) != period.ciphertexts:
        raise BadCiphertext("another number of ciphertexts than the layout has", culprit=culprit)
    ciphertexts = tuple(period.key.decode(raw, culprit=culprit) for raw in sent.ciphertexts)
    check_contribution(period.key, ciphertexts, sent.proof, context, culprit=culprit)
    return ciphertexts


def close(
    period: ReturnPeriod,
    returns: Iterable[AcceptedReturn],
    deposits: Iterable[AcceptedDeposit],
    *,
    total: Collection[Ciphertext] | None = None,
) -> CloseStatement:
    """The close statement that follows from these: the same for everybody, in whatever order they come.

    total  the product if the caller has multiplied it already, with another library say

    Raises TooFewGroups; BadClose for a group twice, or noise missing, twice or from others than listed;
    CounterOutOfRange if so many groups could overflow a slot.
    """
    taken = sorted(returns, key=lambda accepted: accepted.contribution.group)
    added = sorted(deposits, key=lambda accepted: period.terms.noise_from.index(accepted.deposit.trustee))
    groups = [accepted.contribution.group for accepted in taken]
    if len(set(groups)) != len(groups):
        raise BadClose("a group is in the sum twice")
    if len(groups) < MIN_GROUPS_PER_SUM:
        raise TooFewGroups(f"a sum of fewer than {MIN_GROUPS_PER_SUM} groups", groups=len(groups))
    if tuple(accepted.deposit.trustee for accepted in added) != period.terms.noise_from:
        raise BadClose("noise of a listed trustee is missing, or there twice")
    check_room(len(groups), max(period.layout.caps(period.terms.caps)))
    if total is None:
        total = multiply(period, taken, added)
    return CloseStatement(
        terms=period.terms,
        contributions=tuple(accepted.contribution for accepted in taken),
        deposits=tuple(accepted.deposit for accepted in added),
        total=tuple(period.key.encode(ciphertext) for ciphertext in total),
    )


def multiply(
    period: ReturnPeriod, returns: Iterable[AcceptedReturn], deposits: Iterable[AcceptedDeposit]
) -> list[Ciphertext]:
    """The product of all contributions and of the public offsets: the encryption of the sum."""
    constant = trivial(period.key, offsets(len(period.layout.cells), period.slots))
    everything = (accepted.ciphertexts for part in (returns, deposits) for accepted in part)
    return add(period.key, (constant, *everything), period.ciphertexts)


def check_close(
    statement: CloseStatement,
    period: ReturnPeriod,
    returns: Iterable[AcceptedReturn],
    deposits: Iterable[AcceptedDeposit],
) -> None:
    """Raise BadClose, naming the hub, unless the statement is the one that follows from these. As `close` besides."""
    if statement != close(period, returns, deposits):
        raise BadClose("the statement does not follow from the returns and the noise", culprit="hub")


def quorum(trustees: int, t: int) -> int:
    """How many trustees must sign a close statement: any two such sets share at least t, so one honest one."""
    return (trustees + t - 1) // 2 + 1


def check_signed_close(signed: SignedClose, genesis: Genesis) -> None:
    """Raise unless a quorum of the genesis' trustees signed the statement, each once, in its order.

    Raises BadClose; BadSignature, naming the trustee.
    """
    approvers = [approval.trustee for approval in signed.approvals]
    known = [trustee for trustee in genesis.trustees if trustee.id in approvers]
    if approvers != [trustee.id for trustee in known]:
        raise BadClose("a signature by nobody the genesis names, twice, or out of order", culprit="hub")
    needed = quorum(len(genesis.trustees), genesis.t)
    if len(approvers) < needed:
        raise BadClose(f"{len(approvers)} trustees signed the statement, {needed} must", culprit="hub")
    for trustee, approval in zip(known, signed.approvals, strict=True):
        check_close_signature(signed.statement, trustee, approval.signature)


def check_only_close(statement: CloseStatement, earlier: bytes | None) -> None:
    """Raise PeriodClosed if another statement stands for the period.

    earlier  the digest of the statement that this party signed or saw in the log for it, if any
    """
    if earlier is not None and earlier != digest_of(statement):
        raise PeriodClosed("the period has its one close statement, and this is another", culprit="hub")


def part_of_sum(
    period: ReturnPeriod, share: KeyShare, trustee: str, signed: SignedClose, genesis: Genesis
) -> PartialDecryptions:
    """A trustee's part of opening what a signed close statement fixes, and nothing else.

    Raises as `check_signed_close`; WrongTerms if the statement is another period's.
    """
    total = _total(period, signed, genesis)
    close_digest = digest_of(signed.statement)
    partial = decrypt_partially(period.key, share, total, close_digest)
    return PartialDecryptions(
        close=close_digest,
        trustee=trustee,
        parts=tuple(period.key.encode(part) for part in partial.parts),
        proof=partial.proof,
    )


def check_part(
    period: ReturnPeriod, signed: SignedClose, answer: PartialDecryptions, genesis: Genesis
) -> CheckedPartial:
    """A trustee's part of the signed sum, once its proof holds.

    Raises as `check_signed_close`; BadPartial, BadCiphertext, naming the trustee.
    """
    total = _total(period, signed, genesis)
    close_digest = digest_of(signed.statement)
    culprit = f"trustee:{answer.trustee}"
    index = next((trustee.index for trustee in genesis.trustees if trustee.id == answer.trustee), None)
    if answer.close != close_digest or index is None:
        raise BadPartial("a part of another sum, or by nobody the genesis names", culprit=culprit)
    parts = tuple(period.key.decode(raw, culprit=culprit) for raw in answer.parts)
    partial = Partial(parts, answer.proof)
    return check_partial(period.key, index, total, partial, close_digest, culprit=culprit)


def open_sum(
    period: ReturnPeriod, signed: SignedClose, answers: Iterable[PartialDecryptions], genesis: Genesis
) -> SumResult:
    """The published result, from the parts of t or more trustees: any t give the same.

    A sum outside its window, or with something in an empty slot, makes a result that says void.
    Raises as `check_signed_close`; BadPartial, BadCiphertext, naming the trustee; TooFewShares.
    """
    close_digest = digest_of(signed.statement)
    checked = [check_part(period, signed, answer, genesis) for answer in answers]
    groups = len(signed.statement.contributions)
    sums = _sums(period, combine(period.key, checked), groups)
    told = figures(period.terms, period.layout, sums or [0] * len(period.layout.cells), groups)
    return SumResult(
        close=close_digest,
        period=period.terms.period,
        layout=period.terms.layout,
        groups=groups,
        state=SumState.PUBLISHED if sums else SumState.VOID,
        margin=told.margin,
        figures=told.published,
        withheld=told.withheld,
    )


def _sums(period: ReturnPeriod, plaintexts: list[int], groups: int) -> list[int] | None:
    """The noisy sums, or None if they are void."""
    try:
        sums = unpack(plaintexts, len(period.layout.cells), period.slots)
    except VoidSum:
        return None
    return None if outside_window(period.terms, period.layout, sums, groups) else sums


def _total(period: ReturnPeriod, signed: SignedClose, genesis: Genesis) -> tuple[Ciphertext, ...]:
    check_signed_close(signed, genesis)
    if signed.statement.terms != period.terms:
        raise WrongTerms("a close statement of another period", culprit="hub")
    if len(signed.statement.contributions) < MIN_GROUPS_PER_SUM:
        raise TooFewGroups(
            "a sum of too few groups", groups=len(signed.statement.contributions), culprit="hub"
        )
    if len(signed.statement.total) != period.ciphertexts:
        raise BadCiphertext("another number of ciphertexts than the layout has", culprit="hub")
    return tuple(period.key.decode(raw, culprit="hub") for raw in signed.statement.total)
