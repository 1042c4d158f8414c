"""Evaluation by trustees: blinded values go out to all, the first t right answers come home.

The values never leave: trustees see random elements, equally many for every subject. All
trustees are asked at once, and whoever is slow or stopped once t have answered is let go,
so the quickest t set the pace. An answer that fails its proof names its trustee, is
recorded in the state folder, and counts as none.

Not here: what is evaluated and what the outputs are for (the register's side, `tags`).
Source: RFC 9497 through `cairn_protocol.voprf`; design.md 4.2.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from cairn.client.answers import limit_of, read_message
from cairn.client.connection import Connection
from cairn.client.errors import (
    ClientError,
    Metered,
    Misconfigured,
    ProofInvalid,
    Rejected,
    TrusteeUnavailable,
    Unauthorised,
    Unreachable,
)
from cairn_protocol import voprf
from cairn_protocol.errors import ProtocolError
from cairn_protocol.group import Element
from cairn_protocol.kinds import NAME_EVALUATIONS, VALUE_EVALUATIONS, KeyName
from cairn_protocol.messages.parties import Genesis, TrusteeKeys
from cairn_protocol.messages.trustee import MAX_SUBJECTS, Evaluate, Evaluated, Evaluations
from cairn_protocol.messages.wire import encode
from cairn_protocol.sharing import Index
from cairn_protocol.voprf import Blinded, Output, PublicShare


@dataclass(frozen=True, slots=True)
class SubjectInputs:
    """One subject's OPRF inputs (`kinds.oprf_input`), each list padded with None to its fixed length."""

    names: tuple[bytes | None, ...] = field(repr=False)  # NAME_EVALUATIONS
    values: tuple[bytes | None, ...] = field(repr=False)  # VALUE_EVALUATIONS

    def __post_init__(self) -> None:
        if len(self.names) != NAME_EVALUATIONS or len(self.values) != VALUE_EVALUATIONS:
            raise ValueError(
                f"a subject is {NAME_EVALUATIONS} name inputs and {VALUE_EVALUATIONS} value inputs"
            )


@dataclass(frozen=True, slots=True)
class SubjectOutputs:
    """One subject's OPRF outputs (64 bytes each), in the places of its inputs; None for a filler."""

    names: tuple[Output | None, ...] = field(repr=False)
    values: tuple[Output | None, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The outputs of every subject, whose answers made them, and whose answers were false."""

    subjects: list[SubjectOutputs]
    answered: tuple[str, ...]
    lies: tuple[ProofInvalid, ...]


@dataclass(slots=True)
class _Replies:
    """What the trustees of one batch have sent so far."""

    right: dict[str, Evaluations] = field(default_factory=dict)  # by trustee id, verified
    refusals: list[ClientError] = field(default_factory=list)
    lies: list[ProofInvalid] = field(default_factory=list)


class TrusteesClient:
    """The trustees of the genesis, as a member asks them."""

    def __init__(self, connection: Connection, genesis: Genesis) -> None:
        self._connection = connection
        self._genesis = genesis

    async def evaluate(self, subjects: Sequence[SubjectInputs]) -> Evaluation:
        """The OPRF outputs of any number of subjects, in batches of at most `MAX_SUBJECTS`.

        Every batch costs the group's meter one padded subject each, also at trustees that are let go.

        Raises TrusteeUnavailable if fewer than t trustees could answer; Metered, Unauthorised or Rejected if
        t could, but too many refuse; ProofInvalid (culprit: the trustee) if it fails for a lie.
        """
        outputs: list[SubjectOutputs] = []
        answered: dict[str, None] = {}
        lies: list[ProofInvalid] = []
        for at in range(0, len(subjects), MAX_SUBJECTS):
            batch = subjects[at : at + MAX_SUBJECTS]
            names, values = await asyncio.to_thread(_blind, batch)
            replies = await self._ask_all(names, values, len(batch))
            outputs += await asyncio.to_thread(self._combine, names, values, replies.right)
            answered |= dict.fromkeys(replies.right)
            lies += replies.lies
        return Evaluation(outputs, tuple(answered), tuple(lies))

    async def _ask_all(self, names: Blinded, values: Blinded, subjects: int) -> _Replies:
        """Verified answers of t trustees, the quickest ones."""
        request = Evaluate(
            epoch=self._genesis.epoch, subjects=subjects, names=names.elements, values=values.elements
        )
        body = encode(request)
        replies = _Replies()
        waiting = {
            asyncio.create_task(self._ask(trustee, body)): trustee for trustee in self._genesis.trustees
        }
        try:
            while waiting and len(replies.right) < self._genesis.t:
                done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    if (
                        len(replies.right) < self._genesis.t
                    ):  # who came too late is let go below, like the rest
                        await self._take(waiting.pop(task), task, names, values, replies)
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        if len(replies.right) < self._genesis.t:
            raise _too_few(replies, self._genesis.t)
        return replies

    async def _ask(self, trustee: TrusteeKeys, body: bytes) -> Evaluations:
        # Not repeated: every request is metered, and the other trustees are asked already.
        answer = await self._connection.post(
            f"trustee:{trustee.id}", "/v1/evaluate", body, limit=limit_of(Evaluations), repeat=False
        )
        return read_message(answer.content, Evaluations, f"trustee:{trustee.id}")

    async def _take(
        self,
        trustee: TrusteeKeys,
        task: asyncio.Task[Evaluations],
        names: Blinded,
        values: Blinded,
        replies: _Replies,
    ) -> None:
        """File a finished answer under what it is: right, false or refused."""
        try:
            answer = task.result()
            await asyncio.to_thread(self._verify, trustee, names, values, answer)
        except ProofInvalid as lie:
            replies.lies.append(lie)
            self._connection.state.record_fault(
                lie.culprit or f"trustee:{trustee.id}", lie.slug, int(self._connection.now())
            )
        except ClientError as refused:
            replies.refusals.append(refused)
        else:
            replies.right[trustee.id] = answer

    def _verify(self, trustee: TrusteeKeys, names: Blinded, values: Blinded, answer: Evaluations) -> None:
        try:
            voprf.verify(self._public(trustee, KeyName.NAMES), names, _evaluation(answer.names))
            voprf.verify(self._public(trustee, KeyName.VALUES), values, _evaluation(answer.values))
        except ProtocolError as error:
            raise ProofInvalid.of(error, f"trustee:{trustee.id}") from error

    def _public(self, trustee: TrusteeKeys, key: KeyName) -> PublicShare:
        share = self._genesis.joint_key(key.value).shares[trustee.index - 1]
        return PublicShare(Index(trustee.index), Element(share), f"trustee:{trustee.id}")

    def _combine(
        self, names: Blinded, values: Blinded, right: dict[str, Evaluations]
    ) -> list[SubjectOutputs]:
        indices = {trustee.id: Index(trustee.index) for trustee in self._genesis.trustees}
        of_names = voprf.combine(names, {indices[id_]: _evaluation(a.names) for id_, a in right.items()})
        of_values = voprf.combine(values, {indices[id_]: _evaluation(a.values) for id_, a in right.items()})
        return [
            SubjectOutputs(
                tuple(of_names[at * NAME_EVALUATIONS : (at + 1) * NAME_EVALUATIONS]),
                tuple(of_values[at * VALUE_EVALUATIONS : (at + 1) * VALUE_EVALUATIONS]),
            )
            for at in range(len(of_names) // NAME_EVALUATIONS)
        ]


def _blind(subjects: Sequence[SubjectInputs]) -> tuple[Blinded, Blinded]:
    return (
        voprf.blind([value for subject in subjects for value in subject.names]),
        voprf.blind([value for subject in subjects for value in subject.values]),
    )


def _evaluation(answer: Evaluated) -> voprf.Evaluation:
    return voprf.Evaluation(tuple(Element(element) for element in answer.elements), answer.proof)


def _too_few(replies: _Replies, t: int) -> ClientError:
    """Why a batch failed: what would have to change for t answers to be there.

    A refusal counts before an absence: if t trustees were reached, waiting for the others is no remedy.
    """
    reached = len(replies.right)
    for kind in (Metered, Unauthorised, Rejected):
        of_kind = [refused for refused in replies.refusals if isinstance(refused, kind)]
        if of_kind and reached + len(of_kind) >= t:
            return of_kind[0]
    if replies.lies and reached + len(replies.lies) >= t:
        return replies.lies[0]
    unreachable = (Unreachable, Misconfigured)
    other = [refused for refused in replies.refusals if not isinstance(refused, unreachable)]
    if other and reached + len(other) + len(replies.lies) >= t:
        return other[0]
    return TrusteeUnavailable(reached, t)
