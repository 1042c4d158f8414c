"""What a firm can do about an inquiry, and where it can turn to by itself: two dated lists.

Nothing here says whether to deal with anybody. The lists are files of the package; a firm keeps referrals
of its own as `referrals.json` in its home.
Source: domain brief 4.3.
"""

from functools import cache
from importlib.resources import files
from pathlib import Path

import msgspec

from cairn.home import HomeError


class Action(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing a firm can do. `code` is what a record of a decision names."""

    code: str
    title: str
    text: str


class Actions(msgspec.Struct, frozen=True):
    """All actions, and the notices that stand under every advice."""

    version: str
    as_of: str
    actions: tuple[Action, ...]
    notices: tuple[str, ...]

    def codes(self) -> frozenset[str]:
        """The codes a decision may name."""
        return frozenset(action.code for action in self.actions)


class Referral(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An authority's own channel. basis: "checked" or "memory"."""

    code: str
    jurisdiction: str
    name: str
    channel: str
    about: str
    basis: str


class Referrals(msgspec.Struct, frozen=True):
    """Where to turn to, as known on the day `as_of`."""

    version: str
    as_of: str
    referrals: tuple[Referral, ...]


@cache
def actions() -> Actions:
    """The package's list of actions."""
    return msgspec.json.decode(_read("actions.json"), type=Actions)


def referrals(home: Path | None = None) -> Referrals:
    """The firm's own list of referrals if its home has one, else the package's.

    Raises HomeError if the firm's list can't be read.
    """
    own = home / "referrals.json" if home else None
    if own is None or not own.exists():
        return msgspec.json.decode(_read("referrals.json"), type=Referrals)
    try:
        return msgspec.json.decode(own.read_bytes(), type=Referrals)
    except (OSError, msgspec.MsgspecError) as cause:
        raise HomeError("referrals.json in the home can't be read as a list of referrals") from cause


def _read(name: str) -> bytes:
    return files(__package__).joinpath("data", name).read_bytes()
