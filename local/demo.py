"""`make demo`: the main job from beginning to end, told step by step, on real processes; then all of it ends.

Firms and buyers are invented. What is printed was done, not recorded: every line follows from
an answer of a process or a file, and the demo stops with an error where one is not as told.
"""

import asyncio
import datetime as dt
import os
import signal
import sys
import textwrap
import time
from asyncio import to_thread
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from cairn import AsyncHub, Inquiry
from cairn.advice import Advice
from cairn.client.errors import ProofInvalid
from cairn.filing import Receipt
from local import bulletins_told, corrections, filing, returns_told, town, trends_told
from local.passing import passing_town, stopping_is_an_exit
from local.processes import CommandFailed, attempt, command, wait_until
from local.running import Local, database_url
from local.stories import ORKIDE, S3_LATER, SCOPE, ZARYA
from local.town import Town

PREFIX = "cairn-demo-"  # of the folders where demos live
_INQUIRIES = 160
_SEED = 7
_REFUSED = 6


class NotAsTold(Exception):
    """The demo expected something else than what happened."""


def main() -> int:
    """Tell the story; 0 if everything was as told."""
    begun = time.monotonic()
    stopping_is_an_exit()
    try:
        with passing_town(PREFIX) as place:
            asyncio.run(_tell(_set_up(place)))
    except (CommandFailed, NotAsTold) as failed:
        print(f"\nThe demo stopped: {failed}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nThe demo was stopped, and what it had started.", file=sys.stderr)
        return 130
    print(f"\nEverything was ended and removed. {time.monotonic() - begun:.0f} seconds.")
    return 0


def _set_up(place: Town) -> Local:
    _chapter("Setting up: nobody has to be trusted alone")
    hub_url, trustee_urls = town.found(place, _say)
    local = Local(place, hub_url, trustee_urls)
    local.ensure_up()
    _say("the hub runs on its own PostgreSQL; the trustees are three processes with a database each")
    town.enrol_everybody(place, _say)
    town.allow_bulk(place, [dt.datetime.now(dt.UTC).date()])
    _say("the trustees meter every group; a larger allowance for today is in the log, signed by two of them")
    return local


async def _tell(local: Local) -> None:
    place = local.town
    _chapter(f"{_INQUIRIES} ordinary inquiries")
    receipts = await filing.file_background(place, _INQUIRIES, _SEED, dt.date.today())
    _expect(all(receipt.promise for receipt in receipts), "every inquiry got a signed promise")
    _say(
        f"{len(receipts)} inquiries of {len(town.FIRMS)} firms are filed, each with the hub's signed promise"
    )
    _say("the hub saw codes and pseudonyms; no name, phone or address left a firm")

    sealed = await _shopping_around(place)
    await _other_spellings(place)
    await _one_event(place)
    await _opening(place, sealed)
    await corrections.tell(place, _chapter, _say, _expect)
    await _outages(local)
    await returns_told.tell(place, _chapter, _say, _expect)
    await trends_told.tell(place, _chapter, _say, _expect)
    await bulletins_told.tell(local, _chapter, _say, _expect)
    await _edited_log(local)
    _chapter("What each party could and could not see")
    _say("a firm: its own inquiries, and bands of groups for buyers it can name itself")
    _say(
        "the hub: who filed how much and when, codes, and which pseudonyms recur; no name, no question asked of it"
    )
    _say("a trustee: which member asked for how many padded batches; no name, no report, no answer")
    _say(
        "an analyst: codes, bands and links; a name only after three groups' evidence, a colleague and two trustees"
    )
    _say("a government: sanitised bulletins that two people let out; it comments, and directs nothing")


async def _shopping_around(place: Town) -> tuple[str, str]:
    """Tell the story; the ids of Alder's and Birch's reports."""
    _chapter("Story 1: a buyer goes from firm to firm")
    alder, birch, cedar, dogwood = ORKIDE
    first = await _file(place, alder, "Alder Sensors (US) declines a buyer from Izmir and tells Cairn")
    await to_thread(filing.publish, place)
    advice = await _check(place, birch)
    _expect(advice.groups is None, "one group alone makes no card")
    _say(
        "Birch Valves gets another name with the same phone and checks: not seen; one group alone is never shown"
    )
    second = await _file(place, birch, "Birch declines too, and tells Cairn")
    await to_thread(filing.publish, place)
    advice = await _check(place, alder)
    _expect(advice.groups == "2-4", "Alder sees the card")
    _say(
        f"Alder checks again: seen by {advice.groups} groups, evidence {advice.evidence}. {advice.reasons[0]}"
    )
    await _file(place, cedar, "Cedar Dynamics (DE) is asked under the first name's web site, and tells Cairn")
    await to_thread(filing.publish, place)
    advice = await _check(place, dogwood)
    _expect(advice.groups == "2-4", "Dogwood sees the card")
    _say("Dogwood Machine, asked next, checks before it answers. This is what its officer reads:")
    print(textwrap.indent(advice.text(), "      "), flush=True)
    await _resolve(place, dogwood)
    _say("no firm learnt who the others are; the hub did not learn that anybody checked")
    return first, second


async def _resolve(place: Town, told: tuple[str, dict[str, object]]) -> None:
    """Dogwood's officer looks at what would leave, notes what was done, and exports the record."""
    firm, about = told
    inquiry = Inquiry.from_mapping(about)
    async with AsyncHub(place.party(firm)) as hub:
        preview = await hub.preview(inquiry)
        _expect(inquiry.party.name not in preview.raw.decode(), "no name leaves")
        _say(
            f"Dogwood previews a report: {len(preview.raw)} bytes, {len(preview.tags)} values as pseudonyms among "
            "filler, no name or phone in them"
        )
        await hub.decide(
            inquiry.inquiry_id, "HOLD-ASK", "no answer before the end user is named", user="Dora Wood"
        )
    page = place.folder / "dogwood-record.html"
    command("cairn", "record", "export", "--out", page, "--home", place.party(firm))
    _expect("HOLD-ASK" in page.read_text(), "the decision is in the record")
    verified = attempt("cairn", "record", "verify", page, "--home", place.party(firm), "--json")
    _expect(verified.code == 0, "the exported record verifies offline")
    _say(
        "its officer decides to hold and ask, and notes why: the record stays at Dogwood, and exports as a page that "
        "an auditor verifies offline"
    )


async def _other_spellings(place: Town) -> None:
    """The same story without a contact: only the name, and nobody writes it alike."""
    latin, cyrillic, slip = ZARYA
    name, native, misspelt = (told[1]["party"]["name"] for told in ZARYA)
    await _file(place, latin, f"a buyer without a contact asks Elm as {name!r}: Elm tells Cairn")
    await _file(place, cyrillic, f"Gum hears of it as {native!r}, in Cyrillic letters, and tells Cairn too")
    await to_thread(filing.publish, place)
    advice = await _check(place, slip)
    _expect((advice.groups, advice.match) == ("2-4", "similar"), "Dogwood finds it by a misspelt name")
    _say(f"Dogwood checks {misspelt!r}, with a slip: {advice.groups} groups. {advice.reasons[1]}")


async def _one_event(place: Town) -> None:
    _chapter("Story 2: one shipment, three reporters")
    fir, ibis, juniper, asia = SCOPE
    await _file(place, fir, "Fir Test ships an oscilloscope and reports the consignee")
    await _file(place, ibis, "its forwarder Ibis Freight reports the same shipment")
    await _file(place, juniper, "its insurer Juniper Marine too")
    await _file(place, asia, "a week later Fir's own affiliate reports the same buyer")
    await to_thread(filing.publish, place)
    advice = await _check(place, S3_LATER)
    _expect(advice.groups is None, "one event and its affiliate are one group")
    _say("four reports, but one shipment and one parent company: still one group, so nobody is shown a card")
    await _file(place, S3_LATER, "Gum Optics reports the buyer independently")
    await to_thread(filing.publish, place)
    advice = await _check(place, fir)
    _expect(advice.groups == "2-4", "now there are two groups")
    _say(f"now it is {advice.groups} groups, and Fir sees it")


async def _opening(place: Town, reports: tuple[str, str]) -> None:
    _chapter("Opening a sealed name: three groups, two analysts, two trustees")
    first, second = reports
    ana, ben = (["--home", place.party(name), "--json"] for name in town.ANALYSTS)
    told = attempt("cairn", "analyst", "opening", "request", "--report", second, "--reason", "T1", *ana)
    _expect(told.code == _REFUSED, "two groups open nothing")
    _say(
        f"analyst Ana asks for Birch's report: refused ({told.json['reason']}); "
        "only one other group shares a value with it"
    )
    told = attempt("cairn", "analyst", "opening", "request", "--report", first, "--reason", "T1", *ana)
    opening = str(told.json["opening"])
    _say(
        "she asks for Alder's, which shares its phone with Birch's and its web site with Cedar's: "
        "it waits for a colleague"
    )
    attempt("cairn", "analyst", "opening", "confirm", opening, *ben)
    _say("analyst Ben confirms; the opening is in the log before any trustee answers")
    wait_until(lambda: opening in command("cairn-trustee", "requests", "--home", place.trustee("t1")))
    command("cairn-trustee", "approve", opening, "--home", place.trustee("t1"))
    told = attempt("cairn", "analyst", "opening", "read", opening, *ana)
    _expect(told.code != 0, "one of two trustees opens nothing")
    _say("trustee t1 checks the evidence by its own log and agrees: still shut")
    command("cairn-trustee", "approve", opening, "--home", place.trustee("t2"))
    told = attempt("cairn", "analyst", "opening", "read", opening, *ana)
    name = ORKIDE[0][1]["party"]["name"]
    _expect(name in told.text, "two of two trustees open it")
    _say(
        f"trustee t2 agrees too: on Ana's own machine the name is read ({name}); it never passed through the hub"
    )
    async with AsyncHub(place.party("alder")) as hub:
        await hub.sync()
    told = attempt("cairn", "status", "--home", place.party("alder"), "--json")
    _expect(opening in told.text, "Alder is told")
    _say(
        "Alder's next sync tells it: its report was opened, by which case, for what reason, on what legal basis"
    )


async def _outages(local: Local) -> None:
    _chapter("When something is down")
    fresh = _numbered("outage")
    with _stopped(local, "t2"):
        advice = await _check_fresh(local.town, "elm", next(fresh))
        _expect(advice.status == "not_seen", "two trustees are enough")
        _say("one trustee stands still: Elm's check of a new buyer is answered all the same")
        with _stopped(local, "t3"):
            receipt = await _file_one(local.town, "elm", next(fresh))
            _expect(receipt.status == "queued", "one trustee is too few")
            _say("two stand still: Elm's report waits, encrypted, on Elm's own computer; nothing is lost")
    async with AsyncHub(local.town.party("elm")) as hub:
        sent = await hub.send_outbox()
    _expect(all(receipt.status == "promised" for receipt in sent), "the outbox was sent")
    _say("they are back: the outbox is sent, and the hub promises")


async def _edited_log(local: Local) -> None:
    _chapter("When the operator edits the database")
    async with AsyncHub(local.town.party("dogwood")) as hub:
        audit = await hub.verify_log()
        _say(f"Dogwood verifies the log: {audit.size} leaves, cosigned by {len(audit.cosigners)} trustees")
        leaf = audit.size // 2
        with psycopg.connect(database_url(local.town)) as database:
            database.execute(
                "UPDATE translog_leaves SET leaf_hash = %s WHERE leaf_index = %s", (bytes(32), leaf)
            )
        try:
            await hub.verify_log()
        except ProofInvalid as caught:
            _say(f"somebody changes leaf {leaf} in the hub's database; Dogwood verifies again: {caught}")
        else:
            raise NotAsTold("the edited leaf was not noticed")


async def _file(place: Town, told: tuple[str, dict[str, object]], text: str) -> str:
    firm, inquiry = told
    receipt = await _file_one(place, firm, inquiry)
    _expect(receipt.status == "promised" and receipt.report_id is not None, f"{firm} filed")
    _say(text)
    return str(receipt.report_id)


async def _file_one(place: Town, firm: str, inquiry: dict[str, object]) -> Receipt:
    async with AsyncHub(place.party(firm)) as hub:
        return await hub.report(Inquiry.from_mapping(inquiry))


async def _check(place: Town, told: tuple[str, dict[str, object]]) -> Advice:
    firm, inquiry = told
    return await _check_fresh(place, firm, inquiry)


async def _check_fresh(place: Town, firm: str, inquiry: dict[str, object]) -> Advice:
    async with AsyncHub(place.party(firm)) as hub:
        await hub.sync()
        return await hub.check(Inquiry.from_mapping(inquiry))


def _numbered(word: str) -> Iterator[dict[str, object]]:
    number = 0
    while True:
        number += 1
        yield {
            "inquiry_id": f"{word}-{number}",
            "party": {"name": f"Kestrel Bench {word} {number}", "phones": [f"+44 1632 9605{number:02d}"]},
            "item": {"eccn": "3A225"},
        }


@contextmanager
def _stopped(local: Local, name: str) -> Iterator[None]:
    """A trustee's process stands still, as on a machine that hangs."""
    pid = local.processes[name].pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _expect(held: bool, what: str) -> None:
    if not held:
        raise NotAsTold(f"not so: {what}")


def _chapter(title: str) -> None:
    print(f"\n{title}\n{'-' * len(title)}", flush=True)


def _say(text: str) -> None:
    print(f"  - {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
