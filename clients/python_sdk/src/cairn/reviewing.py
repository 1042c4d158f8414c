"""A dispute upheld: a reviewer's order of a cut, and an analyst's confirmation of exactly that order.

The reviewer judges by codes and tags; whoever disputes proves who it is to the reviewer, never to the hub. What is
signed is what was shown here, not what the hub would like it to be.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from cairn.client.corrections import CorrectionsClient
from cairn.client.errors import ProofInvalid
from cairn.session import Session
from cairn_protocol.errors import BadMessage, CairnError
from cairn_protocol.messages.corrections import CutConfirmation, CutOrder, check_order, cut_id
from cairn_protocol.messages.index import RecallReason
from cairn_protocol.messages.wire import Signed, decode, digest_of, encode, open_signed, sign


class NotCuttable(CairnError):
    """The case can't be cut as asked. The text says why; nothing was ordered."""

    slug: ClassVar[str] = "not-cuttable"


def order_for(
    session: Session,
    case: Mapping[str, Any],
    reason: RecallReason,
    parts: Sequence[Sequence[UUID]] = (),
    *,
    common: bool = True,
) -> CutOrder:
    """The order to cut a case as the hub showed it.

    parts   the parts of a wrong join, else those that were proposed; for any other reason one part: the reports to
            set aside, else all of the case
    common  whether contacts that reports of different parts share become common values

    Raises NotCuttable.
    """
    if reason is RecallReason.WRONG_JOIN:
        chosen = parts or [[UUID(report) for report in part] for part in case["parts"]]
        if len(chosen) < 2:
            raise NotCuttable(
                "these reports would stay together without any contact: name the parts with --part"
            )
    else:
        chosen = parts or [[UUID(report) for report in case["reports"]]]
    sides = [set(part) for part in chosen]
    if any(one & other for at, one in enumerate(sides) for other in sides[:at]):
        raise NotCuttable("a report stands in two parts")
    if not set().union(*sides) <= {UUID(report) for report in case["reports"]}:
        raise NotCuttable("a report that is not of this case")
    order = CutOrder(
        epoch=session.genesis.epoch,
        reason=reason,
        parts=tuple(sorted(tuple(sorted(part)) for part in sides)),
        common=tuple(sorted(_shared(case["contacts"], sides))) if common else (),
        reviewer=session.profile.party,
        ordered_at=int(session.now()),
    )
    try:
        check_order(order)
    except BadMessage as wrong:
        raise NotCuttable(wrong.detail) from None
    return order


def _shared(contacts: Mapping[str, Sequence[str]], sides: Sequence[set[UUID]]) -> list[bytes]:
    """The contacts that reports of two parts or more have. contacts: the reports that have each, by its tag."""
    return [
        bytes.fromhex(tag)
        for tag, reports in contacts.items()
        if sum(not side.isdisjoint(map(UUID, reports)) for side in sides) > 1
    ]


async def recall(
    session: Session,
    case: int,
    reason: RecallReason,
    parts: Sequence[Sequence[UUID]] = (),
    *,
    common: bool = True,
) -> dict[str, Any]:
    """Order the cut of a case. Nothing changes before an analyst confirms it. Raises NotCuttable."""
    client = CorrectionsClient(session.connection)
    shown = await client.disputes(case)
    if not shown:
        raise NotCuttable("no case of that number has several linked reports")
    order = order_for(session, shown[0], reason, parts, common=common)
    return await client.order(sign(order, session.keys.signing))


async def confirm(session: Session, cut: str) -> dict[str, Any]:
    """Agree to a reviewer's order, once it is one by a reviewer on the roster and has that id. Raises ProofInvalid."""
    client = CorrectionsClient(session.connection)
    told = await client.cut(cut)
    order = await _order_in(session, told, cut)
    confirmation = CutConfirmation(
        order=digest_of(order), analyst=session.profile.party, confirmed_at=int(session.now())
    )
    return await client.confirm(cut, sign(confirmation, session.keys.signing))


async def _order_in(session: Session, told: Mapping[str, Any], cut: str) -> CutOrder:
    roster = await session.log.follow()
    try:
        signed = decode(str(told.get("order", "")).encode(), Signed)
        order = decode(signed.body, CutOrder)
        check_order(order)
        reviewer = roster.entry(order.reviewer, int(session.now()))
        open_signed(signed, CutOrder, reviewer.signing_key, culprit=f"reviewer:{order.reviewer}")
    except CairnError as error:
        raise ProofInvalid(
            getattr(error, "slug", "bad-message"), f"the order shown is no reviewer's: {error}", culprit="hub"
        ) from error
    if cut_id(order) != cut or encode(order) != signed.body:
        raise ProofInvalid("bad-message", "the hub shows another order under this id", culprit="hub")
    return order
