"""What the corrections' routes refuse beyond the protocol's own errors."""

from hub.errors import HubError


class UnknownCut(HubError):
    """No cut of that id, or none that the caller contributed to."""

    slug = "unknown-cut"


class NothingToCut(HubError):
    """No report of the order is on file and live, or fewer than two of its parts have one."""

    slug = "nothing-to-cut"
