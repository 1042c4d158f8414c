"""What returns' routes and verbs refuse beyond the protocol's own errors."""

from hub.errors import HubError


class UnknownPeriod(HubError):
    """There are no terms for that period, or it is not as far as asked."""

    slug = "unknown-period"


class ReturnExists(HubError):
    """The group's return of the period is here, and this is another."""

    slug = "return-exists"
