"""A bulletin on the wire: drafted, approved by other people than its author, logged, read, recalled.

    Draft            the editions for members and liaisons, and the inputs they were drawn from
    Outline          what is signed and logged of a draft: digests and labels, no text
    Submission       the author's signature over an outline; ReviewerApproval, a second person's
    Release, Recall  content of leaves: a reader checks an edition against them without trusting the hub
    Published        an edition with its release, or what is left of it after a recall
    Feedback, ContactRequest, Intelligence   what a liaison can send; none of them names what to collect

A digest of the outline stands for the whole draft, so an approval holds for exactly one text.
Source: domain brief 5; TLP 2.0 (FIRST).
"""

from enum import StrEnum
from typing import Annotated, ClassVar, Final
from uuid import UUID

from msgspec import Meta

from cairn_protocol.messages.report import Tlp
from cairn_protocol.messages.wire import (
    Bytes32,
    Count,
    FamilyCode,
    Message,
    Name,
    Part,
    Seconds,
    Signed,
    digest_of,
    whole,
)

MAX_REPORTS: Final = 500  # that a draft may be drawn from


class BulletinKind(StrEnum):
    """What a bulletin is."""

    TREND = "TREND"
    TYPOLOGY = "TYPOLOGY"
    METHOD = "METHOD"
    CODELIST_CHANGE = "CODELIST-CHANGE"
    RECALL = "RECALL"
    AGGREGATE = "AGGREGATE"
    REFERRAL_OFFER = "REFERRAL-OFFER"  # a member is willing to be contacted
    ADVISORY = "ADVISORY"  # from a government, already public
    SANITISED = "SANITISED"  # from a government, not public, releasable
    REQUEST_VOLUNTARY = "REQUEST-VOLUNTARY"
    THANKS_OUTCOME = "THANKS-OUTCOME"


class Audience(StrEnum):
    """Who reads an edition."""

    MEMBERS = "members"
    LIAISONS = "liaisons"


class Action(StrEnum):
    """What a reader may do. None of them is "do not sell": each decides alone."""

    HOLD_ASK = "HOLD-ASK"
    EUS = "EUS"
    SCREEN = "SCREEN"
    VISIT_CALL = "VISIT-CALL"
    CLASSIFY = "CLASSIFY"
    LICENCE = "LICENCE"
    REFER = "REFER"
    PROCEED_WITH_RECORD = "PROCEED-WITH-RECORD"
    DECLINE_OWN_DECISION = "DECLINE-OWN-DECISION"


class Assurance(StrEnum):
    """How sure the bulletin is of what it says."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


class Origin(StrEnum):
    """What an input is."""

    TYPOLOGY = "typology"  # a hit, with the reports it was found in
    TREND = "trend"  # a release
    HAND = "hand"  # an analyst's own text
    GOVERNMENT = "government"  # what a liaison pushed


class RecallReason(StrEnum):
    """Why a bulletin was taken back."""

    WRONG_JOIN = "WRONG-JOIN"
    WRONG_DATA = "WRONG-DATA"
    CAVEAT_BREACH = "CAVEAT-BREACH"
    DISPUTE_UPHELD = "DISPUTE-UPHELD"
    LEGAL = "LEGAL"
    SUPERSEDED = "SUPERSEDED"


class FeedbackCode(StrEnum):
    """What a liaison says of a bulletin."""

    NEW_USEFUL = "NEW-USEFUL"
    CORROBORATES = "CORROBORATES"
    KNOWN = "KNOWN"
    NOT_ACTIONABLE = "NOT-ACTIONABLE"
    INACCURATE = "INACCURATE"
    TOO_COARSE = "TOO-COARSE"
    TOO_LATE = "TOO-LATE"
    ACTION_TAKEN = "ACTION-TAKEN"
    OUTCOME_CLEARED = "OUTCOME-CLEARED"


USEFUL: Final = frozenset(
    {
        FeedbackCode.NEW_USEFUL,
        FeedbackCode.CORROBORATES,
        FeedbackCode.ACTION_TAKEN,
        FeedbackCode.OUTCOME_CLEARED,
    }
)


class Stage(StrEnum):
    """Whose approval it is."""

    ANALYST = "analyst"  # a second analyst
    PRIVACY = "privacy"  # a reviewer, for facts about one party or from a government


def _text(most: int) -> Meta:
    return Meta(min_length=1, max_length=most)


Title = Annotated[str, _text(120)]
Paragraph = Annotated[str, _text(1_200)]
Sentence = Annotated[str, _text(300)]
Band = Annotated[str, whole(r"[0-9]{1,6}(-[0-9]{1,6}|\+)?|<[0-9]{1,3}|suppressed")]
Place = Annotated[str, whole(r"[A-Z]{2}|[0-9]{3}")]  # ISO 3166 country, or UN M49 region
FlagCode = Annotated[str, whole(r"RF-[A-Z]{2,4}-[0-9]{2}")]
Tier = Annotated[str, whole(r"[1-4](\.[AB])?")]
Programme = Annotated[str, whole(r"[a-z][a-z0-9-]{1,40}")]
ReleaseId = Annotated[str, whole(r"[a-z][a-z0-9]{0,30}(-[a-z0-9Q]{1,16}){0,3}")]  # such as tiers-2026-Q3
CellKey = Annotated[
    str, whole(r"[a-z0-9_]+=[A-Za-z0-9.+:-]+(\|[a-z0-9_]+=[A-Za-z0-9.+:-]+){0,9}", max_length=200)
]
BulletinVersion = Annotated[int, Meta(ge=1, le=1_000)]


class Figure(Part, frozen=True):
    """A figure as it was released: the cell's bands, and the digest of the release that has them."""

    release: ReleaseId
    digest: Bytes32
    cell: CellKey
    count: Band
    groups: Band


class Corridor(Part, frozen=True):
    """From where to where, over where."""

    origin: Place | None
    via: Place | None
    destination: Place


class Edition(Part, frozen=True):
    """What one audience reads."""

    audience: Audience
    tlp: Tlp
    title: Title
    bottom_line: Annotated[str, _text(600)]
    observed: Paragraph
    figures: Annotated[tuple[Figure, ...], Meta(max_length=20)]
    suppression: Sentence | None  # what is not shown, and why
    families: Annotated[tuple[FamilyCode, ...], Meta(max_length=20)]
    chpl_tiers: Annotated[tuple[Tier, ...], Meta(max_length=6)]
    programmes: Annotated[tuple[Programme, ...], Meta(max_length=6)]
    corridors: Annotated[tuple[Corridor, ...], Meta(max_length=20)]
    red_flags: Annotated[tuple[FlagCode, ...], Meta(max_length=20)]
    alternatives: Annotated[tuple[Sentence, ...], Meta(max_length=6)]
    confidence: Assurance
    basis: Sentence
    actions: Annotated[tuple[Action, ...], Meta(max_length=9)]
    wanted: Annotated[tuple[Sentence, ...], Meta(max_length=6)]  # what we want to know
    handling: Sentence

    def digest(self) -> bytes:
        """32 bytes that stand for this edition."""
        return digest_of(self)


class Input(Part, frozen=True):
    """What a draft was drawn from. Readers never see it; the outline has its digest.

    reference  a case, a release, or the id of what a liaison pushed
    reports    whose labels, caveats and consent bind the bulletin
    party      whether it is about one party rather than many
    """

    origin: Origin
    reference: Annotated[str, whole(r"[A-Za-z0-9][A-Za-z0-9.:-]{0,63}")]
    reports: Annotated[tuple[UUID, ...], Meta(max_length=MAX_REPORTS)]
    party: bool


class Draft(Message, frozen=True, tag="cairn/bulletin-draft/1"):
    """A bulletin at one version.

    version        2 and more correct the released version before
    correction     what was wrong; null in version 1
    embargo_until  nobody reads it before, by the hub's clock; 0: at once
    """

    MAX_BYTES: ClassVar[int] = 256 * 1024
    bulletin: UUID
    version: BulletinVersion
    kind: BulletinKind
    author: Name
    editions: Annotated[tuple[Edition, ...], Meta(min_length=1, max_length=2)]
    inputs: Annotated[tuple[Input, ...], Meta(min_length=1, max_length=16)]
    valid_from: Seconds
    valid_until: Seconds
    embargo_until: Seconds
    correction: Sentence | None


class DraftEdit(Message, frozen=True, tag="cairn/bulletin-edit/1"):
    """A draft as saved. `replaces` is the digest of the outline it was edited from; null for a new one."""

    MAX_BYTES: ClassVar[int] = 256 * 1024
    draft: Draft
    replaces: Bytes32 | None


class EditionLabel(Part, frozen=True):
    """What the log says of an edition."""

    audience: Audience
    tlp: Tlp
    digest: Bytes32


class Outline(Message, frozen=True, tag="cairn/bulletin-outline/1"):
    """What is signed and logged of a draft."""

    bulletin: UUID
    version: BulletinVersion
    kind: BulletinKind
    author: Name
    editions: Annotated[tuple[EditionLabel, ...], Meta(min_length=1, max_length=2)]
    inputs: Bytes32
    valid_from: Seconds
    valid_until: Seconds
    embargo_until: Seconds
    corrects: bool


class _Inputs(Part, frozen=True):
    inputs: tuple[Input, ...]
    correction: str | None


def outline_of(draft: Draft) -> Outline:
    """The outline that stands for the whole draft: whatever is changed in it, the outline's digest is another."""
    return Outline(
        bulletin=draft.bulletin,
        version=draft.version,
        kind=draft.kind,
        author=draft.author,
        editions=tuple(
            EditionLabel(audience=edition.audience, tlp=edition.tlp, digest=edition.digest())
            for edition in draft.editions
        ),
        inputs=digest_of(_Inputs(inputs=draft.inputs, correction=draft.correction)),
        valid_from=draft.valid_from,
        valid_until=draft.valid_until,
        embargo_until=draft.embargo_until,
        corrects=draft.correction is not None,
    )


class Submission(Message, frozen=True, tag="cairn/bulletin-submission/1"):
    """The author stands by exactly this outline."""

    outline: Bytes32
    author: Name
    submitted_at: Seconds


class ReviewerApproval(Message, frozen=True, tag="cairn/bulletin-approval/1"):
    """Another person agrees to exactly this outline."""

    outline: Bytes32
    stage: Stage
    approver: Name
    approved_at: Seconds


class RecallOrder(Message, frozen=True, tag="cairn/bulletin-recall-order/1"):
    """An analyst takes a bulletin back, in all its versions. One person is enough: it only takes away."""

    bulletin: UUID
    reason: RecallReason
    analyst: Name
    ordered_at: Seconds


class Release(Message, frozen=True, tag="cairn/bulletin-release/1"):
    """A leaf's content: an outline with the signatures it was released on. `released_at` by the hub's clock."""

    outline: Outline
    submission: Signed
    approvals: Annotated[tuple[Signed, ...], Meta(min_length=1, max_length=2)]
    released_at: Seconds


class Recall(Message, frozen=True, tag="cairn/bulletin-recall/1"):
    """A leaf's content: a signed RecallOrder."""

    order: Signed


class Tally(Message, frozen=True, tag="cairn/bulletin-tally/1"):
    """A leaf's content: how often liaisons did what, between two moments. Counts alone, nobody is named."""

    since: Seconds
    until: Seconds
    pulls: Count
    feedback: Count
    contact_requests: Count
    questions_answered: Count
    pushed: Count
    refused_as_tasking: Count
    deconflictions: Count


class Published(Part, frozen=True):
    """A bulletin as a reader gets it: an edition with its release, or a recall with neither text nor figures."""

    seq: Count
    bulletin: UUID
    release: Release | None
    edition: Edition | None
    correction: Sentence | None
    recall: Recall | None


class Bulletins(Message, frozen=True, tag="cairn/bulletins/1"):
    """What was published or recalled since. `latest` is what to ask with next; `more`: at once."""

    MAX_BYTES: ClassVar[int] = 4 * 1024 * 1024
    bulletins: Annotated[tuple[Published, ...], Meta(max_length=100)]
    latest: Count
    more: bool


class Acknowledgement(Message, frozen=True, tag="cairn/bulletin-acknowledgement/1"):
    """A reader has seen that a bulletin was recalled."""

    bulletin: UUID


class Objection(Message, frozen=True, tag="cairn/bulletin-objection/1"):
    """A contributor objects to a draft within the window."""

    outline: Bytes32
    reason: Annotated[str, whole(r"IDENTIFIABLE|WRONG|CAVEAT|OTHER")]


class InWindow(Part, frozen=True):
    """A draft that a contributor may object to until then."""

    outline: Bytes32
    editions: Annotated[tuple[Edition, ...], Meta(max_length=2)]
    until: Seconds


class Windows(Message, frozen=True, tag="cairn/bulletin-windows/1"):
    """The drafts drawn from a member's own reports whose window is open."""

    MAX_BYTES: ClassVar[int] = 1024 * 1024
    drafts: Annotated[tuple[InWindow, ...], Meta(max_length=50)]


class Feedback(Message, frozen=True, tag="cairn/bulletin-feedback/1"):
    """A liaison's word on a bulletin. `reason` for INACCURATE alone."""

    bulletin: UUID
    code: FeedbackCode
    reason: Sentence | None


class Deconflict(Message, frozen=True, tag="cairn/bulletin-deconflict/1"):
    """A liaison asks for a bulletin's next version or kind to wait. It is counted, and decided by people."""

    bulletin: UUID


class ContactRequest(Message, frozen=True, tag="cairn/contact-request/1"):
    """A liaison would like to hear from firms behind a bulletin. Relayed; a firm may ignore it."""

    bulletin: UUID
    about: Sentence
    reach: Sentence  # where the liaison can be reached


class Contact(Part, frozen=True):
    """A contact request as a member sees it."""

    id: UUID
    bulletin: UUID
    liaison: Name
    about: Sentence
    reach: Sentence
    accepted: bool


class Contacts(Message, frozen=True, tag="cairn/contacts/1"):
    """What liaisons asked this member."""

    MAX_BYTES: ClassVar[int] = 1024 * 1024
    contacts: Annotated[tuple[Contact, ...], Meta(max_length=200)]


class ContactAccepted(Message, frozen=True, tag="cairn/contact-accepted/1"):
    """A member agrees to be reached. Silence is an answer too."""

    reach: Sentence


class Reached(Part, frozen=True):
    """A member that agreed to a liaison's request."""

    contact: UUID
    bulletin: UUID
    member: Name
    reach: Sentence


class AcceptedContacts(Message, frozen=True, tag="cairn/contacts-accepted/1"):
    """The members that agreed; of the others nothing is told, not even how many there are."""

    MAX_BYTES: ClassVar[int] = 1024 * 1024
    reached: Annotated[tuple[Reached, ...], Meta(max_length=500)]


class Question(Message, frozen=True, tag="cairn/question/1"):
    """A member asks what the law or an authority's practice is. Published without its name, and later."""

    text: Annotated[str, _text(600)]


class Answer(Message, frozen=True, tag="cairn/question-answer/1"):
    """A liaison's public answer."""

    text: Paragraph


class Asked(Part, frozen=True):
    """A question as everybody sees it, with its answer."""

    id: UUID
    text: Annotated[str, _text(600)]
    answer: Paragraph | None
    answered_by: Name | None


class Questions(Message, frozen=True, tag="cairn/questions/1"):
    """Questions whose delay is over."""

    MAX_BYTES: ClassVar[int] = 1024 * 1024
    questions: Annotated[tuple[Asked, ...], Meta(max_length=200)]


class Intelligence(Message, frozen=True, tag="cairn/intelligence/1"):
    """What a liaison gives to members, with the checklist it answered. It becomes a draft like any other.

    authority  whose release it is; the other answers must all be true
    """

    kind: BulletinKind
    title: Title
    text: Paragraph
    authority: Sentence
    unclassified: bool
    no_source_or_method: bool
    no_natural_person: bool
    no_licence_data: bool  # protected by 50 USC 4820(h)
    no_identifiers_to_match: bool
    expires_at: Seconds


class Inbound(Part, frozen=True):
    """What a liaison pushed, as analysts see it."""

    id: UUID
    liaison: Name
    intelligence: Intelligence


class Inbox(Message, frozen=True, tag="cairn/intelligence-inbox/1"):
    """What waits for an analyst to draft it."""

    MAX_BYTES: ClassVar[int] = 1024 * 1024
    inbound: Annotated[tuple[Inbound, ...], Meta(max_length=200)]


class Usefulness(Message, frozen=True, tag="cairn/usefulness/1"):
    """What governments found useful in a quarter, as bands; null where too few bulletins had any word."""

    quarter: Annotated[str, whole(r"20[0-9]{2}-Q[1-4]")]
    bulletins: Band | None
    useful: Band | None


class TaxiiToken(Message, frozen=True, tag="cairn/taxii-token/1"):
    """A new password for TAXII. The ones before it work until `others_until`."""

    user: Name
    password: Annotated[str, whole(r"[A-Za-z0-9_-]{43}")]
    collections: Annotated[tuple[Name, ...], Meta(max_length=16)]
    expires_at: Seconds
    others_until: Seconds

    def __repr__(self) -> str:
        return f"TaxiiToken(user={self.user!r})"
