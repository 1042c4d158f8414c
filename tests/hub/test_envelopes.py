"""Envelopes: opened only with the keys, only in their place, for as long as the data key exists."""

import base64
import json
import os
import stat
from datetime import date
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from hub.settings import Settings
from hub.storage.database import Store
from hub.storage.envelopes import (
    OVERHEAD_BYTES,
    DataKeyUnknown,
    EnvelopeDamaged,
    Envelopes,
    KeyEncryptionKeyWrong,
)
from hub.storage.key_file import FileKeys, KeyFileUnusable

pytestmark = pytest.mark.anyio


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(context=st.binary(max_size=40), plain=st.binary(max_size=200), data=st.data())
def test_an_envelope_opens_as_sealed_and_not_with_one_bit_changed(
    envelopes: Envelopes, context: bytes, plain: bytes, data: st.DataObject
) -> None:
    envelope = envelopes.seal(context, plain)
    assert envelopes.open(context, envelope) == plain
    assert len(envelope) == len(plain) + OVERHEAD_BYTES

    bit = data.draw(st.integers(0, len(envelope) * 8 - 1))
    changed = bytearray(envelope)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises((EnvelopeDamaged, DataKeyUnknown)):
        envelopes.open(context, bytes(changed))


async def test_an_envelope_does_not_open_in_another_row(envelopes: Envelopes) -> None:
    envelope = envelopes.seal(b"reports.open_codes/1", b"codes")

    with pytest.raises(EnvelopeDamaged):
        envelopes.open(b"reports.open_codes/2", envelope)


@pytest.mark.parametrize("rubbish", [b"", b"\x01", b"\x02" + bytes(60)])
async def test_rubbish_is_no_envelope(envelopes: Envelopes, rubbish: bytes) -> None:
    with pytest.raises(EnvelopeDamaged):
        envelopes.open(b"", rubbish)


async def test_the_layout_is_the_documented_one(
    envelopes: Envelopes, settings: Settings, database_url: str
) -> None:
    """A second implementation, by the module's docstring: who has file and database can open."""
    envelope = envelopes.seal(b"here", b"plain")
    kek = json.loads(settings.keys_path.read_text())["keys"]["1"]
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("SELECT id, wrapped FROM data_keys").fetchall()
    [(key_id, wrapped)] = rows
    data_key = aes_key_unwrap(base64.b64decode(kek), wrapped)

    assert envelope[:5] == b"\x01" + key_id.to_bytes(4, "big")
    assert AESGCM(data_key).decrypt(envelope[5:17], envelope[17:], envelope[:5] + b"here") == b"plain"


async def test_nothing_is_sealed_before_a_data_key_is_there(settings: Settings) -> None:
    with pytest.raises(DataKeyUnknown):
        Envelopes(FileKeys.load_or_create(settings.keys_path)).seal(b"", b"")


async def test_every_month_has_its_key_and_the_old_ones_still_open(
    store: Store, settings: Settings, database_url: str
) -> None:
    today = [date(2027, 1, 31)]
    envelopes = Envelopes(FileKeys.load_or_create(settings.keys_path), today=lambda: today[0])
    await envelopes.ready(store)
    january = envelopes.seal(b"", b"january")
    today[0] = date(2027, 2, 1)
    await envelopes.ready(store)
    february = envelopes.seal(b"", b"february")

    restarted = Envelopes(FileKeys.load_or_create(settings.keys_path), today=lambda: today[0])
    await restarted.ready(store)
    assert january[:5] != february[:5]
    assert restarted.open(b"", january) == b"january"
    assert restarted.open(b"", february) == b"february"


async def test_two_hubs_on_one_database_share_the_months_key(store: Store, settings: Settings) -> None:
    keys = FileKeys.load_or_create(settings.keys_path)
    here, there = Envelopes(keys), Envelopes(keys)
    await here.ready(store)
    await there.ready(store)

    assert there.open(b"", here.seal(b"", b"shared")) == b"shared"


async def test_a_deleted_data_key_takes_its_envelopes_along(
    envelopes: Envelopes, store: Store, settings: Settings, database_url: str
) -> None:
    envelope = envelopes.seal(b"", b"gone")
    with psycopg.connect(database_url) as connection:
        connection.execute("DELETE FROM data_keys")
    restarted = Envelopes(FileKeys.load_or_create(settings.keys_path))
    await restarted.ready(store)

    with pytest.raises(DataKeyUnknown):
        restarted.open(b"", envelope)


async def test_another_hubs_key_file_is_refused(envelopes: Envelopes, store: Store, tmp_path: Path) -> None:
    other = Envelopes(FileKeys.load_or_create(tmp_path / "other.json"))

    with pytest.raises(KeyEncryptionKeyWrong):
        await other.ready(store)


async def test_after_a_rotation_the_old_key_encryption_key_is_not_needed(
    envelopes: Envelopes, store: Store, settings: Settings
) -> None:
    envelope = envelopes.seal(b"", b"kept")
    keys = FileKeys.load_or_create(settings.keys_path)
    assert keys.rotate() == 2
    assert await Envelopes(keys).rewrap(store) == 1
    kept = json.loads(settings.keys_path.read_text())
    del kept["keys"]["1"]
    settings.keys_path.write_text(json.dumps(kept))

    restarted = Envelopes(FileKeys.load_or_create(settings.keys_path))
    await restarted.ready(store)
    assert restarted.open(b"", envelope) == b"kept"


def test_the_key_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    keys = FileKeys.load_or_create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["keys"]["1"] not in repr(keys)

    os.chmod(path, 0o640)
    with pytest.raises(KeyFileUnusable):
        FileKeys.load_or_create(path)


@pytest.mark.parametrize(
    "content", ["", "{}", '{"keys": {}}', '{"keys": {"1": "AAAA"}}', '{"keys": {"x": ""}}']
)
def test_a_damaged_key_file_is_not_replaced(tmp_path: Path, content: str) -> None:
    """A new key would open nothing of what is in the database."""
    path = tmp_path / "keys.json"
    path.touch(0o600)
    path.write_text(content)

    with pytest.raises(KeyFileUnusable):
        FileKeys.load_or_create(path)
    assert path.read_text() == content
