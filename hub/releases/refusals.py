"""What releases refuse, and why."""

from hub.errors import HubError


class UnknownRelease(HubError):
    """No release of that id, or none for this reader."""

    slug = "unknown-release"


class OwnRelease(HubError):
    """The analyst who agreed first can't be the second."""

    slug = "own-release"


class ReleaseChanged(HubError):
    """Signed over another table than the one that stands."""

    slug = "release-changed"
