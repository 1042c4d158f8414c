"""What trends refuse, and why."""

from hub.errors import HubError


class NoSnapshot(HubError):
    """Nothing was put together yet that could be asked."""

    slug = "no-snapshot"


class UnknownQuestion(HubError):
    """Not one of the published axes, periods or control events."""

    slug = "unknown-question"


class SnapshotDamaged(HubError):
    """A snapshot's file is missing, was changed, or does not open with its key."""

    slug = "internal"
