"""A firm's flagged rate against its peers', worked out on the firm's own machine from what the log proves.

Own counters are those of the return that was sent; the peers' are the period's published totals less these, with the
noise that hides single inquiries. Nothing is asked of the hub that would tell who compares itself. What can't be
shown is said, with why: that is most of it while few firms take part.
Source: domain brief T9 (five peers besides the asker; no mean with n, no least, no most, no names).
"""

from dataclasses import dataclass, field
from typing import Final

from cairn.client.returns import Proven, ReturnsClient
from cairn.raw.register import ReturnKept, Sent
from cairn.session import Session
from cairn_protocol.messages.index import band as groups_band
from cairn_protocol.messages.returns import SumFigure, SumState
from cairn_protocol.messages.returns_exchange import PeriodState
from cairn_protocol.returns_layout import BAND_ENDS, BANDS, FLAGGED, HANDLED, rate_band

PEERS_NEEDED: Final = 5


@dataclass(frozen=True, slots=True)
class Compared:
    """One period. Percentages have one decimal; what is None can't be shown, and `not_shown` says why.

    peers      band of the groups besides one's own
    low, high  the interval that the noise leaves of the peers' rate
    bands      of the histogram of groups' rates: how many groups, with noise, where that is published
    """

    period: str
    own_percent: float | None
    own_band: str | None
    peers: str | None = None
    peers_percent: float | None = None
    low_percent: float | None = None
    high_percent: float | None = None
    bands: dict[str, int] = field(default_factory=dict)
    not_shown: tuple[str, ...] = ()


async def compare(session: Session) -> list[Compared]:
    """Every period whose sum was opened, the newest first. Raises Unreachable, ProofInvalid."""
    client = ReturnsClient(session.connection, session.genesis, session.log)
    kept = {one.period: one for one in session.register.returns.every()}
    return [
        _compared(await client.proven(standing.period), kept.get(standing.period))
        for standing in reversed(await client.periods())
        if standing.state in (PeriodState.PUBLISHED, PeriodState.VOID)
    ]


def _compared(proven: Proven, kept: ReturnKept | None) -> Compared:
    period, result = proven.period.terms.period, proven.result
    own, own_band = _own(kept)
    if result is None or result.state is SumState.VOID:
        return Compared(
            period, own, own_band, not_shown=("the period's sum is void: it was outside its window",)
        )
    mine = kept is not None and kept.state is Sent.SENT
    peers = result.groups - mine
    figures = {figure.cell: figure for figure in result.figures}
    bands = {band_name(at): figures[f"band/{at}"].value for at in range(BANDS) if f"band/{at}" in figures}
    reasons = _reasons(kept, peers, figures, bands)
    if peers < PEERS_NEEDED or not {HANDLED, FLAGGED} <= figures.keys():
        return Compared(period, own, own_band, bands=bands, not_shown=reasons)
    less = kept.counters if kept is not None and mine else {}
    rate, low, high = _rate(figures[FLAGGED], figures[HANDLED], less)
    return Compared(
        period, own, own_band, groups_band(peers), rate, low, high, bands=bands, not_shown=reasons
    )


def _own(kept: ReturnKept | None) -> tuple[float | None, str | None]:
    if kept is None or not kept.counters.get(HANDLED):
        return None, None
    flagged, handled = kept.counters.get(FLAGGED, 0), kept.counters[HANDLED]
    return _percent(flagged, handled), band_name(rate_band(min(flagged, handled), handled))


def _rate(flagged: SumFigure, handled: SumFigure, less: dict[str, int]) -> tuple[float, float, float]:
    """The peers' rate, and the least and most that the noise leaves of it."""
    f, h = less.get(FLAGGED, 0), less.get(HANDLED, 0)
    return (
        _percent(flagged.value - f, handled.value - h),
        _percent(flagged.low - f, handled.high - h),
        _percent(flagged.high - f, handled.low - h),
    )


def _reasons(
    kept: ReturnKept | None, peers: int, figures: dict[str, SumFigure], bands: dict[str, int]
) -> tuple[str, ...]:
    told = []
    if kept is None or kept.state is not Sent.SENT:
        told.append("your own rate is not in this sum: this firm sent no return for it")
    if peers < PEERS_NEEDED:
        told.append(
            f"fewer than {PEERS_NEEDED} groups besides yours: with your own figures you would see theirs"
        )
    if not {HANDLED, FLAGGED} <= figures.keys():
        told.append("the totals are below the floor that four groups alone could reach")
    if len(bands) < BANDS:
        told.append(
            f"{BANDS - len(bands)} of {BANDS} bands of the groups' rates: too few groups for a band to clear its floor"
        )
    return tuple(told)


def band_name(band: int) -> str:
    """A band of rates as people read it: "0 %", "to 1 %", ... "above 50 %"."""
    if band == 0:
        return "0 %"
    return f"to {BAND_ENDS[band] / 10:g} %" if band < len(BAND_ENDS) else f"above {BAND_ENDS[-1] / 10:g} %"


def _percent(part: int, whole: int) -> float:
    return round(100 * max(0, part) / whole, 1) if whole > 0 else 0.0
