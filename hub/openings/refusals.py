"""What the openings' routes refuse beyond the protocol's own errors."""

from hub.errors import HubError


class NoSealedPart(HubError):
    """A report without a sealed part can't be opened."""

    slug = "no-sealed-part"


class UnknownOpening(HubError):
    """No opening of that id that the caller may see."""

    slug = "unknown-opening"


class OpeningClosed(HubError):
    """The opening was confirmed, has expired, or can no longer be answered."""

    slug = "opening-closed"


class TooFewAssents(HubError):
    """Fewer than t trustees have agreed so far."""

    slug = "too-few-assents"
