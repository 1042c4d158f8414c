"""The coarsening ladder: from the codes an inquiry has to those that may leave, step by step, each with its reason.

    item       model (never sent) -> control-list or customs number -> family -> nothing
    place      address (never in the open part) -> country -> subregion (UN M49) -> nothing
    time       day (never sent) -> week
    amounts    exact (never sent) -> band -> nothing

Two things take a field up the ladder: a policy pack, and the small-market rule. By that rule an item's number
becomes its family, and the party's country the subregion that it lies in, where fewer groups than the policy's
`min_coverage` deal in the family, or where that is not known: a number that two firms in the world make would
name them. The family stays, for the hub judges by it whether a card may be shown at all. A subregion contradicts
no country that lies in it (`codes.m49.may_be_one`).

The fine value is not sent "for later": what leaves is all there is.
Source: domain brief 2.4; `cairn_protocol.coverage`.
"""

from dataclasses import dataclass

import msgspec
from msgspec import UNSET

from cairn.raw.inquiry import Inquiry
from cairn.raw.sanitise.open_codes import open_codes
from cairn_protocol.codes import UNKNOWN, UNLISTED_FAMILY, Channel
from cairn_protocol.codes.m49 import subregion_of
from cairn_protocol.messages.open_codes import OpenCodes
from cairn_protocol.messages.policy import FINEST, Policy
from cairn_protocol.messages.report import GovRelease, Handling, Tlp

_TLP_STRICTEST_FIRST = (Tlp.RED, Tlp.AMBER_STRICT, Tlp.AMBER, Tlp.GREEN, Tlp.CLEAR)
_BY_PACK = "by the policy pack in force"
_SMALL_PLACE = "in such a small market the subregion stands for the country"
_NO_NUMBER = {"eccn": None, "hs6": None, "eu_number": UNSET}


@dataclass(frozen=True, slots=True)
class Step:
    """A field that was made coarser, and why."""

    field: str
    why: str

    def as_json(self) -> dict[str, str]:
        """As `cairn preview --json` prints it."""
        return {"field": self.field, "why": self.why}


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for one inquiry. covered: the groups that deal in its item's family, None if not known."""

    policy: Policy = FINEST
    covered: int | None = None

    def small_market(self) -> bool:
        """Whether the item's number would say too much."""
        return self.covered is None or self.covered < self.policy.min_coverage


@dataclass(frozen=True, slots=True)
class Leaving:
    """What leaves in the clear of the hub: codes, label and consent; and the steps that made them so."""

    codes: OpenCodes
    handling: Handling
    consent: GovRelease
    steps: tuple[Step, ...]


def leaving(inquiry: Inquiry, rules: Rules) -> Leaving:
    """The open part of an inquiry's report under these rules. Never raises for a valid inquiry."""
    policy = rules.policy
    codes = open_codes(inquiry)
    steps: list[Step] = []

    def coarsen(codes: OpenCodes, field: str, why: str, **changed: object) -> OpenCodes:
        coarse = msgspec.structs.replace(codes, **changed)
        if coarse != codes:
            steps.append(Step(field, why))
        return coarse

    if rules.small_market() and policy.item == "number":
        codes = coarsen(codes, "item", _small(rules), **_NO_NUMBER)
    if policy.item != "number":
        codes = coarsen(codes, "item", _BY_PACK, **_NO_NUMBER)
    if policy.item == "none":
        codes = coarsen(codes, "item family", _BY_PACK, family=UNLISTED_FAMILY)
    if policy.party_country == "subregion":
        region = subregion_of(codes.party_country)
        codes = coarsen(codes, "party country", _BY_PACK, party_country=region)
    elif rules.small_market() and policy.party_country == "country":
        region = subregion_of(codes.party_country)
        codes = coarsen(codes, "party country", _SMALL_PLACE, party_country=region)
    if policy.party_country == "none":
        codes = coarsen(codes, "party country", _BY_PACK, party_country=UNKNOWN, party_type=None)
    if policy.route == "subregion":
        codes = coarsen(codes, "route", _BY_PACK, **_by_subregion(codes))
    if policy.route == "none":
        codes = coarsen(
            codes,
            "route",
            _BY_PACK,
            export_country=UNKNOWN,
            via=(),
            stated_destination=UNKNOWN,
            suspected_destination=UNKNOWN,
            mode=None,
            incoterm=None,
            routing=None,
        )
    if policy.quantity == "none":
        codes = coarsen(
            codes, "quantity", _BY_PACK, quantity_band=None, quantity_ratio=None, quantity_unit=UNSET
        )
    if policy.value == "none":
        codes = coarsen(codes, "value", _BY_PACK, value_band=None, price_signal=None)
    if policy.end_use == "none":
        codes = coarsen(codes, "end use", _BY_PACK, end_use_stated=None, end_use_document=None)
    if policy.channel == "none":
        codes = coarsen(codes, "channel", _BY_PACK, channel=Channel.OTHER)
    if policy.outcome == "none":
        codes = coarsen(codes, "outcome", _BY_PACK, outcome=None)
    kept = tuple(flag for flag in codes.red_flags if flag not in policy.withheld_flags)
    codes = coarsen(codes, "red flags", _BY_PACK, red_flags=kept)
    if not kept:  # a suspicion does not go without its reason
        codes = coarsen(codes, "suspected destination", _BY_PACK, suspected_destination=UNKNOWN)
    codes = msgspec.structs.replace(
        codes,
        legal_basis=policy.legal_basis,
        retention=policy.retention,
        legal_hold=policy.legal_hold or UNSET,
    )
    handling = _handling(inquiry.handling, policy, steps)
    return Leaving(codes, handling, _consent(inquiry.consent, policy, steps), tuple(steps))


def _by_subregion(codes: OpenCodes) -> dict[str, object]:
    """The countries of the way as subregions; of those in a row that lie in one, one."""
    via = [subregion_of(country) for country in codes.via]
    return {
        "export_country": subregion_of(codes.export_country),
        "via": tuple(place for at, place in enumerate(via) if at == 0 or place != via[at - 1]),
        "stated_destination": subregion_of(codes.stated_destination),
        "suspected_destination": subregion_of(codes.suspected_destination),
    }


def _small(rules: Rules) -> str:
    if rules.covered is None:
        return "how many groups deal in such items is not known, so the family stands for the number"
    return (
        f"fewer than {rules.policy.min_coverage} groups deal in such items: the family stands for the number"
    )


def _handling(told: Handling, policy: Policy, steps: list[Step]) -> Handling:
    tlp = min(told.tlp, policy.tlp, key=_TLP_STRICTEST_FIRST.index)
    if tlp is told.tlp:
        return told
    steps.append(Step("handling", f"no label less strict than TLP {tlp.value}, {_BY_PACK}"))
    return msgspec.structs.replace(told, tlp=tlp)


def _consent(told: GovRelease, policy: Policy, steps: list[Step]) -> GovRelease:
    consent = min(told, policy.consent, key=tuple(GovRelease).index)
    if consent is not told:
        steps.append(Step("consent", f"no more than {consent.value}, {_BY_PACK}"))
    return consent
