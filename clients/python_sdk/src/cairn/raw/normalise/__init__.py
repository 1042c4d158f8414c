"""Match keys from raw values: what two firms must write alike to find each other.

Promises: the same inquiry gives the same keys on every machine with the same
`normaliser_digest`; typed variants of one value give one key; values that identify nobody give
none; hostile input costs bounded work and never raises.

One module a family (names, phones, emails_and_domains, identifiers, addresses, transactions), each saying
what it catches and what it leaves out. Their tables are data/, versioned.
"""

from cairn.raw.normalise.digest import normaliser_digest
from cairn.raw.normalise.keys import exact_keys, fuzzy_keys
from cairn.raw.normalise.match_key import MatchKey

__all__ = ["MatchKey", "exact_keys", "fuzzy_keys", "normaliser_digest"]
