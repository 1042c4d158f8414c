"""Bulletins of a local Cairn: drafted by one analyst, approved by the other, pulled by a liaison. All invented."""

import asyncio
import json
import time
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from taxii2client.v21 import Collection, Server, as_pages

from cairn import AsyncHub, bulletins
from cairn.client.bulletins import BulletinsClient
from cairn.session import Session
from local.processes import CommandFailed, command
from local.town import ANALYSTS, LIAISONS, Town

_UNVERIFIED: Final = "Reports of several groups, linked by contact details; none was verified."
_PATIENCE_SECONDS: Final = 60

DRAFTS: Final[tuple[Mapping[str, Any], ...]] = (
    {
        "kind": "TYPOLOGY",
        "editions": [
            {
                "audience": "members",
                "tlp": "AMBER",
                "title": "Complementary requests spread over several suppliers",
                "bottom_line": "Reports describe one buyer who asks different suppliers for several complementary "
                "item families, so that no supplier sees all of them.",
                "observed": "Several groups observed it within half a year; the names differ, the contact recurs.",
                "red_flags": ["RF-ENU-01", "RF-PRD-01"],
                "alternatives": ["A laboratory that equips itself anew asks many suppliers too."],
                "basis": _UNVERIFIED,
                "actions": ["HOLD-ASK", "EUS"],
                "wanted": ["Whether the stated end use fits all that was asked for."],
            },
            {
                "audience": "liaisons",
                "tlp": "AMBER",
                "title": "Complementary requests that fit one programme",
                "bottom_line": "Reports describe one buyer who asks different suppliers for complementary items "
                "that together fit one programme.",
                "observed": "Several groups observed it within half a year; no single group saw all of it.",
                "programmes": ["enrichment"],
                "red_flags": ["RF-ENU-01", "RF-PRD-01"],
                "corridors": [{"origin": "DE", "via": "TR", "destination": "145"}],
                "alternatives": ["A laboratory that equips itself anew asks many suppliers too."],
                "basis": _UNVERIFIED,
            },
        ],
    },
    {
        "kind": "TREND",
        "editions": [
            {
                "audience": audience,
                "tlp": "GREEN",
                "title": "More requests for electronics by way of Central Asia",
                "bottom_line": "After a control came into force, reports of requests for integrated circuits by way "
                "of Central Asia rose against a comparable region.",
                "observed": "The rise is visible in the weeks after the control and not in the comparison.",
                "suppression": "Countries with few contributors are shown as a region.",
                "families": ["FAM-IC"],
                "corridors": [{"origin": None, "via": None, "destination": "143"}],
                "red_flags": ["RF-LOG-01"],
                "alternatives": ["Trade that other routes lost may have moved here lawfully."],
                "basis": "Weekly counts of several groups, compared with another region.",
                "actions": ["SCREEN", "EUS"],
            }
            for audience in ("members", "liaisons")
        ],
    },
    {
        "kind": "METHOD",
        "editions": [
            {
                "audience": "members",
                "tlp": "GREEN",
                "title": "An end use that changes when it is asked for in writing",
                "bottom_line": "Reports describe buyers whose stated end use changes as soon as a statement is "
                "asked for.",
                "observed": "Several groups observed it, in different trades.",
                "red_flags": ["RF-ENU-03"],
                "alternatives": ["A distributor may learn the end use only when it asks its customer."],
                "basis": _UNVERIFIED,
                "actions": ["EUS", "VISIT-CALL"],
            }
        ],
    },
    {
        "kind": "CODELIST-CHANGE",
        "editions": [
            {
                "audience": "members",
                "tlp": "CLEAR",
                "title": "The list of red flags is in force as shipped",
                "bottom_line": "The installed list of red flags is the current one. Nothing has to be done.",
                "observed": "No code was added or retired.",
                "basis": "The hub's own list.",
                "confidence": "HIGH",
            }
        ],
    },
    {
        "kind": "AGGREGATE",
        "editions": [
            {
                "audience": "liaisons",
                "tlp": "GREEN",
                "title": "Where requests with unclear end use are said to go",
                "bottom_line": "Reports with an unclear end use name consignees in Western and Central Asia more "
                "often than elsewhere.",
                "observed": "Several groups in more than one trade observed it.",
                "suppression": "Single countries are not shown where few groups contributed.",
                "corridors": [
                    {"origin": None, "via": None, "destination": "145"},
                    {"origin": None, "via": None, "destination": "143"},
                ],
                "red_flags": ["RF-ENU-01"],
                "alternatives": ["Firms may look more closely at these regions than at others."],
                "basis": _UNVERIFIED,
                "confidence": "LOW",
            }
        ],
    },
    {
        "kind": "REFERRAL-OFFER",
        "editions": [
            {
                "audience": "liaisons",
                "tlp": "AMBER",
                "title": "Contributors may be asked for more",
                "bottom_line": "Some contributors to bulletins on complementary requests accept requests for contact.",
                "observed": "Their reports say so; which they are is told by themselves alone.",
                "alternatives": ["None of them may answer."],
                "basis": "The consent on their reports.",
            }
        ],
    },
)


async def release_all(place: Town, drafts: Sequence[Mapping[str, Any]] = DRAFTS) -> list[UUID]:
    """Have the first analyst draft and the second approve them; returns the ids once all are in force."""
    async with AsyncHub(place.party(ANALYSTS[0])) as one, AsyncHub(place.party(ANALYSTS[1])) as other:
        author, approver = await one.session(), await other.session()
        released = []
        for told in drafts:
            saved = await bulletins.save(author, told)
            released.append(UUID(saved["bulletin"]))
            await bulletins.submit(author, released[-1])
            await bulletins.approve(approver, released[-1])
            await BulletinsClient(author.connection).release(released[-1])
        await wait_in_force(author, released)
    return released


async def wait_in_force(analyst: Session, wanted: Sequence[UUID], status: str = "RELEASED") -> None:
    """Wait until readers see it: the trustees have cosigned."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    names = {str(one) for one in wanted}
    while True:
        standing = await BulletinsClient(analyst.connection).drafts()
        if names <= {one["bulletin"] for one in standing if one["status"] == status and one["in_force"]}:
            return
        if time.monotonic() > deadline:
            raise CommandFailed("bulletins are not in force within a minute")
        await asyncio.sleep(0.3)


def give_tokens(place: Town) -> None:
    """A TAXII token for each liaison that has none, in its home."""
    for liaison in LIAISONS:
        path = place.party(liaison) / "taxii.json"
        if not path.exists():
            command("cairn-hub", "liaisons", "token", "--home", place.hub, "--id", liaison, "--out", path)


def access_of(place: Town, hub_url: str) -> list[dict[str, object]]:
    """What access.json says of liaisons: where and how any TAXII client pulls."""
    told: list[dict[str, object]] = []
    for liaison in LIAISONS:
        home = place.party(liaison)
        path = home / "taxii.json"
        token = json.loads(path.read_text()) if path.exists() else {"user": None, "password": None}
        told.append(
            {
                "id": liaison,
                "home": str(home),
                "taxii_url": f"{hub_url}/taxii2/",
                "user": token["user"],
                "password": token["password"],
            }
        )
    return told


def collections(place: Town, hub_url: str) -> dict[str, Collection]:
    """The first liaison's collections by alias, seen by a TAXII client that knows nothing of Cairn."""
    (access, *_) = access_of(place, hub_url)
    server = Server(str(access["taxii_url"]), user=str(access["user"]), password=str(access["password"]))
    return {str(one._raw["alias"]): one for one in server.default.collections}


def pull(collection: Collection, per_page: int = 20) -> list[dict[str, Any]]:
    """Every object of a collection, page by page."""
    return [
        one
        for page in as_pages(collection.get_objects, per_request=per_page)
        for one in page.get("objects", [])
    ]


def opinion(report: str, code: str) -> dict[str, Any]:
    """A STIX opinion on a bulletin's report object, with a code of feedback."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return {
        "type": "opinion",
        "spec_version": "2.1",
        "id": f"opinion--{uuid.uuid4()}",
        "created": now,
        "modified": now,
        "opinion": "strongly-agree",
        "object_refs": [report],
        "labels": [code],
    }
