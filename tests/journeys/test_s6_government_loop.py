"""S6, its liaison part: Lee pulls the bulletin of S2, comments and asks for contact; only who allows it is asked."""

import asyncio
from uuid import UUID

import pytest

from cairn.client.bulletins import BulletinsClient
from cairn.client.errors import ClientError, Unauthorised
from cairn_protocol.messages.bulletins import ContactRequest, Feedback, FeedbackCode
from local.bulletins import collections, give_tokens, pull
from tests.journeys.test_s2_complementary_items import file_all, let_out, typology
from tests.support.town import RunningTown

pytestmark = pytest.mark.anyio


async def _client(hub: object) -> BulletinsClient:
    return BulletinsClient((await hub.session()).connection)  # type: ignore[attr-defined]


async def test_lee_pulls_comments_and_reaches_alder_who_agreed_and_nobody_else(town: RunningTown) -> None:
    bulletin = await let_out(town, typology(await file_all(town, "violet")))
    give_tokens(town.place)
    amber = (await asyncio.to_thread(collections, town.place, town.local.hub_url))["liaisons-amber"]
    pulled = await asyncio.to_thread(pull, amber)
    assert any(one["type"] == "report" and "one programme" in one["name"] for one in pulled)

    async with town.hub("lee") as hub:
        lee = await _client(hub)
        await lee.feedback(Feedback(bulletin=bulletin, code=FeedbackCode.CORROBORATES, reason=None))
        await lee.ask_contact(
            ContactRequest(
                bulletin=bulletin, about="How the end use changed.", reach="Desk 4 of the authority"
            )
        )
        assert (await lee.reached()).reached == ()

    alder, birch = [await _relayed(town, firm, bulletin) for firm in ("alder", "birch")]
    assert (len(alder), birch) == (1, [])
    async with town.hub("alder") as hub:
        await (await _client(hub)).accept_contact(alder[0], "Compliance desk")

    async with town.hub("lee") as hub:
        reached = [one for one in (await (await _client(hub)).reached()).reached if one.bulletin == bulletin]
    assert [(one.member, one.reach) for one in reached] == [("alder", "Compliance desk")]


async def _relayed(town: RunningTown, firm: str, bulletin: UUID) -> list[UUID]:
    async with town.hub(firm) as hub:
        found = await (await _client(hub)).contacts()
    return [one.id for one in found.contacts if one.bulletin == bulletin]


async def test_lee_can_direct_nothing(town: RunningTown) -> None:
    """G9: what sets, opens, links or releases anything refuses a liaison; an identifier is refused as tasking."""
    async with town.hub("lee") as hub:
        session = await hub.session()
        for path in ("/v1/reports", "/v1/openings", "/v1/bulletins/drafts", "/v1/questions"):
            with pytest.raises(Unauthorised):
                await session.connection.post("hub", path, b"{}", limit=100_000)
        bulletin = await let_out(town, typology(await file_all(town, "walnut")))
        with pytest.raises(ClientError) as refused:
            await BulletinsClient(session.connection).ask_contact(
                ContactRequest(bulletin=bulletin, about="Who knows buyer@halyard.example?", reach="Desk 4")
            )
    assert refused.value.slug == "tasking"
