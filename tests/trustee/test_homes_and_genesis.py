"""What lies in a trustee's home, who can open it, and which genesis it signs."""

import json
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from cairn_protocol.messages.parties import Genesis, TrusteeKeys, check_genesis_signature
from cairn_protocol.messages.wire import decode, digest_of, encode
from cairn_protocol.passphrase import WrongPassphrase
from cairn_protocol.private_files import write_private
from tests.support.trustees import (
    PASSPHRASE,
    Founded,
    Log,
    done,
    draft,
    init,
    process,
    run,
    serving,
    sign_genesis,
)
from trustee import keys as key_file
from trustee.errors import HomeError
from trustee.keys import KeyFile
from trustee.serving import Serving
from trustee.settings import Settings


def test_everything_in_a_home_is_its_owners_alone(founded: Founded, tmp_path: Path) -> None:
    home = founded.home("t1", tmp_path)
    with serving(home) as trustee:
        Log(founded.parties).begin().pushed(trustee)
        files = [path for path in home.folder.rglob("*") if path.is_file()]

        assert {"keys", "descriptor.json", "ceremony.json", "trustee.db", "trustee.db-wal"} <= {
            path.name for path in files
        }
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
        assert stat.S_IMODE(founded.folder.joinpath("t1").stat().st_mode) == 0o700


def test_no_share_and_no_passphrase_is_in_the_clear(founded: Founded) -> None:
    kept = b"".join(
        path.read_bytes()
        for path in (founded.folder / "t1").iterdir()
        if path.is_file() and path.name != "passphrase"
    )

    for share in founded.parties.shares["t1"].values():
        assert share.scalar.to_bytes(32, "little") not in kept
    assert PASSPHRASE.encode() not in kept


def test_another_passphrase_opens_nothing(founded: Founded, tmp_path: Path) -> None:
    home = founded.home("t1", tmp_path)
    word = tmp_path / "word"
    word.write_text("another")

    refused = run("sign-genesis", "--home", home.folder, "--genesis", home.folder / "genesis.json",
                  "--out", tmp_path / "sig", "--passphrase-file", word)  # fmt: skip

    assert refused.exit_code == 1
    assert not (tmp_path / "sig").exists()
    with pytest.raises(WrongPassphrase):
        key_file.load_assent(home, "another")


def test_a_passphrase_that_others_can_read_is_not_used(founded: Founded, tmp_path: Path) -> None:
    home = founded.home("t1", tmp_path)
    (home.folder / "passphrase").chmod(0o644)

    with pytest.raises(HomeError, match="others can read"):
        home.stored_passphrase()


def test_a_trustee_serves_without_its_assent_share(founded: Founded, tmp_path: Path) -> None:
    """Nothing that runs all day can give an assent: the share may lie elsewhere meanwhile."""
    home = founded.home("t1", tmp_path)
    whole = decode(home.keys.read_bytes(), KeyFile)
    write_private(home.keys, encode(replace(whole, assent=None)))

    with serving(home) as trustee:
        Log(founded.parties).begin().pushed(trustee)

    with pytest.raises(HomeError):
        key_file.load_assent(home, PASSPHRASE)


def test_the_assent_compartment_does_not_pass_for_the_serving_one(founded: Founded, tmp_path: Path) -> None:
    home = founded.home("t1", tmp_path)
    whole = decode(home.keys.read_bytes(), KeyFile)
    assert whole.assent is not None
    write_private(home.keys, encode(replace(whole, serving=whole.assent)))

    with pytest.raises(WrongPassphrase):
        key_file.load(home, PASSPHRASE)


def test_keys_are_never_overwritten(founded: Founded, tmp_path: Path) -> None:
    home = founded.home("t1", tmp_path)
    before = home.keys.read_bytes()

    refused = run("init", "--home", home.folder, "--id", "t9", "--index", "9", "--url", "http://t9.example")

    assert refused.exit_code == 1
    assert home.keys.read_bytes() == before


@pytest.mark.parametrize(
    "words", [("--id", "T 1", "--url", "http://t1.example"), ("--id", "t1", "--url", "t1")]
)
def test_a_name_or_address_that_no_plan_could_hold_makes_no_home(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    refused = run("init", "--home", tmp_path / "t1", "--index", "1", *words)

    assert refused.exit_code == 1
    assert not (tmp_path / "t1").exists()


def test_it_signs_the_genesis_of_its_key_generation(founded: Founded, tmp_path: Path) -> None:
    genesis = founded.parties.genesis

    signature = sign_genesis(founded.home("t2", tmp_path).folder, genesis, tmp_path)

    check_genesis_signature(genesis, genesis.trustees[1], signature)


def another_trustee(genesis: Genesis) -> tuple[TrusteeKeys, ...]:
    """The hub's own key in the place of t2's."""
    key = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    return (genesis.trustees[0], replace(genesis.trustees[1], signing_key=key), genesis.trustees[2])


@pytest.mark.parametrize(
    ("what", "changed"),
    [
        ("trustees", lambda genesis: replace(genesis, trustees=another_trustee(genesis))),
        ("number of trustees", lambda genesis: replace(genesis, t=3)),
        ("epoch", lambda genesis: replace(genesis, epoch=2)),
        ("joint keys", lambda genesis: replace(genesis, keys=(genesis.keys[1], *genesis.keys[1:]))),
    ],
)
def test_a_draft_that_differs_from_the_key_generation_is_not_signed(
    founded: Founded, tmp_path: Path, what: str, changed
) -> None:  # type: ignore[no-untyped-def]
    home = founded.home("t1", tmp_path)
    (home.folder / "genesis.json").unlink()
    (tmp_path / "draft.json").write_bytes(encode(changed(founded.parties.genesis)))

    refused = run("sign-genesis", "--home", home.folder, "--genesis", tmp_path / "draft.json",
                  "--out", tmp_path / "sig", "--json")  # fmt: skip

    assert refused.exit_code == 6
    assert what in json.loads(refused.stdout)["detail"]
    assert not (tmp_path / "sig").exists()
    assert not home.has_genesis()


def test_one_key_generation_has_one_genesis(founded: Founded, tmp_path: Path) -> None:
    """Two would be two logs under the same keys: a fork from the first leaf on."""
    home = founded.home("t1", tmp_path)
    (tmp_path / "draft.json").write_bytes(encode(draft(founded.folder, Ed25519PrivateKey.generate())))

    refused = run("sign-genesis", "--home", home.folder, "--genesis", tmp_path / "draft.json",
                  "--out", tmp_path / "sig")  # fmt: skip

    assert refused.exit_code == 6
    assert home.genesis() == founded.parties.genesis


def test_it_says_what_it_signs(founded: Founded, tmp_path: Path) -> None:
    home, genesis = founded.home("t1", tmp_path), founded.parties.genesis

    told = done("sign-genesis", "--home", home.folder, "--genesis", home.folder / "genesis.json",
                "--out", tmp_path / "sig")  # fmt: skip

    for said in (digest_of(genesis).hex(), genesis.origin, "2 of t1, t2, t3", genesis.hub_key.hex()):
        assert said in told


def test_a_trustee_whose_key_file_is_anothers_does_not_serve(founded: Founded, tmp_path: Path) -> None:
    """Its evaluations would be false, and it would be called a liar."""
    home, other = founded.home("t1", tmp_path), founded.folder / "t2" / "keys"
    home.keys.write_bytes(other.read_bytes())

    with pytest.raises(HomeError, match="not the one in the genesis"):
        Serving(home, key_file.load(home, PASSPHRASE), Settings())


def test_serve_says_what_is_missing_before_the_genesis(tmp_path: Path) -> None:
    init(tmp_path / "t1", "t1", 1, "http://127.0.0.1:1")

    refused = run("serve", "--home", tmp_path / "t1")

    assert refused.exit_code == 1
    assert "sign-genesis" in refused.stderr


def test_no_verb_works_outside_a_home(tmp_path: Path) -> None:
    for words in (["status"], ["requests"], ["serve"], ["refuse", "0" * 16]):
        refused = run(*words, "--home", tmp_path / "nowhere")

        assert refused.exit_code == 1, refused.output
        assert "init" in refused.stderr or "keys" in refused.stderr or "genesis" in refused.stderr
        assert not (tmp_path / "nowhere").exists()


def test_status_tells_what_is_there(founded: Founded, tmp_path: Path) -> None:
    home = founded.home("t1", tmp_path)
    with serving(home) as trustee:
        Log(founded.parties).begin().report(4).pushed(trustee)

        told = json.loads(done("status", "--home", home.folder, "--json"))

    assert told["id"] == "t1"
    assert told["keys"] == {"serving": True, "assent": True}
    assert (told["mirror"], told["checkpoint"]["size"]) == (5, 5)
    assert told["roster"] == {"member": 0, "analyst": 0, "reviewer": 0, "liaison": 0}
    assert told["today"] == 0
    assert "5 leaves mirrored" in done("status", "--home", home.folder)


def test_a_taken_address_is_said(founded: Founded, tmp_path: Path) -> None:
    home = founded.home("t1", tmp_path)
    with process(home):
        refused = run("serve", "--home", home.folder)

    assert refused.exit_code == 1
    assert "can't listen" in refused.stderr
