"""`cairn analyst release draft|list|show|agree`, and `cairn releases` for whoever reads them."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cairn.cli.analyst import analyst
from cairn.cli.app import HomeOption, JsonOption, app
from cairn.cli.bulletin_telling import run
from cairn.cli.figures import tell_figures
from cairn.cli.outcome import Exit, emit, say

if TYPE_CHECKING:
    from cairn.session import Session

release = typer.Typer(
    help="Tables on the calendar: two analysts agree, the log has it first.", no_args_is_help=True
)
analyst.add_typer(release, name="release")

Id = Annotated[str, typer.Argument(help="The release's id.")]


@release.command()
def draft(
    name: Annotated[str, typer.Argument(help="Of the calendar: families, corridors, clearance or tiers.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a table for the latest period that is over. It goes out once two analysts agree."""
    from cairn.client.trends import TrendsClient

    _show(run(home, as_json, lambda session: TrendsClient(session.connection).draft(name)), as_json)


@release.command()
def show(release_id: Id, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """The table as it stands, with the digest to agree to."""
    from cairn.client.trends import TrendsClient

    _show(
        run(home, as_json, lambda session: TrendsClient(session.connection).read_draft(release_id)), as_json
    )


@release.command()
def agree(
    release_id: Id,
    digest: Annotated[str | None, typer.Option(help="Agree to exactly the table of this digest.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Agree to a table. The second analyst's consent releases it."""
    from cairn.releases import agree

    try:
        read = bytes.fromhex(digest) if digest is not None else None
    except ValueError:
        raise typer.BadParameter("64 hex digits", param_hint="--digest") from None
    _standing(
        run(home, as_json, lambda session: agree(session, release_id, read), release=release_id), as_json
    )
    raise typer.Exit(Exit.CLEAR)


@release.command("list")
def listed(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Every release and draft, and where it stands."""
    from cairn.client.trends import TrendsClient

    for told in run(home, as_json, lambda session: TrendsClient(session.connection).drafts()):
        _standing(told, as_json)
    raise typer.Exit(Exit.CLEAR)


@app.command()
def releases(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Tables of figures that were released to you, each held against the log and two analysts' signatures."""
    from cairn.releases import ReadRelease, as_cells, read_all

    async def work(session: "Session") -> list[ReadRelease]:
        return await read_all(session)

    found = run(home, as_json, work)
    for one in found:
        cells = as_cells(one.table)
        if as_json:
            emit(
                {
                    "release": one.table.release,
                    "title": one.table.title,
                    "period": one.table.period,
                    "leaf": one.place,
                    "analysts": list(one.analysts),
                    "cells": cells,
                    "notes": list(one.table.notes),
                }
            )
            continue
        title = f"{one.table.title}, {one.table.period}: agreed to by {' and '.join(one.analysts)}, leaf {one.place}"
        tell_figures({"cells": cells}, title, as_json=False)
    if not found and not as_json:
        say("nothing was released yet")
    raise typer.Exit(Exit.CLEAR)


def _show(table: Any, as_json: bool) -> None:
    from cairn.releases import as_cells
    from cairn_protocol.messages.wire import digest_of

    digest = digest_of(table).hex()
    if as_json:
        emit({"release": table.release, "period": table.period, "digest": digest, "cells": as_cells(table)})
    else:
        tell_figures({"cells": as_cells(table)}, f"{table.release} ({table.title}), {digest}", as_json=False)
    raise typer.Exit(Exit.CLEAR)


def _standing(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        emit(told)
    else:
        waits = "" if told["in_force"] or told["status"] != "RELEASED" else ", waiting for the log"
        say(f"{told['release']} for {told['audience']}, {told['period']}: {told['status']}{waits}")
