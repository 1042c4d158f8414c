"""The network's policy pack: how coarse every report has to be, signed by the hub, read by every firm.

A file of the operator's home. Until one is published the hub signs the finest that the wire allows, so that
firms always find an answer they can check.
"""

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import APIRouter, Response

from cairn_protocol.messages.policy import FINEST, Policy
from cairn_protocol.messages.wire import Signed, decode, encode, open_signed, sign
from cairn_protocol.policy_text import BadPolicy
from hub.asked import Hub
from hub.describing import gives, message
from hub.hub_key import public_bytes
from hub.problems import documented
from hub.settings import Settings

router = APIRouter(tags=["reports"])

_EXAMPLE = Signed(body=encode(FINEST), signature=bytes(64))


def published(settings: Settings, key: Ed25519PrivateKey) -> Signed:
    """The network's pack as it stands."""
    try:
        return decode(settings.policy_path.read_bytes(), Signed)
    except FileNotFoundError:
        return sign(FINEST, key)


def publish(settings: Settings, key: Ed25519PrivateKey, pack: Policy) -> None:
    """Put a pack in place of the one before. Raises BadPolicy unless its version is higher."""
    before = open_signed(published(settings, key), Policy, public_bytes(key))
    if pack.version <= before.version:
        raise BadPolicy(f"version {before.version} is published already: a new pack needs a higher one")
    path = settings.policy_path
    fresh = path.with_suffix(".new")
    fresh.write_bytes(encode(sign(msgspec.structs.replace(pack, issuer="hub"), key)))
    fresh.replace(path)


@router.get(
    "/v1/policy",
    response_class=Response,
    responses={**gives(_EXAMPLE, "The network's policy pack, signed by the hub"), **documented("internal")},
)
async def policy(hub: Hub) -> Response:
    """How coarse reports have to be. A firm's own pack can only be coarser."""
    return message(published(hub.settings, hub.hub_key))
