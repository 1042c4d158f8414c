"""The answer itself: every element times a share, with one proof a key."""

from collections.abc import Sequence

from cairn_protocol.errors import PartyId, WrongEpoch
from cairn_protocol.group import Element
from cairn_protocol.kinds import KeyName
from cairn_protocol.messages.parties import Genesis
from cairn_protocol.messages.trustee import Evaluate, Evaluated, Evaluations, check_padding
from cairn_protocol.voprf import evaluate
from trustee.keys import ServingKeys


def check_request(request: Evaluate, genesis: Genesis, *, culprit: PartyId) -> None:
    """Raise WrongEpoch or BadMessage before anything is charged."""
    if request.epoch != genesis.epoch:
        raise WrongEpoch("the batch is for another epoch's keys", culprit=culprit)
    check_padding(request, culprit=culprit)


def answer(keys: ServingKeys, genesis: Genesis, request: Evaluate, *, culprit: PartyId) -> Evaluations:
    """Evaluate a batch that was checked and charged. Curve work: call it off the event loop.

    culprit  who sent it: named by BadElement, which an element that is none raises
    """

    def under(name: KeyName, elements: Sequence[bytes]) -> Evaluated:
        public = Element(genesis.joint_key(name).shares[keys.index - 1])
        made = evaluate(keys.share(name), public, elements, culprit=culprit)
        return Evaluated(elements=made.elements, proof=made.proof)

    return Evaluations(
        names=under(KeyName.NAMES, request.names), values=under(KeyName.VALUES, request.values)
    )
