"""Releases: everybody reads the public ones, as JSON or CSV; members theirs; analysts draft and agree."""

import csv
import io
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.messages.parties import Role
from cairn_protocol.messages.releases import PublishedTable, ReleaseAudience, ReleaseDraft, ReleaseTable
from cairn_protocol.messages.wire import Signed, decode, digest_of
from hub.asked import Hub
from hub.describing import gives, message, takes
from hub.members.calling import REFUSALS, Caller, CallingMember, calling
from hub.problems import documented
from hub.releases import drafting
from hub.releases.calendar import CALENDAR, planned
from hub.releases.consenting import consent, in_force, row_of
from hub.releases.drafting import table_of
from hub.releases.examples import PUBLISHED, TABLE
from hub.releases.refusals import UnknownRelease
from hub.releases.tables import ReleaseRow

router = APIRouter(tags=["releases"])

Analyst = Annotated[Caller, Depends(calling(Role.ANALYST))]
_PUBLIC: Final = "/v1/releases"
_DRAFTS: Final = "/v1/releases/drafts"
_SIGNED: Final = Signed(body=b"{}", signature=bytes(64))
_REFUSED: Final = documented(*REFUSALS, "unknown-release", "own-release", "release-changed")


@router.get(_PUBLIC)
async def list_public(hub: Hub) -> dict[str, Any]:
    """The public's releases in force and the calendar: what comes out when, and what it was made from."""
    found = await hub.store.read("releases", lambda db: in_force(db, ReleaseAudience.PUBLIC))
    return {
        "releases": [_listed(one) for one in found.tables],
        "calendar": [
            {
                "name": table.name,
                "title": table.title,
                "audience": table.audience.value,
                "every": "quarter" if table.audience is ReleaseAudience.PUBLIC else "month",
            }
            for table in CALENDAR.values()
        ],
    }


@router.get(
    _PUBLIC + "/tables",
    response_class=Response,
    responses=gives(PUBLISHED, "The public's releases in force, with what the log has of them"),
)
async def read_public(hub: Hub) -> Response:
    """The public's releases whole, to be held against the log."""
    return message(await hub.store.read("releases", lambda db: in_force(db, ReleaseAudience.PUBLIC)))


@router.get(
    _PUBLIC + "/for-members",
    response_class=Response,
    responses=gives(PUBLISHED, "The members' releases in force") | documented(*REFUSALS),
)
async def read_for_members(member: CallingMember, hub: Hub) -> Response:
    """The members' releases whole."""
    return message(await hub.store.read("releases", lambda db: in_force(db, ReleaseAudience.MEMBERS)))


@router.post(
    _DRAFTS,
    response_class=Response,
    responses=gives(TABLE, "The table, to be read and agreed to")
    | documented(*REFUSALS, "no-snapshot", "unknown-question", "budget-spent"),
    openapi_extra=takes(ReleaseDraft(name="tiers")),
)
async def draft(analyst: Analyst, hub: Hub) -> Response:
    """Make the table of that name for the latest period that is over. The same again is the same."""
    wanted = decode(analyst.body, ReleaseDraft, culprit=f"analyst:{analyst.entry.party}")
    return message(await drafting.draft(hub, planned(wanted.name)))


@router.get(_DRAFTS, responses=documented(*REFUSALS))
async def list_drafts(analyst: Analyst, hub: Hub) -> dict[str, Any]:
    """Every release and draft, and where it stands."""

    async def body(db: AsyncSession) -> dict[str, Any]:
        rows = await db.scalars(select(ReleaseRow).order_by(ReleaseRow.period.desc(), ReleaseRow.id))
        published = {
            one.table.release for audience in ReleaseAudience for one in (await in_force(db, audience)).tables
        }
        return {"releases": [_standing(row, published) for row in rows]}

    return await hub.store.read("releases", body)


@router.get(_DRAFTS + "/{release}", response_class=Response, responses=gives(TABLE, "The table") | _REFUSED)
async def read_draft(release: str, analyst: Analyst, hub: Hub) -> Response:
    """The table, to be read before it is agreed to."""

    async def body(db: AsyncSession) -> ReleaseTable:
        return table_of(await row_of(db, release))

    return message(await hub.store.transact("read release", body))


@router.post(_DRAFTS + "/{release}/consents", responses=_REFUSED, openapi_extra=takes(_SIGNED))
async def agree(release: str, analyst: Analyst, hub: Hub) -> dict[str, Any]:
    """Agree to exactly this table: a signed ReleaseConsent. The second analyst's releases it."""
    signed = decode(analyst.body, Signed, culprit=f"analyst:{analyst.entry.party}")

    async def body(db: AsyncSession) -> dict[str, Any]:
        return _standing(await consent(db, analyst.entry, release, signed), set())

    return await hub.store.transact("agree to release", body)


@router.get(_PUBLIC + "/{release}", responses=documented("unknown-release"))
async def read_release(release: str, hub: Hub) -> dict[str, Any]:
    """A public release as JSON."""
    one = await _public(hub, release)
    figures = [
        {"cell": figure.cell, "value": figure.value, "low": figure.low, "high": figure.high}
        for figure in one.table.figures
    ]
    return {**_listed(one), "notes": list(one.table.notes), "figures": figures}


@router.get(
    _PUBLIC + "/{release}/table.csv",
    response_class=Response,
    responses={
        200: {"description": "The table", "content": {"text/csv": {}}},
        **documented("unknown-release"),
    },
)
async def read_csv(release: str, hub: Hub) -> Response:
    """A public release as CSV."""
    one = await _public(hub, release)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["release", "cell", "value", "low", "high"])
    writer.writerows(
        (one.table.release, figure.cell, figure.value, figure.low, figure.high)
        for figure in one.table.figures
    )
    return Response(text.getvalue(), media_type="text/csv")


async def _public(hub: Hub, release: str) -> PublishedTable:
    found = await hub.store.read("releases", lambda db: in_force(db, ReleaseAudience.PUBLIC))
    for one in found.tables:
        if one.table.release == release:
            return one
    raise UnknownRelease("no public release of that id is in force")


def _listed(one: PublishedTable) -> dict[str, Any]:
    table = one.table
    return {
        "release": table.release,
        "title": table.title,
        "period": table.period,
        "released_at": one.release.released_at,
        "digest": digest_of(table).hex(),
        "inputs": {
            "snapshot": table.inputs.snapshot.hex(),
            "method": table.inputs.method.hex(),
            "epsilon": table.inputs.epsilon,
        },
        "table": f"{_PUBLIC}/{table.release}/table.csv",
    }


def _standing(row: ReleaseRow, published: set[str]) -> dict[str, Any]:
    if row.content is None:
        status = "DRAFT" if row.consent is None else "AGREED-ONCE"
    else:
        status = "RELEASED"
    return {
        "release": row.id,
        "title": table_of(row).title,
        "audience": row.audience,
        "period": row.period,
        "status": status,
        "in_force": row.id in published,
        "author": row.author,
        "digest": digest_of(table_of(row)).hex(),
    }
