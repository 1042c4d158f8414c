"""S2: complementary items over five groups become a typology; members are told less of it than liaisons.

The reports are filed on real processes; the hit is drafted by hand, with the reports it was found in.
"""

import json
from typing import Any
from uuid import UUID

import pytest

from cairn import Inquiry, bulletins
from cairn.bulletins import Read, TextRefused
from cairn.client.bulletins import BulletinsClient
from cairn.client.errors import ClientError
from cairn.filing import ReceiptStatus
from local.bulletins import wait_in_force
from tests.support.town import RunningTown

pytestmark = pytest.mark.anyio

ASKED = (
    ("alder", "2B230", "contact-me"),
    ("birch", "2A226", "aggregate-only"),
    ("cedar", "2B231", "aggregate-only"),
    ("cedar", "1C210", "aggregate-only"),
    ("dogwood", "2B219", "aggregate-only"),
    ("elm", "3A225", "aggregate-only"),
)


ASKED_AGAIN: dict[str, Any] = {
    "party": {"role": "PUR", "name": "Halyard indigo Trading"},
    "item": {"eccn": "2B230"},
}


async def file_all(town: RunningTown, word: str) -> list[str]:
    """One buyer's requests at five groups; the reports' ids."""
    ids = []
    for at, (firm, item, consent) in enumerate(ASKED):
        async with town.hub(firm) as hub:
            receipt = await hub.report(
                Inquiry.from_mapping(
                    {
                        "inquiry_id": f"{word}-{at}",
                        "party": {
                            "role": "PUR",
                            "name": f"Halyard {word} Trading",
                            "phones": ["+44 1632 960177"],
                        },
                        "item": {"eccn": item},
                        "red_flags": ["RF-ENU-01"],
                        "consent": consent,
                    }
                )
            )
        assert receipt.status is ReceiptStatus.PROMISED
        ids.append(str(receipt.report_id))
    return ids


def typology(reports: list[str], **members: Any) -> dict[str, Any]:
    """The draft of the hit: for members without programme and items, for liaisons with the programme's name."""
    shared = {
        "tlp": "AMBER",
        "red_flags": ["RF-ENU-01"],
        "alternatives": ["A laboratory that equips itself asks many suppliers too."],
        "basis": "Reports of several groups, linked by contact details; unverified.",
    }
    return {
        "kind": "TYPOLOGY",
        "inputs": [{"origin": "typology", "reference": "T2-case", "reports": reports, "party": False}],
        "editions": [
            {
                "audience": "members",
                "title": "Several complementary item families",
                "bottom_line": "Reports describe one buyer who asks for several complementary item families.",
                "observed": "No single group saw all of it.",
                **shared,
                **members,
            },
            {
                "audience": "liaisons",
                "title": "Complementary items that fit one programme",
                "bottom_line": "Reports describe one buyer who asks for items that fit one programme together.",
                "observed": "No single group saw all of it.",
                "programmes": ["enrichment"],
                **shared,
            },
        ],
    }


async def let_out(town: RunningTown, told: dict[str, Any]) -> UUID:
    """Drafted by ana, approved by ben, in force."""
    async with town.hub("ana") as one, town.hub("ben") as other:
        ana, ben = await one.session(), await other.session()
        bulletin = UUID((await bulletins.save(ana, told))["bulletin"])
        await bulletins.submit(ana, bulletin)
        await bulletins.approve(ben, bulletin)
        await BulletinsClient(ana.connection).release(bulletin)
        await wait_in_force(ana, [bulletin])
    return bulletin


async def read(town: RunningTown, who: str, bulletin: UUID) -> Read:
    """The bulletin as this reader's machine verified it."""
    path = "/v1/liaison/bulletins" if who == "lee" else "/v1/bulletins"
    async with town.hub(who) as hub:
        found = await bulletins.read_all(await hub.session(), path)
    return next(one for one in found if one.bulletin == bulletin)


async def test_members_are_told_of_several_families_and_liaisons_of_the_programme(town: RunningTown) -> None:
    reports = await file_all(town, "sable")
    bulletin = await let_out(town, typology(reports))

    member, liaison = await read(town, "gum", bulletin), await read(town, "lee", bulletin)

    assert member.edition is not None and liaison.edition is not None
    assert (member.edition.programmes, member.edition.families) == ((), ())
    assert liaison.edition.programmes == ("enrichment",)
    assert "several complementary item families" in member.edition.bottom_line
    assert member.leaf == liaison.leaf  # one release, two editions


async def test_neither_items_nor_a_looser_label_nor_a_judgement_goes_out(town: RunningTown) -> None:
    reports = await file_all(town, "teal")
    tries = {
        "JUDGEMENT": {"title": "A front company and its families"},
        "ITEM": {"observed": "They asked for 2B230 and 3A225."},
        "PROGRAMME": {"programmes": ["enrichment"]},
        "TLP": {"tlp": "GREEN"},
    }
    async with town.hub("ana") as hub:
        ana = await hub.session()
        for code, changed in tries.items():
            saved = await bulletins.save(ana, typology(reports, **changed))
            assert {one["code"] for one in saved["findings"]} == {code}
            with pytest.raises(ClientError) as refused:
                await bulletins.submit(ana, UUID(saved["bulletin"]))
            assert refused.value.slug == "unfit-text"
        with pytest.raises(TextRefused):
            await bulletins.save(ana, typology(reports, observed="Call Mr Halyard at +44 1632 960177."))


async def test_two_groups_are_too_few_for_a_typology(town: RunningTown) -> None:
    reports = await file_all(town, "umber")
    async with town.hub("ana") as hub:
        saved = await bulletins.save(await hub.session(), typology(reports[:2]))

    assert {one["code"] for one in saved["findings"]} == {"GROUPS"}


async def test_a_firm_that_wants_to_be_asked_first_reads_the_draft_and_stops_it(town: RunningTown) -> None:
    """One of five groups reported "party, after my approval": it is asked, and nobody else."""
    reports = await file_all(town, "umber")
    async with town.hub("kauri") as hub:
        receipt = await hub.report(
            Inquiry.from_mapping(
                {
                    "inquiry_id": "umber-asked-first",
                    "party": {"role": "PUR", "name": "Halyard umber Trading", "phones": ["+44 1632 960178"]},
                    "item": {"eccn": "2B230"},
                    "consent": "party-after-my-approval",
                }
            )
        )
    told = typology([*reports, str(receipt.report_id)])
    async with town.hub("ana") as one, town.hub("ben") as other:
        ana, ben = await one.session(), await other.session()
        bulletin = UUID((await bulletins.save(ana, told))["bulletin"])
        await bulletins.submit(ana, bulletin)
        await bulletins.approve(ben, bulletin)

        (shown,) = map(json.loads, town.cairn("kauri", "drafts", "--json").stdout.splitlines())
        assert town.cairn("gum", "drafts", "--json").stdout == ""
        with pytest.raises(ClientError) as refused:
            await BulletinsClient(ana.connection).release(bulletin)
        assert refused.value.slug == "window-open"
        assert "still object" in str(refused.value)

        words = ("drafts", "--object", shown["outline"], "--reason", "IDENTIFIABLE", "--json")
        assert town.cairn("gum", *words).returncode == 6
        assert town.cairn("kauri", *words).returncode == 0
        assert shown["editions"][0]["title"] == told["editions"][0]["title"]
        with pytest.raises(ClientError) as refused:
            await BulletinsClient(ana.connection).release(bulletin)
        assert refused.value.slug == "window-open"
        assert "a contributor objected" in str(refused.value)


async def test_the_pattern_is_found_members_see_that_it_fired_and_a_draft_comes_of_it(
    town: RunningTown,
) -> None:
    reports = await file_all(town, "indigo")
    town.publish()

    cases = [json.loads(line) for line in town.cairn("ana", "analyst", "cases", "--json").stdout.splitlines()]
    (case,) = [one for one in cases if set(reports) <= set(one["reports"])]
    (hit,) = [one for one in case["typologies"] if one["code"] == "T2"]
    assert "enrichment" in hit["programmes"]
    done = town.cairn("ana", "analyst", "bulletin", "from-case", str(case["case"]), "--json")
    assert json.loads(done.stdout)["findings"] == []

    async with town.hub("alder") as hub:
        await hub.sync()
        told = str(
            (await hub.check(Inquiry.from_mapping({**ASKED_AGAIN, "inquiry_id": "indigo-asked"}))).as_json()
        )
        alerts = [alert for alert in await hub.alerts() if alert.inquiry_id == "indigo-0"]
    assert "T2" in told
    assert not any(word in told for word in ("enrichment", "2B219", "3A225"))
    assert {"groups", "pattern"} <= {alert.change for alert in alerts}
