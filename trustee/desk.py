"""The desk of a trustee's staff: all that waits at the hub, ticked against this trustee's own log, and the answers."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from cairn_protocol.errors import BadOpening
from cairn_protocol.messages.openings import Evidence, Pending, PendingOpenings, opening_id
from cairn_protocol.messages.wire import decode, encode
from cairn_protocol.openings import requested
from cairn_protocol.roster import Roster
from trustee import openings
from trustee import requests as acts
from trustee.errors import HubRefuses
from trustee.home import Home
from trustee.hub_link import HubLink
from trustee.inside import opened
from trustee.keys import ServingKeys, load_assent
from trustee.mirror.roster import RosterOfMirror
from trustee.openings import OpeningWaiting
from trustee.requests import Waiting
from trustee.settings import Settings
from trustee.storage.database import Store


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything that waits for this trustee's staff."""

    acts: list[Waiting]
    openings: list[OpeningWaiting]

    def find(self, identity: str) -> Waiting | OpeningWaiting | None:
        """What waits under that id."""
        return next((one for one in self._all() if one.id == identity), None)

    def told(self) -> list[tuple[dict[str, Any], str]]:
        """Each as an object and in words."""
        return [(one.as_json(), one.words()) for one in self._all()]

    def _all(self) -> list[Waiting | OpeningWaiting]:
        return [*self.acts, *self.openings]


def desk(home: Home, settings: Settings, hub: HubLink) -> Desk:
    """What waits at the hub.

    Raises HomeError, StoreUnavailable, HubUnreachable, HubRefuses, BadMessage, BadOpening.
    """
    with opened(home, settings) as store:
        roster = store.read(RosterOfMirror(home.genesis()).current)
        refused = store.read(acts.refused)
        waiting = decode(hub.get("/v1/openings/pending").content, PendingOpenings, culprit="hub").openings
        size = store.read(openings.cosigned_size)
        judged = [_judged(store, roster, hub, size, one) for one in waiting if one.id not in refused]
        return Desk(acts.waiting(hub, roster, refused), [one for one in judged if one is not None])


def _judged(store: Store, roster: Roster, hub: HubLink, size: int, pending: Pending) -> OpeningWaiting | None:
    """The opening with its verdict; None while the hub can't show evidence for what was cosigned here.

    Raises BadOpening if the id is not that of its request: staff agree to an id, and what they read under it
    must be what they answer.
    """
    if opening_id(requested(pending.opening)) != pending.id:
        raise BadOpening("the hub shows another opening under this id", culprit="hub")
    try:
        answer = hub.get(f"/v1/openings/{pending.id}/evidence?size={size}")
    except HubRefuses:
        return None
    shown = decode(answer.content, Evidence, culprit="hub")
    return store.read(lambda db: openings.judge(db, roster, pending, shown, int(time.time())))


def assent(
    home: Home, settings: Settings, word: str, keys: ServingKeys, hub: HubLink, waiting: OpeningWaiting
) -> None:
    """Give this trustee's parts of an opening. Opens the assent share.

    Raises TooFewGroups or TooLittleEvidence, and then opens nothing; HubUnreachable, HubRefuses.
    """
    waiting.verdict.require()
    share = load_assent(home, word)
    with opened(home, settings) as store:
        roster = store.read(RosterOfMirror(home.genesis()).current)
        signed = store.read(lambda db: openings.assent(db, roster, waiting, hub.trustee, keys, share))
    hub.post(f"/v1/openings/{waiting.id}/answers", encode(signed))


def refuse_opening(keys: ServingKeys, hub: HubLink, waiting: OpeningWaiting) -> None:
    """Tell the hub that this trustee does not agree. Raises HubUnreachable, HubRefuses."""
    said = openings.refusal(Pending(id=waiting.id, opening=waiting.opening), hub.trustee, keys)
    hub.post(f"/v1/openings/{waiting.id}/answers", encode(said))


def remember_refusals(home: Home, settings: Settings, ids: Iterable[str]) -> None:
    """Note that staff refused these. Raises HomeError, StoreUnavailable."""

    def body(db: Session) -> None:
        for identity in ids:
            acts.refuse(db, identity)

    with opened(home, settings) as store:
        store.transact(body)
