"""S4: two parties with one switchboard were taken for one; a reviewer and an analyst cut them, and everyone learns it.

On real processes: four firms' reports, a dispute, the cut in the log, the recall in the index, acknowledgements, and
a firm that was offline all the while.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from cairn import Inquiry
from cairn.advice import Advice
from cairn.filing import ReceiptStatus
from cairn.standing import standing_of
from cairn_protocol.cuts import cuts_of
from tests.support import buyers
from tests.support.town import RunningTown

pytestmark = pytest.mark.anyio

CENTRE = {"address": "Gate Building 4, Office 210", "city": "Dubai", "country": "AE"}


async def file(town: RunningTown, firm: str, about: dict[str, Any]) -> str:
    async with town.hub(firm) as hub:
        receipt = await hub.report(Inquiry.from_mapping(about))
    assert receipt.status is ReceiptStatus.PROMISED
    return str(receipt.report_id)


async def check(town: RunningTown, firm: str | Path, about: dict[str, Any]) -> Advice:
    async with town.hub(firm) as hub:
        await hub.sync()
        advice: Advice = await hub.check(Inquiry.from_mapping(about))
        return advice


def party(name: str, phone: str | None = None, **more: Any) -> dict[str, Any]:
    return {**CENTRE, "name": name, "phones": [phone] if phone else [], **more}


def told(town: RunningTown, firm: str | Path, *words: str) -> list[dict[str, Any]]:
    done = town.cairn(firm, *words, "--json")
    assert done.returncode in (0, 3), done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


async def test_a_business_centre_and_free_mail_link_nobody(town: RunningTown) -> None:
    for firm, word in (("alder", "noor"), ("elm", "sapphire")):
        mail = f"{buyers.word().lower()}.{word}@gmail.com"
        await file(town, firm, buyers.inquiry(f"S4-mail-{firm}", **party(buyers.name(), emails=[mail])))
    town.publish()

    about = buyers.inquiry("S4-centre", **party(buyers.name(), emails=["someone.else@gmail.com"]))
    assert (await check(town, "gum", about)).status == "not_seen"


async def test_a_wrong_join_is_cut_and_everyone_who_was_shown_it_learns_it(
    town: RunningTown, tmp_path: Path
) -> None:
    noor, sapphire, switchboard = buyers.name(), buyers.name(), buyers.phone()
    filed = {
        firm: buyers.inquiry(f"S4-{firm}", **party(name, switchboard))
        for firm, name in (("alder", noor), ("elm", sapphire), ("birch", noor), ("cedar", sapphire))
    }
    reports = {firm: await file(town, firm, about) for firm, about in filed.items()}
    town.publish()

    # Gum and Dogwood merely look: one stays, the other's machine is switched off for months.
    asked = buyers.inquiry("S4-asked", **party(noor, switchboard))
    wrong = await check(town, "gum", asked)
    assert (wrong.status, wrong.groups) == ("seen", "2-4")
    assert (await check(town, "dogwood", asked)).status == "seen"
    for firm in ("gum", "dogwood"):
        told(town, firm, "alerts", "--sync")  # what concerns others of their inquiries is out of the way
    offline = town.copy_home("dogwood", tmp_path)
    for firm in filed:
        assert "groups" in [one["change"] for one in told(town, firm, "alerts", "--sync")]

    # Elm's customer disputes; the reviewer sees where the subject would come apart, and no name.
    told(town, "elm", "not-ours", str(filed["elm"]["inquiry_id"]))
    (case,) = [
        one for one in told(town, "rita", "reviewer", "list") if reports["elm"] in one.get("disputed", ())
    ]
    assert sorted(map(len, case["parts"])) == [2, 2]
    (ordered,) = told(town, "rita", "reviewer", "recall", str(case["case"]))
    assert (ordered["status"], ordered["contributors"], ordered["common"]) == ("ordered", 4, 2)
    town.publish()
    assert (await check(town, "gum", asked)).status == "seen", "one person alone recalls nothing"
    (cut,) = told(town, "ana", "analyst", "recall", "confirm", str(ordered["cut"]))
    assert cut["status"] == "cut"
    town.settle()
    town.publish()

    # Contributors are told by the log and acknowledge; the two who looked are told by the index and send nothing.
    for firm in filed:
        changes = told(town, firm, "alerts", "--sync")
        assert {one["change"] for one in changes} == {"recalled", "cut", "groups"}
        assert all(one["cut"] in (None, cut["cut"]) for one in changes)
    assert [one["change"] for one in told(town, "gum", "alerts", "--sync")] == ["recalled"]
    (standing,) = [one for one in told(town, "rita", "reviewer", "list") if one.get("cut") == cut["cut"]]
    assert (standing["contributors"], standing["acknowledged"]) == (4, 4)
    assert told(town, "alder", "alerts") == [], "each change is told once"

    # Everyone is scored anew: two subjects of two groups each, and the switchboard says nothing of anybody.
    for name in (noor, sapphire):
        advice = await check(town, "gum", buyers.inquiry(f"S4-again-{name[:4]}", **party(name)))
        assert (advice.status, advice.groups) == ("seen", "2-4")
    stranger = buyers.inquiry("S4-stranger", **party(buyers.name(), switchboard))
    assert (await check(town, "gum", stranger)).status == "not_seen"
    await file(town, "kauri", stranger)
    await file(town, "gum", buyers.inquiry("S4-other", **party(buyers.name(), switchboard)))
    town.publish()
    assert (await check(town, "dogwood", stranger)).status == "not_seen", "it is common for good"

    # G10: months later the machine that was offline syncs, and is told before it asks anything.
    async with town.hub(offline) as hub:
        await hub.sync()
        assert any("recalled" in one for one in (await standing_of(await hub.session())).notices)
        assert [one.change for one in await hub.alerts()] == ["recalled"]
    assert (await check(town, offline, asked)).groups == "2-4"

    # The cut is a leaf that every trustee keeps whole.
    ((content,),) = town.query(
        "SELECT content FROM translog_leaves WHERE kind = 'cut' ORDER BY leaf_index DESC LIMIT 1"
    )
    cuts = cuts_of([bytes(content)])
    names = {str(report) for report in cuts.sides}
    assert names == set(reports.values())
