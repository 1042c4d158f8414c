"""From the register's inquiries to a firm's counters of a period, each inquiry once.

What is late or came to light later counts where it is noticed: an inquiry of an earlier month that no return
had, or an outcome told since. What was counted can't be taken back, as a sum can't take less than nothing. An
inquiry in which the same party came back with the same matter moves only what the earlier one has not moved.

Not here: the layout (`cairn_protocol.returns_layout`), what is kept and sent (`cairn.returning`).
Source: design.md 4.7; domain brief T9 for what is handled and what flagged.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cairn.raw.inquiry import Inquiry
from cairn.raw.sanitise.open_codes import open_codes
from cairn_protocol.messages.open_codes import OpenCodes
from cairn_protocol.returns_layout import FLAGGED, HANDLED, FlaggedInquiry, Layout, moved

_COMES_TO_LIGHT = ("outcome/", "flag/")


@dataclass(frozen=True, slots=True)
class Counted:
    """A firm's counters in the layout's order, not clipped, and the counters that each inquiry moved."""

    counters: list[int]
    by_inquiry: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def inquiries(self) -> int:
        """How many inquiries count here."""
        return len(self.by_inquiry)


def count(
    layout: Layout,
    inquiries: Iterable[Inquiry],
    earlier: Mapping[str, frozenset[str]],
    came_back: Mapping[str, str] = MappingProxyType({}),
    codes_of: Callable[[Inquiry], OpenCodes] = open_codes,
) -> Counted:
    """What these inquiries add to the counters that they have not moved yet.

    inquiries  in the order in which they came
    earlier    by inquiry_id, the counters it moved in earlier returns
    came_back  by inquiry_id, the earlier inquiry whose matter it is
    codes_of   an inquiry's codes as far as they may leave: what a policy pack withholds, no counter tells
    """
    counters = [0] * len(layout.cells)
    by_inquiry = []
    moved_by = dict(earlier)
    for inquiry in inquiries:
        before = moved_by.get(inquiry.inquiry_id, frozenset()) | moved_by.get(
            came_back.get(inquiry.inquiry_id, ""), frozenset()
        )
        names = fresh(counters_of(layout, codes_of(inquiry)), before)
        moved_by[inquiry.inquiry_id] = before.union(names)
        for name in names:
            counters[layout.slots[name]] += 1
        if names:
            by_inquiry.append((inquiry.inquiry_id, names))
    return Counted(counters, tuple(by_inquiry))


def fresh(names: Iterable[str], earlier: frozenset[str]) -> tuple[str, ...]:
    """Those that were not counted. An inquiry flagged only now counts as handled again: a rate is of something.

    Of one that counted as flagged only what came to light counts, outcome and flags: where it was going is said
    once, also if a policy pack has it said otherwise since.
    """
    left = [name for name in names if name not in earlier]
    if FLAGGED in earlier:
        return tuple(name for name in left if name.startswith(_COMES_TO_LIGHT))
    return tuple(left if FLAGGED not in left or HANDLED in left else [HANDLED, *left])


def counters_of(layout: Layout, codes: OpenCodes) -> list[str]:
    """The counters that an inquiry moves: it was handled, and if it raised a red flag, its codes."""
    if not codes.red_flags:
        return [HANDLED]
    flagged = FlaggedInquiry(
        family=codes.family,
        destination=codes.stated_destination,
        via=codes.via,
        red_flags=codes.red_flags,
        outcome=codes.outcome,
        stage=codes.stage,
    )
    return [HANDLED, *moved(layout, flagged)]
