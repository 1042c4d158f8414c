"""The log as members see it: cosigned, provable, and an edited row shows."""

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.merkle import verify_consistency, verify_inclusion
from cairn_protocol.messages.log import (
    ConsistencyProof,
    Entries,
    InclusionProof,
    LeafKind,
    LogEntry,
    content_digest,
    hash_of,
)
from cairn_protocol.messages.parties import SignedGenesis
from cairn_protocol.messages.wire import decode
from hub.translog.promise import promise_all
from tests.support.hub import RunningHub, in_database, running_hub, until
from tests.support.parties import parties


@pytest.fixture(scope="module")
def hub(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    with running_hub(module_database_url, tmp_path_factory.mktemp("hub"), parties()) as hub:
        yield hub


def reports(count: int, name: str) -> list[LogEntry]:
    return [
        LogEntry(kind=LeafKind.REPORT, digest=f"{name} {at}".encode().ljust(32), content=None)
        for at in range(count)
    ]


def fill(hub: RunningHub, entries: list[LogEntry]) -> list[bytes]:
    size = hub.checkpoint().checkpoint.size

    async def body(db: AsyncSession) -> list[bytes]:
        return await promise_all(db, entries)

    hashes = in_database(hub.settings, body)
    until(lambda: hub.checkpoint().checkpoint.size == size + len(entries))
    return hashes  # type: ignore[return-value]


def test_leaf_0_is_the_genesis(hub: RunningHub) -> None:
    entries = decode(hub.get("/v1/log/entries?start=0&count=1").content, Entries)

    assert entries.entries[0].kind is LeafKind.GENESIS
    assert decode(entries.entries[0].content or b"", SignedGenesis).genesis == parties().genesis


def test_every_leaf_is_proven_under_the_checkpoint(hub: RunningHub) -> None:
    hashes = fill(hub, reports(37, "proven"))
    checkpoint = hub.checkpoint().checkpoint

    for leaf in hashes:
        answer = hub.get(f"/v1/log/proof?leaf={leaf.hex()}&size={checkpoint.size}")
        proof = decode(answer.content, InclusionProof)
        verify_inclusion(leaf, proof.index, proof.size, proof.path, checkpoint.root)


def test_every_earlier_state_is_the_beginning_of_the_newest(hub: RunningHub) -> None:
    states = [hub.checkpoint().checkpoint]
    for at in range(5):
        fill(hub, reports(at + 1, f"state {at}"))
        states.append(hub.checkpoint().checkpoint)

    for old in states:
        new = states[-1]
        answer = hub.get(f"/v1/log/proof?old={old.size}&new={new.size}")
        proof = decode(answer.content, ConsistencyProof)
        verify_consistency(old.size, new.size, proof.path, old.root, new.root)


def test_a_checkpoint_has_the_cosignatures_of_all_trustees_that_are_up(hub: RunningHub) -> None:
    fill(hub, reports(1, "all"))
    until(lambda: len(hub.checkpoint().cosigners) == 3)


def test_a_leaf_promised_twice_has_one_place(hub: RunningHub) -> None:
    entries = reports(3, "twice")
    hashes = fill(hub, entries)
    size = hub.checkpoint().checkpoint.size

    async def body(db: AsyncSession) -> list[bytes]:
        return await promise_all(db, entries)

    assert in_database(hub.settings, body) == hashes
    fill(hub, reports(1, "after it"))
    assert hub.checkpoint().checkpoint.size == size + 1


def test_a_leaf_that_is_not_there_is_not_found(hub: RunningHub) -> None:
    answer = hub.get(f"/v1/log/proof?leaf={bytes(32).hex()}&size=1")

    assert answer.status_code == 404
    assert answer.json()["type"].endswith("/not-in-log")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("leaf=00&size=1", 422),
        (f"leaf={bytes(32).hex()}", 400),
        (f"leaf={bytes(32).hex()}&size=100000", 400),
        ("old=2&new=1", 400),
        ("old=1&new=100000", 400),
        ("old=1&new=2&size=1", 400),
    ],
)
def test_a_question_about_no_state_of_the_log_is_refused(hub: RunningHub, query: str, status: int) -> None:
    assert hub.get(f"/v1/log/proof?{query}").status_code == status


def test_entries_end_where_the_log_ends(hub: RunningHub) -> None:
    size = hub.checkpoint().checkpoint.size
    entries = decode(hub.get(f"/v1/log/entries?start={size - 1}").content, Entries)

    assert len(entries.entries) == len(entries.leaf_hashes) == 1
    assert decode(hub.get(f"/v1/log/entries?start={size}").content, Entries).entries == ()


def test_answers_stay_below_what_a_message_may_have(hub: RunningHub) -> None:
    """Eighteen contents of a megabyte don't fit into one answer, so it has fewer."""
    start = hub.checkpoint().checkpoint.size
    contents = [bytes([at]) * (1 << 20) for at in range(18)]
    fill(hub, [LogEntry(kind=LeafKind.MANIFEST, digest=content_digest(one), content=one) for one in contents])

    entries = decode(hub.get(f"/v1/log/entries?start={start}").content, Entries)
    assert 1 <= len(entries.entries) < 18


def test_an_edited_row_shows(hub: RunningHub) -> None:
    """G8: entries come from the table as it is."""
    (leaf,) = fill(hub, reports(1, "to be edited"))
    index = hub.checkpoint().checkpoint.size - 1
    with psycopg.connect(hub.settings.database_url.get_secret_value()) as db:  # type: ignore[union-attr]
        db.execute("UPDATE translog_leaves SET digest = %s WHERE leaf_index = %s", (b"x" * 32, index))

    entries = decode(hub.get(f"/v1/log/entries?start={index}&count=1").content, Entries)
    assert entries.leaf_hashes == (leaf,)
    assert hash_of(entries.entries[0].kind, entries.entries[0].digest) != leaf
