"""`cairn-hub common-values` and `cairn-hub merges`: what linkage holds back or joined, for the operator to judge.

Linkage is imported where it is used: other verbs don't wait for it.
"""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from hub.services import Services
from hub.verbs.saying import AsJson, Home, say, verb, with_services

if TYPE_CHECKING:
    from hub.linkage import ruling


class Found(StrEnum):
    """What an operator can find a contact to be."""

    COMMON = "common"
    OWN = "own"


def common_values(
    home: Home,
    value: Annotated[str | None, typer.Argument(metavar="[ID]", help="As the list shows it.")] = None,
    found: Annotated[Found | None, typer.Argument(metavar="[common|own]", help="What it is.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the contacts that link nobody, unclear ones first; or say what one of them is.

    A contact is known by the beginning of its tag alone. What is said of one holds whatever later
    reports make of it, and what it touches is linked anew.
    """
    if (value is None) != (found is None):
        raise typer.BadParameter("an id, and common or own", param_hint="ID")
    with verb(as_json):
        from hub.linkage import ruling

        if value is None or found is None:
            _list_held_back(home, as_json)
            return
        with_services(home, lambda services: ruling.rule(services, value, common=found is Found.COMMON))
        links = "links nobody" if found is Found.COMMON else "links"
        say(
            as_json,
            f"{value} {links}. Publish the index for members to see it.",
            id=value,
            verdict=found.value,
        )


def _list_held_back(home: Home, as_json: bool) -> None:
    from hub.linkage import ruling

    async def work(services: Services) -> "list[ruling.HeldBack]":
        return await services.store.read("held", ruling.held_back)

    held = with_services(home, work)
    for one in held:
        say(
            as_json,
            f"{one.id}  {one.verdict:8} {one.reports} reports of {one.groups} groups, by {one.by}",
            id=one.id,
            verdict=one.verdict.value,
            reports=one.reports,
            groups=one.groups,
            by=one.by,
        )
    if not held and not as_json:
        say(False, "No contact is held back.")


def merges(
    home: Home,
    undo: Annotated[str | None, typer.Option(metavar="ID", help="Take this merge apart for good.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the merges of two subjects of many reports each, the newest first; or undo one.

    The two sides of an undone merge never link again. Their cards change at the next publication.
    """
    with verb(as_json):
        from hub.linkage import ruling

        if undo is not None:
            with_services(home, lambda services: ruling.undo(services, undo))
            say(as_json, f"{undo} is undone. Publish the index for members to see it.", id=undo, undone=True)
            return

        async def work(services: Services) -> "list[ruling.Merged]":
            return await services.store.read("merges", ruling.big_merges)

        found = with_services(home, work)
        for one in found:
            say(
                as_json,
                f"{one.id}  {one.day}  {one.absorbed} reports joined {one.kept}{', undone' if one.undone else ''}",
                id=one.id,
                day=one.day,
                kept=one.kept,
                absorbed=one.absorbed,
                undone=one.undone,
            )
        if not found and not as_json:
            say(False, "No two big subjects were merged.")
