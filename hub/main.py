"""The hub as one ASGI application: routes, and beside them sequencer, worker and publishing.

`create_app` opens nothing. Its lifespan starts the database if it is the private one,
migrates it, and ends everything in the opposite order; requests under way are answered first.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.routing import Route

from hub import metrics
from hub.asked import Hub
from hub.bulletins.quoting import PublishedReleases
from hub.bulletins.routes_analysts import router as analysts_router
from hub.bulletins.routes_liaisons import router as liaisons_router
from hub.bulletins.routes_members import router as bulletins_router
from hub.bulletins.taxii import taxii_router
from hub.corrections.routes import router as corrections_router
from hub.health import unready
from hub.index.routes import router as index_router
from hub.index.schedule import publishing
from hub.jobs import Runner
from hub.linkage.linking import LINK
from hub.members.authorisation import require_listed
from hub.members.routes import router as members_router
from hub.openings.routes import router as openings_router
from hub.problems import install
from hub.releases.routes import router as releases_router
from hub.reports.policy import router as policy_router
from hub.reports.routes import BATCH_PATH
from hub.reports.routes import router as reports_router
from hub.returns.routes import router as returns_router
from hub.services import Services, running_database
from hub.settings import Settings
from hub.storage.migrate import upgrade
from hub.translog.routes import router as translog_router
from hub.translog.sequencer import Sequencer
from hub.trends.routes import router as trends_router
from hub.trends.schedule import snapshotting

TASKS = (LINK,)

router = APIRouter(tags=["operator"])


def create_app(settings: Settings) -> FastAPI:
    """The hub for these settings. While it runs, `app.state` has `services` and `sequencer`."""
    app = FastAPI(
        title="Cairn hub",
        version=_version(),
        description="Takes sanitised, signed reports and keeps the log that members verify. "
        "Messages are canonical JSON (cairn_protocol.messages); refusals are problem+json (RFC 9457).",
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.settings = settings
    app.state.releases = PublishedReleases()
    install(app, settings, batch_paths=[BATCH_PATH])
    parts = (
        router,
        metrics.router,
        members_router,
        translog_router,
        reports_router,
        policy_router,
        index_router,
        openings_router,
        trends_router,
        releases_router,
        corrections_router,
        returns_router,
        analysts_router,
        bulletins_router,
        liaisons_router,
        taxii_router(),
    )
    require_listed(route for part in parts for route in routes_of(part))
    for part in parts:
        app.include_router(part)
    return app


def routes_of(router: APIRouter) -> list[str]:
    """A router's routes as the table of authorisation writes them."""
    return [
        f"{method} {route.path}"
        for route in router.routes
        if isinstance(route, Route)
        for method in sorted((route.methods or set()) - {"HEAD"})
    ]


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    async with contextlib.AsyncExitStack() as stack:
        url = stack.enter_context(running_database(settings))
        await asyncio.to_thread(upgrade, url)
        services = await stack.enter_async_context(Services.open(settings, url))
        runner = await stack.enter_async_context(Runner(url, settings, TASKS, services))
        await stack.enter_async_context(runner.working())
        app.state.services = services
        app.state.sequencer = Sequencer(services)
        await stack.enter_async_context(app.state.sequencer.running())
        await stack.enter_async_context(publishing(services))
        await stack.enter_async_context(snapshotting(services))
        yield


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Whether the process answers at all."""
    return {"status": "up"}


@router.get("/readyz", responses={503: {"description": "What is missing"}})
async def readyz(request: Request, hub: Hub) -> JSONResponse:
    """Whether the hub can take reports. `missing` has what it lacks: database, migrations, genesis, log."""
    missing = await unready(hub)
    if request.app.state.sequencer.behind:
        missing.append("log")
    return JSONResponse({"missing": missing}, status_code=503 if missing else 200)


def _version() -> str:
    """The installed version; in a checkout that is not installed there is none."""
    try:
        return version("cairn-hub")
    except PackageNotFoundError:
        return "0"
