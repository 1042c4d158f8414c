"""A firm's home that needs nobody: keys, a pinned genesis, values that are known, and an index that was synced.

What the trustees would have said is a hash here (`output_of`); everything that the firm's machine does with it is real.
"""

import hashlib
import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from uuid import UUID

from cairn.client.index_state import SYNCED_FILE, Synced, index_dir, segment_name
from cairn.home import Home, Profile
from cairn.raw import keys as key_file
from cairn.raw.inquiry import Inquiry
from cairn.raw.keys import MemberKeys
from cairn.raw.normalise import exact_keys, fuzzy_keys
from cairn.raw.normalise.match_key import MatchKey
from cairn.raw.register import Derived, Register
from cairn_protocol.codes import Stage
from cairn_protocol.kinds import Kind
from cairn_protocol.messages.index import Card, Evidence, Manifest, Tombstone, seal_card, wrap_content_key
from cairn_protocol.messages.parties import Role, Sector, TrusteeAddress
from cairn_protocol.messages.wire import digest_of, encode
from cairn_protocol.tags import CardKey, Tag, derive
from cairn_protocol.voprf import Output
from hub.index.segments import card_segments, depth_for, tag_segments
from tests.support.keys import EPOCH, genesis, signed

WORD = "a passphrase for tests"
NOW = 1_790_000_000
NOWHERE = "http://127.0.0.1:1"  # nobody listens there


def output_of(key: MatchKey) -> Derived:
    """What a value becomes, as if the OPRF were a hash."""
    y = Output(hashlib.sha512(key.oprf_input()).digest())
    secret = derive(y, key.kind, EPOCH)
    return Derived(y, secret.tag, secret.card_key)


def keys_of(inquiry: Inquiry) -> tuple[MatchKey, ...]:
    """Every match key of an inquiry."""
    return (*exact_keys(inquiry), *fuzzy_keys(inquiry))


def make_home(folder: Path) -> Home:
    """The home of a member that never reached anybody."""
    home = Home(folder)
    home.create()
    (folder / "passphrase").write_text(WORD)
    key_file.save(home, MemberKeys.fresh(), WORD)
    founded = genesis()
    home.save_profile(
        Profile(
            hub=NOWHERE,
            genesis_digest=digest_of(founded),
            trustees=tuple(TrusteeAddress(id=trustee.id, url=NOWHERE) for trustee in founded.trustees),
            party="alder",
            role=Role.MEMBER,
            group="alder-sensors",
            group_index=1,
            sector=Sector.EXPORTER,
            families=("FAM-VAC",),
        )
    )
    home.state.mkdir(mode=0o700)
    (home.state / "genesis.json").write_bytes(encode(signed(founded)))
    return home


def know(home: Home, inquiries: Iterable[Inquiry]) -> None:
    """Have the register know every value of these inquiries."""
    with Register(home.register, key_file.load(home, WORD).register) as register:
        values = {key: output_of(key) for inquiry in inquiries for key in keys_of(inquiry)}
        register.values.keep(values, EPOCH)


def sync(
    home: Home,
    cards: Mapping[Card, Sequence[MatchKey]],
    *,
    filler: int = 0,
    published_at: int = NOW,
    tombstones: Sequence[Tombstone] = (),
) -> None:
    """Put an index in the home: each card opens by these values; `filler` tags more belong to others' cards."""
    dice = random.Random(7)
    sealed, rows = [], []

    def publish(card: Card, tags: Iterable[tuple[Tag, CardKey]]) -> None:
        content_key, number = dice.randbytes(16), len(sealed)
        sealed.append((number, seal_card(card, content_key, EPOCH)))
        rows.extend((tag, wrap_content_key(card_key, content_key), number) for tag, card_key in tags)

    for card, values in cards.items():
        publish(card, [(output_of(key).tag, output_of(key).card_key) for key in values])
    if filler:
        other = next(iter(cards))
        for _ in range(filler // 4):
            publish(other, [(Tag(dice.randbytes(32)), CardKey(dice.randbytes(32))) for _ in range(4)])
    tags, packed = tag_segments(rows, depth_for(len(rows), 0), EPOCH), card_segments(sealed, EPOCH)
    directory = index_dir(home.state)
    (directory / "segments").mkdir(parents=True, exist_ok=True)
    for segment in tags + packed:
        (directory / segment_name(segment.ref)).write_bytes(segment.content)
    manifest = Manifest(
        epoch=EPOCH,
        number=1,
        published_at=published_at,
        max_age_seconds=86_400,
        tag_segments=tuple(segment.ref for segment in tags),
        card_segments=tuple(segment.ref for segment in packed),
        tombstones=tuple(tombstones),
        quarantined=(),
    )
    (directory / SYNCED_FILE).write_bytes(
        encode(Synced(manifest=manifest, synced_at=published_at, etag=None))
    )


def a_card(number: int = 1, groups: str = "2-4") -> Card:
    """A card of two groups or more."""
    return Card(
        card_id=UUID(int=number),
        version=1,
        groups=groups,
        events=groups,
        evidence=Evidence.E2,
        first="2026-Q2",
        last="2026-Q3",
        families=("FAM-VAC",),
        sectors=("exporter",),
        linked_by=(Kind.PHONE,),
        stages=(Stage.INQUIRY,),
        typologies=(),
        after_decline=False,
        cleared=0,
    )
