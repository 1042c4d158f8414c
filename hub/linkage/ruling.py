"""The operator's part in linkage: which contacts are held back, what an unclear one is, which merge was wrong.

Nobody is named: a contact is its tag. A ruling holds whatever later reports make of the value, and everything
that it touches is linked anew in the same transaction.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.tags import Tag
from hub.errors import HubError
from hub.linkage import loading, merges
from hub.linkage.common_values import Verdict
from hub.linkage.linking import relink, take_turn
from hub.linkage.tables import ContactTag, LearnedCommon, ValueRuling
from hub.services import Services

_SHOWN = 8  # bytes of a tag that tell it from the others

_GROUPS = text(
    "SELECT key.tag, count(DISTINCT linked.member_group) AS groups FROM report_tags key"
    " JOIN linked_reports linked USING (report) WHERE key.kind IN ('email', 'phone', 'domain')"
    " AND key.tag = ANY(:tags) GROUP BY key.tag"
)


class NoSuchValue(HubError):
    """No contact has that id, or more than one."""

    slug: ClassVar[str] = "unknown-value"


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A contact that links nobody. `by`: counts, operator or reviewer."""

    id: str
    reports: int
    groups: int
    verdict: Verdict
    by: str


async def held_back(db: AsyncSession) -> list[HeldBack]:
    """The contacts that link nobody, unclear ones first."""
    held = select(ContactTag.tag, ContactTag.seen, ContactTag.unclear).where(ContactTag.common)
    rows = (await db.execute(held.order_by(ContactTag.unclear.desc(), ContactTag.seen.desc()))).all()
    counted = await db.execute(_GROUPS, {"tags": [row.tag for row in rows]})
    groups = {row.tag: row.groups for row in counted}
    operators = set(await db.scalars(select(ValueRuling.tag)))
    reviewers = set(await db.scalars(select(LearnedCommon.tag)))
    return [
        HeldBack(
            tag[:_SHOWN].hex(),
            seen,
            groups.get(tag, 0),
            Verdict.UNCLEAR if unclear else Verdict.COMMON,
            "reviewer" if tag in reviewers else "operator" if tag in operators else "counts",
        )
        for tag, seen, unclear in rows
    ]


async def rule(hub: Services, value: str, *, common: bool) -> None:
    """Say whether a contact is many parties' or one subject's own. Raises NoSuchValue."""
    await hub.envelopes.ready(hub.store)

    async def body(db: AsyncSession) -> None:
        await take_turn(db)
        tag = await _tag(db, value)
        said = {"common": common, "ruled_on": datetime.now(UTC).date()}
        statement = insert(ValueRuling).values(tag=tag, **said)
        await db.execute(statement.on_conflict_do_update(index_elements=["tag"], set_=said))
        # Tags of values held back lead to no cluster: they are found by the reports that have them.
        anew = await loading.clusters_with(db, [tag])
        await db.execute(
            text("UPDATE contact_tags SET common = :common, unclear = false WHERE tag = :tag"),
            {"common": common, "tag": tag},
        )
        await relink(db, hub.envelopes, await hub.roster.current(db), [], [], anew=anew)

    await hub.store.transact("rule", body)


async def undo(hub: Services, merge: str) -> None:
    """Take a big merge apart for good. Raises NoSuchMerge."""
    await hub.envelopes.ready(hub.store)

    async def body(db: AsyncSession) -> None:
        await take_turn(db)
        anew = await merges.cut_apart(db, _bytes(merge))
        await relink(db, hub.envelopes, await hub.roster.current(db), [], [], anew=anew)

    await hub.store.transact("undo", body)


@dataclass(frozen=True, slots=True)
class Merged:
    """A merge of two big subjects: how many reports either had."""

    id: str
    day: str
    kept: int
    absorbed: int
    undone: bool


async def big_merges(db: AsyncSession) -> list[Merged]:
    """The merges of big subjects, the newest first."""
    return [
        Merged(row.digest.hex(), row.merged_on.isoformat(), row.kept_size, len(row.absorbed), row.undone)
        for row in await merges.noted(db)
    ]


async def _tag(db: AsyncSession, value: str) -> Tag:
    prefix = _bytes(value)
    starts = func.substring(ContactTag.tag, 1, len(prefix)) == prefix
    found = list(await db.scalars(select(ContactTag.tag).where(starts).limit(2)))
    if len(found) != 1 or len(prefix) < _SHOWN:
        raise NoSuchValue("no contact has this id: take one that `cairn-hub common-values` shows")
    return Tag(found[0])


def _bytes(shown: str) -> bytes:
    try:
        return bytes.fromhex(shown)
    except ValueError:
        return b""
