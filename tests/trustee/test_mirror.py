"""The mirror: what a trustee has seen of the log it can't be made to unsee, and it cosigns nothing else."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import event

from cairn_protocol import merkle
from cairn_protocol.checkpoint import Checkpoint, open_note, sign_checkpoint, verify_cosignature
from cairn_protocol.messages.log import LeafHashes, LeafKind, LogEntry, Push, PushAnswer, content_digest
from cairn_protocol.messages.parties import Revocation, SignedGenesis, prove_possession, sign_genesis
from cairn_protocol.messages.wire import decode, encode
from tests.support.parties import member
from tests.support.trustees import ORIGIN, Founded, Log, Trustee, draft, serving, signed_headers
from tests.trustee.test_evaluating import slug_of
from trustee.mirror import leaves
from trustee.storage.database import Store


@pytest.fixture
def t1(founded: Founded, tmp_path: Path) -> Iterator[Trustee]:
    with serving(founded.home("t1", tmp_path)) as trustee:
        yield trustee


@pytest.fixture
def log(founded: Founded) -> Log:
    return Log(founded.parties).begin()


def size_of(trustee: Trustee) -> int:
    return decode(trustee.get("/v1/log/size").content, PushAnswer).size


def answer_to(pushed: httpx2.Response) -> PushAnswer:
    assert pushed.status_code == 200, pushed.text
    return decode(pushed.content, PushAnswer)


def test_it_cosigns_the_state_of_the_log_that_it_has(founded: Founded, t1: Trustee, log: Log) -> None:
    log.report(6)

    answer = answer_to(log.push(t1))

    assert answer.size == 7
    assert answer.cosignature is not None
    checkpoint = Checkpoint(ORIGIN, 7, merkle.root_of(log.hashes()))
    key = founded.parties.trustee_keys["t1"].public_key()
    at = verify_cosignature(checkpoint, answer.cosignature, f"{ORIGIN}/t1", key)
    assert abs(at - time.time()) < 60


def test_it_shows_the_note_it_cosigned_last_and_all_leaf_hashes(
    founded: Founded, t1: Trustee, log: Log
) -> None:
    assert slug_of(t1.get("/v1/log/checkpoint")) == "log-not-ready"
    log.report(4).pushed(t1)

    note = t1.get("/v1/log/checkpoint").text
    shown = decode(t1.get("/v1/log/leaves?start=2&count=2").content, LeafHashes)

    genesis = founded.parties.genesis
    trustees = {
        f"{ORIGIN}/{one.id}": Ed25519PublicKey.from_public_bytes(one.signing_key) for one in genesis.trustees
    }
    hub_key = Ed25519PublicKey.from_public_bytes(genesis.hub_key)
    verified = open_note(note, ORIGIN, hub_key, trustees, 1)
    assert verified.checkpoint.size == 5
    assert list(verified.cosigners) == [f"{ORIGIN}/t1"]
    assert (shown.start, shown.size) == (2, 5)
    assert list(shown.leaf_hashes) == log.hashes()[2:4]


def test_leaves_without_a_checkpoint_are_kept_and_cosigned_with_the_next(t1: Trustee, log: Log) -> None:
    log.report(2)
    assert answer_to(log.push(t1, checkpoint=None)).cosignature is None
    log.report(3)

    assert answer_to(log.push(t1, 3)).cosignature is not None


def test_an_answer_that_was_lost_is_given_again_with_its_first_time(
    founded: Founded, tmp_path: Path, log: Log
) -> None:
    """Since when a trustee knows a leaf decides what counts as evidence, so asking again must not change it."""
    now = [time.time()]
    with serving(founded.home("t1", tmp_path), now=lambda: now[0]) as trustee:
        first = answer_to(log.report(2).push(trustee, at=now[0]))
        now[0] += 60
        again = answer_to(log.push(trustee, 3, at=now[0]))

    assert again == first


def test_a_push_from_elsewhere_than_the_end_is_told_the_end(t1: Trustee, log: Log) -> None:
    log.report(4)
    assert answer_to(log.push(t1, 3)) == PushAnswer(size=0, cosignature=None)
    log.pushed(t1)

    for start in (0, 2, 4):
        assert answer_to(log.push(t1, start)) == PushAnswer(size=5, cosignature=None)
    assert answer_to(log.push(t1, 9, checkpoint=None)) == PushAnswer(size=5, cosignature=None)
    assert size_of(t1) == 5


Fork = Callable[[Log, Trustee], httpx2.Response]


def another_leaf_where_one_is(log: Log, t1: Trustee) -> httpx2.Response:
    log.entries[3] = replace(log.entries[3], digest=os.urandom(32))
    return log.push(t1, 2)


def another_root(log: Log, t1: Trustee) -> httpx2.Response:
    log.report()
    return log.push(t1, 6, checkpoint=log.note(root=os.urandom(32)))


def the_root_of_another_past(log: Log, t1: Trustee) -> httpx2.Response:
    log.entries[2] = replace(log.entries[2], digest=os.urandom(32))
    log.report()
    return log.push(t1, 6)


def an_older_state(log: Log, t1: Trustee) -> httpx2.Response:
    """True, but dated anew it would hide the leaves since, a revocation for example."""
    return log.push(t1, 6, checkpoint=log.note(4))


def another_size_with_the_true_root(log: Log, t1: Trustee) -> httpx2.Response:
    return log.push(t1, 6, checkpoint=log.note(4, root=merkle.root_of(log.hashes())))


def a_state_ahead_of_the_leaves(log: Log, t1: Trustee) -> httpx2.Response:
    return log.report(2).push(t1, 6, 7, checkpoint=log.note())


@pytest.mark.parametrize(
    "fork",
    [
        another_leaf_where_one_is,
        another_root,
        the_root_of_another_past,
        an_older_state,
        another_size_with_the_true_root,
        a_state_ahead_of_the_leaves,
    ],
    ids=lambda fork: fork.__name__,
)
def test_what_contradicts_the_mirror_is_refused_and_leaves_nothing(fork: Fork, t1: Trustee, log: Log) -> None:
    log.report(5).pushed(t1)
    before = t1.get("/v1/log/checkpoint").text

    refused = fork(log, t1)

    assert slug_of(refused) == "bad-consistency"
    assert refused.json()["culprit"] == "hub"
    assert size_of(t1) == 6
    assert t1.get("/v1/log/checkpoint").text == before


def test_only_the_hub_of_the_genesis_pushes(t1: Trustee, log: Log) -> None:
    assert slug_of(log.push(t1, key=Ed25519PrivateKey.generate())) == "bad-signature"
    by_a_member = t1.call("/v1/log/push", b"{}", "m00", Ed25519PrivateKey.generate())
    assert slug_of(by_a_member) == "unknown-signer"
    assert slug_of(t1.send("POST", "/v1/log/push", b"{}", {})) == "unsigned"
    assert size_of(t1) == 0


def test_a_checkpoint_by_another_key_or_of_another_log_is_not_cosigned(t1: Trustee, log: Log) -> None:
    root = merkle.root_of(log.hashes())
    by_another = sign_checkpoint(Checkpoint(ORIGIN, 1, root), Ed25519PrivateKey.generate())
    of_another = sign_checkpoint(Checkpoint("other.example/log", 1, root), log.parties.hub_key)

    assert slug_of(log.push(t1, checkpoint=by_another)) == "bad-signature"
    assert slug_of(log.push(t1, checkpoint=of_another)) == "bad-message"
    assert size_of(t1) == 0


def test_the_same_push_does_not_count_twice(t1: Trustee, log: Log) -> None:
    """A recorded request of the hub's is a replay, like anybody's."""
    body = encode(Push(start=0, entries=tuple(log.entries), checkpoint=log.note()))
    headers = signed_headers("POST", t1.url + "/v1/log/push", body, "hub", log.parties.hub_key)
    assert t1.send("POST", "/v1/log/push", body, headers).status_code == 200

    assert slug_of(t1.send("POST", "/v1/log/push", body, headers)) == "replayed-nonce"


@pytest.mark.parametrize(
    "entry",
    [
        LogEntry(kind=LeafKind.RETRACTION, digest=bytes(32), content=b"{}"),
        LogEntry(kind=LeafKind.RETRACTION, digest=content_digest(b"{}"), content=None),
        LogEntry(kind=LeafKind.REPORT, digest=content_digest(b"{}"), content=b"{}"),
    ],
    ids=["another content", "no content", "a report with content"],
)
def test_a_leaf_is_what_its_digest_says_and_whole_unless_it_is_a_reports(
    t1: Trustee, log: Log, entry: LogEntry
) -> None:
    log.entries.append(entry)

    assert slug_of(log.push(t1)) == "bad-message"


def test_a_report_is_kept_as_its_digest_and_everything_else_whole(t1: Trustee, log: Log) -> None:
    log.report().pushed(t1)

    database = sqlite3.connect(t1.home.database)
    kept = database.execute("SELECT kind, digest, content FROM leaves ORDER BY leaf_index").fetchall()
    database.close()

    assert kept == [(entry.kind.value, entry.digest, entry.content) for entry in log.entries]
    assert kept[1][2] is None


def test_another_genesis_than_the_one_it_signed_is_no_leaf_0(founded: Founded, t1: Trustee, log: Log) -> None:
    """Also one that holds its keys and looks signed by it: what it did not sign is not its log."""
    parties = founded.parties
    other = replace(draft(founded.folder, parties.hub_key), normaliser=bytes(32))
    signed = SignedGenesis(
        genesis=other, signatures=tuple(sign_genesis(other, key) for key in parties.trustee_keys.values())
    )
    log.entries.clear()
    log.add(LeafKind.GENESIS, signed)

    refused = log.push(t1)

    assert slug_of(refused) == "bad-roster"
    assert refused.json()["culprit"] == "hub"
    assert size_of(t1) == 0


def test_the_genesis_without_every_trustees_signature_is_no_leaf_0(founded: Founded, t1: Trustee) -> None:
    signatures = founded.parties.signed.signatures
    log = Log(founded.parties).add(
        LeafKind.GENESIS,
        SignedGenesis(genesis=founded.parties.genesis, signatures=(*signatures[:2], signatures[0])),
    )

    assert slug_of(log.push(t1)) == "bad-roster"


def test_the_genesis_is_leaf_0_and_no_other_leaf(t1: Trustee, log: Log) -> None:
    first = Log(log.parties).report()
    assert slug_of(first.push(t1)) == "bad-roster"
    log.pushed(t1)
    log.begin()

    assert slug_of(log.push(t1, 1)) == "bad-roster"
    assert size_of(t1) == 1


def entered_by_one(log: Log) -> None:
    log.enter(*member(), by=("t1",))


def entered_by_one_twice(log: Log) -> None:
    log.enter(*member(), by=("t1", "t1"))


def entered_with_a_forged_approval(log: Log) -> None:
    entry, key = member()
    log.forged(entry, prove_possession(entry, key), "t2")


def entered_under_a_key_of_somebody_elses(log: Log) -> None:
    entry, _ = member()
    log.enter(entry, Ed25519PrivateKey.generate())


def revoked_by_one(log: Log) -> None:
    entry, key = member()
    log.enter(entry, key).act(Revocation(party=entry.party, signing_key=entry.signing_key), by=("t3",))


def entered_twice(log: Log) -> None:
    entry, key = member()
    log.enter(entry, key).enter(entry, key)


def no_act_at_all(log: Log) -> None:
    content = b"{}"
    log.entries.append(LogEntry(kind=LeafKind.ROSTER, digest=content_digest(content), content=content))


@pytest.mark.parametrize(
    "false",
    [
        entered_by_one,
        entered_by_one_twice,
        entered_with_a_forged_approval,
        entered_under_a_key_of_somebody_elses,
        revoked_by_one,
        entered_twice,
        no_act_at_all,
    ],
    ids=lambda false: false.__name__,
)
def test_an_act_that_t_trustees_did_not_approve_is_no_leaf(
    false: Callable[[Log], None], t1: Trustee, log: Log
) -> None:
    """Nothing of the push is taken: what comes after it would have another place."""
    false(log)
    log.report()

    refused = log.push(t1)

    assert slug_of(refused) == "bad-roster"
    assert refused.json()["culprit"] == "hub"
    assert size_of(t1) == 0


def test_a_true_act_of_a_refused_push_stands_only_when_it_comes_again(t1: Trustee, log: Log) -> None:
    log.pushed(t1)
    log.enter(*member()).enter(*member("m01", "birch", 2), by=("t1",))
    assert slug_of(log.push(t1, 1)) == "bad-roster"
    del log.entries[2:]

    log.pushed(t1, 1)

    assert size_of(t1) == 2


def test_the_mirror_outlives_the_process(founded: Founded, tmp_path: Path, log: Log) -> None:
    home = founded.home("t1", tmp_path)
    log.enter(*member()).report(3)
    with serving(home) as first:
        log.pushed(first)
    log.report(2)
    with serving(home) as second:
        assert size_of(second) == 5
        assert answer_to(log.push(second, 5)).cosignature is not None


def test_five_thousand_leaves_come_in_five_pushes_and_can_be_read_back(
    founded: Founded, t1: Trustee, log: Log
) -> None:
    log.report(4_999).pushed(t1)

    shown = decode(t1.get("/v1/log/leaves?start=0&count=5000").content, LeafHashes)
    hub_key = founded.parties.hub_key.public_key()
    note = open_note(t1.get("/v1/log/checkpoint").text, ORIGIN, hub_key, {}, 0)

    assert list(shown.leaf_hashes) == log.hashes()
    assert note.checkpoint == Checkpoint(ORIGIN, 5_000, merkle.root_of(log.hashes()))


@given(batches=st.lists(st.integers(1, 40), min_size=1, max_size=8))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_batches_lead_to_the_root_over_all_leaves(
    founded: Founded, tmp_path: Path, batches: list[int]
) -> None:
    """The authority: RFC 6962's root over all leaf hashes, in one pass."""
    store = Store(tmp_path / f"{os.urandom(8).hex()}.db", 1)
    log = Log(founded.parties)
    for count in batches:
        start = len(log.entries)
        log.report(count)
        store.transact(lambda db, start=start: leaves.append(db, start, log.entries[start:]))

        size = len(log.entries)
        assert store.read(lambda db, size=size: leaves.root(db, size)) == merkle.root_of(log.hashes())
    store.close()


def test_a_leaf_more_reads_no_more_rows_than_the_tree_is_high(founded: Founded, tmp_path: Path) -> None:
    """So a log of a million leaves grows as quickly as one of a thousand."""
    store = Store(tmp_path / "trustee.db", 1)
    log = Log(founded.parties).report(4_096)
    for start in range(0, 4_095, 1_000):
        end = min(start + 1_000, 4_095)
        store.transact(lambda db, start=start, end=end: leaves.append(db, start, log.entries[start:end]))
    asked: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))

    store.transact(lambda db: leaves.append(db, 4_095, log.entries[4_095:]))

    assert len([one for one in asked if one.startswith("SELECT")]) == 2  # leaves, and nodes above them
    assert len(store.read(lambda db: leaves.frontier(db, 4_095))) == 12
    assert store.read(lambda db: leaves.root(db, 4_096)) == merkle.root_of(log.hashes())
    store.close()
