"""Addresses: where a trustee listens, and the url that a caller signed.

The address that others use is the descriptor's. A signature counts for our own addresses alone: what a
member signed for another trustee is nothing here, whatever the Host header says. Else one trustee could
spend a member's meter at all others.
"""

import socket
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from trustee.errors import HomeError

_PORTS = {"http": 80, "https": 443}


def listening_address(url: str, configured: str | None = None) -> tuple[str, int]:
    """Host and port to listen on: as `configured` ("host:port"), else those of the trustee's own url.

    Raises HomeError if there is no port in it.
    """
    parts = urlsplit(f"//{configured}" if configured else url)
    try:
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        port = None
    if not parts.hostname or port is None:
        raise HomeError(f"{configured or url} is no host and port to listen on")
    return parts.hostname, port


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises HomeError if the address is taken or not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as cause:
        raise HomeError(f"can't listen on {host} port {port}: {cause.strerror}") from cause


def signed_url(own_urls: Sequence[str], host: str, scope: Mapping[str, Any]) -> str:
    """The url that a request's signature must be about: an address of ours, path and query as they came.

    own_urls  the addresses that signatures count for, the descriptor's first
    host      the Host header: chooses among them, and means nothing if it is none of them
    scope     the request's, by ASGI
    """
    chosen = next((url for url in own_urls if urlsplit(url).netloc.lower() == host.lower()), own_urls[0])
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = b"?" + scope["query_string"] if scope["query_string"] else b""
    return chosen.rstrip("/") + (path + query).decode("ascii", "replace")
