"""The ceremony over HTTP: each trustee serves what it has to say, and asks the others until it has all.

    GET /v1/ceremony/commitments           round 1
    GET /v1/ceremony/reveals?holder=ID     round 2, served once every round-1 message is in
    GET /v1/ceremony/result                round 3
    POST /v1/ceremony/done?from=ID         that trustee has checked every result; nobody leaves before all have

The server lives as long as the ceremony. Contents are public, but for the shares, which are sealed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx2
import uvicorn
from fastapi import FastAPI, Query
from starlette.responses import Response

from cairn_protocol.messages.trustee import CeremonyPlan, CeremonyTrustee, Commitments
from cairn_protocol.messages.wire import Signed, decode, encode
from trustee.ceremony.dealing import Made, Part
from trustee.errors import HomeError
from trustee.keys import ServingKeys
from trustee.serving import port_of

_T = TypeVar("_T")
_PAUSE = 0.1


class _Said:
    """What this trustee serves so far."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.all_committed = False
        self.result: Signed | None = None
        self.done: set[str] = set()


def _app(said: _Said) -> FastAPI:
    app = FastAPI(title="Cairn key generation", openapi_url=None)
    holders = {trustee.keys.id: trustee for trustee in said.part.plan.trustees}

    @app.get("/v1/ceremony/commitments")
    async def commitments() -> Response:
        return Response(encode(said.part.commitments()))

    @app.get("/v1/ceremony/reveals")
    async def reveals(holder: str) -> Response:
        if not said.all_committed or holder not in holders:
            return Response(status_code=425)  # too early: somebody has not committed yet
        return Response(encode(said.part.reveals_for(holders[holder])))

    @app.get("/v1/ceremony/result")
    async def result() -> Response:
        return Response(encode(said.result)) if said.result else Response(status_code=425)

    @app.post("/v1/ceremony/done")
    async def done(sender: str = Query(alias="from")) -> Response:
        said.done.add(sender)
        return Response(status_code=204)

    return app


async def meet(
    plan: CeremonyPlan, me: CeremonyTrustee, keys: ServingKeys, seconds: float
) -> tuple[Made, Signed]:
    """Hold the ceremony. Returns this trustee's shares and keys, and its signed result.

    Raises HomeError if a peer does not come in time, and what `Part` raises, naming who cheated.
    """
    part = Part(plan, me, keys)
    said = _Said(part)
    host, port = port_of(me.url)
    server = uvicorn.Server(
        uvicorn.Config(_app(said), host=host, port=port, log_config=None, access_log=False)
    )
    serving = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(seconds):
            return await _take_part(part, said)
    except TimeoutError as cause:
        raise HomeError(
            "the other trustees did not all come in time; run the ceremony again together"
        ) from cause
    finally:
        server.should_exit = True
        await serving


async def _take_part(part: Part, said: _Said) -> tuple[Made, Signed]:
    everybody = part.plan.trustees
    async with httpx2.AsyncClient(timeout=5) as client:
        committed: dict[int, Commitments] = {}
        for trustee, signed in zip(
            everybody, await _of_each(everybody, lambda t: _get(client, t, "commitments")), strict=True
        ):
            committed[trustee.keys.index] = part.open_commitments(trustee, signed)
        said.all_committed = True
        path = f"reveals?holder={part.me.keys.id}"
        dealt = {}
        for trustee, signed in zip(
            everybody, await _of_each(everybody, lambda t: _get(client, t, path)), strict=True
        ):
            dealt[trustee.keys.index] = part.open_reveals(trustee, signed, committed[trustee.keys.index])
        made = part.combine(dealt)
        said.result = part.result(made)
        for trustee, signed in zip(
            everybody, await _of_each(everybody, lambda t: _get(client, t, "result")), strict=True
        ):
            part.check_result(trustee, signed, made)
        await _of_each(everybody, lambda t: _tell_done(client, t, part.me.keys.id))
        while said.done != {trustee.keys.id for trustee in everybody}:
            await asyncio.sleep(_PAUSE)
        return made, said.result


async def _of_each(
    trustees: tuple[CeremonyTrustee, ...], ask: Callable[[CeremonyTrustee], Awaitable[_T]]
) -> list[_T]:
    return await asyncio.gather(*(ask(trustee) for trustee in trustees))


async def _get(client: httpx2.AsyncClient, trustee: CeremonyTrustee, path: str) -> Signed:
    answer = await _until_there(lambda: client.get(f"{trustee.url}/v1/ceremony/{path}"))
    return decode(answer.content, Signed, culprit=f"trustee:{trustee.keys.id}")


async def _tell_done(client: httpx2.AsyncClient, trustee: CeremonyTrustee, me: str) -> None:
    await _until_there(lambda: client.post(f"{trustee.url}/v1/ceremony/done?from={me}"))


async def _until_there(ask: Callable[[], Awaitable[httpx2.Response]]) -> httpx2.Response:
    """Ask again until the peer is up and has what is asked for; the ceremony's own time-out ends it."""
    while True:
        try:
            answer = await ask()
            if answer.is_success:
                return answer
        except httpx2.TransportError:
            pass
        await asyncio.sleep(_PAUSE)
