"""The hub as a trustee's staff commands talk to it: signed requests, short time-outs, refusals in sentences."""

import secrets
import ssl
import time
from base64 import b64encode
from dataclasses import dataclass, field
from functools import cache

import httpx2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cairn_protocol.http_signatures import NONCE_BYTES, sign_request
from trustee.errors import HubRefuses, HubUnreachable


@dataclass(frozen=True, slots=True)
class HubLink:
    """Where the hub is, and in whose name requests are signed."""

    url: str
    trustee: str
    key: Ed25519PrivateKey = field(repr=False)
    seconds: float

    def get(self, path: str) -> httpx2.Response:
        """The answer to a signed GET. Raises HubUnreachable, HubRefuses."""
        return self._ask("GET", path, b"")

    def post(self, path: str, body: bytes) -> httpx2.Response:
        """The answer to a signed POST. Raises as `get`."""
        return self._ask("POST", path, body)

    def _ask(self, method: str, path: str, body: bytes) -> httpx2.Response:
        url = self.url + path
        nonce = b64encode(secrets.token_bytes(NONCE_BYTES)).decode()
        headers = sign_request(method, url, body, self.trustee, self.key, int(time.time()), nonce)
        if body:
            headers["Content-Type"] = "application/json"
        try:
            answer = httpx2.request(
                method, url, content=body, headers=headers, timeout=self.seconds, verify=_authorities()
            )
        except (httpx2.HTTPError, httpx2.InvalidURL) as cause:
            raise HubUnreachable("the hub does not answer; nothing was changed") from cause
        if not answer.is_success:
            raise HubRefuses(*_told(answer))
        return answer


@cache
def _authorities() -> ssl.SSLContext:
    """Whom TLS trusts. Reading the certificates takes longer than a request."""
    return httpx2.create_ssl_context()


def _told(answer: httpx2.Response) -> tuple[str, str]:
    try:
        problem = answer.json()
        return str(problem["type"]).rpartition("/")[2], str(problem.get("reason") or problem["title"])
    except (ValueError, KeyError, TypeError):
        return "internal", f"status {answer.status_code}"
