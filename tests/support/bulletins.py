"""Drafts for tests, whole and fit, with any field changed by name; and a bureau whose people act over HTTP."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx2
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cairn_protocol.messages.bulletins import (
    Action,
    Assurance,
    Audience,
    BulletinKind,
    Corridor,
    Draft,
    DraftEdit,
    Edition,
    Figure,
    Input,
    Origin,
    RecallOrder,
    RecallReason,
    ReviewerApproval,
    Stage,
    Submission,
    TaxiiToken,
    outline_of,
)
from cairn_protocol.messages.parties import Role
from cairn_protocol.messages.report import Tlp
from cairn_protocol.messages.wire import decode, digest_of, encode, sign
from hub.bulletins.catalogue import EVERYTHING
from hub.bulletins.checks import needs_privacy_review
from hub.bulletins.ports import ReleasedCell, ReleasedTable
from hub.bulletins.taxii import MEDIA_TYPE
from hub.bulletins.tokens import issue
from tests.support.hub import RunningHub, in_database, until
from tests.support.parties import member

_M = TypeVar("_M", bound=msgspec.Struct)

RELEASE = "trend-2026-q2"
DIGEST = bytes(range(32))
CELL = "family=FAM-IC|destination=KZ|quarter=2026-Q2"
TABLE = ReleasedTable(RELEASE, DIGEST, {CELL: ReleasedCell("25-49", "5-9")})
FIGURE = Figure(release=RELEASE, digest=DIGEST, cell=CELL, count="25-49", groups="5-9")


def edition(audience: Audience = Audience.MEMBERS, **changed: Any) -> Edition:
    whole = Edition(
        audience=audience,
        tlp=Tlp.GREEN,
        title="Requests that change their stated end use",
        bottom_line="Reports describe buyers who change the stated end use when asked for a statement.",
        observed="Several groups observed it in one quarter. The reports are unverified.",
        figures=(),
        suppression=None,
        families=(),
        chpl_tiers=(),
        programmes=(),
        corridors=(
            Corridor(origin="DE", via=None, destination="KZ"),
            Corridor(origin=None, via="AE", destination="143"),
        ),
        red_flags=("RF-ENU-01", "RF-LOG-01"),
        alternatives=("Distributors often do not know the end use when they first ask.",),
        confidence=Assurance.MEDIUM,
        basis="Reports of several groups, linked by contact details.",
        actions=(Action.HOLD_ASK, Action.EUS),
        wanted=("Whether the stated end use changed after a first refusal.",),
        handling="For the readers named by the label. Corrections: see the hub's address.",
    )
    return msgspec.structs.replace(whole, **changed)


def draft(*editions: Edition, **changed: Any) -> Draft:
    now = int(time.time())
    whole = Draft(
        bulletin=uuid4(),
        version=1,
        kind=BulletinKind.METHOD,
        author="ana",
        editions=editions or (edition(),),
        inputs=(hand(),),
        valid_from=now - 60,
        valid_until=now + 90 * 86_400,
        embargo_until=0,
        correction=None,
    )
    return msgspec.structs.replace(whole, **changed)


def hand(origin: Origin = Origin.HAND, reference: str = "note-1", reports: tuple[UUID, ...] = ()) -> Input:
    return Input(origin=origin, reference=reference, reports=reports, party=False)


@dataclass
class Bureau:
    """A running hub with analysts ana and ben, reviewer rae, liaison lee and members, and what they do."""

    hub: RunningHub
    keys: dict[str, Ed25519PrivateKey]

    @classmethod
    def open(cls, hub: RunningHub, members: Mapping[str, str] | None = None) -> "Bureau":
        """members  group by member id"""
        bureau = cls(hub, {})
        for party, role in (
            ("ana", Role.ANALYST),
            ("ben", Role.ANALYST),
            ("rae", Role.REVIEWER),
            ("lee", Role.LIAISON),
        ):
            bureau.enter(party, role=role, group=None, group_index=None, sector=None, families=())
        for index, (party, group) in enumerate((members or {"alder": "alder-sensors"}).items(), 1):
            bureau.enter(party, group=group, group_index=index)
        return bureau

    def enter(self, party: str, **told: Any) -> None:
        entry, key = member(party, **told)
        self.hub.enter(entry, key)
        self.keys[party] = key

    def call(self, who: str, method: str, path: str, body: bytes = b"") -> httpx2.Response:
        return self.hub.call(method, path, body, who, self.keys[who])

    def get(self, who: str, path: str, cls: type[_M]) -> _M:
        answer = self.call(who, "GET", path)
        assert answer.status_code == 200, answer.text
        return decode(answer.content, cls)

    def save(self, draft: Draft, replaces: bytes | None = None, by: str | None = None) -> httpx2.Response:
        edit = DraftEdit(draft=draft, replaces=replaces)
        return self.call(by or draft.author, "POST", "/v1/bulletins/drafts", encode(edit))

    def submit(self, draft: Draft) -> httpx2.Response:
        said = Submission(
            outline=digest_of(outline_of(draft)), author=draft.author, submitted_at=int(time.time())
        )
        body = encode(sign(said, self.keys[draft.author]))
        return self.call(draft.author, "POST", f"/v1/bulletins/drafts/{draft.bulletin}/submission", body)

    def approve(self, draft: Draft, by: str = "ben", stage: Stage = Stage.ANALYST) -> httpx2.Response:
        said = ReviewerApproval(
            outline=digest_of(outline_of(draft)), stage=stage, approver=by, approved_at=int(time.time())
        )
        act = "approval" if stage is Stage.ANALYST else "privacy-approval"
        body = encode(sign(said, self.keys[by]))
        return self.call(by, "POST", f"/v1/bulletins/drafts/{draft.bulletin}/{act}", body)

    def release(self, draft: Draft, by: str = "ana") -> httpx2.Response:
        return self.call(by, "POST", f"/v1/bulletins/drafts/{draft.bulletin}/release")

    def recall(self, bulletin: UUID, reason: RecallReason, by: str = "ben") -> httpx2.Response:
        order = RecallOrder(bulletin=bulletin, reason=reason, analyst=by, ordered_at=int(time.time()))
        body = encode(sign(order, self.keys[by]))
        return self.call(by, "POST", f"/v1/bulletins/{bulletin}/recall", body)

    def let_out(self, draft: Draft, replaces: bytes | None = None) -> Draft:
        """From draft to in force."""
        for answer in (self.save(draft, replaces), self.submit(draft), self.approve(draft)):
            assert answer.status_code == 200, answer.text
        if needs_privacy_review(draft):
            assert self.approve(draft, "rae", Stage.PRIVACY).status_code == 200
        assert self.release(draft).status_code == 200
        until(lambda: self.standing(draft)["in_force"])
        return draft

    def take_back(self, draft: Draft, reason: RecallReason = RecallReason.WRONG_DATA) -> None:
        """A recall, in force."""
        assert self.recall(draft.bulletin, reason).status_code == 200
        until(lambda: self.standing(draft)["status"] == "RECALLED")

    def standing(self, draft: Draft) -> dict[str, Any]:
        answer = self.call("ana", "GET", "/v1/bulletins/drafts")
        assert answer.status_code == 200, answer.text
        key = (str(draft.bulletin), draft.version)
        return next(one for one in answer.json() if (one["bulletin"], one["version"]) == key)

    def token(self, liaison: str = "lee", collections: Sequence[str] = EVERYTHING) -> TaxiiToken:
        issued = in_database(self.hub.settings, lambda db: issue(db, liaison, collections))
        assert isinstance(issued, TaxiiToken)
        return issued

    def taxii(
        self, path: str, token: TaxiiToken | None = None, method: str = "GET", **more: Any
    ) -> httpx2.Response:
        headers = {"Accept": MEDIA_TYPE} | more.pop("headers", {})
        auth = (token.user, token.password) if token is not None else None
        return httpx2.request(
            method, f"{self.hub.url}/taxii2/{path}", auth=auth, headers=headers, timeout=30, **more
        )


def slug_of(answer: httpx2.Response) -> str:
    """A refusal's slug."""
    return str(answer.json()["type"]).rsplit("/", 1)[-1]
