"""TAXII 2.1: liaisons pull bulletins with the tools they have, and leave opinions in one collection.

HTTP Basic with a token (`tokens`) lets in to the token's collections alone; one that is not in its scope
does not exist for it. Collections of bulletins take no POST and no DELETE. Refusals are TAXII's own error
message. Objects are served as the text that was stored: a page costs one statement.
Source: TAXII 2.1 (OASIS).
"""

import json
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.exceptions import HTTPException

from cairn_protocol.errors import CairnError
from cairn_protocol.messages.problems import PROBLEMS
from hub.asked import Hub, services_of
from hub.bulletins import feedback
from hub.bulletins.catalogue import LIAISONS, ApiRoot, Collection
from hub.bulletins.force import come_into_force
from hub.bulletins.tables import TaxiiStatus
from hub.bulletins.tallying import count
from hub.bulletins.taxii_pages import Page, moment, page, read_query, version_text
from hub.bulletins.tokens import Reader, admit
from hub.errors import HubError
from hub.problems import REFUSALS, BodyTooLarge

MEDIA_TYPE: Final = "application/taxii+json;version=2.1"
_ACCEPTED: Final = ("application/taxii+json", "application/*", "*/*")
MAX_CONTENT: Final = 1024 * 1024


class NotAcceptable(HubError):
    """Another media type or version of TAXII is asked for."""

    slug = "not-acceptable"


class WrongMediaType(HubError):
    """A body of another media type or version."""

    slug = "unsupported-media-type"


class NoSuchThing(HubError):
    """No such API root, collection, object or status for this token."""

    slug = "not-found"


class NotAllowed(HubError):
    """The collection does not take this."""

    slug = "read-only"


class TaxiiRoute(APIRoute):
    """Refuses in TAXII's form, and answers only who accepts TAXII 2.1."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                _require_accept(request.headers.get("accept"))
                return await inner(request)
            except BodyTooLarge as error:
                return refusal(error.slug, "")
            except (RequestValidationError, HTTPException):
                return refusal("bad-message", "")
            except CairnError as error:
                slug = getattr(error, "slug", "internal")
                if PROBLEMS[slug].status >= 500:
                    raise
                return refusal(slug, getattr(error, "detail", ""))

        return answer


def refusal(slug: str, detail: str) -> Response:
    """TAXII's error message for a refusal."""
    problem = PROBLEMS[slug]
    REFUSALS.labels(slug).inc()
    body = {
        "title": problem.title,
        "description": f"{detail}. {problem.what_to_do}" if detail else problem.what_to_do,
        "error_code": slug,
        "http_status": str(problem.status),
    }
    headers = {"WWW-Authenticate": 'Basic realm="taxii2"'} if problem.status == 401 else {}
    return _taxii(body, status=problem.status, headers=headers)


async def reader(request: Request) -> Reader:
    """The liaison whose token came with the request. Raises BadToken."""
    services = services_of(request)
    header = request.headers.get("authorization")

    async def body(db: AsyncSession) -> Reader:
        return await admit(db, await services.roster.current(db), header)

    return await services.store.read("taxii token", body)


CallingReader = Annotated[Reader, Depends(reader)]


def taxii_router(
    prefix: str = "/taxii2", roots: Sequence[ApiRoot] = (LIAISONS,), *, in_force: bool = True
) -> APIRouter:
    """The routes of a TAXII server with these API roots below `prefix`.

    in_force  whether releases are brought into force before a page is read
    """
    router = APIRouter(prefix=prefix, tags=["taxii"], route_class=TaxiiRoute)
    by_name = {root.name: root for root in roots}

    def root_of(name: str) -> ApiRoot:
        if name not in by_name:
            raise NoSuchThing("no such API root")
        return by_name[name]

    def collection_of(name: str, collection: str, caller: Reader) -> Collection:
        found = root_of(name).find(collection)
        if found is None or found.alias not in caller.collections:
            raise NoSuchThing("no such collection for this token")
        return found

    async def read(hub: Hub, caller: Reader, collection: Collection, asked: Any) -> Page:
        if not collection.can_read:
            raise NotAllowed("the collection can't be read")
        if in_force:
            await come_into_force(hub)

        async def pull(db: AsyncSession) -> Page:
            found = await page(db, collection.alias, asked)
            await count(db, "pulls")
            return found

        return await hub.store.transact("taxii pull", pull)

    @router.get("/")
    async def discovery(request: Request, hub: Hub, caller: CallingReader) -> Response:
        """What is here."""
        base = f"{hub.settings.public_url or str(request.base_url).rstrip('/')}{prefix}/"
        addresses = [f"{base}{root.name}/" for root in roots]
        return _taxii(
            {
                "title": "Cairn",
                "description": "Sanitised bulletins. Reading and comments; nothing here directs what is collected.",
                "default": addresses[0],
                "api_roots": addresses,
            }
        )

    @router.get("/{root}/")
    async def api_root(root: str, caller: CallingReader) -> Response:
        """An API root."""
        return _taxii(
            {"title": root_of(root).title, "versions": [MEDIA_TYPE], "max_content_length": MAX_CONTENT}
        )

    @router.get("/{root}/status/{status}/")
    async def status(root: str, status: str, hub: Hub, caller: CallingReader) -> Response:
        """What became of a POST of this liaison."""
        root_of(root)
        try:
            wanted = UUID(status)
        except ValueError:
            raise NoSuchThing("no such status") from None
        row = await hub.store.read("taxii status", lambda db: db.get(TaxiiStatus, wanted))
        if row is None or row.liaison != caller.liaison:
            raise NoSuchThing("no such status")
        return _raw(row.body)

    @router.get("/{root}/collections/")
    async def collections(root: str, caller: CallingReader) -> Response:
        """The collections of the token."""
        shown = [_described(one) for one in root_of(root).collections if one.alias in caller.collections]
        return _taxii({"collections": shown} if shown else {})

    @router.get("/{root}/collections/{collection}/")
    async def one_collection(root: str, collection: str, caller: CallingReader) -> Response:
        """One collection."""
        return _taxii(_described(collection_of(root, collection, caller)))

    @router.get("/{root}/collections/{collection}/manifest/")
    async def manifest(
        root: str, collection: str, request: Request, hub: Hub, caller: CallingReader
    ) -> Response:
        """What a collection has, without content."""
        found = await read(
            hub, caller, collection_of(root, collection, caller), read_query(request.query_params)
        )
        return _page(
            found,
            "objects",
            [
                json.dumps(
                    {
                        "id": row.id,
                        "date_added": moment(row.date_added),
                        "version": version_text(row.version),
                        "media_type": f"application/stix+json;version={row.spec_version}",
                    }
                )
                for row in found.rows
            ],
        )

    @router.get("/{root}/collections/{collection}/objects/")
    async def objects(
        root: str, collection: str, request: Request, hub: Hub, caller: CallingReader
    ) -> Response:
        """The objects of a collection."""
        found = await read(
            hub, caller, collection_of(root, collection, caller), read_query(request.query_params)
        )
        return _page(found, "objects", [row.body for row in found.rows])

    @router.post("/{root}/collections/{collection}/objects/", status_code=202)
    async def add_objects(
        root: str, collection: str, request: Request, hub: Hub, caller: CallingReader
    ) -> Response:
        """Take opinions and notes; each is accepted or refused on its own, and the status says which."""
        into = collection_of(root, collection, caller)
        if not into.can_write:
            raise NotAllowed("the collection takes no objects")
        _require_content(request.headers.get("content-type"))
        sent = feedback.read_envelope(await request.body())
        told = await hub.store.transact(
            "taxii feedback", lambda db: feedback.take_all(db, caller.liaison, sent)
        )
        return _raw(told, status=202)

    @router.get("/{root}/collections/{collection}/objects/{object_id}/")
    async def one_object(
        root: str, collection: str, object_id: str, request: Request, hub: Hub, caller: CallingReader
    ) -> Response:
        """One object, in its last version unless another is asked for."""
        asked = read_query(request.query_params, {"match[id]": object_id})
        found = await read(hub, caller, collection_of(root, collection, caller), asked)
        await _require_known(hub, found, collection_of(root, collection, caller), object_id)
        return _page(found, "objects", [row.body for row in found.rows])

    @router.delete("/{root}/collections/{collection}/objects/{object_id}/")
    async def no_deletion(root: str, collection: str, object_id: str, caller: CallingReader) -> Response:
        """Nothing is deleted: what was wrong is revoked by its author."""
        collection_of(root, collection, caller)
        raise NotAllowed("nothing is deleted here")

    @router.get("/{root}/collections/{collection}/objects/{object_id}/versions/")
    async def versions(
        root: str, collection: str, object_id: str, request: Request, hub: Hub, caller: CallingReader
    ) -> Response:
        """The versions of one object."""
        asked = read_query(request.query_params, {"match[id]": object_id, "match[version]": "all"})
        found = await read(hub, caller, collection_of(root, collection, caller), asked)
        await _require_known(hub, found, collection_of(root, collection, caller), object_id)
        return _page(found, "versions", [json.dumps(version_text(row.version)) for row in found.rows])

    return router


async def _require_known(hub: Hub, found: Page, collection: Collection, object_id: str) -> None:
    if found.rows:
        return
    anything = read_query({"limit": "1", "match[version]": "all"}, {"match[id]": object_id})
    if not (await hub.store.read("taxii page", lambda db: page(db, collection.alias, anything))).rows:
        raise NoSuchThing("no such object")


def _described(collection: Collection) -> dict[str, Any]:
    return {
        "id": collection.id,
        "title": collection.title,
        "alias": collection.alias,
        "can_read": collection.can_read,
        "can_write": collection.can_write,
        "media_types": list(collection.media_types),
    }


def _page(found: Page, name: str, members: Sequence[str]) -> Response:
    """An envelope around texts that are JSON already. Without members it is empty, as TAXII has it."""
    if not members:
        return _raw("{}")
    following = f',"next":{json.dumps(found.next)}' if found.next else ""
    body = f'{{"more":{"true" if found.next else "false"}{following},"{name}":[{",".join(members)}]}}'
    return _raw(
        body,
        headers={
            "X-TAXII-Date-Added-First": moment(found.rows[0].date_added),
            "X-TAXII-Date-Added-Last": moment(found.rows[-1].date_added),
        },
    )


def _taxii(
    body: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    return _raw(json.dumps(body, separators=(",", ":")), status=status, headers=headers)


def _raw(body: str, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(body, status_code=status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def _require_accept(header: str | None) -> None:
    """Raises NotAcceptable unless TAXII 2.1 is among what the client accepts."""
    if header is None:
        return
    for one in header.split(","):
        kind, *parameters = (part.strip().lower() for part in one.split(";"))
        version = next((part.partition("=")[2] for part in parameters if part.startswith("version=")), "2.1")
        if kind in _ACCEPTED and version.strip('"') == "2.1":
            return
    raise NotAcceptable(f"this is {MEDIA_TYPE}")


def _require_content(header: str | None) -> None:
    kind, *parameters = (part.strip().lower() for part in (header or "").split(";"))
    version = next((part.partition("=")[2] for part in parameters if part.startswith("version=")), "2.1")
    if kind != "application/taxii+json" or version.strip('"') != "2.1":
        raise WrongMediaType(f"a body is {MEDIA_TYPE}")
