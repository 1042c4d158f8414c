"""The edge of errors: every refusal leaves as problem+json (RFC 9457) with a request id.

Slugs, statuses and sentences are data (`cairn_protocol.messages.problems`); the library
fastapi-problem carries them. An error that nobody meant becomes `internal`: its text stays
here, its type and place go to the log under the request id that the caller is shown.

Bodies are counted while they arrive, so one that is too large is refused before it is kept.
"""

import json
import uuid
from collections.abc import Collection, Mapping
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi_problem.error import Problem
from fastapi_problem.handler import ExceptionHandler, add_exception_handler, new_exception_handler
from prometheus_client import Counter
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cairn_protocol.errors import CairnError, ProtocolError
from cairn_protocol.messages.problems import MEDIA_TYPE, PROBLEM_TYPES, PROBLEMS
from hub.errors import HubError
from hub.settings import Settings

log = structlog.get_logger(__name__)

REFUSALS = Counter("cairn_hub_refusals", "Requests refused, by the slug of the problem.", ["slug"])

REQUEST_ID = "X-Request-Id"
RETRY_SECONDS = 5

# What the web framework raises by itself.
SLUGS_BY_STATUS = {
    400: "bad-message",
    404: "not-found",
    405: "method-not-allowed",
    415: "unsupported-media-type",
}

# Messages of pydantic's own checks are fixed texts; those of a validator's ValueError are free.
FREE_TEXT = ("value_error", "assertion_error")


class BodyTooLarge(HTTPException):
    """A body is larger than its route takes. An HTTPException, so that the framework lets it pass."""

    def __init__(self, slug: str) -> None:
        super().__init__(PROBLEMS[slug].status, slug)
        self.slug = slug


def install(app: FastAPI, settings: Settings, *, batch_paths: Collection[str] = ()) -> None:
    """Make every refusal of `app` a problem, give each request an id, and limit bodies.

    batch_paths  paths that take `settings.batch_bytes`; all others take `settings.report_bytes`
    """
    answers = new_exception_handler(
        handlers={ProtocolError: _protocol_error, HubError: _hub_error},
        http_exception_handler=_http_exception,
        request_validation_handler=_invalid_request,
        unhandled_wrappers={"default": _internal},  # type: ignore[dict-item]  # only called
        pre_hooks=[_note],
        post_hooks=[_with_request_id],
        documentation_uri_template=PROBLEM_TYPES + "{type}",
    )
    add_exception_handler(app, answers)
    app.add_exception_handler(CairnError, answers)
    app.add_middleware(BodyLimit, batch_paths=frozenset(batch_paths), settings=settings)
    app.add_middleware(RequestIds)  # added last, so it is outside


def documented(*slugs: str) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route that may refuse with these slugs, with an example of each."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for slug in slugs:
        problem = PROBLEMS[slug]
        answer = by_status.setdefault(
            problem.status,
            {"description": problem.title, "content": {MEDIA_TYPE: {"schema": _SCHEMA, "examples": {}}}},
        )
        answer["content"][MEDIA_TYPE]["examples"][slug] = {"value": _body(slug, {})}
    return by_status


_SCHEMA = {"$ref": "#/components/schemas/Problem"}


def _problem(slug: str, *, headers: Mapping[str, str] | None = None, **members: Any) -> Problem:
    known = PROBLEMS[slug]
    sent = dict(headers or {})
    if known.status == 401:
        sent["WWW-Authenticate"] = "Signature"
    if known.status == 503:
        sent["Retry-After"] = str(RETRY_SECONDS)
    return Problem(
        title=known.title, type_=slug, detail=known.what_to_do, status=known.status, headers=sent, **members
    )


def _body(slug: str, members: Mapping[str, Any]) -> dict[str, Any]:
    return _problem(slug, **members).marshal(uri=PROBLEM_TYPES + "{type}")


def _protocol_error(_: ExceptionHandler, _request: Request, error: ProtocolError) -> Problem:
    if error.culprit is None:
        return _problem(error.slug, reason=error.detail)
    return _problem(error.slug, reason=error.detail, culprit=error.culprit)


def _hub_error(_: ExceptionHandler, _request: Request, error: HubError) -> Problem:
    return _problem(error.slug) if error.slug == "internal" else _problem(error.slug, reason=error.detail)


def _http_exception(_: ExceptionHandler, _request: Request, error: HTTPException) -> Problem:
    if isinstance(error, BodyTooLarge):
        return _problem(error.slug)
    return _problem(_slug_of_status(error.status_code), headers=error.headers)


def _slug_of_status(status: int) -> str:
    return SLUGS_BY_STATUS.get(status, "internal" if status >= 500 else "bad-message")


def _invalid_request(_: ExceptionHandler, _request: Request, error: RequestValidationError) -> Problem:
    """Says which field and why, and gives back nothing of what was sent."""
    errors = [
        {
            "loc": list(found["loc"]),
            "msg": "Not accepted" if found["type"] in FREE_TEXT else found["msg"],
            "type": found["type"],
        }
        for found in error.errors()
    ]
    return _problem("invalid-request", errors=errors)


def _internal(_text: str) -> Problem:
    return _problem("internal")


def _note(request: Request, error: Exception) -> None:
    """Log a failure of ours, before it is answered. A refusal shows in the counter alone."""
    slug = getattr(error, "slug", None) or _slug_of_status(getattr(error, "status_code", 500))
    if not isinstance(error, RequestValidationError) and PROBLEMS[slug].status >= 500:
        log.error(
            "request_failed",
            slug=slug,
            status=PROBLEMS[slug].status,
            method=request.method,
            exc_info=error,
        )


def _with_request_id(
    content: dict[str, Any], request: Request, response: Response
) -> tuple[dict[str, Any], Response]:
    slug = content["type"].removeprefix(PROBLEM_TYPES)
    REFUSALS.labels(slug).inc()
    content["request_id"] = request.scope.get("request_id")
    response.body = json.dumps(content, separators=(",", ":")).encode()
    return content, response


class RequestIds:
    """Gives each request an id of ours, in scope, log and answer, and answers what nobody caught.

    A caller's own id is not taken over: it could carry anything into the log.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = scope["request_id"] = uuid.uuid4().hex
        begun = False

        async def send_with_id(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self.app(scope, receive, send_with_id)
            except Exception as error:
                # Raised further, the server would log the exception's text.
                log.error(
                    "request_failed", slug="internal", status=500, method=scope["method"], exc_info=error
                )
                if begun:
                    return  # the answer breaks off, which the caller sees
                REFUSALS.labels("internal").inc()
                answer = JSONResponse(
                    _body("internal", {"request_id": request_id}), status_code=500, media_type=MEDIA_TYPE
                )
                await answer(scope, receive, send_with_id)


class BodyLimit:
    """Refuses a body that is too large: by its announced length, or as soon as it has grown too long."""

    def __init__(self, app: ASGIApp, *, batch_paths: frozenset[str], settings: Settings) -> None:
        self.app = app
        self._batch_paths = batch_paths
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        batch = scope["path"] in self._batch_paths
        most = self._settings.batch_bytes if batch else self._settings.report_bytes
        slug = "batch-too-large" if batch else "body-too-large"
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > most:
            REFUSALS.labels(slug).inc()
            members = {"request_id": scope.get("request_id")}
            await JSONResponse(_body(slug, members), status_code=413, media_type=MEDIA_TYPE)(
                scope, receive, send
            )
            return
        received = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:
                raise BodyTooLarge(slug)
            return message

        await self.app(scope, receive_counted, send)
