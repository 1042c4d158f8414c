"""Random days in a town's life: what parties do, what breaks, and what must hold afterwards.

    operations = random_operations(random.Random(seed), 12)
    faults = await lived(town, "round-1", operations)     # sentences; none if all that is promised holds
    shortest = await shrunk(operations, fails)            # the few operations that are enough to fail

Each operation is a plain value, so a failing list can be read, kept and played again. Three exporters and two
buyers take part: firms that file the same `row` name the same phone, so that a report of it can be opened.
In the style of divviup/janus's integration tests, whose simulator looks for lost and doubled reports.
"""

import asyncio
import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from cairn import Inquiry
from cairn.client.errors import ClientError, ProofInvalid
from cairn.client.openings import OpeningsClient
from cairn.filing import Receipt
from cairn.opening import confirm, request_for
from cairn_protocol.errors import CairnError
from cairn_protocol.messages.openings import Reason
from cairn_protocol.messages.report import Promise
from cairn_protocol.messages.wire import Signed, decode
from local.processes import BIN
from tests.support.buyers import inquiry, phone
from tests.support.opening_desk import BASIS, OpeningDesk
from tests.support.town import RunningTown

FIRMS: Final = ("dogwood", "gum", "kauri")
ROWS: Final = 2
TRUSTEES: Final = ("t1", "t2", "t3")
CLIENT_STARTS_SECONDS: Final = 0.9  # until the command begins to work, more or less
# What may stop an operation while something is down.
EXPECTED: Final = (ClientError, CairnError)


@dataclass(frozen=True, slots=True)
class File:
    """A firm files a row. `while_`: what breaks meanwhile, so many milliseconds after it began."""

    firm: str
    row: int
    while_: str | None = (
        None  # "answer is lost", "client is killed", "hub is killed", "database is killed", "t1 is killed"
    )
    after_ms: int = 0


@dataclass(frozen=True, slots=True)
class Retry:
    """A firm files every row it has filed again, and sends what waits."""

    firm: str


@dataclass(frozen=True, slots=True)
class Withdraw:
    """A firm takes a row's report back."""

    firm: str
    row: int


@dataclass(frozen=True, slots=True)
class Sync:
    """A firm fetches index and log."""

    firm: str


@dataclass(frozen=True, slots=True)
class Publish:
    """The operator publishes the index."""


@dataclass(frozen=True, slots=True)
class Open:
    """Ana asks for a firm's report, Ben confirms, trustees approve as far as they are shown it."""

    firm: str
    row: int


@dataclass(frozen=True, slots=True)
class Kill:
    """kill -9 of "hub", "database" or a trustee. It stays down until something is revived."""

    what: str


@dataclass(frozen=True, slots=True)
class CutOff:
    """One trustee stands still, until something is revived."""

    trustee: str


@dataclass(frozen=True, slots=True)
class Revive:
    """Everything is up again."""


Operation = File | Retry | Withdraw | Sync | Publish | Open | Kill | CutOff | Revive


def random_operations(rng: random.Random, count: int) -> list[Operation]:
    """A list of `count` operations; the same for the same state of `rng`."""
    return [_random_operation(rng) for _ in range(count)]


def _random_operation(rng: random.Random) -> Operation:
    firm, row, trustee = rng.choice(FIRMS), rng.randrange(ROWS), rng.choice(TRUSTEES)
    kind = rng.choices(
        ("file", "file while", "retry", "withdraw", "sync", "publish", "open", "kill", "cut off", "revive"),
        (34, 12, 8, 4, 6, 4, 12, 6, 4, 10),
    )[0]
    if kind == "file while":
        faults = (
            "answer is lost",
            "client is killed",
            "hub is killed",
            "database is killed",
            f"{trustee} is killed",
        )
        return File(firm, row, rng.choices(faults, (5, 3, 3, 1, 3))[0], rng.randrange(0, 400, 20))
    made: dict[str, Operation] = {
        "file": File(firm, row),
        "retry": Retry(firm),
        "withdraw": Withdraw(firm, row),
        "sync": Sync(firm),
        "publish": Publish(),
        "open": Open(firm, row),
        "kill": Kill(rng.choices(("hub", "database", trustee), (3, 1, 3))[0]),
        "cut off": CutOff(trustee),
        "revive": Revive(),
    }
    return made[kind]


@dataclass(frozen=True)
class Facts:
    """What a town looks like after a round, once everything is up and settled.

    acknowledged   the leaf that the hub promised, for each report id whose receipt a firm holds
    promises       all promises a firm ever got for a report id
    rows, leaves   how often a report id is on file, and how often a leaf of kind report is in the log
    answered       digest of each opening that a trustee answered or that can be read, and who answered
    logged         openings' digests in the hub's log
    mirrored       openings' digests in each trustee's own log
    seen           size and root of the log that each client verified
    """

    acknowledged: Mapping[str, bytes]
    promises: Mapping[str, set[bytes]]
    rows: Mapping[str, int]
    leaves: Mapping[bytes, int]
    answered: Sequence[tuple[bytes, str]]
    logged: set[bytes]
    mirrored: Mapping[str, set[bytes]]
    seen: Mapping[str, tuple[int, bytes]]
    unexpected: Sequence[str] = ()


def faults_in(facts: Facts) -> list[str]:
    """What does not hold, in sentences."""
    found = list(facts.unexpected)
    for report, leaf in facts.acknowledged.items():
        if facts.rows.get(report, 0) != 1:
            found.append(f"report {report} was acknowledged and is on file {facts.rows.get(report, 0)} times")
        if facts.leaves.get(leaf, 0) != 1:
            found.append(f"report {report} was acknowledged and has {facts.leaves.get(leaf, 0)} leaves")
    found += [f"report {one} got two promises" for one, made in facts.promises.items() if len(made) > 1]
    doubled = sum(facts.leaves.values()) - sum(facts.rows.values())
    if doubled:
        found.append(f"{doubled} more leaves than reports")
    for digest, trustee in facts.answered:
        if digest not in facts.logged:
            found.append(f"an opening that {trustee} answered is not in the log")
        if digest not in facts.mirrored.get(trustee, ()):
            found.append(f"an opening that {trustee} answered is not in its own log")
    if len(set(facts.seen.values())) > 1:
        found.append("clients verified different logs: " + ", ".join(sorted(facts.seen)))
    return found


async def shrunk(
    operations: Sequence[Operation], fails: Callable[[Sequence[Operation]], Awaitable[bool]]
) -> list[Operation]:
    """A list no part of which can be left out without it passing. Source: Zeller's ddmin, halves first."""
    kept, size = list(operations), max(1, len(operations) // 2)
    while True:
        at, shorter = 0, False
        while at < len(kept):
            without = kept[:at] + kept[at + size :]
            if without and await fails(without):
                kept, shorter = without, True
            else:
                at += size
        if size == 1 and not shorter:
            return kept
        size = max(1, size // 2)


async def lived(town: RunningTown, name: str, operations: Sequence[Operation]) -> list[str]:
    """Play the operations on rows of their own, put everything right, and say what does not hold."""
    async with _beginning(town, name) as day:
        for operation in operations:
            await day.play(operation)
        return faults_in(await day.end())


@contextlib.asynccontextmanager
async def _beginning(town: RunningTown, name: str) -> AsyncIterator["_Day"]:
    async with contextlib.AsyncExitStack() as stack:
        hubs = {firm: await stack.enter_async_context(town.hub(firm)) for firm in (*FIRMS, "ana", "ben")}
        day = _Day(town, name, hubs)
        try:
            yield day
        finally:
            await day.revive()


@dataclass
class _Day:
    """One round: the parties' open homes, and what they were told."""

    town: RunningTown
    name: str
    hubs: Mapping[str, Any]
    phones: list[str] = field(default_factory=lambda: [phone() for _ in range(ROWS)])
    told: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)
    receipts: dict[tuple[str, int], Receipt] = field(default_factory=dict)
    promises: dict[str, set[bytes]] = field(default_factory=dict)
    frozen: set[str] = field(default_factory=set)
    down: set[str] = field(default_factory=set)
    unexpected: list[str] = field(default_factory=list)

    async def play(self, operation: Operation) -> None:
        """One operation; what is down may keep it from working."""
        try:
            await self._play(operation)
        except ProofInvalid as found:
            self.unexpected.append(f"{operation}: {found}")
        except EXPECTED as error:
            # Too few groups, or a second request of the same second, is what an analyst may be told at any time.
            if not (self.down or self.frozen or isinstance(operation, Open)):
                self.unexpected.append(f"{operation}: {type(error).__name__}: {error}")

    async def _play(self, operation: Operation) -> None:
        match operation:
            case File(firm, row, None, _):
                await self._file(firm, row)
            case File(firm, row, "answer is lost", _):
                with self.town.wires["hub"].losing_an_answer(b"POST /v1/reports"):
                    await self._file(firm, row)
            case File(firm, row, "client is killed", after_ms):
                await asyncio.to_thread(self._file_and_die, firm, row, after_ms)
            case File(firm, row, str(fault), after_ms):
                filing = asyncio.create_task(self._file(firm, row))
                await asyncio.sleep(after_ms / 1_000)
                await asyncio.to_thread(self._kill, fault.split()[0])
                await filing
            case Retry(firm):
                for other, row in list(self.told):
                    if other == firm:
                        await self._file(firm, row)
                await self._send(firm)
            case Withdraw(firm, row) if (firm, row) in self.told:
                await self.hubs[firm].withdraw(self.told[firm, row]["inquiry_id"])
            case Sync(firm):
                await self.hubs[firm].sync()
            case Publish():
                if "database" not in self.down:
                    await asyncio.to_thread(self.town.publish)
            case Open(firm, row):
                await self._open(firm, row)
            case Kill(what):
                await asyncio.to_thread(self._kill, what)
            case CutOff(trustee):
                if not self.frozen and trustee not in self.down:
                    os.kill(self.town.pid(trustee), signal.SIGSTOP)
                    self.frozen.add(trustee)
            case Revive():
                await self.revive()

    async def _file(self, firm: str, row: int) -> None:
        inquiry = Inquiry.from_mapping(self._tell(firm, row))
        self._hear(firm, row, await self.hubs[firm].report(inquiry))

    def _tell(self, firm: str, row: int) -> dict[str, Any]:
        """The same inquiry each time."""
        return self.told.setdefault(
            (firm, row), inquiry(f"{self.name}-{firm}-{row}", phones=[self.phones[row]])
        )

    def _file_and_die(self, firm: str, row: int, after_ms: int) -> None:
        """File by the command, and kill -9 it so long after its process has opened the firm's home."""
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as rows:
            rows.write(json.dumps(self._tell(firm, row)) + "\n")
            rows.flush()
            words = [BIN / "cairn", "report", rows.name, "--json", "--home", self.town.home(firm)]
            client = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                client.wait(CLIENT_STARTS_SECONDS + after_ms / 1_000)
            client.kill()
            client.wait()

    async def _send(self, firm: str) -> None:
        rows = {self.told[who, row]["inquiry_id"]: row for who, row in self.told if who == firm}
        for receipt in await self.hubs[firm].send_outbox():
            if isinstance(receipt, Receipt) and receipt.inquiry_id in rows:
                self._hear(firm, rows[receipt.inquiry_id], receipt)

    def _hear(self, firm: str, row: int, receipt: Receipt) -> None:
        """A receipt with a promise is an acknowledgement, for good."""
        if receipt.promise is not None:
            self.receipts[firm, row] = receipt
            self.promises.setdefault(str(receipt.report_id), set()).add(_leaf(receipt.promise))

    async def _open(self, firm: str, row: int) -> None:
        receipt = self.receipts.get((firm, row))
        if receipt is None:
            return
        ana, ben = [await self.hubs[analyst].session() for analyst in ("ana", "ben")]
        opening, signed = request_for(ana, [UUID(receipt.report_id)], Reason.T1, BASIS)
        await OpeningsClient(ana.connection).ask(signed)
        await confirm(ben, opening)
        if not (self.down or self.frozen):  # its leaf is sequenced by then, so each trustee is shown it
            await asyncio.to_thread(self.town.settle)
        for trustee in TRUSTEES:
            await asyncio.to_thread(self._approve, trustee, opening)

    def _approve(self, trustee: str, opening: str) -> None:
        """Approve what its own log bears out by now. Before it cosigned the leaf it is shown nothing."""
        from trustee.desk import assent, desk

        home, settings, word, keys, link = OpeningDesk(self.town).staff(trustee)
        waiting = desk(home, settings, link).find(opening)
        if waiting is not None:
            assent(home, settings, word, keys, link, waiting)  # type: ignore[arg-type]

    def _kill(self, what: str) -> None:
        if what in self.down or what in self.frozen:
            return
        self.town.kill_database() if what == "database" else self.town.kill(what)
        self.down.add(what)

    async def revive(self) -> None:
        """Everything is up again."""
        for trustee in self.frozen:
            os.kill(self.town.pid(trustee), signal.SIGCONT)
        if "database" in self.down:
            await asyncio.to_thread(self.town.start_database)
        if self.down:
            await asyncio.to_thread(self.town.up)
        self.frozen.clear()
        self.down.clear()

    async def end(self) -> Facts:
        """Put everything right, send what waits, verify the log, and look."""
        await self.revive()
        for firm in FIRMS:
            await self._send(firm)
        await asyncio.to_thread(self.town.settle)
        seen = {}
        for firm in FIRMS[:2]:
            await self.hubs[firm].verify_log()
            newest = (await self.hubs[firm].session()).log.last_seen()
            seen[firm] = (newest.checkpoint.size, newest.checkpoint.root)
        late = [firm for firm in FIRMS if (await self.hubs[firm].verify_receipts()).overdue]
        self.unexpected += [f"{firm} holds a promise without a proof" for firm in late]
        return self._facts(seen)

    def _facts(self, seen: Mapping[str, tuple[int, bytes]]) -> Facts:
        acknowledged = {str(one.report_id): _leaf(one.promise or b"") for one in self.receipts.values()}
        ids = [UUID(report) for report in acknowledged]
        rows = self.town.query("SELECT report_id::text, digest FROM reports WHERE report_id = ANY(%s)", ids)
        leaves = self.town.query(
            "SELECT leaf_hash FROM translog_leaves WHERE kind = 'report' AND digest = ANY(%s)",
            [digest for _, digest in rows],
        )
        answered = self.town.query(
            "SELECT digest, trustee FROM opening_answers JOIN openings ON opening = id WHERE assents"
        )
        logged = self.town.query("SELECT digest FROM translog_leaves WHERE kind = 'opening'")
        return Facts(
            acknowledged,
            self.promises,
            Counter(report for report, _ in rows),
            Counter(bytes(leaf) for (leaf,) in leaves),
            [(bytes(digest), trustee) for digest, trustee in answered],
            {bytes(digest) for (digest,) in logged},
            {trustee: self._mirrored(trustee) for trustee in TRUSTEES},
            seen,
            self.unexpected,
        )

    def _mirrored(self, trustee: str) -> set[bytes]:
        path = self.town.place.trustee(trustee) / "trustee.db"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            return {
                digest for (digest,) in database.execute("SELECT digest FROM leaves WHERE kind = 'opening'")
            }


def _leaf(promise: bytes) -> bytes:
    return decode(decode(promise, Signed).body, Promise).leaf_hash
