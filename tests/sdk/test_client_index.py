"""The index at the firm: synced only as the log proves it, joined without a word to anyone."""

import errno
import os
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from starlette.responses import Response

from cairn.client.errors import Misconfigured, ProofInvalid, Rejected, StateUnwritable
from cairn.client.index_state import SYNCED_FILE, Synced, index_dir, segment_name
from cairn.client.index_sync import IndexSync
from cairn.client.join import FoundCard, LocalIndex
from cairn.client.log import LogView
from cairn.client.seen import Recall, SeenCard, recalled
from cairn_protocol.kinds import Kind
from cairn_protocol.messages.index import (
    Card,
    Evidence,
    Manifest,
    RecallReason,
    Tombstone,
    pack_cards,
    pack_tags,
    prefix_of,
    seal_card,
    wrap_content_key,
)
from cairn_protocol.messages.log import LeafKind
from cairn_protocol.messages.wire import encode
from cairn_protocol.tags import CardKey, Tag
from tests.sdk.small_network import SmallNetwork, ref_of
from tests.support.reports import EPOCH, secret_of, seed

Own = tuple[Tag, CardKey]

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def network() -> Iterator[SmallNetwork]:
    started = SmallNetwork.start()
    yield started
    started.stop()


@pytest.fixture
async def sync(network: SmallNetwork, tmp_path: Path) -> IndexSync:
    connection = network.connection(tmp_path)
    return IndexSync(connection, network.genesis, LogView(connection, network.genesis))


def own(kind: Kind, value: str) -> Own:
    secret = secret_of(kind, value)
    return secret.tag, secret.card_key


def card(name: str, version: int = 1) -> Card:
    return Card(
        card_id=UUID(bytes=seed("card", name)[:16], version=4),
        version=version,
        groups="2-4",
        events="2-4",
        evidence=Evidence.E2,
        first="2026-Q1",
        last="2026-Q3",
        families=("FAM-VAC",),
        sectors=("exporter",),
        linked_by=(Kind.PHONE,),
        stages=(),
        typologies=(),
        after_decline=False,
        cleared=0,
    )


class Index:
    """An index under construction: cards, and the tags that open each."""

    def __init__(self, number: int, cards: dict[str, Sequence[Own]], **changed: Any) -> None:
        sealed, rows = [], []
        for at, (name, keys) in enumerate(cards.items()):
            content_key = seed("content", name, number)[:16]
            sealed.append(seal_card(card(name, number), content_key, EPOCH))
            rows += [(prefix_of(tag), wrap_content_key(key, content_key), at) for tag, key in keys]
        self.tags = pack_tags(sorted(rows), EPOCH)
        self.cards = pack_cards(sealed, 0, EPOCH)
        self.segments = [self.tags, self.cards]
        self.manifest = Manifest(
            epoch=EPOCH,
            number=number,
            published_at=1_790_000_000 + number,
            max_age_seconds=86_400,
            tag_segments=(ref_of(self.tags, len(rows)),),
            card_segments=(ref_of(self.cards, len(sealed)),),
            tombstones=changed.get("tombstones", ()),
            quarantined=changed.get("quarantined", ()),
        )


MERIDIAN = (own(Kind.PHONE, "+49305550101"), own(Kind.NAME, "MERIDIAN"))
ALDOUS = (own(Kind.PHONE, "+49305550102"),)
STRANGER = own(Kind.PHONE, "+49305550199")


def publish(network: SmallNetwork, number: int, cards: dict[str, Sequence[Own]], **changed: Any) -> Index:
    index = Index(number, cards, **changed)
    network.publish(index.manifest, index.segments)
    return index


def half_written(folder: Path) -> list[Path]:
    return list(folder.rglob(".writing-*"))


def names(found: Sequence[FoundCard]) -> list[UUID]:
    return [one.card.card_id for one in found]


# Syncing


@pytest.mark.anyio
async def test_a_synced_index_answers_without_the_network(
    network: SmallNetwork, sync: IndexSync, tmp_path: Path
) -> None:
    """G4: after the sync nothing is asked, whatever is looked up."""
    publish(network, 1, {"meridian": MERIDIAN, "aldous": ALDOUS})
    await sync.sync()
    asked = list(network.hub.asked)

    index = LocalIndex.load(index_dir(tmp_path))
    found = index.find([STRANGER, MERIDIAN[1], MERIDIAN[0]])

    assert found == [FoundCard(card("meridian"), (MERIDIAN[1][0], MERIDIAN[0][0]))]
    assert network.hub.asked == asked


@pytest.mark.anyio
async def test_only_new_segments_are_fetched_and_old_ones_removed(
    network: SmallNetwork, sync: IndexSync, tmp_path: Path
) -> None:
    first = publish(network, 1, {"meridian": MERIDIAN})
    await sync.sync()
    second = Index(2, {"aldous": ALDOUS})
    mixed = structs.replace(second.manifest, tag_segments=first.manifest.tag_segments)
    network.publish(mixed, [second.cards])
    network.hub.asked.clear()

    state = await sync.sync()

    assert state.number == 2
    assert [path for path in network.hub.asked if "segments" in path] == [
        f"GET /v1/index/segments/{second.manifest.card_segments[0].digest.hex()}"
    ]
    kept = {path.name for path in (index_dir(tmp_path) / "segments").iterdir()}
    assert kept == {ref.digest.hex() for ref in mixed.tag_segments + mixed.card_segments}


@pytest.mark.anyio
async def test_an_unchanged_index_is_not_sent_again_but_its_sync_is_noted(
    network: SmallNetwork, sync: IndexSync
) -> None:
    publish(network, 1, {"meridian": MERIDIAN})
    network.clock[0] = 1_790_000_100
    await sync.sync()
    network.clock[0] = 1_790_000_900
    network.hub.segments.clear()

    assert (await sync.sync()).synced_at == 1_790_000_900


@pytest.mark.anyio
async def test_no_index_yet_is_a_refusal_that_leaves_nothing(
    network: SmallNetwork, sync: IndexSync, tmp_path: Path
) -> None:
    with pytest.raises(Rejected):
        await sync.sync()
    with pytest.raises(Misconfigured, match="sync it first"):
        LocalIndex.load(index_dir(tmp_path))


@pytest.mark.anyio
async def test_an_index_that_is_not_in_the_log_is_refused(network: SmallNetwork, sync: IndexSync) -> None:
    """G8: the hub can't show one member an index that others can't see."""
    publish(network, 1, {"meridian": MERIDIAN})
    private = Index(2, {"aldous": ALDOUS})
    assert network.hub.manifest is not None
    network.hub.manifest = structs.replace(network.hub.manifest, manifest=private.manifest)
    network.hub.segments |= {ref_of(raw, 0).digest.hex(): raw for raw in private.segments}

    with pytest.raises(ProofInvalid) as found:
        await sync.sync()

    assert (found.value.slug, found.value.culprit) == ("bad-inclusion", "hub")


@pytest.mark.anyio
async def test_an_index_under_a_checkpoint_with_too_few_cosignatures_is_refused(
    network: SmallNetwork, sync: IndexSync
) -> None:
    cosigned = network.hub.note
    index = Index(1, {"meridian": MERIDIAN})
    network.hub.log.add(LeafKind.MANIFEST, encode(index.manifest))
    network.hub.manifest = network.answer_for(index.manifest, network.cosign(cosigners=network.trustees[:1]))
    network.hub.note = cosigned

    with pytest.raises(ProofInvalid) as found:
        await sync.sync()

    assert found.value.slug == "too-few-cosignatures"


@pytest.mark.anyio
async def test_a_rolled_back_index_is_refused_and_the_newer_one_stays(
    network: SmallNetwork, sync: IndexSync, tmp_path: Path
) -> None:
    """The old manifest is in the log, and its proof is true: only the firm's own memory tells."""
    old = publish(network, 1, {"aldous": ALDOUS})
    publish(network, 2, {"meridian": MERIDIAN})
    await sync.sync()
    network.hub.manifest = network.answer_for(old.manifest, network.hub.note)

    with pytest.raises(ProofInvalid) as found:
        await sync.sync()

    assert found.value.slug == "rolled-back-index"
    assert names(LocalIndex.load(index_dir(tmp_path)).find([MERIDIAN[0]])) == [card("meridian").card_id]


@pytest.mark.anyio
async def test_one_number_with_two_contents_is_refused(network: SmallNetwork, sync: IndexSync) -> None:
    publish(network, 1, {"meridian": MERIDIAN})
    await sync.sync()
    publish(network, 1, {"aldous": ALDOUS})
    network.hub.replies["/v1/index/manifest"] = lambda request, body: Response(
        encode(network.hub.manifest)  # type: ignore[arg-type]
    )

    with pytest.raises(ProofInvalid) as found:
        await sync.sync()

    assert found.value.slug == "forked-index"


@pytest.mark.anyio
async def test_a_segment_with_one_byte_changed_is_refused_and_the_old_index_stays(
    network: SmallNetwork, sync: IndexSync, tmp_path: Path
) -> None:
    publish(network, 1, {"aldous": ALDOUS})
    await sync.sync()
    index = publish(network, 2, {"meridian": MERIDIAN})
    changed = bytearray(index.cards)
    changed[-1] ^= 1
    network.hub.segments[index.manifest.card_segments[0].digest.hex()] = bytes(changed)

    with pytest.raises(ProofInvalid) as found:
        await sync.sync()

    assert (found.value.slug, found.value.culprit) == ("bad-segment", "hub")
    local = LocalIndex.load(index_dir(tmp_path))
    assert (local.state.number, names(local.find([ALDOUS[0]]))) == (1, [card("aldous").card_id])


@pytest.mark.anyio
@pytest.mark.parametrize("change", [{"epoch": EPOCH + 1}, {"count": 99}])
async def test_a_manifest_that_misstates_itself_is_refused(
    network: SmallNetwork, sync: IndexSync, change: dict[str, int]
) -> None:
    index = Index(1, {"meridian": MERIDIAN})
    ref = structs.replace(index.manifest.tag_segments[0], count=change.get("count", 2))
    epoch = change.get("epoch", EPOCH)
    manifest = structs.replace(index.manifest, tag_segments=(ref,), epoch=epoch)
    network.publish(manifest, index.segments)

    with pytest.raises(ProofInvalid):
        await sync.sync()


@pytest.mark.anyio
async def test_a_full_disk_is_said_so_and_the_old_index_stays(
    network: SmallNetwork, sync: IndexSync, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(network, 1, {"aldous": ALDOUS})
    await sync.sync()
    publish(network, 2, {"meridian": MERIDIAN})
    await LogView(network.connection(tmp_path), network.genesis).refresh()

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StateUnwritable, match="No space left on device"):
        await sync.sync()

    local = LocalIndex.load(index_dir(tmp_path))
    assert (local.state.number, names(local.find([ALDOUS[0]]))) == (1, [card("aldous").card_id])
    assert half_written(tmp_path) == []


@pytest.mark.anyio
async def test_an_old_index_is_told_by_this_machines_clock(network: SmallNetwork, sync: IndexSync) -> None:
    publish(network, 1, {"meridian": MERIDIAN})

    state = await sync.sync()

    assert not state.too_old(state.published_at + 86_400)
    assert state.too_old(state.published_at + 86_401)
    assert state.age_seconds(state.published_at + 5.9) == 5
    assert state.age_seconds(0) == 0


# Joining


def loaded(directory: Path, index: Index) -> LocalIndex:
    """The index as after a sync."""
    (directory / "segments").mkdir(parents=True, exist_ok=True)
    refs = index.manifest.tag_segments + index.manifest.card_segments
    for ref, raw in zip(refs, index.segments, strict=True):
        (directory / segment_name(ref)).write_bytes(raw)
    synced = Synced(manifest=index.manifest, synced_at=1_790_000_000, etag=None)
    (directory / SYNCED_FILE).write_bytes(encode(synced))
    return LocalIndex.load(directory)


def test_a_tag_without_its_card_key_opens_nothing(tmp_path: Path) -> None:
    index = loaded(tmp_path, Index(1, {"meridian": MERIDIAN}))

    assert index.find([(MERIDIAN[0][0], STRANGER[1])]) == []


def test_two_tags_of_one_prefix_open_each_its_own_card(tmp_path: Path) -> None:
    twin = (Tag(MERIDIAN[0][0][:8] + bytes(24)), CardKey(seed("twin")))
    index = loaded(tmp_path, Index(1, {"meridian": MERIDIAN, "twin": (twin,)}))

    assert names(index.find([twin])) == [card("twin").card_id]
    assert names(index.find([MERIDIAN[0]])) == [card("meridian").card_id]


def test_recalled_cards_and_quarantined_tags_give_nothing(tmp_path: Path) -> None:
    gone = Tombstone(card_id=card("aldous").card_id, reason=RecallReason.WRONG_JOIN)
    cards = {"meridian": MERIDIAN, "aldous": ALDOUS}
    index = loaded(tmp_path, Index(1, cards, tombstones=(gone,), quarantined=(MERIDIAN[0][0],)))

    assert index.find([ALDOUS[0], MERIDIAN[0]]) == []
    assert names(index.find([MERIDIAN[1]])) == [card("meridian").card_id]


def test_a_card_that_does_not_open_with_its_own_key_is_the_hubs_doing(tmp_path: Path) -> None:
    index = Index(1, {"meridian": MERIDIAN})
    broken = bytearray(index.cards)
    broken[-1] ^= 1
    index.segments = [index.tags, bytes(broken)]

    with pytest.raises(ProofInvalid, match="does not open"):
        loaded(tmp_path, index).find([MERIDIAN[0]])


@pytest.mark.parametrize("content", [b"", b"CRNT\x01"])
def test_a_damaged_segment_on_disk_is_said_so(tmp_path: Path, content: bytes) -> None:
    index = Index(1, {"meridian": MERIDIAN})
    index.segments = [content, index.cards]

    with pytest.raises(Misconfigured, match="sync again"):
        loaded(tmp_path, index)


def test_a_missing_segment_is_said_so(tmp_path: Path) -> None:
    index = Index(1, {"meridian": MERIDIAN})
    loaded(tmp_path, index)
    for path in (tmp_path / "segments").iterdir():
        path.unlink()

    with pytest.raises(Misconfigured, match="missing"):
        LocalIndex.load(tmp_path)


_POOL = [(Tag(seed("tag", at)), CardKey(seed("key", at))) for at in range(40)]


@settings(max_examples=40, deadline=None)
@given(
    published=st.lists(st.lists(st.sampled_from(_POOL), max_size=4, unique=True), max_size=12),
    asked=st.lists(st.sampled_from(_POOL), max_size=30),
    fillers=st.sampled_from([0, 600]),
)
def test_the_join_finds_what_a_comparison_of_all_with_all_finds(
    tmp_path_factory: pytest.TempPathFactory,
    published: list[list[Own]],
    asked: list[Own],
    fillers: int,
) -> None:
    """Few tags and many take different ways; both must equal the slow one."""
    cards = {str(at): keys for at, keys in enumerate(published)}
    index = loaded(tmp_path_factory.mktemp("index"), Index(1, cards))
    many = asked + [(Tag(secrets.token_bytes(32)), CardKey(bytes(32))) for _ in range(fillers)]

    found = {(one.card.card_id, frozenset(one.via)) for one in index.find(many)}

    slow = {
        (card(name).card_id, frozenset(tag for tag, _ in keys) & {tag for tag, _ in asked})
        for name, keys in cards.items()
    }
    assert found == {(card_id, via) for card_id, via in slow if via}


# Cards seen


def test_a_recall_reaches_whoever_saw_the_card() -> None:
    """G10: the card was shown months ago, in an earlier version."""
    gone = Tombstone(card_id=card("aldous").card_id, reason=RecallReason.WRONG_JOIN)
    manifest = Index(7, {"meridian": MERIDIAN}, tombstones=(gone,)).manifest
    shown = [SeenCard(card(name).card_id, 1, 1_780_000_000) for name in ("meridian", "aldous")]

    assert recalled(manifest, shown) == [Recall(shown[1], RecallReason.WRONG_JOIN)]
