"""A firm's own weights: what may be weighed, and that a wrong file changes nothing."""

from pathlib import Path

import pytest

from cairn.raw.own_weights import BadWeights, own_weights
from cairn.raw.scoring import score


def written(folder: Path, text: str) -> Path:
    path = folder / "weights.toml"
    path.write_text(text)
    return path


def test_a_firm_weighs_flags_otherwise(tmp_path: Path) -> None:
    own = own_weights(written(tmp_path, '[weights]\n"RF-ENU-01" = 1\n'))

    assert score(["RF-ENU-01"], overrides=own).points == 1


def test_no_file_is_no_override(tmp_path: Path) -> None:
    assert own_weights(tmp_path / "weights.toml") == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[weights]\n"RF-ENU-99" = 1', "does not have"),
        ('[weights]\n"RF-ENU-O1" = 1', 'nearest known one is "RF-ENU-01"'),
        ("[weights]\nnationality = 3", "does not have"),
        ("[weights]\ncountry = 3", "does not have"),
        ('[weights]\n"RF-ENU-01" = 5', "0 to 4"),
        ('[weights]\n"RF-ENU-01" = -1', "0 to 4"),
        ('[weights]\n"RF-ENU-01" = true', "0 to 4"),
        ('[weights]\n"RF-ENU-01" = 1.5', "0 to 4"),
        ('[people]\nname = "x"', "one table"),
        ("weights = 3", "one table"),
        ("[weights", "TOML"),
    ],
)
def test_what_is_no_weight_of_a_flag_refuses_the_file(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadWeights, match=said):
        own_weights(written(tmp_path, text))
