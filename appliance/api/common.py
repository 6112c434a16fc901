"""What all routes share: the appliance, who may write, instants, errors."""

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Depends, HTTPException, Path, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, Field

from appliance.app import Appliance
from appliance.calendar import instant

LATEST_MS = 7_258_118_400_000
"""2200-01-01T00:00:00Z."""


class Problem(BaseModel):
    """How every error is told."""

    status: str = Field(examples=["error"])
    message: str = Field(description="What is wrong and what to do.")
    timestamp: str = Field(description="ISO 8601, UTC.")


def problems(*codes: int) -> dict[int | str, dict[str, Any]]:
    """The error answers of a route, for OpenAPI."""
    return {code: {"model": Problem} for code in (*codes, 422)}


def appliance_of(request: Request) -> Appliance:
    """The one appliance behind these routes."""
    found: Appliance = request.app.state.appliance
    return found


Here = Annotated[Appliance, Depends(appliance_of)]
Camera = Annotated[str, Path(description="Name of a camera source.")]


BEARER = HTTPBearer(auto_error=False, scheme_name="token", description="The API token (More page).")


def bearer(said: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)]) -> str | None:
    """The token in the Authorization header, if there is one."""
    return said.credentials.strip() or None if said else None


Token = Annotated[str | None, Depends(bearer)]


def require_owner(here: Here, token: Token) -> None:
    """Let the owner's programs pass. Raises 401 without a token and 403 with a wrong one."""
    if token is None:
        raise HTTPException(
            401,
            "This changes something: send the API token, `Authorization: Bearer ...` (More page)",
            headers={"WWW-Authenticate": "Bearer"},
        )
    _check(here, token)


PAGES_NEED = ("/api/v1/pictures/", "/api/v1/meter_setup/", "/api/v1/export/")
"""Pictures and files that pages offer: a browser asks for them without a token."""


def require_reader(request: Request, here: Here, token: Token) -> None:
    """Where reading is not open: let programs with the token read, and the pages show what they have.

    Raises 401 without a token and 403 with a wrong one. What changes something asks by itself.
    """
    shown = here.config.display.enabled and request.url.path.startswith(PAGES_NEED)
    if request.method not in ("GET", "HEAD") or shown:
        return
    if token is None:
        raise HTTPException(
            401,
            "Reading needs the API token here, `Authorization: Bearer ...` (More page), or web.open_reads",
            headers={"WWW-Authenticate": "Bearer"},
        )
    _check(here, token)


def _check(here: Appliance, token: str) -> None:
    if not here.access.token_ok(token):
        raise HTTPException(403, "This is not the API token; make a new one on the More page if it is lost")


def moment(said: Any, zone: ZoneInfo) -> int:
    """UTC ms of ISO 8601 (without offset the site's time), or epoch seconds or ms. Raises ValueError."""
    if isinstance(said, bool) or not isinstance(said, str | int | float):
        raise ValueError("a time is ISO 8601 text or seconds since 1970")
    try:
        at = _epoch(float(said))
    except (OverflowError, ValueError):
        at = _iso(str(said), zone)
    if not 0 <= at < LATEST_MS:
        raise ValueError("that is no time from 1970 to 2200")
    return at


def _epoch(said: float) -> int:
    """Seconds up to the year 5138, milliseconds from 1973."""
    return round(said if abs(said) > 1e11 else said * 1000)


def _iso(said: str, zone: ZoneInfo) -> int:
    try:
        # A "+" that nobody escaped in a query arrives as a blank.
        parsed = datetime.fromisoformat(said.replace(" ", "+") if "T" in said else said)
        return instant(parsed if parsed.tzinfo else parsed.replace(tzinfo=zone))
    except (OverflowError, ValueError):
        raise ValueError("that is no ISO 8601 time") from None


def asked(said: str, name: str, zone: ZoneInfo) -> int:
    """As `moment` for a query parameter. Raises 400."""
    try:
        return moment(said, zone)
    except ValueError as error:
        raise HTTPException(400, f"{name}={said!r}: {error}; write 2026-11-21T14:30:00+01:00") from None
