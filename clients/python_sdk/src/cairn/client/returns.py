"""Periods of returns, each part proven in the log before it is used, and filing one."""

from dataclasses import dataclass
from typing import Final

from cairn.client.answers import limit_of, read_message
from cairn.client.connection import HUB, Connection
from cairn.client.errors import ProofInvalid, Rejected
from cairn.client.log import LogView
from cairn_protocol.contributing import ReturnPeriod
from cairn_protocol.errors import ProtocolError
from cairn_protocol.messages.log import LeafKind, content_digest, hash_of
from cairn_protocol.messages.parties import Genesis
from cairn_protocol.messages.returns import SignedClose, SumResult
from cairn_protocol.messages.returns_exchange import (
    Periods,
    PeriodShown,
    PeriodStanding,
    ReturnReceipt,
)
from cairn_protocol.messages.wire import Message, Signed, digest_of, encode, open_signed
from cairn_protocol.returns_log import ReturnsLog

_RETURNS: Final = "/v1/returns"


@dataclass(frozen=True, slots=True)
class Proven:
    """A period as the log has it."""

    period: ReturnPeriod
    closed: SignedClose | None
    result: SumResult | None


class ReturnsClient:
    """The hub's returns as a member sees them. Calls may raise Unreachable, Unauthorised, Rejected, ProofInvalid."""

    def __init__(self, connection: Connection, genesis: Genesis, log: LogView) -> None:
        self._connection = connection
        self._genesis = genesis
        self._log = log

    async def periods(self) -> tuple[PeriodStanding, ...]:
        """Every period the hub tells of, oldest first. Unverified."""
        answer = await self._connection.get(HUB, _RETURNS, limit=limit_of(Periods))
        return read_message(answer.content, Periods, HUB).periods

    async def proven(self, period: str) -> Proven:
        """A period whose key, terms, close and result are leaves that t trustees cosigned.

        Raises Rejected (`not-in-log`) while the terms are not there yet; ProofInvalid if what is shown is
        not what the log may hold.
        """
        path = f"{_RETURNS}/{period}"
        answer = await self._connection.get(HUB, path, limit=limit_of(PeriodShown))
        shown = read_message(answer.content, PeriodShown, HUB)
        leaves: list[tuple[LeafKind, Message | None]] = [
            (LeafKind.PAILLIER_KEY, shown.key),
            (LeafKind.RETURN_TERMS, shown.terms),
            (LeafKind.RETURN_CLOSE, shown.closed),
            (LeafKind.RETURN_RESULT, shown.result),
        ]
        await self._log.refresh()
        log = ReturnsLog(self._genesis)
        try:
            for kind, message in leaves:
                # What is not in a cosigned state of the log yet, is not yet.
                if message is None or not await self._is_logged(kind, encode(message)):
                    break
                log.apply(kind, encode(message))
        except ProtocolError as error:
            raise ProofInvalid.of(error, error.culprit or HUB) from error
        if period not in log.periods:
            raise Rejected("not-in-log", "the period's terms are not in the log yet: try again in a moment")
        return Proven(log.periods[period], log.closes.get(period), log.results.get(period))

    async def file(self, signed: Signed, expected: ReturnReceipt) -> Signed:
        """File a group's signed return; the hub's signed receipt for it. The same again gets the same."""
        answer = await self._connection.post(HUB, _RETURNS, encode(signed), limit=limit_of(Signed))
        receipt = read_message(answer.content, Signed, HUB)
        try:
            told = open_signed(receipt, ReturnReceipt, self._genesis.hub_key, culprit=HUB)
        except ProtocolError as error:
            raise ProofInvalid.of(error, HUB) from error
        if told != expected:
            raise ProofInvalid(
                "wrong-promise", "the hub's receipt is for another return than was sent", culprit=HUB
            )
        return receipt

    async def _is_logged(self, kind: LeafKind, content: bytes) -> bool:
        leaf = hash_of(kind, content_digest(content))
        return await self._log.verify_inclusion(leaf) is not None


def receipt_for(signed: Signed, period: str, group: str, member: str) -> ReturnReceipt:
    """What the hub's receipt for this return says."""
    return ReturnReceipt(period=period, group=group, member=member, digest=digest_of(signed))
