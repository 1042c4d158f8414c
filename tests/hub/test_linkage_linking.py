"""Linking: which reports end up together, whatever order and portions they come in."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from cairn_protocol.codes import UNKNOWN
from cairn_protocol.kinds import Kind
from cairn_protocol.messages.report import Confidence
from hub.linkage import ruling
from hub.linkage.batch import held_back, link_all
from hub.linkage.clustering import Sighting
from hub.linkage.common_values import Verdict
from hub.linkage.merges import NoSuchMerge
from hub.linkage.ruling import NoSuchValue
from hub.settings import Settings
from hub.storage.database import Store
from hub.storage.envelopes import Envelopes
from hub.storage.key_file import FileKeys
from tests.support.desk import Desk, name, phone, registration
from tests.support.postgres import TestServer
from tests.support.reports import exporters, tag_of_value
from tests.support.seated import seated

pytestmark = pytest.mark.anyio

FIRMS = exporters(14)


@pytest.fixture
async def desk(settings: Settings, database_url: str, store: Store, envelopes: Envelopes) -> Desk:
    hub = seated(settings, database_url, store, envelopes)
    await hub.seat(FIRMS)
    return Desk(hub, FIRMS)


async def test_a_buyer_who_changes_names_on_one_phone_is_one_subject(desk: Desk) -> None:
    """Domain truth 1."""
    await desk.file(FIRMS[0], "first", name("orkide"), phone("1"))
    await desk.file(FIRMS[1], "second", name("okt makina"), phone("1"))
    await desk.file(FIRMS[2], "third", name("orkide"))
    await desk.file(FIRMS[3], "other", name("sapphire"), phone("2"))

    assert await desk.together() == [{"first", "second", "third"}, {"other"}]


async def test_a_report_that_fits_two_subjects_makes_them_one(desk: Desk) -> None:
    await desk.file(FIRMS[0], "a", name("orkide"), phone("1"))
    await desk.file(FIRMS[1], "b", name("okt makina"), phone("2"))
    assert await desk.together() == [{"a"}, {"b"}]

    await desk.file(FIRMS[2], "c", name("yeni ad"), phone("1"), phone("2"))

    assert await desk.together() == [{"a", "b", "c"}]


async def test_a_shipment_in_common_links_nobody(desk: Desk) -> None:
    await desk.file(FIRMS[0], "a", name("orkide"), (Kind.TRANSACTION, "HAWB 1"))
    await desk.file(FIRMS[1], "b", name("sapphire"), (Kind.TRANSACTION, "HAWB 1"))

    assert await desk.together() == [{"a"}, {"b"}]


async def test_a_name_in_another_country_is_another_subject(desk: Desk) -> None:
    await desk.file(FIRMS[0], "tr", name("orkide"), country="TR")
    await desk.file(FIRMS[1], "cn", name("orkide"), country="CN")
    await desk.file(FIRMS[2], "untold", name("sapphire"), country="XX")
    await desk.file(FIRMS[3], "told", name("sapphire"), country="CN")

    assert await desk.together() == [{"cn"}, {"told", "untold"}, {"tr"}]


async def test_a_contact_links_into_another_country(desk: Desk) -> None:
    await desk.file(FIRMS[0], "tr", name("orkide"), phone("1"), country="TR")
    await desk.file(FIRMS[1], "ae", name("okt"), phone("1"), country="AE")

    assert await desk.together() == [{"ae", "tr"}]


async def test_hearsay_is_kept_and_counts_nothing(desk: Desk) -> None:
    await desk.file(FIRMS[0], "seen", name("orkide"), phone("1"))
    await desk.file(FIRMS[1], "heard", name("okt"), phone("1"), confidence=Confidence.HEARSAY)

    assert await desk.together() == [{"seen"}]


async def test_what_was_taken_back_holds_nothing_together(desk: Desk) -> None:
    await desk.file(FIRMS[0], "a", name("orkide"), phone("1"))
    await desk.file(FIRMS[1], "b", name("okt"), phone("2"))
    bridge = await desk.file(FIRMS[2], "bridge", name("yeni"), phone("1"), phone("2"))
    assert await desk.together() == [{"a", "b", "bridge"}]

    await desk.take_back(FIRMS[2], bridge)

    assert await desk.together() == [{"a"}, {"b"}]


async def test_an_amendment_links_by_its_own_tags_alone(desk: Desk) -> None:
    await desk.file(FIRMS[0], "a", name("orkide"), phone("1"))
    first = await desk.file(FIRMS[1], "b", name("okt"), phone("1"))
    assert await desk.together() == [{"a", "b"}]

    await desk.file(FIRMS[1], "b", name("okt"), phone("2"), revision=2, supersedes=first.signed.digest())

    assert await desk.together() == [{"a"}, {"b"}]


async def test_taken_back_before_it_was_linked_it_never_links(desk: Desk) -> None:
    await desk.file(FIRMS[0], "a", name("orkide"), phone("1"))
    report = await desk.file(FIRMS[1], "b", name("okt"), phone("1"))
    await desk.take_back(FIRMS[1], report)

    assert await desk.together() == [{"a"}]


async def test_a_forwarders_phone_that_many_registered_parties_have_links_nobody(desk: Desk) -> None:
    """Domain truth 8: the fifth customer shows it, and the first four are told apart again."""
    for at in range(5):
        await desk.file(
            FIRMS[at], f"customer {at}", name(f"name {at}"), registration(f"TR{at}"), phone("hub")
        )
    await desk.file(FIRMS[6], "later", name("name 6"), phone("hub"))

    assert await desk.together() == [*({f"customer {at}"} for at in range(5)), {"later"}]
    assert desk.common() == {tag_of_value(Kind.PHONE, "hub")}


@pytest.mark.parametrize("names", [4, 8, 12])
async def test_a_procurer_with_many_names_on_one_phone_is_still_found(desk: Desk, names: int) -> None:
    for at in range(names):
        await desk.file(FIRMS[at], f"name {at}", name(f"name {at}"), phone("own"))

    assert await desk.together() == [{f"name {at}" for at in range(names)}]
    assert desk.common() == set()


async def test_a_value_that_is_common_no_longer_links_again(desk: Desk) -> None:
    filed = []
    for at in range(3):
        keys = name(f"name {at}"), registration(f"TR{at}"), phone("1")
        filed.append(await desk.file(FIRMS[at], f"{at}", *keys))
    assert await desk.together() == [{"0"}, {"1"}, {"2"}]

    await desk.take_back(FIRMS[2], filed[2])

    assert await desk.together() == [{"0", "1"}]
    assert desk.common() == set()


async def test_one_firm_alone_can_not_make_a_phone_common(desk: Desk) -> None:
    """Else it would hide the subject from everyone by made-up registration numbers."""
    await desk.file(FIRMS[0], "a", name("orkide"), phone("1"), registration("TR1"))
    await desk.file(FIRMS[1], "b", name("okt"), phone("1"))
    for at in range(20):
        await desk.file(FIRMS[2], f"lie {at}", name(f"lie {at}"), phone("1"), registration(f"XX{at}"))

    assert {"a", "b"} <= (await desk.together())[0]


async def test_two_sure_subjects_with_two_registrations_stay_apart(desk: Desk) -> None:
    for at in range(3):
        await desk.file(FIRMS[at], f"a{at}", name("orkide"), registration("TR1"), phone("1"))
        await desk.file(FIRMS[at + 3], f"b{at}", name("sapphire"), registration("AE9"), phone("2"))

    await desk.file(FIRMS[7], "both", name("third"), phone("1"), phone("2"))

    assert [len(subject) for subject in await desk.together()] == [4, 3]


async def test_a_subject_of_two_groups_is_not_sure_enough_to_refuse(desk: Desk) -> None:
    for at in range(2):
        await desk.file(FIRMS[at], f"a{at}", name("orkide"), registration("TR1"), phone("1"))
    for at in range(3):
        await desk.file(FIRMS[at + 3], f"b{at}", name("sapphire"), registration("AE9"), phone("2"))

    await desk.file(FIRMS[7], "both", name("third"), phone("1"), phone("2"))

    assert [len(subject) for subject in await desk.together()] == [6]


async def test_portions_make_no_difference(
    desk: Desk, settings: Settings, postgres: TestServer, tmp_path: Path
) -> None:
    """Linked one by one or all at once: the same subjects, those with a common value too."""
    reports = [
        (
            f"{at}",
            (name(f"name {at % 6}, {at % 4}"), phone(f"{at % 6}, {at % 9}"), registration(f"R{at % 6}")),
        )
        for at in range(0, 60, 2)
    ]
    reports += [
        (f"hub {at}", (name(f"customer {at}"), registration(f"C{at}"), phone("hub"))) for at in range(5)
    ]
    reports += [("bridge", (name("yeni"), phone("0, 0"), phone("2, 2")))]
    for at, (label, keys) in enumerate(reports):
        await desk.file(FIRMS[at % 5], label, *keys)
        await desk.hub.link()

    url = postgres.database()
    async with Store.connect(url, settings) as store:
        envelopes = Envelopes(FileKeys.load_or_create(tmp_path / "other.json"))
        other = Desk(seated(settings, url, store, envelopes), FIRMS)
        await other.hub.seat(FIRMS)
        for at, (label, keys) in enumerate(reports):
            await other.file(FIRMS[at % 5], label, *keys)
        at_once = await other.together(one_job=True)

    assert at_once == await desk.together()
    assert (
        len(at_once) == 8
    )  # three sure subjects that the bridge can't join, five customers of one forwarder


async def test_jobs_one_by_one_arrive_where_linking_all_at_once_does(desk: Desk) -> None:
    """Procurers, a forwarder's customers found out late, likenesses, and reports taken back."""
    rng = random.Random(5)
    filed, sightings = {}, []
    for at in range(70):
        keys = [name(f"name {rng.randrange(24)}"), (Kind.BAG, f"bag {rng.randrange(30)}")]
        if rng.random() < 0.6:
            keys.append(phone(f"{rng.randrange(9)}"))
        if rng.random() < 0.5:
            keys.append((Kind.EMAIL, f"box {rng.randrange(30)}"))
        if rng.random() < 0.4:
            keys.append(registration(f"R{rng.randrange(12)}"))
        told = {"country": rng.choice(("TR", "CN"))} if rng.random() < 0.5 else {}
        firm = FIRMS[at % 9]
        report = await desk.file(firm, f"{at:02}", *keys, **told)
        filed[f"{at:02}"] = firm, report
        header = report.signed.header
        tags = tuple((key.kind, tag) for key, tag in zip(header.keys, header.tags(), strict=True))
        sightings.append(Sighting(at, firm.group, told.get("country", report.open.codes.party_country), tags))
        if at % 7 == 3:
            await desk.hub.link()
    for gone in rng.sample(sorted(filed), 6):
        await desk.hub.link()
        await desk.take_back(*filed[gone])
        sightings = [one for one in sightings if f"{one.place:02}" != gone]

    board = link_all(
        [replace(one, country=None if one.country == UNKNOWN else one.country) for one in sightings]
    )
    at_once: dict[int, set[str]] = {}
    for one in sightings:
        at_once.setdefault(board.home(one.place), set()).add(f"{one.place:02}")

    assert await desk.together() == sorted(at_once.values(), key=sorted)
    assert len(desk.common()) == len(held_back(sightings)) > 0


async def test_a_big_merge_is_noted_and_can_be_undone_for_good(desk: Desk) -> None:
    for at in range(4):
        await desk.file(FIRMS[at], f"a{at}", name("orkide"), phone("1"))
        await desk.file(FIRMS[at + 4], f"b{at}", name("sapphire"), phone("2"))
    await desk.file(FIRMS[9], "bridge", name("third"), phone("1"), phone("2"))
    assert [len(subject) for subject in await desk.together()] == [9]
    services = desk.hub.services
    (merge,) = await services.store.read("merges", ruling.big_merges)
    assert {merge.kept, merge.absorbed} == {4, 5} or (merge.kept, merge.absorbed) == (4, 4)

    await ruling.undo(services, merge.id)
    await desk.file(FIRMS[10], "later", name("fourth"), phone("1"), phone("2"))

    apart = await desk.together()
    assert not any({"a0", "b0"} <= subject for subject in apart)
    with pytest.raises(NoSuchMerge):
        await ruling.undo(services, merge.id)


async def test_a_name_alone_joins_no_two_big_subjects(desk: Desk) -> None:
    for at in range(4):
        await desk.file(FIRMS[at], f"a{at}", name("orkide"), phone("1"))
        await desk.file(FIRMS[at + 4], f"b{at}", name("sapphire"), phone("2"))

    await desk.file(FIRMS[9], "both", name("orkide"), phone("2"))
    await desk.file(FIRMS[10], "likeness", name("orkide"), (Kind.BAG, "eahipprs"))

    assert [len(subject) for subject in await desk.together()] == [5, 5]


async def test_the_operator_says_what_an_unclear_contact_is(desk: Desk) -> None:
    """Five companies on one phone, three with a web site: it links nobody until somebody knows whose it is."""
    for at in range(5):
        own = [(Kind.DOMAIN, f"site {at}")] if at < 3 else [(Kind.EMAIL, f"box {at}")] if at == 3 else []
        await desk.file(FIRMS[at], f"{at}", name(f"name {at}"), phone("desk"), *own)
    services = desk.hub.services
    assert len(await desk.together()) == 5
    (held,) = await services.store.read("held", ruling.held_back)
    assert (held.verdict, held.reports, held.groups, held.by) == (Verdict.UNCLEAR, 5, 5, "counts")

    await ruling.rule(services, held.id, common=False)
    assert await desk.together() == [{"0", "1", "2", "3", "4"}]
    await ruling.rule(services, held.id, common=True)

    assert len(await desk.together()) == 5
    with pytest.raises(NoSuchValue):
        await ruling.rule(services, "00" * 8, common=True)
