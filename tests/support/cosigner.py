"""A trustee as the hub's log sees it: mirrors, checks, cosigns. Over HTTP, in a thread, and made to misbehave.

It keeps everything in memory and knows no shares. The whole trustee is the package `trustee`.
"""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cairn_protocol import merkle
from cairn_protocol.checkpoint import cosign, open_note, with_cosignatures
from cairn_protocol.http_signatures import verify_request
from cairn_protocol.messages.log import Push, PushAnswer, check_entry, hash_of
from cairn_protocol.messages.parties import Genesis
from cairn_protocol.messages.wire import decode, encode
from cairn_protocol.roster import check_genesis
from tests.support.parties import Parties


class Cosigner:
    """One trustee of `parties`. Override `answer` to have it lie.

    down   whether it refuses everything
    hangs  whether it takes connections and does not answer
    """

    def __init__(self, parties: Parties, name: str) -> None:
        self.parties, self.name = parties, name
        self.leaves: list[bytes] = []
        self.note: str | None = None
        self.genesis: Genesis | None = None  # from leaf 0
        self.down = False
        self.hangs = False
        self.pushes = 0
        self.app = Starlette(
            routes=[
                Route("/v1/log/size", self._size),
                Route("/v1/log/checkpoint", self._checkpoint),
                Route("/v1/log/push", self._push, methods=["POST"]),
            ]
        )

    def answer(self, honest: PushAnswer) -> PushAnswer:
        """What it says to a push."""
        return honest

    async def _size(self, request: Request) -> Response:
        while self.hangs:
            await asyncio.sleep(0.05)
        return self._said(PushAnswer(size=len(self.leaves), cosignature=None))

    async def _checkpoint(self, request: Request) -> Response:
        if self.down or self.note is None:
            return Response(status_code=503 if self.down else 404)
        return Response(self.note, media_type="text/plain")

    async def _push(self, request: Request) -> Response:
        body = await request.body()
        push = decode(body, Push)
        if self.genesis is None:
            self.genesis = check_genesis(push.entries[0].content or b"")
        hub_key = Ed25519PublicKey.from_public_bytes(self.genesis.hub_key)
        verify_request(
            "POST", str(request.url), request.headers, body, lambda _: hub_key, int(time.time()), 300
        )
        self.pushes += 1
        if push.start != len(self.leaves):
            return self._said(PushAnswer(size=len(self.leaves), cosignature=None))
        for entry in push.entries:
            check_entry(entry)
            self.leaves.append(hash_of(entry.kind, entry.digest))
        line = self._cosigned(self.genesis, push.checkpoint) if push.checkpoint is not None else None
        return self._said(self.answer(PushAnswer(size=len(self.leaves), cosignature=line)))

    def _cosigned(self, genesis: Genesis, note: str) -> str:
        hub_key = Ed25519PublicKey.from_public_bytes(genesis.hub_key)
        shown = open_note(note, genesis.origin, hub_key, {}, 0).checkpoint
        assert (shown.size, shown.root) == (len(self.leaves), merkle.root_of(self.leaves))
        key = self.parties.trustee_keys[self.name]
        line = cosign(shown, f"{genesis.origin}/{self.name}", key, int(time.time()))
        self.note = with_cosignatures(note, [line])
        return line

    def _said(self, answer: PushAnswer) -> Response:
        if self.down:
            return Response(status_code=503)
        return Response(encode(answer), media_type="application/json")

    @contextlib.contextmanager
    def serving(self) -> Iterator[str]:
        """Its URL, for the block."""
        with serving(self.app) as url:
            yield url


@contextlib.contextmanager
def serving(app: object, *, lifespan: str = "off") -> Iterator[str]:
    """An ASGI app on a port of its own, in a thread, for the block. The URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,  # type: ignore[arg-type]
        lifespan=lifespan,  # type: ignore[arg-type]
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("the app did not start")
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()
