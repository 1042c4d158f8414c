"""A trustee at work: its keys, its store, and what each request does.

Everything here blocks (disk and curve work); the routes call it off the event loop.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from prometheus_client import Counter, Gauge
from sqlalchemy.orm import Session

from cairn_protocol.errors import UnknownSigner
from cairn_protocol.group import Element
from cairn_protocol.http_signatures import VerifiedRequest, verify_request
from cairn_protocol.messages.log import LeafHashes, Push, PushAnswer
from cairn_protocol.messages.parties import Genesis
from cairn_protocol.messages.trustee import Evaluate, Evaluations
from cairn_protocol.messages.wire import decode
from trustee import keys as key_file
from trustee.evaluating import admission, evaluation
from trustee.home import Home
from trustee.mirror import leaves, pushing
from trustee.mirror.roster import RosterOfMirror
from trustee.settings import Settings
from trustee.storage.database import Store

HUB = "hub"
MAX_LEAVES = 10_000
SUBJECTS = Counter("cairn_trustee_subjects", "Padded subjects evaluated.")
MIRROR = Gauge("cairn_trustee_mirror_leaves", "Leaves in the mirror of the log.")


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What a signature is checked against: as it arrived."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


class Serving:
    """An open trustee."""

    def __init__(
        self, home: Home, word: str, settings: Settings, now: Callable[[], float] = time.time
    ) -> None:
        """Raises HomeError, WrongPassphrase, StoreUnavailable."""
        self.home = home
        self.settings = settings
        self.now = now
        self.descriptor = home.descriptor()
        self.keys = key_file.load(home, word)
        self.roster = RosterOfMirror(home.genesis_digest())
        self.store = Store(home.database)
        MIRROR.set(self.store.read(leaves.size))

    def evaluate(self, request: SignedRequest) -> Evaluations:
        """A member's batch, once its signature, nonce and meter were checked and committed."""
        message = decode(request.body, Evaluate)
        now = int(self.now())

        def admit(db: Session) -> tuple[list[Element], list[Element], Genesis]:
            roster = self.roster.current(db)

            def key_of(key_id: str) -> Ed25519PublicKey:
                return Ed25519PublicKey.from_public_bytes(
                    admission.member_entry(roster, key_id, now).signing_key
                )

            verified = self._verify(request, key_of, now)
            entry = admission.member_entry(roster, verified.key_id, now)
            evaluation.check_request(message, roster.genesis, entry.party)
            names = evaluation.decoded(message.names, entry.party)
            values = evaluation.decoded(message.values, entry.party)
            admission.spend_nonce(db, verified, now, self.settings.signature_window_seconds)
            admission.charge(db, roster, entry, message.subjects, now, self.settings.subjects_a_day)
            return names, values, roster.genesis

        names, values, genesis = self.store.transact(admit)
        answer = evaluation.answer(self.keys, genesis, names, values)
        SUBJECTS.inc(message.subjects)
        return answer

    def push(self, request: SignedRequest) -> PushAnswer:
        """The hub's leaves and checkpoint. Raises Unsigned and the like for anybody else's."""
        now = int(self.now())

        def body(db: Session) -> PushAnswer:
            message = decode(request.body, Push)
            hub_key = self._hub_key(db, message)

            def key_of(key_id: str) -> Ed25519PublicKey:
                if key_id != HUB:
                    raise UnknownSigner("only the hub pushes leaves")
                return hub_key

            verified = self._verify(request, key_of, now)
            admission.spend_nonce(db, verified, now, self.settings.signature_window_seconds)
            return pushing.take(
                db, message, self.roster, self.descriptor.keys.id, self.keys.signing, self.now
            )

        answer = self.store.transact(body)
        MIRROR.set(answer.size)
        return answer

    def size(self) -> PushAnswer:
        """How many leaves the mirror has."""
        return PushAnswer(size=self.store.read(leaves.size), cosignature=None)

    def leaf_hashes(self, start: int, count: int) -> LeafHashes:
        """A run of the mirror's leaf hashes, at most MAX_LEAVES."""

        def body(db: Session) -> LeafHashes:
            found = leaves.hashes(db, start, min(count, MAX_LEAVES))
            return LeafHashes(start=start, size=leaves.size(db), leaf_hashes=tuple(found))

        return self.store.read(body)

    def latest_note(self) -> str | None:
        """The newest checkpoint it cosigned."""
        return self.store.read(pushing.latest_note)

    def close(self) -> None:
        """Let go of the database."""
        self.store.close()

    def _hub_key(self, db: Session, push: Push) -> Ed25519PublicKey:
        """The hub's key of the genesis, which may only just be arriving as leaf 0."""
        return Ed25519PublicKey.from_public_bytes(
            self.roster.check_arriving(db, 0, push.entries[:1]).hub_key
            if leaves.size(db) == 0
            else self.roster.current(db).genesis.hub_key
        )

    def _verify(
        self, request: SignedRequest, key_of: Callable[[str], Ed25519PublicKey], now: int
    ) -> VerifiedRequest:
        return verify_request(
            request.method,
            request.url,
            request.headers,
            request.body,
            key_of,
            now,
            self.settings.signature_window_seconds,
        )


def port_of(url: str) -> tuple[str, int]:
    """Host and port that a trustee with this address listens on."""
    parts = urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or (443 if parts.scheme == "https" else 80)
