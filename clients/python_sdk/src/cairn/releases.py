"""Releases on the reader's and the analyst's own machine.

A reader's: a table counts once its release is in the log that trustees cosigned, its digest is the one that was
signed, and the two consents are of two analysts on the roster. An analyst's: consent is signed over the digest
of the table that was read.
"""

from dataclasses import dataclass
from typing import Any

from cairn.client.connection import HUB
from cairn.client.errors import ProofInvalid
from cairn.client.trends import TrendsClient
from cairn.session import Session
from cairn_protocol.errors import ProtocolError
from cairn_protocol.messages.log import LeafKind, content_digest, hash_of
from cairn_protocol.messages.parties import Role
from cairn_protocol.messages.releases import DataRelease, PublishedTable, ReleaseConsent, ReleaseTable
from cairn_protocol.messages.wire import Signed, decode, digest_of, encode, open_signed, sign
from cairn_protocol.roster import Roster


@dataclass(frozen=True, slots=True)
class ReadRelease:
    """A release that holds against the log.

    place     its leaf
    analysts  who agreed
    """

    table: ReleaseTable
    release: DataRelease
    place: int
    analysts: tuple[str, str]


async def read_all(session: Session) -> list[ReadRelease]:
    """Every release for this reader, each held against the log and the roster. Raises ProofInvalid."""
    await session.log.follow()
    member = session.profile.role is Role.MEMBER
    published = await TrendsClient(session.connection).published(member=member)
    return [await _checked(session, one) for one in published.tables]


async def _checked(session: Session, one: PublishedTable) -> ReadRelease:
    content = encode(one.release)
    place = await session.log.verify_inclusion(hash_of(LeafKind.RELEASE, content_digest(content)))
    if place is None:
        raise ProofInvalid("not-in-log", "a release that the log does not hold", culprit=HUB)
    if one.release.table != digest_of(one.table) or one.release.inputs != one.table.inputs:
        raise ProofInvalid("wrong-digest", "a release's table is not the one that was signed", culprit=HUB)
    analysts = _signers(session.log.roster(), one.release)
    return ReadRelease(one.table, one.release, place, analysts)


def _signers(roster: Roster, release: DataRelease) -> tuple[str, str]:
    """The two analysts. Raises ProofInvalid unless they are two, on the roster, and signed this table."""
    first, second = (_signer(roster, signed, release) for signed in release.consents)
    if first == second:
        raise ProofInvalid("bad-signature", "a release that one analyst signed twice", culprit=HUB)
    return first, second


def _signer(roster: Roster, signed: Signed, release: DataRelease) -> str:
    said = decode(signed.body, ReleaseConsent, culprit=HUB)
    keys = [
        standing.entry.signing_key
        for standing in roster.standings(said.analyst)
        if standing.entry.role is Role.ANALYST
    ]
    if not keys or said.table != release.table or said.release != release.release:
        raise ProofInvalid("bad-signature", "a consent of nobody who may give it", culprit=HUB)
    try:
        open_signed(signed, ReleaseConsent, keys[-1], culprit=HUB)
    except ProtocolError as error:
        raise ProofInvalid.of(error, HUB) from error
    return said.analyst


async def agree(session: Session, release: str, digest: bytes | None = None) -> dict[str, Any]:
    """Agree to a draft: to the table as it stands, or to the digest that was read before."""
    client = TrendsClient(session.connection)
    if digest is None:
        digest = digest_of(await client.read_draft(release))
    said = ReleaseConsent(
        release=release, table=digest, analyst=session.profile.party, signed_at=int(session.now())
    )
    return await client.consent(release, sign(said, session.keys.signing))


def as_cells(table: ReleaseTable) -> list[dict[str, Any]]:
    """A table's figures as cells, for printing."""
    return [
        {
            "cell": figure.cell,
            "verdict": "suppress" if figure.rule else "publish",
            "rule": figure.rule,
            "band": figure.count,
            "groups": figure.groups,
            **(
                {"value": figure.value, "low": figure.low, "high": figure.high}
                if figure.value is not None
                else {}
            ),
            **{detail.name: detail.value for detail in figure.details},
        }
        for figure in table.figures
    ]
