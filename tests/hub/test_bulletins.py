"""A bulletin on a running hub: drafted, approved by another, logged, read, corrected, recalled."""

import time
from collections.abc import Iterator

import msgspec
import pytest

from cairn_protocol.messages.bulletins import (
    Acknowledgement,
    Audience,
    BulletinKind,
    Bulletins,
    RecallReason,
    outline_of,
)
from cairn_protocol.messages.log import LeafKind, content_digest, hash_of
from cairn_protocol.messages.wire import digest_of, encode
from tests.support.bulletins import Bureau, draft, edition, slug_of
from tests.support.hub import running_hub
from tests.support.parties import parties


@pytest.fixture(scope="module")
def bureau(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    with running_hub(module_database_url, tmp_path_factory.mktemp("hub"), parties()) as hub:
        yield Bureau.open(hub)


def read(bureau: Bureau, after: int = 0) -> Bulletins:
    return bureau.get("alder", f"/v1/bulletins?after={after}", Bulletins)


def test_two_people_let_a_bulletin_out_and_members_read_it(bureau: Bureau) -> None:
    before = read(bureau).latest
    out = bureau.let_out(draft())

    (shown,) = read(bureau, before).bulletins

    assert shown.edition == out.editions[0]
    assert shown.release is not None
    assert shown.release.outline == outline_of(out)
    assert shown.release.outline.editions[0].digest == out.editions[0].digest()


def test_a_release_is_in_the_log_before_anybody_reads_it(bureau: Bureau) -> None:
    """G8: what readers get is a leaf that trustees cosigned; without cosignatures nobody gets it."""
    waiting = draft()
    for answer in (bureau.save(waiting), bureau.submit(waiting), bureau.approve(waiting)):
        assert answer.status_code == 200
    for cosigner in bureau.hub.cosigners.values():
        cosigner.down = True
    try:
        assert bureau.release(waiting).json()["status"] == "RELEASED"
        time.sleep(0.5)
        assert not bureau.standing(waiting)["in_force"]
        assert waiting.bulletin not in {one.bulletin for one in read(bureau).bulletins}
    finally:
        for cosigner in bureau.hub.cosigners.values():
            cosigner.down = False


def test_an_approval_after_an_edit_and_the_authors_own_are_refused(bureau: Bureau) -> None:
    first = draft()
    assert bureau.save(first).status_code == 200
    assert bureau.submit(first).status_code == 200
    edited = msgspec.structs.replace(first, editions=(edition(title="Another title"),))
    assert bureau.save(edited, digest_of(outline_of(first))).json()["status"] == "DRAFT"
    assert bureau.submit(edited).status_code == 200

    late, own = bureau.approve(first), bureau.approve(edited, by="ana")

    assert (late.status_code, slug_of(late)) == (409, "draft-changed")
    assert (own.status_code, slug_of(own)) == (403, "own-draft")
    unapproved = bureau.release(edited)
    assert (unapproved.status_code, slug_of(unapproved)) == (409, "wrong-stage")


def test_of_two_editors_at_once_one_is_told(bureau: Bureau) -> None:
    first = draft()
    bureau.save(first)
    before = digest_of(outline_of(first))
    for title, status in (("One wording", 200), ("Another wording", 409)):
        edited = msgspec.structs.replace(first, editions=(edition(title=title),))
        assert bureau.save(edited, before).status_code == status


def test_an_unfit_draft_is_saved_with_its_findings_and_goes_no_further(bureau: Bureau) -> None:
    """S2: the wording lint rejects "front company"; markup in a title is no title."""
    unfit = draft(edition(title="<b>A front company</b>"))
    found = {one["code"] for one in bureau.save(unfit).json()["findings"]}

    refused = bureau.submit(unfit)

    assert {"MARKUP", "JUDGEMENT"} <= found
    assert (refused.status_code, slug_of(refused)) == (422, "unfit-text")
    assert "front" not in refused.text


def test_an_embargo_holds_by_the_hubs_clock_whatever_a_draft_says_of_its_time(bureau: Bureau) -> None:
    held = draft(embargo_until=int(time.time()) + 3_600, valid_from=0, valid_until=int(time.time()) + 86_400)
    held = msgspec.structs.replace(held, valid_from=held.valid_until - 100 * 86_400)
    for answer in (bureau.save(held), bureau.submit(held), bureau.approve(held), bureau.release(held)):
        assert answer.status_code == 200, answer.text
    time.sleep(0.5)

    assert held.bulletin not in {one.bulletin for one in read(bureau).bulletins}


def test_a_correction_takes_the_place_of_what_was_wrong(bureau: Bureau) -> None:
    out = bureau.let_out(draft())
    before = read(bureau).latest
    fixed = msgspec.structs.replace(
        out, version=2, correction="The wording was unclear.", editions=(edition(title="A clearer title"),)
    )
    bureau.let_out(fixed)

    shown = [one for one in read(bureau).bulletins if one.bulletin == out.bulletin]
    (new,) = read(bureau, before).bulletins

    assert [one.edition and one.edition.title for one in shown] == ["A clearer title"]
    assert new.correction == "The wording was unclear."
    assert bureau.standing(out)["status"] == "CORRECTED"


def test_a_recall_reaches_every_reader_and_leaves_neither_text_nor_figures(bureau: Bureau) -> None:
    out = bureau.let_out(draft())
    bureau.take_back(out, RecallReason.LEGAL)

    (shown,) = [one for one in read(bureau).bulletins if one.bulletin == out.bulletin]
    acknowledged = bureau.call(
        "alder", "POST", "/v1/bulletins/acknowledgements", encode(Acknowledgement(bulletin=out.bulletin))
    )

    assert (shown.edition, shown.release) == (None, None)
    assert shown.recall is not None
    assert acknowledged.status_code == 204
    standing = bureau.standing(out)
    assert (standing["recalled"], standing["acknowledged"], standing["title"]) == ("LEGAL", 1, None)
    again = bureau.release(out)
    assert (again.status_code, slug_of(again)) == (409, "wrong-stage")


def test_releases_and_recalls_are_leaves_that_hold_no_text(bureau: Bureau) -> None:
    out = bureau.let_out(draft(edition(title="A title that must not be in the log")))
    (shown,) = [one for one in read(bureau).bulletins if one.bulletin == out.bulletin]
    assert shown.release is not None
    content = encode(shown.release)
    size = bureau.hub.checkpoint().checkpoint.size
    leaf = hash_of(LeafKind.BULLETIN, content_digest(content)).hex()

    proof = bureau.hub.get(f"/v1/log/proof?leaf={leaf}&size={size}")

    assert proof.status_code == 200
    assert b"must not be in the log" not in content


def test_liaisons_editions_are_not_for_members(bureau: Bureau) -> None:
    before = read(bureau).latest
    bureau.let_out(
        draft(
            edition(Audience.MEMBERS, title="For members"),
            edition(Audience.LIAISONS, title="For others"),
            kind=BulletinKind.TREND,
        )
    )

    titles = [one.edition.title for one in read(bureau, before).bulletins if one.edition]

    assert titles == ["For members"]
