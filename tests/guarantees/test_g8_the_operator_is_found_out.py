"""G8: the operator edits the database, or shows two members different logs, indexes or keys, and each SDK finds it.

The operator here has all the hub's keys and signs whatever it likes; where a test says so, trustees help it.
Throw-away copies of firms' homes talk to a forging hub in front of the real one (`tests.support.forger`).
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import structs

from cairn import Inquiry
from cairn.client.errors import ProofInvalid
from cairn_protocol.checkpoint import open_note
from cairn_protocol.errors import BadConsistency
from cairn_protocol.messages.index import Manifest, ManifestAnswer, RecallReason, Tombstone
from cairn_protocol.messages.log import Entries, LeafKind, LogEntry, Push, content_digest, hash_of
from cairn_protocol.messages.parties import Genesis, SignedGenesis
from cairn_protocol.messages.wire import decode, encode
from hub.hub_key import load_hub_key
from local.processes import command
from local.town import ORIGIN
from tests.support.buyers import inquiry
from tests.support.forger import Forger, ForkedLog, another_past, signed_note
from tests.support.hub import signed_headers
from tests.support.town import RunningTown
from trustee.home import Home as TrusteeHome
from trustee.keys import load as load_trustee
from trustee.serving import Serving, SignedRequest
from trustee.settings import Settings as TrusteeSettings

pytestmark = pytest.mark.anyio

ZEROS = bytes(32)


# The database is edited


@contextmanager
def edited(town: RunningTown, leaf: int, **columns: object) -> Iterator[None]:
    """In this block the leaf's row says something else."""
    names = ", ".join(columns)
    (kept,) = town.query(f"SELECT {names} FROM translog_leaves WHERE leaf_index = %s", leaf)
    setting = ", ".join(f"{name} = %s" for name in columns)
    change = f"UPDATE translog_leaves SET {setting} WHERE leaf_index = %s"
    town.query(change, *columns.values(), leaf)
    try:
        yield
    finally:
        town.query(change, *kept, leaf)


def _leaf_of(town: RunningTown, kind: str) -> tuple[int, bytes]:
    """The first leaf of a kind: index and content."""
    ((index, content),) = town.query(
        "SELECT leaf_index, content FROM translog_leaves WHERE kind = %s ORDER BY leaf_index LIMIT 1", kind
    )
    return index, content


async def _found(town: RunningTown, firm: str | Path = "cedar") -> ProofInvalid:
    async with town.hub(firm) as hub:
        with pytest.raises(ProofInvalid) as found:
            await hub.verify_log()
    assert found.value.culprit == "hub"
    return found.value


@pytest.fixture
async def a_report(town: RunningTown) -> int:
    """A report's leaf, by its index; the log is cosigned."""
    async with town.hub("cedar") as hub:
        await hub.report(Inquiry.from_mapping(inquiry("G8-report")))
    town.settle()
    async with town.hub("cedar") as hub:
        await hub.verify_log()
    return _leaf_of(town, "report")[0]


async def _edit_of_a_report(town: RunningTown, leaf: int, **columns: object) -> None:
    with edited(town, leaf, **columns):
        assert f"leaf {leaf} " in (await _found(town)).detail
    async with town.hub("cedar") as hub:
        await hub.verify_log()


async def test_an_edited_leaf_hash_is_found(town: RunningTown, a_report: int) -> None:
    await _edit_of_a_report(town, a_report, leaf_hash=ZEROS)


async def test_an_edited_digest_is_found(town: RunningTown, a_report: int) -> None:
    await _edit_of_a_report(town, a_report, digest=ZEROS)


async def test_an_edited_kind_is_found(town: RunningTown, a_report: int) -> None:
    """The report is relabelled, its hash and all, to vanish from the count of reports."""
    content = b"{}"
    digest = content_digest(content)
    leaf_hash = hash_of(LeafKind.RETRACTION, digest)
    await _edit_of_a_report(
        town, a_report, kind="retraction", content=content, digest=digest, leaf_hash=leaf_hash
    )


async def test_an_edit_that_is_carried_through_is_found(town: RunningTown, a_report: int) -> None:
    """Digest and hash fit each other; only the trustees' mirrors know better."""
    await _edit_of_a_report(town, a_report, digest=ZEROS, leaf_hash=hash_of(LeafKind.REPORT, ZEROS))


@pytest.mark.parametrize("kind", ["roster", "manifest", "allowance"])
async def test_an_edited_content_is_found(town: RunningTown, kind: str) -> None:
    leaf, content = _leaf_of(town, kind)
    changed = content.replace(b'"type":"', b'"type": "', 1)
    with edited(town, leaf, content=changed):
        assert f"leaf {leaf} ({kind})" in (await _found(town)).detail


async def test_a_deleted_leaf_is_missed(town: RunningTown, a_report: int) -> None:
    (row,) = town.query("SELECT * FROM translog_leaves WHERE leaf_index = %s", a_report)
    town.query("DELETE FROM translog_leaves WHERE leaf_index = %s", a_report)
    try:
        assert str(a_report) in (await _found(town)).detail
    finally:
        town.query(f"INSERT INTO translog_leaves VALUES ({', '.join(['%s'] * len(row))})", *row)
    async with town.hub("cedar") as hub:
        await hub.verify_log()


async def test_the_command_says_where_and_exits_5(town: RunningTown, a_report: int) -> None:
    with edited(town, a_report, leaf_hash=ZEROS):
        done = town.cairn("cedar", "log", "verify", "--json")
    assert done.returncode == 5
    assert f"leaf {a_report} " in done.stdout
    assert town.cairn("cedar", "log", "verify").returncode == 0


# Two logs


def _entries(town: RunningTown) -> list[LogEntry]:
    rows = town.query("SELECT kind, digest, content FROM translog_leaves ORDER BY leaf_index")
    return [LogEntry(kind=LeafKind(kind), digest=digest, content=content) for kind, digest, content in rows]


@contextmanager
def _member_of_a_fork(
    town: RunningTown, tmp_path: Path, *helpers: str, forget: bool = False
) -> Iterator[Path]:
    """A copy of cedar's home that is shown the forked log. `forget`: it has never seen the true one."""
    log = another_past(_entries(town))
    note = signed_note(town.place, log, *helpers)
    forger = Forger(
        town.local.hub_url, log.lies() | {"/v1/log/checkpoint": lambda _query, _true: note.encode()}
    )
    with forger.serving() as url:
        home = town.copy_home("cedar", tmp_path, hub=url)
        if forget:
            for name in ("checkpoint.note", "followed.json"):
                (home / "state" / name).unlink(missing_ok=True)
        yield home


@pytest.mark.parametrize("helpers", [(), ("t1",)])
async def test_a_fork_needs_t_trustees(
    town: RunningTown, tmp_path: Path, a_report: int, helpers: tuple[str, ...]
) -> None:
    with _member_of_a_fork(town, tmp_path, *helpers, forget=True) as home:
        assert (await _found(town, home)).slug == "too-few-cosignatures"


async def test_who_saw_the_true_log_refuses_a_fork_and_keeps_both_notes(
    town: RunningTown, tmp_path: Path, a_report: int
) -> None:
    """Even where all trustees were bribed afterwards."""
    with _member_of_a_fork(town, tmp_path, "t1", "t2", "t3") as home:
        async with town.hub(home) as hub:
            with pytest.raises(ProofInvalid) as found:
                await hub.sync()
    assert found.value.slug == "bad-consistency"
    _prove_the_fork(town, found.value.evidence)


async def test_two_members_shown_different_logs_learn_it_from_one_honest_trustee(
    town: RunningTown, tmp_path: Path, a_report: int
) -> None:
    """A member that never saw the true log, with t bribed trustees: the third one's checkpoint gives it away."""
    with _member_of_a_fork(town, tmp_path, "t1", "t2", forget=True) as home:
        async with town.hub(home) as hub:
            with pytest.raises(ProofInvalid) as found:
                await hub.sync()
        assert town.cairn(home, "log", "verify").returncode == 5
    assert found.value.slug == "bad-consistency"
    _prove_the_fork(town, found.value.evidence)


def _prove_the_fork(town: RunningTown, evidence: tuple[Path, ...]) -> None:
    """Two kept notes, both with the hub's signature, of one size and different roots: proof to anyone."""
    assert len(evidence) == 2
    hub_key = load_hub_key(town.hub_home / "hub_key.pem").public_key()
    trustees: dict[str, Ed25519PublicKey] = {}
    first, second = (
        open_note(path.read_text(), ORIGIN, hub_key, trustees, 0).checkpoint for path in evidence
    )
    assert first.size == second.size
    assert first.root != second.root


# Two indexes


@contextmanager
def _forged_index(town: RunningTown, tmp_path: Path, **lies: Callable[..., bytes]) -> Iterator[Path]:
    with Forger(
        town.local.hub_url, {f"/v1/index/{name}": lie for name, lie in lies.items()}
    ).serving() as url:
        yield town.copy_home("cedar", tmp_path, hub=url)


async def _refused_sync(town: RunningTown, home: Path) -> ProofInvalid:
    """The sync is refused, and the index from before still answers."""
    async with town.hub(home) as hub:
        number = (await hub.session()).index().manifest.number
        with pytest.raises(ProofInvalid) as found:
            await hub.sync()
        assert (await hub.session()).index().manifest.number == number
    assert found.value.culprit == "hub"
    return found.value


@pytest.fixture
async def synced(town: RunningTown) -> None:
    """Cedar has the newest index, and one more is published after it."""
    async with town.hub("cedar") as hub:
        await hub.sync()
    town.publish()


async def test_an_index_made_for_one_member_is_refused(
    town: RunningTown, tmp_path: Path, synced: None
) -> None:
    """A manifest that hides a card from one member is in nobody's log."""

    def lie(_query: Any, true: bytes) -> bytes:
        answer = decode(true, ManifestAnswer)
        hidden = Tombstone(card_id="00000000-0000-8000-8000-000000000000", reason=RecallReason.WITHDRAWN)  # type: ignore[arg-type]
        return encode(
            structs.replace(answer, manifest=structs.replace(answer.manifest, tombstones=(hidden,)))
        )

    with _forged_index(town, tmp_path, manifest=lie) as home:
        assert (await _refused_sync(town, home)).slug == "bad-inclusion"
        assert town.cairn(home, "index", "sync").returncode == 5


async def test_an_older_index_than_before_is_refused(town: RunningTown, tmp_path: Path, synced: None) -> None:
    """The older manifest is in the log, and its proof holds; this member has seen a newer one."""
    rows = town.query(
        "SELECT leaf_index, content FROM translog_leaves WHERE kind = 'manifest' ORDER BY leaf_index LIMIT 1"
    )
    ((index, content),) = rows
    log = ForkedLog(_entries(town))  # the true one

    def lie(_query: Any, true: bytes) -> bytes:
        answer = decode(true, ManifestAnswer)
        note = decode(true, ManifestAnswer).checkpoint
        size = int(note.splitlines()[1])
        return encode(
            structs.replace(
                answer,
                manifest=decode(content, Manifest),
                leaf_index=index,
                path=log.inclusion(index, size),
            )
        )

    with _forged_index(town, tmp_path, manifest=lie) as home:
        assert (await _refused_sync(town, home)).slug == "rolled-back-index"


def _second_index(town: RunningTown) -> bytes:
    """Another index under the number of the newest one."""
    ((content,),) = town.query(
        "SELECT content FROM translog_leaves WHERE kind = 'manifest' ORDER BY leaf_index DESC LIMIT 1"
    )
    manifest = decode(content, Manifest)
    return encode(structs.replace(manifest, max_age_seconds=manifest.max_age_seconds + 1))


def test_an_honest_trustee_cosigns_no_second_index_of_one_number(town: RunningTown, tmp_path: Path) -> None:
    """Both would be in the log, both proven, and each member could be shown another one."""
    town.settle()
    home = TrusteeHome(tmp_path / "t1")
    shutil.copytree(town.place.trustee("t1"), home.folder)  # the real one must not be left behind by its log
    trustee = Serving(home, load_trustee(home, home.stored_passphrase() or ""), TrusteeSettings())
    try:
        size, second = trustee.size().size, _second_index(town)
        entry = LogEntry(kind=LeafKind.MANIFEST, digest=content_digest(second), content=second)
        push = encode(Push(start=size, entries=(entry,), checkpoint=None))
        with pytest.raises(BadConsistency, match="second index") as refused:
            trustee.push(_from_the_hub(town, push))
        assert refused.value.culprit == "hub"
        assert trustee.size().size == size
    finally:
        trustee.close()


def _from_the_hub(town: RunningTown, body: bytes) -> SignedRequest:
    url = "http://t1.example/v1/log/push"
    headers = signed_headers("POST", url, body, "hub", load_hub_key(town.hub_home / "hub_key.pem"))
    return SignedRequest("POST", url, headers, body)


async def test_a_second_index_that_t_trustees_let_pass_is_found_by_who_reads_the_log(
    town: RunningTown, tmp_path: Path, synced: None
) -> None:
    town.settle()
    second = _second_index(town)
    entry = LogEntry(kind=LeafKind.MANIFEST, digest=content_digest(second), content=second)
    log = ForkedLog([*_entries(town), entry])
    note = signed_note(town.place, log, "t1", "t2")
    forger = Forger(
        town.local.hub_url, log.lies() | {"/v1/log/checkpoint": lambda _query, _true: note.encode()}
    )
    with forger.serving() as url:
        home = town.copy_home("cedar", tmp_path, hub=url)
        found = await _found(town, home)
    assert f"leaf {log.size - 1} (manifest)" in found.detail
    assert "second index" in found.detail


# Two keys


async def test_another_genesis_is_not_the_pinned_one(town: RunningTown, tmp_path: Path) -> None:
    """A new member is shown trustees and joint keys of the hub's own making: its invitation pins the true ones."""
    invitation = tmp_path / "invitation"
    command(
        "cairn-hub", "members", "invite", "--home", town.hub_home, "--id", "g8-newcomer", "--group", "g8-group",
        "--sector", "exporter", "--out", invitation,
    )  # fmt: skip
    true = town.query("SELECT content FROM translog_leaves WHERE leaf_index = 0")[0][0]
    signed = decode(true, SignedGenesis)
    names, values, assent = signed.genesis.keys
    swapped: Genesis = structs.replace(
        signed.genesis, keys=(structs.replace(names, element=values.element), values, assent)
    )
    forged = encode(structs.replace(signed, genesis=swapped))

    def lie(_query: Any, answer: bytes) -> bytes:
        entries = decode(answer, Entries)
        entry = LogEntry(kind=LeafKind.GENESIS, digest=content_digest(forged), content=forged)
        return encode(
            structs.replace(entries, entries=(entry,), leaf_hashes=(hash_of(entry.kind, entry.digest),))
        )

    with Forger(town.local.hub_url, {"/v1/log/entries": lie}).serving() as url:
        invitation.write_bytes(invitation.read_bytes().replace(town.local.hub_url.encode(), url.encode()))
        word = tmp_path / "word"
        word.write_text("a passphrase for g8-newcomer")
        home = tmp_path / "newcomer"
        done = town.cairn(home, "enrol", invitation, "--passphrase-file", word)

    assert done.returncode == 5, done.stderr
    assert not (home / "profile").exists()
    shutil.rmtree(home)
