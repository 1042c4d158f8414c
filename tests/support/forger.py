"""A hub or trustee that lies about some paths and passes everything else on to the real one."""

import contextlib
from collections.abc import Callable, Iterator, Mapping

import httpx2
from msgspec import structs
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cairn_protocol import merkle
from cairn_protocol.checkpoint import Checkpoint, cosign, sign_checkpoint, with_cosignatures
from cairn_protocol.merkle import Node
from cairn_protocol.messages.log import ConsistencyProof, Entries, InclusionProof, LeafKind, LogEntry, hash_of
from cairn_protocol.messages.wire import encode
from hub.hub_key import load_hub_key
from local.town import ORIGIN, Town
from tests.support.cosigner import serving
from trustee.home import Home as TrusteeHome
from trustee.keys import load as load_trustee

Lie = Callable[[Mapping[str, str], bytes], bytes]

COSIGNED_AT = 1_780_000_000

_PASSED_ON = ("content-type", "content-digest", "signature", "signature-input", "if-none-match")


class Forger:
    """Answers for `real_url`.

    lies  by path: from query and true answer to what is answered in its place
    """

    def __init__(self, real_url: str, lies: Mapping[str, Lie] | None = None) -> None:
        self.real_url = real_url
        self.lies: dict[str, Lie] = dict(lies or {})
        self.asked: list[str] = []
        self._app = Starlette(routes=[Route("/{rest:path}", self._answer, methods=["GET", "POST"])])

    @contextlib.contextmanager
    def serving(self) -> Iterator[str]:
        """Its address, for the block."""
        with serving(self._app) as url:
            yield url

    async def _answer(self, request: Request) -> Response:
        self.asked.append(request.url.path)
        query = f"?{request.url.query}" if request.url.query else ""
        headers = {name: value for name, value in request.headers.items() if name in _PASSED_ON}
        async with httpx2.AsyncClient(timeout=20) as client:
            true = await client.request(
                request.method,
                self.real_url + request.url.path + query,
                content=await request.body(),
                headers=headers,
            )
        kept = {name: true.headers[name] for name in ("content-type", "etag") if name in true.headers}
        lie = self.lies.get(request.url.path)
        if lie is None:
            return Response(true.content, true.status_code, kept)
        kept.pop("etag", None)
        return Response(lie(request.query_params, true.content), 200, kept)


class ForkedLog:
    """A log of a forger's own, with all proofs: what a hub would serve that shows one member another past."""

    def __init__(self, entries: list[LogEntry]) -> None:
        self.entries = entries
        self.hashes = [hash_of(entry.kind, entry.digest) for entry in entries]
        self.root = merkle.root_of(self.hashes)
        grown = merkle.append(0, (), self.hashes)
        self._nodes = dict(grown.interior) | {Node(0, at): one for at, one in enumerate(self.hashes)}

    @property
    def size(self) -> int:
        return len(self.entries)

    def lies(self) -> dict[str, Lie]:
        """Entries and proofs of this log. The checkpoint is the forger's to sign."""
        return {"/v1/log/entries": self._page, "/v1/log/proof": self._proof}

    def inclusion(self, index: int, size: int) -> tuple[bytes, ...]:
        """The path of a leaf."""
        return tuple(merkle.inclusion_proof(index, size, self._nodes))

    def _page(self, query: Mapping[str, str], _: bytes) -> bytes:
        start = int(query["start"])
        end = min(start + int(query["count"]), self.size)
        return encode(
            Entries(
                start=start,
                entries=tuple(self.entries[start:end]),
                leaf_hashes=tuple(self.hashes[start:end]),
            )
        )

    def _proof(self, query: Mapping[str, str], _: bytes) -> bytes:
        if "leaf" in query:
            index, size = self.hashes.index(bytes.fromhex(query["leaf"])), int(query["size"])
            return encode(InclusionProof(index=index, size=size, path=self.inclusion(index, size)))
        old, new = int(query["old"]), int(query["new"])
        path = tuple(merkle.consistency_proof(old, new, self._nodes))
        return encode(ConsistencyProof(old=old, new=new, path=path))


def another_past(entries: list[LogEntry]) -> ForkedLog:
    """The log of these entries, but for one report that was never filed."""
    entries = list(entries)
    at = next(at for at, entry in enumerate(entries) if entry.kind is LeafKind.REPORT)
    entries[at] = structs.replace(entries[at], digest=bytes(32))
    return ForkedLog(entries)


def signed_note(place: Town, log: ForkedLog, *helpers: str) -> str:
    """A checkpoint of the forked log, by the hub's true key and those trustees that help it."""
    checkpoint = Checkpoint(ORIGIN, log.size, log.root)
    note = sign_checkpoint(checkpoint, load_hub_key(place.hub / "hub_key.pem"))
    lines = []
    for name in helpers:
        home = TrusteeHome(place.trustee(name))
        key = load_trustee(home, home.stored_passphrase() or "").signing
        lines.append(cosign(checkpoint, f"{ORIGIN}/{name}", key, COSIGNED_AT))
    return with_cosignatures(note, lines)
