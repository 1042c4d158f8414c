"""`cairn.testing`: what an integrator's own tests get, and what they are told where it can't be had."""

import sys
from pathlib import Path

import pytest

from cairn import Inquiry
from cairn.testing import Network, NetworkFailed


def test_without_the_hub_installed_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(
        NetworkFailed, match="cairn-hub is not installed: pip install cairn-hub cairn-trustee"
    ):
        Network()


@pytest.mark.long
def test_two_firms_reports_are_a_card_for_the_first() -> None:
    inquiry = Inquiry(
        inquiry_id="Q-1",
        party={"name": "Orkide Teknik", "phones": ["+90 555 010 0199"]},
        item={"eccn": "2B230"},
    )
    with Network() as network, network.hub("alder") as alder, network.hub("birch") as birch:
        alder.report(inquiry)
        birch.report(inquiry)
        network.publish()
        alder.sync()

        assert alder.check(inquiry).status == "seen"
