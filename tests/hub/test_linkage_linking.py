"""Linking: which reports end up together, whatever order and portions they come in."""

from collections.abc import AsyncIterator, Sequence

import psycopg
import pytest
from cairn_protocol.kinds import Kind
from cairn_protocol.messages.report import Batch, BatchAnswer, Confidence, Report
from cairn_protocol.messages.wire import decode, encode

from hub.settings import Settings
from hub.storage.database import Store
from hub.storage.envelopes import Envelopes
from tests.support.reports import Firm, exporters, tag_of_value
from tests.support.seated import Member, SeatedHub, seated

pytestmark = pytest.mark.anyio

FIRMS = exporters(14)


def phone(number: str) -> tuple[Kind, str]:
    return Kind.PHONE, number


def name(text: str) -> tuple[Kind, str]:
    return Kind.NAME, text


def registration(number: str) -> tuple[Kind, str]:
    return Kind.REGISTRATION, number


class Desk:
    """Files reports, links them, and tells which are together."""

    def __init__(self, hub: SeatedHub, url: str) -> None:
        self.hub = hub
        self.url = url
        self._members = {firm.id: Member(firm, hub.app()) for firm in FIRMS}
        self._names: dict[str, str] = {}

    async def file(self, firm: Firm, label: str, *keys: tuple[Kind, str], **told: object) -> Report:
        report = firm.report(*keys, inquiry=label, **told)  # type: ignore[arg-type]
        self._names[str(report.signed.header.report_id)] = label
        answer = await self._members[firm.id].post("/v1/reports", encode(report))
        assert answer.status_code == 201, answer.content
        return report

    async def file_batch(self, firm: Firm, reports: Sequence[tuple[str, Sequence[tuple[Kind, str]]]]) -> None:
        made = [firm.report(*keys, inquiry=label) for label, keys in reports]
        for report, (label, _) in zip(made, reports, strict=True):
            self._names[str(report.signed.header.report_id)] = label
        answer = await self._members[firm.id].post("/v1/reports/batch", encode(Batch(reports=tuple(made))))
        assert all(result.promise for result in decode(answer.content, BatchAnswer).results)

    async def take_back(self, firm: Firm, report: Report) -> None:
        answer = await self._members[firm.id].post("/v1/retractions", encode(firm.retraction(report)))
        assert answer.status_code == 201, answer.content

    async def together(self) -> list[set[str]]:
        """The labels of linked reports, by subject."""
        await self.hub.link()
        with psycopg.connect(self.url) as connection:
            rows = connection.execute(
                "SELECT l.cluster, r.report_id::text FROM linked_reports l JOIN reports r ON r.number = l.report"
            ).fetchall()
        subjects: dict[int, set[str]] = {}
        for cluster, report_id in rows:
            subjects.setdefault(cluster, set()).add(self._names[report_id])
        return sorted(subjects.values(), key=sorted)

    def common(self) -> set[bytes]:
        with psycopg.connect(self.url) as connection:
            return {row[0] for row in connection.execute("SELECT tag FROM contact_tags WHERE common")}


@pytest.fixture
async def desk(
    settings: Settings, database_url: str, store: Store, envelopes: Envelopes
) -> AsyncIterator[Desk]:
    hub = seated(settings, database_url, store, envelopes)
    await hub.seat(FIRMS)
    yield Desk(hub, database_url)


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


async def test_portions_make_no_difference(desk: Desk, database_url: str) -> None:
    """Filed one by one or in a batch: the same subjects."""
    reports = [
        (f"{at}", (name(f"name {at % 5}"), phone(f"{at % 7}"), registration(f"R{at % 3}")))
        for at in range(24)
    ]
    await desk.file_batch(FIRMS[0], reports)
    at_once = await desk.together()
    for label, keys in reports:
        await desk.file(FIRMS[1], f"again {label}", *keys)
        await desk.hub.link()
    one_by_one = await desk.together()

    expected = [subject | {f"again {label}" for label in subject} for subject in at_once]
    assert one_by_one == expected
