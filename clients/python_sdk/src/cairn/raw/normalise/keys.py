"""From an inquiry to its match keys: which kinds, how many, in which order.

`exact_keys` are the lockable kinds, transactions and the name's fingerprint; `fuzzy_keys` what survives
typing. Both take the strongest first and are bounded by `cairn_protocol.kinds`: a trustee evaluates
the same number of points for everybody, so what exceeds it has no place.

Among lockable keys the first of each kind goes before the second of any: four e-mail addresses must not
crowd out the one phone that other firms know.
"""

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import Final

from cairn.raw.inquiry import Inquiry, Party
from cairn.raw.normalise.addresses import address_value
from cairn.raw.normalise.emails_and_domains import domain_of, mailbox_of
from cairn.raw.normalise.identifiers import iban_value, imo_value, lei_value, registration_value, vat_value
from cairn.raw.normalise.match_key import MatchKey
from cairn.raw.normalise.names import fingerprint, fuzzy_name_keys
from cairn.raw.normalise.phones import phone_value
from cairn.raw.normalise.transactions import transaction_value
from cairn_protocol.kinds import FUZZY_COUNT, LOCKABLE, MAX_LOCKABLE, MAX_TRANSACTIONS, Kind

FUZZY_ORDER: Final = tuple(FUZZY_COUNT)  # BAG, SOUND, ACRONYM, ADDRESS, EDIT: fewest values first


def exact_keys(inquiry: Inquiry) -> tuple[MatchKey, ...]:
    """At most 4 lockable keys, 2 transactions and 1 name, in that order; none twice.

    A party without a usable name has no NAME key: whoever builds the header fills its place.
    """
    party = inquiry.party
    name = fingerprint(party.name, party.country)
    return (
        *_strongest(_lockable(party)),
        *_distinct(Kind.TRANSACTION, map(transaction_value, inquiry.transaction_ref))[:MAX_TRANSACTIONS],
        *([name] if name else []),
    )


def fuzzy_keys(inquiry: Inquiry) -> tuple[MatchKey, ...]:
    """The fuzzy keys, ordered by kind as in `FUZZY_ORDER`, each kind at most as often as `FUZZY_COUNT` says."""
    party = inquiry.party
    address = address_value(party.address)
    keys = [
        *fuzzy_name_keys(party.name, party.country),
        *([MatchKey(Kind.ADDRESS, address)] if address else []),
    ]
    return tuple(sorted(keys, key=lambda key: FUZZY_ORDER.index(key.kind)))  # stable: edits keep their order


def _lockable(party: Party) -> dict[Kind, list[MatchKey]]:
    """All lockable keys by kind, each kind in the order typed."""
    mailboxes = [mailbox for mailbox in map(mailbox_of, party.emails) if mailbox]
    values: dict[Kind, Iterable[str | None]] = {
        Kind.REGISTRATION: [registration_value(party.registration_no, party.country)],
        Kind.VAT: [vat_value(party.vat, party.country)],
        Kind.LEI: [lei_value(party.lei)],
        Kind.IMO: [imo_value(party.imo)],
        Kind.IBAN: [iban_value(party.iban)],
        Kind.EMAIL: [mailbox.address for mailbox in mailboxes],
        Kind.PHONE: [phone_value(phone, party.country) for phone in party.phones],
        Kind.DOMAIN: [domain_of(party.website), *(mailbox.domain for mailbox in mailboxes)],
    }
    return {kind: _distinct(kind, values[kind]) for kind in LOCKABLE}


def _strongest(keys_by_kind: dict[Kind, list[MatchKey]]) -> Iterator[MatchKey]:
    """The first `MAX_LOCKABLE`: the first key of each kind, strongest kind first, then the second of each, ..."""
    rounds = zip_longest(*(keys_by_kind[kind] for kind in LOCKABLE))
    taken = [key for keys in rounds for key in keys if key][:MAX_LOCKABLE]
    yield from sorted(taken, key=lambda key: LOCKABLE.index(key.kind))


def _distinct(kind: Kind, values: Iterable[str | None]) -> list[MatchKey]:
    return [MatchKey(kind, value) for value in dict.fromkeys(values) if value]
