"""Two analysts agree, the log has it, trustees cosign, and only then readers get it.

The first consent makes its analyst the author; the second, another analyst's over the same table, promises the leaf.
Source: domain brief P10 and 5.4.
"""

import time

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.errors import BadMessage
from cairn_protocol.messages.log import LeafKind, content_digest
from cairn_protocol.messages.parties import Entry
from cairn_protocol.messages.releases import (
    DataRelease,
    PublishedTable,
    PublishedTables,
    ReleaseAudience,
    ReleaseConsent,
)
from cairn_protocol.messages.wire import Signed, decode, digest_of, encode, open_signed
from hub.releases.drafting import table_of
from hub.releases.refusals import OwnRelease, ReleaseChanged, UnknownRelease
from hub.releases.tables import ReleaseRow
from hub.translog.promise import promise
from hub.translog.tables import TranslogCheckpoint, TranslogLeaf

_PAGE = 50


async def consent(db: AsyncSession, analyst: Entry, release: str, signed: Signed) -> ReleaseRow:
    """Take an analyst's consent. The same again changes nothing.

    Raises UnknownRelease, OwnRelease, ReleaseChanged, BadMessage, BadSignature.
    """
    culprit = f"analyst:{analyst.party}"
    said = open_signed(signed, ReleaseConsent, analyst.signing_key, culprit=culprit)
    if said.analyst != analyst.party or said.release != release:
        raise BadMessage("a consent by another analyst or to another release", culprit=culprit)
    row = await row_of(db, release)
    table = table_of(row)
    if said.table != digest_of(table):
        raise ReleaseChanged("signed over another table than the one that stands")
    if row.content is not None or row.consent is None:
        if row.content is None:
            row.author, row.consent = analyst.party, encode(signed)
        return row
    if row.author == analyst.party:
        raise OwnRelease("one analyst can't agree twice")
    now = int(time.time())
    content = encode(
        DataRelease(
            release=release,
            audience=table.audience,
            period=table.period,
            table=said.table,
            inputs=table.inputs,
            consents=(decode(row.consent, Signed), signed),
            released_at=now,
        )
    )
    row.content, row.released_at = content, now
    row.leaf_hash = await promise(db, LeafKind.RELEASE, content_digest(content), content)
    return row


async def row_of(db: AsyncSession, release: str) -> ReleaseRow:
    """A release's row, locked: two analysts take turns. Raises UnknownRelease."""
    row: ReleaseRow | None = await db.scalar(
        select(ReleaseRow).where(ReleaseRow.id == release).with_for_update()
    )
    if row is None:
        raise UnknownRelease("no release of that id")
    return row


async def in_force(db: AsyncSession, audience: ReleaseAudience) -> PublishedTables:
    """The releases that trustees have cosigned, the newest first."""
    size = await db.scalar(select(func.max(TranslogCheckpoint.size)).where(TranslogCheckpoint.complete))
    cosigned = select(TranslogLeaf.leaf_hash).where(TranslogLeaf.leaf_index < (size or 0))
    rows = (
        await db.scalars(
            select(ReleaseRow)
            .where(ReleaseRow.audience == audience.value, ReleaseRow.leaf_hash.in_(cosigned))
            .order_by(ReleaseRow.released_at.desc(), ReleaseRow.id)
        )
    ).all()
    tables = tuple(
        PublishedTable(table=table_of(row), release=decode(row.content or b"", DataRelease))
        for row in rows[:_PAGE]
    )
    return PublishedTables(tables=tables, more=max(0, len(rows) - _PAGE))
