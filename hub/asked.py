"""The hub's services, as a route gets them.

Apart from `services`, because the server's framework takes as long to load as a short verb of the operator's takes.
"""

from typing import Annotated

from fastapi import Depends, Request

from hub.services import Services


def services_of(request: Request) -> Services:
    """The services of the app that a request came to."""
    services: Services = request.app.state.services
    return services


Hub = Annotated[Services, Depends(services_of)]
