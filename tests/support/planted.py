"""Events planted in a hub: reports of so many groups, each about another buyer, with the codes a test is about."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cairn_protocol.kinds import Kind
from cairn_protocol.messages.report import Batch
from cairn_protocol.messages.wire import encode
from hub.reports.routes import BATCH_PATH
from tests.support.reports import Firm
from tests.support.seated import Member, SeatedHub

KZ, MX = "KZ", "MX"


@dataclass(frozen=True)
class Planted:
    """So many events of each firm, by its place: (6, 6, 5) are 17 events of three firms."""

    by_firm: Sequence[int]
    weeks: Sequence[str]
    country: str = KZ
    coded: Mapping[str, object] = field(default_factory=dict)


async def plant(hub: SeatedHub, firms: Sequence[Firm], planted: Iterable[Planted]) -> None:
    """File the reports, and link them."""
    app = hub.app()
    number = 0
    reports: dict[str, list[object]] = {firm.id: [] for firm in firms}
    for lot in planted:
        for firm, count in zip(firms, lot.by_firm, strict=False):
            for at in range(count):
                number += 1
                reports[firm.id].append(
                    firm.report(
                        (Kind.NAME, f"buyer number {number}"),
                        inquiry=f"planted-{number}",
                        week=lot.weeks[at % len(lot.weeks)],
                        country=lot.country,
                        **_codes(lot.coded),
                    )
                )
    for firm in firms:
        mine = reports[firm.id]
        for start in range(0, len(mine), 100):
            body = encode(Batch(reports=tuple(mine[start : start + 100])))  # type: ignore[arg-type]
            answer = await Member(firm, app).post(BATCH_PATH, body)
            assert answer.status_code == 200, answer.text
    await hub.link()


def _codes(coded: Mapping[str, object]) -> dict[str, object]:
    own = {name: value for name, value in coded.items() if name in ("family", "outcome")}
    return {**own, "coded": {name: value for name, value in coded.items() if name not in own}}
