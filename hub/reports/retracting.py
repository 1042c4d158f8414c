"""Take a report back: from the commit on it links, counts and shows nothing.

The report's row stays, for its leaf is in the log; tags, card keys and shares are deleted with
the same commit that puts the retraction into the log, where trustees keep it whole.
"""

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.messages.log import LeafKind, content_digest, hash_of
from cairn_protocol.messages.parties import Entry
from cairn_protocol.messages.report import Promise, Retraction
from cairn_protocol.messages.wire import Signed, encode, open_signed, sign
from hub.reports.filing import forget_tags, link, on_file, today, wait_turn
from hub.reports.refusals import UnknownReport, WrongMember
from hub.reports.tables import RetractionRow
from hub.translog.promise import promise


@dataclass(frozen=True, slots=True)
class VerifiedRetraction:
    """A retraction by the member whose report it is about. `open_retraction` makes it.

    content  the signed retraction, canonical: what its leaf holds
    """

    retraction: Retraction
    content: bytes


def open_retraction(signed: Signed, caller: Entry) -> VerifiedRetraction:
    """The retraction, once its signature is the caller's own. Raises BadSignature, BadMessage, WrongMember."""
    culprit = f"member:{caller.party}"
    retraction = open_signed(signed, Retraction, caller.signing_key, culprit=culprit)
    if retraction.member != caller.party:
        raise WrongMember("a retraction of one member, sent by another", culprit=culprit)
    return VerifiedRetraction(retraction, encode(signed))


async def take_back(db: AsyncSession, verified: VerifiedRetraction, hub_key: Ed25519PrivateKey) -> Signed:
    """Retract the report and promise the retraction's leaf; the same retraction again gets the same receipt.

    Raises UnknownReport unless the retraction names the latest revision of a report on file.
    """
    retraction = verified.retraction
    await wait_turn(db, retraction.member)
    history = (await on_file(db, retraction.member, [retraction.report_id]))[retraction.report_id]
    latest = history.revisions[-1] if history.revisions else None
    if latest is None or latest.digest != retraction.digest:
        raise UnknownReport(
            "no such report of this member, or a later revision of it is on file",
            culprit=f"member:{retraction.member}",
        )
    digest = content_digest(verified.content)
    if not history.retracted:
        db.add(
            RetractionRow(
                member_id=retraction.member,
                report_id=retraction.report_id,
                content=verified.content,
                retracted_on=today(),
            )
        )
        await forget_tags(db, [latest.number])
        await promise(db, LeafKind.RETRACTION, digest, verified.content)
        await link(db, added=[], gone=[latest.number])
    receipt = Promise(
        member=retraction.member,
        report_id=retraction.report_id,
        revision=latest.revision,
        digest=digest,
        leaf_hash=hash_of(LeafKind.RETRACTION, digest),
    )
    return sign(receipt, hub_key)
