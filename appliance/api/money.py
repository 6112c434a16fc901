"""What energy costs, for programs: rates, bills, offers, the cheapest time; and how the phases stand."""

import asyncio
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter, HTTPException, Query, Response
from pydantic import BaseModel, Field

from appliance.api.common import Here, asked, problems
from appliance.calendar import QUARTER_MS, day_of, iso
from appliance.clock import DAY_MS
from appliance.ledger import plain
from appliance.model import PHASES
from appliance.money.bill import Bill, Flow
from appliance.phases import fuse_level, imbalance_level

router = APIRouter(prefix="/api/v1", tags=["Money"])
MOST_QUARTERS = 100 * 400
LONGEST_DAYS = 25 * 366
EARLIEST, LATEST = date(1990, 1, 1), date(2199, 12, 31)
Day = Annotated[date | None, Query(description="A local day, such as 2026-11-21.")]


class RateOut(BaseModel):
    """What a kWh costs and brings in a quarter hour, all taxes and fees included; null where unknown."""

    start: str
    buying: float | None
    selling: float | None
    day_tariff: list[float | None] | None = Field(
        None, description="Prices for the meter's registers T1 and T2, where the contract tells them apart."
    )


class FlowOut(BaseModel):
    """Energy in one direction. Money is for `priced_kwh` alone: what had no price yet is not counted as 0."""

    kwh: float
    priced_kwh: float
    covered: float | None = Field(description="Share of the energy that had a price, 0 to 1.")
    estimated_kwh: float = Field(description="Shared out evenly over a gap in the readings.")
    money: float | None


class BillOut(BaseModel):
    """What the days from `first` to `last` cost; null where nothing is known."""

    first: date
    last: date
    name: str = Field(description="The offer, empty for the contract in force.")
    currency: str
    bought: FlowOut | None
    sold: FlowOut | None
    lines: dict[str, float] = Field(description="Fees and capacity charges.")
    total: float | None


class WindowOut(BaseModel):
    start: str
    end: str
    per_kwh: float
    currency: str


class PhaseOut(BaseModel):
    phase: int
    minute_a: float | None = Field(description="Mean of the last minute, ampere.")
    quarter_a: float | None = Field(description="Mean of the last quarter of an hour, ampere.")
    fuse_share: float | None = Field(description="Of the last minute's mean, 1 is the main fuse.")
    level: Literal["ok", "warn", "bad"] | None


class PhasesOut(BaseModel):
    source: str
    fuse_a: int | None
    phases: list[PhaseOut]
    imbalance_a: float | None = Field(description="Highest less lowest mean of the last quarter of an hour.")
    level: Literal["ok", "warn", "bad"] | None


@router.get("/rates", response_model=list[RateOut], responses=problems(400, 503))
async def rates(
    here: Here,
    start: Annotated[str | None, Query(alias="from", description="ISO 8601 or ms; now.")] = None,
    end: Annotated[str | None, Query(alias="to", description="ISO 8601 or ms; two days on.")] = None,
) -> Response:
    """What a kWh costs by contract, quarter hour by quarter hour."""
    since = asked(start, "from", here.zone) if start else here.clock.now()
    until = asked(end, "to", here.zone) if end else since + 2 * DAY_MS
    if not since < until <= since + MOST_QUARTERS * QUARTER_MS:
        raise HTTPException(400, "`from` must lie before `to`, by at most 400 days")
    starts, known = await here.ledger.rates(since, until)
    buying, selling = plain(known.buying), plain(known.selling)
    apart = np.isfinite(known.buying[1]) & ~np.isfinite(known.buying[0])

    def rows() -> Iterator[RateOut]:
        for n, at in enumerate(starts.tolist()):
            yield RateOut(
                start=iso(at),
                buying=_known(buying[n]),
                selling=_known(selling[n]),
                day_tariff=[_known(known.buying[1][n]), _known(known.buying[2][n])] if apart[n] else None,
            )

    return await _listing(rows())


@router.get("/bills", response_model=list[BillOut], responses=problems(400, 503))
async def bills(
    here: Here,
    first: Day = None,
    last: Day = None,
    every: Annotated[Literal["day", "month", "year"], Query(description="One bill for each.")] = "day",
) -> Response:
    """What each day, month or year cost; today if nothing else is said."""
    since, until = _days(here, first, last)
    found = await here.ledger.bills(since, until, every)
    return await _listing(_bill(here, entry.first, entry.last, "", entry.bill) for entry in found)


@router.get("/offers", responses=problems(400, 503))
async def offers(here: Here, first: Day = None, last: Day = None) -> list[BillOut]:
    """What the days would have cost by each offer in the configuration, the contract in force first."""
    since, until = _days(here, first, last)
    found = await here.ledger.compare(since, until)
    return [_bill(here, since, until, name, bill) for name, bill in found]


@router.get("/cheapest", responses=problems(400, 404, 503))
async def cheapest(
    here: Here,
    minutes: Annotated[int, Query(ge=15, le=2880, description="How long the machine runs.")],
    start: Annotated[str | None, Query(alias="from", description="Not before; now.")] = None,
    end: Annotated[str | None, Query(alias="to", description="Done by; as far as prices are known.")] = None,
    dearest: Annotated[bool, Query(description="The dearest time instead.")] = False,
) -> WindowOut:
    """When a machine that runs so long costs least, in whole quarter hours."""
    since = asked(start, "from", here.zone) if start else here.clock.now()
    until = asked(end, "to", here.zone) if end else since + 3 * DAY_MS
    if until - since > 32 * DAY_MS:
        raise HTTPException(400, "look at most 32 days ahead")
    found = await here.ledger.cheapest(-(-minutes // 15), since, until, dearest=dearest)
    if found is None:
        raise HTTPException(404, "The prices of so long a time are not known (yet)")
    currency = here.config.site.currency
    return WindowOut(start=iso(found.start), end=iso(found.end), per_kwh=found.per_kwh, currency=currency)


@router.get("/phases")
async def phases(here: Here) -> list[PhasesOut]:
    """How much each phase carries, by every source that measures it."""
    return [known for name in here.phase_watch.sources if (known := _phases(here, name)) is not None]


def _phases(here: Here, source: str) -> PhasesOut | None:
    load = here.phase_watch.load(source)
    if load is None:
        return None
    fuse = here.config.site.main_fuse_a
    each = []
    for number, minute, quarter in zip(PHASES, load.minute, load.quarter, strict=True):
        share = minute / fuse if fuse and minute is not None else None
        level = None if share is None else fuse_level(share)
        each.append(PhaseOut(phase=number, minute_a=minute, quarter_a=quarter, fuse_share=share, level=level))
    apart = load.imbalance_a
    level = None if apart is None else imbalance_level(apart)
    return PhasesOut(source=source, fuse_a=fuse, phases=each, imbalance_a=apart, level=level)


async def _listing(rows: Iterator[BaseModel]) -> Response:
    """A JSON list, written in a thread: a year of quarter hours is too much for the loop."""

    def text() -> str:
        return f"[{','.join(row.model_dump_json() for row in rows)}]"

    return Response(await asyncio.to_thread(text), media_type="application/json")


def _days(here: Here, first: date | None, last: date | None) -> tuple[date, date]:
    until = last or day_of(here.clock.now(), here.zone)
    since = first or until
    if since < EARLIEST or until > LATEST:
        raise HTTPException(400, f"Days must lie between {EARLIEST} and {LATEST}")
    if not timedelta(0) <= until - since <= timedelta(days=LONGEST_DAYS):
        raise HTTPException(400, "`first` must not lie after `last`, nor more than 25 years before it")
    return since, until


def _bill(here: Here, first: date, last: date, name: str, bill: Bill) -> BillOut:
    return BillOut(
        first=first,
        last=last,
        name=name,
        currency=here.config.site.currency,
        bought=_flow(bill.bought),
        sold=_flow(bill.sold),
        lines={line.name: round(line.money, 6) for line in bill.lines},
        total=None if bill.total is None else round(bill.total, 6),
    )


def _flow(flow: Flow | None) -> FlowOut | None:
    if flow is None:
        return None
    return FlowOut(
        kwh=round(flow.kwh, 6),
        priced_kwh=round(flow.priced_kwh, 6),
        covered=None if flow.covered is None else round(flow.covered, 6),
        estimated_kwh=round(flow.estimated_kwh, 6),
        money=None if flow.money is None else round(flow.money, 6),
    )


def _known(value: float) -> float | None:
    return None if not np.isfinite(value) else round(float(value), 6)
