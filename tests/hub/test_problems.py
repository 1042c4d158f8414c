"""Refusals: whatever goes wrong, the answer is a problem with a slug, a sentence and a request id."""

import io
import json
import logging
import socket
import threading
from collections.abc import Iterator

import httpx2
import pytest
import structlog
import uvicorn
from fastapi import FastAPI, HTTPException, Request
from pydantic import BaseModel, field_validator
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.types import Message

from cairn_protocol import errors
from cairn_protocol.errors import BadShare, ProtocolError
from cairn_protocol.messages.problems import PROBLEM_TYPES, PROBLEMS
from hub import logs, problems
from hub.errors import HubError
from hub.settings import Settings
from hub.storage.database import StoreUnavailable
from hub.storage.models import Base
from hub.storage.nonces import ReplayedNonce

CANARY = "canary-4711"


class Parcel(BaseModel):
    weight: int
    label: str = ""

    @field_validator("label")
    @classmethod
    def refuse(cls, label: str) -> str:
        if label:
            raise ValueError(f"what is {label}?")
        return label


def an_app() -> FastAPI:
    app = FastAPI()
    problems.install(app, Settings(report_bytes=1 << 20, batch_bytes=2 << 20), batch_paths={"/batch"})

    @app.post("/parcels", responses=problems.documented("bad-share", "store-unavailable"))
    async def parcels(parcel: Parcel) -> int:
        return parcel.weight

    @app.post("/raw")
    @app.post("/batch")
    async def raw(request: Request) -> int:
        return len(await request.body())

    @app.get("/share")
    async def share() -> None:
        raise BadShare("a share is not on its line", culprit="member:m04")

    @app.get("/store")
    async def store() -> None:
        raise StoreUnavailable("gone")

    @app.get("/nonce")
    async def nonce() -> None:
        raise ReplayedNonce("seen")

    @app.get("/secret")
    async def secret() -> None:
        raise HubError(f"internal {CANARY}")

    @app.get("/media")
    async def media() -> None:
        raise HTTPException(415)

    @app.get("/accident")
    async def accident() -> None:
        raise KeyError(CANARY)

    return app


def chunks(size: int) -> Iterator[bytes]:
    """A body that doesn't announce its length."""
    for _ in range(size // 65_536):
        yield bytes(65_536)


@pytest.fixture(scope="module")
def log() -> io.StringIO:
    return io.StringIO()


@pytest.fixture(scope="module")
def hub(log: io.StringIO) -> Iterator[httpx2.Client]:
    """The app behind a real server, on which bodies arrive in pieces."""
    root, before = logging.getLogger(), logging.getLogger().handlers
    logs.set_up(stream=log)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(an_app(), log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        with httpx2.Client(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}") as client:
            yield client
        server.should_exit = True
        thread.join()
    root.handlers = before
    structlog.reset_defaults()


def refused(answer: httpx2.Response, status: int, slug: str) -> dict[str, object]:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == PROBLEM_TYPES + slug
    assert problem["title"] == PROBLEMS[slug].title
    assert problem["detail"] == PROBLEMS[slug].what_to_do
    assert problem["status"] == status
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert len(problem["request_id"]) == 32
    return problem  # type: ignore[no-any-return]


def test_a_protocol_error_names_what_broke_and_who_broke_it(hub: httpx2.Client) -> None:
    problem = refused(hub.get("/share"), 422, "bad-share")

    assert problem["reason"] == "a share is not on its line"
    assert problem["culprit"] == "member:m04"


def test_a_lost_database_is_a_reason_to_come_back(hub: httpx2.Client) -> None:
    answer = hub.get("/store")

    refused(answer, 503, "store-unavailable")
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("method", "path", "status", "slug"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("DELETE", "/share", 405, "method-not-allowed"),
        ("GET", "/media", 415, "unsupported-media-type"),
        ("GET", "/nonce", 409, "replayed-nonce"),
    ],
)
def test_other_refusals_are_problems_too(
    hub: httpx2.Client, method: str, path: str, status: int, slug: str
) -> None:
    refused(hub.request(method, path), status, slug)


def test_the_allowed_methods_are_named(hub: httpx2.Client) -> None:
    assert hub.delete("/share").headers["allow"] == "GET"


@pytest.mark.parametrize("body", [b"", b"{", b'{"weight": "' + CANARY.encode() + b'"}', b"\xff"])
def test_an_invalid_body_is_named_and_not_repeated(hub: httpx2.Client, body: bytes) -> None:
    answer = hub.post("/parcels", content=body, headers={"content-type": "application/json"})

    assert answer.status_code in (400, 422)
    refused(answer, answer.status_code, "invalid-request" if answer.status_code == 422 else "bad-message")
    assert CANARY not in answer.text


def test_a_validators_own_words_are_not_passed_on(hub: httpx2.Client) -> None:
    answer = hub.post("/parcels", json={"weight": 1, "label": CANARY})

    problem = refused(answer, 422, "invalid-request")
    assert CANARY not in answer.text
    assert [error["loc"] for error in problem["errors"]] == [["body", "label"]]  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", ["/raw", "/parcels"])
def test_a_body_that_announces_20_mb_is_refused(hub: httpx2.Client, path: str) -> None:
    answer = hub.post(path, content=bytes(20_000_000), headers={"content-type": "application/json"})

    refused(answer, 413, "body-too-large")


@pytest.mark.anyio
async def test_a_body_that_announces_too_much_is_not_even_read() -> None:
    sent: list[Message] = []

    async def read() -> Message:
        raise AssertionError("the body was read")

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"content-length", b"20000000")]
    scope = {"type": "http", "method": "POST", "path": "/raw", "headers": headers, "query_string": b""}
    await an_app()(scope, read, send)

    assert sent[0]["status"] == 413


@pytest.mark.parametrize("path", ["/raw", "/parcels"])
def test_a_body_that_grows_too_long_is_refused(hub: httpx2.Client, path: str) -> None:
    answer = hub.post(path, content=chunks(20_000_000), headers={"content-type": "application/json"})

    refused(answer, 413, "body-too-large")


def test_a_batch_may_be_larger_but_has_its_limit(hub: httpx2.Client) -> None:
    assert hub.post("/batch", content=bytes(2 << 20)).json() == 2 << 20
    refused(hub.post("/batch", content=bytes((2 << 20) + 1)), 413, "batch-too-large")


def test_a_body_of_just_the_limit_is_taken(hub: httpx2.Client) -> None:
    assert hub.post("/raw", content=bytes(1 << 20)).json() == 1 << 20
    assert hub.post("/raw", content=chunks(1 << 20)).json() == 1 << 20


@pytest.mark.parametrize("path", ["/secret", "/accident"])
def test_an_accident_shows_neither_its_text_nor_its_place(
    hub: httpx2.Client, log: io.StringIO, path: str
) -> None:
    answer = hub.get(path)

    problem = refused(answer, 500, "internal")
    assert CANARY not in answer.text
    assert set(problem) == {"type", "title", "status", "detail", "request_id"}
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    [line] = [line for line in lines if line.get("request_id") == problem["request_id"]]
    assert line["event"] == "request_failed"
    assert line["raised_at"][-1].split()[-1] in ("secret", "accident")
    assert CANARY not in log.getvalue()


def test_a_callers_own_request_id_is_not_taken_over(hub: httpx2.Client) -> None:
    assert hub.get("/nowhere", headers={"x-request-id": CANARY}).headers["x-request-id"] != CANARY


def test_an_answer_that_is_no_refusal_has_a_request_id_as_well(hub: httpx2.Client) -> None:
    answer = hub.post("/parcels", json={"weight": 3})

    assert (answer.status_code, answer.json()) == (200, 3)
    assert len(answer.headers["x-request-id"]) == 32


@pytest.mark.anyio
async def test_an_accident_outside_the_edge_is_silent_as_well() -> None:
    """A middleware added later lies outside of ours."""
    app = an_app()

    class Careless(BaseHTTPMiddleware):
        async def dispatch(self, request: Request, call_next: object) -> None:  # type: ignore[override]
            raise KeyError(CANARY)

    app.add_middleware(Careless)
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://hub.example") as client:
        answer = await client.get("/share")

    assert answer.status_code == 500
    assert answer.json()["type"] == PROBLEM_TYPES + "internal"
    assert CANARY not in answer.text


def all_errors(root: type) -> set[type]:
    return {root}.union(*(all_errors(child) for child in root.__subclasses__()))


@pytest.mark.parametrize("error", sorted(all_errors(ProtocolError) | all_errors(HubError), key=str), ids=str)
def test_every_error_has_its_sentence(error: type[ProtocolError]) -> None:
    assert Base and errors  # the modules that define them are imported
    assert error.slug in PROBLEMS


def test_problems_are_in_the_apis_description() -> None:
    described = an_app().openapi()

    answers = described["paths"]["/parcels"]["post"]["responses"]
    example = answers["422"]["content"]["application/problem+json"]["examples"]["bad-share"]["value"]
    assert example["type"] == PROBLEM_TYPES + "bad-share"
    assert "503" in answers
