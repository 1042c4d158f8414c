"""Errors of a trustee that are not the protocol's own."""

from typing import ClassVar

from cairn_protocol.errors import CairnError


class TrusteeError(CairnError):
    """Root of a trustee's own errors. `slug` is the problem type on the wire."""

    slug: ClassVar[str] = "internal"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class HomeError(TrusteeError):
    """The home folder lacks something or has it already. The text says what to do."""


class PeersMissing(TrusteeError):
    """Not every trustee of a key generation came in time. The text names who is missing."""


class StoreUnavailable(TrusteeError):
    """The database is locked or the disk is full: nothing was kept, nothing is answered."""

    slug = "store-unavailable"


class NothingCosigned(TrusteeError):
    """This trustee has not cosigned a state of the log yet."""

    slug = "log-not-ready"


class ReplayedNonce(TrusteeError):
    """A request came a second time."""

    slug = "replayed-nonce"


class Metered(TrusteeError):
    """The group's meter of the day is used up."""

    slug = "metered"


class BodyTooLarge(TrusteeError):
    """A body is larger than its route takes."""

    slug = "body-too-large"


class HubUnreachable(TrusteeError):
    """The hub does not answer a staff command."""


class HubRefuses(TrusteeError):
    """The hub answers a staff command with a problem. `slug` is its type."""

    def __init__(self, slug: str, detail: str) -> None:
        super().__init__(f"the hub refuses: {detail}")
        self.problem = slug
