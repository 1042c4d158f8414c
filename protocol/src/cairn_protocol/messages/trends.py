"""A question to the trend store: one of a few, over published axes and periods, and nothing else.

Whoever asks can't cut out a region, a span of weeks or a set of firms of its own: that is half of
what keeps many questions from adding up to one firm's figure.
Source: domain brief 3 (T4, T5, T6, T9, T13, T14), P10.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final

from msgspec import Meta

from cairn_protocol.errors import BadMessage
from cairn_protocol.messages.wire import Message, Name, whole

Period = Annotated[
    str, whole(r"20[0-9]{2}-Q[1-4]|year")
]  # a quarter, or the twelve months before the snapshot's


class Query(StrEnum):
    """What can be asked."""

    TRENDS = "trends"  # T6
    CORRIDORS = "corridors"  # T4
    SURGE = "surge"  # T5
    BENCHMARK = "benchmark"  # T9
    CLEARANCE = "clearance"  # T13
    COVERAGE = "coverage"  # T14


class Axis(StrEnum):
    """What events are told apart by."""

    FAMILY = "family"
    TIER = "tier"
    REGIME = "regime"
    ITEM = "item"
    DESTINATION = "destination"
    REGION = "region"
    SECTOR = "sector"
    FLAG = "flag"


class Step(StrEnum):
    """How long a period of a trend is."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"


class TrendQuestion(Message, frozen=True, tag="cairn/trend-question/1"):
    """A question.

    by      trends: one or two axes; clearance: flag or family; corridors: none, or family
    step    trends alone
    period  corridors and clearance
    event   surge: the id of a control event
    """

    query: Query
    by: Annotated[tuple[Axis, ...], Meta(max_length=2)] = ()
    step: Step | None = None
    period: Period | None = None
    event: Name | None = None


# The axes that each query is published by.
QUERIES: Final[Mapping[Query, frozenset[tuple[Axis, ...]]]] = {
    Query.TRENDS: frozenset(
        {
            (),
            (Axis.FAMILY,),
            (Axis.TIER,),
            (Axis.REGIME,),
            (Axis.DESTINATION,),
            (Axis.REGION,),
            (Axis.SECTOR,),
            (Axis.ITEM, Axis.DESTINATION),
            (Axis.FAMILY, Axis.DESTINATION),
            (Axis.FAMILY, Axis.REGION),
            (Axis.TIER, Axis.REGION),
        }
    ),
    Query.CORRIDORS: frozenset({(), (Axis.FAMILY,)}),
    Query.CLEARANCE: frozenset({(Axis.FLAG,), (Axis.FAMILY,)}),
    Query.SURGE: frozenset({()}),
    Query.BENCHMARK: frozenset({()}),
    Query.COVERAGE: frozenset({()}),
}


def check_question(question: TrendQuestion) -> None:
    """Raise BadMessage unless it has what its query takes, and nothing more."""
    query = question.query
    if question.by not in QUERIES[query]:
        raise BadMessage("axes that this query is not published by")
    if (question.step is not None) != (query is Query.TRENDS):
        raise BadMessage("a step belongs to trends, and to nothing else")
    if (question.period is not None) != (query in (Query.CORRIDORS, Query.CLEARANCE)):
        raise BadMessage("a period belongs to corridors and clearance, and to nothing else")
    if (question.event is not None) != (query is Query.SURGE):
        raise BadMessage("a control event belongs to a surge, and to nothing else")
