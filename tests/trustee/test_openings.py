"""Staff decide on an opening: only what this trustee's own log bears out gets its part of the assent."""

import contextlib
import datetime as dt
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cairn_protocol import assent_lock, match_lock, merkle, sealing
from cairn_protocol.checkpoint import Checkpoint, sign_checkpoint
from cairn_protocol.errors import BadMessage, TooFewGroups, TooFewShares, TooLittleEvidence
from cairn_protocol.evidence import label_of
from cairn_protocol.match_lock import GroupIndex
from cairn_protocol.messages.index import Manifest
from cairn_protocol.messages.log import LeafKind, LogEntry, Push, content_digest
from cairn_protocol.messages.openings import (
    Evidence,
    Opening,
    Pending,
    PendingOpenings,
    open_assent,
    open_refusal,
    opening_digest,
    opening_id,
)
from cairn_protocol.messages.parties import Proposals
from cairn_protocol.messages.trustee import CeremonyTrustee
from cairn_protocol.messages.wire import Signed, decode, encode
from cairn_protocol.openings import requested
from cairn_protocol.private_files import write_private
from cairn_protocol.sharing import Index
from tests.support import keys
from tests.support.cosigner import serving as in_thread
from tests.support.openings import DETAILS, PHONE, Analyst, Filed, Ledger
from tests.support.trustees import PASSPHRASE, done, run
from trustee import keys as key_file
from trustee import openings
from trustee.home import Home
from trustee.keys import KeyFile, ServingKeys
from trustee.mirror import pushing
from trustee.mirror.roster import RosterOfMirror
from trustee.storage.database import Store

DAY = 86_400


class WholeLedger(Ledger):
    """A ledger of today that keeps its leaves as the hub pushes them."""

    def __init__(self) -> None:
        self.entries: list[LogEntry] = []
        super().__init__()
        self.now = int(time.time()) - 60

    def log(self, kind: LeafKind, content: bytes, digest: bytes | None = None) -> int:
        kept = None if kind is LeafKind.REPORT else content
        self.entries.append(LogEntry(kind=kind, digest=digest or content_digest(content), content=kept))
        return super().log(kind, content, digest)

    @property
    def last_week(self) -> str:
        year, week, _ = dt.datetime.fromtimestamp(self.now - 7 * DAY, dt.UTC).isocalendar()
        return f"{year}-W{week:02d}"


@dataclass
class Case:
    """Reports of some groups that share a phone, two analysts who ask to open the first, and two trustees.

    answers  what the hub was sent
    """

    folder: Path
    ledger: WholeLedger
    reports: list[Filed]
    analysts: tuple[Analyst, Analyst]
    opening: Opening
    leaf_index: int
    answers: list[Signed] = field(default_factory=list)
    shows: Callable[[Evidence], Evidence] = lambda evidence: evidence
    shown_as: str | None = None  # the id under which the hub shows it, if it lies

    @property
    def id(self) -> str:
        return self.shown_as or opening_id(requested(self.opening))

    def evidence(self) -> Evidence:
        beside = self.ledger.evidence_for(*self.reports)
        return self.shows(self.ledger.evidence(self.opening, self.leaf_index, beside))

    def home(self, index: int = 1) -> Home:
        """A trustee's home as after its key generation, and all of the log in its mirror, cosigned."""
        genesis, name = self.ledger.genesis, f"t{index}"
        home = Home(self.folder / name)
        home.create()
        write_private(home.folder / "passphrase", PASSPHRASE.encode())
        home.save_descriptor(CeremonyTrustee(keys=genesis.trustees[index - 1], url=f"http://{name}.example"))
        own = ServingKeys(Index(index), keys.signing_key(name), X25519PrivateKey.generate())
        shares = [keys.key_shares(key)[index - 1] for key in ("names", "values", "assent")]
        key_file.keep_shares(home, PASSPHRASE, own, *shares)
        home.save_genesis(genesis)
        self.mirrored(home)
        return home

    def mirrored(self, home: Home) -> None:
        """Push what is new, and have it cosigned at the ledger's time."""
        ledger, name = self.ledger, home.descriptor().keys.id
        cosigner = pushing.Cosigner(name, ledger.genesis, keys.signing_key(name), lambda: ledger.now)
        root = merkle.root_of(ledger.hashes)
        note = sign_checkpoint(
            Checkpoint(ledger.genesis.origin, len(ledger.hashes), root), keys.signing_key("hub")
        )
        with opened(home) as store:
            start = store.read(pushing.leaves.size)
            push = Push(start=start, entries=tuple(ledger.entries[start:]), checkpoint=note)
            store.transact(lambda db: pushing.take(db, push, RosterOfMirror(ledger.genesis), cosigner))

    @contextlib.contextmanager
    def hub(self) -> Iterator[str]:
        """A hub that shows this opening, and no act."""

        async def pending(_: Request) -> Response:
            return Response(encode(PendingOpenings(openings=(Pending(id=self.id, opening=self.opening),))))

        async def evidence(request: Request) -> Response:
            shown = self.evidence()
            if request.query_params["size"] != str(shown.size):
                return Response(status_code=404)
            return Response(encode(shown))

        async def answer(request: Request) -> Response:
            self.answers.append(decode(await request.body(), Signed))
            return Response(b"{}")

        async def proposals(_: Request) -> Response:
            return Response(encode(Proposals(proposals=())))

        here = f"/v1/openings/{self.id}"
        routes = [
            Route("/v1/openings/pending", pending),
            Route(f"{here}/evidence", evidence),
            Route(f"{here}/answers", answer, methods=["POST"]),
            Route("/v1/roster/proposals", proposals),
        ]
        with in_thread(Starlette(routes=routes)) as url:
            yield url

    def seen_by(self, home: Home) -> list[dict[str, Any]]:
        """What its staff see."""
        with self.hub() as url:
            told = done("requests", "--home", home.folder, "--hub", url, "--json")
        return [json.loads(line) for line in told.splitlines()]

    def approved_by(self, home: Home) -> Signed:
        """Its assent, which its staff gave."""
        with self.hub() as url:
            done("approve", self.id, "--home", home.folder, "--hub", url)
        return self.answers.pop()

    def parts(self, analyst: Analyst, assents: Sequence[Signed]) -> dict[Index, assent_lock.Part]:
        """What an analyst opens of the assents of t1, t2 and so on."""
        opened = {}
        for trustee, signed in zip(self.ledger.genesis.trustees, assents, strict=False):
            (part,) = open_assent(
                signed, opening_digest(self.opening), trustee, analyst.entry.party, analyst.sealing_key
            )
            opened[Index(trustee.index)] = assent_lock.Part(part.element, part.proof)
        return opened

    def details(self, parts: dict[Index, assent_lock.Part]) -> sealing.Details:
        """What an analyst reads with these parts, and the line that two groups' shares give."""
        report, ledger = self.reports[0], self.ledger
        label = label_of(report.signed.header)
        secret = assent_lock.combine(
            report.sealed.capsule,
            label,
            opening_digest(self.opening),
            parts,
            ledger.assent_publics,
            ledger.genesis.t,
        )
        (known,) = report.secrets
        assert known.lock is not None
        line = known.lock.line
        a_0 = match_lock.recover(
            {GroupIndex(at): line.share_at(GroupIndex(at)) for at in (1, 2)}, known.lock.commitments
        )
        return sealing.open_part(report.sealed, 0, known.tag, label, a_0, secret)


@contextlib.contextmanager
def opened(home: Home) -> Iterator[Store]:
    store = Store(home.database, 1)
    try:
        yield store
    finally:
        store.close()


def case_of(folder: Path, groups: int = 3) -> Case:
    ledger = WholeLedger()
    reports = [ledger.file(firm, PHONE, week=ledger.last_week) for firm in ledger.exporters(groups)]
    analysts = ledger.analyst("a0"), ledger.analyst("a1")
    opening, leaf_index = ledger.opening(ledger.request(reports[0]), *analysts)
    return Case(folder, ledger, reports, analysts, opening, leaf_index)


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return case_of(tmp_path)


def test_staff_see_reason_basis_counts_and_their_own_tick_and_no_party(case: Case) -> None:
    (seen,) = case.seen_by(case.home())

    assert seen == {
        "id": case.id,
        "act": "open 1 reports",
        "reason": "T1",
        "basis": "Art. 6(1)(f) GDPR",
        "analyst": "a0",
        "verified": True,
        "groups": [3],
        "events": [3],
        "findings": [],
    }


def test_two_trustees_assents_open_the_report_to_both_analysts(case: Case) -> None:
    assents = [case.approved_by(case.home(index)) for index in (1, 2)]

    for analyst in case.analysts:
        assert case.details(case.parts(analyst, assents)) == DETAILS


def test_one_trustees_assent_opens_nothing(case: Case) -> None:
    parts = case.parts(case.analysts[0], [case.approved_by(case.home())])

    with pytest.raises(TooFewShares):
        case.details(parts)


def test_approving_all_leaves_openings_alone(case: Case) -> None:
    """An opening is a decision about people: it is named, or it is not made."""
    home = case.home()
    with case.hub() as url:
        told = done("approve", "--all", "--home", home.folder, "--hub", url)

    assert "Nothing to approve" in told
    assert case.answers == []


def test_what_staff_agreed_to_cannot_be_exchanged_under_its_id(case: Case) -> None:
    """They read one opening in `requests`; the hub must not answer `approve` with another, however well borne out."""
    home, case.shown_as = case.home(), "0123456789abcdef"
    with case.hub() as url:
        result = run("approve", case.id, "--home", home.folder, "--hub", url, "--json")

    assert result.exit_code == 5, result.output
    assert json.loads(result.stdout)["reason"] == "bad-opening"
    assert case.answers == []


def test_a_refused_opening_is_not_shown_again_and_the_hub_hears_of_it(case: Case) -> None:
    home = case.home()
    with case.hub() as url:
        done("refuse", case.id, "--home", home.folder, "--hub", url)

    (said,) = case.answers
    assert open_refusal(said, opening_digest(case.opening), case.ledger.genesis.trustees[0])
    assert case.seen_by(home) == []


def refused(case: Case, home: Home) -> None:
    """Staff try to approve it all the same."""
    with case.hub() as url:
        result = run("approve", case.id, "--home", home.folder, "--hub", url, "--json")

    assert result.exit_code == 6, result.output
    assert json.loads(result.stdout)["reason"] in ("too-few-groups", "too-little-evidence")
    assert case.answers == []


def test_two_groups_get_no_assent_and_the_assent_share_stays_shut(tmp_path: Path) -> None:
    case = case_of(tmp_path, groups=2)
    home = case.home()
    whole = decode(home.keys.read_bytes(), KeyFile)
    write_private(home.keys, encode(replace(whole, assent=b"not to be opened")))

    assert case.seen_by(home)[0]["verified"] is False
    refused(case, home)


def taken_back(case: Case) -> None:
    """By its member: the hub shows the report as if it stood."""
    case.ledger.retract(firm_of(case, 1), case.reports[1])


def cut_apart(case: Case) -> None:
    """By a reviewer and an analyst: they are not of one subject."""
    case.ledger.cut([case.reports[0]], case.reports[1:])


def quarantined(case: Case) -> None:
    """A forwarder's phone, as the newest manifest says."""
    (secret,) = case.reports[0].secrets
    case.ledger.log(LeafKind.MANIFEST, encode(manifest(1, ())))
    case.ledger.log(LeafKind.MANIFEST, encode(manifest(2, (secret.tag,))))


def an_analyst_revoked(case: Case) -> None:
    """Also after the opening was logged: whoever stole the key must not get the parts."""
    case.ledger.revoke("a1", case.analysts[1].key)


@pytest.mark.parametrize(
    "happened",
    [taken_back, cut_apart, quarantined, an_analyst_revoked],
    ids=lambda happened: happened.__name__,
)
def test_what_its_own_log_says_counts_whatever_the_hub_shows(
    happened: Callable[[Case], None], case: Case
) -> None:
    happened(case)
    home = case.home()

    (seen,) = case.seen_by(home)

    assert seen["verified"] is False
    assert seen["findings"]
    refused(case, home)


def test_a_report_is_taken_back_by_its_own_member_alone(case: Case) -> None:
    case.ledger.retract(firm_of(case, 0), case.reports[1])

    assert case.seen_by(case.home())[0]["verified"] is True


def firm_of(case: Case, at: int) -> Any:
    """The firm that filed a report, which follows from its name."""
    party = case.reports[at].signed.header.member
    return next(firm for firm in Ledger().exporters(len(case.reports)) if firm.id == party)


def manifest(number: int, tags: tuple[bytes, ...]) -> Manifest:
    return Manifest(
        epoch=keys.EPOCH,
        number=number,
        published_at=0,
        max_age_seconds=DAY,
        tag_segments=(),
        card_segments=(),
        tombstones=(),
        quarantined=tags,
    )


def other_reports(case: Case) -> Callable[[Evidence], Evidence]:
    beside = case.ledger.evidence_for(case.reports[1], case.reports[0], case.reports[2])
    return lambda evidence: replace(evidence, reports=(beside,))


def fewer_neighbours(_: Case) -> Callable[[Evidence], Evidence]:
    def change(evidence: Evidence) -> Evidence:
        (one,) = evidence.reports
        return replace(evidence, reports=(replace(one, neighbours=one.neighbours[:1]),))

    return change


def another_place_in_the_log(_: Case) -> Callable[[Evidence], Evidence]:
    return lambda evidence: replace(evidence, leaf_index=evidence.leaf_index - 1)


def another_opening(_: Case) -> Callable[[Evidence], Evidence]:
    return lambda evidence: replace(evidence, opening=bytes(32))


@pytest.mark.parametrize(
    "lie",
    [other_reports, fewer_neighbours, another_place_in_the_log, another_opening],
    ids=lambda lie: lie.__name__,
)
def test_evidence_that_does_not_fit_the_opening_gets_no_assent(
    lie: Callable[[Case], Callable[[Evidence], Evidence]], case: Case
) -> None:
    case.shows = lie(case)

    refused(case, case.home())


def test_an_opening_counts_from_when_its_leaf_was_cosigned_here_first(case: Case) -> None:
    """The hub shows it late, after it expired, with a request that says it is fresh."""
    case.ledger.now += 15 * DAY

    refused(case, case.home())


def test_evidence_at_a_size_that_was_not_cosigned_here_is_no_evidence(case: Case) -> None:
    """The hub could otherwise show a state of the log without the retraction since."""
    home = case.home()
    waiting = Pending(id=case.id, opening=case.opening)
    with opened(home) as store:
        roster = store.read(RosterOfMirror(case.ledger.genesis).current)
        early = replace(case.evidence(), size=case.leaf_index)

        with pytest.raises(BadMessage) as wrong:
            store.read(lambda db: openings.judge(db, roster, waiting, early, case.ledger.now))

    assert wrong.value.culprit == "hub"


def test_an_opening_that_is_not_in_the_log_here_yet_is_not_shown(case: Case) -> None:
    home = case.home()
    case.ledger.file(firm_of(case, 0), PHONE)  # the hub's log is ahead of what was cosigned here

    assert case.seen_by(home) == []
    case.mirrored(home)
    assert [one["id"] for one in case.seen_by(home)] == [case.id]


def test_the_assent_itself_asks_again_whether_it_is_borne_out(tmp_path: Path) -> None:
    """So no caller can forget: the function that multiplies by the share is the one that looks."""
    case = case_of(tmp_path, groups=2)
    home = case.home()
    waiting = Pending(id=case.id, opening=case.opening)
    with opened(home) as store:
        roster = store.read(RosterOfMirror(case.ledger.genesis).current)
        judged = store.read(lambda db: openings.judge(db, roster, waiting, case.evidence(), case.ledger.now))

        with pytest.raises((TooFewGroups, TooLittleEvidence)):
            store.read(
                lambda db: openings.assent(
                    db,
                    roster,
                    judged,
                    "t1",
                    key_file.load(home, PASSPHRASE),
                    key_file.load_assent(home, PASSPHRASE),
                )
            )
