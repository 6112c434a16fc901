"""The classic routes about days, as scrapers of a customer portal have them; also for every register.

Names and shapes are those of the CARMA portal's known scraper; `unit` and `source` are added, and what is not
known is null or answered with 404 and {"error": ...}. Fields named `..._kwh` are in `unit`, which is m³ for
water. Days and months are the site's own.
"""

from calendar import monthrange
from collections.abc import Callable, Coroutine
from datetime import date, timedelta
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from appliance import daily as facts
from appliance.api.common import Here, Token, problems, require_owner
from appliance.api.daily_shapes import (
    CurrentOut,
    DateRange,
    DayKwh,
    DayOut,
    Missing,
    MonthOut,
    RangeOut,
    StatisticsOut,
    StatusOut,
    UpdateOut,
)
from appliance.app import Appliance
from appliance.calendar import iso
from appliance.daily import Daily, DailySource, Day, NoSuchSource
from appliance.errors import SourceError
from appliance.model import parent
from appliance.store import DayBook
from appliance.store.day_book import NAME

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
Asked = Annotated[str | None, Query(description="A daily source; the portal's or the house's if left out.")]


class Portal(Protocol):
    """A running source that asks its portal once a day. `next_update` is UTC ms."""

    update_hour: int
    next_update: int | None
    updating: bool

    async def update(self) -> None: ...


class Unknown(Exception):  # noqa: N818 - an answer, not a fault
    """It is not known, or not understood: text and status."""

    def __init__(self, text: str, status: int = 404) -> None:
        super().__init__(text)
        self.status = status


class _Route(APIRoute):
    """Says {"error": ...} for what is not known, as programs made for the known scraper expect it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def told(request: Request) -> Response:
            try:
                return await answer(request)
            except RequestValidationError as error:
                names = ", ".join(str(wrong["loc"][-1]) for wrong in error.errors())
                return JSONResponse({"error": f"Not understood: {names}; a day is written 2026-01-31"}, 400)
            except NoSuchSource as error:
                return JSONResponse({"error": str(error)}, 404)
            except Unknown as error:
                return JSONResponse({"error": str(error)}, error.status)

        return told


router = APIRouter(prefix="/api", tags=["Classic"], route_class=_Route)
MISSING: dict[int | str, dict[str, Any]] = {404: {"model": Missing}, **problems(503)}
WRONG: dict[int | str, dict[str, Any]] = {400: {"model": Missing}, **MISSING}


@router.get("/status", responses=MISSING)
async def status(here: Here, source: Asked = None) -> StatusOut:
    """How much is known, and when the portal is asked again."""
    daily = _daily(here)
    known = await daily.sources()
    found = await daily.source(source) if known or source else None
    rows = await daily.rows(found) if found else []
    portal = _portal(here, found.source if source and found else None)
    return StatusOut(
        status="updating" if portal and portal.updating else "online" if rows else "no data",
        records=len(rows),
        latest_date=rows[-1].day if rows else None,
        database=NAME if found is None or found.quantity is None else "store/readings.db",
        auto_update=portal is not None,
        update_hour=portal.update_hour if portal else None,
        next_update=iso(portal.next_update) if portal and portal.next_update else None,
        source=found.name if found else None,
        sources=[each.name for each in known],
    )


@router.get("/current", responses=MISSING)
async def current(here: Here, source: Asked = None) -> CurrentOut:
    """Today, yesterday, this month and the register."""
    daily = _daily(here)
    found = await daily.source(source)
    yesterday, month = daily.today - timedelta(days=1), daily.today.replace(day=1)
    rows = await daily.rows(found, min(yesterday, month), daily.today)
    by_day = {row.day: row.value for row in rows}
    mine = [row for row in rows if row.day >= month]
    register = await daily.register(found)
    return CurrentOut(
        today_kwh=_number(by_day.get(daily.today)),
        yesterday_kwh=_number(by_day.get(yesterday)),
        month_total_kwh=_number(facts.added(mine)) if mine else None,
        meter_reading=_number(register.value) if register else None,
        meter_reading_date=register.day if register else None,
        unit=found.unit,
        source=found.name,
    )


@router.get("/daily/{day}", responses=WRONG)
async def one_day(
    here: Here,
    day: Annotated[date, Path(description="A local day, such as 2026-01-31.")],
    source: Asked = None,
) -> DayOut:
    """What one local day used; 404 where that is not known."""
    daily = _daily(here)
    found = await daily.source(source)
    rows = await daily.rows(found, day, day)
    if not rows:
        raise Unknown(f"Nothing is known of {day} at {found.name}")
    return DayOut(
        date=day,
        consumption_kwh=_number(rows[0].value),
        month=MONTHS[day.month - 1],
        year=day.year,
        location=found.location or None,
        unit=found.unit,
        source=found.name,
        so_far=rows[0].so_far,
    )


@router.get("/monthly/{year}/{month}", responses=WRONG)
async def one_month(
    here: Here,
    year: Annotated[int, Path(ge=1970, le=2199, description="Four digits, such as 2026.")],
    month: Annotated[str, Path(description="1 to 12, or an English name: January.")],
    source: Asked = None,
) -> MonthOut:
    """The known days of a month."""
    daily = _daily(here)
    found = await daily.source(source)
    first = date(year, _month(month), 1)
    rows = await daily.rows(found, first, first.replace(day=monthrange(year, first.month)[1]))
    if not rows:
        raise Unknown(f"Nothing is known of {MONTHS[first.month - 1]} {year} at {found.name}")
    return MonthOut(year=year, month=MONTHS[first.month - 1], **_days(found, rows))


@router.get("/range", responses=WRONG)
async def days(
    here: Here,
    start: Annotated[date | None, Query(description="The first day.")] = None,
    end: Annotated[date | None, Query(description="The last day, itself included.")] = None,
    source: Asked = None,
) -> RangeOut:
    """The known days of a span."""
    if start is None or end is None:
        raise Unknown("Name both days: /api/range?start=2026-01-01&end=2026-01-31", 400)
    if end < start:
        raise Unknown("`end` must not be before `start`", 400)
    daily = _daily(here)
    found = await daily.source(source)
    return RangeOut(start=start, end=end, **_days(found, await daily.rows(found, start, end)))


@router.get("/statistics", responses=MISSING)
async def statistics(here: Here, source: Asked = None) -> StatisticsOut:
    """All that is known, summed up."""
    daily = _daily(here)
    found = await daily.source(source)
    rows = await daily.rows(found)
    whole, ends = facts.summary(rows), facts.extremes(rows)
    highest, lowest = (_day(ends.highest), _day(ends.lowest)) if ends else (None, None)
    return StatisticsOut(
        total_days=whole.days,
        total_consumption_kwh=_number(whole.total),
        average_daily_kwh=_number(whole.average),
        max_daily_kwh=highest.kwh if highest else None,
        min_daily_kwh=lowest.kwh if lowest else None,
        date_range=DateRange(first=whole.first, last=whole.last),
        highest_day=highest,
        lowest_day=lowest,
        unit=found.unit,
        source=found.name,
    )


@router.post("/update", responses={**MISSING, 409: {"model": Missing}, **problems(401, 403)})
async def update(here: Here, token: Token, source: Asked = None) -> UpdateOut:
    """Ask the portal now for what it knows. 409 while that is going on."""
    require_owner(here, token)
    portal = _portal(here, source)
    if portal is None:
        raise Unknown(
            f"There is no portal {source} that runs" if source else "No customer portal is set up here"
        )
    if portal.updating:
        raise Unknown("An update is running already", 409)
    try:
        await portal.update()
    except SourceError as error:
        raise Unknown(str(error), 409) from None
    return UpdateOut(status="update started")


def _daily(here: Appliance) -> Daily:
    return Daily(
        here.store, DayBook(here.folder / NAME, read_only=True), here.clock, here.zone, here.grid_meters
    )


def _portal(here: Appliance, source: str | None) -> Portal | None:
    """The running source that asks a portal: that of `source` or of a meter behind it, or the first."""
    for name, running in here.sources.items():
        asks = hasattr(running, "update") and hasattr(running, "update_hour")
        if asks and (source is None or name == parent(source)):
            return running  # type: ignore[return-value]
    return None


def _month(said: str) -> int:
    """1 to 12. Raises Unknown."""
    names = {name.lower(): number for number, name in enumerate(MONTHS, 1)}
    number = int(said) if said.isascii() and said.isdigit() else names.get(said.lower(), 0)
    if not 1 <= number <= 12:
        raise Unknown(f"{said} is no month; write 1 to 12, or its English name", 400)
    return number


def _days(source: DailySource, rows: list[Day]) -> dict[str, Any]:
    total = facts.added(rows) if rows else None
    return {
        "total_kwh": _number(total),
        "average_daily_kwh": None if total is None else _number(total / len(rows)),
        "days": len(rows),
        "location": source.location or None,
        "unit": source.unit,
        "source": source.name,
        "daily": [_day(row) for row in rows],
    }


def _day(row: Day) -> DayKwh:
    return DayKwh(date=row.day, kwh=round(row.value, 4))


def _number(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
