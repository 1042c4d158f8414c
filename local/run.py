"""`make run`: a local Cairn that stays up, filled so that nothing it shows is empty.

From nothing it is set up whole; again, it is found as it was, and what has died is restarted.
`.run/access.json` says where everything is.
"""

import asyncio
import datetime as dt
import shutil
import sys
from pathlib import Path

from local import bulletins, corrections, filing, returns, town, trends
from local.passing import stopping_is_an_exit
from local.processes import CommandFailed, write_json
from local.running import Local
from local.town import Town

_INQUIRIES = 160
_SEED = 20


def main() -> int:
    """Bring it up; 0 once it is."""
    place = Town(Path(".run").resolve())
    stopping_is_an_exit()
    try:
        local = Local.remembered(place) or _found(place)
        started = _brought_up(local)
    except CommandFailed as failed:
        print(f"make run: {failed}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("make run: stopped, and what was running; `make run` goes on from here", file=sys.stderr)
        return 130
    write_json(place.folder / "access.json", local.access())
    print(f"started: {', '.join(started)}" if started else "everything was already running")
    print(_lines_to_paste(local))
    return 0


def _brought_up(local: Local) -> list[str]:
    """Start and fill it; who is asked to stop meanwhile leaves nothing running. The names of what was started."""
    try:
        started = local.ensure_up()
        _prepare(local)
    except (KeyboardInterrupt, SystemExit):
        local.stop()
        raise
    return started


def _found(place: Town) -> Local:
    if place.folder.exists():
        # Without a list of processes nothing ever ran here: a set-up that was cut off begins anew.
        shutil.rmtree(place.folder)
    print("setting up a Cairn in .run (about a minute, once)", flush=True)
    hub_url, trustee_urls = town.found(place, _say)
    local = Local(place, hub_url, trustee_urls)
    local.remember()
    return local


def _prepare(local: Local) -> None:
    """Enrolments, background load and allowances, each only where it is missing."""
    place = local.town
    if any(place.lacks(name) for name in (*town.REVIEWERS, *town.LIAISONS)):
        town.enrol_everybody(place, _say)
    _allow(place)
    filled = place.folder / "filled"
    if not filled.exists():
        receipts = asyncio.run(filing.file_background(place, _INQUIRIES, _SEED, dt.date.today()))
        _say(f"{len(receipts)} background inquiries filed")
        asked = asyncio.run(corrections.file_asked_everywhere(place, dt.date.today()))
        _say(f"one buyer asked all {asked} exporters: each has a card to find, and `cairn alerts` tells it")
        filing.publish(place)
        asyncio.run(filing.sync_everybody(place))
        _say("index published; every firm synced it and proved its receipts")
        filled.touch()
    summed = place.folder / "returns-summed"
    if not summed.exists():
        told = returns.sum_last_month(place, dt.date.today())
        _say(
            f"returns of {told.groups} groups summed for {told.period}, under a key of stored primes: "
            f"{len(told.figures)} counters published"
        )
        summed.touch()
    figures = place.folder / "figures-released"
    if not figures.exists():
        snapshot = trends.take_snapshot(place, dt.date.today())
        ids = asyncio.run(trends.release_all(place))
        _say(f"{snapshot.events} events in a snapshot; {len(ids)} tables of it released by two analysts")
        figures.touch()
    bulletins.give_tokens(place)
    released = place.folder / "bulletins-released"
    if not released.exists():
        ids = asyncio.run(bulletins.release_all(place))
        _say(f"{len(ids)} bulletins drafted by one analyst, approved by another, and in the log")
        released.touch()


def _allow(place: Town) -> None:
    today = dt.datetime.now(dt.UTC).date()
    marker = place.folder / f"allowed-{today}"
    if not marker.exists():
        town.allow_bulk(place, [today, today + dt.timedelta(days=1)])
        marker.touch()


def _say(text: str) -> None:
    print(f"  - {text}", flush=True)


def _lines_to_paste(local: Local) -> str:
    run = Path(".run")
    return f"""
Cairn is up: hub {local.hub_url}, trustees {", ".join(local.trustee_urls.values())}. Paste:

  .venv/bin/cairn check examples/inquiries.jsonl --full --home {run}/members/dogwood
  .venv/bin/cairn preview examples/inquiries.jsonl --home {run}/members/dogwood
  .venv/bin/cairn report examples/inquiries.jsonl --home {run}/members/dogwood
  .venv/bin/cairn status --home {run}/members/dogwood
  .venv/bin/cairn alerts --home {run}/members/dogwood
  .venv/bin/cairn reviewer list --home {run}/reviewers/rita

One more firm:

  .venv/bin/cairn-hub members invite --home {run}/hub --id maple --group maple --sector exporter --out maple.invitation
  .venv/bin/cairn enrol maple.invitation --home {run}/members/maple
  .venv/bin/cairn-trustee requests --home {run}/trustees/t1
  .venv/bin/cairn-trustee approve --all --home {run}/trustees/t1
  .venv/bin/cairn-trustee approve --all --home {run}/trustees/t2
  .venv/bin/cairn status --home {run}/members/maple

`make stop` ends it; `make run` finds it again.
"""


if __name__ == "__main__":
    sys.exit(main())
