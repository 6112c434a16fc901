"""The account of a prepaid meter: who supplies, the balance, what was used, the generator's sessions."""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, Field

from appliance import prepaid_history as history
from appliance import prepaid_usage
from appliance.api.common import Here, asked, problems
from appliance.app import Appliance
from appliance.calendar import iso
from appliance.model import Quantity
from appliance.prepaid import WAYS, Account

router = APIRouter(prefix="/api/v1/prepaid", tags=["Prepaid"])
Q = Quantity
MOST = 1000

Source = Annotated[str | None, Query(description="Name of a prepaid source; the first if there are more.")]


class CountedOut(BaseModel):
    """What the meter says it counted so far."""

    kwh: float | None
    cost: float | None


class PeriodOut(BaseModel):
    """EB and DG, as it says on Indian meters."""

    grid: CountedOut
    generator: CountedOut


class MovementOut(BaseModel):
    """A recharge, or below 0 a deduction for something else than energy."""

    at: str
    amount: float
    confirmed: bool = Field(description="Whether the portal's own list has it.")


class PrepaidOut(BaseModel):
    """A prepaid meter's account as last known; null is unknown. Amounts are in `currency`."""

    source: str | None = Field(description="null where no prepaid meter is known.")
    currency: str
    at: str | None = Field(description="The meter's own instant of the balance, ISO 8601 UTC.")
    stale: bool = Field(description="Whether the portal tells nothing newer: all below was true then.")
    supply: Literal["grid", "generator"] | None
    since: str | None = Field(description="When the present supply began; null: before anybody looked.")
    relay: Literal["on", "off"] | None = Field(description="off: the meter has cut the supply.")
    power_w: float | None = Field(description="What is drawn now.")
    balance: float | None
    days_left: float | None = Field(description="How long the balance lasts at present use.")
    today: PeriodOut = Field(description="Since midnight by the meter's clock.")
    month: PeriodOut = Field(description="Since the first of the month by the meter's clock.")
    movements: list[MovementOut] = Field(description="Recharges and deductions, newest first.")


class UsedOut(BaseModel):
    """By stretch; null where nothing was read."""

    kwh: list[float | None]
    cost: list[float | None] = Field(description="At the price per kWh the meter counted with that day.")
    total_kwh: float | None = Field(description="Of the whole time, also while nothing was read.")
    total_cost: float | None


class UsageOut(BaseModel):
    """What was used by stretch of time, counted from midnight of the meter's clock."""

    source: str
    currency: str
    group: int = Field(description="Minutes of a stretch; the last one ends now.")
    at: list[str] = Field(description="Starts of the stretches.")
    until: str
    grid: UsedOut
    generator: UsedOut


class SessionOut(BaseModel):
    """The generator supplied for `[start, end)`; `end` is null while it does."""

    start: str
    end: str | None
    duration_s: float
    kwh: float | None
    mean_kw: float | None
    cost: float | None
    not_watched: list[tuple[str, str]] = Field(description="Silences in which it began or ended.")


def _source(here: Appliance, source: str | None) -> str | None:
    known = history.accounts(here.hub.latest, list(here.source_types()))
    if source is not None and source not in known:
        raise HTTPException(404, f"{source} is no prepaid meter; known are: {', '.join(known) or 'none'}")
    return source or next(iter(known), None)


def _needed(here: Appliance, source: str | None) -> tuple[str, Account]:
    """Raises 404 where there is none."""
    name = _source(here, source)
    if name is None:
        raise HTTPException(404, "No prepaid meter is known yet: set up a source such as elnet")
    return name, history.account(name, here.sources.get(name), here.hub.latest)


@router.get("", responses=problems(404, 503))
async def prepaid(here: Here, source: Source = None) -> PrepaidOut:
    """The account at this moment."""
    name = _source(here, source) or ""
    latest, now = here.hub.latest, here.clock.now()
    known = history.account(name, here.sources.get(name), latest)
    totals = history.totals(name, latest, now, ZoneInfo(known.zone))
    movements = known.movements or await history.kept_movements(here.store, name, MOST)
    load = latest.get((name, Q.POWER_LOAD))

    def period(when: Literal["today", "month"]) -> PeriodOut:
        ways = {way: getattr(totals.get(way, history.Totals()), when) for way in WAYS}
        return PeriodOut(**{w: CountedOut(kwh=one.kwh, cost=one.cost) for w, one in ways.items()})

    return PrepaidOut(
        source=name or None,
        currency=here.config.site.currency,
        at=_iso(known.balance_at),
        stale=history.stale_s(known, here.cadences.get(name), now) > 0,
        supply=known.supply,
        since=_iso(known.since),
        relay=None if known.relay is None else "on" if known.relay else "off",
        power_w=None if load is None or here.stale(load) else load.value,
        balance=known.balance,
        days_left=None if known.days_left is None else round(known.days_left, 1),
        today=period("today"),
        month=period("month"),
        movements=[MovementOut(at=iso(m.at), amount=m.amount, confirmed=m.confirmed) for m in movements],
    )


def _iso(at: int | None) -> str | None:
    return None if at is None else iso(at)


@router.get("/usage", responses=problems(400, 404, 503))
async def usage(
    here: Here,
    source: Source = None,
    hours: Annotated[float, Query(ge=1, le=prepaid_usage.LONGEST_H, description="How far back.")] = 24,
    group: Annotated[
        int,
        Query(
            ge=prepaid_usage.SHORTEST_MIN, le=prepaid_usage.LONGEST_MIN, description="Minutes of a stretch."
        ),
    ] = 60,
) -> UsageOut:
    """kWh and money from the grid and from the generator over the last hours."""
    name, known = _needed(here, source)
    if hours * 60 / group > prepaid_usage.MOST_BARS:
        least = -int(-hours * 60 // prepaid_usage.MOST_BARS)
        raise HTTPException(400, f"group: that many stretches are not told at once; take {least} or more")
    found = await prepaid_usage.usage(here.store, name, here.clock.now(), hours, group, ZoneInfo(known.zone))
    return UsageOut(
        source=name,
        currency=here.config.site.currency,
        group=group,
        at=[iso(at) for at in found.edges[:-1]],
        until=iso(found.edges[-1]),
        grid=_used(found.grid),
        generator=_used(found.generator),
    )


def _used(used: prepaid_usage.Used) -> UsedOut:
    return UsedOut(
        kwh=[None if kwh is None else round(kwh, 3) for kwh in used.kwh],
        cost=[None if cost is None else round(cost, 2) for cost in used.cost],
        total_kwh=None if used.total_kwh is None else round(used.total_kwh, 3),
        total_cost=used.total_cost,
    )


@router.get("/sessions", responses=problems(400, 404, 503))
async def sessions(
    here: Here,
    source: Source = None,
    start: Annotated[str | None, Query(alias="from", description="ISO 8601 or ms; the first known.")] = None,
    end: Annotated[str | None, Query(alias="to", description="ISO 8601 or ms; now.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST, description="The most sessions in one answer.")] = 100,
) -> list[SessionOut]:
    """When the generator supplied, the last first, with energy and money."""
    name, known = _needed(here, source)
    now = here.clock.now()
    until = asked(end, "to", here.zone) if end else now + 1
    since = asked(start, "from", here.zone) if start else 0
    if since >= until:
        raise HTTPException(400, "`from` must lie before `to`")
    return [
        SessionOut(
            start=iso(one.start),
            end=_iso(one.end),
            duration_s=max(0, (one.end or now) - one.start) / 1000,
            kwh=one.kwh,
            mean_kw=None if (kw := history.mean_kw(one)) is None else round(kw, 3),
            cost=one.cost,
            not_watched=[(iso(a), iso(b)) for a, b in one.not_watched],
        )
        for one in await history.kept_sessions(here.store, name, since, until, limit, known.supply)
    ]
