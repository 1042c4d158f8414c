"""The trustee's HTTP face: routes name the act and hand it on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import FastAPI, Query, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import PlainTextResponse, Response

from cairn_protocol.messages.wire import Message, encode
from trustee import problems
from trustee.addresses import signed_url
from trustee.serving import MAX_LEAVES, Serving, SignedRequest


def create_app(serving: Serving) -> FastAPI:
    """The app of an open trustee, which it closes when it ends."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        serving.close()

    app = FastAPI(title="Cairn trustee", lifespan=lifespan, docs_url=None, redoc_url=None)
    problems.install(app, serving.figures.refusals, serving.seconds_until_tomorrow)

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Whether the process answers."""
        return {"status": "ok"}

    @app.get("/metrics")
    async def metrics() -> Response:
        """Counts for the operator; nothing by member."""
        return Response(serving.figures.told(), media_type=CONTENT_TYPE_LATEST)

    @app.post("/v1/evaluate")
    async def evaluate(request: Request) -> Response:
        """Evaluate a member's blinded, padded batch."""
        signed = await _signed(request, serving.settings.body_bytes)
        return _told(await asyncio.to_thread(serving.evaluate, signed))

    @app.post("/v1/log/push")
    async def push(request: Request) -> Response:
        """Take leaves from the hub, and cosign its checkpoint if it continues ours."""
        signed = await _signed(request, serving.settings.push_bytes)
        return _told(await asyncio.to_thread(serving.push, signed))

    @app.get("/v1/log/size")
    async def size() -> Response:
        """How many leaves the mirror has."""
        return _told(await asyncio.to_thread(serving.size))

    @app.get("/v1/log/leaves")
    async def leaves(
        start: Annotated[int, Query(ge=0, le=2**40)] = 0,
        count: Annotated[int, Query(ge=1, le=MAX_LEAVES)] = MAX_LEAVES,
    ) -> Response:
        """Leaf hashes of the mirror."""
        return _told(await asyncio.to_thread(serving.leaf_hashes, start, count))

    @app.get("/v1/log/checkpoint")
    async def checkpoint() -> Response:
        """The newest checkpoint this trustee cosigned."""
        return PlainTextResponse(await asyncio.to_thread(serving.latest_note))

    async def _signed(request: Request, limit: int) -> SignedRequest:
        body = await problems.read_body(request, limit)
        url = signed_url(serving.urls, request.headers.get("host", ""), request.scope)
        return SignedRequest(request.method, url, request.headers, body)

    return app


def _told(message: Message) -> Response:
    return Response(encode(message), media_type="application/json")
