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
    """The home folder lacks something. The text says what to do."""


class StoreUnavailable(TrusteeError):
    """The database is locked or the disk is full: nothing was kept, nothing is answered."""

    slug = "store-unavailable"


class ReplayedNonce(TrusteeError):
    """A request came a second time."""

    slug = "replayed-nonce"


class Metered(TrusteeError):
    """The group's meter of the day is used up."""

    slug = "metered"

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class BodyTooLarge(TrusteeError):
    """A body is larger than its route takes."""

    slug = "body-too-large"
