"""Publishing: a version counts once its manifest is provably in the log, and reading leaves no mark."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import httpx2
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.checkpoint import open_note
from cairn_protocol.kinds import Kind
from cairn_protocol.merkle import verify_inclusion
from cairn_protocol.messages.index import Manifest, ManifestAnswer, RecallReason, Tombstone
from cairn_protocol.messages.log import LeafKind, content_digest, hash_of
from cairn_protocol.messages.wire import decode, encode
from hub.cards.tables import CardRow
from hub.index import publishing as publishing_module
from hub.index.publishing import ManifestNotProven, publish
from hub.index.schedule import publishing
from hub.linkage.tables import ClusterRow
from hub.services import Services
from hub.settings import Settings
from tests.support.hub import RunningHub, in_database, running_hub
from tests.support.index_reader import IndexReader
from tests.support.parties import Parties, parties
from tests.support.postgres import TestServer
from tests.support.reports import Firm, exporters

FIRMS = exporters(5)
PHONE, OTHER = (Kind.PHONE, "+905550100199"), (Kind.PHONE, "+905550100777")


@pytest.fixture(scope="module")
def hub(postgres: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    """A hub with a subject that two groups saw, and its first index."""
    with running_hub(postgres.database(), tmp_path_factory.mktemp("hub"), parties()) as hub:
        for firm in FIRMS:
            hub.enter(firm.entry, firm.key)
        file(hub, FIRMS[0], PHONE, (Kind.NAME, "orkide"))
        file(hub, FIRMS[1], PHONE, (Kind.NAME, "okt"))
        publish_now(hub.settings)
        yield hub


def file(hub: RunningHub, firm: Firm, *keys: tuple[Kind, str], inquiry: str = "inquiry") -> None:
    report = firm.report(*keys, inquiry=inquiry, normaliser=hub.parties.genesis.normaliser)
    answer = hub.call("POST", "/v1/reports", encode(report), firm.id, firm.key)
    assert answer.status_code == 201, answer.text


def publish_now(settings: Settings) -> Manifest:
    """As `cairn-hub index publish` does, from a process of its own."""
    assert settings.database_url is not None
    url = settings.database_url.get_secret_value()

    async def run() -> Manifest:
        async with Services.open(settings, url) as services:
            return await publish(services)

    return asyncio.run(run())


def proven(hub: RunningHub) -> ManifestAnswer:
    """The manifest, verified as a member does: in the log, under a checkpoint that t trustees cosigned."""
    answer = decode(hub.get("/v1/index/manifest").content, ManifestAnswer)
    leaf = hash_of(LeafKind.MANIFEST, content_digest(encode(answer.manifest)))
    checkpoint = opened(hub.parties, answer.checkpoint)
    verify_inclusion(leaf, answer.leaf_index, checkpoint.size, list(answer.path), checkpoint.root)
    return answer


def opened(founders: Parties, note: str):  # type: ignore[no-untyped-def]
    genesis = founders.genesis
    trustees = {
        f"{genesis.origin}/{one.id}": Ed25519PublicKey.from_public_bytes(one.signing_key)
        for one in genesis.trustees
    }
    hub_key = Ed25519PublicKey.from_public_bytes(genesis.hub_key)
    return open_note(note, genesis.origin, hub_key, trustees, genesis.t).checkpoint


def read(hub: RunningHub, manifest: Manifest) -> IndexReader:
    return IndexReader(manifest, lambda digest: hub.get(f"/v1/index/segments/{digest.hex()}").content)


def test_a_member_proves_the_manifest_and_finds_the_card(hub: RunningHub) -> None:
    index = read(hub, proven(hub).manifest)

    assert index.card(*PHONE).groups == "2-4"
    assert index.cards(*OTHER) == []


def test_a_version_that_a_member_has_is_not_sent_again(hub: RunningHub) -> None:
    first = hub.get("/v1/index/manifest")

    again = httpx2.get(hub.url + "/v1/index/manifest", headers={"If-None-Match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["cache-control"] == "no-cache"


def test_a_segment_may_be_kept_by_any_cache(hub: RunningHub) -> None:
    digest = proven(hub).manifest.tag_segments[0].digest.hex()

    answer = hub.get(f"/v1/index/segments/{digest}")

    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize(("digest", "status"), [("0" * 64, 404), ("0" * 63, 422), ("G" * 64, 422)])
def test_a_segment_that_is_not_there_is_a_problem(hub: RunningHub, digest: str, status: int) -> None:
    answer = hub.get(f"/v1/index/segments/{digest}")

    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


def test_the_next_version_shows_what_was_filed_since(hub: RunningHub) -> None:
    before = proven(hub).manifest
    file(hub, FIRMS[2], OTHER, inquiry="later")
    file(hub, FIRMS[3], OTHER, inquiry="later")
    assert proven(hub).manifest == before

    publish_now(hub.settings)

    after = proven(hub).manifest
    assert after.number == before.number + 1
    assert read(hub, after).card(*OTHER)


def test_segments_of_the_version_before_stay_for_a_while(hub: RunningHub) -> None:
    before = proven(hub).manifest
    file(hub, FIRMS[4], OTHER, inquiry="last")
    publish_now(hub.settings)
    assert proven(hub).manifest.tag_segments != before.tag_segments

    assert read(hub, before).card(*PHONE)


def test_versions_follow_each_other_on_the_schedule(hub: RunningHub) -> None:
    """Whether anyone files or syncs: when a version appears tells nothing."""
    before = proven(hub).manifest
    assert hub.settings.database_url is not None
    url = hub.settings.database_url.get_secret_value()
    often = hub.settings.model_copy(update={"index_interval_seconds": 0.2})

    async def run() -> None:
        async with Services.open(often, url) as services, publishing(services):
            while proven(hub).manifest.number < before.number + 2:
                await asyncio.sleep(0.1)

    asyncio.run(asyncio.wait_for(run(), 60))

    after = proven(hub).manifest
    assert (after.tag_segments, after.card_segments) == (before.tag_segments, before.card_segments)


def dumped(hub: RunningHub) -> dict[str, list[str]]:
    assert hub.settings.database_url is not None
    with psycopg.connect(hub.settings.database_url.get_secret_value()) as connection:
        tables = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        ).fetchall()
        return {
            table: sorted(str(row) for row in connection.execute(f'SELECT * FROM "{table}"'))  # type: ignore[arg-type]
            for (table,) in tables
            if not table.startswith("procrastinate_workers")  # the worker's heartbeat, whoever asks
        }


def counted(hub: RunningHub) -> list[str]:
    """The operator's figures, but for ages, which grow by themselves."""
    return [line for line in hub.get("/metrics").text.splitlines() if "_seconds" not in line]


def test_reading_the_index_leaves_no_mark(hub: RunningHub, caplog: pytest.LogCaptureFixture) -> None:
    """G4: the hub does not learn that anyone looked."""
    manifest = proven(hub).manifest
    rows, figures, logged = dumped(hub), counted(hub), list(caplog.records)

    for _ in range(5):
        read(hub, proven(hub).manifest)
        hub.get(f"/v1/index/segments/{manifest.tag_segments[0].digest.hex()}")

    assert dumped(hub) == rows
    assert counted(hub) == figures
    assert caplog.records == logged


def test_without_trustees_a_version_waits_and_the_one_before_is_served(
    database_url: str, tmp_path: Path
) -> None:
    with running_hub(database_url, tmp_path, parties()) as hub:
        hub.enter(FIRMS[0].entry, FIRMS[0].key)
        assert hub.get("/v1/index/manifest").json()["type"].endswith("/index-not-published")
        first = publish_now(hub.settings)
        for cosigner in list(hub.cosigners.values())[1:]:
            cosigner.down = True

        with pytest.raises(ManifestNotProven):
            publish_now(hub.settings.model_copy(update={"index_proof_seconds": 0.5}))

        assert proven(hub).manifest == first


def test_a_card_found_wrong_is_recalled_however_many_newer_cards_were_merged_away(
    postgres: TestServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G10: a manifest has room for so many tombstones, and an old card's number is lower than all of theirs."""
    monkeypatch.setattr(publishing_module, "MOST_TOMBSTONES", 3)

    async def body(db: AsyncSession) -> tuple[Tombstone, ...]:
        db.add(
            ClusterRow(
                id=1, size=0, founder=1, groups=[], kinds=[], countries=b"", merged_into=None, changed=False
            )
        )
        await db.flush()
        for number in range(1, 7):
            reason = RecallReason.WRONG_JOIN if number == 1 else RecallReason.SUPERSEDED
            db.add(CardRow(number=number, card_id=UUID(int=number), cluster=1, version=1, gone=reason.value))
        await db.flush()
        return await publishing_module._tombstones(db)

    with running_hub(postgres.database(), tmp_path, parties()) as fresh:
        told = in_database(fresh.settings, body)

    assert {(one.card_id.int, one.reason) for one in told} == {  # type: ignore[attr-defined]
        (1, RecallReason.WRONG_JOIN),
        (5, RecallReason.SUPERSEDED),
        (6, RecallReason.SUPERSEDED),
    }
