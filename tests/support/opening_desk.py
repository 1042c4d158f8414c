"""Openings on a town, without the seconds that starting a command takes: what analysts and trustees' staff do.

Each call is what the command of that name does, on the homes of the town's own analysts and trustees.
"""

import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from msgspec import structs

from cairn import Inquiry
from cairn.client.openings import OpeningsClient
from cairn.filing import ReceiptStatus
from cairn.opening import Opened, confirm, read, request_for
from cairn.session import Session
from cairn.standing import standing_of
from cairn_protocol.group import Element, decode_scalar
from cairn_protocol.match_lock import GroupIndex
from cairn_protocol.messages.openings import OpeningRequest, Reason, opening_id
from cairn_protocol.messages.wire import decode, sign
from cairn_protocol.sharing import Index, KeyShare
from cairn_protocol.voprf import PublicShare
from tests.support.buyers import inquiry
from tests.support.town import RunningTown, until

BASIS = "Art. 6(1)(f) GDPR"


@dataclass(frozen=True)
class OpeningDesk:
    """The analysts Ana and Ben, and the trustees' staff."""

    town: RunningTown

    @contextlib.asynccontextmanager
    async def session(self, party: str) -> AsyncIterator[Session]:
        """An open home of a party."""
        async with self.town.hub(party) as hub:
            yield await hub.session()

    async def file(self, firm: str, label: str, **party: Any) -> UUID:
        """One report of the firm's, about a buyer with these values. `refs`: transaction references."""
        refs = party.pop("refs", [])
        told = inquiry(label, **party) | {"transaction_ref": refs}
        async with self.town.hub(firm) as hub:
            receipt = await hub.report(Inquiry.from_mapping(told))
        assert receipt.status is ReceiptStatus.PROMISED, receipt.reason
        return UUID(receipt.report_id)

    async def request(self, *reports: UUID, by: str = "ana", **changed: Any) -> str:
        """Ask for an opening; its id. `changed`: other fields of the request than its maker would sign."""
        async with self.session(by) as session:
            _, signed = request_for(session, reports, Reason.T1, BASIS)
            if changed:
                request = structs.replace(decode(signed.body, OpeningRequest), **changed)
                signed = sign(request, session.keys.signing)
            told = await OpeningsClient(session.connection).ask(signed)
        assert told["opening"] == opening_id(decode(signed.body, OpeningRequest))
        return str(told["opening"])

    async def confirm(self, opening: str, by: str = "ben") -> None:
        """A second analyst agrees."""
        async with self.session(by) as session:
            await confirm(session, opening)

    async def confirmed(self, *reports: UUID) -> str:
        """Asked by Ana, confirmed by Ben; its id."""
        opening = await self.request(*reports)
        await self.confirm(opening)
        return opening

    def waiting(self, trustee: str, opening: str) -> Any:
        """The opening with this trustee's verdict (`trustee.openings.OpeningWaiting`), once it is shown one."""
        from trustee.desk import desk

        home, settings, _, _, link = self.staff(trustee)
        found: list[Any] = []

        def shown() -> bool:
            found[:] = [desk(home, settings, link).find(opening)]
            return found[0] is not None

        until(shown)
        return found[0]

    def approve(self, trustee: str, opening: str) -> None:
        """Staff agree. Raises what the verdict raises."""
        from trustee.desk import assent

        home, settings, word, keys, link = self.staff(trustee)
        assent(home, settings, word, keys, link, self.waiting(trustee, opening))

    def assent_share(self, trustee: str) -> KeyShare:
        """What the trustee's machine keeps under its passphrase."""
        from trustee.keys import load_assent

        home, _, word, _, _ = self.staff(trustee)
        return load_assent(home, word)

    def assent_publics(self, session: Session) -> dict[Index, PublicShare]:
        """The trustees' shares of the assent key, as elements."""
        shares = session.genesis.joint_key("assent").shares
        return {
            Index(one.index): PublicShare(
                Index(one.index), Element(shares[one.index - 1]), f"trustee:{one.id}"
            )
            for one in session.genesis.trustees
        }

    async def read(self, opening: str, by: str = "ana") -> Opened:
        """The plain text, as that analyst reads it."""
        async with self.session(by) as session:
            return await read(session, opening)

    async def status(self, opening: str) -> str:
        """Where it stands."""
        async with self.session("ana") as session:
            return str((await OpeningsClient(session.connection).standing(opening))["status"])

    async def notices(self, firm: str) -> list[str]:
        """What the firm reads at its next status, after a sync."""
        async with self.town.hub(firm) as hub:
            await hub.sync()
            return (await standing_of(await hub.session())).notices

    def opening_leaves(self) -> int:
        """How many openings are in the log, once no leaf waits for its place."""
        self.town.settle()
        ((count,),) = self.town.query("SELECT count(*) FROM translog_leaves WHERE kind = 'opening'")
        return int(count)

    def shares_at_the_hub(self, *reports: UUID) -> dict[GroupIndex, Sequence[int]]:
        """What the hub's operator takes from its database with its keys: each report's line shares, by group."""
        from hub.reports.secrets import open_shares

        async def work(services: Any) -> dict[GroupIndex, Sequence[int]]:
            await services.envelopes.ready(services.store)
            roster = await services.store.read("roster", services.roster.current)
            found: dict[GroupIndex, Sequence[int]] = {}
            for report in reports:
                ((number, member, secrets),) = self.town.query(
                    "SELECT number, member_id, secrets FROM reports JOIN report_secrets ON report = number"
                    " WHERE report_id = %s",
                    report,
                )
                place = roster.group_index(roster.entry(member, int(time.time())).group)
                shares = open_shares(services.envelopes, number, secrets)
                found[GroupIndex(place)] = [decode_scalar(share) for share in shares]
            return found

        return self.town.operate(work)

    def staff(self, trustee: str) -> tuple[Any, Any, str, Any, Any]:
        """The trustee's home, settings, passphrase, opened keys, and its way to the hub."""
        from trustee import keys as key_file
        from trustee.home import Home
        from trustee.hub_link import HubLink
        from trustee.settings import Settings

        home, settings = Home(self.town.place.trustee(trustee)), Settings()
        word = home.stored_passphrase()
        assert word is not None
        keys = key_file.load(home, word)
        link = HubLink(home.hub_url(), trustee, keys.signing, settings.hub_seconds)
        return home, settings, word, keys, link


def names_in(opened: Opened) -> set[str]:
    """The names that were opened."""
    return {name for report in opened.reports for name in report.details.names}
