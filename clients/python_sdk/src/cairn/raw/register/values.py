"""What values became under the joint keys, so that a value is evaluated once an epoch."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from cairn.raw.normalise.match_key import MatchKey
from cairn.raw.register.sealed_file import SealedFile
from cairn_protocol.kinds import oprf_input
from cairn_protocol.tags import CardKey, Tag
from cairn_protocol.voprf import Output

SCHEMA: Final = "CREATE TABLE IF NOT EXISTS derived (row BLOB PRIMARY KEY, sealed BLOB NOT NULL);\n"
_TABLE: Final = b"derived"


class Derived(msgspec.Struct, frozen=True, array_like=True):
    """What a value became: y, and what is looked up again and again."""

    y: Output
    tag: Tag
    card_key: CardKey

    def __repr__(self) -> str:
        return "Derived()"


class Values:
    """Derived values by epoch."""

    def __init__(self, file: SealedFile) -> None:
        self._file = file

    def known(self, keys: Sequence[MatchKey], epoch: int) -> Mapping[MatchKey, Derived]:
        """What is known of these values in this epoch; those not yet evaluated are left out."""
        known: dict[MatchKey, Derived] = {}
        for key in keys:
            row = self._row(key, epoch)
            found = self._file.one("SELECT sealed FROM derived WHERE row = ?", row)
            if found is not None:
                known[key] = msgspec.msgpack.decode(self._file.open(_TABLE, row, found[0]), type=Derived)
        return known

    def keep(self, derived: Mapping[MatchKey, Derived], epoch: int) -> None:
        """Store what values became."""
        rows = []
        for key, value in derived.items():
            row = self._row(key, epoch)
            rows.append((row, self._file.seal(_TABLE, row, msgspec.msgpack.encode(value))))
        self._file.run_each("INSERT OR REPLACE INTO derived (row, sealed) VALUES (?, ?)", rows)

    def _row(self, key: MatchKey, epoch: int) -> bytes:
        return self._file.row(b"value", epoch.to_bytes(4, "big") + oprf_input(key.kind, key.value))
