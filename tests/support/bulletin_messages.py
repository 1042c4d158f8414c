"""One example of every message of bulletins, made of fixed keys, for tests.support.messages."""

from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cairn_protocol.messages.bulletins import (
    AcceptedContacts,
    Acknowledgement,
    Action,
    Answer,
    Asked,
    Assurance,
    Audience,
    BulletinKind,
    Bulletins,
    Contact,
    ContactAccepted,
    ContactRequest,
    Contacts,
    Corridor,
    Deconflict,
    Draft,
    DraftEdit,
    Edition,
    Feedback,
    FeedbackCode,
    Figure,
    Inbound,
    Inbox,
    Input,
    Intelligence,
    InWindow,
    Objection,
    Origin,
    Published,
    Question,
    Questions,
    Reached,
    Recall,
    RecallOrder,
    RecallReason,
    Release,
    ReviewerApproval,
    Stage,
    Submission,
    Tally,
    TaxiiToken,
    Usefulness,
    Windows,
    outline_of,
)
from cairn_protocol.messages.report import Tlp
from cairn_protocol.messages.wire import Message, digest_of, sign

_ID = UUID("7c8d9e0f-1a2b-4c3d-8e4f-5a6b7c8d9e0f")
_OTHER = UUID("1c8d9e0f-1a2b-4c3d-8e4f-5a6b7c8d9e0f")
_AT = 1_800_000_000


def bulletin_examples() -> list[Message]:
    """In the order in which they are sent."""
    ana, ben = (Ed25519PrivateKey.from_private_bytes(bytes([byte]) * 32) for byte in (0x61, 0x62))
    edition = Edition(
        audience=Audience.LIAISONS,
        tlp=Tlp.AMBER,
        title="Complementary requests",
        bottom_line="Reports describe requests that fit one programme.",
        observed="Several groups observed it in 25-49 reports.",
        figures=(
            Figure(
                release="trend-2026-q2",
                digest=bytes(range(32)),
                cell="family=FAM-VAC|quarter=2026-Q2",
                count="25-49",
                groups="5-9",
            ),
        ),
        suppression="Smaller families are not shown.",
        families=("FAM-VAC",),
        chpl_tiers=("3.A",),
        programmes=("enrichment",),
        corridors=(Corridor(origin="DE", via="AE", destination="143"),),
        red_flags=("RF-ENU-01",),
        alternatives=("A laboratory that equips itself.",),
        confidence=Assurance.MEDIUM,
        basis="Reports of several groups.",
        actions=(Action.EUS, Action.HOLD_ASK),
        wanted=("Whether others were asked.",),
        handling="For liaisons named by the label.",
    )
    draft = Draft(
        bulletin=_ID,
        version=2,
        kind=BulletinKind.TYPOLOGY,
        author="ana",
        editions=(edition,),
        inputs=(Input(origin=Origin.TYPOLOGY, reference="case-4", reports=(_OTHER,), party=False),),
        valid_from=_AT,
        valid_until=_AT + 7_776_000,
        embargo_until=_AT + 3_600,
        correction="The corridor was another.",
    )
    outline = outline_of(draft)
    digest = digest_of(outline)
    submission = Submission(outline=digest, author="ana", submitted_at=_AT)
    approval = ReviewerApproval(outline=digest, stage=Stage.ANALYST, approver="ben", approved_at=_AT + 60)
    order = RecallOrder(bulletin=_ID, reason=RecallReason.WRONG_JOIN, analyst="ben", ordered_at=_AT + 900)
    release = Release(
        outline=outline,
        submission=sign(submission, ana),
        approvals=(sign(approval, ben),),
        released_at=_AT + 120,
    )
    recall = Recall(order=sign(order, ben))
    intelligence = Intelligence(
        kind=BulletinKind.ADVISORY,
        title="Guidance on free zones",
        text="The authority has published guidance.",
        authority="Export control authority",
        unclassified=True,
        no_source_or_method=True,
        no_natural_person=True,
        no_licence_data=True,
        no_identifiers_to_match=True,
        expires_at=_AT + 7_776_000,
    )
    asked = Asked(id=_ID, text="May a statement be e-mailed?", answer="Yes, if signed.", answered_by="lee")
    contact = Contact(
        id=_OTHER, bulletin=_ID, liaison="lee", about="The end use.", reach="Desk 4", accepted=False
    )
    return [
        draft,
        DraftEdit(draft=draft, replaces=bytes(range(32))),
        outline,
        submission,
        approval,
        order,
        release,
        recall,
        Tally(
            since=_AT,
            until=_AT + 86_400,
            pulls=12,
            feedback=3,
            contact_requests=1,
            questions_answered=1,
            pushed=0,
            refused_as_tasking=2,
            deconflictions=1,
        ),
        Bulletins(
            bulletins=(
                Published(
                    seq=4,
                    bulletin=_ID,
                    release=release,
                    edition=edition,
                    correction=draft.correction,
                    recall=None,
                ),
                Published(seq=5, bulletin=_OTHER, release=None, edition=None, correction=None, recall=recall),
            ),
            latest=5,
            more=False,
        ),
        Acknowledgement(bulletin=_ID),
        Objection(outline=digest, reason="IDENTIFIABLE"),
        Windows(drafts=(InWindow(outline=digest, editions=(edition,), until=_AT + 172_800),)),
        Feedback(bulletin=_ID, code=FeedbackCode.INACCURATE, reason="The corridor is another."),
        Deconflict(bulletin=_ID),
        ContactRequest(bulletin=_ID, about="The end use.", reach="Desk 4"),
        Contacts(contacts=(contact,)),
        ContactAccepted(reach="Compliance desk"),
        AcceptedContacts(
            reached=(Reached(contact=_OTHER, bulletin=_ID, member="alder", reach="Compliance desk"),)
        ),
        Question(text="May a statement be e-mailed?"),
        Answer(text="Yes, if signed."),
        Questions(questions=(asked,)),
        intelligence,
        Inbox(inbound=(Inbound(id=_ID, liaison="lee", intelligence=intelligence),)),
        Usefulness(quarter="2026-Q4", bulletins="10-24", useful="5-9"),
        TaxiiToken(
            user="lee",
            password="A" * 43,
            collections=("liaisons-green", "feedback"),
            expires_at=_AT + 15_552_000,
            others_until=_AT + 86_400,
        ),
    ]
