"""Where a party stands: roster, reports and proofs, index, and notices it should read."""

from dataclasses import dataclass
from datetime import UTC, datetime

from cairn.alerts import RECALLED
from cairn.checking import index_age
from cairn.client.errors import ClientError, ProofInvalid
from cairn.client.seen import recalled
from cairn.filing import OVERDUE_SECONDS
from cairn.raw.register import State
from cairn.session import Session
from cairn_protocol.errors import RevokedSigner, UnknownSigner
from cairn_protocol.messages.openings import opening_id
from cairn_protocol.openings import requested


@dataclass(frozen=True, slots=True)
class Standing:
    """The answer of `cairn status`."""

    party: str
    group: str | None
    roster: str  # in force, waiting, revoked, unknown
    reports: dict[str, int]
    index: dict[str, int] | None
    notices: list[str]

    def as_json(self) -> dict[str, object]:
        """The object `cairn status --json` prints."""
        return {
            "party": self.party,
            "group": self.group,
            "roster": self.roster,
            "reports": self.reports,
            "index": self.index,
            "notices": self.notices,
        }

    def lines(self) -> list[str]:
        """The same for people."""
        told = [f"{self.party}" + (f" of group {self.group}" if self.group else "") + f": {self.roster}"]
        told += [f"  reports {state}: {count}" for state, count in self.reports.items() if count]
        told.append(
            f"  index {self.index['number']}, {self.index['age_seconds']} seconds old"
            if self.index
            else "  no index yet: run `cairn index sync`"
        )
        return told + [f"  ! {notice}" for notice in self.notices]


async def standing_of(session: Session) -> Standing:
    """Look at the home, and at the hub's log if it can be reached. Raises ProofInvalid."""
    notices: list[str] = []
    try:
        entry = (await session.log.follow()).entry(session.profile.party, int(session.now()))
        if session.adopt_keys(entry.signing_key):
            notices.append("Your new keys are in force and in use; the old ones are gone. Make a new backup.")
        place = "on the roster" + ("" if entry.signing_key == _own_key(session) else " under another key")
        if session.home.next_keys.exists():
            notices.append("Your key change waits for the trustees; until then the old keys are in use.")
    except UnknownSigner:
        place = "waiting for the trustees"
    except RevokedSigner:
        place = "revoked"
    except ProofInvalid:
        raise
    except ClientError as error:
        place = "not known now"
        notices.append(f"The log could not be read: {error}")
    age = index_age(session)
    return Standing(
        session.profile.party,
        session.profile.group,
        place,
        {state.value: count for state, count in session.register.counts().items()},
        {"number": age.number, "age_seconds": age.age_seconds} if age else None,
        notices + _of_openings(session) + _of_promises(session) + _of_cards(session) + _of_faults(session),
    )


def _of_faults(session: Session) -> list[str]:
    """False answers that were caught, and by whom: somebody should ask that party."""
    return [
        f"{fault.culprit} gave a false answer ({fault.slug}), {fault.count} times, last on "
        f"{datetime.fromtimestamp(fault.last, UTC).date()}: tell the operator."
        for fault in session.connection.state.faults()
    ]


def _own_key(session: Session) -> bytes:
    return session.keys.signing.public_key().public_bytes_raw()


def _of_openings(session: Session) -> list[str]:
    """Own reports that were opened: which case, on what basis, when. The log says it before anybody reads."""
    found = []
    for opening in session.log.openings():
        request = requested(opening)
        ours = session.register.ids_among(request.reports)
        day = datetime.fromtimestamp(request.requested_at, UTC).date()
        found += [
            f"The opening of your report on {inquiry_id} was asked for on {day}: opening {opening_id(request)}, "
            f"reason {request.reason.value}, basis: {request.basis}."
            for inquiry_id in ours
        ]
    return found


def _of_promises(session: Session) -> list[str]:
    late = [
        filed
        for filed in session.register.in_state(State.PROMISED, limit=100_000)
        if session.now() - (filed.promised_at or 0) > OVERDUE_SECONDS
    ]
    if not late:
        return []
    return [f"{len(late)} promises wait for their proof: run `cairn receipts verify`."]


def _of_cards(session: Session) -> list[str]:
    index = session.index()
    if index is None:
        return []
    return [
        f"A card that was shown here is recalled: {RECALLED[recall.reason]}. Check its inquiries again."
        for recall in recalled(index.manifest, session.register.told.cards())
    ]
