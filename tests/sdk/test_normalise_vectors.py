"""The normaliser's frozen bytes: what two releases, two firms and two machines must agree on."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cairn.raw.inquiry import Inquiry
from cairn.raw.normalise import exact_keys, fuzzy_keys, normaliser_digest
from cairn.raw.normalise.digest import NORMALISER_VERSION
from cairn.raw.normalise.words import words_of
from cairn_protocol.kinds import Kind

VECTORS = Path(__file__).parents[1] / "vectors"
FROZEN = json.loads((VECTORS / "normaliser.json").read_text(encoding="utf-8"))
RIGOUR = json.loads((VECTORS / "normaliser_rigour.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("vector", FROZEN["vectors"], ids=lambda vector: vector["why"])
def test_an_inquiry_gives_the_frozen_keys(vector: dict[str, Any]) -> None:
    inquiry = Inquiry.from_mapping({"inquiry_id": "v", "received_on": "2026-11-16"} | vector["inquiry"])

    assert [[key.kind, key.value] for key in exact_keys(inquiry)] == vector["exact"]
    assert [[key.kind, key.value] for key in fuzzy_keys(inquiry)] == vector["fuzzy"]


def test_the_frozen_keys_are_of_this_version_and_show_every_kind() -> None:
    shown = {kind for vector in FROZEN["vectors"] for kind, _ in (*vector["exact"], *vector["fuzzy"])}

    assert FROZEN["normaliser"] == NORMALISER_VERSION
    assert shown == set(Kind)


@pytest.mark.parametrize("vector", RIGOUR["vectors"], ids=lambda vector: vector["name"])
def test_the_core_of_a_name_is_what_rigours_legal_forms_leave(vector: dict[str, Any]) -> None:
    """Authority: the measured scheme with rigour 2.6.1, run once on these invented names.

    "Dış Ticaret" (foreign trade) stands in a Turkish firm's full name and not in its short one; rigour keeps it.
    """
    assert sorted(set(words_of(vector["name"]).core)) == [
        word for word in vector["core"] if word not in ("dis", "ticaret")
    ]


def test_another_process_with_another_hash_seed_has_the_same_digest() -> None:
    program = "from cairn.raw.normalise import normaliser_digest; print(normaliser_digest().hex())"
    run = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONHASHSEED": "7", "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert run.stdout.strip() == normaliser_digest().hex()
    assert len(normaliser_digest()) == 32


def test_the_digest_changes_with_a_table_and_with_a_library(monkeypatch: pytest.MonkeyPatch) -> None:
    from cairn.raw.normalise import digest

    before = normaliser_digest()
    for name, changed in (("table_digest", lambda table: "0" * 64), ("version", lambda library: "0.0.0")):
        with monkeypatch.context() as patched:
            patched.setattr(digest, name, changed)
            assert digest.normaliser_digest.__wrapped__() != before
