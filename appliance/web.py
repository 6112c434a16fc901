"""The FastAPI application: the appliance lives in its lifespan, pages and API share its port."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from appliance import __version__
from appliance.api import (
    battery,
    check,
    compat,
    connections,
    daily,
    energy,
    export,
    health,
    messages,
    meter,
    meter_history,
    metrics,
    money,
    nearby,
    powerwall,
    prepaid,
    proxy,
    registers,
    v1,
)
from appliance.api.common import require_reader
from appliance.app import Appliance
from appliance.calendar import iso
from appliance.errors import StoreError
from appliance.guard import HEADERS, Guard
from appliance.today import Today

log = logging.getLogger(__name__)

PARTS = (
    check, connections,
    health, compat, v1, meter, money, nearby, export, metrics, battery, energy, powerwall, meter_history,
    proxy, registers, messages, prepaid, daily,
)  # fmt: skip
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}
ABOUT = """What the appliance knows, for programs on your network. Reading is open; what changes something
needs the API token (More page): `Authorization: Bearer ...`. Instants are ISO 8601 or UTC milliseconds;
energy is kWh, power W and positive when it flows into the house. Unknown is null or absent, never 0."""


def create_app(appliance: Appliance) -> FastAPI:
    """The application that runs `appliance` as long as it is served."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with appliance:
            yield

    # The interactive docs of FastAPI load scripts from elsewhere; nothing of ours leaves the machine.
    app = FastAPI(
        title="Tallywatt",
        version=__version__,
        description=ABOUT,
        lifespan=lifespan,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.appliance = appliance
    # A reading sent again while it is still being looked up must not be taken for a new one.
    app.state.taking = asyncio.Lock()
    app.state.today = Today()
    app.state.started = appliance.clock.now()
    # Whoever watches whether the appliance lives must not need the token for it.
    closed = [] if appliance.config.web.open_reads else [Depends(require_reader)]
    for part in PARTS:
        app.include_router(part.router, dependencies=[] if part is health else closed)
    _end_api(app)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(StoreError, _unkept)
    app.add_exception_handler(Exception, _fault)
    origins = appliance.config.web.allowed_origins
    if origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=origins, allow_methods=["*"], allow_headers=["Authorization"]
        )
    app.add_middleware(
        Guard,
        now=appliance.clock.now,
        allowed_origins=origins,
        local_only=appliance.config.web.local_only,
        token_ok=appliance.access.token_ok,
    )
    _describe_classic(app)
    return app


def _end_api(app: FastAPI) -> None:
    """Answer for what the API does not have; the pages, mounted below all, would answer with a page."""
    methods: dict[str, set[str]] = {}
    for part in PARTS:
        for route in part.router.routes:
            if isinstance(route, APIRoute):
                methods.setdefault(route.path, set()).update(route.methods or ())
    for path, allowed in methods.items():
        others = sorted(METHODS - allowed)
        app.add_api_route(path, _other_method(sorted(allowed)), methods=others, include_in_schema=False)
    # No page has an address below a route's first name.
    below = [f"/{root}/{{rest:path}}" for root in sorted({path.split("/")[1] for path in methods})]
    for path in below:
        app.add_api_route(path, _nothing, methods=sorted(METHODS), include_in_schema=False)


def _other_method(allowed: list[str]) -> Callable[[], None]:
    def refuse() -> None:
        raise HTTPException(
            405, f"Here only {', '.join(allowed)} is understood", {"Allow": ", ".join(allowed)}
        )

    return refuse


def _nothing() -> None:
    raise HTTPException(404)


def _problem(request: Request, status: int, message: str, headers: Any = None) -> JSONResponse:
    now = request.app.state.appliance.clock.now()
    content = {"status": "error", "message": message, "timestamp": iso(now)}
    return JSONResponse(content, status, headers=headers)


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    text = str(error.detail)
    if error.status_code == 404 and text == "Not Found":
        text = f"There is nothing at {request.url.path}; /api/openapi.json lists all routes"
    return _problem(request, error.status_code, text, error.headers)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    said = [f"{'.'.join(str(part) for part in e['loc'][1:])}: {e['msg']}" for e in error.errors()]
    return _problem(request, 422, "; ".join(said))


async def _unkept(request: Request, error: Exception) -> JSONResponse:
    return _problem(request, 503, str(error))


async def _fault(request: Request, error: Exception) -> JSONResponse:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    # Starlette answers faults outside all middleware, and so outside the guard that adds these.
    headers = {name.decode(): value.decode() for name, value in HEADERS}
    return _problem(request, 500, "Something went wrong inside; the journal has the details", headers)


def _describe_classic(app: FastAPI) -> None:
    """Make the classic body known to OpenAPI, which only sees models that routes take."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = made()
            name = compat.ClassicReading.__name__
            part = compat.ClassicReading.model_json_schema(ref_template="#/components/schemas/{model}")
            part.pop("$defs", None)
            schema["components"]["schemas"][name] = part
        return made()

    app.openapi = openapi  # type: ignore[method-assign]
