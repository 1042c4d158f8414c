"""Every setting of a trustee in one table: name, default and why. Environment: CAIRN_TRUSTEE_ and the name."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """A trustee's settings."""

    model_config = SettingsConfigDict(env_prefix="CAIRN_TRUSTEE_", frozen=True, extra="ignore")

    listen: str | None = Field(
        default=None,
        description="host:port to listen on, behind a proxy or in a container. Default: those of the trustee's url.",
    )
    addresses: tuple[str, ...] = Field(
        default=(),
        description="Further urls (JSON list) that members and hub may sign requests for, beside the descriptor's: "
        "while an address changes, or where a relay stands before the trustee.",
    )
    subjects_a_day: int = Field(
        default=500,
        ge=1,
        description="Padded subjects that a group may have evaluated on one UTC day without an allowance in the log: "
        "up to 3,000 guesses at phones for a member that tests names, enough for a firm's ordinary day. Each trustee "
        "counts what it is asked itself: who asks t of n at a time gets n / t as many.",
    )
    signature_window_seconds: int = Field(
        default=300,
        ge=1,
        description="How far a signed request's clock may be from the trustee's, either way.",
    )
    body_bytes: int = Field(
        default=512 * 1024, ge=1024, description="Largest request but a push: 100 subjects are about 150 kB."
    )
    push_bytes: int = Field(
        default=16 * 1024 * 1024, ge=1024, description="Largest push: 1,000 leaves with their contents."
    )
    busy_seconds: float = Field(
        default=5,
        ge=0,
        description="Wait for another process that writes to the database, a staff command's.",
    )
    ceremony_seconds: float = Field(
        default=120, gt=0, description="How long a key generation waits for the other trustees."
    )
    hub_seconds: float = Field(default=10, gt=0, description="Wait for the hub's answer to a staff command.")
    returns_rho_thousandths: int = Field(
        default=500,
        ge=1,
        description="Most zCDP, in thousandths, that a period of returns may take from one inquiry: "
        "terms that ask for less noise get none from this trustee, and can't be closed.",
    )
    shutdown_seconds: int = Field(
        default=15, ge=0, description="Time that requests under way have to finish at the end."
    )
    log_level: str = Field(default="INFO", description="Level of the process's log.")
