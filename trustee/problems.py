"""The edge of errors: every refusal leaves as problem+json (RFC 9457) with a request id.

Slugs, statuses and sentences are `cairn_protocol.messages.problems`. Bodies are counted while they
arrive. An error nobody meant becomes `internal`; its text stays here.
"""

import json
import uuid
from collections.abc import Callable, Mapping

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from prometheus_client import Counter
from starlette.exceptions import HTTPException
from starlette.responses import Response

from cairn_protocol.errors import CairnError, ProtocolError
from cairn_protocol.messages.problems import MEDIA_TYPE, PROBLEM_TYPES, PROBLEMS
from trustee.errors import BodyTooLarge, TrusteeError
from trustee.logs import place_of

log = structlog.get_logger(__name__)

RETRY_SECONDS = 5
_BY_STATUS = {404: "not-found", 405: "method-not-allowed", 415: "unsupported-media-type"}


def install(app: FastAPI, refusals: Counter, seconds_until_tomorrow: Callable[[], int]) -> None:
    """Make every refusal of `app` a problem.

    refusals                counts them by slug
    seconds_until_tomorrow  what a metered caller is told to wait
    """

    def told(
        slug: str,
        said: Mapping[str, object] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        error: Exception | None = None,
    ) -> Response:
        refusals.labels(slug).inc()
        wait = seconds_until_tomorrow() if slug == "metered" else RETRY_SECONDS
        return _problem(slug, said or {}, dict(headers or {}), wait, error)

    async def refused(_: Request, error: Exception) -> Response:
        slug = getattr(error, "slug", "internal")
        if slug not in PROBLEMS or slug == "internal":
            return told("internal", error=error)
        assert isinstance(error, ProtocolError | TrusteeError)
        said = {"reason": error.detail}
        if isinstance(error, ProtocolError) and error.culprit:
            said["culprit"] = error.culprit
        return told(slug, said, error=error)

    async def refused_by_the_framework(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        # The server's own 400s are about requests it could not read.
        slug = _BY_STATUS.get(
            error.status_code, "internal" if error.status_code >= 500 else "invalid-request"
        )
        return told(slug, headers=error.headers)

    async def invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        # Which parameter and why, not what it was.
        wrong = [
            {"parameter": ".".join(map(str, one["loc"])), "reason": one["type"]} for one in error.errors()
        ]
        return told("invalid-request", {"errors": wrong})

    async def unforeseen(_: Request, error: Exception) -> Response:
        return told("internal", error=error)

    app.add_exception_handler(CairnError, refused)
    app.add_exception_handler(HTTPException, refused_by_the_framework)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(Exception, unforeseen)


async def read_body(request: Request, limit: int) -> bytes:
    """The body, refused as soon as it is larger than `limit` bytes. Raises BodyTooLarge."""
    announced = request.headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > limit:
        raise BodyTooLarge(f"more than {limit} bytes")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise BodyTooLarge(f"more than {limit} bytes")
    return bytes(body)


def _problem(
    slug: str, said: Mapping[str, object], headers: dict[str, str], wait: int, error: Exception | None
) -> Response:
    problem = PROBLEMS[slug]
    request_id = uuid.uuid4().hex
    if problem.status >= 500:
        log.error("request_failed", slug=slug, request_id=request_id, **place_of(error))
    content = {
        "type": PROBLEM_TYPES + slug,
        "title": problem.title,
        "status": problem.status,
        "detail": problem.what_to_do,
        "request_id": request_id,
        **said,
    }
    headers["X-Request-Id"] = request_id
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Signature"
    if problem.status in (429, 503):
        headers["Retry-After"] = str(wait)
    return Response(json.dumps(content), problem.status, headers, media_type=MEDIA_TYPE)
