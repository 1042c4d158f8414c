"""A first draft of a bulletin from a case in which a typology fired, for an analyst to work on.

Members are told the pattern in words, liaisons of T2 the programme's name; neither edition has items, members or
dates. It is saved as a draft like any other: checked, edited, approved by somebody else.
Source: domain brief 5, S2.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from cairn_protocol.errors import CairnError
from cairn_protocol.messages.index import Typology

_BASIS: Final = "Reports of several groups, linked by contact details or names; unverified."
_OBSERVED: Final = "Several groups observed parts of it; no single group saw all of it."

# Title, what reports describe, and what else it could be.
_TOLD: Final[Mapping[Typology, tuple[str, str, str]]] = {
    Typology.T2: (
        "Several complementary item families",
        "Reports describe one buyer who asks different suppliers for several complementary item families.",
        "A laboratory that equips itself asks many suppliers too.",
    ),
    Typology.T3: (
        "One contact under several names",
        "Reports describe one contact that is used under several buyers' names within a year.",
        "A purchasing agent may act for several companies and say so to each.",
    ),
    Typology.T7: (
        "Many requests within two weeks",
        "Reports describe one buyer who asks many suppliers within two weeks.",
        "A tender with a near date makes a buyer ask many suppliers at once.",
    ),
    Typology.T1: (
        "One buyer who asks one supplier after the other",
        "Reports describe one buyer who turns from supplier to supplier, also after a refusal.",
        "A buyer who compares offers asks several suppliers too.",
    ),
}


class NoPattern(CairnError):
    """No typology of this version fired in the case, so there is nothing to draft."""

    slug: ClassVar[str] = "no-pattern"


def draft_of(case: Mapping[str, Any]) -> dict[str, Any]:
    """The draft, as `cairn analyst bulletin draft` reads one, of the most telling pattern of a case.

    case  as the hub lists it

    Raises NoPattern.
    """
    fired = {hit["code"]: hit for hit in case["typologies"]}
    code = next((code for code in _TOLD if code.value in fired), None)
    if code is None:
        raise NoPattern("no pattern was found in this case")
    title, describes, alternative = _TOLD[code]
    edition = {
        "tlp": "AMBER",
        "title": title,
        "bottom_line": describes,
        "observed": _OBSERVED,
        "alternatives": [alternative],
        "basis": _BASIS,
    }
    editions = [{"audience": "members", **edition, "actions": ["HOLD-ASK", "EUS"]}]
    if code is Typology.T2:
        editions.append({"audience": "liaisons", **edition, "programmes": list(fired["T2"]["programmes"])})
    inputs = {
        "origin": "typology",
        "reference": f"{code.value}-case-{case['case']}",
        "reports": list(case["reports"]),
        "party": False,
    }
    return {"kind": "TYPOLOGY", "inputs": [inputs], "editions": editions}
