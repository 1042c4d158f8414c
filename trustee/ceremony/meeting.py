"""The ceremony over HTTP: each trustee serves what it has to say, and asks the others until it has all.

| route | what |
|---|---|
| GET /v1/ceremony/commitments?dealer=ID | round 1 of that dealer, as this trustee heard it |
| GET /v1/ceremony/reveals?holder=ID | round 2, served once every round-1 message is in, and the same everywhere |
| GET /v1/ceremony/result | round 3 |
| POST /v1/ceremony/done | a trustee's signed word that it has its shares on disk; nobody leaves before all have |

Too early is 425: ask again. The server lives as long as the ceremony. What it serves is public, but for
the shares, which are sealed.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import TypeVar

import httpx2
import uvicorn
from fastapi import FastAPI, Request
from starlette.responses import Response

from cairn_protocol.errors import BadDealing, ProtocolError
from cairn_protocol.messages.trustee import CeremonyTrustee, Commitments
from cairn_protocol.messages.wire import Signed, decode, encode
from trustee.addresses import listen
from trustee.ceremony.dealing import Dealt, Made, Part
from trustee.errors import PeersMissing

_T = TypeVar("_T")
_PAUSE_SECONDS = 0.1
_ANSWER_SECONDS = 5
_TOO_EARLY = 425
_KEPT_BYTES = 4096


class Meeting:
    """One trustee at the ceremony.

    me     whose part it is
    heard  the signed messages of each trustee, by its id: what shows who cheated
    """

    def __init__(self, part: Part, keep: Callable[[Made], None]) -> None:
        """keep: write the shares to disk. It is called once all results agree, before anybody is told."""
        self.heard: dict[str, list[Signed]] = {trustee.keys.id: [] for trustee in part.plan.trustees}
        self.me = part.me
        self._part = part
        self._keep = keep
        self._trustees = part.plan.trustees
        self._commitments: dict[str, Signed] = {part.me.keys.id: part.commitments()}
        self._may_reveal = False
        self._made: Made | None = None
        self._done: set[str] = set()
        self._waiting_for: set[str] = set()

    async def hold(self, host: str, port: int, seconds: float) -> None:
        """Take part, from this trustee's address. Returns when every trustee has kept its shares.

        Raises PeersMissing if somebody does not come in time, HomeError if the address is taken, and what
        `Part` raises, naming who cheated.
        """
        async with self._served(host, port):
            try:
                async with asyncio.timeout(seconds):
                    await self._take_part()
            except TimeoutError as cause:
                missing = ", ".join(sorted(self._waiting_for)) or "nobody"
                raise PeersMissing(
                    f"after {seconds:g} seconds still waiting for {missing}; "
                    "if nobody is named a cheat, run the key generation again together"
                ) from cause

    async def _take_part(self) -> None:
        async with httpx2.AsyncClient(timeout=_ANSWER_SECONDS) as client:
            committed = await self._round_1(client)
            self._may_reveal = True
            dealt = await self._round_2(client, committed)
            made = await asyncio.to_thread(self._part.combine, dealt)
            self._made = made
            for trustee, signed in await self._each(lambda t: self._get(client, t, "result")):
                self._part.check_result(trustee, signed, made)
            await asyncio.to_thread(self._keep, made)
            kept = encode(self._part.kept(made))
            await self._each(lambda t: self._ask(client, "POST", t, "done", kept))
            while others := set(self.heard) - self._done:
                self._waiting_for = others
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _round_1(self, client: httpx2.AsyncClient) -> dict[str, Commitments]:
        """Everybody's commitments, after asking everybody what everybody committed to.

        A dealer that tells two of us different things has signed both: it is named here.
        """
        committed = {}
        for dealer, signed in await self._each(
            lambda t: self._get(client, t, f"commitments?dealer={t.keys.id}")
        ):
            self._commitments[dealer.keys.id] = signed
            committed[dealer.keys.id] = self._part.open_commitments(dealer, signed, teller=dealer.keys.id)
        for dealer in self._trustees:
            ask = partial(self._get, client, path=f"commitments?dealer={dealer.keys.id}")
            for teller, signed in await self._each(ask):
                told = self._part.open_commitments(dealer, signed, teller=teller.keys.id)
                if told != committed[dealer.keys.id]:
                    self.heard[dealer.keys.id].append(signed)
                    raise BadDealing(
                        "it committed to different things before different trustees",
                        culprit=f"trustee:{dealer.keys.id}",
                    )
        return committed

    async def _round_2(
        self, client: httpx2.AsyncClient, committed: dict[str, Commitments]
    ) -> dict[int, Dealt]:
        path = f"reveals?holder={self.me.keys.id}"
        return {
            dealer.keys.index: await asyncio.to_thread(
                self._part.open_reveals, dealer, signed, committed[dealer.keys.id]
            )
            for dealer, signed in await self._each(lambda t: self._get(client, t, path))
        }

    async def _each(
        self, ask: Callable[[CeremonyTrustee], Awaitable[_T]]
    ) -> list[tuple[CeremonyTrustee, _T]]:
        self._waiting_for = set(self.heard)

        async def one(trustee: CeremonyTrustee) -> tuple[CeremonyTrustee, _T]:
            answer = await ask(trustee)
            self._waiting_for.discard(trustee.keys.id)
            return trustee, answer

        return await asyncio.gather(*(one(trustee) for trustee in self._trustees))

    async def _get(self, client: httpx2.AsyncClient, trustee: CeremonyTrustee, path: str) -> Signed:
        answer = await self._ask(client, "GET", trustee, path)
        signed = decode(answer.content, Signed, culprit=f"trustee:{trustee.keys.id}")
        self.heard[trustee.keys.id].append(signed)
        return signed

    async def _ask(
        self, client: httpx2.AsyncClient, method: str, trustee: CeremonyTrustee, path: str, body: bytes = b""
    ) -> httpx2.Response:
        """Ask again until the peer is up and has what is asked for; the ceremony's own time ends it."""
        while True:
            with contextlib.suppress(httpx2.TransportError):
                url = f"{trustee.url.rstrip('/')}/v1/ceremony/{path}"
                answer = await client.request(method, url, content=body)
                if answer.is_success:
                    return answer
            await asyncio.sleep(_PAUSE_SECONDS)

    @contextlib.asynccontextmanager
    async def _served(self, host: str, port: int) -> AsyncIterator[None]:
        with contextlib.closing(listen(host, port)) as listening:
            config = uvicorn.Config(self._app(), log_config=None, access_log=False, server_header=False)
            server = uvicorn.Server(config)
            serving = asyncio.create_task(server.serve([listening]))
            try:
                yield
            finally:
                server.should_exit = True
                await serving

    def _app(self) -> FastAPI:
        app = FastAPI(title="Cairn key generation", openapi_url=None)
        holders = {trustee.keys.id: trustee for trustee in self._trustees}

        @app.get("/v1/ceremony/commitments")
        async def commitments(dealer: str) -> Response:
            return _told(self._commitments.get(dealer))

        @app.get("/v1/ceremony/reveals")
        async def reveals(holder: str) -> Response:
            if not self._may_reveal or holder not in holders:
                return _told(None)
            return _told(await asyncio.to_thread(self._part.reveals_for, holders[holder]))

        @app.get("/v1/ceremony/result")
        async def result() -> Response:
            return _told(self._made.result if self._made else None)

        @app.post("/v1/ceremony/done")
        async def done(request: Request) -> Response:
            body = b""
            async for more in request.stream():
                body += more
                if len(body) > _KEPT_BYTES:
                    return Response(status_code=413)
            if self._made is None:
                return _told(None)
            try:
                self._done.add(self._part.check_kept(decode(body, Signed), self._made))
            except ProtocolError:  # of nobody: whoever can reach this address may have sent it
                return Response(status_code=403)
            return Response(status_code=204)

        return app


def _told(signed: Signed | None) -> Response:
    if signed is None:
        return Response(status_code=_TOO_EARLY)
    return Response(encode(signed), media_type="application/json")
