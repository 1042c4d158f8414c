"""A local Cairn that is up: what runs where, kept in `processes.json` so that it is found again."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from hub.storage.embedded import EmbeddedPostgres
from local import bulletins
from local.processes import CommandFailed, Running, alive, end, wait_until_ready, write_json
from local.town import ANALYSTS, FIRMS, REVIEWERS, Town, start_hub, start_trustee


@dataclass(slots=True)
class Local:
    """The processes of a town, by name: "hub" and the trustees."""

    town: Town
    hub_url: str
    trustee_urls: dict[str, str]
    processes: dict[str, Running] = field(default_factory=dict)

    @classmethod
    def remembered(cls, town: Town) -> "Local | None":
        """The town that was founded in this folder, if one was wholly set up."""
        try:
            kept = json.loads(_file(town).read_text())
        except FileNotFoundError:
            return None
        processes = {
            name: Running(told["pid"], told["started"], Path(told["log"]))
            for name, told in kept["processes"].items()
        }
        return cls(town, kept["hub_url"], kept["trustee_urls"], processes)

    def remember(self) -> None:
        """Write down what runs."""
        processes = {
            name: {"pid": running.pid, "started": running.started, "log": str(running.log)}
            for name, running in self.processes.items()
        }
        write_json(
            _file(self.town),
            {"hub_url": self.hub_url, "trustee_urls": self.trustee_urls, "processes": processes},
        )

    def ensure_up(self) -> list[str]:
        """Start what does not run. Returns the names of what was started."""
        down = [name for name in (*self.trustee_urls, "hub") if not self._is_up(name)]
        database = EmbeddedPostgres(self.town.hub / "postgres")
        if "hub" not in down and not database.runs():
            database.start()  # a hub starts its own; one that runs waits for it to come back
            return [*self.ensure_up(), "database"]
        for name in down:
            self.processes[name] = self._start(name)
            self.remember()  # at once: whoever is killed while it comes up leaves what can be found and ended
        failures: list[BaseException] = []
        with ThreadPoolExecutor(4) as pool:
            for name, ready in [(name, pool.submit(self._wait_for, name)) for name in down]:
                try:
                    ready.result()
                except CommandFailed as failed:
                    failures.append(failed)
                    self._end(name)
        if failures:
            self.remember()
            raise failures[0]
        return down

    def _is_up(self, name: str) -> bool:
        running = self.processes.get(name)
        return running is not None and alive(running.pid, running.started)

    def _start(self, name: str) -> Running:
        return start_hub(self.town) if name == "hub" else start_trustee(self.town, name)

    def _wait_for(self, name: str) -> None:
        """Return once it answers. Raises CommandFailed."""
        url = f"{self.hub_url}/readyz" if name == "hub" else f"{self.trustee_urls[name]}/healthz"
        wait_until_ready(url, self.processes[name])

    def _end(self, name: str) -> None:
        if running := self.processes.pop(name, None):
            end(running.pid, running.started)

    def stop(self) -> None:
        """End everything, the hub (and its database) first."""
        for name in ("hub", *self.trustee_urls):
            self._end(name)
        self.remember()

    def access(self) -> dict[str, object]:
        """The content of access.json: where everything is, for whoever tries this Cairn from outside."""
        town = self.town
        hub = self.processes["hub"]
        return {
            "version": 1,
            "hub": {
                "url": self.hub_url,
                "pid": hub.pid,
                "log": str(hub.log),
                "data": str(town.hub / "postgres"),
                "home": str(town.hub),
            },
            "database": {"url": database_url(town)},
            "trustees": [
                {
                    "id": name,
                    "url": url,
                    "pid": self.processes[name].pid,
                    "log": str(self.processes[name].log),
                    "home": str(town.trustee(name)),
                }
                for name, url in self.trustee_urls.items()
            ],
            "members": [
                {"id": firm.id, "group": firm.group, "sector": firm.sector, "home": str(town.party(firm.id))}
                for firm in FIRMS
            ],
            "analysts": [{"id": name, "home": str(town.party(name))} for name in ANALYSTS],
            "reviewers": [{"id": name, "home": str(town.party(name))} for name in REVIEWERS],
            "liaisons": bulletins.access_of(town, self.hub_url),
        }


def _file(town: Town) -> Path:
    return town.folder / "processes.json"


def database_url(town: Town) -> str:
    """The address of the hub's private database, in libpq's form."""
    return EmbeddedPostgres(town.hub / "postgres").url
