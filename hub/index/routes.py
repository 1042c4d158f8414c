"""The index over HTTP: the newest proven manifest, and segments by their hash. Public, cacheable, unsigned.

Nobody says who they are here, nothing is written, and neither log nor metric counts a read: the
hub does not learn whom a member looks up, nor that it looked (G4).
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, HTTPException, Path, Response

from cairn_protocol.messages.index import Manifest, ManifestAnswer, RecallReason, SegmentRef, Tombstone
from hub.asked import Hub
from hub.describing import gives, message
from hub.index.proven import etag_of_latest, latest
from hub.index.tables import SegmentRow
from hub.problems import documented

router = APIRouter(tags=["index"])

_32 = bytes(range(32))
_EXAMPLE = ManifestAnswer(
    manifest=Manifest(
        epoch=1,
        number=12,
        published_at=1_790_900_000,
        max_age_seconds=172_800,
        tag_segments=(SegmentRef(digest=_32, count=2_400, length=86_413),),
        card_segments=(SegmentRef(digest=_32, count=300, length=102_221),),
        tombstones=(
            Tombstone(card_id=UUID("0d5e7c1a-93b4-4f60-8e21-5a7d9c3b1f02"), reason=RecallReason.SUPERSEDED),
        ),
        quarantined=(_32,),
    ),
    leaf_index=4_711,
    path=(_32,),
    checkpoint="cairn.example/log\n4712\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— cairn.example/log iRmmxg==\n",
)

Hex = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="The segment's SHA-256 in hex.")]


@router.get(
    "/v1/index/manifest",
    response_class=Response,
    responses={
        **gives(_EXAMPLE, "The newest manifest that a cosigned checkpoint covers, with the proof"),
        304: {"description": "The version that `If-None-Match` names is still the newest"},
        **documented("index-not-published", "log-not-ready", "store-unavailable"),
    },
)
async def manifest(hub: Hub, if_none_match: Annotated[str | None, Header()] = None) -> Response:
    """The newest version of the index: its segments, recalls, quarantined tags and age, provably in the log."""
    if if_none_match is not None:
        etag = await hub.store.read("manifest", lambda db: etag_of_latest(db, hub.genesis))
        if etag in (one.strip() for one in if_none_match.split(",")):
            return Response(status_code=304, headers=_headers(etag))
    etag, answer = await hub.store.read("manifest", lambda db: latest(db, hub.genesis))
    response = message(answer)
    response.headers.update(_headers(etag))
    return response


@router.get(
    "/v1/index/segments/{digest}",
    response_class=Response,
    responses={
        200: {"description": "The segment", "content": {"application/octet-stream": {}}},
        **documented("not-found", "invalid-request", "store-unavailable"),
    },
)
async def segment(hub: Hub, digest: Hex) -> Response:
    """A segment of the index by its SHA-256. It never changes, so any cache may keep it."""
    row = await hub.store.read("segment", lambda db: db.get(SegmentRow, bytes.fromhex(digest)))
    if row is None:
        raise HTTPException(404)
    return Response(
        row.content,
        media_type="application/octet-stream",
        headers={"Cache-Control": "public, max-age=31536000, immutable", "ETag": f'"{digest}"'},
    )


def _headers(etag: str) -> dict[str, str]:
    return {"ETag": etag, "Cache-Control": "no-cache"}
