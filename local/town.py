"""Setting up a local Cairn from nothing: trustees make the keys, the hub opens, firms enrol.

Every step is the one a real operator, trustee or firm takes; inviting, enrolling, allowing and approving run
in this process, to save starting Python for each, the rest by the same commands.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cairn.enrolling import enrol_with, family_codes
from cairn.home import Home, write_private
from cairn.raw.normalise import normaliser_digest
from cairn_protocol.messages.parties import Allowance, Invitation, Role, Sector
from cairn_protocol.roster import act_id
from hub.members.acts import propose
from hub.members.invitations import Invited, invite
from hub.services import Services
from hub.translog.tables import PromisedLeaf, TranslogLeaf
from hub.verbs.saying import with_services
from local.processes import Running, command, free_port, start, wait_until
from trustee import keys as key_file
from trustee.desk import desk
from trustee.home import Home as TrusteeHome
from trustee.hub_link import HubLink
from trustee.inside import opened
from trustee.openings import cosigned_size
from trustee.requests import Waiting, sign
from trustee.settings import Settings

ORIGIN = "cairn.example/log"
TRUSTEES = ("t1", "t2", "t3")
THRESHOLD = 2
# Beyond the meter's default of 500 a day, for a machine on which one person plays every firm.
ALLOWANCE_SUBJECTS = 20_000
_PASSPHRASE = "demo passphrase of {}, kept beside the keys"


@dataclass(frozen=True, slots=True)
class Firm:
    """A member of the story. The firms of the acceptance stories, and two more."""

    id: str
    group: str
    sector: str


FIRMS = (
    Firm("alder", "alder-sensors", "exporter"),
    Firm("birch", "birch-valves", "exporter"),
    Firm("cedar", "cedar-dynamics", "exporter"),
    Firm("dogwood", "dogwood-machine", "exporter"),
    Firm("elm", "elm-electronics", "exporter"),
    Firm("gum", "gum-optics", "exporter"),
    Firm("kauri", "kauri-vacuum", "exporter"),
    Firm("fir", "fir-test", "exporter"),
    Firm("fir-asia", "fir-test", "exporter"),
    Firm("harbor", "harbor-lanes", "logistics"),
    Firm("ibis", "ibis-freight", "logistics"),
    Firm("larch", "larch-line", "logistics"),
    Firm("juniper", "juniper-marine", "insurer"),
)
ANALYSTS = ("ana", "ben")
REVIEWERS = ("rita",)
LIAISONS = ("lee",)

Say = Callable[[str], None]
_T = TypeVar("_T")
_R = TypeVar("_R")


@dataclass(frozen=True, slots=True)
class Town:
    """Where everything of a local Cairn is."""

    folder: Path

    @property
    def hub(self) -> Path:
        """The hub's home."""
        return self.folder / "hub"

    def trustee(self, name: str) -> Path:
        """A trustee's home."""
        return self.folder / "trustees" / name

    def party(self, name: str) -> Path:
        """The home of a member, analyst, reviewer or liaison."""
        officials = {"analysts": ANALYSTS, "reviewers": REVIEWERS, "liaisons": LIAISONS}
        kind = next((kind for kind, names in officials.items() if name in names), "members")
        return self.folder / kind / name

    def lacks(self, name: str) -> bool:
        """Whether nobody has enrolled in this party's home yet."""
        return not (self.party(name) / "profile").exists()


def found(town: Town, say: Say) -> tuple[str, dict[str, str]]:
    """Make trustees, joint keys, hub and genesis. Returns the hub's url and each trustee's."""
    town.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    hub_url = f"http://127.0.0.1:{free_port()}"
    urls = {name: f"http://127.0.0.1:{free_port()}" for name in TRUSTEES}
    _each(lambda name: _init_trustee(town, name, urls[name], hub_url), TRUSTEES)
    say(f"three trustees made their own keys; any {THRESHOLD} of them can act, one alone can't")
    plan = town.folder / "ceremony-plan.json"
    descriptors = [town.trustee(name) / "descriptor.json" for name in TRUSTEES]
    command(
        "cairn-trustee", "plan", "--threshold", str(THRESHOLD), "--epoch", "1", "--out", plan, *descriptors
    )
    _each(
        lambda name: command("cairn-trustee", "keygen", "--home", town.trustee(name), "--plan", plan),
        TRUSTEES,
    )
    say("together, over HTTP, they made three joint keys that no machine ever held whole")
    _open_hub(town, plan, hub_url)
    return hub_url, urls


def _init_trustee(town: Town, name: str, url: str, hub_url: str) -> None:
    home = town.trustee(name)
    home.mkdir(mode=0o700, parents=True)
    write_private(home / "passphrase", _PASSPHRASE.format(name).encode())
    command(
        "cairn-trustee", "init", "--home", home, "--id", name, "--index", str(TRUSTEES.index(name) + 1),
        "--url", url, "--hub", hub_url,
    )  # fmt: skip


def _open_hub(town: Town, plan: Path, hub_url: str) -> None:
    command("cairn-hub", "init", "--home", town.hub, "--public-url", hub_url)
    genesis = town.folder / "genesis.json"
    results = [word for name in TRUSTEES for word in ("--results", str(town.trustee(name) / "ceremony.json"))]
    command(
        "cairn-hub", "genesis", "draft", "--home", town.hub, "--threshold", str(THRESHOLD), "--origin", ORIGIN,
        "--normaliser", normaliser_digest().hex(), "--plan", plan, *results, "--out", genesis,
    )  # fmt: skip
    _each(lambda name: _sign_genesis(town, name, genesis), TRUSTEES)
    signatures = [word for name in TRUSTEES for word in ("--signatures", f"{name}={_signature(town, name)}")]
    command("cairn-hub", "genesis", "seal", "--home", town.hub, "--genesis", genesis, *signatures)


def _sign_genesis(town: Town, name: str, genesis: Path) -> None:
    command(
        "cairn-trustee", "sign-genesis", "--home", town.trustee(name), "--genesis", genesis,
        "--out", _signature(town, name),
    )  # fmt: skip


def _signature(town: Town, name: str) -> Path:
    return town.folder / f"genesis-{name}.sig"


def start_trustee(town: Town, name: str) -> Running:
    """Start a trustee's server."""
    return start(["cairn-trustee", "serve", "--home", town.trustee(name)], town.trustee(name) / "log")


def start_hub(town: Town) -> Running:
    """Start the hub's server, which starts its database."""
    return start(["cairn-hub", "serve", "--home", town.hub], town.hub / "log")


def enrol_everybody(town: Town, say: Say) -> None:
    """Invite and enrol firms, analysts, reviewers and liaisons that lack a home; two trustees approve them."""
    invited = [Invited(firm.id, Role.MEMBER, firm.group, Sector(firm.sector)) for firm in FIRMS]
    invited += [Invited(name, Role.ANALYST, None, None) for name in ANALYSTS]
    invited += [Invited(name, Role.REVIEWER, None, None) for name in REVIEWERS]
    invited += [Invited(name, Role.LIAISON, None, None) for name in LIAISONS]
    invited = [one for one in invited if town.lacks(one.party)]

    async def invite_all(services: Services) -> list[Invitation]:
        async def body(db: AsyncSession) -> list[Invitation]:
            return [await invite(db, services, one) for one in invited]

        return await services.store.transact("invite", body)

    acts = _each(lambda invitation: _enrol(town, invitation), with_services(town.hub, invite_all))
    approve(town, acts)
    say(
        f"{len(FIRMS)} firms of {len({firm.group for firm in FIRMS})} groups enrolled; two trustees approved each"
    )


def _enrol(town: Town, invitation: Invitation) -> str:
    home = Home(town.party(invitation.party))
    home.create()
    word = _PASSPHRASE.format(invitation.party)
    write_private(home.folder / "passphrase", word.encode())
    families = family_codes("all") if invitation.role is Role.MEMBER else ()
    return enrol_with(home, invitation, families, word)


def allow_bulk(town: Town, days: Sequence[dt.date]) -> None:
    """Log bulk allowances of the trustees' meters for these days, for every group."""
    allowances = [
        Allowance(group=group, day=day.isoformat(), subjects=ALLOWANCE_SUBJECTS)
        for day in days
        for group in sorted({firm.group for firm in FIRMS})
    ]

    async def propose_all(services: Services) -> list[str]:
        async def body(db: AsyncSession) -> list[str]:
            return [act_id((await propose(db, services.roster, one, None)).act) for one in allowances]

        return await services.store.transact("propose", body)

    approve(town, with_services(town.hub, propose_all))


def approve(town: Town, acts: Sequence[str]) -> None:
    """As many trustees as are needed approve these acts, each after its own check, as `cairn-trustee approve` does.

    Returns when the acts are in every trustee's log: before that a trustee refuses whoever was let in.
    """
    _each(lambda name: _approve(TrusteeHome(town.trustee(name)), acts), TRUSTEES[:THRESHOLD])
    # In a thread of its own: who calls may have an event loop.
    (size,) = _each(lambda home: with_services(home, _promised_size), [town.hub])
    homes = [TrusteeHome(town.trustee(name)) for name in TRUSTEES]
    wait_until(lambda: all(_size_at(home) >= size for home in homes))


async def _promised_size(services: Services) -> int:
    """How many leaves the log has, those included that have no place yet."""

    async def count(db: AsyncSession) -> int:
        leaves = select(func.count()).select_from(TranslogLeaf).scalar_subquery()
        promised = select(func.count()).select_from(PromisedLeaf).scalar_subquery()
        return (await db.execute(select(leaves + promised))).scalar_one()

    return await services.store.transact("size", count)


def _size_at(home: TrusteeHome) -> int:
    with opened(home, Settings()) as store:
        return store.read(cosigned_size)


def _approve(own: TrusteeHome, acts: Sequence[str]) -> None:
    word = own.stored_passphrase()
    assert word is not None  # a local Cairn keeps it there
    keys, settings = key_file.load(own, word), Settings()
    hub = HubLink(own.hub_url(), own.descriptor().keys.id, keys.signing, settings.hub_seconds)
    waiting: dict[str, Waiting] = {}

    def borne_out() -> bool:
        """What an act rests on may have been decided a moment ago, and be on its way to this trustee's log."""
        waiting.update((one.id, one) for one in desk(own, settings, hub).acts)
        return all(act in waiting and waiting[act].objection is None for act in acts)

    wait_until(borne_out)
    for act in acts:
        sign(hub, waiting[act], keys.signing)


def _each(work: Callable[[_T], _R], things: Sequence[_T]) -> list[_R]:
    with ThreadPoolExecutor(3) as pool:
        return list(pool.map(work, things))
