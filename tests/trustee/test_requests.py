"""Staff decide on the roster: what waits at a real hub, what their own log bears out, and what they sign."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cairn_protocol.messages.openings import PendingOpenings
from cairn_protocol.messages.parties import (
    Act,
    Allowance,
    Entry,
    Proposal,
    Proposals,
    Revocation,
    prove_possession,
)
from cairn_protocol.messages.wire import encode
from cairn_protocol.roster import act_id
from hub.members.acts import propose
from hub.members.roster import RosterHolder
from local.processes import free_port
from tests.support.cosigner import serving as in_thread
from tests.support.hub import RunningHub, in_database, running_hub, until
from tests.support.parties import member, possession
from tests.support.trustees import Founded, Log, Trustee, done, init, process, run, serving
from trustee.home import Home
from trustee.requests import describe

Facts = dict[str, object]


@dataclass
class Place:
    """A hub and two of its trustees, all up."""

    hub: RunningHub
    homes: dict[str, Home]

    def propose(self, act: Act, proof: bytes | None = None) -> str:
        """Put an act up for approval, as an enrolment or the operator does. Its id."""

        async def body(db: AsyncSession) -> None:
            await propose(db, RosterHolder(self.hub.parties.genesis), act, proof)

        in_database(self.hub.settings, body)
        return act_id(act)

    def requests(self, trustee: str) -> list[Facts]:
        told = done("requests", "--home", self.homes[trustee].folder, "--hub", self.hub.url, "--json")
        return [json.loads(line) for line in told.splitlines()]

    def approve(self, trustee: str, *words: str) -> None:
        done("approve", *words, "--home", self.homes[trustee].folder, "--hub", self.hub.url)

    def on_roster(self) -> set[str]:
        return {entry["party"] for entry in self.hub.get("/v1/roster").json()}


@pytest.fixture(scope="module")
def place(
    founded: Founded, module_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("deciding")
    homes = {name: founded.home(name, folder) for name in ("t1", "t2")}
    with ExitStack() as stack:
        urls = {name: stack.enter_context(process(home)).url for name, home in homes.items()}
        hub = stack.enter_context(
            running_hub(module_database_url, folder / "hub", founded.parties, trustees=urls)
        )
        hub.checkpoint()  # both trustees have the genesis and cosigned it
        yield Place(hub, homes)


def test_an_entry_that_two_trustees_approved_is_in_the_log_and_counts_at_both(place: Place) -> None:
    entry, key = member("m20", "cedar", 20, families=("FAM-COM", "FAM-NAV"))
    identity = place.propose(entry, possession(entry, key))

    (waiting,) = place.requests("t1")
    assert waiting == {
        "id": identity,
        "act": waiting["act"],
        "kind": "roster",
        "party": "m20",
        "role": "member",
        "group": "cedar",
        "group_index": 20,
        "sector": "exporter",
        "families": ["FAM-COM", "FAM-NAV"],
        "not_before": 0,
        "signing_key": entry.signing_key.hex(),
        "approved_by": [],
        "possession": True,
        "verified": True,
        "objection": None,
    }
    place.approve("t1", identity)
    assert place.requests("t2")[0]["approved_by"] == ["t1"]
    place.approve("t2", "--all")

    until(lambda: "m20" in place.on_roster())
    assert place.requests("t1") == []
    for home in place.homes.values():
        until(lambda home=home: counted(home) >= 1)


def counted(home: Home) -> int:
    return int(json.loads(done("status", "--home", home.folder, "--json"))["roster"]["member"])


def test_approving_all_signs_nothing_twice(place: Place) -> None:
    entry, key = member("m21", "cedar", 20)
    place.propose(entry, possession(entry, key))
    place.approve("t1", "--all")

    told = done("approve", "--all", "--home", place.homes["t1"].folder, "--hub", place.hub.url)

    assert "Nothing to approve" in told
    place.approve("t2", "--all")


def test_what_staff_refused_is_not_shown_again_and_not_signed_by_all(place: Place) -> None:
    entry, key = member("m22", "dogwood", 22)
    identity = place.propose(entry, possession(entry, key))

    done("refuse", identity, "--home", place.homes["t1"].folder, "--hub", place.hub.url)

    assert place.requests("t1") == []
    assert [one["id"] for one in place.requests("t2")] == [identity]
    assert "Nothing to approve" in done(
        "approve", "--all", "--home", place.homes["t1"].folder, "--hub", place.hub.url
    )
    place.approve("t2", identity)  # one alone
    assert "m22" not in place.on_roster()


def test_words_for_people_name_the_act_and_the_ticks(place: Place) -> None:
    entry, key = member("m23", "elm", 23, families=("FAM-COM",))
    identity = place.propose(entry, possession(entry, key))

    told = done("requests", "--home", place.homes["t1"].folder, "--hub", place.hub.url)

    (line,) = [line for line in told.splitlines() if line.startswith(identity)]
    for said in ("enter member m23 of group elm", "exporter", "FAM-COM", "1970-01-01 00:00 UTC",
                 "fits this trustee's roster", "key held by the party", "nobody yet"):  # fmt: skip
        assert said in line


def test_an_id_that_does_not_wait_is_an_error(place: Place) -> None:
    refused = run("approve", "0" * 16, "--home", place.homes["t1"].folder, "--hub", place.hub.url)

    assert refused.exit_code == 1
    assert "nothing waits" in refused.stderr


def test_a_year_beyond_the_calendar_is_still_shown() -> None:
    entry, _ = member(not_before=2**40)

    assert "from second 1099511627776" in describe(entry)


@contextmanager
def lying_hub(*proposals: Proposal) -> Iterator[tuple[str, list[bytes]]]:
    """A hub that asks for approvals it would never get from the real one, and what it was sent."""
    sent: list[bytes] = []

    async def waiting(_: Request) -> Response:
        return Response(encode(Proposals(proposals=proposals)))

    async def approval(request: Request) -> Response:
        sent.append(await request.body())
        return Response(encode(proposals[0]))

    async def openings(_: Request) -> Response:
        return Response(encode(PendingOpenings(openings=())))

    routes = [
        Route("/v1/openings/pending", openings),
        Route("/v1/roster/proposals", waiting),
        Route("/v1/roster/proposals/{act}", approval, methods=["POST"]),
    ]
    with in_thread(Starlette(routes=routes)) as url:
        yield url, sent


@pytest.fixture
def seated(founded: Founded, tmp_path: Path) -> Iterator[tuple[Trustee, Entry, Ed25519PrivateKey]]:
    """A trustee whose mirror has a member."""
    entry, key = member()
    with serving(founded.home("t1", tmp_path)) as trustee:
        Log(founded.parties).begin().enter(entry, key).pushed(trustee)
        yield trustee, entry, key


def false_acts(entry: Entry, key: Ed25519PrivateKey) -> dict[str, Proposal]:
    fresh, _ = member("m30", "elm", 30)
    elsewhere, elsewhere_key = member("m31", "elm", 1)
    taken, _ = member("m32", "elm", 30)
    analyst, analyst_key = member("m00", "x", 9)
    return {
        "the key is another's": Proposal(
            act=fresh, possession=prove_possession(fresh, Ed25519PrivateKey.generate()), approved_by=()
        ),
        "no proof of the key": Proposal(act=taken, possession=None, approved_by=()),
        "the place is another group's": Proposal(
            act=elsewhere, possession=prove_possession(elsewhere, elsewhere_key), approved_by=()
        ),
        "the member changes its group": Proposal(
            act=analyst, possession=prove_possession(analyst, analyst_key), approved_by=()
        ),
        "it stands already": Proposal(act=entry, possession=prove_possession(entry, key), approved_by=()),
        "nobody has that key": Proposal(
            act=Revocation(party="m00", signing_key=bytes(32)), possession=None, approved_by=()
        ),
        "a group nobody belongs to": Proposal(
            act=Allowance(group="nobody", day="2026-11-24", subjects=9), possession=None, approved_by=()
        ),
    }


CASES = tuple(false_acts(*member()))


@pytest.mark.parametrize("case", CASES)
def test_what_its_own_log_does_not_bear_out_is_shown_as_such_and_never_signed(
    case: str, seated: tuple[Trustee, Entry, Ed25519PrivateKey]
) -> None:
    """The hub's word counts nothing: the ticks are this trustee's own."""
    trustee, entry, key = seated
    proposal = false_acts(entry, key)[case]
    home = trustee.home.folder
    with lying_hub(proposal) as (url, sent):
        (shown,) = [
            json.loads(line) for line in done("requests", "--home", home, "--hub", url, "--json").splitlines()
        ]
        assert shown["verified"] is False
        assert shown["objection"]

        refused = run("approve", act_id(proposal.act), "--home", home, "--hub", url, "--json")
        assert refused.exit_code == 6
        assert json.loads(refused.stdout)["reason"] == "bad-roster"
        assert "Nothing to approve" in done("approve", "--all", "--home", home, "--hub", url)
    assert sent == []


def test_one_act_that_is_not_borne_out_keeps_all_from_being_signed(
    seated: tuple[Trustee, Entry, Ed25519PrivateKey],
) -> None:
    trustee, entry, key = seated
    good, good_key = member("m40", "gum", 40)
    proposals = (
        Proposal(act=good, possession=prove_possession(good, good_key), approved_by=()),
        false_acts(entry, key)["it stands already"],
    )
    with lying_hub(*proposals) as (url, sent):
        ids = [act_id(proposal.act) for proposal in proposals]
        refused = run("approve", *ids, "--home", trustee.home.folder, "--hub", url)

    assert refused.exit_code == 6
    assert sent == []


def test_the_hub_is_remembered_from_init_on(tmp_path: Path) -> None:
    init(tmp_path / "t1", "t1", 1, "http://127.0.0.1:1", "--hub", "http://hub.example/")

    assert Home(tmp_path / "t1").hub_url() == "http://hub.example"


def test_a_hub_that_does_not_answer_changes_nothing(founded: Founded, tmp_path: Path) -> None:
    home = founded.home("t1", tmp_path)

    refused = run("approve", "--all", "--home", home.folder, "--hub", f"http://127.0.0.1:{free_port()}")

    assert refused.exit_code == 1
    assert "does not answer" in refused.stderr


def test_a_refusal_is_remembered_also_while_the_hub_is_down(
    seated: tuple[Trustee, Entry, Ed25519PrivateKey],
) -> None:
    home, (entry, key) = seated[0].home.folder, member("m50", "gum", 50)
    proposal = Proposal(act=entry, possession=prove_possession(entry, key), approved_by=())
    down = f"http://127.0.0.1:{free_port()}"

    refused = run("refuse", act_id(entry), "--home", home, "--hub", down)

    assert refused.exit_code == 1
    assert "does not answer" in refused.stderr
    with lying_hub(proposal) as (url, _):
        assert "Nothing waits" in done("requests", "--home", home, "--hub", url)


def test_a_hub_that_answers_nonsense_is_not_believed(founded: Founded, tmp_path: Path) -> None:
    home = founded.home("t1", tmp_path)

    async def nonsense(_: Request) -> Response:
        return Response(b"[]")

    with in_thread(Starlette(routes=[Route("/v1/openings/pending", nonsense)])) as url:
        refused = run("requests", "--home", home.folder, "--hub", url)

    assert refused.exit_code == 5


def test_usage_that_makes_no_sense_is_code_2(founded: Founded) -> None:
    home = founded.folder / "t1"

    assert run("approve", "--home", home).exit_code == 2
    assert run("approve", "--all", "0" * 16, "--home", home).exit_code == 2
    assert run("refuse", "all of them", "--home", home).exit_code == 2
