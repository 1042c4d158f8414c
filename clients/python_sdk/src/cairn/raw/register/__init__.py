"""The firm's register: its inquiries, the exact bytes it sent, and what it derived from values.

One encrypted file (`sealed_file`). Each kind of content has a module: its table, its type, its store.
`Register` opens them all; what is about inquiries themselves it does itself.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path

from cairn.raw.register import inquiries, opened, record, returns, statements, told, unfinished, values
from cairn.raw.register.inquiries import Filed, Inquiries, State
from cairn.raw.register.opened import Opened
from cairn.raw.register.record import Record
from cairn.raw.register.returns import ReturnKept, Returns, Sent
from cairn.raw.register.sealed_file import RegisterError, SealedFile
from cairn.raw.register.statements import Stated, Statements
from cairn.raw.register.told import Told
from cairn.raw.register.unfinished import Unfinished
from cairn.raw.register.values import Derived, Values
from cairn_protocol.tags import Tag

__all__ = [
    "Derived",
    "Filed",
    "Register",
    "RegisterError",
    "ReturnKept",
    "Sent",
    "State",
    "Stated",
]

_PARTS = (inquiries, statements, values, returns, record, told, unfinished, opened)


class Register(Inquiries):
    """An open register. Use it as a context manager."""

    def __init__(self, path: Path, key: bytes) -> None:
        """Raises RegisterError if the file is locked, damaged or was made under another key."""
        self.key = key
        file = SealedFile(path, key, [part.SCHEMA for part in _PARTS])
        super().__init__(file)
        self.statements = Statements(file)
        self.values = Values(file)
        self.returns = Returns(file)
        self.record = Record(file)
        self.told = Told(file)
        self.unfinished = Unfinished(file)
        self.opened = Opened(file)

    def __enter__(self) -> "Register":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def transaction(self) -> AbstractContextManager[None]:
        """All writes inside are kept together, or none is. Inside another one it is part of that."""
        return self._file.transaction()

    def keep(self, filed: Filed, tags: Iterable[Tag] = ()) -> None:
        """Store or replace a record, and forget what was said of the revision before.

        tags  those that say "you are one of them" on a card; none keeps the ones there are
        """
        with self.transaction():
            super().keep(filed, tags)
            if tags or filed.state is State.WITHDRAWN:
                self.statements.drop(filed.inquiry_id)
