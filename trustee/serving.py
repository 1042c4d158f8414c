"""A trustee at work: its keys, its store, and what each request does.

Everything here blocks (disk and curve work); the routes call it off the event loop.
"""

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy.orm import Session

from cairn_protocol.errors import UnknownSigner
from cairn_protocol.http_signatures import Headers, VerifiedRequest, verify_request
from cairn_protocol.messages.log import LeafHashes, Push, PushAnswer
from cairn_protocol.messages.trustee import Evaluate, Evaluations
from cairn_protocol.messages.wire import decode
from cairn_protocol.roster import HUB
from trustee.errors import NothingCosigned
from trustee.evaluating import admission, evaluation
from trustee.home import Home
from trustee.keys import ServingKeys, require_shares_of
from trustee.metrics import Figures
from trustee.mirror import leaves, pushing
from trustee.mirror.roster import RosterOfMirror
from trustee.settings import Settings
from trustee.storage.database import Store

MAX_LEAVES = 10_000


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What a signature is checked against: as it arrived, but for the url, whose host is our own."""

    method: str
    url: str
    headers: Headers
    body: bytes = field(repr=False)


class Serving:
    """An open trustee."""

    def __init__(
        self, home: Home, keys: ServingKeys, settings: Settings, now: Callable[[], float] = time.time
    ) -> None:
        """Raises HomeError unless genesis and key file belong together, StoreUnavailable."""
        descriptor = home.descriptor()
        self.urls = (descriptor.url, *settings.addresses)
        self.settings = settings
        self._now = now
        self._keys = keys
        self._genesis = home.genesis()
        require_shares_of(self._genesis, descriptor.keys, keys)
        self._cosigner = pushing.Cosigner(descriptor.keys.id, self._genesis, keys.signing, now)
        self._roster = RosterOfMirror(self._genesis)
        self._store = Store(home.database, settings.busy_seconds)
        self.figures = Figures()
        self.figures.mirror.set(self._store.read(leaves.size))

    def evaluate(self, request: SignedRequest) -> Evaluations:
        """A member's batch, once its signature was checked, and its nonce and meter are committed.

        Raises what `verify_request` raises, UnknownSigner, RevokedSigner, BadMessage, WrongEpoch,
        ReplayedNonce, Metered, StoreUnavailable; BadElement when the batch is charged already.
        """
        now = int(self._now())
        roster = self._store.read(self._roster.current)

        def key_of(party: str) -> Ed25519PublicKey:
            return Ed25519PublicKey.from_public_bytes(admission.member_entry(roster, party, now).signing_key)

        verified = self._verify(request, key_of, now)
        entry = admission.member_entry(roster, verified.key_id, now)
        culprit = f"member:{entry.party}"
        batch = decode(request.body, Evaluate, culprit=culprit)
        evaluation.check_request(batch, self._genesis, culprit=culprit)
        day = dt.datetime.fromtimestamp(now, dt.UTC).date()
        allowed = self.settings.subjects_a_day + roster.allowance(entry.group or "", day.isoformat())

        def admit(db: Session) -> None:
            admission.spend_nonce(db, verified, now, self.settings.signature_window_seconds)
            admission.charge(db, entry, batch.subjects, allowed, day)

        self._store.transact(admit)
        answer = evaluation.answer(self._keys, self._genesis, batch, culprit=culprit)
        self.figures.evaluations.inc()
        self.figures.subjects.inc(batch.subjects)
        return answer

    def push(self, request: SignedRequest) -> PushAnswer:
        """The hub's leaves and checkpoint. Raises as `pushing.take`, and what `verify_request` raises."""
        now = int(self._now())

        def key_of(party: str) -> Ed25519PublicKey:
            if party != HUB:
                raise UnknownSigner("only the hub pushes leaves")
            return Ed25519PublicKey.from_public_bytes(self._genesis.hub_key)

        verified = self._verify(request, key_of, now)
        message = decode(request.body, Push, culprit=HUB)

        def body(db: Session) -> PushAnswer:
            admission.spend_nonce(db, verified, now, self.settings.signature_window_seconds)
            return pushing.take(db, message, self._roster, self._cosigner)

        answer = self._store.transact(body)
        self.figures.mirror.set(answer.size)
        return answer

    def size(self) -> PushAnswer:
        """How many leaves the mirror has."""
        return PushAnswer(size=self._store.read(leaves.size), cosignature=None)

    def leaf_hashes(self, start: int, count: int) -> LeafHashes:
        """A run of the mirror's leaf hashes, at most MAX_LEAVES."""

        def body(db: Session) -> LeafHashes:
            found = leaves.hashes(db, start, min(count, MAX_LEAVES))
            return LeafHashes(start=start, size=leaves.size(db), leaf_hashes=tuple(found))

        return self._store.read(body)

    def latest_note(self) -> str:
        """The newest checkpoint it cosigned. Raises NothingCosigned."""
        newest = self._store.read(pushing.latest)
        if newest is None:
            raise NothingCosigned("the hub has shown no checkpoint yet")
        return newest.note

    def seconds_until_tomorrow(self) -> int:
        """Until the meters begin anew, UTC."""
        return 86_400 - int(self._now()) % 86_400

    def close(self) -> None:
        """Let go of the database."""
        self._store.close()

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
