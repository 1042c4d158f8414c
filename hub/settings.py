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

    public_url: str | None = Field(
        default=None,
        description="Address members use, such as https://hub.example: it is in invitations, and requests must "
        "be signed for its host. Unset: the Host header of each request is taken, good for one machine.",
    )
    host: str = Field(default="127.0.0.1", description="Address `serve` listens on.")
    port: int = Field(default=8700, ge=1, le=65535, description="Port `serve` listens on.")
    trustees: dict[str, str] = Field(
        default_factory=dict,
        description="Address of each trustee by its id, as JSON. `cairn-hub genesis draft` fills it in.",
    )
    signature_window_seconds: int = Field(
        default=300, ge=1, description="How far a signed request's clock may be from the hub's, either way."
    )
    sequencer_seconds: float = Field(
        default=0.5,
        gt=0,
        description="Pause between turns of the sequencer: how long a receipt waits for its place in the log.",
    )
    trustee_connect_seconds: float = Field(
        default=2,
        gt=0,
        description="Wait for a trustee to take a connection; then the others go on without it.",
    )
    trustee_answer_seconds: float = Field(
        default=10, gt=0, description="Wait for a trustee's answer to a push of up to 1,000 leaves."
    )
    invitation_days: int = Field(
        default=14, ge=1, description="Days in which an invitation's one-time word can be used."
    )
    roster_delay_seconds: int = Field(
        default=0,
        ge=0,
        description="From an invitation to the first moment its entry can be in force. 0: as soon as t trustees "
        "approved and the log has it. Raise it where members want time to object to an entry.",
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

    index_interval_seconds: float = Field(
        default=3600,
        gt=0,
        description="Time between versions of the index; `cairn-hub index publish` makes one at once.",
    )
    index_max_age_seconds: int = Field(
        default=172_800,
        gt=0,
        description="Age at which members take an index for too old to answer from. Longer than any outage of the hub.",
    )
    index_proof_seconds: float = Field(
        default=30, gt=0, description="Wait of a publication for t trustees to cosign its manifest."
    )
    index_segment_kept_seconds: int = Field(
        default=86_400,
        ge=0,
        description="How long segments stay that no manifest lists any more, for members half way through a sync.",
    )

    question_delay_seconds: int = Field(
        default=86_400,
        ge=0,
        description="A member's question to governments is public between one and two of these after it was asked, "
        "so that its day does not tell who asked.",
    )

    trend_cells_per_quarter: int = Field(
        default=5_000,
        ge=1,
        description="Exact figures that analysts, and members, may be told from reports' codes in a quarter: each is "
        "one more equation about what firms reported. The same question again costs nothing.",
    )

    log_level: str = Field(default="INFO", description="Least severe level that is logged.")

    @property
    def url(self) -> str:
        """Where members reach the hub."""
        return self.public_url or f"http://{self.host}:{self.port}"

    @property
    def hub_key_path(self) -> Path:
        """Where the hub's signing key is."""
        return self.data / "hub_key.pem"

    @property
    def policy_path(self) -> Path:
        """Where the network's policy pack is, once one is published."""
        return self.data / "policy.pack"

    @property
    def keys_path(self) -> Path:
        """Where the key-encryption keys are."""
        return self.key_file or self.data / "keys.json"
