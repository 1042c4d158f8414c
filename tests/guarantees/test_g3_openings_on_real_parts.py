"""G3: sealed details open with three groups' evidence, two analysts and t trustees, and to nobody with less.

On real processes: firms file, the hub chooses evidence, trustees judge it by their own logs. The attacks are those
of a hub that uses all its keys, of firms that file more than they saw, and of trustees that are too few.
"""

import asyncio
import time
from uuid import UUID

import pytest
from msgspec import structs

from cairn import Inquiry
from cairn.client.errors import ProofInvalid, Rejected
from cairn.session import Session
from cairn_protocol import assent_lock, match_lock
from cairn_protocol.assent_lock import AssentSecret
from cairn_protocol.codes.evidence import Code
from cairn_protocol.errors import BadSealedPart, TooFewShares, TooLittleEvidence
from cairn_protocol.evidence import label_of
from cairn_protocol.group import Scalar, decode_element
from cairn_protocol.messages.openings import Opening, Pending, confirm, opening_digest
from cairn_protocol.messages.report import Header, SignedHeader
from cairn_protocol.messages.sealed import SealedPart
from cairn_protocol.messages.wire import decode, encode, sign
from cairn_protocol.openings import requested
from cairn_protocol.sealing import open_part
from cairn_protocol.sharing import Index, KeyShare
from tests.support.buyers import inquiry, name, phone, word
from tests.support.canaries import search_for
from tests.support.opening_desk import OpeningDesk, names_in
from tests.support.search import Search
from tests.support.town import RunningTown

pytestmark = pytest.mark.anyio

THREE = ("alder", "birch", "cedar")  # exporters of three groups


@pytest.fixture
def desk(town: RunningTown) -> OpeningDesk:
    return OpeningDesk(town)


async def _file_three(desk: OpeningDesk, label: str, told: str | None = None) -> list[UUID]:
    """Three groups' reports with one phone; the first is about a party of the name that is told."""
    number = phone()
    return [
        await desk.file(firm, f"{label}-{firm}", phones=[number], name=told if told and not at else name())
        for at, firm in enumerate(THREE)
    ]


async def _shut(desk: OpeningDesk, *reports: UUID) -> None:
    """These can't be opened."""
    with pytest.raises(Rejected) as refused:
        await desk.request(*reports)
    assert refused.value.slug == "too-few-groups"


# What opens


async def test_one_trustee_of_two_opens_nothing_and_two_open_it_to_both_analysts(desk: OpeningDesk) -> None:
    told = name()
    first, *_ = await _file_three(desk, "g3-open", told)
    opening = await desk.confirmed(first)

    desk.approve("t1", opening)
    with pytest.raises(Rejected) as refused:
        await desk.read(opening)
    assert refused.value.slug == "too-few-assents"

    desk.approve("t3", opening)
    assert await desk.status(opening) == "open"
    for analyst in ("ana", "ben"):
        opened = await desk.read(opening, analyst)
        assert names_in(opened) == {told}
        assert [report.report_id for report in opened.reports] == [first]


async def test_a_firm_is_told_and_no_other(desk: OpeningDesk) -> None:
    """The log says it, whatever trustees answer: the firm's next status has case, reason, basis and date."""
    first, *_ = await _file_three(desk, "g3-notice")
    opening = await desk.confirmed(first)
    desk.town.settle()

    (notice,) = [one for one in await desk.notices("alder") if opening in one]
    assert "g3-notice-alder" in notice
    assert "reason T1" in notice
    assert "Art. 6(1)(f) GDPR" in notice
    assert time.strftime("%Y-%m-%d", time.gmtime()) in notice
    for other in ("birch", "cedar", "elm"):
        assert not [one for one in await desk.notices(other) if opening in one]


async def test_the_name_is_nowhere_but_at_firms_and_analysts_before_during_and_after(
    desk: OpeningDesk,
) -> None:
    town, told, number = desk.town, f"{word()} {word()}", phone()
    values = {"name": told, "phones": [number]}
    first = await desk.file("alder", "g3-canary-alder", **values)
    for firm in ("birch", "cedar"):
        await desk.file(firm, f"g3-canary-{firm}", phones=[number])
    searched = search_for(Inquiry.from_mapping(inquiry("g3-canary", **values)))
    assert searched.hits(told.encode())
    assert searched.hits(number.encode())

    _is_nowhere(town, searched, "before")
    opening = await desk.confirmed(first)
    desk.approve("t1", opening)
    _is_nowhere(town, searched, "during")
    desk.approve("t2", opening)
    assert names_in(await desk.read(opening)) == {told}, "what is searched for is what was opened"
    _is_nowhere(town, searched, "after")
    # The analyst's own copy is encrypted.
    analysts = [path for path in town.home("ana").rglob("*") if path.is_file()]
    assert analysts
    assert searched.hits_in_files(analysts) == {}


def _is_nowhere(town: RunningTown, searched: Search, when: str) -> None:
    for party, wire in town.wires.items():
        for content in wire.since():
            assert not searched.hits(content), f"{when}: on the wire of {party}"
    assert not searched.hits(town.dump("--inserts")), f"{when}: in a table"
    people = [town.home("alder").parent, town.home("ana").parent]
    others = [
        path
        for path in town.place.folder.rglob("*")
        if path.is_file() and not any(path.is_relative_to(folder) for folder in people)
    ]
    assert searched.hits_in_files(others) == {}, when


# Evidence that is no evidence


@pytest.mark.parametrize("count", [60, pytest.param(1_000, marks=pytest.mark.long)])
async def test_any_number_of_reports_of_one_firm_is_one_group(desk: OpeningDesk, count: int) -> None:
    number = phone()
    rows = [Inquiry.from_mapping(inquiry(f"g3-lone-{count}-{at}", phones=[number])) for at in range(count)]
    async with desk.town.hub("birch") as hub:
        receipts = await hub.report_all(rows)

    for receipt in (receipts[0], receipts[-1]):
        await _shut(desk, UUID(receipt.report_id))


async def test_in_a_chain_only_the_middle_opens(desk: OpeningDesk) -> None:
    """A and C share nothing: a value of the one says nothing about the other."""
    left, right = phone(), phone()
    a = await desk.file("alder", "g3-chain-a", phones=[left])
    b = await desk.file("birch", "g3-chain-b", phones=[left, right])
    c = await desk.file("cedar", "g3-chain-c", phones=[right])

    for end in (a, c):
        await _shut(desk, end)
    opening = await desk.confirmed(b)
    assert desk.waiting("t1", opening).verdict.ok
    await _shut(desk, a, b)  # all reports of an opening are opened, or none


async def test_affiliates_are_one_group(desk: OpeningDesk) -> None:
    number = phone()
    reports = [
        await desk.file(firm, f"g3-affiliate-{firm}", phones=[number]) for firm in ("fir", "fir-asia", "elm")
    ]

    for report in reports:
        await _shut(desk, report)


async def test_three_who_saw_one_shipment_are_one_event(desk: OpeningDesk) -> None:
    number, shipment = phone(), [f"HAWB 984-{time.time_ns() % 10**8:08d}"]
    reports = [await desk.file(firm, f"g3-event-{firm}", phones=[number], refs=shipment) for firm in THREE]

    for report in reports:
        await _shut(desk, report)


async def test_three_sectors_of_one_chain_bear_nothing_out(desk: OpeningDesk) -> None:
    """Exporter, carrier and insurer hear of one matter: those beside a report must be of one sector."""
    number = phone()
    reports = [
        await desk.file(firm, f"g3-sectors-{firm}", phones=[number]) for firm in ("alder", "larch", "juniper")
    ]

    for report in reports:
        await _shut(desk, report)


# Too few to open


async def test_the_hub_with_all_its_keys_and_a_members_lacks_the_assent(desk: OpeningDesk) -> None:
    """Two groups' shares give the line and the inner key; nothing the hub or the member has gives the other lock."""
    told = name()
    first, second, _ = await _file_three(desk, "g3-hub", told)
    header, sealed = _taken_from_the_hub(desk, first)
    (key,) = header.lockable()
    tag, label = key.tag(header.epoch), label_of(header)
    assert key.line is not None
    shares = {place: Scalar(found[0]) for place, found in desk.shares_at_the_hub(first, second).items()}
    a_0 = match_lock.recover(shares, [decode_element(one) for one in key.line])
    inner = match_lock.unwrap(sealed.wraps[0], a_0, header.report_id, tag)
    assert len(inner) == 32, "one lock is open: that is what the hub and one member can do"

    digest = bytes(32)
    async with desk.session("ana") as analyst:
        publics, joint = desk.assent_publics(analyst), analyst.genesis.joint_key("assent").element
        one_part = _parts(desk, analyst, ("t1",), sealed, header, digest)
        with pytest.raises(TooFewShares):
            assent_lock.combine(sealed.capsule, label, digest, one_part, publics, 2)
        # Whoever ignores that rule combines one part alone, and gets another secret.
        alone = assent_lock.combine(sealed.capsule, label, digest, one_part, publics, 1)
        guesses = [alone, joint, sealed.capsule[:32], inner, bytes(32), bytes(64)]
        for guess in guesses:
            with pytest.raises(BadSealedPart):
                open_part(sealed, 0, tag, label, a_0, AssentSecret(guess))

        # With the parts of two, what was just tried opens: nothing else was missing.
        both = _parts(desk, analyst, ("t1", "t2"), sealed, header, digest)
        secret = assent_lock.combine(sealed.capsule, label, digest, both, publics, 2)
    assert open_part(sealed, 0, tag, label, a_0, secret).names == (told,)


def _taken_from_the_hub(desk: OpeningDesk, report: UUID) -> tuple[Header, SealedPart]:
    ((header, sealed),) = desk.town.query(
        "SELECT signed_header, sealed FROM reports JOIN report_sealed ON report = number WHERE report_id = %s",
        report,
    )
    return decode(header, SignedHeader).header, decode(sealed, SealedPart)


def _parts(
    desk: OpeningDesk,
    session: Session,
    trustees: tuple[str, ...],
    sealed: SealedPart,
    header: Header,
    opening: bytes,
) -> dict[Index, assent_lock.Part]:
    """Parts made with the shares from these trustees' machines."""
    publics, label = desk.assent_publics(session), label_of(header)
    found = {}
    for trustee in trustees:
        share = desk.assent_share(trustee)
        found[share.index] = assent_lock.release(
            share, publics[share.index].element, sealed.capsule, label, opening
        )
    return found


async def test_trustees_parts_for_another_opening_of_the_same_report_open_nothing(desk: OpeningDesk) -> None:
    """The operator writes t1's answer to one opening under another that only t2 approved."""
    first, *_ = await _file_three(desk, "g3-replay")
    approved = await desk.confirmed(first)
    async with desk.session("ana") as session:
        later = int(session.now()) + 60
    other = await desk.request(first, requested_at=later - 120, expires_at=later + 3_600)
    await desk.confirm(other)
    desk.approve("t1", approved)
    desk.approve("t2", other)
    desk.town.query(
        "INSERT INTO opening_answers (opening, trustee, assents, signed)"
        " SELECT %s, trustee, assents, signed FROM opening_answers WHERE opening = %s",
        other,
        approved,
    )
    assert await desk.status(other) == "open", "the hub says so"

    with pytest.raises(ProofInvalid) as refused:
        await desk.read(other)

    assert refused.value.slug == "too-few-shares"


# Two analysts, and the log


async def test_a_trustees_false_part_names_it_and_t_others_open_without_it(desk: OpeningDesk) -> None:
    told = name()
    first, *_ = await _file_three(desk, "g3-false-part", told)
    opening = await desk.confirmed(first)
    _assent_falsely(desk, "t1", opening)

    desk.approve("t2", opening)
    with pytest.raises(ProofInvalid) as caught:
        await desk.read(opening)
    assert caught.value.culprit == "trustee:t1"
    async with desk.session("ana") as session:
        assert ("trustee:t1", "bad-proof") in {
            (fault.culprit, fault.slug) for fault in session.connection.state.faults()
        }

    desk.approve("t3", opening)
    assert names_in(await desk.read(opening)) == {told}


def _assent_falsely(desk: OpeningDesk, trustee: str, opening: str) -> None:
    """A trustee that agrees, with the part of another share than its own."""
    from trustee import openings
    from trustee.inside import opened
    from trustee.mirror.roster import RosterOfMirror

    home, settings, _, keys, link = desk.staff(trustee)
    waiting, share = desk.waiting(trustee, opening), desk.assent_share(trustee)
    with opened(home, settings) as store:
        roster = store.read(RosterOfMirror(home.genesis()).current)
        other = KeyShare(share.index, Scalar(share.scalar + 1))
        signed = store.read(lambda db: openings.assent(db, roster, waiting, trustee, keys, other))
    link.post(f"/v1/openings/{opening}/answers", encode(signed))


async def test_the_hub_cannot_show_the_reports_of_one_opening_as_those_of_another(desk: OpeningDesk) -> None:
    """Whoever edits its database has both openings open, and their analysts are the same two."""
    asked, other = [
        await desk.confirmed((await _file_three(desk, f"g3-swap-{which}"))[0]) for which in ("asked", "other")
    ]
    for trustee in ("t1", "t2"):
        for opening in (asked, other):
            desk.approve(trustee, opening)
    rows = {
        opening: desk.town.query("SELECT request, content, digest FROM openings WHERE id = %s", opening)[0]
        for opening in (asked, other)
    }
    put = "UPDATE openings SET request = %s, content = %s, digest = %s WHERE id = %s"
    desk.town.query("DELETE FROM opening_answers WHERE opening = %s", asked)
    desk.town.query("UPDATE opening_answers SET opening = %s WHERE opening = %s", asked, other)
    desk.town.query(put, rows[other][0], None, None, other)
    desk.town.query(put, *rows[other], asked)

    with pytest.raises(ProofInvalid) as caught:
        await desk.read(asked)
    assert (caught.value.slug, caught.value.culprit) == ("bad-opening", "hub")

    for opening in (asked, other):  # the town is everybody's
        desk.town.query(put, *rows[opening], opening)


async def test_one_analyst_cannot_confirm_its_own_request(desk: OpeningDesk) -> None:
    first, *_ = await _file_three(desk, "g3-alone")
    opening, leaves = await desk.request(first), desk.opening_leaves()

    with pytest.raises(Exception, match="second analyst") as refused:
        await desk.confirm(opening, by="ana")

    assert refused.value.slug == "bad-opening"  # type: ignore[attr-defined]
    assert desk.opening_leaves() == leaves


async def test_no_trustee_assents_to_what_one_analyst_signed_twice(desk: OpeningDesk) -> None:
    """A hub that lets it pass logs it too; the trustee asks its own roster."""
    first, *_ = await _file_three(desk, "g3-twice")
    opening = await desk.confirmed(first)
    waiting = desk.waiting("t1", opening)
    async with desk.session("ana") as ana:
        again = confirm(requested(waiting.opening), "ana", int(ana.now()))
        forged = Opening(request=waiting.opening.request, confirmation=sign(again, ana.keys.signing))
    evidence = _logged_by_the_hub(desk, forged, waiting.evidence)

    assert _codes(_judged(desk, "t1", forged, evidence)) == [Code.NOT_TWO_ANALYSTS]


async def test_an_opening_that_is_not_in_the_log_gets_no_assent(desk: OpeningDesk) -> None:
    """Two analysts and the hub agree to leave no trace: evidence, signatures and all are true but for the leaf."""
    from trustee.openings import assent

    first, *_ = await _file_three(desk, "g3-unlogged")
    opening = await desk.confirmed(first)
    waiting = desk.waiting("t1", opening)
    async with desk.session("ana") as ana, desk.session("ben") as ben:
        request = structs.replace(requested(waiting.opening), basis="Another basis")
        forged = Opening(
            request=sign(request, ana.keys.signing),
            confirmation=sign(confirm(request, "ben", int(ben.now())), ben.keys.signing),
        )
    evidence = structs.replace(waiting.evidence, opening=opening_digest(forged))

    judged = _judged(desk, "t1", forged, evidence)
    assert _codes(judged) == [Code.NOT_LOGGED]
    share, (_, _, _, keys, _) = desk.assent_share("t1"), desk.staff("t1")
    with pytest.raises(TooLittleEvidence):
        _in_the_log_of(desk, "t1", lambda db, roster: assent(db, roster, judged, "t1", keys, share))


async def test_an_expired_request_is_neither_confirmed_nor_approved(desk: OpeningDesk) -> None:
    first, *_ = await _file_three(desk, "g3-expired")
    now = int(time.time())
    with pytest.raises(Rejected) as refused:
        await desk.request(first, requested_at=now - 100, expires_at=now - 1)
    assert refused.value.slug == "opening-closed"

    soon = await desk.request(first, requested_at=now - 50, expires_at=int(time.time()) + 2)
    opening = await desk.confirmed(first)
    await asyncio.sleep(3)
    with pytest.raises(Rejected) as refused:
        await desk.confirm(soon)
    assert refused.value.slug == "opening-closed"
    assert await desk.status(soon) == "expired"

    waiting = desk.waiting("t1", opening)
    late = requested(waiting.opening).expires_at + 1
    assert _codes(_judged(desk, "t1", waiting.opening, waiting.evidence, late)) == [Code.EXPIRED]


def _codes(judged: object) -> list[Code]:
    return [finding.code for finding in judged.verdict.findings]  # type: ignore[attr-defined]


def _judged(
    desk: OpeningDesk, trustee: str, opening: Opening, evidence: object, now: int | None = None
) -> object:
    """What the trustee finds of an opening and evidence that a hub might send."""
    from trustee.openings import judge

    pending = Pending(id="0" * 16, opening=opening)
    at = int(time.time()) if now is None else now
    return _in_the_log_of(desk, trustee, lambda db, roster: judge(db, roster, pending, evidence, at))


def _in_the_log_of(desk: OpeningDesk, trustee: str, work: object) -> object:
    """Something that a trustee does with its own mirror and roster."""
    from trustee.inside import opened
    from trustee.mirror.roster import RosterOfMirror

    home, settings, *_ = desk.staff(trustee)
    with opened(home, settings) as store:
        roster = store.read(RosterOfMirror(home.genesis()).current)
        return store.read(lambda db: work(db, roster))  # type: ignore[operator]


def _logged_by_the_hub(desk: OpeningDesk, opening: Opening, like: object) -> object:
    """Have the hub's operator log an opening; the evidence with the new leaf's proof in it."""
    from cairn_protocol.messages.log import LeafKind, content_digest, hash_of
    from cairn_protocol.messages.wire import encode
    from hub.translog.nodes import prove_inclusion
    from hub.translog.promise import promise
    from trustee.openings import cosigned_size

    content = encode(opening)
    digest = content_digest(content)
    desk.town.operate(
        lambda services: services.store.transact(
            "forge", lambda db: promise(db, LeafKind.OPENING, digest, content)
        )
    )
    desk.town.settle()
    size = _in_the_log_of(desk, "t1", lambda db, _: cosigned_size(db))

    leaf = desk.town.operate(
        lambda services: services.store.read(
            "forge", lambda db: prove_inclusion(db, hash_of(LeafKind.OPENING, digest), size)
        )
    )
    return structs.replace(like, opening=digest, leaf_index=leaf.index, path=leaf.path, size=size)
