"""docs/settings.md is what the code says, so that nobody has to look in two places."""

from pathlib import Path

from local.settings_table import page

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


def test_the_page_holds_every_setting_as_the_code_has_it() -> None:
    """After a change: python -m local.settings_table > docs/settings.md"""
    assert PAGE.read_text(encoding="utf-8") == page()
