"""Returns at a trustee: a key dealt sealed, a share taken only if it fits and kept once, what a mirror refuses."""

import json
from pathlib import Path

import pytest

from cairn_protocol.errors import BadDealing, BadShare
from cairn_protocol.messages.log import LeafKind
from cairn_protocol.messages.parties import Approval
from cairn_protocol.messages.returns import ReturnTerms
from cairn_protocol.messages.returns_exchange import ApprovedKey, Dealing
from cairn_protocol.messages.wire import Signed, decode, digest_of, encode, sign
from cairn_protocol.paillier import PublicKey
from cairn_protocol.passphrase import WrongPassphrase
from cairn_protocol.returns_layout import CURRENT
from local.returns import PRIMES
from tests.support.sums import CAPS
from tests.support.trustees import NAMES, PASSPHRASE, Founded, Log, done, run, serving
from trustee.home import Home
from trustee.keys import load as load_keys
from trustee.returns import dealing, holding


@pytest.fixture(scope="module")
def homes(founded: Founded, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Home]:
    folder = tmp_path_factory.mktemp("returns")
    return {name: founded.home(name, folder) for name in NAMES}


@pytest.fixture(scope="module")
def dealt(homes: dict[str, Home]) -> Signed:
    """t1's dealing, by its command."""
    out = homes["t1"].folder / "dealing"
    told = json.loads(
        done("paillier", "deal", "--home", homes["t1"].folder, "--primes", PRIMES, "--out", out, "--json")
    )
    assert told["fresh"] is False
    return decode(out.read_bytes(), Signed)


@pytest.fixture(scope="module")
def accepted(homes: dict[str, Home], dealt: Signed) -> dict[str, tuple[PublicKey, bytes]]:
    """Each trustee's key and approval."""
    return {name: dealing.accept(home, PASSPHRASE, dealt) for name, home in homes.items()}


def test_every_trustee_gets_its_own_share_of_one_key(
    homes: dict[str, Home], accepted: dict[str, tuple[PublicKey, bytes]]
) -> None:
    (key,) = {key.digest: key for key, _ in accepted.values()}.values()

    held = [holding.load(home, PASSPHRASE, key) for home in homes.values()]

    assert [one.share.index for one in held] == [1, 2, 3]
    assert len({one.noise for one in held}) == 3


def test_a_share_opens_with_its_trustees_key_alone(homes: dict[str, Home], dealt: Signed) -> None:
    dealer, other = homes["t1"], homes["t2"]
    keys, wrong = load_keys(dealer, PASSPHRASE), other.descriptor().keys

    with pytest.raises(BadDealing):
        dealing.take_share(dealt, dealer.genesis(), wrong, keys)


def test_a_dealing_is_a_trustees_and_unchanged(homes: dict[str, Home], dealt: Signed) -> None:
    home = homes["t2"]
    genesis, me, keys = home.genesis(), home.descriptor().keys, load_keys(home, PASSPHRASE)
    content = decode(dealt.body, Dealing)
    swapped = Dealing(dealer="t1", key=content.key, shares=content.shares[::-1])

    with pytest.raises(BadDealing, match="no trustee"):
        dealing.take_share(Signed(body=encode(swapped), signature=dealt.signature), genesis, me, keys)
    with pytest.raises(BadDealing, match="no trustee"):  # t2 signs it in t1's name
        dealing.take_share(sign(content, keys.signing), genesis, me, keys)


def test_a_dealer_that_seals_another_share_than_the_key_fixes_is_named(homes: dict[str, Home]) -> None:
    """A trustee that approved such a key could open nothing, and nobody would know before the first sum."""
    dealer, home = homes["t1"], homes["t2"]
    signing = load_keys(dealer, PASSPHRASE).signing
    once, twice = (
        decode(dealing.deal_for(home.genesis(), "t1", signing, dealing.stored_primes(PRIMES)).body, Dealing)
        for _ in range(2)
    )
    mixed = sign(Dealing(dealer="t1", key=once.key, shares=twice.shares), signing)

    with pytest.raises((BadDealing, BadShare)) as refused:
        dealing.take_share(mixed, home.genesis(), home.descriptor().keys, load_keys(home, PASSPHRASE))
    assert refused.value.culprit in ("trustee:t1", "dealer")


def test_taking_the_share_again_leaves_the_noise_as_it_was(
    homes: dict[str, Home], dealt: Signed, accepted: dict[str, tuple[PublicKey, bytes]]
) -> None:
    """Noise drawn anew for a period that has some would tell the difference."""
    home, key = homes["t3"], accepted["t3"][0]
    before = holding.load(home, PASSPHRASE, key).noise
    (home.folder / "again").write_bytes(encode(dealt))

    done("paillier", "accept", home.folder / "again", "--home", home.folder, "--out", home.folder / "sig")

    assert holding.load(home, PASSPHRASE, key).noise == before
    with pytest.raises(WrongPassphrase):
        holding.load(home, "another passphrase", key)


def test_a_file_without_primes_is_refused_in_a_sentence(homes: dict[str, Home], tmp_path: Path) -> None:
    (tmp_path / "no-primes").write_text("{}")
    told = run(
        "paillier", "deal", "--home", homes["t1"].folder, "--primes", tmp_path / "no-primes",
        "--out", tmp_path / "out",
    )  # fmt: skip
    assert told.exit_code == 1 and "no primes" in told.output


def test_a_mirror_refuses_a_push_with_second_terms_or_a_key_not_everybody_approved(
    founded: Founded, homes: dict[str, Home], accepted: dict[str, tuple[PublicKey, bytes]]
) -> None:
    key = accepted["t1"][0].message
    approvals = tuple(Approval(trustee=name, signature=accepted[name][1]) for name in NAMES)
    terms = ReturnTerms(
        period="2026-10",
        layout=CURRENT.version,
        layout_digest=CURRENT.digest,
        key_digest=digest_of(key),
        caps=CAPS,
        noise_from=NAMES,
        rho_thousandths=500,
    )
    log = Log(founded.parties).begin().add(LeafKind.PAILLIER_KEY, ApprovedKey(key=key, approvals=approvals))
    log.add(LeafKind.RETURN_TERMS, terms)
    with serving(homes["t1"]) as trustee:
        log.pushed(trustee)
        size = len(log.entries)
        for kind, wrong, slug in (
            (LeafKind.RETURN_TERMS, terms, "period-closed"),
            (LeafKind.PAILLIER_KEY, ApprovedKey(key=key, approvals=approvals[:2]), "bad-paillier-key"),
        ):
            lying = Log(founded.parties)
            lying.entries = log.entries.copy()
            answer = lying.add(kind, wrong).push(trustee, size)
            assert answer.json()["type"].endswith(slug), answer.text
            assert answer.json()["culprit"] == "hub"
        log.report().pushed(trustee, size)
