"""How a hub's log begins: the genesis put together from the trustees' ceremony, and sealed as leaf 0.

The hub makes none of it up: keys come from results that every trustee signed and that must be
equal, and nothing is sealed that not every trustee signed. A log begins once.
"""

import msgspec
from sqlalchemy import func, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.errors import BadMessage, BadRoster
from cairn_protocol.messages.log import LeafKind, content_digest
from cairn_protocol.messages.parties import Genesis, SignedGenesis
from cairn_protocol.messages.trustee import CeremonyPlan, CeremonyResult
from cairn_protocol.messages.wire import Signed, decode, digest_of, encode, open_signed
from cairn_protocol.roster import check_genesis
from hub.members.acts import take_turn
from hub.translog.promise import promise
from hub.translog.tables import PromisedLeaf, TranslogLeaf


def draft(
    plan: CeremonyPlan, results: list[Signed], *, origin: str, normaliser: bytes, hub_key: bytes
) -> Genesis:
    """The genesis for the trustees to read and sign.

    results     one of each trustee of the plan, in any order
    normaliser  the digest (32 bytes) of the normalising data that every firm must use
    hub_key     Ed25519, 32 bytes

    Raises BadRoster if a result is missing, of another plan or differs from the others; BadSignature,
    naming the trustee; BadMessage.
    """
    keys_by_trustee = {}
    for signed in results:
        claimed = decode(signed.body, CeremonyResult)
        trustee = next((one.keys for one in plan.trustees if one.keys.id == claimed.trustee), None)
        if trustee is None:
            raise BadRoster("a result by nobody in the plan")
        culprit = f"trustee:{trustee.id}"
        result = open_signed(signed, CeremonyResult, trustee.signing_key, culprit=culprit)
        if result.plan != digest_of(plan):
            raise BadRoster("a result of another plan", culprit=culprit)
        keys_by_trustee[trustee.id] = result.keys
    if missing := [one.keys.id for one in plan.trustees if one.keys.id not in keys_by_trustee]:
        raise BadRoster(f"no result of {', '.join(missing)}")
    first, *others = keys_by_trustee.values()
    if any(keys != first for keys in others):
        raise BadRoster("the trustees computed different keys: run the ceremony again")
    genesis = Genesis(
        origin=origin,
        epoch=plan.epoch,
        t=plan.t,
        hub_key=hub_key,
        normaliser=normaliser,
        trustees=tuple(one.keys for one in plan.trustees),
        keys=first,
    )
    try:
        return msgspec.convert(msgspec.to_builtins(genesis), Genesis)
    except msgspec.ValidationError:
        raise BadMessage("the origin, the normaliser or a key has not the form a genesis asks for") from None


def seal(genesis: Genesis, signatures: dict[str, bytes]) -> SignedGenesis:
    """The genesis with every trustee's signature (64 bytes), by trustee id.

    Raises BadRoster if one is missing or the genesis doesn't fit together; BadSignature, naming the trustee.
    """
    if missing := [one.id for one in genesis.trustees if one.id not in signatures]:
        raise BadRoster(f"no signature of {', '.join(missing)}")
    signed = SignedGenesis(genesis=genesis, signatures=tuple(signatures[one.id] for one in genesis.trustees))
    check_genesis(encode(signed))
    return signed


async def begin(db: AsyncSession, signed: SignedGenesis) -> None:
    """Promise leaf 0. The same genesis again changes nothing. Raises BadRoster if the log began otherwise."""
    await take_turn(db)
    content = encode(signed)
    both = union_all(select(TranslogLeaf.content), select(PromisedLeaf.content)).subquery()
    known = (await db.execute(select(func.count(), func.bool_or(both.c.content == content)))).one()
    if known[1]:
        return
    if known[0]:
        raise BadRoster("this database's log began with another genesis")
    await promise(db, LeafKind.GENESIS, content_digest(content), content)
