"""Calls to the hub, each checked as far as the answer alone can be.

A promise is checked against the hub's pinned key and against the report it is for, so
what `file_report` returns is a receipt that holds against the hub. Proofs of the log are
returned as they came: `log` checks them against a cosigned checkpoint.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from msgspec import structs

from cairn.client.answers import limit_of, read_message, read_note
from cairn.client.connection import CONFLICT_SLUGS, HUB, Connection
from cairn.client.errors import Conflict, Misconfigured, ProofInvalid, Rejected
from cairn_protocol.errors import ProtocolError
from cairn_protocol.messages.corrections import Statement
from cairn_protocol.messages.index import ManifestAnswer, SegmentRef, segment_digest
from cairn_protocol.messages.log import ConsistencyProof, Entries, InclusionProof, LeafKind, hash_of
from cairn_protocol.messages.parties import Genesis
from cairn_protocol.messages.report import Batch, BatchAnswer, BatchResult, Promise, Report, Retraction
from cairn_protocol.messages.wire import Signed, digest_of, encode, open_signed, sign
from cairn_protocol.signed_note import MAX_NOTE_BYTES

MAX_REPORTS: Final = 100
_BATCH_BYTES: Final = Batch.MAX_BYTES - 1024  # what the batch's own brackets may take


@dataclass(frozen=True, slots=True)
class Promised:
    """The hub's promise that a leaf will be in the log. `signed` is the receipt to keep."""

    promise: Promise
    signed: Signed


class HubClient:
    """The hub as a member sees it. Every call may raise Unreachable, Unauthorised, Rejected, ProofInvalid."""

    def __init__(self, connection: Connection, genesis: Genesis) -> None:
        self._connection = connection
        self._genesis = genesis

    async def file_report(self, report: Report) -> Promised:
        """File one report; the same report again gets the same promise.

        Raises Conflict if other bytes stand under its id and revision; ProofInvalid for a promise that is
        not the hub's, or not for this report.
        """
        header = report.signed.header
        answer = await self._connection.post(
            HUB,
            "/v1/reports",
            encode(report),
            limit=limit_of(Signed),
            idempotency_key=f"{header.report_id}/{header.revision}",
        )
        return self._promised(read_message(answer.content, Signed, HUB), _expected(report))

    async def file_batch(self, reports: Sequence[Report]) -> list[Promised | Rejected | Conflict]:
        """File any number of reports, each accepted or refused on its own; results in their order."""
        results: list[Promised | Rejected | Conflict] = []
        for batch in _batches(reports):
            answer = await self._connection.post(
                HUB, "/v1/reports/batch", encode(Batch(reports=tuple(batch))), limit=limit_of(BatchAnswer)
            )
            answered = read_message(answer.content, BatchAnswer, HUB).results
            if len(answered) != len(batch):
                raise ProofInvalid("bad-message", "an answer for another number of reports", culprit=HUB)
            results += [self._result(report, result) for report, result in zip(batch, answered, strict=True)]
        return results

    async def retract(self, retraction: Retraction) -> Promised:
        """Take a report back, signed by the connection's signer. The same again gets the same promise."""
        signer = self._connection.signer
        if signer is None:
            raise Misconfigured("taking a report back needs the member's key; enrol first")
        signed = sign(retraction, signer.private_key)
        answer = await self._connection.post(HUB, "/v1/retractions", encode(signed), limit=limit_of(Signed))
        return self._promised(
            read_message(answer.content, Signed, HUB),
            {
                "member": retraction.member,
                "report_id": retraction.report_id,
                "leaf_hash": hash_of(LeafKind.RETRACTION, digest_of(signed)),
            },
        )

    async def state(self, statement: Statement) -> Promised:
        """Say something of one's own report, signed by the connection's signer. The same again: the same promise."""
        return (await self.state_signed(statement))[0]

    async def state_signed(self, statement: Statement) -> tuple[Promised, Signed]:
        """The same, with what was signed: the leaf that is promised is of its digest."""
        signer = self._connection.signer
        if signer is None:
            raise Misconfigured("a statement needs the member's key; enrol first")
        signed = sign(statement, signer.private_key)
        answer = await self._connection.post(HUB, "/v1/statements", encode(signed), limit=limit_of(Signed))
        promised = self._promised(
            read_message(answer.content, Signed, HUB),
            {
                "member": statement.member,
                "report_id": statement.report_id,
                "leaf_hash": hash_of(LeafKind.STATEMENT, digest_of(signed)),
            },
        )
        return promised, signed

    async def manifest(self, etag: str | None = None) -> tuple[ManifestAnswer, str | None] | None:
        """The latest manifest with its ETag, or None if it is still the one of `etag`. Unverified."""
        answer = await self._connection.get(
            HUB, "/v1/index/manifest", limit=limit_of(ManifestAnswer), etag=etag
        )
        if answer.status == 304:
            return None
        return read_message(answer.content, ManifestAnswer, HUB), answer.etag

    async def segment(self, ref: SegmentRef) -> bytes:
        """A segment's bytes. Raises ProofInvalid unless they have the length and hash that `ref` says."""
        answer = await self._connection.get(HUB, f"/v1/index/segments/{ref.digest.hex()}", limit=ref.length)
        if len(answer.content) != ref.length or segment_digest(answer.content) != ref.digest:
            raise ProofInvalid("bad-segment", "a segment is not the one that the manifest names", culprit=HUB)
        return answer.content

    async def policy(self) -> Signed:
        """The network's policy pack. Unverified."""
        answer = await self._connection.get(HUB, "/v1/policy", limit=limit_of(Signed))
        return read_message(answer.content, Signed, HUB)

    async def checkpoint(self) -> str:
        """The latest note that trustees cosigned. Unverified."""
        answer = await self._connection.get(HUB, "/v1/log/checkpoint", limit=MAX_NOTE_BYTES)
        return read_note(answer.content, HUB)

    async def entries(self, start: int, count: int) -> Entries:
        """Up to `count` leaves from `start`, at least one. Unverified but for their number and place."""
        answer = await self._connection.get(
            HUB, f"/v1/log/entries?start={start}&count={count}", limit=limit_of(Entries)
        )
        entries = read_message(answer.content, Entries, HUB)
        fits = entries.start == start and 1 <= len(entries.entries) <= count
        if not fits or len(entries.leaf_hashes) != len(entries.entries):
            raise ProofInvalid(
                "bad-message", f"the log's entries from {start} on are not those asked for", culprit=HUB
            )
        return entries

    async def inclusion(self, leaf_hash: bytes, size: int) -> InclusionProof:
        """Where a leaf is among the first `size`, and the path that shows it. Unverified."""
        path = f"/v1/log/proof?leaf={leaf_hash.hex()}&size={size}"
        answer = await self._connection.get(HUB, path, limit=limit_of(InclusionProof))
        return read_message(answer.content, InclusionProof, HUB)

    async def consistency(self, old: int, new: int) -> ConsistencyProof:
        """That the first `old` leaves are unchanged among the first `new`. Unverified."""
        path = f"/v1/log/proof?old={old}&new={new}"
        answer = await self._connection.get(HUB, path, limit=limit_of(ConsistencyProof))
        return read_message(answer.content, ConsistencyProof, HUB)

    def _result(self, report: Report, result: BatchResult) -> Promised | Rejected | Conflict:
        if result.promise is not None:
            return self._promised(result.promise, _expected(report))
        slug, detail = result.problem or "internal", result.detail or "the hub gave no reason"
        return Conflict(slug, detail) if slug in CONFLICT_SLUGS else Rejected(slug, detail)

    def _promised(self, signed: Signed, expected: dict[str, object]) -> Promised:
        promised = promised_from(signed, self._genesis)
        said = structs.asdict(promised.promise)
        if any(said[name] != value for name, value in expected.items()):
            raise ProofInvalid(
                "wrong-promise", "the hub's promise is for something else than was sent", culprit=HUB
            )
        return promised


def promised_from(signed: Signed, genesis: Genesis) -> Promised:
    """A promise as kept or received, once the hub's signature holds. Raises ProofInvalid."""
    try:
        return Promised(open_signed(signed, Promise, genesis.hub_key, culprit=HUB), signed)
    except ProtocolError as error:
        raise ProofInvalid.of(error, HUB) from error


def _expected(report: Report) -> dict[str, object]:
    """What the promise for a report says, all of it."""
    header, digest = report.signed.header, report.signed.digest()
    return {
        "member": header.member,
        "report_id": header.report_id,
        "revision": header.revision,
        "digest": digest,
        "leaf_hash": hash_of(LeafKind.REPORT, digest),
    }


def _batches(reports: Sequence[Report]) -> Iterator[list[Report]]:
    """The reports in their order, in batches that keep both limits of the wire."""
    batch: list[Report] = []
    size = 0
    for report in reports:
        length = len(encode(report)) + 1
        if batch and (len(batch) == MAX_REPORTS or size + length > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(report)
        size += length
    if batch:
        yield batch
