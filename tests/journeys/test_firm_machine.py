"""The firm's machine on a real network: what the preview shows is what leaves, a second person releases, packs
coarsen, and an exported record is verified by a stranger without a network."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cairn import Inquiry
from cairn.filing import NotReleasable, ReceiptStatus
from cairn.record import export, verify
from cairn_protocol.errors import ProtocolError
from cairn_protocol.messages.report import Report
from cairn_protocol.messages.wire import decode
from tests.support.buyers import inquiry
from tests.support.town import RunningTown


def _written(folder: Path, *told: dict[str, Any]) -> Path:
    path = folder / "inquiries.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in told))
    return path


def _pack(folder: Path, name: str = "pack.toml", version: int = 1, **levels: Any) -> Path:
    path = folder / name
    lines = [f"{field} = {json.dumps(value)}" for field, value in levels.items()]
    path.write_text("\n".join([f'name = "pack"\nversion = {version}', *lines]))
    return path


def _sent(town: RunningTown, mark: int) -> list[Report]:
    """The reports that passed to the hub since the mark, decoded from the very bytes."""
    bodies = [raw.partition(b"\r\n\r\n")[2] for raw in town.wires["hub"].since(mark, to_server=True)]
    return [decode(body, Report) for body in bodies if b'"cairn/report/1"' in body]


def _received(town: RunningTown, mark: int, raw: bytes) -> bool:
    return any(raw in passed for passed in town.wires["hub"].since(mark, to_server=True))


def test_the_bytes_of_the_dry_run_are_those_that_the_hub_received(town: RunningTown, tmp_path: Path) -> None:
    home = town.copy_home("alder", tmp_path)
    file = _written(tmp_path, inquiry("firm-dry", emails=["buy@firm-dry.example"]))
    mark = town.wires["hub"].mark()
    dry = json.loads(town.cairn(home, "report", file, "--dry-run", "--json").stdout)
    preview = json.loads(town.cairn(home, "preview", file, "--json").stdout)
    raw = dry["to_hub"].encode()
    assert preview["to_hub"] == dry["to_hub"]
    assert not _received(town, mark, raw), "a dry run sends no report"

    assert town.cairn(home, "report", file).returncode == 0

    assert _received(town, mark, raw)


def test_the_preview_tells_each_compartment_apart(town: RunningTown, tmp_path: Path) -> None:
    told = inquiry("firm-preview") | {"quantity": 17, "narrative": "said it twice"}
    told["item"] = {"eccn": "2B230.a", "model": "PX-7"}

    preview = json.loads(town.cairn("birch", "preview", _written(tmp_path, told), "--json").stdout)

    parts = preview["compartments"]
    assert parts["LOCAL"]["item.model"] == "PX-7" and parts["LOCAL"]["narrative"] == "said it twice"
    assert {tag["kind"] for tag in parts["TAGS"]} >= {"phone", "name"}
    assert parts["SEALED"]["names"] == [told["party"]["name"]]
    assert (parts["OPEN"]["eccn"], parts["OPEN"]["quantity_band"]) == ("2B230", "Q2")
    for raw in ("PX-7", "said it twice", told["party"]["name"], told["party"]["phones"][0]):
        assert raw not in preview["to_hub"]


@pytest.mark.anyio
async def test_a_held_report_leaves_when_a_second_person_says_so_and_not_before(
    town: RunningTown, tmp_path: Path
) -> None:
    home = town.copy_home("cedar", tmp_path)
    assert town.cairn(home, "policy", "install", _pack(tmp_path, hold=True)).returncode == 0
    about = Inquiry.from_mapping(inquiry("firm-held"))
    mark = town.wires["hub"].mark()
    async with town.hub(home) as hub:
        assert (await hub.report(about)).status is ReceiptStatus.REFUSED, "who files is not named"
        assert (await hub.report(about, user="Ada Vale")).status is ReceiptStatus.QUEUED
        held = (await hub.preview(about)).raw
        assert await hub.send_outbox() == []
        with pytest.raises(NotReleasable):
            await hub.release(about.inquiry_id, "ada vale ")
        assert _sent(town, mark) == []

        receipt = await hub.release(about.inquiry_id, "Bo Lind")

    assert receipt.status is ReceiptStatus.PROMISED
    assert _received(town, mark, held), "what is released are the bytes that were held"
    assert town.cairn(home, "outbox", "release", about.inquiry_id, "--user", "Bo Lind").returncode == 6


def test_a_group_sets_its_affiliates_policy_and_no_other_groups(town: RunningTown, tmp_path: Path) -> None:
    pack, signed = _pack(tmp_path, item="family"), tmp_path / "signed.pack"
    assert town.cairn("fir", "policy", "sign", pack, "--out", signed).returncode == 0
    affiliate, stranger = town.copy_home("fir-asia", tmp_path), town.copy_home("gum", tmp_path)

    refused = town.cairn(stranger, "policy", "install", signed)
    assert (refused.returncode, "another group" in refused.stderr) == (6, True)
    assert town.cairn(affiliate, "policy", "install", signed).returncode == 0

    file = _written(tmp_path, inquiry("firm-affiliate"))
    preview = json.loads(town.cairn(affiliate, "preview", file, "--json").stdout)
    assert preview["compartments"]["OPEN"]["eccn"] is None
    assert preview["coarsened"] == [{"field": "item", "why": "by the policy pack in force"}]


@contextmanager
def _published(town: RunningTown, pack: Path) -> Iterator[None]:
    """The network's pack while the block lasts. Only copies of homes may sync in it: it is taken back after."""
    from local.processes import command

    command("cairn-hub", "policy", "publish", pack, "--home", town.hub_home)
    try:
        yield
    finally:
        (town.hub_home / "policy.pack").unlink()


@pytest.mark.anyio
async def test_the_networks_pack_holds_from_the_next_sync_and_never_goes_back(
    town: RunningTown, tmp_path: Path
) -> None:
    home = town.copy_home("elm", tmp_path)
    about = Inquiry.from_mapping(inquiry("firm-network") | {"value_usd": 9_000})
    async with town.hub(home) as hub:
        with _published(town, _pack(tmp_path, version=2, value="none")):
            assert (await hub.preview(about)).report.open.codes.value_band is not None
            await hub.sync()
            assert (await hub.preview(about)).report.open.codes.value_band is None
        await hub.sync()
        assert (await hub.preview(about)).report.open.codes.value_band is None, "the older pack is not taken"
        faults = (await hub.session()).connection.state.faults()
    assert [fault.slug for fault in faults] == ["policy-went-back"]


@pytest.mark.anyio
async def test_an_exported_record_is_verified_offline_and_a_changed_one_is_not(
    town: RunningTown, tmp_path: Path
) -> None:
    home = town.copy_home("kauri", tmp_path)
    about = Inquiry.from_mapping(inquiry("firm-record"))
    async with town.hub(home) as hub:
        before = await export(await hub.session())
        await hub.report(about, user="Ada Vale")
        await hub.resolve_flag(about.inquiry_id, "RF-ENU-01", "questionnaire came back", user="Ada Vale")
        await hub.decide(about.inquiry_id, "HOLD-ASK", "until the end user is named", user="Ada Vale")
        pinned = (await hub.session()).profile.genesis_digest
    town.settle()
    out = tmp_path / "record.json"
    assert town.cairn(home, "record", "export", "--out", out).returncode == 0
    text = out.read_text()

    verdict = verify(text, pinned)
    assert (verdict.entries - len(before.entries), verdict.proven - len(before.receipts)) == (2, 1)
    assert verdict.promised == 0
    with pytest.raises(ProtocolError):
        verify(text.replace("questionnaire came back", "questionnaire never came"), pinned)
    with pytest.raises(ProtocolError):
        verify(text, bytes(32))
    exported = json.loads(text)
    exported["receipts"][0]["leaf_index"] += 1
    with pytest.raises(ProtocolError):
        verify(json.dumps(exported), pinned)
    assert town.cairn(home, "record", "verify", out).returncode == 0
