"""The client against the real hub and trustees: outputs that any two trustees give alike, and an audit."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cairn.client.connection import Connection, Signer
from cairn.client.errors import ProofInvalid
from cairn.client.genesis import pinned_genesis
from cairn.client.log import LogView
from cairn.client.trustees import SubjectInputs, TrusteesClient
from cairn.home import Home
from cairn.raw.keys import load
from cairn_protocol.kinds import NAME_EVALUATIONS, VALUE_EVALUATIONS, Kind, oprf_input
from cairn_protocol.messages.log import LeafKind
from cairn_protocol.messages.parties import Genesis, Role
from tests.support.reports import seed
from tests.support.town import RunningTown

pytestmark = pytest.mark.anyio

FIRM = "juniper"


@pytest.fixture
async def connection(town: RunningTown, tmp_path: Path) -> AsyncIterator[Connection]:
    """A firm's, with a state folder of its own."""
    async with connected(town, tmp_path) as opened:
        yield opened


def connected(town: RunningTown, state: Path, without: str | None = None) -> Connection:
    home = Home(town.home(FIRM))
    profile = home.profile()
    urls = {trustee: url for trustee, url in profile.trustee_urls().items() if trustee != without}
    key = load(home, home.stored_passphrase() or "").signing
    return Connection(profile.hub, urls, profile.genesis_digest, state, Signer(profile.party, key))


@pytest.fixture
async def genesis(connection: Connection) -> Genesis:
    return await pinned_genesis(connection)


async def test_any_two_trustees_give_the_same_outputs(
    town: RunningTown, genesis: Genesis, tmp_path: Path
) -> None:
    names = (oprf_input(Kind.NAME, "HALCYON PUMPS"), *[None] * (NAME_EVALUATIONS - 1))
    values = (oprf_input(Kind.PHONE, "+49305550177"), *[None] * (VALUE_EVALUATIONS - 1))

    outputs = []
    for absent in ("t1", "t2", "t3"):
        async with connected(town, tmp_path, without=absent) as two:
            done = await TrusteesClient(two, genesis).evaluate([SubjectInputs(names, values)])
        assert absent not in done.answered
        outputs.append((done.subjects[0].names, done.subjects[0].values))

    assert outputs[0] == outputs[1] == outputs[2]
    assert outputs[0][0][0] is not None


async def test_the_whole_log_is_true_and_gives_the_roster(
    town: RunningTown, connection: Connection, genesis: Genesis
) -> None:
    town.settle()
    log = LogView(connection, genesis)

    audit = await log.verify_all()

    ((leaves,),) = town.query("SELECT count(*) FROM translog_leaves")
    assert audit.size == leaves
    assert audit.leaves_by_kind[LeafKind.GENESIS] == 1
    members = audit.roster.in_force(Role.MEMBER, int(connection.now()))
    assert FIRM in {member.party for member in members}
    assert (await log.follow()).in_force(Role.MEMBER, int(connection.now())) == members


@contextmanager
def edited(town: RunningTown, index: int, column: str, value: bytes) -> Iterator[bytes]:
    """One row of the log's table holds another value in this block; the true one is given."""
    ((true,),) = town.query(f"SELECT {column} FROM translog_leaves WHERE leaf_index = %s", index)
    change = f"UPDATE translog_leaves SET {column} = %s WHERE leaf_index = %s"
    town.query(change, value, index)
    try:
        yield true
    finally:
        town.query(change, true, index)


@pytest.mark.parametrize("column", ["leaf_hash", "digest"])
async def test_a_row_that_the_operator_edits_is_found_and_said_where(
    town: RunningTown, connection: Connection, genesis: Genesis, column: str
) -> None:
    """G8: the database is the operator's to edit, the log is not."""
    town.settle()
    log = LogView(connection, genesis)
    await log.verify_all()
    ((true,),) = town.query("SELECT leaf_hash FROM translog_leaves WHERE leaf_index = 3")

    with edited(town, 3, column, seed("edited")), pytest.raises(ProofInvalid) as found:
        await log.verify_all()

    assert found.value.culprit == "hub"
    assert "leaf 3 (" in found.value.detail
    assert f"the trustees' mirrors say {true.hex()[:16]}" in found.value.detail
    await log.verify_all()
