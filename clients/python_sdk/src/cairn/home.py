"""A party's home folder: where its keys, register, index and log view are, and whom it talks to.

    profile     who you are, the hub, the trustees, the pinned genesis (canonical JSON, no secret)
    keys        signing, sealing and register keys under a passphrase
    passphrase  only where the owner chose to keep it beside the keys (mode 0600), as the demo does
    register.db the firm's own inquiries, encrypted        index/, log/  what was synced and verified

Every file is 0600, the folder 0700. A write is whole or not there.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar

from msgspec import Meta

from cairn_protocol import private_files
from cairn_protocol.errors import CairnError
from cairn_protocol.match_lock import MAX_GROUP_INDEX
from cairn_protocol.messages.parties import Role, Sector, TrusteeAddress, Url
from cairn_protocol.messages.wire import Bytes32, FamilyCode, Message, Name, decode, encode

ENVIRONMENT = "CAIRN_HOME"


class HomeError(CairnError):
    """The home folder lacks something, or holds what can't be read. The text says what to do."""

    slug: ClassVar[str] = "home"


class Profile(Message, frozen=True, tag="cairn/profile/1"):
    """Who the owner of a home is, as enrolment fixed it."""

    hub: Url
    genesis_digest: Bytes32
    trustees: Annotated[tuple[TrusteeAddress, ...], Meta(min_length=1, max_length=255)]
    party: Name
    role: Role
    group: Name | None
    group_index: Annotated[int, Meta(ge=1, le=MAX_GROUP_INDEX)] | None
    sector: Sector | None
    families: Annotated[tuple[FamilyCode, ...], Meta(max_length=64)]

    def trustee_urls(self) -> Mapping[str, str]:
        """Each trustee's address by its id."""
        return {trustee.id: trustee.url for trustee in self.trustees}


class Home:
    """One party's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def keys(self) -> Path:
        """The key file."""
        return self.folder / "keys"

    @property
    def next_keys(self) -> Path:
        """Keys that wait for the trustees' approval of a key change, in the form of the key file."""
        return self.folder / "keys.next"

    @property
    def register(self) -> Path:
        """The register, a SQLite file."""
        return self.folder / "register.db"

    @property
    def state(self) -> Path:
        """The folder of what was synced and verified: the index, the log view, conflicts."""
        return self.folder / "state"

    @property
    def weights(self) -> Path:
        """The firm's own weights of red flags, if it has any."""
        return self.folder / "weights.toml"

    def create(self) -> None:
        """Make the folder, for its owner alone. Raises HomeError if that fails."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as cause:
            raise HomeError(f"the home folder can't be made: {cause.strerror}") from cause

    def profile(self) -> Profile:
        """Raises HomeError if nobody enrolled here."""
        path = self.folder / "profile"
        try:
            return decode(path.read_bytes(), Profile)
        except FileNotFoundError as cause:
            raise HomeError(
                f"nobody has enrolled in {self.folder} yet: run `cairn enrol` with your invitation, "
                "or name another folder with --home"
            ) from cause

    def has_profile(self) -> bool:
        """Whether somebody enrolled here."""
        return (self.folder / "profile").exists()

    def save_profile(self, profile: Profile) -> None:
        """Write the profile."""
        write_private(self.folder / "profile", encode(profile))

    def stored_passphrase(self) -> str | None:
        """The passphrase kept beside the keys, if the owner chose so."""
        try:
            return (self.folder / "passphrase").read_text().strip()
        except FileNotFoundError:
            return None


def write_private(path: Path, content: bytes) -> None:
    """Write `content` to `path`, mode 0600, whole or not at all.

    Raises HomeError if the disk is full or the folder closed; what was there before stays.
    """
    try:
        private_files.write_private(path, content)
    except OSError as cause:
        raise HomeError(f"{path.name} can't be written: {cause.strerror}; nothing was changed") from cause
