"""The way of a bulletin, as pure functions: a standing and an act in, the next standing or a refusal out.

    DRAFT -> SUBMITTED -> (analyst-2, and a reviewer where needed) -> window -> RELEASED
    RELEASED -> CORRECTED (by the next version), RECALLED, EXPIRED

An approval holds for one digest: an edit takes the draft back to DRAFT and voids what was signed. No
clock but the hub's counts. Two people at least let a bulletin out; one is enough to take it back.
Source: domain brief 5.4.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from cairn_protocol.messages.bulletins import Stage
from hub.bulletins.refusals import DraftChanged, OwnDraft, WindowOpen, WrongStage

WINDOW_SECONDS: Final = 48 * 3600


class Status(StrEnum):
    """Where a version of a bulletin stands."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    RELEASED = "RELEASED"
    CORRECTED = "CORRECTED"
    RECALLED = "RECALLED"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True)
class Standing:
    """A version of a bulletin.

    outline      digest of the outline that stands
    needed       whose approvals it must have
    approved     who gave them
    window       whether contributors are asked
    approved_at  when the last approval came; the window is counted from it
    """

    author: str
    outline: bytes
    valid_until: int
    status: Status = Status.DRAFT
    needed: frozenset[Stage] = frozenset({Stage.ANALYST})
    approved: Mapping[Stage, str] = field(default_factory=dict)
    window: bool = False
    approved_at: int | None = None
    objected: bool = False

    def now_is(self, now: int) -> Status:
        """The status at a moment: a released bulletin expires by itself."""
        expired = self.status is Status.RELEASED and now >= self.valid_until
        return Status.EXPIRED if expired else self.status

    def window_until(self) -> int | None:
        """Until when contributors may object; None before it opens, and without one."""
        if not self.window or self.approved_at is None:
            return None
        return self.approved_at + WINDOW_SECONDS


def edit(standing: Standing, replaces: bytes | None, outline: bytes, needed: frozenset[Stage]) -> Standing:
    """Another text: what was signed before is void. Raises DraftChanged if somebody edited meanwhile."""
    if standing.status not in (Status.DRAFT, Status.SUBMITTED):
        raise WrongStage(f"a version that is {standing.status} stays as it is: draft the next version")
    if replaces != standing.outline:
        raise DraftChanged("somebody else saved another text meanwhile")
    return Standing(standing.author, outline, standing.valid_until, needed=needed)


def submit(standing: Standing, by: str, outline: bytes, *, window: bool) -> Standing:
    """The author stands by the text."""
    _same(standing, outline)
    if standing.status is not Status.DRAFT:
        raise WrongStage(f"it is {standing.status} already")
    if by != standing.author:
        raise WrongStage("its author submits a draft")
    return replace(standing, status=Status.SUBMITTED, window=window)


def approve(standing: Standing, by: str, stage: Stage, outline: bytes, now: int) -> Standing:
    """Another person agrees. The same person's again changes nothing."""
    if by == standing.author:
        raise OwnDraft("who wrote a draft can't approve it")
    _same(standing, outline)
    if standing.status is not Status.SUBMITTED:
        raise WrongStage(f"only a submitted draft is approved; it is {standing.status}")
    if stage not in standing.needed:
        raise WrongStage(f"no {stage} approval is asked for")
    if by in (who for other, who in standing.approved.items() if other is not stage):
        raise OwnDraft("one person can't give both approvals")
    if stage in standing.approved:
        return standing
    approved = {**standing.approved, stage: by}
    complete = set(approved) == standing.needed
    return replace(standing, approved=approved, approved_at=now if complete else None)


def object_to(standing: Standing, outline: bytes, now: int) -> Standing:
    """A contributor objects: the draft can't be released until it is edited."""
    _same(standing, outline)
    until = standing.window_until()
    if standing.status is not Status.SUBMITTED or until is None or now >= until:
        raise WrongStage("the window for objections is not open")
    return replace(standing, objected=True)


def release(standing: Standing, now: int) -> Standing:
    """Let it out. Raises WrongStage, WindowOpen."""
    if standing.status is not Status.SUBMITTED:
        raise WrongStage(f"only an approved draft is released; it is {standing.status}")
    missing = standing.needed - set(standing.approved)
    if missing:
        raise WrongStage(f"it lacks approval by: {', '.join(sorted(missing))}")
    if standing.objected:
        raise WindowOpen("a contributor objected: edit the draft, and have it approved anew")
    until = standing.window_until()
    if until is not None and now < until:
        raise WindowOpen("contributors can still object")
    if now >= standing.valid_until:
        raise WrongStage("its period of validity is over")
    return replace(standing, status=Status.RELEASED)


def correct(standing: Standing) -> Standing:
    """The next version takes its place."""
    if standing.status is not Status.RELEASED:
        raise WrongStage(f"only a released version is corrected; it is {standing.status}")
    return replace(standing, status=Status.CORRECTED)


def recall(standing: Standing) -> Standing:
    """Take it back. Raises WrongStage for what was never out."""
    if standing.status not in (Status.RELEASED, Status.CORRECTED):
        raise WrongStage(f"only what was released is recalled; it is {standing.status}")
    return replace(standing, status=Status.RECALLED)


def _same(standing: Standing, outline: bytes) -> None:
    if outline != standing.outline:
        raise DraftChanged("signed over another text than the one that stands")
