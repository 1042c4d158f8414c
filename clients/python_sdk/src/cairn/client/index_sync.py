"""Index sync: the manifest proven by the log, its segments by their hashes, all or nothing.

A manifest counts if it is a leaf under a checkpoint that t trustees cosigned and that fits all
seen before; its number never falls, and one number never has two contents. Segments are
fetched by hash, kept on disk, and only those that are new are fetched. The old index is used
until the new one is whole on disk; then what it alone needed is removed.

A firm syncs on its own timer, never for a check, so the hub learns nothing of lookups (G4).
Not here: looking up (`join`), what was shown of earlier cards (`seen`).
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from cairn.client.connection import HUB, Connection
from cairn.client.errors import ProofInvalid
from cairn.client.hub import HubClient
from cairn.client.index_state import (
    INDEX_FOLDER,
    SYNCED_FILE,
    IndexState,
    Synced,
    index_dir,
    read_synced,
    segment_name,
)
from cairn.client.log import LogView
from cairn_protocol import merkle
from cairn_protocol.errors import ProtocolError
from cairn_protocol.messages.index import (
    MAX_SEGMENT_BYTES,
    CardSegment,
    Manifest,
    ManifestAnswer,
    SegmentRef,
    TagSegment,
    segment_digest,
)
from cairn_protocol.messages.log import LeafKind, hash_of
from cairn_protocol.messages.parties import Genesis
from cairn_protocol.messages.wire import digest_of, encode

__all__ = ["IndexState", "IndexSync"]

PARALLEL_FETCHES: Final = 4


class IndexSync:
    """Brings the index in the connection's state folder up to date."""

    def __init__(self, connection: Connection, genesis: Genesis, log: LogView) -> None:
        self._connection = connection
        self._genesis = genesis
        self._log = log
        self._hub = HubClient(connection, genesis)
        self._directory = index_dir(connection.state.folder)

    async def sync(self) -> IndexState:
        """The state of the index after bringing it up to date; one process at a time does so.

        Raises Unreachable; Rejected if the hub has published none yet; ProofInvalid for an index that the log
        doesn't prove, an older one than before, or a false segment; StateUnwritable on a full disk. After
        any of these the old index stands as it was.
        """
        async with self._connection.state.lock("index"):
            await self._log.refresh()
            before = read_synced(self._directory)
            answered = await self._hub.manifest(before.etag if before else None)
            now = int(self._connection.now())
            if answered is None and before is not None:
                await self._fetch_missing(before.manifest)  # what the disk has lost or damaged since
                return self._keep(Synced(manifest=before.manifest, synced_at=now, etag=before.etag))
            if answered is None:
                raise ProofInvalid("bad-message", "nothing is unchanged before the first sync", culprit=HUB)
            answer, etag = answered
            await self._require_proven(answer)
            self._require_newer(answer.manifest, before.manifest if before else None)
            await self._fetch_missing(answer.manifest)
            state = self._keep(Synced(manifest=answer.manifest, synced_at=now, etag=etag))
            self._remove_all_but(answer.manifest)
            return state

    async def _require_proven(self, answer: ManifestAnswer) -> None:
        """Raise ProofInvalid unless the manifest is a leaf under a cosigned checkpoint."""
        checkpoint = (await self._log.accept(answer.checkpoint)).checkpoint
        leaf = hash_of(LeafKind.MANIFEST, digest_of(answer.manifest))
        try:
            merkle.verify_inclusion(
                leaf, answer.leaf_index, checkpoint.size, answer.path, checkpoint.root, culprit=HUB
            )
        except ProtocolError as error:
            raise ProofInvalid.of(error, HUB) from error

    def _require_newer(self, manifest: Manifest, before: Manifest | None) -> None:
        if manifest.epoch != self._genesis.epoch:
            raise ProofInvalid("wrong-epoch", "the index is of another epoch than the genesis", culprit=HUB)
        if before is None:
            return
        if manifest.number < before.number:
            raise ProofInvalid(
                "rolled-back-index",
                f"the hub shows index {manifest.number} after it has shown index {before.number}",
                culprit=HUB,
            )
        if manifest.number == before.number and manifest != before:
            raise ProofInvalid("forked-index", f"the hub shows two indexes {manifest.number}", culprit=HUB)

    async def _fetch_missing(self, manifest: Manifest) -> None:
        turn = asyncio.Semaphore(PARALLEL_FETCHES)
        try:
            async with asyncio.TaskGroup() as fetches:
                for ref in manifest.tag_segments:
                    fetches.create_task(self._fetch(ref, TagSegment, turn))
                for ref in manifest.card_segments:
                    fetches.create_task(self._fetch(ref, CardSegment, turn))
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None  # the first one ended the others

    async def _fetch(
        self, ref: SegmentRef, form: type[TagSegment] | type[CardSegment], turn: asyncio.Semaphore
    ) -> None:
        if self._is_kept(ref):
            return
        if ref.length > MAX_SEGMENT_BYTES:
            raise ProofInvalid("bad-segment", "a segment longer than segments may be", culprit=HUB)
        async with turn:
            raw = await self._hub.segment(ref)
        try:
            segment = form(raw)
        except ProtocolError as error:
            raise ProofInvalid.of(error, HUB) from error
        if segment.count != ref.count or segment.epoch != self._genesis.epoch:
            raise ProofInvalid("bad-segment", "a segment is not what the manifest says of it", culprit=HUB)
        self._connection.state.write(f"{INDEX_FOLDER}/{segment_name(ref)}", raw)

    def _is_kept(self, ref: SegmentRef) -> bool:
        """Whether the segment is on disk as it was written."""
        try:
            return segment_digest((self._directory / segment_name(ref)).read_bytes()) == ref.digest
        except FileNotFoundError:
            return False

    def _keep(self, synced: Synced) -> IndexState:
        self._connection.state.write(f"{INDEX_FOLDER}/{SYNCED_FILE}", encode(synced))
        return synced.state

    def _remove_all_but(self, manifest: Manifest) -> None:
        needed = {Path(segment_name(ref)).name for ref in _segments(manifest)}
        for path in (self._directory / "segments").glob("*"):
            if path.name not in needed:
                with suppress(OSError):  # still mapped by a lookup, where that forbids it: goes next time
                    path.unlink()


def _segments(manifest: Manifest) -> Sequence[SegmentRef]:
    return manifest.tag_segments + manifest.card_segments
