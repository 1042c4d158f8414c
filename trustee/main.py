"""The trustee's HTTP face: routes name the act and hand it on."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, TypeVar

from fastapi import FastAPI, Query, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import PlainTextResponse, Response

from cairn_protocol.messages.problems import MEDIA_TYPE
from cairn_protocol.messages.wire import Message, encode
from trustee import problems
from trustee.serving import MAX_LEAVES, Serving, SignedRequest

_T = TypeVar("_T")
JSON = "application/json"


def create_app(open_trustee: Callable[[], Serving]) -> FastAPI:
    """The app. `open_trustee` is called when it starts, and what it gives is closed when it ends."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.trustee = open_trustee()
        yield
        app.state.trustee.close()

    app = FastAPI(title="Cairn trustee", lifespan=lifespan, responses={"4XX": {"content": {MEDIA_TYPE: {}}}})
    problems.install(app)

    def trustee(request: Request) -> Serving:
        found = request.app.state.trustee
        assert isinstance(found, Serving)
        return found

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Whether the process answers."""
        return {"status": "ok"}

    @app.get("/metrics")
    async def metrics() -> Response:
        """Counts for the operator; nothing by member."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    @app.post("/v1/evaluate")
    async def evaluate(request: Request) -> Response:
        """Evaluate a member's blinded, padded batch."""
        serving = trustee(request)
        signed = await _signed(request, serving.settings.body_bytes)
        return _told(await _off_loop(lambda: serving.evaluate(signed)))

    @app.post("/v1/log/push")
    async def push(request: Request) -> Response:
        """Take leaves from the hub, and cosign its checkpoint if it continues ours."""
        serving = trustee(request)
        signed = await _signed(request, serving.settings.push_bytes)
        return _told(await _off_loop(lambda: serving.push(signed)))

    @app.get("/v1/log/size")
    async def size(request: Request) -> Response:
        """How many leaves the mirror has."""
        return _told(await _off_loop(trustee(request).size))

    @app.get("/v1/log/leaves")
    async def leaves(
        request: Request,
        start: Annotated[int, Query(ge=0, le=2**40)] = 0,
        count: Annotated[int, Query(ge=1, le=MAX_LEAVES)] = MAX_LEAVES,
    ) -> Response:
        """Leaf hashes of the mirror."""
        serving = trustee(request)
        return _told(await _off_loop(lambda: serving.leaf_hashes(start, count)))

    @app.get("/v1/log/checkpoint")
    async def checkpoint(request: Request) -> Response:
        """The newest checkpoint this trustee cosigned."""
        note = await _off_loop(trustee(request).latest_note)
        return PlainTextResponse(note) if note else PlainTextResponse("", 404)

    return app


def _told(message: Message) -> Response:
    return Response(encode(message), media_type=JSON)


async def _off_loop(work: Callable[[], _T]) -> _T:
    return await asyncio.to_thread(work)


async def _signed(request: Request, limit: int) -> SignedRequest:
    return SignedRequest(
        request.method, str(request.url), dict(request.headers), await problems.read_body(request, limit)
    )
