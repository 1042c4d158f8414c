"""The log as this firm has verified it: nobody can show it another past than it has seen.

A checkpoint counts only with the hub's signature and t trustees' cosignatures, by the keys
of the pinned genesis; it must continue the last one seen, and agree with the latest that every
reachable trustee has cosigned. Two notes that contradict each other are kept as files:
they prove the hub's fork to anyone.

`refresh` takes the newest checkpoint, `follow` reads what is new and keeps the roster,
`verify_all` reads everything again and finds the leaf where something is off (`altered`).
Source: RFC 6962, C2SP tlog-checkpoint; design.md 4.8, 4.9.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cairn.client.altered import altered_leaves
from cairn.client.connection import HUB, Connection
from cairn.client.errors import Misconfigured, ProofInvalid, Rejected
from cairn.client.hub import HubClient
from cairn.client.mirrors import Mirrors
from cairn.client.reading import NOTHING_READ, Followed, Reading
from cairn_protocol import merkle
from cairn_protocol.checkpoint import Verified, open_note
from cairn_protocol.cuts import check_cut
from cairn_protocol.errors import BadConsistency, PartyId, ProtocolError
from cairn_protocol.messages.corrections import CutOrder
from cairn_protocol.messages.log import LeafKind
from cairn_protocol.messages.openings import Opening
from cairn_protocol.messages.parties import Genesis
from cairn_protocol.messages.wire import decode
from cairn_protocol.roster import Roster

ENTRIES_A_CALL: Final = 1_000
_CHECKPOINT: Final = "checkpoint.note"
_FOLLOWED: Final = "followed.json"


@dataclass(frozen=True, slots=True)
class Seen:
    """A note whose signatures hold, and who gave it."""

    note: str
    verified: Verified
    giver: PartyId

    @property
    def size(self) -> int:
        """Leaves of the log in this state."""
        return self.verified.checkpoint.size

    @property
    def root(self) -> bytes:
        """Their root."""
        return self.verified.checkpoint.root


@dataclass(frozen=True, slots=True)
class Audit:
    """The whole log, read and found true.

    cosigners  trustee's id: seconds since 1970 when it cosigned the checkpoint, by its clock
    """

    size: int
    leaves_by_kind: Mapping[LeafKind, int]
    cosigners: Mapping[str, int]
    roster: Roster


class LogView:
    """The log from where this firm stands. What it has seen is kept in the connection's state folder."""

    def __init__(self, connection: Connection, genesis: Genesis) -> None:
        self._connection = connection
        self._genesis = genesis
        self._hub = HubClient(connection, genesis)
        self._mirrors = Mirrors(connection, genesis)
        self._hub_key = Ed25519PublicKey.from_public_bytes(genesis.hub_key)
        self._trustee_keys = {
            f"{genesis.origin}/{trustee.id}": Ed25519PublicKey.from_public_bytes(trustee.signing_key)
            for trustee in genesis.trustees
        }

    def last_seen(self) -> Verified | None:
        """The newest checkpoint that was verified, if any. Raises Misconfigured if its file is damaged."""
        seen = self._last()
        return seen.verified if seen else None

    def last_note(self) -> str | None:
        """That checkpoint as the hub and its trustees signed it, for whoever checks without this machine."""
        seen = self._last()
        return seen.note if seen else None

    async def refresh(self) -> Verified:
        """The newest checkpoint, once it fits all that was seen here and by every reachable trustee.

        Raises ProofInvalid (with both notes as evidence if two contradict each other), Unreachable.
        """
        newest = await self._take_in(await self._shown_by_hub())
        await self._compare_with_trustees(newest)
        return newest.verified

    async def accept(self, note: str) -> Verified:
        """The checkpoint of another note by the hub, once it has t cosignatures and fits what was seen.

        Raises as `refresh`.
        """
        shown = self._open(note, HUB, self._genesis.t)
        await self._take_in(shown)
        return shown.verified

    async def follow(self) -> Roster:
        """Read the leaves that are new since the last time; the roster after them. Raises as `verify_all`."""
        newest = await self._take_in(await self._shown_by_hub())
        await self._compare_with_trustees(newest)
        reading = Reading(self._followed())
        if reading.first < newest.size:
            await self._read(reading, newest.size, None)
        if not reading.clean or reading.followed.size != newest.size or reading.followed.root != newest.root:
            return (await self.verify_all()).roster
        self._keep_followed(reading.followed)
        return self.roster()

    def roster(self) -> Roster:
        """The roster as of the last `follow` or `verify_all`.

        Raises ProofInvalid if the log holds an act that t trustees never approved.
        """
        roster = Roster(self._genesis)
        for index, content in self._followed().acts:
            try:
                roster.apply(index, content)
            except ProtocolError as error:
                raise ProofInvalid(
                    error.slug, f"leaf {index}: {error.detail}", culprit=error.culprit or HUB
                ) from error
        return roster

    def openings(self) -> list[Opening]:
        """Every opening in the log, as of the last `follow` or `verify_all`."""
        return [decode(content, Opening, culprit=HUB) for _, content in self._followed().openings]

    def cuts(self) -> list[CutOrder]:
        """Every cut in the log, as of the last `follow` or `verify_all`.

        Raises ProofInvalid for one that no reviewer and analyst of the roster signed.
        """
        followed, roster = self._followed(), self.roster()
        orders = []
        for index, content in followed.cuts:
            try:
                orders.append(check_cut(content, roster, index))
            except ProtocolError as error:
                raise ProofInvalid(
                    error.slug, f"leaf {index}: {error.detail}", culprit=error.culprit or HUB
                ) from error
        return orders

    async def verify_inclusion(self, leaf_hash: bytes) -> int | None:
        """The leaf's index under the last checkpoint seen, proven; None if the hub gives no proof yet.

        Raises ProofInvalid for a false proof; Misconfigured before the first `refresh`.
        """
        seen = self._last()
        if seen is None:
            raise Misconfigured("no checkpoint of the log was verified yet; sync first")
        try:
            proof = await self._hub.inclusion(leaf_hash, seen.size)
        except Rejected:
            return None
        try:
            merkle.verify_inclusion(leaf_hash, proof.index, seen.size, proof.path, seen.root, culprit=HUB)
        except ProtocolError as error:
            raise ProofInvalid.of(error, HUB) from error
        return proof.index

    async def verify_all(self, progress: Callable[[int, int], None] | None = None) -> Audit:
        """Read the whole log again and hold it against the cosigned root.

        progress  called with leaves read and leaves in all

        Raises ProofInvalid that names each leaf where the hub's log is not the one that trustees cosigned.
        """
        shown = await self._shown_by_hub()
        suspicion = None
        try:
            await self._compare_with_trustees(await self._take_in(shown))
        except ProofInvalid as contradiction:
            suspicion = contradiction  # where it is, the leaves will tell
        reading = Reading()
        await self._read(reading, shown.size, progress)
        if suspicion or not reading.clean or reading.followed.root != shown.root:
            found = await altered_leaves(reading, shown.size, shown.root, self._mirrors)
            raise found or suspicion or AssertionError("a root that differs has a leaf that differs")
        self._keep_followed(reading.followed)
        cosigners = {name.rpartition("/")[2]: at for name, at in shown.verified.cosigners.items()}
        return Audit(shown.size, dict(reading.kinds), cosigners, self.roster())

    async def _read(self, reading: Reading, size: int, progress: Callable[[int, int], None] | None) -> None:
        while (start := reading.followed.size) < size:
            reading.take(await self._hub.entries(start, min(ENTRIES_A_CALL, size - start)))
            if progress:
                progress(reading.followed.size, size)

    async def _shown_by_hub(self) -> Seen:
        return self._open(await self._hub.checkpoint(), HUB, self._genesis.t)

    async def _take_in(self, shown: Seen) -> Seen:
        """The newer of `shown` and the last one seen, once one continues the other; it is kept."""
        last = self._last()
        if last is not None:
            await self._require_consistent(last, shown)
            if last.size >= shown.size:
                return last
        self._connection.state.write(_CHECKPOINT, shown.note.encode())
        return shown

    async def _compare_with_trustees(self, seen: Seen) -> None:
        for trustee, note in (await self._mirrors.checkpoints()).items():
            giver = f"trustee:{trustee}"
            try:
                cosigned = self._open(note, giver, 1, only=f"{self._genesis.origin}/{trustee}")
            except ProofInvalid as lie:
                self._connection.state.record_fault(giver, lie.slug, int(self._connection.now()))
                continue
            await self._require_consistent(seen, cosigned)

    async def _require_consistent(self, one: Seen, other: Seen) -> None:
        """Raise ProofInvalid, and keep both notes, unless they are two states of one log."""
        older, newer = sorted((one, other), key=lambda seen: seen.size)
        try:
            path = await self._consistency_path(older.size, newer.size)
            merkle.verify_consistency(older.size, newer.size, path, older.root, newer.root, culprit=HUB)
        except (BadConsistency, Rejected) as error:
            notes = [(older.giver, older.note), (newer.giver, newer.note)]
            kept = self._connection.state.keep_conflict(int(self._connection.now()), notes)
            raise ProofInvalid(
                "bad-consistency",
                f"the hub signed two states of the log, of {older.size} leaves (shown by {older.giver}) "
                f"and of {newer.size} (shown by {newer.giver}), and can't show that one continues the "
                f"other: {error.detail}",
                culprit=HUB,
                evidence=kept,
            ) from error

    async def _consistency_path(self, old: int, new: int) -> tuple[bytes, ...]:
        if old in (0, new):
            return ()
        return (await self._hub.consistency(old, new)).path

    def _open(self, note: str, giver: PartyId, threshold: int, *, only: str | None = None) -> Seen:
        keys = {only: self._trustee_keys[only]} if only else self._trustee_keys
        try:
            verified = open_note(note, self._genesis.origin, self._hub_key, keys, threshold, sender=giver)
        except ProtocolError as error:
            raise ProofInvalid.of(error, giver) from error
        return Seen(note, verified, giver)

    def _last(self) -> Seen | None:
        raw = self._connection.state.read(_CHECKPOINT)
        if raw is None:
            return None
        try:
            return self._open(raw.decode(), HUB, self._genesis.t)
        except (ProofInvalid, UnicodeDecodeError) as error:
            raise Misconfigured(
                f"the file {self._connection.state.folder / _CHECKPOINT} is damaged or of another hub; "
                "if you know why, remove it: the log's past is then taken from the trustees anew"
            ) from error

    def _followed(self) -> Followed:
        raw = self._connection.state.read(_FOLLOWED)
        try:
            followed = msgspec.json.decode(raw, type=Followed) if raw else NOTHING_READ
        except msgspec.MsgspecError:
            return NOTHING_READ  # damaged: read again from the start
        return followed if followed.size.bit_count() == len(followed.frontier) else NOTHING_READ

    def _keep_followed(self, followed: Followed) -> None:
        self._connection.state.write(_FOLLOWED, msgspec.json.encode(followed))
