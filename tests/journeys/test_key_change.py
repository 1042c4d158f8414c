"""A member changes its keys: the old ones work until the log has the new, and nobody files twice."""

import json
import shutil
from pathlib import Path

from tests.support.town import RunningTown

FIRM, GROUP = "larch", "larch-line"


def test_a_member_changes_its_keys_and_files_on(town: RunningTown, tmp_path: Path) -> None:
    from local.processes import command, wait_until
    from local.town import approve

    inquiry = tmp_path / "inquiry.jsonl"
    inquiry.write_text(
        json.dumps(
            {"inquiry_id": "LL-1", "party": {"name": "Kestrel Bench Larch", "phones": ["+44 1632 960777"]}}
        )
    )
    before = json.loads(town.cairn(FIRM, "report", inquiry, "--json").stdout)
    old_home = tmp_path / "old"
    shutil.copytree(town.home(FIRM), old_home)
    invitation = tmp_path / "invitation"
    command(
        "cairn-hub", "members", "invite", "--home", town.hub_home, "--id", FIRM, "--group", GROUP,
        "--sector", "logistics", "--out", invitation,
    )  # fmt: skip

    asked = json.loads(town.cairn(FIRM, "keys", "change", invitation, "--json").stdout)
    waiting = json.loads(town.cairn(FIRM, "status", "--json").stdout)
    approve(town.place, [asked["act"]])
    wait_until(lambda: "in force and in use" in town.cairn(FIRM, "status", "--json").stdout)

    assert any("waits for the trustees" in notice for notice in waiting["notices"])
    assert json.loads(town.cairn(FIRM, "status", "--json").stdout)["roster"] == "on the roster"
    assert (
        json.loads(town.cairn(FIRM, "report", inquiry, "--json").stdout)["report_id"] == before["report_id"]
    )
    inquiry.write_text(json.dumps({"inquiry_id": "LL-2", "party": {"name": "Kestrel Bench Larch Two"}}))
    assert json.loads(town.cairn(FIRM, "report", inquiry, "--json").stdout)["status"] == "promised"
    assert town.cairn(old_home, "report", inquiry, "--json").returncode == 1


def test_an_invitation_of_another_party_changes_nothing(town: RunningTown, tmp_path: Path) -> None:
    from local.processes import command

    invitation = tmp_path / "invitation"
    command(
        "cairn-hub", "members", "invite", "--home", town.hub_home, "--id", "maple", "--group", "maple",
        "--sector", "exporter", "--out", invitation,
    )  # fmt: skip

    refused = town.cairn(FIRM, "keys", "change", invitation)

    assert refused.returncode == 1 and "not for larch" in refused.stderr
    assert not (town.home(FIRM) / "keys.next").exists()
