"""What a report sends to the hub alone, as it lies in the database: in envelopes bound to their rows.

One envelope holds all card keys and shares of a report: they come, are used and go together.
Neither stands in a job, a log or an error.
"""

from collections.abc import Sequence

from cairn_protocol.messages.report import OpenPart, Report
from cairn_protocol.messages.wire import Bytes32, Part, decode, encode
from cairn_protocol.tags import CardKey
from hub.storage.envelopes import Envelope, Envelopes


class _Secrets(Part, frozen=True):
    card_keys: tuple[Bytes32, ...]
    shares: tuple[Bytes32, ...]


def seal_secrets(envelopes: Envelopes, number: int, report: Report) -> Envelope:
    """Card keys and shares of the report with this number, sealed for its row."""
    plain = encode(_Secrets(card_keys=report.card_keys, shares=report.shares))
    return envelopes.seal(_secrets_of(number), plain)


def open_card_keys(envelopes: Envelopes, number: int, envelope: bytes) -> Sequence[CardKey]:
    """The card keys of a report's match keys, in the header's order. Raises EnvelopeDamaged."""
    secrets = decode(envelopes.open(_secrets_of(number), envelope), _Secrets)
    return [CardKey(key) for key in secrets.card_keys]


def open_shares(envelopes: Envelopes, number: int, envelope: bytes) -> Sequence[bytes]:
    """A report's line shares, one for each lockable key in the header's order. Raises EnvelopeDamaged."""
    return decode(envelopes.open(_secrets_of(number), envelope), _Secrets).shares


def seal_open_part(envelopes: Envelopes, number: int, part: OpenPart) -> Envelope:
    """The OPEN part of the report with this number, sealed for its row."""
    return envelopes.seal(_open_part_of(number), encode(part))


def open_open_part(envelopes: Envelopes, number: int, envelope: bytes) -> OpenPart:
    """The OPEN part again. Raises EnvelopeDamaged."""
    return decode(envelopes.open(_open_part_of(number), envelope), OpenPart)


def _secrets_of(number: int) -> bytes:
    return b"report_secrets.secrets/%d" % number


def _open_part_of(number: int) -> bytes:
    return b"reports.open_part/%d" % number
