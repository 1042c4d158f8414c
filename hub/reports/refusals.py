"""Why a report or a retraction is refused, beyond what the protocol's own checks raise."""

from cairn_protocol.errors import ProtocolError


class WrongMember(ProtocolError):
    """Signed by another member than the one who sends it."""

    slug = "wrong-member"


class WrongNormaliser(ProtocolError):
    """Made with other normalising data than the genesis names: its tags would meet nobody's."""

    slug = "wrong-normaliser"


class FutureWeek(ProtocolError):
    """The week has not begun anywhere on earth."""

    slug = "future-week"


class UnknownCode(ProtocolError):
    """A code that is not in the lists of this version, or that has to stay at the firm."""

    slug = "unknown-code"


class ReportIdReused(ProtocolError):
    """Other bytes under an id on file, and not the next revision of what is there."""

    slug = "report-id-reused"


class ReportRetracted(ProtocolError):
    """The report was taken back; no revision of it is accepted any more."""

    slug = "report-retracted"


class UnknownReport(ProtocolError):
    """The member has no such report on file, or its latest revision is another."""

    slug = "unknown-report"
