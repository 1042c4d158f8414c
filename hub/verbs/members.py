"""`cairn-hub members`: invite a party, list everybody, and propose what only t trustees can do."""

import time
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.errors import BadRoster
from cairn_protocol.messages.parties import Act, Allowance, Invitation, Proposal, Revocation, Role, Sector
from cairn_protocol.messages.wire import encode
from cairn_protocol.private_files import write_private
from cairn_protocol.roster import act_id
from hub.members.acts import propose
from hub.members.invitations import Invited, invite
from hub.members.listing import Listed, everybody
from hub.services import Services
from hub.verbs.saying import AsJson, Home, say, verb, with_services

app = typer.Typer(no_args_is_help=True, help="Who takes part. Trustees decide; here it is proposed.")

Id = Annotated[str, typer.Option("--id", help="The party's short name, such as m13.")]


@app.command("invite")
def invite_party(
    home: Home,
    party: Id,
    role: Annotated[Role, typer.Option(help="What it may do.")] = Role.MEMBER,
    group: Annotated[str | None, typer.Option(help="Its ultimate parent's short name; for members.")] = None,
    sector: Annotated[Sector | None, typer.Option(help="Its trade; for members.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write the invitation. Default: printed.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write an invitation. Hand it to the party over a safe channel: its one-time word lets in whoever has it."""
    with verb(as_json):
        invited = Invited(party, role, group, sector)

        async def work(services: Services) -> Invitation:
            return await services.store.transact("invite", lambda db: invite(db, services, invited))

        invitation = with_services(home, work)
        if out is None:
            typer.echo(encode(invitation).decode())
            return
        write_private(out, encode(invitation) + b"\n")
        say(
            as_json,
            f"{out}: for {party}, to be used once.",
            invitation=str(out),
            party=party,
            group_index=invitation.group_index,
        )


@app.command("list")
def list_everybody(home: Home, as_json: AsJson = False) -> None:
    """Show everybody who is on the roster, was revoked, or was invited."""
    with verb(as_json):

        async def work(services: Services) -> list[Listed]:
            now = int(time.time())
            return await services.store.read("list", lambda db: everybody(db, services.roster, now))

        for one in with_services(home, work):
            about = " ".join(filter(None, (one.role, one.group, one.sector)))
            say(
                as_json,
                f"{one.party:12} {one.status:10} {about}",
                party=one.party,
                role=one.role,
                group=one.group,
                sector=one.sector,
                status=one.status,
            )


@app.command()
def revoke(home: Home, party: Id, as_json: AsJson = False) -> None:
    """Propose that the party's key be void at once. It is when t trustees approved."""

    async def make(db: AsyncSession, services: Services) -> list[Act]:
        standings = (await services.roster.current(db)).standings(party)
        if not standings or standings[-1].revoked_at is not None:
            raise BadRoster(f"{party} has no key in force")
        return [Revocation(party=party, signing_key=standings[-1].entry.signing_key)]

    _propose(home, make, as_json)


@app.command()
def allow(
    home: Home,
    group: Annotated[list[str], typer.Option("--group", help="A group's short name; repeat for more.")],
    day: Annotated[list[str], typer.Option("--day", help="A day in UTC, 2026-11-24; repeat for more.")],
    subjects: Annotated[int, typer.Option(min=1, max=1_000_000, help="Padded subjects beyond the meter's.")],
    as_json: AsJson = False,
) -> None:
    """Propose bulk allowances: on a day a group may have more evaluated. It may when t trustees approved."""

    async def make(db: AsyncSession, services: Services) -> list[Act]:
        try:
            days = [date.fromisoformat(one).isoformat() for one in day]
        except ValueError:
            raise BadRoster("a day is written like 2026-11-24") from None
        return [Allowance(group=one, day=when, subjects=subjects) for when in days for one in group]

    _propose(home, make, as_json)


def _propose(
    home: Path, make: Callable[[AsyncSession, Services], Awaitable[list[Act]]], as_json: bool
) -> None:
    """Propose acts, all or none, and print the id of each."""

    async def work(services: Services) -> list[Proposal]:
        async def body(db: AsyncSession) -> list[Proposal]:
            return [await propose(db, services.roster, act, None) for act in await make(db, services)]

        return await services.store.transact("propose", body)

    with verb(as_json):
        for proposal in with_services(home, work):
            name = act_id(proposal.act)
            say(
                as_json,
                f"proposed as {name}: trustees approve it with `cairn-trustee approve {name}`.",
                act=name,
                approved_by=list(proposal.approved_by),
            )
