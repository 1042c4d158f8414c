"""A hub and three trustees small enough to lie on demand, each a real HTTP server on the loopback.

They speak the wire by `cairn_protocol` alone and keep everything in memory. What a test bends is
an attribute: `replies` replaces a path's answer, `log` can be edited, a trustee can hang, answer with
another key or meter. The joint keys are those of `tests.support.reports`, split among the trustees.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs

import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from cairn.client.connection import Connection, Signer, Timeouts
from cairn.home import Home, Profile
from cairn.raw import keys as key_file
from cairn.raw.keys import MemberKeys
from cairn_protocol import merkle
from cairn_protocol.checkpoint import Checkpoint, cosign, sign_checkpoint, with_cosignatures
from cairn_protocol.errors import UnknownSigner
from cairn_protocol.group import decode_element, multiply_base
from cairn_protocol.http_signatures import verify_request
from cairn_protocol.kinds import KeyName
from cairn_protocol.merkle import Node
from cairn_protocol.messages.index import Manifest, ManifestAnswer, SegmentRef, segment_digest
from cairn_protocol.messages.log import (
    ConsistencyProof,
    Entries,
    InclusionProof,
    LeafHashes,
    LeafKind,
    LogEntry,
    content_digest,
    hash_of,
)
from cairn_protocol.messages.parties import (
    Act,
    Approval,
    ApprovedAct,
    Enrolment,
    Genesis,
    JointKeyShares,
    Proposal,
    Role,
    SignedGenesis,
    TrusteeAddress,
    TrusteeKeys,
    approve,
    prove_possession,
    sign_genesis,
)
from cairn_protocol.messages.problems import MEDIA_TYPE, PROBLEM_TYPES, PROBLEMS
from cairn_protocol.messages.report import Batch, BatchAnswer, BatchResult, Promise, Report, Retraction
from cairn_protocol.messages.trustee import Evaluate, Evaluated, Evaluations
from cairn_protocol.messages.wire import Message, Signed, decode, digest_of, encode, sign
from cairn_protocol.roster import kind_of
from cairn_protocol.sharing import KeyShare, split
from cairn_protocol.voprf import evaluate
from tests.support.reports import EPOCH, NORMALISER, Firm, joint_key, seed, signing_key

ORIGIN = "cairn.example/log"
WORD = "a passphrase for tests"
Reply = Callable[[Request, bytes], Response]


def refused(slug: str, *, status: int | None = None, **headers: str) -> Response:
    """A problem document as hub and trustees send it."""
    problem = PROBLEMS[slug]
    status = status or problem.status
    body = {
        "type": PROBLEM_TYPES + slug,
        "title": problem.title,
        "detail": problem.what_to_do,
        "status": status,
    }
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return JSONResponse(body | {"request_id": "r-1"}, status, headers, MEDIA_TYPE)


def message(content: Message, status: int = 200) -> Response:
    """A wire message as an answer."""
    return Response(encode(content), status, media_type="application/json")


class Server:
    """One party on a port of its own. Subclasses answer; `replies` and `hangs` come before them."""

    def __init__(self) -> None:
        self.replies: dict[str, Reply] = {}
        self.hangs = False
        self.let_go = threading.Event()  # a caller closed the connection while this party hung
        self.asked: list[str] = []
        self.url = ""
        self._server = uvicorn.Server(uvicorn.Config(self._app, port=0, log_config=None, interface="asgi3"))
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def start(self) -> None:
        """Return once it listens."""
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)
        (socket,) = self._server.servers[0].sockets
        self.url = f"http://127.0.0.1:{socket.getsockname()[1]}"

    def end(self) -> None:
        """Ask it to stop."""
        self._server.should_exit = self._server.force_exit = True

    def stop(self) -> None:
        """Return once it doesn't listen any more."""
        self.end()
        self._thread.join()

    def answer(self, request: Request, body: bytes) -> Response:
        raise NotImplementedError

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        self.asked.append(f"{request.method} {request.url.path}")
        if self.hangs:
            while not await request.is_disconnected():
                await asyncio.sleep(0.01)
            self.let_go.set()
            return
        reply = self.replies.get(request.url.path, self.answer)
        response = await asyncio.to_thread(reply, request, body)
        await response(scope, receive, send)


def caller_of(request: Request, body: bytes, keys: dict[str, Ed25519PrivateKey]) -> str:
    """Who signed the request. Raises what `verify_request` raises."""

    def key_of(name: str) -> Ed25519PublicKey:
        if name not in keys:
            raise UnknownSigner("nobody of that name")
        return keys[name].public_key()

    return verify_request(
        request.method, str(request.url), request.headers, body, key_of, int(time.time()), 300
    ).key_id


class Log:
    """A log in memory. `entries` may be edited behind its back, as an operator could edit a table."""

    def __init__(self) -> None:
        self.entries: list[LogEntry] = []
        self.leaf_hashes: list[bytes] = []
        self.nodes: dict[Node, bytes] = {}

    @property
    def size(self) -> int:
        return len(self.entries)

    def copy(self) -> "Log":
        """Another log with the same past."""
        other = Log()
        other.entries, other.leaf_hashes = list(self.entries), list(self.leaf_hashes)
        other.nodes = dict(self.nodes)
        return other

    def add(self, kind: LeafKind, content: bytes | None = None, *, digest: bytes | None = None) -> bytes:
        """Append a leaf; its hash."""
        digest = digest or content_digest(content or b"")
        leaf = hash_of(kind, digest)
        frontier = [self.nodes[node] for node in merkle.nodes_for_root(self.size)]
        self.nodes |= merkle.append(self.size, frontier, [leaf]).interior
        self.nodes[Node(0, self.size)] = leaf
        self.entries.append(LogEntry(kind=kind, digest=digest, content=content))
        self.leaf_hashes.append(leaf)
        return leaf

    def root(self, size: int) -> bytes:
        return merkle.root_of_frontier([self.nodes[node] for node in merkle.nodes_for_root(size)])

    def inclusion(self, index: int, size: int) -> tuple[bytes, ...]:
        return tuple(merkle.inclusion_proof(index, size, self.nodes))


class SmallTrustee(Server):
    """A trustee: evaluates with its shares, mirrors the hub's log, cosigns."""

    def __init__(
        self, index: int, shares: dict[KeyName, KeyShare], keys: dict[str, Ed25519PrivateKey]
    ) -> None:
        super().__init__()
        self.id = f"t{index}"
        self.key = signing_key("trustee", index)
        self.shares = shares
        self.evaluates_with = dict(shares)
        self.mirror: list[bytes] = []
        self.note: str | None = None
        self._member_keys = keys
        self.keys = TrusteeKeys(
            id=self.id,
            index=index,
            signing_key=self.key.public_key().public_bytes_raw(),
            sealing_key=seed("sealing", index),
        )

    def cosign(self, log: Log, note: str, checkpoint: Checkpoint) -> str:
        """Take in the log and cosign its checkpoint: the line."""
        self.mirror = list(log.leaf_hashes)
        line = cosign(checkpoint, f"{ORIGIN}/{self.id}", self.key, int(time.time()))
        self.note = with_cosignatures(note, [line])
        return line

    def answer(self, request: Request, body: bytes) -> Response:
        path = request.url.path
        if path == "/v1/evaluate":
            caller_of(request, body, self._member_keys)
            asked = decode(body, Evaluate)
            return message(
                Evaluations(
                    names=self._evaluated(KeyName.NAMES, asked.names),
                    values=self._evaluated(KeyName.VALUES, asked.values),
                )
            )
        if path == "/v1/log/checkpoint" and self.note is not None:
            return Response(self.note, media_type="text/plain")
        if path == "/v1/log/leaves":
            query = parse_qs(request.url.query)
            start, count = int(query["start"][0]), int(query["count"][0])
            page = tuple(self.mirror[start : start + count])
            return message(LeafHashes(start=start, size=len(self.mirror), leaf_hashes=page))
        return refused("not-found")

    def _evaluated(self, key: KeyName, elements: Sequence[bytes]) -> Evaluated:
        share = self.evaluates_with[key]
        done = evaluate(share, multiply_base(share.scalar), [decode_element(one) for one in elements])
        return Evaluated(elements=done.elements, proof=done.proof)


class SmallHub(Server):
    """A hub: promises reports, keeps the log, publishes an index."""

    def __init__(self, key: Ed25519PrivateKey, keys: dict[str, Ed25519PrivateKey]) -> None:
        super().__init__()
        self.key = key
        self.log = Log()
        self.note = ""
        self.reports: dict[str, bytes] = {}
        self.segments: dict[str, bytes] = {}
        self.manifest: ManifestAnswer | None = None
        self._member_keys = keys

    def answer(self, request: Request, body: bytes) -> Response:
        path, query = request.url.path, {k: v[0] for k, v in parse_qs(request.url.query).items()}
        if path == "/v1/reports":
            caller_of(request, body, self._member_keys)
            return self._file(decode(body, Report))
        if path == "/v1/reports/batch":
            caller_of(request, body, self._member_keys)
            return message(BatchAnswer(results=tuple(map(self._result, decode(body, Batch).reports))))
        if path == "/v1/retractions":
            member = caller_of(request, body, self._member_keys)
            return self._retract(decode(body, Signed), member)
        if path == "/v1/enrolments":
            enrolment = decode(body, Enrolment)
            return message(
                Proposal(act=enrolment.entry, possession=enrolment.possession, approved_by=()), 202
            )
        if path == "/v1/log/checkpoint":
            return Response(self.note, media_type="text/plain")
        if path == "/v1/log/entries":
            return self._entries(int(query["start"]), int(query["count"]))
        if path == "/v1/log/proof":
            return self._proof(query)
        if path == "/v1/index/manifest" and self.manifest is not None:
            etag = f'"{self.manifest.manifest.number}"'
            if request.headers.get("if-none-match") == etag:
                return Response(status_code=304)
            return Response(encode(self.manifest), headers={"ETag": etag})
        segment = self.segments.get(path.removeprefix("/v1/index/segments/"))
        return Response(segment) if segment is not None else refused("not-found")

    def promise(self, report: Report) -> Signed:
        """The promise for a report, signed."""
        header, digest = report.signed.header, report.signed.digest()
        leaf = hash_of(LeafKind.REPORT, digest)
        if leaf not in self.log.leaf_hashes:
            self.log.add(LeafKind.REPORT, digest=digest)
        return sign(
            Promise(
                member=header.member,
                report_id=header.report_id,
                revision=header.revision,
                digest=digest,
                leaf_hash=leaf,
            ),
            self.key,
        )

    def _file(self, report: Report) -> Response:
        place, digest = _revision_of(report), report.signed.digest()
        if self.reports.setdefault(place, digest) != digest:
            return refused("report-id-reused")
        return message(self.promise(report), 201)

    def _result(self, report: Report) -> BatchResult:
        place, digest = _revision_of(report), report.signed.digest()
        if self.reports.setdefault(place, digest) != digest:
            return BatchResult(promise=None, problem="report-id-reused", detail="other bytes are on file")
        if report.signed.header.week > "2026-W40":
            return BatchResult(promise=None, problem="future-week", detail="the week has not begun")
        return BatchResult(promise=self.promise(report), problem=None, detail=None)

    def _retract(self, signed: Signed, member: str) -> Response:
        retraction = decode(signed.body, Retraction)
        leaf = self.log.add(LeafKind.RETRACTION, encode(signed))
        promise = Promise(
            member=member,
            report_id=retraction.report_id,
            revision=1,
            digest=content_digest(encode(signed)),
            leaf_hash=leaf,
        )
        return message(sign(promise, self.key), 201)

    def _entries(self, start: int, count: int) -> Response:
        page = slice(start, min(start + count, start + 7))  # a page of its own size, as a hub may give
        return message(
            Entries(
                start=start,
                entries=tuple(self.log.entries[page]),
                leaf_hashes=tuple(self.log.leaf_hashes[page]),
            )
        )

    def _proof(self, query: dict[str, str]) -> Response:
        if "leaf" in query:
            leaf, size = bytes.fromhex(query["leaf"]), int(query["size"])
            if leaf not in self.log.leaf_hashes[:size]:
                return refused("not-found")
            index = self.log.leaf_hashes.index(leaf)
            return message(InclusionProof(index=index, size=size, path=self.log.inclusion(index, size)))
        old, new = int(query["old"]), int(query["new"])
        if new > self.log.size:
            return refused("not-found")
        path = tuple(merkle.consistency_proof(old, new, self.log.nodes))
        return message(ConsistencyProof(old=old, new=new, path=path))


@dataclass
class SmallNetwork:
    """Hub, trustees and genesis; members sign with the key that `member_keys` has for them."""

    hub: SmallHub
    trustees: list[SmallTrustee]
    signed_genesis: SignedGenesis
    member_keys: dict[str, Ed25519PrivateKey]
    clock: list[float] = field(default_factory=lambda: [time.time()])

    @classmethod
    def start(cls, n: int = 3, t: int = 2, *, normaliser: bytes = NORMALISER) -> Self:
        """Everybody up, the genesis logged and cosigned. normaliser: its digest, the installed one's if homes file."""
        member_keys: dict[str, Ed25519PrivateKey] = {}
        dealt = {name: split(joint_key(name), n, t) for name in KeyName}
        trustees = [
            SmallTrustee(at + 1, {name: dealt[name][at] for name in KeyName}, member_keys) for at in range(n)
        ]
        hub = SmallHub(signing_key("hub"), member_keys)
        genesis = _genesis(trustees, hub.key, t, normaliser)
        signatures = tuple(sign_genesis(genesis, trustee.key) for trustee in trustees)
        network = cls(hub, trustees, SignedGenesis(genesis=genesis, signatures=signatures), member_keys)
        hub.log.add(LeafKind.GENESIS, encode(network.signed_genesis))
        # SignedGenesis is the leaf's message; its digest is over the whole, signatures included.
        network.cosign()
        for server in (hub, *trustees):
            server.start()
        return network

    def stop(self) -> None:
        """Everybody down."""
        for server in (self.hub, *self.trustees):
            server.end()
        for server in (self.hub, *self.trustees):
            server.stop()

    @property
    def genesis(self) -> Genesis:
        return self.signed_genesis.genesis

    def cosign(self, log: Log | None = None, cosigners: Sequence[SmallTrustee] | None = None) -> str:
        """Sign and cosign the log as it is now, and show that at the hub: the note."""
        log = log or self.hub.log
        checkpoint = Checkpoint(ORIGIN, log.size, log.root(log.size))
        note = sign_checkpoint(checkpoint, self.hub.key)
        cosigners = self.trustees if cosigners is None else cosigners
        lines = [trustee.cosign(log, note, checkpoint) for trustee in cosigners]
        self.hub.note = with_cosignatures(note, lines)
        return self.hub.note

    def enter(self, firm: Firm, *, approvals: int = 2) -> None:
        """Put a firm on the roster, and take its signatures from then on."""
        self.member_keys[firm.id] = firm.key
        self.hub.log.add(kind_of(firm.entry), self.approved(firm, approvals))

    def approved(self, firm: Firm, approvals: int = 2) -> bytes:
        """The content of the leaf that puts a firm on the roster."""
        act: Act = firm.entry
        return encode(
            ApprovedAct(
                act=act,
                possession=prove_possession(firm.entry, firm.key),
                approvals=tuple(
                    Approval(trustee=trustee.id, signature=approve(act, trustee.key))
                    for trustee in self.trustees[:approvals]
                ),
            )
        )

    def publish(self, manifest: Manifest, segments: Sequence[bytes] = ()) -> None:
        """Log a manifest, cosign, and serve it with its segments."""
        self.hub.segments |= {segment_digest(raw).hex(): raw for raw in segments}
        self.hub.log.add(LeafKind.MANIFEST, encode(manifest))
        note = self.cosign()
        self.hub.manifest = self.answer_for(manifest, note)

    def answer_for(self, manifest: Manifest, note: str) -> ManifestAnswer:
        """The manifest with its proof under the log as it is now."""
        size = self.hub.log.size
        index = self.hub.log.leaf_hashes.index(hash_of(LeafKind.MANIFEST, digest_of(manifest)))
        path = self.hub.log.inclusion(index, size)
        return ManifestAnswer(manifest=manifest, leaf_index=index, path=path, checkpoint=note)

    def connection(self, state_dir: Path, firm: Firm | None = None, **timeouts: float) -> Connection:
        """How a firm, or nobody in particular, talks to everybody here."""
        return Connection(
            self.hub.url,
            {trustee.id: trustee.url for trustee in self.trustees},
            digest_of(self.genesis),
            state_dir,
            Signer(firm.id, firm.key) if firm else None,
            timeouts=replace(Timeouts(), **timeouts),
            now=lambda: self.clock[0],
        )


def _genesis(
    trustees: Sequence[SmallTrustee], hub_key: Ed25519PrivateKey, t: int, normaliser: bytes
) -> Genesis:
    def shares(name: KeyName) -> JointKeyShares:
        return JointKeyShares(
            name=name.value,
            element=multiply_base(joint_key(name)),
            shares=tuple(multiply_base(trustee.shares[name].scalar) for trustee in trustees),
        )

    assent = JointKeyShares(
        name="assent", element=multiply_base(7), shares=tuple(multiply_base(8) for _ in trustees)
    )
    return Genesis(
        origin=ORIGIN,
        epoch=EPOCH,
        t=t,
        hub_key=hub_key.public_key().public_bytes_raw(),
        normaliser=normaliser,
        trustees=tuple(trustee.keys for trustee in trustees),
        keys=(shares(KeyName.NAMES), shares(KeyName.VALUES), assent),
    )


def home_on(network: SmallNetwork, firm: Firm, folder: Path) -> Path:
    """The home of a firm that enrolled in the network: `AsyncHub` opens it without a prompt."""
    home = Home(folder)
    home.create()
    (folder / "passphrase").write_text(WORD)
    keys = MemberKeys(firm.key, X25519PrivateKey.generate(), seed("register", firm.index))
    key_file.save(home, keys, WORD)
    home.save_profile(
        Profile(
            hub=network.hub.url,
            genesis_digest=digest_of(network.genesis),
            trustees=tuple(TrusteeAddress(id=trustee.id, url=trustee.url) for trustee in network.trustees),
            party=firm.id,
            role=Role.MEMBER,
            group=firm.group,
            group_index=firm.index,
            sector=firm.sector,
            families=firm.families,
        )
    )
    return folder


def ref_of(raw: bytes, count: int) -> SegmentRef:
    """How a manifest names a segment."""
    return SegmentRef(digest=segment_digest(raw), count=count, length=len(raw))


def _revision_of(report: Report) -> str:
    """Under what a hub keeps a report: other bytes of the same revision are refused."""
    header = report.signed.header
    return f"{header.report_id}/{header.revision}"
