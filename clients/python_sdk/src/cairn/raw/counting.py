"""From the register's inquiries to a firm's counters of a period, each inquiry once.

What is late or came to light later counts where it is noticed: an inquiry of an earlier month that no return
had, or an outcome told since. What was counted can't be taken back, as a sum can't take less than nothing.

Not here: the layout (`cairn_protocol.returns_layout`), what is kept and sent (`cairn.returning`).
Source: design.md 4.7; domain brief T9 for what is handled and what flagged.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cairn.raw.inquiry import Inquiry
from cairn.raw.sanitise.open_codes import open_codes
from cairn_protocol.returns_layout import FLAGGED, HANDLED, FlaggedInquiry, Layout, moved


@dataclass(frozen=True, slots=True)
class Counted:
    """A firm's counters in the layout's order, not clipped, and the counters that each inquiry moved."""

    counters: list[int]
    by_inquiry: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def inquiries(self) -> int:
        """How many inquiries count here."""
        return len(self.by_inquiry)


def count(layout: Layout, inquiries: Iterable[Inquiry], earlier: Mapping[str, frozenset[str]]) -> Counted:
    """What these inquiries add to the counters that they have not moved yet.

    earlier  by inquiry_id, the counters it moved in earlier returns
    """
    counters = [0] * len(layout.cells)
    by_inquiry = []
    for inquiry in inquiries:
        names = fresh(counters_of(layout, inquiry), earlier.get(inquiry.inquiry_id, frozenset()))
        for name in names:
            counters[layout.slots[name]] += 1
        if names:
            by_inquiry.append((inquiry.inquiry_id, names))
    return Counted(counters, tuple(by_inquiry))


def fresh(names: Iterable[str], earlier: frozenset[str]) -> tuple[str, ...]:
    """Those that were not counted. An inquiry flagged only now counts as handled again: a rate is of something."""
    left = [name for name in names if name not in earlier]
    return tuple(left if FLAGGED not in left or HANDLED in left else [HANDLED, *left])


def counters_of(layout: Layout, inquiry: Inquiry) -> list[str]:
    """The counters that an inquiry moves: it was handled, and if it raised a red flag, its codes."""
    if not inquiry.red_flags:
        return [HANDLED]
    codes = open_codes(inquiry)
    flagged = FlaggedInquiry(
        family=codes.family,
        destination=codes.stated_destination,
        via=codes.via,
        red_flags=codes.red_flags,
        outcome=codes.outcome,
        stage=codes.stage,
    )
    return [HANDLED, *moved(layout, flagged)]
