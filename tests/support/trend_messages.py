"""One example of every message of trends and releases, made of fixed keys, for tests.support.messages."""

from cairn_protocol.messages.releases import (
    DataRelease,
    Detail,
    PublishedTable,
    PublishedTables,
    ReleaseAudience,
    ReleaseConsent,
    ReleasedFigure,
    ReleaseDraft,
    ReleaseInputs,
    ReleaseTable,
)
from cairn_protocol.messages.trends import Axis, Query, Step, TrendQuestion
from cairn_protocol.messages.wire import Message, digest_of, sign
from tests.support.keys import seed, signing_key

AT = 1_790_000_000


def trend_examples() -> list[Message]:
    """Each once."""
    table = ReleaseTable(
        release="corridors-2026-09",
        name="corridors",
        title="Corridors of the last twelve months",
        audience=ReleaseAudience.MEMBERS,
        period="2026-09",
        inputs=ReleaseInputs(snapshot=seed("snapshot"), method=seed("method"), epsilon=None),
        figures=(
            ReleasedFigure(
                cell="origin=DE|via=TR|destination=KZ",
                count="25-49",
                groups="10+",
                details=(Detail(name="lift", value="3.4"),),
            ),
            ReleasedFigure(cell="origin=DE|via=TR", rule="margins"),
        ),
        notes=("Counts of events in bands.",),
    )
    consents = tuple(
        sign(
            ReleaseConsent(release=table.release, table=digest_of(table), analyst=who, signed_at=AT),
            signing_key(who),
        )
        for who in ("ana", "ben")
    )
    release = DataRelease(
        release=table.release,
        audience=table.audience,
        period=table.period,
        table=digest_of(table),
        inputs=table.inputs,
        consents=(consents[0], consents[1]),
        released_at=AT + 60,
    )
    return [
        TrendQuestion(query=Query.TRENDS, by=(Axis.FAMILY, Axis.DESTINATION), step=Step.MONTH),
        ReleaseDraft(name="corridors"),
        table,
        ReleaseConsent(release=table.release, table=digest_of(table), analyst="ana", signed_at=AT),
        release,
        PublishedTables(tables=(PublishedTable(table=table, release=release),), more=0),
    ]
