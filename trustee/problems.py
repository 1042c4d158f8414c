"""The edge of errors: every refusal leaves as problem+json (RFC 9457) with a request id.

Slugs, statuses and sentences are `cairn_protocol.messages.problems`. Bodies are counted while they
arrive. An error nobody meant becomes `internal`; its text stays here.
"""

import json
import uuid

import structlog
from fastapi import FastAPI, Request
from prometheus_client import Counter
from starlette.exceptions import HTTPException
from starlette.responses import Response

from cairn_protocol.errors import CairnError, ProtocolError
from cairn_protocol.messages.problems import MEDIA_TYPE, PROBLEM_TYPES, PROBLEMS
from trustee.errors import BodyTooLarge, Metered, TrusteeError

log = structlog.get_logger(__name__)

REFUSALS = Counter("cairn_trustee_refusals", "Requests refused, by the slug of the problem.", ["slug"])
_BY_STATUS = {404: "not-found", 405: "method-not-allowed", 415: "unsupported-media-type"}


def install(app: FastAPI) -> None:
    """Make every refusal of `app` a problem."""
    app.add_exception_handler(CairnError, _refused)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _internal)


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


async def _refused(_: Request, error: Exception) -> Response:
    slug = getattr(error, "slug", "internal")
    members: dict[str, str] = {}
    if isinstance(error, ProtocolError | TrusteeError) and slug != "internal":
        members["reason"] = error.detail
    if isinstance(error, ProtocolError) and error.culprit:
        members["culprit"] = error.culprit
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, Metered) else {}
    return _problem(slug if slug in PROBLEMS else "internal", members, headers)


async def _http(_: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 500)
    return _problem(_BY_STATUS.get(status, "internal" if status >= 500 else "bad-message"), {}, {})


async def _internal(_: Request, error: Exception) -> Response:
    return _problem("internal", {}, {}, error)


def _problem(
    slug: str, members: dict[str, str], headers: dict[str, str], error: Exception | None = None
) -> Response:
    problem = PROBLEMS[slug]
    request_id = uuid.uuid4().hex
    REFUSALS.labels(slug).inc()
    if problem.status >= 500:
        log.error("request_failed", slug=slug, request_id=request_id, exception=type(error).__name__)
    content = {
        "type": PROBLEM_TYPES + slug,
        "title": problem.title,
        "status": problem.status,
        "detail": problem.what_to_do,
        "request_id": request_id,
        **members,
    }
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Signature"
    if problem.status == 503:
        headers.setdefault("Retry-After", "5")
    headers["X-Request-Id"] = request_id
    return Response(json.dumps(content), problem.status, headers, media_type=MEDIA_TYPE)
