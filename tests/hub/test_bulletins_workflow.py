"""The way of a bulletin, as pure functions: whatever is tried, two people agreed to the very text that goes out."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn_protocol.messages.bulletins import Stage
from hub.bulletins.refusals import DraftChanged, OwnDraft, WindowOpen, WrongStage
from hub.bulletins.workflow import (
    WINDOW_SECONDS,
    Standing,
    Status,
    approve,
    correct,
    edit,
    object_to,
    recall,
    release,
    submit,
)
from hub.errors import HubError

TEXT, OTHER = b"text", b"other"
NOW = 1_800_000_000
ANALYST = frozenset({Stage.ANALYST})
DRAFT = Standing("ana", TEXT, NOW + 1_000_000)
SUBMITTED = submit(DRAFT, "ana", TEXT, window=False)
APPROVED = approve(SUBMITTED, "ben", Stage.ANALYST, TEXT, NOW)


def test_an_approved_draft_is_released() -> None:
    assert release(APPROVED, NOW).status is Status.RELEASED


def test_its_author_can_not_approve_it() -> None:
    with pytest.raises(OwnDraft):
        approve(SUBMITTED, "ana", Stage.ANALYST, TEXT, NOW)


def test_nobody_approves_a_text_that_is_not_the_one_that_stands() -> None:
    with pytest.raises(DraftChanged):
        approve(SUBMITTED, "ben", Stage.ANALYST, OTHER, NOW)


def test_an_edit_voids_what_was_approved() -> None:
    edited = edit(APPROVED, TEXT, OTHER, ANALYST)

    assert (edited.status, edited.approved) == (Status.DRAFT, {})
    with pytest.raises(WrongStage):
        release(edited, NOW)


def test_of_two_editors_at_once_the_second_is_told() -> None:
    edited = edit(DRAFT, TEXT, OTHER, ANALYST)

    with pytest.raises(DraftChanged):
        edit(edited, TEXT, b"third", ANALYST)


def test_nothing_is_released_unapproved_or_after_its_time() -> None:
    for standing in (DRAFT, SUBMITTED):
        with pytest.raises(WrongStage):
            release(standing, NOW)
    with pytest.raises(WrongStage):
        release(APPROVED, APPROVED.valid_until)


def test_a_reviewer_must_agree_where_one_is_needed_and_is_a_third_person() -> None:
    both = replace(SUBMITTED, needed=frozenset(Stage))
    half = approve(both, "ben", Stage.ANALYST, TEXT, NOW)
    with pytest.raises(WrongStage, match="privacy"):
        release(half, NOW)
    with pytest.raises(OwnDraft):
        approve(half, "ben", Stage.PRIVACY, TEXT, NOW)

    assert release(approve(half, "rae", Stage.PRIVACY, TEXT, NOW), NOW).status is Status.RELEASED


def test_contributors_have_48_hours_from_the_last_approval() -> None:
    asked = submit(DRAFT, "ana", TEXT, window=True)
    approved = approve(asked, "ben", Stage.ANALYST, TEXT, NOW)

    with pytest.raises(WindowOpen):
        release(approved, NOW + WINDOW_SECONDS - 1)
    assert release(approved, NOW + WINDOW_SECONDS).status is Status.RELEASED


def test_an_objection_holds_it_until_it_is_edited_and_comes_in_time_or_not_at_all() -> None:
    approved = approve(submit(DRAFT, "ana", TEXT, window=True), "ben", Stage.ANALYST, TEXT, NOW)
    objected = object_to(approved, TEXT, NOW + 5)

    with pytest.raises(WindowOpen, match="objected"):
        release(objected, NOW + WINDOW_SECONDS)
    assert not edit(objected, TEXT, OTHER, ANALYST).objected
    with pytest.raises(WrongStage):
        object_to(approved, TEXT, NOW + WINDOW_SECONDS)
    with pytest.raises(WrongStage):
        object_to(APPROVED, TEXT, NOW)


def test_what_is_out_is_corrected_recalled_or_expires_and_is_never_edited() -> None:
    out = release(APPROVED, NOW)

    assert correct(out).status is Status.CORRECTED
    assert recall(correct(out)).status is Status.RECALLED
    assert out.now_is(out.valid_until) is Status.EXPIRED
    for over in (out, correct(out), recall(out)):
        with pytest.raises(WrongStage):
            edit(over, TEXT, OTHER, ANALYST)
    for never_out in (DRAFT, SUBMITTED):
        with pytest.raises(WrongStage):
            recall(never_out)


ACTS = st.one_of(
    st.tuples(st.just("edit"), st.sampled_from([TEXT, OTHER])),
    st.tuples(st.just("submit"), st.sampled_from(["ana", "ben"])),
    st.tuples(st.just("approve"), st.sampled_from(["ana", "ben", "rae"]), st.sampled_from([TEXT, OTHER])),
    st.tuples(st.just("release"), st.integers(0, 2 * WINDOW_SECONDS)),
)


@given(st.lists(ACTS, max_size=14), st.booleans())
def test_whatever_is_done_what_goes_out_was_approved_by_another_person(
    acts: list[tuple[object, ...]], window: bool
) -> None:
    """A slow account beside it: who agreed to which text since the last edit."""
    standing, agreed = DRAFT, set[tuple[object, bytes]]()
    for act, *told in acts:
        try:
            if act == "edit":
                standing = edit(standing, standing.outline, told[0], ANALYST)  # type: ignore[arg-type]
                agreed.clear()
            elif act == "submit":
                standing = submit(standing, told[0], standing.outline, window=window)  # type: ignore[arg-type]
            elif act == "approve":
                standing = approve(standing, told[0], Stage.ANALYST, told[1], NOW)  # type: ignore[arg-type]
                agreed.add((told[0], told[1]))  # type: ignore[arg-type]
            else:
                out = release(standing, NOW + told[0])  # type: ignore[operator]
                assert out.status is Status.RELEASED
                assert any(who != "ana" and text == standing.outline for who, text in agreed)
                assert not window or told[0] >= WINDOW_SECONDS  # type: ignore[operator]
                standing = out
        except HubError:
            continue
