"""A policy pack: how coarse what leaves a firm has to be, by the network's rule or the firm's own.

A pack can only coarsen. Where two apply, the coarser level of each field counts (`coarser_of`); a firm's pack
that names a finer level than the network's is refused as a whole (`finer_fields`), so nobody believes it
is in force. `FINEST` is what the wire allows, and the network's rule until it publishes one.

The hub signs the network's pack, a member of the same group the firm's. Each names its version: an older
one is never taken for a newer.
What a pack tells the operator besides (legal basis, how long, legal hold) came later and is left out where it is not
told, so that the bytes of earlier packs stay what they were.
Source: domain brief 2.1, 2.4.
"""

from collections.abc import Callable, Collection
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from cairn_protocol.codes.terms import LegalBasis, RetentionClass
from cairn_protocol.coverage import MIN_COVERAGE
from cairn_protocol.kinds import Kind
from cairn_protocol.messages.open_codes import RedFlag
from cairn_protocol.messages.report import GovRelease, Tlp
from cairn_protocol.messages.wire import Message, Name, Seconds, whole

ItemLevel = Annotated[str, whole(r"number|family|none")]
PlaceLevel = Annotated[str, whole(r"country|subregion|none")]
BandLevel = Annotated[str, whole(r"band|none")]
CodeLevel = Annotated[str, whole(r"code|none")]


class Policy(Message, frozen=True, tag="cairn/policy/1"):
    """One pack.

    issuer          "hub", or the member that signed it
    withheld_flags  red flags that stay at the firm, beside those that always do
    withheld_kinds  kinds of value that are never looked up nor sent as pseudonyms
    sealed          whether names and contacts may travel sealed
    narrative       whether a scrubbed narrative may be among them
    consent         the most a report may release to governments
    tlp             the least strict label a report may carry
    hold            reports wait until a second named person of the firm releases them
    named_user      whoever files says who he or she is; implied by hold
    min_coverage    below this many groups that deal in an item's family, the family stands for the number and
                    the subregion for the party's country
    legal_basis     what personal data are shared by
    retention       how long reports may be kept
    legal_hold      whether reports are to be kept beyond that, for a matter of the firm's own
    """

    name: Name
    version: Annotated[int, Meta(ge=1, le=2**31)]
    issued_at: Seconds
    issuer: Name
    item: ItemLevel
    party_country: PlaceLevel
    route: PlaceLevel
    quantity: BandLevel
    value: BandLevel
    end_use: CodeLevel
    channel: CodeLevel
    outcome: CodeLevel
    withheld_flags: Annotated[tuple[RedFlag, ...], Meta(max_length=128)]
    withheld_kinds: Annotated[tuple[Kind, ...], Meta(max_length=32)]
    sealed: bool
    narrative: bool
    consent: GovRelease
    tlp: Tlp
    hold: bool
    named_user: bool
    min_coverage: Annotated[int, Meta(ge=MIN_COVERAGE, le=1_000)]
    legal_basis: LegalBasis | UnsetType = UNSET
    retention: RetentionClass | UnsetType = UNSET
    legal_hold: bool | UnsetType = UNSET


FINEST: Final = Policy(
    name="network",
    version=1,
    issued_at=0,
    issuer="hub",
    item="number",
    party_country="country",
    route="country",
    quantity="band",
    value="band",
    end_use="code",
    channel="code",
    outcome="code",
    withheld_flags=(),
    withheld_kinds=(),
    sealed=True,
    narrative=True,
    consent=GovRelease.PARTY_AFTER_MY_APPROVAL,
    tlp=Tlp.CLEAR,
    hold=False,
    named_user=False,
    min_coverage=MIN_COVERAGE,
)

# From the coarsest, that is the least said or the strictest handled.
_TLP: Final = (Tlp.RED, Tlp.AMBER_STRICT, Tlp.AMBER, Tlp.GREEN, Tlp.CLEAR)
_CONSENT: Final = tuple(GovRelease)
_LEVELS: Final = ("none", "family", "code", "band", "subregion", "country", "number")
_RETENTION: Final = (*RetentionClass, UNSET)

_Finer = Callable[[Any, Any], bool]


def _by_rank(order: Collection[Any]) -> _Finer:
    ranks = {value: rank for rank, value in enumerate(order)}
    return lambda one, other: ranks[one] > ranks[other]


def _withholds_less(one: Collection[str], other: Collection[str]) -> bool:
    return not set(one) >= set(other)


# For each field, whether the first value says more than the second.
_FINER: Final[dict[str, _Finer]] = {
    **dict.fromkeys(
        ("item", "party_country", "route", "quantity", "value", "end_use", "channel", "outcome"),
        _by_rank(_LEVELS),
    ),
    "withheld_flags": _withholds_less,
    "withheld_kinds": _withholds_less,
    "sealed": lambda one, other: one and not other,
    "narrative": lambda one, other: one and not other,
    "consent": _by_rank(_CONSENT),
    "tlp": _by_rank(_TLP),
    "hold": lambda one, other: other and not one,
    "named_user": lambda one, other: other and not one,
    "min_coverage": lambda one, other: one < other,
    "retention": _by_rank(_RETENTION),
}

# The firm's own word, which is neither finer nor coarser than another's: the second pack's where it has one.
_TOLD: Final = ("legal_basis", "legal_hold")


def finer_fields(pack: Policy, than: Policy) -> list[str]:
    """The fields in which `pack` lets more out than the other pack: those by which it would refine."""
    return [field for field, finer in _FINER.items() if finer(getattr(pack, field), getattr(than, field))]


def coarser_of(one: Policy, other: Policy) -> Policy:
    """What holds where both packs do: of each field the coarser level, of what is withheld all. Named as `other`."""
    merged: dict[str, Any] = {}
    for field, finer in _FINER.items():
        mine, theirs = getattr(one, field), getattr(other, field)
        if isinstance(mine, tuple):
            merged[field] = tuple(sorted({*mine, *theirs}))
        else:
            merged[field] = theirs if finer(mine, theirs) else mine
    for field in _TOLD:
        merged[field] = getattr(other, field) or getattr(one, field)
    return msgspec.structs.replace(other, **merged)
