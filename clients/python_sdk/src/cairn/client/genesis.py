"""The pinned genesis: the trustees, the joint keys and the hub's key that everything is checked against.

Its digest came with the invitation, out of band, so neither the hub nor a file on disk can
put another in its place.
"""

from cairn.client.answers import limit_of, read_message
from cairn.client.connection import HUB, Connection
from cairn.client.errors import ProofInvalid
from cairn_protocol.errors import ProtocolError
from cairn_protocol.messages.log import Entries, LeafKind
from cairn_protocol.messages.parties import Genesis
from cairn_protocol.roster import check_genesis

_KEPT = "genesis.json"


async def pinned_genesis(connection: Connection) -> Genesis:
    """The genesis with the pinned digest: as kept in the state folder, else leaf 0 of the hub's log.

    Once kept, it needs no network. Raises ProofInvalid if the hub shows another one; Unreachable.
    """
    kept = connection.state.read(_KEPT)
    if kept is not None:
        try:
            return check_genesis(kept, connection.genesis_digest)
        except ProtocolError:
            pass  # a damaged or foreign file is as good as none: the pin decides
    raw = await _leaf_zero(connection)
    try:
        genesis = check_genesis(raw, connection.genesis_digest)
    except ProtocolError as error:
        raise ProofInvalid.of(error, HUB) from error
    connection.state.write(_KEPT, raw)
    return genesis


async def _leaf_zero(connection: Connection) -> bytes:
    answer = await connection.get(HUB, "/v1/log/entries?start=0&count=1", limit=limit_of(Entries))
    entries = read_message(answer.content, Entries, HUB)
    if len(entries.entries) != 1 or entries.entries[0].kind is not LeafKind.GENESIS:
        raise ProofInvalid("bad-message", "the log does not begin with a genesis", culprit=HUB)
    content = entries.entries[0].content
    if content is None:
        raise ProofInvalid("bad-message", "the genesis comes without its content", culprit=HUB)
    return content
