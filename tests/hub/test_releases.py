"""Releases: two analysts agree to exactly one table, the log has it, and it can be made again."""

import datetime as dt
from fractions import Fraction

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.errors import BadMessage, BadSignature
from cairn_protocol.messages.log import LeafKind, content_digest
from cairn_protocol.messages.parties import Entry, Role
from cairn_protocol.messages.releases import DataRelease, ReleaseConsent, ReleaseTable
from cairn_protocol.messages.wire import Signed, decode, digest_of, sign
from hub.bulletins.ports import ReleasedTable
from hub.bulletins.quoting import PublishedReleases
from hub.disclosure.budget import BudgetSpent
from hub.releases.calendar import CALENDAR, planned
from hub.releases.consenting import consent
from hub.releases.drafting import PUBLIC_TIERS, draft, public_account
from hub.releases.refusals import OwnRelease, ReleaseChanged, UnknownRelease
from hub.releases.reproducing import reproduce
from hub.releases.tables import ReleaseRow
from hub.settings import Settings
from hub.storage.database import Store
from hub.storage.envelopes import Envelopes
from hub.translog.nodes import log_size
from hub.translog.tables import PromisedLeaf, TranslogCheckpoint, TranslogLeaf
from hub.trends import ledger
from hub.trends.refusals import UnknownQuestion
from hub.trends.snapshots import make
from tests.support.keys import signing_key
from tests.support.planted import Planted, plant
from tests.support.reports import exporters
from tests.support.seated import SeatedHub, seated

pytestmark = pytest.mark.anyio

FIRMS = exporters(6)
CHIPS = {"hs6": "854231", "family": "FAM-IC"}


def analyst(name: str) -> Entry:
    return Entry(
        party=name, role=Role.ANALYST, group=None, group_index=None, sector=None, families=(),
        signing_key=signing_key(name).public_key().public_bytes_raw(), sealing_key=None, not_before=0,
    )  # fmt: skip


def says(table: ReleaseTable, who: str, digest: bytes | None = None) -> Signed:
    said = ReleaseConsent(
        release=table.release, table=digest or digest_of(table), analyst=who, signed_at=1_790_000_000
    )
    return sign(said, signing_key(who))


@pytest.fixture
async def hub(settings: Settings, database_url: str, store: Store, envelopes: Envelopes) -> SeatedHub:
    hub = seated(settings, database_url, store, envelopes)
    await hub.seat(FIRMS)
    await plant(hub, FIRMS, [Planted([2] * 6, ["2026-W20", "2026-W30"], "KZ", CHIPS)])
    await make(hub.services, dt.date(2026, 11, 2))
    return hub


async def agree(hub: SeatedHub, table: ReleaseTable, who: str, signed: Signed | None = None) -> ReleaseRow:
    async def body(db: AsyncSession) -> ReleaseRow:
        return await consent(db, analyst(who), table.release, signed or says(table, who))

    return await hub.services.store.transact("agree", body)


async def promised(hub: SeatedHub) -> list[bytes]:
    async def body(db: AsyncSession) -> list[bytes]:
        found = await db.scalars(
            select(PromisedLeaf.content).where(PromisedLeaf.kind == LeafKind.RELEASE.value)
        )
        return [content for content in found if content is not None]

    return await hub.services.store.read("promised", body)


async def test_the_second_analyst_puts_it_into_the_log_and_the_first_alone_does_not(hub: SeatedHub) -> None:
    table = await draft(hub.services, planned("families"))

    await agree(hub, table, "ana")
    assert await promised(hub) == []
    with pytest.raises(OwnRelease):
        await agree(hub, table, "ana", says(table, "ana"))
    assert await promised(hub) == []
    await agree(hub, table, "ben")

    (content,) = await promised(hub)
    release = decode(content, DataRelease)
    assert release.table == digest_of(table)
    who = {decode(signed.body, ReleaseConsent).analyst for signed in release.consents}
    assert who == {"ana", "ben"}


async def test_nobody_agrees_to_another_table_or_in_anothers_name(hub: SeatedHub) -> None:
    table = await draft(hub.services, planned("families"))

    with pytest.raises(ReleaseChanged):
        await agree(hub, table, "ana", says(table, "ana", bytes(32)))
    with pytest.raises((BadMessage, BadSignature)):
        await agree(hub, table, "ana", says(table, "ben"))
    with pytest.raises(UnknownRelease):
        await agree(hub, ReleaseTable(**_told(table, release="families-2020-01")), "ana")
    with pytest.raises(UnknownQuestion):
        planned("one-firms-table")


def _told(table: ReleaseTable, **changed: object) -> dict[str, object]:
    return {name: getattr(table, name) for name in table.__struct_fields__} | changed


async def test_the_publics_table_costs_its_quarters_budget_once(hub: SeatedHub) -> None:
    table = await draft(hub.services, planned("tiers"))
    again = await draft(hub.services, planned("tiers"))

    assert table == again and table.period == "2026-Q3"
    assert [figure.cell for figure in table.figures] == [
        f"tier={tier}|quarter=2026-Q3" for tier in PUBLIC_TIERS
    ]
    assert all(figure.count is None and figure.low is not None for figure in table.figures)
    with pytest.raises(BudgetSpent):
        await hub.services.store.transact(
            "spend", lambda db: ledger.spend(db, public_account("2026-Q3"), Fraction(1, 100))
        )


async def test_every_release_is_made_again_from_its_inputs(hub: SeatedHub) -> None:
    for name in CALENDAR:
        table = await draft(hub.services, planned(name))
        made = await reproduce(hub.services, table.release)
        assert (made.same, made.snapshot, made.differing) == (True, True, ())


async def test_a_release_that_was_changed_is_found_out_cell_by_cell(hub: SeatedHub) -> None:
    table = await draft(hub.services, planned("families"))

    async def tamper(db: AsyncSession) -> None:
        row = await db.get(ReleaseRow, table.release)
        assert row is not None
        row.table = row.table.replace(b'"rule":null', b'"rule":"P1"', 1)

    await hub.services.store.transact("tamper", tamper)
    made = await reproduce(hub.services, table.release)

    assert not made.same
    assert len(made.differing) == 1 and made.differing[0] in {figure.cell for figure in table.figures}


async def test_a_bulletin_quotes_what_is_in_force_and_nothing_else(hub: SeatedHub) -> None:
    table = await draft(hub.services, planned("families"))
    await agree(hub, table, "ana")
    row = await agree(hub, table, "ben")
    assert await found(hub, table.release) is None  # the log has not cosigned it yet

    await cosign(hub, row)
    quoted = await found(hub, table.release)

    assert quoted is not None and quoted.digest == digest_of(table)
    told = {figure.cell for figure in table.figures if figure.count is not None}
    assert set(quoted.cells) == told and told
    assert await found(hub, "tiers-2026-Q3") is None


async def found(hub: SeatedHub, release: str) -> ReleasedTable | None:
    return await hub.services.store.read("find", lambda db: PublishedReleases().find(db, release))


async def cosign(hub: SeatedHub, row: ReleaseRow) -> None:
    """Give the release's leaf its place, below a checkpoint that enough trustees have signed."""

    async def body(db: AsyncSession) -> None:
        assert row.content is not None and row.leaf_hash is not None
        size = await log_size(db)
        db.add(
            TranslogLeaf(
                leaf_index=size,
                leaf_hash=row.leaf_hash,
                kind=LeafKind.RELEASE.value,
                digest=content_digest(row.content),
                content=row.content,
            )
        )
        db.add(TranslogCheckpoint(size=size + 1, root=bytes(32), note="", cosignatures={}, complete=True))

    await hub.services.store.transact("cosign", body)
