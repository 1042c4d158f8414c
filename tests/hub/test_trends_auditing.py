"""The auditor over arrays says what the one over dictionaries says, question by question."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.disclosure.overlap import Auditor
from hub.trends.auditing import ClassAuditor

CLASSES, GROUPS = 7, 7
COUNTS = st.lists(
    st.lists(st.integers(0, 3), min_size=GROUPS, max_size=GROUPS).filter(any),
    min_size=CLASSES,
    max_size=CLASSES,
)
QUESTIONS = st.lists(st.sets(st.integers(0, CLASSES - 1), min_size=1), max_size=14)


@given(COUNTS, QUESTIONS, st.integers(0, 14))
@settings(deadline=None)
def test_two_auditors_give_the_same_verdicts(
    counts: list[list[int]], questions: list[set[int]], restarted_after: int
) -> None:
    slow = Auditor({at: {f"g{g}": n for g, n in enumerate(row)} for at, row in enumerate(counts)})
    fast = ClassAuditor(np.array(counts, dtype=np.int64))
    answered = []
    for number, question in enumerate(questions):
        if number == restarted_after:
            fast = ClassAuditor(np.array(counts, dtype=np.int64))
            for earlier in answered:
                fast.remember(earlier)
        asked = np.isin(np.arange(CLASSES), sorted(question))
        verdict = fast.ask(asked)

        assert verdict == slow.ask(question)
        if verdict.published and not any((asked == earlier).all() for earlier in answered):
            answered.append(asked)
