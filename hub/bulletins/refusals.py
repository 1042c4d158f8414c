"""What bulletins refuse, and why. None of these texts quotes what was sent."""

from collections.abc import Sequence

from hub.bulletins.wording import Finding
from hub.errors import HubError

_SHOWN = 12


class UnknownBulletin(HubError):
    """No bulletin of that id, or none for this reader."""

    slug = "unknown-bulletin"


class BadQuery(HubError):
    """A filter, a limit or a `next` of a TAXII query is not of its form."""

    slug = "bad-query"


class DraftChanged(HubError):
    """Signed or edited on another text than the one that stands."""

    slug = "draft-changed"


class WrongStage(HubError):
    """The bulletin is not where this act is taken."""

    slug = "wrong-stage"


class OwnDraft(HubError):
    """Who wrote a draft can't approve it."""

    slug = "own-draft"


class WindowOpen(HubError):
    """Contributors can still object, or one did."""

    slug = "window-open"


class Unfit(HubError):
    """The checks found something; the text says what and where."""

    slug = "unfit-text"

    def __init__(self, findings: Sequence[Finding]) -> None:
        told = "; ".join(map(str, findings[:_SHOWN]))
        more = f"; and {len(findings) - _SHOWN} more" if len(findings) > _SHOWN else ""
        super().__init__(told + more)
        self.findings = tuple(findings)


class Tasking(HubError):
    """A liaison sent what would direct what is collected, linked, scored or shown."""

    slug = "tasking"


class ChecklistOpen(HubError):
    """What a liaison gives lacks an answer of the checklist."""

    slug = "checklist-open"


class UnknownContact(HubError):
    """No contact request or question of that id is this party's."""

    slug = "unknown-contact"
