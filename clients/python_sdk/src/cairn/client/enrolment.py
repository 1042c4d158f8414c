"""Enrolment: a party puts its own keys forward; t trustees decide, and the log says so.

The invitation came out of band and pins the genesis, so the hub can neither show another
set of trustees nor put another key in the entry: the party makes and signs the entry itself.
"""

from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cairn.client.answers import limit_of, read_message
from cairn.client.connection import HUB, Connection
from cairn.client.errors import ProofInvalid
from cairn_protocol.messages.parties import Enrolment, Invitation, Proposal, prove_possession
from cairn_protocol.messages.wire import encode


async def enrol(
    connection: Connection,
    invitation: Invitation,
    signing_key: Ed25519PrivateKey,
    sealing_key: bytes | None,
    families: Sequence[str],
) -> Proposal:
    """Propose the party's entry to the trustees. The same again gives the same proposal.

    sealing_key  X25519 public key, 32 bytes, for roles that are sealed to
    families     codes of the item families that the member deals in

    Once t trustees approved, `LogView.follow` shows the entry. Raises Rejected for a spent or unknown word,
    ProofInvalid if the hub proposes another entry, Unreachable.
    """
    public = signing_key.public_key().public_bytes_raw()
    entry = invitation.entry(public, sealing_key, tuple(families))
    enrolment = Enrolment(word=invitation.word, entry=entry, possession=prove_possession(entry, signing_key))
    answer = await connection.post(
        HUB, "/v1/enrolments", encode(enrolment), limit=limit_of(Proposal), signed=False
    )
    proposal = read_message(answer.content, Proposal, HUB)
    if proposal.act != entry:
        raise ProofInvalid("bad-roster", "the hub proposes another entry than yours", culprit=HUB)
    return proposal
