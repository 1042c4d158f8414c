"""One trustee as the hub talks to it: bring its mirror up to a checkpoint and get its cosignature.

What it answers is checked here, so whoever lies is named, and harms nobody but its own word.
Not here: when to try again (`sequencer`), what a cosignature adds (`checkpoints`).
"""

import asyncio
import os
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cairn_protocol.checkpoint import Checkpoint, open_note, verify_cosignature
from cairn_protocol.errors import BadConsistency, BadMessage, BadSignature, ProtocolError
from cairn_protocol.http_signatures import sign_request
from cairn_protocol.messages.log import Entries, Push, PushAnswer
from cairn_protocol.messages.parties import Genesis, TrusteeKeys
from cairn_protocol.messages.wire import decode, encode
from hub.errors import HubError
from hub.translog.checkpoints import Target
from hub.translog.nodes import MOST_ENTRIES

HUB = "hub"
MOST_ANSWER_BYTES = 256 * 1024

# A mirror may be elsewhere than we thought once or twice; one that never is where it says is lying.
MOST_DISAGREEMENTS = 3

ReadLeaves = Callable[[int, int], Awaitable[Entries]]


class TrusteeUnreachable(HubError):
    """A trustee did not answer in time."""

    slug = "trustee-unreachable"


class TrusteeRefused(HubError):
    """A trustee refused a push. Its log says why; ours has its problem's slug."""

    slug = "trustee-refused"


class LogBehind(HubError):
    """A trustee holds a checkpoint of ours that is newer than our log: an old backup was restored.

    Going on would fork the log, so nothing gets a place until it is whole again.
    """

    slug = "log-behind"


@dataclass(frozen=True, slots=True)
class TrusteeLink:
    """How to reach one trustee of the genesis, and how to check what it says."""

    keys: TrusteeKeys
    url: str
    genesis: Genesis
    hub_key: Ed25519PrivateKey = field(repr=False)
    client: httpx2.AsyncClient = field(repr=False)
    answer_seconds: float

    @property
    def party(self) -> str:
        """How errors name it."""
        return f"trustee:{self.keys.id}"

    async def size(self) -> int:
        """How many leaves its mirror has. Raises TrusteeUnreachable, TrusteeRefused, BadMessage."""
        return self._answer(*await self._ask("GET", "/v1/log/size")).size

    async def cosign(self, target: Target, read_leaves: ReadLeaves) -> str:
        """Its verified cosignature line for `target`, once its mirror has all leaves up to it.

        Raises TrusteeUnreachable, TrusteeRefused; LogBehind; BadMessage, BadSignature or
        BadConsistency, naming the trustee, if what it says is false.
        """
        wanted = target.checkpoint.size
        size = await self.size()
        disagreements = 0
        while size <= wanted:
            leaves = await read_leaves(size, min(MOST_ENTRIES, wanted - size))
            reached = size + len(leaves.entries)
            if reached == size < wanted:
                raise LogBehind("the log's table lacks leaves that its checkpoint counts")
            note = target.note if reached == wanted else None
            push = Push(start=size, entries=leaves.entries, checkpoint=note)
            answer = self._answer(*await self._ask("POST", "/v1/log/push", encode(push)))
            if answer.size == reached == wanted:
                return self._verified(target.checkpoint, answer)
            if answer.size != reached:
                disagreements += 1
                if disagreements == MOST_DISAGREEMENTS:
                    raise BadMessage("its mirror is never as long as it says", culprit=self.party)
            size = answer.size
        await self.check_not_ahead(wanted)
        raise BadConsistency(
            "its mirror is longer than the log, with no checkpoint for it", culprit=self.party
        )

    async def check_not_ahead(self, size: int) -> None:
        """Raise LogBehind if it shows a checkpoint that this hub signed for more than `size` leaves."""
        status, note = await self._ask("GET", "/v1/log/checkpoint")
        if status != 200:
            return
        name = self._cosigner_name()
        key = Ed25519PublicKey.from_public_bytes(self.keys.signing_key)
        hub_key = self.hub_key.public_key()
        text = note.decode(errors="replace")
        shown = open_note(text, self.genesis.origin, hub_key, {name: key}, 0, sender=self.party)
        if shown.checkpoint.size > size:
            raise LogBehind(f"{self.party} cosigned {shown.checkpoint.size} leaves, the log here has {size}")

    def _verified(self, checkpoint: Checkpoint, answer: PushAnswer) -> str:
        if answer.cosignature is None:
            raise BadSignature("it was asked for a cosignature and gave none", culprit=self.party)
        key = Ed25519PublicKey.from_public_bytes(self.keys.signing_key)
        verify_cosignature(checkpoint, answer.cosignature, self._cosigner_name(), key, culprit=self.party)
        return answer.cosignature

    def _cosigner_name(self) -> str:
        return f"{self.genesis.origin}/{self.keys.id}"

    def _answer(self, status: int, body: bytes) -> PushAnswer:
        # 409 tells where its mirror is, if it is not where the push began.
        if status not in (200, 409):
            raise TrusteeRefused(f"{self.party} answered {status}")
        try:
            return decode(body, PushAnswer, culprit=self.party)
        except ProtocolError:
            if status == 409:
                raise TrusteeRefused(f"{self.party} answered 409") from None
            raise

    async def _ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """Status and body of a signed request. Raises TrusteeUnreachable; BadMessage for an endless answer."""
        url = self.url.rstrip("/") + path
        nonce = b64encode(os.urandom(16)).decode()
        headers = sign_request(method, url, body, HUB, self.hub_key, int(time.time()), nonce)
        headers["Content-Type"] = "application/json"
        received = bytearray()
        try:
            # The client's own time limit is for each piece: pieces could drip in for ever.
            async with (
                asyncio.timeout(self.answer_seconds),
                self.client.stream(method, url, content=body, headers=headers) as response,
            ):
                async for piece in response.aiter_bytes():
                    received += piece
                    if len(received) > MOST_ANSWER_BYTES:
                        raise BadMessage("its answer is too long", culprit=self.party)
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError) as error:
            raise TrusteeUnreachable(f"{self.party} does not answer: {type(error).__name__}") from error
        return response.status_code, bytes(received)
