"""A whole hub for a test: the app on a port of its own, a database of its own, and cosigners that answer.

with running_hub(database_url, tmp_path, parties()) as hub:
    hub.enter(*member("m00"))
    answer = hub.call("POST", "/v1/reports", body, "m00", key)
"""

import contextlib
import logging
import os
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import httpx2
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.checkpoint import Verified, open_note
from cairn_protocol.http_signatures import sign_request
from cairn_protocol.messages.log import content_digest
from cairn_protocol.messages.parties import Act, Entry
from cairn_protocol.roster import kind_of, leaf_content
from hub.founding import begin
from hub.logs import set_up
from hub.main import create_app
from hub.settings import Settings
from hub.storage.database import Store
from hub.translog.promise import promise
from tests.support.cosigner import Cosigner, serving
from tests.support.parties import Parties, possession

PATIENCE_SECONDS = 60


def hub_settings(data: Path, database_url: str, parties: Parties, trustees: Mapping[str, str]) -> Settings:
    """A home with the parties' hub key in it, and settings for it."""
    data.mkdir(parents=True, exist_ok=True)
    pem = parties.hub_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (data / "hub_key.pem").write_bytes(pem)
    (data / "hub_key.pem").chmod(0o600)
    return Settings(
        data=data,
        database_url=SecretStr(database_url),
        trustees=dict(trustees),
        sequencer_seconds=0.05,
        trustee_connect_seconds=1,
        trustee_answer_seconds=2,
        connect_seconds=2,
        pool_wait_seconds=5,
    )


def in_database(settings: Settings, body: Callable[[AsyncSession], object]) -> object:
    """Run one transaction from outside of any event loop."""
    assert settings.database_url is not None
    url = settings.database_url.get_secret_value()

    async def run() -> object:
        async with Store.connect(url, settings) as store:
            return await store.transact("test", body)  # type: ignore[arg-type]

    return anyio.run(run)


@dataclass
class RunningHub:
    """A hub that is up. Everything here goes over HTTP or, from outside, into its database."""

    url: str
    settings: Settings
    parties: Parties
    app: FastAPI
    cosigners: dict[str, Cosigner] = field(default_factory=dict)

    def get(self, path: str) -> httpx2.Response:
        return httpx2.get(self.url + path, timeout=PATIENCE_SECONDS)

    def call(
        self,
        method: str,
        path: str,
        body: bytes,
        party: str,
        key: Ed25519PrivateKey,
        *,
        at: int | None = None,
    ) -> httpx2.Response:
        """A request signed by a party."""
        return self.send(method, path, body, signed_headers(method, self.url + path, body, party, key, at=at))

    def send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> httpx2.Response:
        return httpx2.request(
            method, self.url + path, content=body, headers=dict(headers), timeout=PATIENCE_SECONDS
        )

    def put_in_log(self, act: Act, possession: bytes | None = None) -> None:
        """Have an act approved, promised and in a checkpoint that t trustees cosigned."""
        content = leaf_content(self.parties.approved(act, possession))
        size = self.checkpoint().checkpoint.size

        async def body(db: AsyncSession) -> bytes:
            return await promise(db, kind_of(act), content_digest(content), content)

        in_database(self.settings, body)
        until(lambda: self.checkpoint().checkpoint.size > size)

    def enter(self, entry: Entry, key: Ed25519PrivateKey) -> None:
        """Have a party on the roster."""
        self.put_in_log(entry, possession(entry, key))

    def checkpoint(self) -> Verified:
        """The checkpoint that members are shown, verified as they do."""
        until(lambda: self.get("/v1/log/checkpoint").status_code == 200)
        genesis = self.parties.genesis
        trustees = {
            f"{genesis.origin}/{one.id}": Ed25519PublicKey.from_public_bytes(one.signing_key)
            for one in genesis.trustees
        }
        hub_key = Ed25519PublicKey.from_public_bytes(genesis.hub_key)
        return open_note(self.get("/v1/log/checkpoint").text, genesis.origin, hub_key, trustees, genesis.t)


@contextlib.contextmanager
def running_hub(
    database_url: str,
    data: Path,
    parties: Parties,
    *,
    cosigners: Mapping[str, Cosigner] | None = None,
    trustees: Mapping[str, str] | None = None,
    wait: bool = True,
) -> Iterator[RunningHub]:
    """A hub whose log has begun.

    cosigners  in place of honest ones for every trustee
    trustees   addresses of real trustees; then no cosigner is started
    wait       until it is ready
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(quiet_logs())
        own = dict(cosigners or {}) if trustees is None else {}
        if trustees is None:
            for one in parties.genesis.trustees:
                own.setdefault(one.id, Cosigner(parties, one.id))
            trustees = {name: stack.enter_context(one.serving()) for name, one in own.items()}
        settings = hub_settings(data, database_url, parties, trustees)
        in_database(settings, lambda db: begin(db, parties.signed))
        app = create_app(settings)
        url = stack.enter_context(serving(app, lifespan="on"))
        hub = RunningHub(url, settings, parties, app, own)
        if wait:
            until(lambda: hub.get("/readyz").status_code == 200)
        yield hub


@contextlib.contextmanager
def quiet_logs() -> Iterator[None]:
    """Logs as the product writes them: structlog's own default takes seconds to draw a traceback."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    set_up("WARNING")
    root.handlers = [*handlers, *root.handlers]
    try:
        yield
    finally:
        root.handlers = handlers
        root.setLevel(level)
        structlog.reset_defaults()


def signed_headers(
    method: str, url: str, body: bytes, party: str, key: Ed25519PrivateKey, *, at: int | None = None
) -> dict[str, str]:
    """The headers of a request signed now, or at another time."""
    nonce = b64encode(os.urandom(16)).decode()
    created = int(time.time()) if at is None else at
    return sign_request(method, url, body, party, key, created, nonce)


def until(happened: Callable[[], bool]) -> None:
    """Wait for something that is bound to happen."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
