"""The log through the SDK's eyes: what the hub can't do to a firm that checks (G8)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs
from starlette.requests import Request

from cairn.client.errors import Misconfigured, ProofInvalid, Unreachable
from cairn.client.genesis import pinned_genesis
from cairn.client.log import LogView
from cairn_protocol.checkpoint import Checkpoint, cosign, sign_checkpoint, with_cosignatures
from cairn_protocol.messages.log import LeafKind
from cairn_protocol.messages.parties import Role, SignedGenesis, sign_genesis
from cairn_protocol.messages.wire import encode
from tests.sdk.small_network import ORIGIN, Log, SmallNetwork, refused
from tests.support.reports import firm, seed

MEMBER = firm("m00", 1)

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(60)]


@pytest.fixture
def network() -> Iterator[SmallNetwork]:
    started = SmallNetwork.start()
    yield started
    started.stop()


@pytest.fixture
async def log(network: SmallNetwork, tmp_path: Path) -> LogView:
    return LogView(network.connection(tmp_path), network.genesis)


def report_leaf(network: SmallNetwork, name: str) -> bytes:
    return network.hub.log.add(LeafKind.REPORT, digest=seed("report", name))


def filled(network: SmallNetwork, reports: int = 30) -> None:
    for at in range(reports):
        report_leaf(network, str(at))
    network.cosign()


# The genesis


async def test_the_pinned_genesis_is_kept_and_then_needs_no_hub(
    network: SmallNetwork, tmp_path: Path
) -> None:
    async with network.connection(tmp_path) as connection:
        assert await pinned_genesis(connection) == network.genesis
        network.hub.stop()
        assert await pinned_genesis(connection) == network.genesis


async def test_another_genesis_than_the_pinned_one_is_refused(network: SmallNetwork, tmp_path: Path) -> None:
    async with network.connection(tmp_path) as connection:
        changed = structs.replace(network.genesis, t=3)
        signatures = tuple(sign_genesis(changed, trustee.key) for trustee in network.trustees)
        network.hub.log.entries[0] = structs.replace(
            network.hub.log.entries[0], content=encode(SignedGenesis(genesis=changed, signatures=signatures))
        )

        with pytest.raises(ProofInvalid, match="another genesis than the one in your invitation") as found:
            await pinned_genesis(connection)

    assert found.value.culprit == "hub"


async def test_a_kept_genesis_is_held_against_the_pin_too(network: SmallNetwork, tmp_path: Path) -> None:
    """Whoever can write the state folder still can't put other trustees in the place of the pinned ones."""
    changed = structs.replace(network.genesis, normaliser=seed("another"))
    signatures = tuple(sign_genesis(changed, trustee.key) for trustee in network.trustees)
    async with network.connection(tmp_path) as connection:
        connection.state.write("genesis.json", encode(SignedGenesis(genesis=changed, signatures=signatures)))

        assert await pinned_genesis(connection) == network.genesis


# Checkpoints


async def test_the_newest_checkpoint_is_taken_and_remembered(
    network: SmallNetwork, log: LogView, tmp_path: Path
) -> None:
    filled(network)

    seen = await log.refresh()

    assert seen.checkpoint.size == 31
    assert LogView(network.connection(tmp_path), network.genesis).last_seen() == seen


async def test_fewer_cosignatures_than_t_are_refused(network: SmallNetwork, log: LogView) -> None:
    report_leaf(network, "one")
    network.cosign(cosigners=network.trustees[:1])

    with pytest.raises(ProofInvalid) as found:
        await log.refresh()

    assert (found.value.slug, found.value.culprit) == ("too-few-cosignatures", "hub")
    assert log.last_seen() is None


async def test_one_trustees_cosignature_twice_is_not_two(network: SmallNetwork, log: LogView) -> None:
    network.cosign(cosigners=network.trustees[:1])
    network.hub.note += network.hub.note.splitlines(keepends=True)[-1]

    with pytest.raises(ProofInvalid):
        await log.refresh()


async def test_a_log_with_another_past_is_refused_and_both_notes_are_kept(
    network: SmallNetwork, log: LogView, tmp_path: Path
) -> None:
    """Even if t trustees collude with the hub: a firm that has seen the log is shown no other one."""
    fork = network.hub.log.copy()
    filled(network, 5)
    await log.refresh()
    fork.add(LeafKind.REPORT, digest=seed("another past"))
    for at in range(9):
        fork.add(LeafKind.REPORT, digest=seed(at))
    network.hub.log = fork
    network.cosign()

    with pytest.raises(ProofInvalid) as found:
        await log.refresh()

    assert (found.value.slug, found.value.culprit) == ("bad-consistency", "hub")
    kept = {path.read_text() for path in found.value.evidence}
    assert network.hub.note in kept and len(kept) == 2
    assert all(path.parent == tmp_path / "conflicts" for path in found.value.evidence)


async def test_two_members_shown_different_logs_learn_it_from_a_trustee(
    network: SmallNetwork, log: LogView
) -> None:
    """The third trustee cosigned the log that the others see; the hub shows this member a fork."""
    fork = network.hub.log.copy()
    filled(network, 5)
    honest = network.trustees[2]
    for at in range(5):
        fork.add(LeafKind.REPORT, digest=seed("fork", at))
    network.hub.log = fork
    network.cosign(cosigners=network.trustees[:2])

    with pytest.raises(ProofInvalid) as found:
        await log.refresh()

    assert found.value.slug == "bad-consistency"
    assert honest.note in {path.read_text() for path in found.value.evidence}


async def test_a_trustee_that_is_ahead_of_the_hub_is_no_conflict(network: SmallNetwork, log: LogView) -> None:
    filled(network, 5)
    behind = network.hub.note
    report_leaf(network, "more")
    network.cosign(cosigners=network.trustees[:1])
    network.hub.note = behind

    assert (await log.refresh()).checkpoint.size == 6


async def test_a_trustee_that_hangs_or_has_nothing_holds_nobody_up(
    network: SmallNetwork, tmp_path: Path
) -> None:
    network.trustees[0].hangs = True
    network.trustees[1].note = None
    async with network.connection(tmp_path, compare=0.2) as connection:
        assert (await LogView(connection, network.genesis).refresh()).checkpoint.size == 1


async def test_a_trustee_that_shows_a_false_cosignature_is_recorded(
    network: SmallNetwork, log: LogView, tmp_path: Path
) -> None:
    liar = network.trustees[1]
    line = cosign(_checkpoint(network), f"{ORIGIN}/{liar.id}", network.trustees[0].key, 1)
    liar.note = with_cosignatures(sign_checkpoint(_checkpoint(network), network.hub.key), [line])

    await log.refresh()

    (fault,) = network.connection(tmp_path).state.faults()
    assert fault.culprit == "trustee:t2"


async def test_a_hub_that_forgot_what_it_had_shown_is_found(network: SmallNetwork, log: LogView) -> None:
    before = network.hub.log.copy()
    filled(network, 5)
    await log.refresh()
    network.hub.log = before
    network.cosign()

    with pytest.raises(ProofInvalid, match="can't show that one continues the other"):
        await log.refresh()


async def test_a_damaged_checkpoint_file_is_said_to_be_so(log: LogView, tmp_path: Path) -> None:
    (tmp_path / "checkpoint.note").write_text("nonsense")

    with pytest.raises(Misconfigured, match=r"checkpoint\.note"):
        log.last_seen()


# Inclusion


async def test_a_promised_leaf_is_proven_once_it_is_in_the_log(network: SmallNetwork, log: LogView) -> None:
    filled(network, 5)
    await log.refresh()
    leaf = report_leaf(network, "new")
    assert await log.verify_inclusion(leaf) is None

    network.cosign()
    await log.refresh()

    assert await log.verify_inclusion(leaf) == 6


async def test_a_false_inclusion_proof_is_the_hubs_lie(network: SmallNetwork, log: LogView) -> None:
    filled(network, 5)
    await log.refresh()
    honest = network.hub.answer
    other = network.hub.log.leaf_hashes[3].hex()
    network.hub.replies["/v1/log/proof"] = lambda request, body: honest(
        _with_query(request, f"leaf={other}&size=6"), body
    )

    with pytest.raises(ProofInvalid) as found:
        await log.verify_inclusion(seed("a leaf that is in no log"))

    assert (found.value.slug, found.value.culprit) == ("bad-inclusion", "hub")


# The roster


async def test_the_roster_follows_the_log_and_only_new_leaves_are_read(
    network: SmallNetwork, log: LogView
) -> None:
    filled(network, 20)
    await log.follow()
    read_first = network.hub.asked.count("GET /v1/log/entries")
    network.enter(MEMBER)
    network.cosign()

    roster = await log.follow()

    assert [entry.party for entry in roster.in_force(Role.MEMBER, now=1)] == ["m00"]
    assert network.hub.asked.count("GET /v1/log/entries") == read_first + 1
    assert log.roster().entry("m00", now=1) == MEMBER.entry


async def test_an_act_that_too_few_trustees_approved_is_found(network: SmallNetwork, log: LogView) -> None:
    network.enter(MEMBER, approvals=1)
    network.cosign()

    with pytest.raises(ProofInvalid, match="leaf 1: 1 trustees approved, 2 must") as found:
        await log.follow()

    assert found.value.slug == "bad-roster"


async def test_a_damaged_memory_of_the_log_is_read_again(
    network: SmallNetwork, log: LogView, tmp_path: Path
) -> None:
    network.enter(MEMBER)
    filled(network)
    await log.follow()
    kept = (tmp_path / "followed.json").read_text()
    (tmp_path / "followed.json").write_text(kept.replace('"size":32', '"size":31'))

    assert (await log.follow()).entry("m00", now=1) == MEMBER.entry


# The whole log


async def test_an_audit_counts_what_is_there(network: SmallNetwork, log: LogView) -> None:
    network.enter(MEMBER)
    filled(network)
    told: list[tuple[int, int]] = []

    audit = await log.verify_all(lambda done, size: told.append((done, size)))

    assert audit.size == 32
    assert audit.leaves_by_kind == {LeafKind.GENESIS: 1, LeafKind.ROSTER: 1, LeafKind.REPORT: 30}
    assert set(audit.cosigners) == {"t1", "t2", "t3"}
    assert told[-1] == (32, 32)


@pytest.mark.parametrize("seen_before", [True, False])
async def test_an_edited_leaf_hash_is_found_and_said_where(
    network: SmallNetwork, log: LogView, seen_before: bool
) -> None:
    filled(network)
    if seen_before:
        await log.verify_all()
    true = network.hub.log.leaf_hashes[17]
    network.hub.log.leaf_hashes[17] = seed("edited")

    with pytest.raises(ProofInvalid) as found:
        await log.verify_all()

    assert found.value.culprit == "hub"
    assert found.value.detail == (
        f"leaf 17 (report): the hub's table says {seed('edited').hex()[:16]}…, what it gives as the leaf "
        f"makes {true.hex()[:16]}…, the trustees' mirrors say {true.hex()[:16]}…"
    )


async def test_an_edit_that_is_carried_through_is_found_by_the_trustees_mirrors(
    network: SmallNetwork, log: LogView
) -> None:
    """Digest, leaf hash and every node above agree with each other, and with no trustee."""
    filled(network)
    true = network.hub.log.leaf_hashes[17]
    _rebuild_with(network, 17, seed("another report"))
    edited = network.hub.log.leaf_hashes[17]

    with pytest.raises(ProofInvalid) as found:
        await log.verify_all()

    assert found.value.detail == (
        f"leaf 17 (report): the hub's table says {edited.hex()[:16]}…, "
        f"the trustees' mirrors say {true.hex()[:16]}…"
    )


async def test_one_mirror_is_enough_to_say_where(network: SmallNetwork, log: LogView) -> None:
    filled(network)
    _rebuild_with(network, 4, seed("another report"))
    network.trustees[0].stop()
    network.trustees[1].mirror[9] = seed("a mirror that is wrong itself")

    with pytest.raises(ProofInvalid, match=r"leaf 4 \(report\): .*, the mirror of t3 says"):
        await log.verify_all()


async def test_without_a_mirror_the_root_still_tells(network: SmallNetwork, log: LogView) -> None:
    filled(network)
    _rebuild_with(network, 4, seed("another report"))
    for trustee in network.trustees:
        trustee.stop()

    with pytest.raises(ProofInvalid, match="don't lead to the root that trustees cosigned"):
        await log.verify_all()


async def test_a_content_that_was_changed_under_its_digest_is_found(
    network: SmallNetwork, log: LogView
) -> None:
    network.enter(MEMBER)
    filled(network)
    entry = network.hub.log.entries[1]
    network.hub.log.entries[1] = structs.replace(entry, content=network.approved(firm("m01", 2)))

    for check in (log.follow, log.verify_all):
        with pytest.raises(ProofInvalid, match=r"leaf 1 \(roster\): its content is not what its digest says"):
            await check()


async def test_leaves_that_the_hub_withholds_are_missed(network: SmallNetwork, log: LogView) -> None:
    filled(network)
    del network.hub.log.entries[20:], network.hub.log.leaf_hashes[20:]

    with pytest.raises(ProofInvalid, match="from 20 on"):
        await log.verify_all()


async def test_a_hub_without_a_checkpoint_yet_is_only_not_ready(network: SmallNetwork, log: LogView) -> None:
    network.hub.replies["/v1/log/checkpoint"] = lambda request, body: refused("internal", status=503)

    with pytest.raises(Unreachable):
        await log.refresh()


def _checkpoint(network: SmallNetwork) -> Checkpoint:
    log = network.hub.log
    return Checkpoint(ORIGIN, log.size, log.root(log.size))


def _rebuild_with(network: SmallNetwork, index: int, digest: bytes) -> None:
    """The hub's log with one leaf changed and all nodes made to fit. The note stays the cosigned one."""
    rebuilt = Log()
    for at, entry in enumerate(network.hub.log.entries):
        rebuilt.add(entry.kind, entry.content, digest=digest if at == index else entry.digest)
    network.hub.log = rebuilt


def _with_query(request: Request, query: str) -> Request:
    return Request(request.scope | {"query_string": query.encode()})
