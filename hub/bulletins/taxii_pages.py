"""A page of a collection: filters, order and cursor of TAXII 2.1, as one statement.

Everything is asked within one collection, so nothing of another shows. Rows are in the order they were
added, no two at one moment, and the cursor is a row's moment: what is added or revoked between two pages is
neither skipped nor doubled. The cursor is bound to the filters it was made under.
Source: TAXII 2.1, 3.4 and 3.5.
"""

import base64
import hashlib
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from hub.bulletins.refusals import BadQuery
from hub.bulletins.tables import TaxiiObject

MAX_PAGE: Final = 1_000
_MAX_TERMS: Final = 100
_CURSOR: Final = struct.Struct(">Q8s")  # microseconds since 1970, and a digest of the filters
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FILTERS: Final = ("match[id]", "match[type]", "match[version]", "match[spec_version]", "added_after")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page is asked for.

    versions  "first", "last", "all" and moments; ("last",) by default
    specs     STIX versions; None: the newest of each object
    """

    ids: tuple[str, ...] | None
    types: tuple[str, ...] | None
    versions: tuple[str | datetime, ...]
    specs: tuple[str, ...] | None
    added_after: datetime | None
    after: datetime | None
    limit: int
    bound: bytes


@dataclass(frozen=True, slots=True)
class Row:
    """An object on a page."""

    id: str
    spec_version: str
    version: datetime
    date_added: datetime
    body: str


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in their order; `next` if more follow."""

    rows: Sequence[Row]
    next: str | None


def read_query(query: Mapping[str, str], fixed: Mapping[str, str] | None = None) -> Asked:
    """What the query asks for; `fixed` overrides filters. Raises BadQuery for anything malformed."""
    told = {name: query[name] for name in _FILTERS if name in query} | dict(fixed or {})
    bound = hashlib.sha256(repr(sorted(told.items())).encode()).digest()[:8]
    return Asked(
        ids=_terms(told, "match[id]"),
        types=_terms(told, "match[type]"),
        versions=tuple(_version(one) for one in _terms(told, "match[version]") or ("last",)),
        specs=_terms(told, "match[spec_version]"),
        added_after=_moment(told["added_after"]) if "added_after" in told else None,
        after=_after(query.get("next"), bound),
        limit=_limit(query.get("limit")),
        bound=bound,
    )


async def page(db: AsyncSession, collection: str, asked: Asked) -> Page:
    """The next rows of that collection."""
    table = TaxiiObject
    wanted: list[ColumnElement[bool]] = [table.collection == collection]
    if asked.after is not None:
        wanted.append(table.date_added > asked.after)
    if asked.ids is not None:
        wanted.append(table.object_id.in_(asked.ids))
    if asked.types is not None:
        wanted.append(table.type.in_(asked.types))
    if asked.added_after is not None:
        wanted.append(table.date_added > asked.added_after)
    wanted += _of_version(asked)
    columns = (table.object_id, table.spec_version, table.version, table.date_added, table.body)
    found = (
        await db.execute(select(*columns).where(*wanted).order_by(table.date_added).limit(asked.limit + 1))
    ).all()
    shown = found[: asked.limit]
    more = len(found) > asked.limit
    return Page(
        [Row(*row) for row in shown],
        base64.urlsafe_b64encode(_CURSOR.pack(_micros(shown[-1].date_added), asked.bound)).decode()
        if more
        else None,
    )


def _of_version(asked: Asked) -> list[ColumnElement[bool]]:
    table = TaxiiObject
    if asked.specs is None and asked.versions == ("last",):
        return [table.is_last.is_(True)]
    wanted: list[ColumnElement[bool]] = []
    specs: Any = None
    if asked.specs is None:
        wanted.append(~_another(lambda other: other.spec_version > table.spec_version))
    else:
        wanted.append(table.spec_version.in_(asked.specs))
        specs = asked.specs
    if "all" in asked.versions:
        return wanted

    def beside(other: Any) -> ColumnElement[bool]:
        return (
            other.spec_version.in_(specs) if specs is not None else other.spec_version == table.spec_version
        )

    either: list[ColumnElement[bool]] = []
    moments = [one for one in asked.versions if isinstance(one, datetime)]
    if moments:
        either.append(table.version.in_(moments))
    if "last" in asked.versions:
        either.append(~_another(lambda other: and_(beside(other), other.version > table.version)))
    if "first" in asked.versions:
        either.append(~_another(lambda other: and_(beside(other), other.version < table.version)))
    return [*wanted, or_(*either)]


def _another(than: Any) -> ColumnElement[bool]:
    """Whether the collection has the same object in another row, of which `than` is true."""
    table, other = TaxiiObject, aliased(TaxiiObject)
    return exists().where(
        other.collection == table.collection, other.object_id == table.object_id, than(other)
    )


def moment(when: datetime) -> str:
    """A moment as TAXII writes it, with microseconds."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def version_text(when: datetime) -> str:
    """A version as STIX writes it, with milliseconds."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03d}Z"


def _terms(told: Mapping[str, str], name: str) -> tuple[str, ...] | None:
    if name not in told:
        return None
    terms = tuple(told[name].split(","))
    if len(terms) > _MAX_TERMS or not all(0 < len(term) <= 120 for term in terms):
        raise BadQuery(f"{name} is a list of at most {_MAX_TERMS}, with commas between")
    return terms


def _version(term: str) -> str | datetime:
    return term if term in ("first", "last", "all") else _moment(term)


def _moment(text: str) -> datetime:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        when = None
    if when is None or when.tzinfo is None:
        raise BadQuery("a moment is written like 2026-11-24T09:00:00.000Z")
    return when


def _limit(text: str | None) -> int:
    if text is None:
        return MAX_PAGE
    if not (text.isascii() and text.isdigit() and len(text) <= 9) or int(text) == 0:
        raise BadQuery("limit is a whole number of 1 or more")
    return min(int(text), MAX_PAGE)


def _micros(when: datetime) -> int:
    return (when - _EPOCH) // timedelta(microseconds=1)


def _after(cursor: str | None, bound: bytes) -> datetime | None:
    if cursor is None:
        return None
    try:
        micros, made_under = _CURSOR.unpack(base64.urlsafe_b64decode(cursor.encode()))
        after = _EPOCH + timedelta(microseconds=micros)
    except (ValueError, OverflowError, struct.error):
        raise BadQuery("next is not what the page before gave") from None
    if made_under != bound:
        raise BadQuery("next goes with the filters of the page before")
    return after
