"""Who may call what: every route of the hub, as data. A route that is not in here is not served.

    ANYBODY   what it answers is public, or the message itself proves who sent it (an enrolment's word, a
              trustee's approval)
    TRUSTEE   a request signed by a trustee of the genesis; the other parties' roles are the roster's
    TOKEN     a liaison's TAXII token, which opens nothing else

No liaison and no token stands beside a route that takes reports, links, cuts, opens, publishes, releases
or changes who takes part: that is G9, and it can be read off this table.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from hub.errors import HubError


class Caller(StrEnum):
    """Kinds of caller."""

    ANYBODY = "anybody"
    MEMBER = "member"
    ANALYST = "analyst"
    REVIEWER = "reviewer"
    LIAISON = "liaison"
    TRUSTEE = "trustee"
    TOKEN = "token"  # noqa: S105  (a kind of caller, no secret)


class UnlistedRoute(HubError):
    """The program serves a route that this table does not list."""

    slug = "internal"


def _all(caller: Caller, *routes: str) -> dict[str, Caller]:
    return dict.fromkeys(routes, caller)


_COLLECTION: Final = "/taxii2/{root}/collections/{collection}"

MATRIX: Final[Mapping[str, Caller]] = {
    **_all(
        Caller.ANYBODY,
        "GET /healthz",
        "GET /readyz",
        "GET /metrics",
        "GET /openapi.json",
        "POST /v1/enrolments",
        "GET /v1/roster",
        "GET /v1/roster/proposals",
        "POST /v1/roster/proposals/{act_id}",
        "GET /v1/log/checkpoint",
        "GET /v1/log/entries",
        "GET /v1/log/proof",
        "GET /v1/index/manifest",
        "GET /v1/policy",
        "GET /v1/index/segments/{digest}",
        "GET /v1/questions",
        "GET /v1/releases",
        "GET /v1/releases/tables",
        "GET /v1/releases/{release}",
        "GET /v1/releases/{release}/table.csv",
        "GET /v1/returns",
        "GET /v1/returns/{period}",
        "GET /v1/schemas/stix-extension-1.json",
    ),
    **_all(
        Caller.MEMBER,
        "POST /v1/reports",
        "POST /v1/reports/batch",
        "POST /v1/retractions",
        "POST /v1/statements",
        "POST /v1/recalls/{cut}/acknowledgements",
        "POST /v1/returns",
        "GET /v1/bulletins",
        "POST /v1/bulletins/acknowledgements",
        "GET /v1/bulletins/windows",
        "POST /v1/bulletins/objections",
        "GET /v1/bulletins/usefulness",
        "GET /v1/contacts",
        "POST /v1/contacts/{contact}",
        "POST /v1/questions",
        "GET /v1/releases/for-members",
    ),
    **_all(
        Caller.ANALYST,
        "GET /v1/cases",
        "GET /v1/openings",
        "POST /v1/openings",
        "GET /v1/openings/{opening}",
        "POST /v1/openings/{opening}/confirmation",
        "GET /v1/recalls/waiting",
        "GET /v1/recalls/{cut}",
        "POST /v1/recalls/{cut}/confirmation",
        "GET /v1/openings/{opening}/material",
        "GET /v1/bulletins/drafts",
        "POST /v1/bulletins/drafts",
        "GET /v1/bulletins/drafts/{bulletin}",
        "GET /v1/bulletins/drafts/{bulletin}/stix",
        "POST /v1/bulletins/drafts/{bulletin}/checks",
        "POST /v1/bulletins/drafts/{bulletin}/submission",
        "POST /v1/bulletins/drafts/{bulletin}/approval",
        "POST /v1/bulletins/drafts/{bulletin}/release",
        "POST /v1/bulletins/{bulletin}/recall",
        "GET /v1/bulletins/inbox",
        "POST /v1/trends",
        "GET /v1/trends",
        "GET /v1/trends/budget",
        "POST /v1/releases/drafts",
        "GET /v1/releases/drafts",
        "GET /v1/releases/drafts/{release}",
        "POST /v1/releases/drafts/{release}/consents",
    ),
    **_all(
        Caller.REVIEWER,
        "GET /v1/disputes",
        "GET /v1/recalls",
        "POST /v1/recalls",
        "GET /v1/bulletins/drafts/{bulletin}/for-review",
        "POST /v1/bulletins/drafts/{bulletin}/privacy-approval",
    ),
    **_all(
        Caller.TRUSTEE,
        "GET /v1/openings/pending",
        "GET /v1/openings/{opening}/evidence",
        "POST /v1/openings/{opening}/answers",
        "GET /v1/returns/duties",
        "POST /v1/returns/{period}/deposits",
        "GET /v1/returns/{period}/close",
        "GET /v1/returns/{period}/contributions",
        "POST /v1/returns/{period}/approvals",
        "GET /v1/returns/{period}/parts",
        "POST /v1/returns/{period}/parts",
    ),
    **_all(
        Caller.LIAISON,
        "GET /v1/liaison/bulletins",
        "POST /v1/liaison/acknowledgements",
        "POST /v1/liaison/feedback",
        "POST /v1/liaison/deconflictions",
        "POST /v1/liaison/contacts",
        "GET /v1/liaison/contacts",
        "POST /v1/liaison/answers/{question}",
        "POST /v1/liaison/intelligence",
        "POST /v1/liaison/tokens",
    ),
    **_all(
        Caller.TOKEN,
        "GET /taxii2/",
        "GET /taxii2/{root}/",
        "GET /taxii2/{root}/status/{status}/",
        "GET /taxii2/{root}/collections/",
        f"GET {_COLLECTION}/",
        f"GET {_COLLECTION}/manifest/",
        f"GET {_COLLECTION}/objects/",
        f"POST {_COLLECTION}/objects/",
        f"GET {_COLLECTION}/objects/{{object_id}}/",
        f"DELETE {_COLLECTION}/objects/{{object_id}}/",
        f"GET {_COLLECTION}/objects/{{object_id}}/versions/",
    ),
}


def require_listed(routes: Iterable[str]) -> None:
    """Raise UnlistedRoute unless the table has each of these, written "METHOD /path"."""
    unlisted = sorted(set(routes) - set(MATRIX))
    if unlisted:
        raise UnlistedRoute(f"not in hub/members/authorisation.py: {', '.join(unlisted)}")
