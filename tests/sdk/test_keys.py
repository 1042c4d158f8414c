"""Key files and backups: right passphrase or nothing, and never over what is there."""

import stat
from pathlib import Path
from uuid import UUID

import pytest

from cairn.client.seen import SeenCard
from cairn.home import Home, HomeError, Profile, write_private
from cairn.raw.keys import MemberKeys, back_up, load, read_backup, save
from cairn_protocol.messages.parties import Role, Sector, TrusteeAddress
from cairn_protocol.passphrase import WrongPassphrase

PROFILE = Profile(
    hub="http://127.0.0.1:1",
    genesis_digest=bytes(32),
    trustees=(TrusteeAddress(id="t1", url="http://127.0.0.1:2"),),
    party="alder",
    role=Role.MEMBER,
    group="alder-sensors",
    group_index=1,
    sector=Sector.EXPORTER,
    families=("FAM-VAC",),
)


def test_keys_open_with_their_passphrase_alone(tmp_path: Path) -> None:
    home, keys = Home(tmp_path), MemberKeys.fresh()
    save(home, keys, "right")

    assert load(home, "right").content() == keys.content()
    assert stat.S_IMODE(home.keys.stat().st_mode) == 0o600
    with pytest.raises(WrongPassphrase):
        load(home, "wrong")


def test_a_changed_byte_anywhere_does_not_open(tmp_path: Path) -> None:
    home = Home(tmp_path)
    save(home, MemberKeys.fresh(), "right")
    sealed = bytearray(home.keys.read_bytes())
    sealed[-1] ^= 1
    home.keys.write_bytes(sealed)

    with pytest.raises(WrongPassphrase):
        load(home, "right")


def test_a_backup_brings_back_keys_profile_and_cards_seen(tmp_path: Path) -> None:
    keys, seen = MemberKeys.fresh(), (SeenCard(UUID(int=1), 1, 7),)
    back_up(tmp_path / "b", keys, PROFILE, seen, "word")

    content = read_backup(tmp_path / "b", "word")

    assert (MemberKeys.of(content.keys).content(), content.profile, content.seen) == (
        keys.content(),
        PROFILE,
        seen,
    )


def test_a_backup_is_no_key_file(tmp_path: Path) -> None:
    home = Home(tmp_path)
    back_up(home.keys, MemberKeys.fresh(), PROFILE, (), "word")

    with pytest.raises(WrongPassphrase):
        load(home, "word")


def test_an_empty_home_says_to_enrol(tmp_path: Path) -> None:
    with pytest.raises(HomeError, match="enrol"):
        Home(tmp_path).profile()
    with pytest.raises(HomeError, match="no keys"):
        load(Home(tmp_path), "word")


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "profile"
    write_private(path, b"before")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(HomeError, match="No space left"):
        write_private(path, b"after")

    assert path.read_bytes() == b"before"
    assert [file.name for file in tmp_path.iterdir()] == ["profile"]


def test_no_key_shows_in_a_repr() -> None:
    assert repr(MemberKeys.fresh()) == "MemberKeys()"
