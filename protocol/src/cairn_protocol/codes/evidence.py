"""Why evidence is not enough: a code for programs, a sentence for the person who decides.

The sentences name no member and no value: trustees' staff see codes, counts and places in a list.
"""

from enum import StrEnum


class Code(StrEnum):
    """What is wrong with an opening, the report to open, or a report that should bear it out."""

    # The opening
    NOT_LOGGED = "not-logged"
    OTHER_OPENING = "other-opening"
    OTHER_REPORTS = "other-reports"
    NOT_TWO_ANALYSTS = "not-two-analysts"
    EXPIRED = "expired"
    # The opening, or any report
    MALFORMED = "malformed"
    OTHER_EPOCH = "other-epoch"
    # Any report
    NOT_IN_LOG = "not-in-log"
    UNKNOWN_MEMBER = "unknown-member"
    REVOKED = "revoked"
    BAD_SIGNATURE = "bad-signature"
    HEARSAY = "hearsay"
    TAKEN_BACK = "taken-back"
    TOO_OLD = "too-old"
    BACKDATED = "backdated"
    POSTDATED = "postdated"
    # The report to open
    OTHER_SEALED_PART = "other-sealed-part"
    # A report that should bear it out
    SAME_GROUP = "same-group"
    NO_SHARED_TAG = "no-shared-tag"
    QUARANTINED = "quarantined"
    BAD_CLAIM = "bad-claim"
    SAME_EVENT = "same-event"
    OTHER_SECTOR = "other-sector"
    CUT = "cut"
    # All together
    TOO_FEW_GROUPS = "too-few-groups"
    MORE_THAN_NEEDED = "more-than-needed"


SENTENCES = {
    Code.NOT_LOGGED: "its leaf is not in a state of the log that was cosigned here",
    Code.OTHER_OPENING: "the evidence was put together for another opening",
    Code.OTHER_REPORTS: "the reports shown are not those that the leaf lists",
    Code.NOT_TWO_ANALYSTS: "it was not asked for and confirmed by two analysts on the roster",
    Code.EXPIRED: "the request has expired, or was logged when it had",
    Code.MALFORMED: "it is not in its form",
    Code.OTHER_EPOCH: "it was made for other keys than those in force",
    Code.NOT_IN_LOG: "it is not in the log at the place shown",
    Code.UNKNOWN_MEMBER: "whoever signed it was no member when it was logged",
    Code.REVOKED: "it was logged after its signer's key was revoked",
    Code.BAD_SIGNATURE: "its member's signature does not hold",
    Code.HEARSAY: "it is hearsay by its own account",
    Code.TAKEN_BACK: "it was taken back, or set aside by a reviewer",
    Code.TOO_OLD: "its week began more than 365 days before the request",
    Code.BACKDATED: "its week began more than 52 weeks before it was first seen in the log here",
    Code.POSTDATED: "its week had not begun when it was first seen in the log here",
    Code.OTHER_SEALED_PART: "the capsule shown is not of this report",
    Code.SAME_GROUP: "its group is counted already",
    Code.NO_SHARED_TAG: "it shares no identifying value with the report to open",
    Code.QUARANTINED: "what it shares is in quarantine: many unrelated parties have it",
    Code.BAD_CLAIM: "nobody proved to know what the two share",
    Code.SAME_EVENT: "it is of an event that is counted already",
    Code.OTHER_SECTOR: "its member is of another sector than those counted before",
    Code.CUT: "a reviewer found that the two are not of one subject",
    Code.TOO_FEW_GROUPS: "fewer groups bear it out than must",
    Code.MORE_THAN_NEEDED: "more reports were shown than are needed",
}
