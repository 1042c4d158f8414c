"""What bulletins work with beside the database: the hub's services, and the port to releases."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from hub.asked import services_of
from hub.bulletins.ports import Releases
from hub.services import Services


@dataclass(frozen=True, slots=True)
class Desk:
    """Of one process. `app.state.releases` has the port."""

    services: Services
    releases: Releases


def desk_of(request: Request) -> Desk:
    """The desk of the app that a request came to."""
    releases: Releases = request.app.state.releases
    return Desk(services_of(request), releases)


TheDesk = Annotated[Desk, Depends(desk_of)]
