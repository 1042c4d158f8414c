"""Taking a push of the hub's: append what is new, then cosign if the hub's root is ours.

The mirror is the consistency check: a checkpoint is cosigned only if its root is the root of the
leaves this trustee has itself, so no leaf it ever cosigned can change or go. A push is one
transaction: refused, it leaves nothing behind.
Source: RFC 6962; C2SP tlog-cosignature.
"""

import time
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from cairn_protocol.checkpoint import cosign, open_note, with_cosignatures
from cairn_protocol.errors import BadConsistency
from cairn_protocol.messages.log import Push, PushAnswer, check_entry, hash_of
from cairn_protocol.messages.parties import Genesis
from trustee.mirror import leaves, manifests
from trustee.mirror.roster import RosterOfMirror
from trustee.storage.tables import CheckpointRow

_HUB = "hub"


def take(
    db: Session,
    push: Push,
    roster: RosterOfMirror,
    trustee: str,
    key: Ed25519PrivateKey,
    now: Callable[[], float] = time.time,
) -> PushAnswer:
    """Append the push's leaves and cosign its checkpoint. The body of one transaction.

    A push that begins elsewhere than the mirror ends appends nothing and is told the size.
    Raises BadConsistency for a fork, BadMessage, BadRoster, BadSignature; culprit: the hub.
    """
    have = leaves.size(db)
    for entry in push.entries:
        check_entry(entry, culprit=_HUB)
    if push.start != have and push.entries:
        _refuse_fork(db, push)
        return PushAnswer(size=have, cosignature=None)
    genesis = roster.check_arriving(db, have, push.entries)
    manifests.check_arriving(db, have, push.entries, culprit=_HUB)
    if push.entries:
        leaves.append(db, have, push.entries)
    size = have + len(push.entries)
    if push.checkpoint is None:
        return PushAnswer(size=size, cosignature=None)
    return PushAnswer(size=size, cosignature=_cosign(db, push.checkpoint, size, genesis, trustee, key, now))


def _refuse_fork(db: Session, push: Push) -> None:
    """Raise BadConsistency if a leaf we have is another one in the push."""
    known = leaves.hashes(db, push.start, len(push.entries))
    for at, (ours, entry) in enumerate(zip(known, push.entries, strict=False), push.start):
        if ours != hash_of(entry.kind, entry.digest):
            raise BadConsistency(f"leaf {at} is another one than the hub showed before", culprit=_HUB)


def _cosign(
    db: Session,
    note: str,
    size: int,
    genesis: Genesis,
    trustee: str,
    key: Ed25519PrivateKey,
    now: Callable[[], float],
) -> str | None:
    hub_key = Ed25519PublicKey.from_public_bytes(genesis.hub_key)
    checkpoint = open_note(note, genesis.origin, hub_key, {}, 0, sender=_HUB).checkpoint
    if checkpoint.size > size:
        return None  # leaves are missing: the answer's size says which
    if checkpoint.size == 0 or checkpoint.root != leaves.root(db, checkpoint.size):
        raise BadConsistency(
            f"the root at {checkpoint.size} leaves is not that of the leaves shown", culprit=_HUB
        )
    earlier = db.get(CheckpointRow, checkpoint.size)
    if earlier is not None:
        return earlier.cosignature  # the first time counts: it is when these leaves were first seen
    at = int(now())
    line = cosign(checkpoint, f"{genesis.origin}/{trustee}", key, at)
    db.add(
        CheckpointRow(
            size=checkpoint.size,
            note=with_cosignatures(note, [line]),
            cosignature=line,
            cosigned_at=at,
        )
    )
    return line


def latest_note(db: Session) -> str | None:
    """The newest checkpoint this trustee cosigned, with its cosignature."""
    return db.scalar(select(CheckpointRow.note).order_by(CheckpointRow.size.desc()).limit(1))
