"""The auditor over matrices says what the one over dictionaries says, and finds what the two of them must not miss."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.disclosure.overlap import Auditor
from hub.trends.auditing import Equations, Joining
from hub.trends.remembering import Memory

CLASSES, GROUPS = 7, 7
COUNTS = st.lists(
    st.lists(st.integers(0, 3), min_size=GROUPS, max_size=GROUPS).filter(any),
    min_size=CLASSES,
    max_size=CLASSES,
)
QUESTIONS = st.lists(st.sets(st.integers(0, CLASSES - 1), min_size=1), max_size=14)
SUMS = st.lists(st.lists(st.booleans(), min_size=8, max_size=8).filter(any), min_size=1, max_size=9)


@given(COUNTS, QUESTIONS, st.integers(0, 14))
@settings(deadline=None)
def test_questions_one_by_one_get_the_verdicts_of_the_slow_auditor(
    counts: list[list[int]], questions: list[set[int]], restarted_after: int
) -> None:
    slow = Auditor({at: {f"g{g}": n for g, n in enumerate(row)} for at, row in enumerate(counts)})
    groups: dict[int, str] = {}
    events: list[list[int]] = []
    for row in counts:
        own = [f"g{group}" for group, n in enumerate(row) for _ in range(n)]
        events.append(list(range(len(groups), len(groups) + len(own))))
        groups |= dict(zip(events[-1], own, strict=True))
    fast = Memory(groups)
    for number, question in enumerate(questions):
        if number == restarted_after:
            told, fast = fast.sums, Memory(groups)
            fast.remember(told)
        asked = np.array(sorted(event for at in question for event in events[at]), dtype=np.int64)
        place = ("", str(number), "")

        assert fast.ask({place: asked})[place] == slow.ask(question)


@given(SUMS, SUMS, st.data())
@settings(deadline=None)
def test_what_is_left_out_leaves_what_the_others_alone_bring(
    before: list[list[bool]], sums: list[list[bool]], data: st.DataObject
) -> None:
    """Also where a sum follows from others: it stands in for one that goes."""
    known = Joining(Equations.none(8), np.array(before)).together
    gone = data.draw(st.lists(st.integers(0, len(sums) - 1), unique=True))
    joining = Joining(known, np.array(sums))

    for number in gone:
        joining.leave_out(number)

    left = np.array([row for at, row in enumerate(sums) if at not in gone], dtype=bool).reshape(-1, 8)
    alone = Joining(known, left).together
    assert np.array_equal(_in_order(joining.together), _in_order(alone))


@given(SUMS, st.lists(st.booleans(), min_size=8, max_size=8).filter(any))
@settings(deadline=None)
def test_a_combination_is_blamed_on_the_last_sum_without_which_it_would_not_follow(
    sums: list[list[bool]], wanted: list[bool]
) -> None:
    rows = np.array(sums)
    follows = [_rank(rows[:upto], wanted) == _rank(rows[:upto]) for upto in range(len(rows) + 1)]
    joining = Joining(Equations.none(8), rows)

    if follows[-1]:
        assert joining.last_needed([np.array(wanted, dtype=float)]) == {follows.index(True) - 1}
    else:
        assert joining.together.rest_of(np.array([wanted], dtype=float)).any()


def _in_order(equations: Equations) -> np.ndarray:
    return equations.rows[np.argsort(equations.pivots)]


def _rank(rows: np.ndarray, *also: list[bool]) -> int:
    return int(np.linalg.matrix_rank(np.vstack([np.zeros((1, 8)), rows, *map(np.array, also)])))
