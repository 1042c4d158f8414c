"""Every setting of the hub in one table: name, default and why.

Read from the environment (`CAIRN_HUB_` and the name in capitals) or a file named by
`CAIRN_HUB_ENV_FILE`. `DATABASE_URL` is honoured by its usual name. A setting a part needs
is added here, so that `docs/settings.md` stays complete.
"""

import os
from pathlib import Path

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

KIB, MIB = 1 << 10, 1 << 20


class Settings(BaseSettings):
    """The hub's settings. Making it reads the environment; an unknown `CAIRN_HUB_` value is left alone."""

    model_config = SettingsConfigDict(
        env_prefix="CAIRN_HUB_",
        env_file=os.environ.get("CAIRN_HUB_ENV_FILE"),
        extra="ignore",
        frozen=True,
        populate_by_name=True,
    )

    data: Path = Field(
        default=Path(".run/hub"),
        description="Folder of keys and, without DATABASE_URL, of the private PostgreSQL.",
    )
    database_url: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("DATABASE_URL", "CAIRN_HUB_DATABASE_URL"),
        description="PostgreSQL in libpq's form. Unset: a private server in the data folder, good for one machine.",
    )
    key_file: Path | None = Field(
        default=None,
        description="File (mode 0600) of the key-encryption keys. Unset: `keys.json` in the data folder. "
        "Keep a copy apart from the database's backup: each is useless without the other.",
    )

    pool_size: int = Field(
        default=10, ge=1, description="Database connections kept open by a process of the hub."
    )
    pool_overflow: int = Field(
        default=10, ge=0, description="Further connections opened under load and closed after it."
    )
    pool_wait_seconds: float = Field(
        default=10,
        gt=0,
        description="Wait for a free connection; then the request is told to come back (503).",
    )
    connect_seconds: int = Field(
        default=5, ge=2, description="Wait for the database to take a connection; libpq's least is 2."
    )
    statement_seconds: float = Field(
        default=30, gt=0, description="The database ends a statement that takes longer."
    )
    transaction_seconds: float = Field(
        default=60,
        gt=0,
        description="The hub gives up a transaction that takes longer, also if the database froze.",
    )
    transaction_attempts: int = Field(
        default=8,
        ge=1,
        description="Times a transaction is tried when the database finds it in conflict with another.",
    )

    job_concurrency: int = Field(
        default=1,
        ge=1,
        description="Jobs one worker runs at a time. With 1, jobs of one lock follow each other without a pause.",
    )
    job_heartbeat_seconds: float = Field(
        default=2, gt=0, description="How often a worker says that it lives."
    )
    job_stalled_seconds: float = Field(
        default=15,
        gt=0,
        description="A worker silent for so long is taken for dead and its jobs run again. "
        "Jobs may run twice by design, so too small only wastes work.",
    )

    report_bytes: int = Field(
        default=1 * MIB,
        ge=KIB,
        description="Largest body of any request but a batch; padded reports take 10 kB.",
    )
    batch_bytes: int = Field(default=16 * MIB, ge=KIB, description="Largest body of a batch of reports.")

    log_level: str = Field(default="INFO", description="Least severe level that is logged.")

    @property
    def keys_path(self) -> Path:
        """Where the key-encryption keys are."""
        return self.key_file or self.data / "keys.json"
