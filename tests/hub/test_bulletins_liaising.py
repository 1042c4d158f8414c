"""Between governments and members: windows, questions, what is given, what was useful, and what the log says of it."""

import datetime as dt
import time
import uuid
from collections.abc import Iterator

import anyio
import pytest

from cairn_protocol.messages.bulletins import (
    Answer,
    Audience,
    BulletinKind,
    Feedback,
    FeedbackCode,
    Inbox,
    Intelligence,
    Origin,
    Question,
    Questions,
    Usefulness,
)
from cairn_protocol.messages.wire import encode
from hub.bulletins.feedback import quarter_of
from hub.bulletins.transparency import Transparency, report
from hub.services import Services
from tests.support.bulletins import Bureau, draft, edition, hand, slug_of
from tests.support.hub import running_hub
from tests.support.parties import parties

GIVEN = Intelligence(
    kind=BulletinKind.ADVISORY,
    title="Guidance on free zones",
    text="The authority has published guidance on free zones.",
    authority="Export control authority",
    unclassified=True,
    no_source_or_method=True,
    no_natural_person=True,
    no_licence_data=True,
    no_identifiers_to_match=True,
    expires_at=int(time.time()) + 86_400,
)


@pytest.fixture(scope="module")
def bureau(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    with running_hub(module_database_url, tmp_path_factory.mktemp("hub"), parties()) as hub:
        yield Bureau.open(hub, {"alder": "alder-sensors", "birch": "birch-valves"})


def ask(bureau: Bureau, text: str) -> tuple[int, str]:
    answer = bureau.call("alder", "POST", "/v1/questions", encode(Question(text=text)))
    return answer.status_code, answer.json().get("id", "")


def questions(bureau: Bureau) -> Questions:
    return bureau.get("birch", "/v1/questions", Questions)


def test_a_question_waits_and_does_not_say_who_asked(bureau: Bureau) -> None:
    status, question = ask(bureau, "May a statement of end use be e-mailed?")
    early = bureau.call("lee", "POST", f"/v1/liaison/answers/{question}", encode(Answer(text="Yes.")))

    assert status == 201
    assert questions(bureau).questions == ()
    assert (early.status_code, slug_of(early)) == (404, "unknown-contact")


def test_a_question_that_names_somebody_is_refused(bureau: Bureau) -> None:
    assert ask(bureau, "May we sell to info@orkide.example?")[0] == 422


def test_what_a_liaison_gives_is_drafted_by_analysts_and_needs_a_reviewer(bureau: Bureau) -> None:
    """5.6: members read it as a bulletin like any other, after three people agreed."""
    assert bureau.call("lee", "POST", "/v1/liaison/intelligence", encode(GIVEN)).status_code == 202
    (inbound,) = bureau.get("ana", "/v1/bulletins/inbox", Inbox).inbound
    assert inbound.intelligence == GIVEN
    text = draft(
        edition(title=GIVEN.title),
        kind=BulletinKind.ADVISORY,
        inputs=(hand(Origin.GOVERNMENT, str(inbound.id)),),
    )
    for answer in (bureau.save(text), bureau.submit(text), bureau.approve(text)):
        assert answer.status_code == 200, answer.text

    early = bureau.release(text)

    assert (early.status_code, slug_of(early)) == (409, "wrong-stage")
    assert bureau.standing(text)["needs"] == ["privacy"]


def test_usefulness_is_told_in_bands_and_only_of_five_bulletins_or_more(bureau: Bureau) -> None:
    quarter = quarter_of(dt.datetime.now(dt.UTC).date())
    for at in range(5):
        out = bureau.let_out(draft(edition(Audience.LIAISONS), kind=BulletinKind.AGGREGATE))
        code = FeedbackCode.CORROBORATES if at else FeedbackCode.KNOWN
        said = Feedback(bulletin=out.bulletin, code=code, reason=None)
        assert bureau.call("lee", "POST", "/v1/liaison/feedback", encode(said)).status_code == 204
        told = bureau.get("alder", f"/v1/bulletins/usefulness?quarter={quarter}", Usefulness)
        assert (told.bulletins, told.useful) == ((None, None) if at < 4 else ("5-9", "1-4"))


def test_feedback_on_what_was_never_given_to_liaisons_is_refused(bureau: Bureau) -> None:
    said = Feedback(bulletin=uuid.uuid4(), code=FeedbackCode.KNOWN, reason=None)
    answer = bureau.call("lee", "POST", "/v1/liaison/feedback", encode(said))

    assert (answer.status_code, slug_of(answer)) == (404, "unknown-bulletin")


def test_the_transparency_report_counts_from_the_log_and_names_nobody(bureau: Bureau) -> None:
    async def run() -> Transparency:
        settings = bureau.hub.settings
        assert settings.database_url is not None
        async with Services.open(settings, settings.database_url.get_secret_value()) as services:
            return await report(services)

    told = anyio.run(run)

    assert told.bulletins["AGGREGATE"] == 5
    assert (told.liaisons["feedback"], told.liaisons["pushed"]) == (5, 1)
    assert told.leaves["tally"] == 1
    page = told.as_markdown()
    assert "| feedback | 5 |" in page
    assert "lee" not in page
