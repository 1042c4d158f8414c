"""The log over HTTP: its cosigned checkpoint, its leaves, and proofs. Public: there is nothing to hide in it."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import PlainTextResponse

from cairn_protocol.errors import BadMessage
from cairn_protocol.messages.log import ConsistencyProof, Entries, InclusionProof, LeafKind, LogEntry, hash_of
from hub.asked import Hub
from hub.describing import gives, message
from hub.problems import documented
from hub.translog.checkpoints import complete_note
from hub.translog.nodes import MOST_ENTRIES, leaves_from, prove_consistency, prove_inclusion

router = APIRouter(tags=["log"])

_NOTE = """cairn.example/log
3
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— cairn.example/log iRmmxnRlc3Qgc2lnbmF0dXJlIG9mIHRoZSBodWI=
"""
_HASH = bytes(range(32))
_LEAVES = Entries(
    start=7,
    entries=(LogEntry(kind=LeafKind.REPORT, digest=_HASH, content=None),),
    leaf_hashes=(hash_of(LeafKind.REPORT, _HASH),),
)

Size = Annotated[int, Query(ge=0, le=2**40)]
HexHash = Annotated[str, Query(pattern="^[0-9a-f]{64}$", description="A leaf's hash in hex.")]


@router.get(
    "/v1/log/checkpoint",
    response_class=PlainTextResponse,
    responses={
        200: {"description": "A signed note (C2SP)", "content": {"text/plain": {"example": _NOTE}}},
        **documented("log-not-ready", "store-unavailable"),
    },
)
async def checkpoint(hub: Hub) -> Response:
    """The newest state of the log that at least t trustees cosigned."""
    note = await hub.store.read("checkpoint", lambda db: complete_note(db, hub.genesis))
    return PlainTextResponse(note, headers={"Cache-Control": "no-store"})


@router.get(
    "/v1/log/entries",
    response_class=Response,
    responses={
        **gives(_LEAVES, "Consecutive leaves from `start`, fewer than asked for at the end of the log"),
        **documented("invalid-request", "store-unavailable"),
    },
)
async def entries(
    hub: Hub, start: Size, count: Annotated[int, Query(ge=1, le=MOST_ENTRIES)] = MOST_ENTRIES
) -> Response:
    """Leaves as the log's table has them, with the leaf hashes it holds for them."""
    return message(await hub.store.read("entries", lambda db: leaves_from(db, start, count)))


@router.get(
    "/v1/log/proof",
    response_class=Response,
    responses={
        **gives(
            InclusionProof(index=7, size=9, path=(_HASH,)),
            "A proof, with what it says",
            ConsistencyProof(old=7, new=9, path=(_HASH,)),
        ),
        **documented("bad-message", "invalid-request", "not-in-log", "store-unavailable"),
    },
)
async def proof(
    hub: Hub,
    leaf: HexHash | None = None,
    size: Size | None = None,
    old: Size | None = None,
    new: Size | None = None,
) -> Response:
    """That a `leaf` is among the first `size`, or that the first `old` are unchanged among the first `new`."""
    if leaf is not None and size is not None and old is None and new is None:
        leaf_hash = bytes.fromhex(leaf)
        return message(await hub.store.read("inclusion", lambda db: prove_inclusion(db, leaf_hash, size)))
    if old is not None and new is not None and leaf is None and size is None:
        return message(await hub.store.read("consistency", lambda db: prove_consistency(db, old, new)))
    raise BadMessage("ask with leaf and size, or with old and new")
