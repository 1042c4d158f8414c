"""The SDK's two faces: `Hub` for ordinary code, `AsyncHub` for event loops. Same verbs, one core.

    from cairn import Hub, Inquiry, Party

    with Hub("home") as hub:
        advice = hub.check(inquiry)
        receipt = hub.report(inquiry)

Nothing is sent at construction and there is no telemetry. A call that can't reach the hub or
enough trustees answers `queued`, and `send_outbox` goes on later.
"""

import asyncio
import os
import time
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from cairn import alerts, checking, correcting, filing, retagging
from cairn.advice import Advice
from cairn.alerts import Alert
from cairn.client.index_sync import IndexState
from cairn.client.log import Audit
from cairn.filing import Proofs, Receipt
from cairn.home import ENVIRONMENT, Home, HomeError
from cairn.preview import Preview, preview_all
from cairn.raw.inquiry import Inquiry
from cairn.raw.register import Stated
from cairn.raw.resolution import Entry
from cairn.record import decide, resolve_flag
from cairn.session import Session
from cairn_protocol.messages.corrections import ClearReason

_T = TypeVar("_T")


def default_home() -> Path:
    """CAIRN_HOME, or the user's own data folder."""
    if chosen := os.environ.get(ENVIRONMENT):
        return Path(chosen)
    from platformdirs import user_data_path

    return user_data_path("cairn", appauthor=False)


class AsyncHub:
    """A member firm at work, for asyncio. Use it as an async context manager."""

    def __init__(
        self,
        home: str | Path | None = None,
        *,
        passphrase: str | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        """home: the firm's folder, else CAIRN_HOME. passphrase: else the one kept in the home."""
        self._folder = Path(home) if home is not None else default_home()
        self._word = passphrase
        self._now = now
        self._session: Session | None = None

    async def session(self) -> Session:
        """The open session; opens it at the first use. Raises HomeError, WrongPassphrase, RegisterError."""
        if self._session is None:
            word = self._word or Home(self._folder).stored_passphrase()
            if word is None:
                raise HomeError("the keys are under a passphrase: give it with passphrase=")
            self._session = await Session.open(self._folder, word, self._now)
        return self._session

    async def check(self, inquiry: Inquiry, *, user: str = "") -> Advice:
        """Has this buyer been seen elsewhere? Asks nobody but, for new values, the trustees. user: who looks."""
        return (await self.check_all([inquiry], user=user))[0]

    async def check_all(self, inquiries: Iterable[Inquiry], *, user: str = "") -> list[Advice]:
        """The advice for each, in order."""
        session = await self.session()
        return [
            advice
            for batch in _batches(inquiries, checking.BATCH)
            for advice in await checking.check_all(session, batch, user=user)
        ]

    async def report(self, inquiry: Inquiry, *, user: str | None = None) -> Receipt:
        """File an inquiry. The same inquiry again gets the same receipt. user: the named person who files."""
        return (await self.report_all([inquiry], user=user))[0]

    async def report_all(self, inquiries: Iterable[Inquiry], *, user: str | None = None) -> list[Receipt]:
        """File each, in order."""
        session = await self.session()
        return [
            receipt
            for batch in _batches(inquiries, filing.BATCH)
            for receipt in await filing.file_all(session, batch, user=user)
        ]

    async def preview(self, inquiry: Inquiry, *, narrative: bool = False) -> Preview:
        """What reporting this inquiry would send, compartment by compartment. Raises TrusteeUnavailable."""
        return (await preview_all(await self.session(), [inquiry], narrative=narrative))[0]

    async def release(self, inquiry_id: str, user: str) -> Receipt:
        """Send a held report as the second named person. Raises NotReleasable, KeyError."""
        return await filing.release(await self.session(), inquiry_id, user)

    async def withdraw(self, inquiry_id: str, user: str | None = None) -> Receipt:
        """Take a report back. Raises KeyError if nothing was filed under that id."""
        return await filing.withdraw(await self.session(), inquiry_id, user)

    async def amend(
        self,
        inquiry_id: str,
        *,
        outcome: str | None = None,
        inquiry: Inquiry | None = None,
        user: str | None = None,
    ) -> Receipt:
        """File the next revision of a report: another outcome, or the whole inquiry. Raises NothingFiled."""
        session = await self.session()
        return await correcting.amend(session, inquiry_id, outcome=outcome, inquiry=inquiry, user=user)

    async def retag(self) -> list[Receipt]:
        """File anew what has other match keys than it would have today (`cairn.retagging`)."""
        return await retagging.retag(await self.session())

    async def clear(self, inquiry_id: str, reason: ClearReason, user: str | None = None) -> Stated:
        """Say that an inquiry turned out to be innocent, and why. Raises NothingFiled."""
        return await correcting.clear(await self.session(), inquiry_id, reason, user)

    async def dispute(self, inquiry_id: str, user: str | None = None) -> Stated:
        """Say that a report is not about the subject it was linked with (NOT-OURS). Raises NothingFiled."""
        return await correcting.dispute(await self.session(), inquiry_id, user)

    async def alerts(self) -> list[Alert]:
        """What changed since this was last asked, by the index as synced. Each is told once."""
        session = await self.session()
        news = alerts.news(session)
        await alerts.remember(session, news)
        return list(news.alerts)

    async def resolve_flag(self, inquiry_id: str, flag: str, resolution: str, *, user: str) -> Entry:
        """Note in the record how a flag was resolved, and who says so. Raises BadRecord."""
        return resolve_flag(await self.session(), inquiry_id, flag, resolution, user)

    async def decide(self, inquiry_id: str, decision: str, reason: str, *, user: str) -> Entry:
        """Note a decision in the record, one of the codes of an advice's options. Raises BadRecord."""
        return decide(await self.session(), inquiry_id, decision, reason, user)

    async def sync(self, on_alert: Callable[[Alert], None] | None = None) -> IndexState:
        """Fetch, verify and keep the latest index. on_alert: called with whatever that changed (`alerts`)."""
        session = await self.session()
        await session.policies.refresh(session.hub, session.connection.state, session.now())
        state = await session.syncing.sync()
        session.forget_index()
        await session.log.follow()  # who was let in, and whose reports were opened
        session.forget_index()  # the roster changed
        if on_alert is not None:
            for alert in await self.alerts():
                on_alert(alert)
        return state

    async def send_outbox(self) -> list[Receipt]:
        """Go on with what waits."""
        return await filing.send_outbox(await self.session())

    async def verify_receipts(self) -> Proofs:
        """Turn promises into proofs. Raises ProofInvalid."""
        return await filing.verify_receipts(await self.session())

    async def verify_log(self) -> Audit:
        """Check the whole log against its cosigned checkpoint. Raises ProofInvalid, which says where."""
        return await (await self.session()).log.verify_all()

    async def close(self) -> None:
        """Let go of connections and register."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def __aenter__(self) -> "AsyncHub":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


class Hub:
    """A member firm at work. Use it as a context manager; inside an event loop take AsyncHub."""

    def __init__(
        self,
        home: str | Path | None = None,
        *,
        passphrase: str | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        """As AsyncHub."""
        self._hub = AsyncHub(home, passphrase=passphrase, now=now)
        self._runner = asyncio.Runner()

    def _run(self, work: Coroutine[Any, Any, _T]) -> _T:
        return self._runner.run(work)

    def check(self, inquiry: Inquiry, *, user: str = "") -> Advice:
        """Has this buyer been seen elsewhere? Asks nobody but, for new values, the trustees. user: who looks."""
        return self._run(self._hub.check(inquiry, user=user))

    def check_all(self, inquiries: Iterable[Inquiry], *, user: str = "") -> list[Advice]:
        """The advice for each, in order."""
        return self._run(self._hub.check_all(inquiries, user=user))

    def report(self, inquiry: Inquiry, *, user: str | None = None) -> Receipt:
        """File an inquiry. The same inquiry again gets the same receipt. user: the named person who files."""
        return self._run(self._hub.report(inquiry, user=user))

    def report_all(self, inquiries: Iterable[Inquiry], *, user: str | None = None) -> list[Receipt]:
        """File each, in order."""
        return self._run(self._hub.report_all(inquiries, user=user))

    def preview(self, inquiry: Inquiry, *, narrative: bool = False) -> Preview:
        """What reporting this inquiry would send, compartment by compartment. Raises TrusteeUnavailable."""
        return self._run(self._hub.preview(inquiry, narrative=narrative))

    def release(self, inquiry_id: str, user: str) -> Receipt:
        """Send a held report as the second named person. Raises NotReleasable, KeyError."""
        return self._run(self._hub.release(inquiry_id, user))

    def withdraw(self, inquiry_id: str, user: str | None = None) -> Receipt:
        """Take a report back. Raises KeyError if nothing was filed under that id."""
        return self._run(self._hub.withdraw(inquiry_id, user))

    def amend(
        self,
        inquiry_id: str,
        *,
        outcome: str | None = None,
        inquiry: Inquiry | None = None,
        user: str | None = None,
    ) -> Receipt:
        """File the next revision of a report: another outcome, or the whole inquiry. Raises NothingFiled."""
        return self._run(self._hub.amend(inquiry_id, outcome=outcome, inquiry=inquiry, user=user))

    def clear(self, inquiry_id: str, reason: ClearReason, user: str | None = None) -> Stated:
        """Say that an inquiry turned out to be innocent, and why. Raises NothingFiled."""
        return self._run(self._hub.clear(inquiry_id, reason, user))

    def dispute(self, inquiry_id: str, user: str | None = None) -> Stated:
        """Say that a report is not about the subject it was linked with (NOT-OURS). Raises NothingFiled."""
        return self._run(self._hub.dispute(inquiry_id, user))

    def alerts(self) -> list[Alert]:
        """What changed since this was last asked, by the index as synced. Each is told once."""
        return self._run(self._hub.alerts())

    def resolve_flag(self, inquiry_id: str, flag: str, resolution: str, *, user: str) -> Entry:
        """Note in the record how a flag was resolved, and who says so. Raises BadRecord."""
        return self._run(self._hub.resolve_flag(inquiry_id, flag, resolution, user=user))

    def decide(self, inquiry_id: str, decision: str, reason: str, *, user: str) -> Entry:
        """Note a decision in the record, one of the codes of an advice's options. Raises BadRecord."""
        return self._run(self._hub.decide(inquiry_id, decision, reason, user=user))

    def sync(self, on_alert: Callable[[Alert], None] | None = None) -> IndexState:
        """Fetch, verify and keep the latest index. on_alert: called with whatever that changed (`alerts`)."""
        return self._run(self._hub.sync(on_alert))

    def send_outbox(self) -> list[Receipt]:
        """Go on with what waits."""
        return self._run(self._hub.send_outbox())

    def verify_receipts(self) -> Proofs:
        """Turn promises into proofs. Raises ProofInvalid."""
        return self._run(self._hub.verify_receipts())

    def verify_log(self) -> Audit:
        """Check the whole log against its cosigned checkpoint. Raises ProofInvalid, which says where."""
        return self._run(self._hub.verify_log())

    def close(self) -> None:
        """Let go of connections and register."""
        self._run(self._hub.close())
        self._runner.close()

    def __enter__(self) -> "Hub":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _batches(inquiries: Iterable[Inquiry], size: int) -> Iterable[list[Inquiry]]:
    batch: list[Inquiry] = []
    for inquiry in inquiries:
        batch.append(inquiry)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
