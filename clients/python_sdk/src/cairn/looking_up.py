"""From inquiries to their values' tags and keys: known ones from the register, new ones by the trustees.

Each value is evaluated once in an epoch; what it became is kept, encrypted, before it is
used. All subjects of a call are blinded together and padded alike.
"""

from collections.abc import Mapping, Sequence

from cairn.client.trustees import SubjectInputs
from cairn.raw.blinding import derive_all, subjects_for
from cairn.raw.inquiry import Inquiry
from cairn.raw.normalise import exact_keys, fuzzy_keys
from cairn.raw.normalise.match_key import MatchKey
from cairn.raw.register import Derived
from cairn.session import Session


def keys_of(session: Session, inquiry: Inquiry) -> tuple[MatchKey, ...]:
    """The match keys of an inquiry, less the kinds that a policy pack withholds."""
    withheld = session.policies.in_force().withheld_kinds
    keys = (*exact_keys(inquiry), *fuzzy_keys(inquiry))
    return tuple(key for key in keys if key.kind not in withheld)


async def look_up(
    session: Session, keys_by_inquiry: Sequence[Sequence[MatchKey]]
) -> Mapping[MatchKey, Derived]:
    """What every value of these inquiries became.

    Raises TrusteeUnavailable or Metered; what was known before stays known.
    """
    epoch = session.genesis.epoch
    every = list(dict.fromkeys(key for keys in keys_by_inquiry for key in keys))
    known = dict(session.register.values.known(every, epoch))
    subjects = subjects_for(keys_by_inquiry, known)
    if subjects:
        evaluation = await session.trustees.evaluate(
            [SubjectInputs(*subject.slots()) for subject in subjects]
        )
        outputs = [(answer.names, answer.values) for answer in evaluation.subjects]
        fresh = derive_all(subjects, outputs, epoch)
        session.register.values.keep(fresh, epoch)
        known.update(fresh)
    return known
