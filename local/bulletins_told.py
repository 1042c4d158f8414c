"""The demo's chapter on the government channel: two people, a TAXII client, feedback, a recall."""

import asyncio
from collections.abc import Callable
from uuid import UUID

from cairn import AsyncHub, bulletins
from cairn.client.bulletins import BulletinsClient
from cairn.client.errors import ClientError
from cairn.session import Session
from cairn_protocol.messages.bulletins import RecallReason
from local.bulletins import DRAFTS, collections, give_tokens, opinion, pull, wait_in_force
from local.running import Local
from local.town import ANALYSTS

Say = Callable[[str], None]
Expect = Callable[[bool, str], None]

_LABEL = "liaisons-amber"


async def tell(local: Local, chapter: Say, say: Say, expect: Expect) -> None:
    """The story, on the running town."""
    chapter("A bulletin for members and a government")
    place = local.town
    give_tokens(place)
    async with AsyncHub(place.party(ANALYSTS[0])) as one, AsyncHub(place.party(ANALYSTS[1])) as other:
        ana, ben = await one.session(), await other.session()
        bulletin = await _let_out(ana, ben, say, expect)
        amber = (await asyncio.to_thread(collections, place, local.hub_url))[_LABEL]
        shown = await asyncio.to_thread(pull, amber)
        report = [one for one in shown if one["type"] == "report"][-1]
        say(f"Lee, a government liaison, pulls it with an ordinary TAXII client: {len(shown)} STIX objects")
        feedback = (await asyncio.to_thread(collections, place, local.hub_url))["feedback"]
        status = await asyncio.to_thread(
            feedback.add_objects, {"objects": [opinion(report["id"], "CORROBORATES")]}
        )
        expect(status.success_count == 1, "the feedback was taken")
        say("Lee answers with a STIX opinion: CORROBORATES")
        status = await asyncio.to_thread(feedback.add_objects, {"objects": [_indicator()]})
        expect(status.failure_count == 1, "an indicator is refused")
        say(
            f"Lee posts an address to look for: {status.failures[0]['message'].split(':')[0]}. Nothing is searched"
        )
        await bulletins.recall(ben, bulletin, RecallReason.WRONG_DATA)
        await wait_recalled(ana, bulletin)
        again = await asyncio.to_thread(pull, amber)
        gone = [one for one in again if one["id"] == report["id"]]
        expect(bool(gone) and gone[0].get("revoked") is True, "the recall is seen at the next pull")
        say(f"Ben recalls it; at Lee's next pull the report is revoked: {gone[0]['name']}")
    async with AsyncHub(place.party("cedar")) as hub:
        read = [one for one in await bulletins.read_all(await hub.session()) if one.bulletin == bulletin]
        expect([one.status for one in read] == ["recalled"], "members see the recall")
        say("members see the recall too, and each checks in the log that release and recall are really there")


async def _let_out(ana: Session, ben: Session, say: Say, expect: Expect) -> UUID:
    told = dict(DRAFTS[0])
    loose = {**told, "editions": [{**told["editions"][0], "title": "A front company buys from everybody"}]}
    saved = await bulletins.save(ana, loose)
    expect(any(one["code"] == "JUDGEMENT" for one in saved["findings"]), "the wording is found")
    say(f'Ana drafts "A front company ...": the check finds {saved["findings"][0]["code"]}, it can\'t go on')
    bulletin = UUID(saved["bulletin"])
    await bulletins.save(ana, {**told, "bulletin": saved["bulletin"]})
    await bulletins.submit(ana, bulletin)
    try:
        await bulletins.approve(ana, bulletin)
    except ClientError as refused:
        say(f"she rewords it, submits it, and tries to approve it herself: {refused.slug}")
    else:
        expect(False, "the author's own approval is refused")
    await bulletins.approve(ben, bulletin)
    await BulletinsClient(ana.connection).release(bulletin)
    await wait_in_force(ana, [bulletin])
    say("Ben reads and approves exactly this text; it is in the log, cosigned by two trustees, and out")
    return bulletin


async def wait_recalled(analyst: Session, bulletin: UUID) -> None:
    """Wait until the recall is in force."""
    await wait_in_force(analyst, [bulletin], "RECALLED")


def _indicator() -> dict[str, object]:
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": "indicator--6d1e1f0c-3a51-4b0e-9a4b-6a2c0d3f9b11",
        "created": "2026-01-01T00:00:00.000Z",
        "modified": "2026-01-01T00:00:00.000Z",
        "pattern": "[email-addr:value = 'buyer@orkide-teknik.example']",
        "pattern_type": "stix",
        "valid_from": "2026-01-01T00:00:00Z",
    }
