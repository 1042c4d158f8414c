"""The answer itself: every element times a share, with one proof a key."""

from collections.abc import Sequence

from cairn_protocol.errors import WrongEpoch
from cairn_protocol.group import Element, decode_element, map_on_every_core
from cairn_protocol.messages.parties import Genesis
from cairn_protocol.messages.trustee import Evaluate, Evaluated, Evaluations, check_padding
from cairn_protocol.sharing import KeyShare
from cairn_protocol.voprf import evaluate
from trustee.errors import HomeError
from trustee.keys import ServingKeys


def check_request(request: Evaluate, genesis: Genesis, member: str) -> None:
    """Raise WrongEpoch or BadMessage before anything is charged."""
    if request.epoch != genesis.epoch:
        raise WrongEpoch("the batch is for another epoch's keys", culprit=f"member:{member}")
    check_padding(request, culprit=f"member:{member}")


def decoded(elements: Sequence[bytes], member: str) -> list[Element]:
    """The blinded elements. Raises BadElement, naming the member, for a bad one."""
    return map_on_every_core(lambda raw: decode_element(raw, culprit=f"member:{member}"), list(elements))


def answer(
    keys: ServingKeys, genesis: Genesis, names: Sequence[Element], values: Sequence[Element]
) -> Evaluations:
    """Evaluate a checked batch. Curve work: call it off the event loop."""
    if keys.names is None or keys.values is None:
        raise HomeError("this trustee has no shares: run the key generation first")
    return Evaluations(
        names=_evaluated(keys.names, _public(genesis, "names", keys), names),
        values=_evaluated(keys.values, _public(genesis, "values", keys), values),
    )


def _public(genesis: Genesis, name: str, keys: ServingKeys) -> Element:
    return Element(genesis.joint_key(name).shares[keys.index - 1])


def _evaluated(share: KeyShare, public: Element, elements: Sequence[Element]) -> Evaluated:
    evaluation = evaluate(share, public, elements)
    return Evaluated(elements=tuple(evaluation.elements), proof=evaluation.proof)
