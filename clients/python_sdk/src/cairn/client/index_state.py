"""The synced index on disk: which manifest, since when, and how old it is by this machine's clock."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from cairn.client.errors import Misconfigured
from cairn_protocol.errors import ProtocolError
from cairn_protocol.messages.index import Manifest, SegmentRef
from cairn_protocol.messages.wire import Message, Seconds, decode

INDEX_FOLDER: Final = "index"
SYNCED_FILE: Final = "synced.json"


@dataclass(frozen=True, slots=True)
class IndexState:
    """What a lookup says of the index it used. Times are seconds since 1970."""

    number: int
    epoch: int
    published_at: int  # by the hub's clock
    synced_at: int  # by this machine's
    max_age_seconds: int

    def age_seconds(self, now: float) -> int:
        """How long ago the index was published, by this machine's clock."""
        return max(0, int(now) - self.published_at)

    def too_old(self, now: float) -> bool:
        """Whether a lookup must say that newer cards may exist."""
        return self.age_seconds(now) > self.max_age_seconds


class Synced(Message, frozen=True, tag="cairn/client-synced/1"):
    """The manifest whose segments are all on disk, and when the hub last showed it as the latest."""

    MAX_BYTES: ClassVar[int] = Manifest.MAX_BYTES + 4_096
    manifest: Manifest
    synced_at: Seconds
    etag: str | None

    @property
    def state(self) -> IndexState:
        """Number, times and age."""
        return IndexState(
            number=self.manifest.number,
            epoch=self.manifest.epoch,
            published_at=self.manifest.published_at,
            synced_at=self.synced_at,
            max_age_seconds=self.manifest.max_age_seconds,
        )


def index_dir(state_dir: Path) -> Path:
    """Where a state folder keeps the index."""
    return state_dir / INDEX_FOLDER


def segment_name(ref: SegmentRef) -> str:
    """The file of a segment, below the index's folder."""
    return f"segments/{ref.digest.hex()}"


def read_synced(directory: Path) -> Synced | None:
    """What was synced last into `directory` (`index_dir`); None before the first time.

    Raises Misconfigured if the file is damaged.
    """
    try:
        raw = (directory / SYNCED_FILE).read_bytes()
    except FileNotFoundError:
        return None
    try:
        return decode(raw, Synced)
    except ProtocolError as error:
        raise Misconfigured(
            f"the file {directory / SYNCED_FILE} is damaged; remove the folder and sync again"
        ) from error
