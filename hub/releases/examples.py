"""Examples for the API's description: the right shape around made-up figures."""

from cairn_protocol.messages.releases import (
    DataRelease,
    PublishedTable,
    PublishedTables,
    ReleaseAudience,
    ReleasedFigure,
    ReleaseInputs,
    ReleaseTable,
)
from cairn_protocol.messages.wire import Signed, digest_of

_INPUTS = ReleaseInputs(snapshot=bytes(32), method=bytes(32), epsilon="1/2")
_SIGNED = Signed(body=b"{}", signature=bytes(64))

TABLE = ReleaseTable(
    release="tiers-2026-Q3",
    name="tiers",
    title="Events by CHPL tier, with noise",
    audience=ReleaseAudience.PUBLIC,
    period="2026-Q3",
    inputs=_INPUTS,
    figures=(ReleasedFigure(cell="tier=1|quarter=2026-Q3", value=84, low=24, high=144),),
    notes=(),
)
PUBLISHED = PublishedTables(
    tables=(
        PublishedTable(
            table=TABLE,
            release=DataRelease(
                release=TABLE.release,
                audience=TABLE.audience,
                period=TABLE.period,
                table=digest_of(TABLE),
                inputs=_INPUTS,
                consents=(_SIGNED, _SIGNED),
                released_at=1_790_900_000,
            ),
        ),
    ),
    more=0,
)
