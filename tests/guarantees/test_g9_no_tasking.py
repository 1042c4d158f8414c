"""G9: government pulls and comments. With every credential of a liaison, nothing it sends changes anything else."""

import hashlib
import json
import time
import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.messages.bulletins import (
    Acknowledgement,
    Answer,
    Audience,
    BulletinKind,
    ContactRequest,
    Deconflict,
    Draft,
    Feedback,
    FeedbackCode,
    Intelligence,
)
from cairn_protocol.messages.wire import Message, encode
from hub.bulletins.taxii import MEDIA_TYPE
from hub.members.authorisation import MATRIX, Caller
from hub.storage import models
from tests.support.bulletins import Bureau, draft, edition, slug_of
from tests.support.hub import in_database, running_hub
from tests.support.parties import parties

# What a liaison may leave traces in: its own words, its own credentials, and counts of what it did.
ITS_OWN = {
    "bulletin_feedback",
    "bulletin_contacts",
    "bulletin_questions",  # the answer
    "bulletin_intelligence",
    "bulletin_acknowledgements",
    "liaison_acts",
    "taxii_tokens",
    "taxii_statuses",
    "request_nonces",
}
# Written by the hub's own clockwork meanwhile.
CLOCKWORK = {"translog_checkpoints", "translog_promised"}


@pytest.fixture(scope="module")
def bureau(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    with running_hub(module_database_url, tmp_path_factory.mktemp("hub"), parties()) as hub:
        yield Bureau.open(hub)


@pytest.fixture(scope="module")
def bulletin(bureau: Bureau) -> Draft:
    return bureau.let_out(draft(edition(Audience.LIAISONS), kind=BulletinKind.AGGREGATE))


def everything_else(bureau: Bureau) -> dict[str, str]:
    """A digest of each table that is not a liaison's own."""

    async def read(db: AsyncSession) -> dict[str, str]:
        digests = {}
        for table in models.Base.metadata.sorted_tables:
            if table.name in ITS_OWN | CLOCKWORK:
                continue
            rows = await db.execute(text(f'SELECT t::text FROM "{table.name}" AS t ORDER BY 1'))
            digests[table.name] = hashlib.sha256("\n".join(row[0] for row in rows).encode()).hexdigest()
        return digests

    found = in_database(bureau.hub.settings, read)
    assert isinstance(found, dict)
    return found


def plausible(bulletin: Draft) -> dict[str, Message | None]:
    """A good body for each route of a liaison, and None where there is none."""
    whose = bulletin.bulletin
    given = Intelligence(
        kind=BulletinKind.ADVISORY,
        title="Guidance",
        text="Guidance was published.",
        authority="The authority",
        unclassified=True,
        no_source_or_method=True,
        no_natural_person=True,
        no_licence_data=True,
        no_identifiers_to_match=True,
        expires_at=int(time.time()) + 86_400,
    )
    return {
        "POST /v1/liaison/acknowledgements": Acknowledgement(bulletin=whose),
        "POST /v1/liaison/feedback": Feedback(bulletin=whose, code=FeedbackCode.NEW_USEFUL, reason=None),
        "POST /v1/liaison/deconflictions": Deconflict(bulletin=whose),
        "POST /v1/liaison/contacts": ContactRequest(bulletin=whose, about="The end use.", reach="Desk 4"),
        "POST /v1/liaison/answers/{question}": Answer(text="Yes."),
        "POST /v1/liaison/intelligence": given,
        "POST /v1/liaison/tokens": None,
    }


def test_no_route_of_a_liaison_changes_what_is_collected_linked_scored_or_shown(
    bureau: Bureau, bulletin: Draft
) -> None:
    """Every route of the table, signed with a liaison's key and with its token, with good bodies and others' own."""
    token = bureau.token()
    before = everything_else(bureau)
    bodies = plausible(bulletin)
    for route in MATRIX:
        method, template = route.split(" ", 1)
        path = template.format(
            act_id="0" * 16, digest="0" * 64, opening="0" * 16, root="liaisons", collection="liaisons-green",
            object_id="report--x", status=uuid.uuid4(), bulletin=bulletin.bulletin, contact=uuid.uuid4(),
            question=uuid.uuid4(), period="2026-10", release="tiers-2026-Q3", cut="0" * 16,
        )  # fmt: skip
        message = bodies.get(route)
        body = encode(message) if message is not None else b""
        bureau.call("lee", method, path, body)
        if path.startswith("/taxii2/"):
            bureau.taxii(path.removeprefix("/taxii2/"), token, method, content=body or b"{}")

    assert set(bodies) == {
        route for route, caller in MATRIX.items() if caller is Caller.LIAISON and route.startswith("POST")
    }
    assert everything_else(bureau) == before


def test_a_stolen_token_used_from_a_script_reads_its_collections_and_nothing_else(
    bureau: Bureau, bulletin: Draft
) -> None:
    token = bureau.token("lee", ("liaisons-clear",))
    before = everything_else(bureau)

    assert bureau.taxii("liaisons/collections/liaisons-green/objects/", token).status_code == 404
    for path in ("reports", "bulletins/drafts", "openings", "liaison/intelligence"):
        answer = bureau.taxii(f"../v1/{path}", token, "POST", content=b"{}")
        assert (answer.status_code, slug_of(answer)) == (401, "unsigned")
    assert everything_else(bureau) == before


@pytest.mark.parametrize(
    "text",
    [
        "Look for buyer@orkide.example.",
        "Their phone is +90 555 010 0199.",
        "LEI 529900T8BM49AURSDO55",
        "Ask Mr Halyard.",
    ],
)
def test_identifiers_to_be_matched_are_refused_as_tasking_wherever_they_are_sent(
    bureau: Bureau, bulletin: Draft, text: str
) -> None:
    bodies = plausible(bulletin)
    given = bodies["POST /v1/liaison/intelligence"]
    assert isinstance(given, Intelligence)
    sent = {
        "/v1/liaison/intelligence": encode(given).replace(b"Guidance was published.", text.encode()),
        "/v1/liaison/contacts": encode(
            ContactRequest(bulletin=bulletin.bulletin, about=text, reach="Desk 4")
        ),
        f"/v1/liaison/answers/{uuid.uuid4()}": encode(Answer(text=text)),
        "/v1/liaison/feedback": encode(
            Feedback(bulletin=bulletin.bulletin, code=FeedbackCode.INACCURATE, reason=text)
        ),
    }
    for path, body in sent.items():
        answer = bureau.call("lee", "POST", path, body)
        assert (answer.status_code, slug_of(answer)) == (403, "tasking"), path

    posted = bureau.taxii(
        "liaisons/collections/feedback/objects/",
        bureau.token(),
        "POST",
        content=json.dumps({"objects": [{"type": "identity", "name": text}]}),
        headers={"Content-Type": MEDIA_TYPE},
    )
    assert posted.json()["failures"][0]["message"].startswith("tasking")


def test_a_checklist_with_an_open_point_and_a_liaisons_own_bulletin_are_refused(
    bureau: Bureau, bulletin: Draft
) -> None:
    given = plausible(bulletin)["POST /v1/liaison/intelligence"]
    for name in (b"unclassified", b"no_natural_person", b"no_identifiers_to_match"):
        body = encode(given).replace(b'"%s":true' % name, b'"%s":false' % name)  # type: ignore[arg-type]
        answer = bureau.call("lee", "POST", "/v1/liaison/intelligence", body)
        assert (answer.status_code, slug_of(answer)) == (422, "checklist-open")
    for act in ("release", "approval"):
        answer = bureau.call("lee", "POST", f"/v1/bulletins/drafts/{bulletin.bulletin}/{act}")
        assert answer.status_code == 401
