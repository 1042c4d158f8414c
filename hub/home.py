"""The hub's home: a folder of the operator's with its settings, its keys and its private database.

    settings.env    settings, as environment variables would name them; holds the database's password, if any
    hub_key.pem     signs checkpoints and receipts; the genesis names it
    keys.json       key-encryption keys of what lies encrypted in the database
    postgres/       the private server, without a DATABASE_URL

All files are for their owner alone (0600). The two key files belong into a backup apart from the database's.
"""

import json
import stat
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import set_key
from pydantic import ValidationError
from pydantic_settings import SettingsError

from hub.errors import HubError
from hub.hub_key import create_hub_key, public_bytes
from hub.settings import Settings
from hub.storage.key_file import FileKeys

SETTINGS = "settings.env"


class NoHome(HubError):
    """The folder is not a hub's home, or is one already."""

    slug = "internal"


def load_settings(home: Path) -> Settings:
    """The settings of a home. The environment counts more than the file. Raises NoHome."""
    file = home / SETTINGS
    if not file.is_file():
        raise NoHome(f"{home} is not a hub's home: run `cairn-hub init --home {home}` first")
    try:
        return Settings(data=home, _env_file=file)  # type: ignore[call-arg]  # pydantic-settings' own parameter
    except (ValidationError, SettingsError) as error:
        names = [str(one["loc"][0]) for one in error.errors()] if isinstance(error, ValidationError) else []
        raise NoHome(f"settings that don't fit, in {file} or the environment: {', '.join(names)}") from None


def create_home(home: Path, *, public_url: str, database_url: str | None) -> bytes:
    """Make a home with new keys and return the hub's public key (32 bytes). Raises NoHome if there is one.

    public_url    address members use; `serve` listens on its port
    database_url  PostgreSQL in libpq's form; None for a private server
    """
    if (home / SETTINGS).exists():
        raise NoHome(f"{home} is a hub's home already")
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings = {"CAIRN_HUB_PUBLIC_URL": public_url}
    if (port := urlsplit(public_url).port) is not None:
        settings["CAIRN_HUB_PORT"] = str(port)
    if database_url is not None:
        settings["DATABASE_URL"] = database_url
    made = Settings(data=home, _env_file=None)  # type: ignore[call-arg]
    key = create_hub_key(made.hub_key_path)
    FileKeys.load_or_create(made.keys_path)
    keep_settings(home, settings)  # last: a home is one once it has its settings
    return public_bytes(key)


def keep_trustees(home: Path, addresses: Mapping[str, str]) -> None:
    """Remember where the trustees are."""
    keep_settings(home, {"CAIRN_HUB_TRUSTEES": json.dumps(dict(addresses), separators=(",", ":"))})


def keep_settings(home: Path, settings: Mapping[str, str]) -> None:
    """Write settings into the home's file; the others in it stay."""
    file = home / SETTINGS
    file.touch(mode=0o600)
    for name, value in settings.items():
        set_key(file, name, value)


def exposed_files(settings: Settings) -> list[Path]:
    """The secret files of a home that others than their owner can read or write."""
    secret = (settings.data / SETTINGS, settings.hub_key_path, settings.keys_path)
    return [file for file in secret if file.exists() and file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)]
