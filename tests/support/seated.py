"""A hub with members on its roster, in this process: the real services on a real database, no sequencer."""

import base64
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass

import httpx2
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.http_signatures import sign_request
from cairn_protocol.messages.log import LeafKind, content_digest, hash_of
from cairn_protocol.messages.parties import (
    Approval,
    ApprovedAct,
    SignedGenesis,
    approve,
    prove_possession,
    sign_genesis,
)
from cairn_protocol.messages.wire import Message, encode
from hub import jobs, problems
from hub.linkage.linking import LINK
from hub.members.roster import RosterHolder
from hub.reports import routes as reports
from hub.services import Services
from hub.settings import Settings
from hub.storage.database import Store
from hub.storage.envelopes import Envelopes
from hub.translog.nodes import log_size
from hub.translog.tables import TranslogLeaf
from tests.support.reports import Firm, genesis, signing_key


@dataclass
class SeatedHub:
    """Services, and what a test asks of them."""

    services: Services

    async def seat(self, firms: Sequence[Firm]) -> None:
        """Put the genesis and these firms' entries into the log, in their order."""
        founded = self.services.genesis
        keys = [signing_key(trustee.id) for trustee in founded.trustees]
        leaves: list[tuple[LeafKind, Message]] = [
            (
                LeafKind.GENESIS,
                SignedGenesis(genesis=founded, signatures=tuple(sign_genesis(founded, key) for key in keys)),
            )
        ]
        await self._put(leaves, at=0)
        await self.seat_more(firms)

    async def seat_more(self, firms: Sequence[Firm]) -> None:
        """Put more firms' entries behind the log's last leaf."""
        size = await self.services.store.read("size", log_size)
        trustees = len(self.services.genesis.trustees)
        await self._put([(LeafKind.ROSTER, _approved(firm, trustees)) for firm in firms], at=size)

    async def _put(self, leaves: Sequence[tuple[LeafKind, Message]], *, at: int) -> None:
        async def body(db: AsyncSession) -> None:
            for place, (kind, message) in enumerate(leaves, start=at):
                content = encode(message)
                digest = content_digest(content)
                db.add(
                    TranslogLeaf(
                        leaf_index=place,
                        leaf_hash=hash_of(kind, digest),
                        kind=kind.value,
                        digest=digest,
                        content=content,
                    )
                )

        await self.services.store.transact("seat", body)

    async def link(self) -> None:
        """Run the linkage jobs that wait."""
        async with jobs.Runner(
            self.services.database_url, self.services.settings, [LINK], self.services
        ) as runner:
            await runner.drain("linkage")

    def app(self, *, more: Sequence[object] = ()) -> FastAPI:
        """The hub's application with the routes of reports, and more routers if given."""
        app = FastAPI()
        problems.install(app, self.services.settings, batch_paths={reports.BATCH_PATH})
        app.state.services = self.services
        for router in (reports.router, *more):
            app.include_router(router)  # type: ignore[arg-type]
        return app


def _approved(firm: Firm, trustees: int) -> ApprovedAct:
    return ApprovedAct(
        act=firm.entry,
        possession=prove_possession(firm.entry, firm.key),
        approvals=tuple(
            Approval(trustee=f"t{at}", signature=approve(firm.entry, signing_key(f"t{at}")))
            for at in range(1, trustees + 1)
        ),
    )


def seated(settings: Settings, url: str, store: Store, envelopes: Envelopes) -> SeatedHub:
    """A hub whose genesis is the one of `tests.support.reports`. Nobody is seated yet."""
    founded = genesis()
    return SeatedHub(
        Services(settings, url, store, envelopes, signing_key("hub"), founded, RosterHolder(founded))
    )


class Member:
    """A firm's connection to a hub in this process, signing what it sends."""

    def __init__(self, firm: Firm, app: FastAPI) -> None:
        self.firm = firm
        self._client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://hub.example")

    async def post(self, path: str, body: bytes, *, signer: Firm | None = None) -> httpx2.Response:
        """Send a body, signed by the firm or by whoever else is told."""
        who = signer or self.firm
        nonce = base64.b64encode(os.urandom(16)).decode()
        url = f"http://hub.example{path}"
        headers = sign_request("POST", url, body, who.id, who.key, int(time.time()), nonce)
        return await self._client.post(path, content=body, headers=headers)

    async def get(self, path: str, **headers: str) -> httpx2.Response:
        """Ask for something, unsigned."""
        return await self._client.get(path, headers=headers)
