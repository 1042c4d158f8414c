"""Taking a push of the hub's: append what is new, then cosign if the hub's root is ours.

The mirror is the consistency check: a checkpoint is cosigned only if it is about all leaves this
trustee has, so no leaf it ever cosigned can change or go, and no older state is dated anew. A push is
one transaction: refused, it leaves nothing behind.
Source: RFC 6962; C2SP tlog-cosignature.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from cairn_protocol.checkpoint import Checkpoint, cosign, open_note, with_cosignatures
from cairn_protocol.errors import BadConsistency
from cairn_protocol.messages.log import Push, PushAnswer, check_entry, hash_of
from cairn_protocol.messages.parties import Genesis
from trustee.mirror import leaves, manifests, sums
from trustee.mirror.roster import RosterOfMirror
from trustee.storage.tables import CheckpointRow

_HUB = "hub"


@dataclass(frozen=True, slots=True)
class Cosigner:
    """Who cosigns.

    now  seconds since 1970, by this machine's clock
    """

    trustee: str
    genesis: Genesis
    key: Ed25519PrivateKey = field(repr=False)
    now: Callable[[], float]


def take(db: Session, push: Push, roster: RosterOfMirror, cosigner: Cosigner) -> PushAnswer:
    """Append the push's leaves and cosign its checkpoint. The body of one transaction.

    A push that begins elsewhere than the mirror ends appends nothing and is told the size.
    Raises BadConsistency for a fork, BadMessage, BadRoster, BadSignature, and what `ReturnsLog.apply`
    raises; culprit: the hub.
    """
    size = leaves.size(db)
    for entry in push.entries:
        check_entry(entry, culprit=_HUB)
    if push.start != size:
        _refuse_fork(db, push)
        return PushAnswer(size=size, cosignature=None)
    if push.entries:
        roster.check_arriving(db, size, push.entries)
        manifests.check_arriving(db, size, push.entries, culprit=_HUB)
        sums.check_arriving(db, cosigner.genesis, push.entries)
        leaves.append(db, size, push.entries)
        size += len(push.entries)
    line = _cosignature(db, push.checkpoint, size, cosigner) if push.checkpoint is not None else None
    return PushAnswer(size=size, cosignature=line)


def _refuse_fork(db: Session, push: Push) -> None:
    """Raise BadConsistency if a leaf we have is another one in the push."""
    known = leaves.hashes(db, push.start, len(push.entries))
    for at, (ours, entry) in enumerate(zip(known, push.entries, strict=False), push.start):
        if ours != hash_of(entry.kind, entry.digest):
            raise BadConsistency(f"leaf {at} is another one than the hub showed before", culprit=_HUB)


def _cosignature(db: Session, note: str, size: int, cosigner: Cosigner) -> str:
    genesis = cosigner.genesis
    hub_key = Ed25519PublicKey.from_public_bytes(genesis.hub_key)
    checkpoint = open_note(note, genesis.origin, hub_key, {}, 0, sender=_HUB).checkpoint
    if checkpoint.size != size:
        raise BadConsistency(
            f"a checkpoint of {checkpoint.size} leaves, where the mirror has {size}", culprit=_HUB
        )
    if size == 0 or checkpoint.root != leaves.root(db, size):
        raise BadConsistency(f"the root at {size} leaves is not that of the leaves shown", culprit=_HUB)
    earlier = db.get(CheckpointRow, size)
    return earlier.cosignature if earlier is not None else _cosigned(db, note, checkpoint, cosigner)


def _cosigned(db: Session, note: str, checkpoint: Checkpoint, cosigner: Cosigner) -> str:
    at = int(cosigner.now())
    line = cosign(checkpoint, f"{cosigner.genesis.origin}/{cosigner.trustee}", cosigner.key, at)
    row = CheckpointRow(
        size=checkpoint.size, note=with_cosignatures(note, [line]), cosignature=line, cosigned_at=at
    )
    db.add(row)
    return line


def latest(db: Session) -> CheckpointRow | None:
    """The newest checkpoint this trustee cosigned."""
    return db.scalar(select(CheckpointRow).order_by(CheckpointRow.size.desc()).limit(1))
