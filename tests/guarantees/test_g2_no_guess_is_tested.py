"""G2: with the whole database and all the hub's keys, nobody can test a guess without t trustees.

The thief knows the right name, phone, address and domain of a party that two groups reported, and only wants
to learn that it is in the database. From each guess it computes all that can be computed without the OPRF
keys: outputs under every scalar it holds or finds, under every public point, and plain and keyed hashes; from
each such output everything that `tags.derive` makes; and looks for all of it in everything stored, also
decrypted with the hub's keys. With the shares of t trustees the same search finds every guess: it is the
shares that are missing, not the search.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cairn import Hub, Inquiry
from cairn.raw.normalise import exact_keys
from cairn.raw.normalise.match_key import MatchKey
from cairn_protocol.errors import BadClaim
from cairn_protocol.group import (
    ORDER,
    Element,
    Scalar,
    decode_scalar,
    encode_scalar,
    hash_to_group,
    multiply,
    reduce_wide,
)
from cairn_protocol.kinds import KeyName, key_for
from cairn_protocol.match_lock import GroupIndex, recover
from cairn_protocol.messages.index import unwrap_content_key
from cairn_protocol.messages.report import SignedHeader
from cairn_protocol.messages.wire import decode, encode
from cairn_protocol.roster import Roster
from cairn_protocol.sharing import Index, KeyShare, lagrange_at_zero
from cairn_protocol.tags import CardKey, HeaderDigest, check_claim, derive
from cairn_protocol.voprf import CONTEXT, Output
from hub.cards.tables import CardRow, CardTag
from hub.reports.secrets import _Secrets, _secrets_of, open_open_part
from hub.reports.tables import ReportRow, ReportSecrets
from hub.services import Services
from hub.storage.envelopes import DataKey
from hub.storage.key_file import FileKeys
from tests.support.buyers import inquiry
from tests.support.search import Search, layers
from tests.support.town import RunningTown
from trustee.home import Home
from trustee.keys import load

FIRMS = ("elm", "gum")
TRUSTEES = ("t1", "t2", "t3")


@dataclass
class Loot:
    """What the thief has of the two reports that it is after.

    opened   codes, card keys, shares, content keys and the hub's own keys, in the clear
    secrets  whatever of 32 bytes could be a key or a scalar
    points   every group element that is stored or public
    """

    epoch: int
    opened: bytes
    headers: list[SignedHeader]
    secrets: list[bytes] = field(repr=False)
    wraps: list[bytes]
    points: list[Element]
    layers: list[bytes] = field(default_factory=list)  # the dump and `opened`, hex and base64 undone


@pytest.fixture(scope="module")
def reported(town: RunningTown) -> Inquiry:
    """A party that two groups reported, so that there is a card of it too."""
    about = Inquiry.from_mapping(
        inquiry("G2-reported", emails=["sales@voltrusk-gadrem.example"], website="voltrusk-gadrem.example")
    )
    for firm in FIRMS:
        with Hub(town.home(firm)) as hub:
            assert hub.report(about).promise
    town.publish()
    return about


@pytest.fixture(scope="module")
def loot(town: RunningTown, reported: Inquiry) -> Loot:
    taken: Loot = town.operate(_steal)
    taken.layers = [*layers(town.dump()), *layers(taken.opened)]
    return taken


async def _steal(services: Services) -> Loot:
    return await services.store.read("loot", lambda db: _open_everything(db, services))


async def _open_everything(db: AsyncSession, services: Services) -> Loot:
    newest = select(ReportRow, ReportSecrets.secrets).join(
        ReportSecrets, ReportSecrets.report == ReportRow.number
    )
    codes, headers, kept = [], [], []
    for row, envelope in (await db.execute(newest.order_by(ReportRow.number.desc()).limit(2))).all():
        codes.append(encode(open_open_part(services.envelopes, row.number, row.open_part)))
        headers.append(decode(row.signed_header, SignedHeader))
        kept.append(decode(services.envelopes.open(_secrets_of(row.number), envelope), _Secrets))
    cards = select(CardRow.number, CardRow.content_key).where(CardRow.gone.is_(None))
    content_keys = [
        services.envelopes.open(b"cards.content_key/%d" % number, sealed or b"")
        for number, sealed in await db.execute(cards)
    ]
    path = services.settings.keys_path
    keks = [base64.b64decode(key) for key in json.loads(path.read_text())["keys"].values()]
    data_keys = [
        await FileKeys.load_or_create(path).unwrap(row.kek_version, row.wrapped)
        for row in await db.scalars(select(DataKey))
    ]
    keys = [services.hub_key.private_bytes_raw(), *keks, *data_keys]
    of_reports = [key for one in kept for key in (*one.card_keys, *one.shares)]
    joint = [point for key in services.genesis.keys for point in (key.element, *key.shares)]
    lines = [point for header in headers for key in header.header.lockable() for point in key.line or ()]
    return Loot(
        epoch=services.genesis.epoch,
        opened=b"\n".join([*codes, *of_reports, *content_keys, *keys]),
        headers=headers,
        secrets=[*keys, *of_reports, *_opened_lines(await services.roster.current(db), headers, kept)],
        wraps=list(await db.scalars(select(CardTag.wrap))),
        points=[Element(point) for point in (*joint, *lines)],
    )


def _opened_lines(roster: Roster, headers: Sequence[SignedHeader], kept: Sequence[_Secrets]) -> list[bytes]:
    """What two groups' shares give the hub: a_0 of each lockable value that both reports carry."""
    places = []
    for header in headers:
        (standing, *_) = roster.standings(header.header.member)
        places.append(GroupIndex(standing.entry.group_index or 0))
    opened = []
    for at, key in enumerate(headers[0].header.lockable()):
        shares = {
            place: decode_scalar(secrets.shares[at]) for place, secrets in zip(places, kept, strict=True)
        }
        line = [Element(point) for point in key.line or ()]
        opened.append(encode_scalar(recover(shares, line)))
    assert opened
    return opened


def _hits(loot: Loot, guess: MatchKey, outputs: Sequence[Output]) -> set[str]:
    """What of the traces that a value with one of these outputs would leave is there."""
    traces = {trace: what for y in outputs for trace, what in _traces(guess, y, loot.epoch)}
    found = Search(traces).hits_in(loot.layers)
    card_keys = [CardKey(trace) for trace, what in traces.items() if what == "card key"]
    if any(unwrap_content_key(key, wrap) for key in card_keys for wrap in loot.wraps):
        found.add("wrap")
    return found


def _traces(guess: MatchKey, y: Output, epoch: int) -> Iterator[tuple[bytes, str]]:
    secret = derive(y, guess.kind, epoch)
    yield y, "output"
    yield secret.tag, "tag"
    yield secret.card_key, "card key"
    if secret.lock:
        yield secret.lock.claim_seed, "claim seed"
        yield secret.lock.claim_key, "claim key"
        yield from ((point, "commitment") for point in secret.lock.commitments)


def _without_trustees(loot: Loot, guess: MatchKey) -> list[Output]:
    value, point = guess.oprf_input(), _point(guess)
    scalars = {Scalar(int.from_bytes(secret, "little") % ORDER) for secret in loot.secrets}
    scalars |= {reduce_wide(hashlib.sha512(secret).digest()) for secret in loot.secrets}
    elements = [point, *loot.points, *(multiply(scalar, point) for scalar in scalars if scalar)]
    hashed = [hashlib.sha512(value).digest(), hashlib.sha512(guess.value.encode()).digest()]
    hashed += [hmac.digest(secret, value, "sha512") for secret in loot.secrets]
    return [_output(guess, element) for element in elements] + [Output(digest) for digest in hashed]


def _point(guess: MatchKey) -> Element:
    return hash_to_group(guess.oprf_input(), b"HashToGroup-" + CONTEXT)


def _output(guess: MatchKey, element: Element) -> Output:
    """The standard's last step (RFC 9497 3.3.2, Finalize), for an element that is unblinded already."""
    value = guess.oprf_input()
    parts = (len(part).to_bytes(2, "big") + part for part in (value, element))
    return Output(hashlib.sha512(b"".join(parts) + b"Finalize").digest())


def _share(town: RunningTown, trustee: str, guess: MatchKey) -> KeyShare:
    home = Home(town.place.trustee(trustee))
    keys = load(home, home.stored_passphrase() or "")
    share = keys.names if key_for(guess.kind) is KeyName.NAMES else keys.values
    assert share is not None
    return share


def test_a_right_guess_leaves_no_trace_that_the_thief_can_compute(loot: Loot, reported: Inquiry) -> None:
    guesses = exact_keys(reported)
    assert {guess.kind.value for guess in guesses} == {"email", "phone", "domain", "name"}

    for guess in guesses:
        assert _hits(loot, guess, _without_trustees(loot, guess)) == set(), guess.kind


def test_t_minus_one_shares_are_as_good_as_none(town: RunningTown, loot: Loot, reported: Inquiry) -> None:
    for guess in exact_keys(reported):
        outputs = []
        for share in (_share(town, trustee, guess) for trustee in TRUSTEES):
            others = [Index(index) for index in range(1, len(TRUSTEES) + 1) if index != share.index]
            weights = [1, *(lagrange_at_zero([share.index, other])[0] for other in others)]
            scalars = [Scalar(weight * share.scalar % ORDER) for weight in weights]
            outputs += [_output(guess, multiply(scalar, _point(guess))) for scalar in scalars]
        assert _hits(loot, guess, outputs) == set(), guess.kind


def test_with_t_shares_the_same_search_finds_every_guess(
    town: RunningTown, loot: Loot, reported: Inquiry
) -> None:
    """The control, and what the threat model says: t trustees together with the hub can test names."""
    for guess in exact_keys(reported):
        for quorum in (("t1", "t2"), ("t3", "t1")):
            shares = [_share(town, trustee, guess) for trustee in quorum]
            weights = lagrange_at_zero([share.index for share in shares])
            key = sum(weight * share.scalar for weight, share in zip(weights, shares, strict=True)) % ORDER
            hits = _hits(loot, guess, [_output(guess, multiply(Scalar(key), _point(guess)))])

            locks = set() if guess.kind == "name" else {"claim key", "commitment"}
            assert hits == {"tag", "card key", "wrap"} | locks, "and neither output nor claim seed is stored"


def test_the_thief_claims_no_tag(loot: Loot) -> None:
    """No secret of the hub's is a claim key's seed, and a claim made for one header holds for no other."""
    claim_keys = {key.claim_key for header in loot.headers for key in header.header.lockable()}
    assert len(claim_keys) == 3
    for secret in loot.secrets:
        for seed in (secret, hashlib.sha256(secret).digest(), hashlib.sha512(secret).digest()[:32]):
            public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
            assert public not in claim_keys
    own = HeaderDigest(hashlib.sha256(b"a header of the thief's own").digest())
    for header in loot.headers:
        for key, claim in zip(header.header.lockable(), header.claims, strict=True):
            assert key.claim_key is not None
            check_claim(claim, key.claim_key, header.header.digest())
            with pytest.raises(BadClaim):
                check_claim(claim, key.claim_key, own)
