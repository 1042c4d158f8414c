"""What trustees know of the log: the checkpoint each cosigned last, and the leaf hashes it keeps.

Whoever of them is stopped or slow is left out: enough of the others tell. A mirror is believed
only as far as its leaves lead to a root that t trustees cosigned.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from cairn.client.answers import limit_of, read_message, read_note
from cairn.client.connection import Connection
from cairn.client.errors import ClientError, ProofInvalid
from cairn_protocol import merkle
from cairn_protocol.merkle import HASH_BYTES
from cairn_protocol.messages.log import LeafHashes
from cairn_protocol.messages.parties import Genesis
from cairn_protocol.signed_note import MAX_NOTE_BYTES

HASHES_A_CALL: Final = 10_000
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Mirror:
    """Leaf hashes that lead to the cosigned root, one after the other, and whose mirrors hold them."""

    trustees: tuple[str, ...]
    leaf_hashes: bytes

    def at(self, index: int) -> bytes:
        """The hash of that leaf."""
        return self.leaf_hashes[index * HASH_BYTES : (index + 1) * HASH_BYTES]


class Mirrors:
    """The log as the trustees of the genesis keep it."""

    def __init__(self, connection: Connection, genesis: Genesis) -> None:
        self._connection = connection
        self._trustees = [trustee.id for trustee in genesis.trustees]

    async def checkpoints(self) -> dict[str, str]:
        """The note that each trustee cosigned last, by its id, of those who answer soon. Unverified."""
        return await self._of_each(self._checkpoint, self._connection.timeouts.compare)

    async def leading_to(self, size: int, root: bytes) -> Mirror | None:
        """The first `size` leaves by mirrors whose leaves lead to `root`; None if no reachable one does."""
        mirrors = await self._of_each(lambda trustee: self._leaves(trustee, size), None)
        true = {trustee: leaves for trustee, leaves in mirrors.items() if _root(leaves, size) == root}
        return Mirror(tuple(true), next(iter(true.values()))) if true else None

    async def _of_each(self, ask: Callable[[str], Awaitable[_T]], seconds: float | None) -> dict[str, _T]:
        tasks = {trustee: asyncio.ensure_future(ask(trustee)) for trustee in self._trustees}
        try:
            await asyncio.wait(tasks.values(), timeout=seconds)
        finally:
            answered = {trustee: task for trustee, task in tasks.items() if task.done()}
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)
        results = {}
        for trustee, task in answered.items():
            try:
                results[trustee] = task.result()
            except ProofInvalid as lie:
                self._connection.state.record_fault(
                    f"trustee:{trustee}", lie.slug, int(self._connection.now())
                )
            except ClientError:
                continue  # stopped, or nothing cosigned yet
        return results

    async def _checkpoint(self, trustee: str) -> str:
        party = f"trustee:{trustee}"
        answer = await self._connection.get(party, "/v1/log/checkpoint", limit=MAX_NOTE_BYTES, repeat=False)
        return read_note(answer.content, party)

    async def _leaves(self, trustee: str, size: int) -> bytes:
        party = f"trustee:{trustee}"
        leaves = bytearray()
        while (start := len(leaves) // HASH_BYTES) < size:
            path = f"/v1/log/leaves?start={start}&count={min(HASHES_A_CALL, size - start)}"
            answer = await self._connection.get(party, path, limit=limit_of(LeafHashes))
            page = read_message(answer.content, LeafHashes, party)
            if page.start != start or not page.leaf_hashes:
                break  # its mirror ends here
            leaves += b"".join(page.leaf_hashes)
        return bytes(leaves)


def _root(leaves: bytes, size: int) -> bytes | None:
    if len(leaves) != size * HASH_BYTES:
        return None
    return merkle.root_of(leaves[at : at + HASH_BYTES] for at in range(0, len(leaves), HASH_BYTES))
