"""The bill check for programs: the meter beside the gateway and the others, and a bill beside the meter."""

import asyncio
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Response

from appliance.api.check_shapes import (
    BillOut,
    CheckOut,
    CounterOut,
    FindingOut,
    PeriodOut,
    StoodOut,
    TrendOut,
)
from appliance.api.common import Here, problems
from appliance.api.export import CSV, Asked
from appliance.bill_check import Check, Compared
from appliance.calendar import day_of, iso
from appliance.exports import BOM, Row
from appliance.money import check_words
from appliance.money.billed import Stood
from appliance.money.check import Counter, Finding, Verdict
from appliance.money.trend import Trend

router = APIRouter(prefix="/api/v1", tags=["Money"])
LONGEST_DAYS = 3 * 366
EARLIEST, LATEST = date(1990, 1, 1), date(2199, 12, 31)
COLUMNS = (
    "first", "last", "meter", "meter_kwh", "source", "kwh", "difference_kwh", "difference_percent",
    "allowed_percent", "slack_kwh", "running_kwh", "days", "compared", "verdict", "money", "currency",
)  # fmt: skip
Channel = Annotated[Literal["import", "export"], Query(description="Which register.")]
First = Annotated[date | None, Query(alias="from", description="The first local day; a year ago.")]
Last = Annotated[date | None, Query(alias="to", description="The last local day; yesterday.")]
By = Annotated[Literal["day", "month"], Query(description="One row for each.")]
REGISTER: dict[str, Any] = {"ge": 0, "le": 1e9, "allow_inf_nan": False}


def _span(here: Here, first: First = None, last: Last = None) -> tuple[date, date]:
    until = last or day_of(here.clock.now(), here.zone) - timedelta(days=1)
    since = first or min(until, until - timedelta(days=364)).replace(day=1)
    if since < EARLIEST or until > LATEST:
        raise HTTPException(400, f"Days must lie between {EARLIEST} and {LATEST}")
    if not timedelta(0) <= until - since <= timedelta(days=LONGEST_DAYS):
        raise HTTPException(400, "`from` must not lie after `to`, nor more than three years before it")
    return since, until


Span = Annotated[tuple[date, date], Depends(_span)]


@router.get("/bill-check", responses=problems(400, 503))
async def bill_check(here: Here, span: Span, channel: Channel = "import", by: By = "month") -> CheckOut:
    """What the utility meter, the gateway and others counted of the same energy, and whether they agree."""
    found = await here.bill_check.check(channel, *span, by)
    return await asyncio.to_thread(_out, found, here.config.site.currency)


@router.get("/export/bill-check.csv", response_class=Response, responses=CSV, tags=["Files"])
async def bill_check_csv(
    here: Here, span: Span, style: Asked, channel: Channel = "import", by: By = "month"
) -> Response:
    """The bill check as a table: a row for each period and counter."""
    found = await here.bill_check.check(channel, *span, by)
    text = style.text([COLUMNS, *_rows(found, here.config.site.currency)])
    name = f"tallywatt-bill-check-{channel}-{span[0]}-{span[1]}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(BOM + text, media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/bill-check/bill", responses=problems(400, 503))
async def one_bill(
    here: Here,
    first: Annotated[date, Query(alias="from", description="The bill's first local day.")],
    last: Annotated[date, Query(alias="to", description="Its last local day, included.")],
    start_kwh: Annotated[
        float | None, Query(**REGISTER, description="The register at the bill's beginning.")
    ] = None,
    end_kwh: Annotated[float | None, Query(**REGISTER, description="The register at its end.")] = None,
    kwh: Annotated[
        float | None, Query(**REGISTER, description="The bill's energy, where it names no registers.")
    ] = None,
    amount: Annotated[
        float | None,
        Query(ge=-1e9, le=1e9, allow_inf_nan=False, description="What it costs, in the site's currency."),
    ] = None,
    channel: Channel = "import",
) -> BillOut:
    """A bill by its two readings, or by its kWh, beside what the meter said and what the contract says."""
    _span(here, first, last)
    if (start_kwh is None) != (end_kwh is None) or (start_kwh is None and kwh is None):
        raise HTTPException(400, "Say `start_kwh` and `end_kwh`, or `kwh`")
    readings = None
    if start_kwh is not None and end_kwh is not None:
        readings = start_kwh, end_kwh
    found = await here.bill_check.bill(channel, first, last, readings, kwh)
    apart = None if amount is None or found.cost is None else amount - found.cost
    return BillOut(
        first=first,
        last=last,
        channel=channel,
        source=None if found.meter is None else found.meter.source,
        start=_stood(found.stood[0]),
        end=_stood(found.stood[1]),
        billed_kwh=round(found.billed_kwh, 3),
        counted_kwh=_rounded(found.counted_kwh),
        difference_kwh=_rounded(found.difference),
        slack_kwh=round(found.slack, 3),
        verdict=found.verdict,
        currency=here.config.site.currency,
        amount=amount,
        cost=_rounded(found.cost, 2),
        covered=_rounded(found.covered, 4),
        amount_difference=_rounded(apart, 2),
        text=check_words.plain(check_words.bill(found)),
    )


def _out(found: Check, currency: str) -> CheckOut:
    meter = found.meter
    return CheckOut(
        channel=found.way,
        currency=currency,
        meter=None if meter is None else _counter(meter, True),
        counters=[_counter(other.counter, other.same) for other in found.others],
        periods=[_period(found, place) for place in range(len(found.spans))],
        whole=[_finding(found, other, other.whole, found.price, _whole(found)) for other in found.others],
        trends=[_trend(o.counter.source, o.trend) for o in found.others if o.trend is not None],
        stands_apart=found.odd,
        text=_summary(found),
    )


def _period(found: Check, place: int) -> PeriodOut:
    first, last = found.spans[place]
    return PeriodOut(
        first=first,
        last=last,
        kwh=_rounded(found.meter_kwh[place]),
        counters=[
            _finding(found, o, o.periods[place], found.prices[place], _when(first, last), o.running[place])
            for o in found.others
        ],
    )


def _finding(
    check: Check,
    other: Compared,
    found: Finding,
    price: float | None,
    when: str,
    running: float | None = None,
) -> FindingOut:
    assert check.meter is not None  # there is no other without
    meter, source = check.meter.source, other.counter.source
    apart = found.difference
    return FindingOut(
        source=source,
        meter_kwh=_rounded(found.meter_kwh),
        kwh=_rounded(found.kwh),
        difference_kwh=_rounded(apart),
        difference_percent=_rounded(found.percent),
        running_kwh=_rounded(running),
        slack_kwh=round(found.slack, 3),
        allowed_percent=_rounded(found.allowed_percent),
        days=found.days,
        compared_days=found.compared,
        verdict=found.verdict,
        reason=found.reason,
        money=None if apart is None or price is None else round(apart * price, 2),
        text=check_words.plain(check_words.finding(check.way, meter, source, other.same, found), when),
    )


def _summary(found: Check) -> str:
    """All that is to be said of the whole time."""
    if found.meter is None:
        return "No register of this energy is known yet."
    if not found.others:
        return (
            f"Only {found.meter.source} counts this energy: a second counter, such as a gateway, an inverter "
            "or the meter's own P1 port, is needed to compare."
        )
    meter, said = found.meter.source, []
    for other in found.others:
        words = check_words.finding(found.way, meter, other.counter.source, other.same, other.whole)
        said.append(check_words.plain(words, _whole(found)))
        moves = check_words.trend(other.counter.source, other.trend, other.whole)
        said += [check_words.plain(moves)] if moves is not None else []
    if found.odd is not None:
        said.append(check_words.ODD.format(source=found.odd))
    elif len(found.others) == 1 and found.others[0].whole.verdict is Verdict.DISAGREE:
        said.append(check_words.ALONE.format(meter=meter))
    return " ".join(said)


def _rows(found: Check, currency: str) -> list[Row]:
    """A row for each period and counter; empty cells are unknown."""
    rows = []
    for period in (_period(found, place) for place in range(len(found.spans))):
        for one in period.counters:
            numbers = one.kwh, one.difference_kwh, one.difference_percent, one.allowed_percent
            rows.append(
                (
                    str(period.first), str(period.last), "" if found.meter is None else found.meter.source,
                    _cell(one.meter_kwh), one.source, *map(_cell, numbers), _cell(one.slack_kwh),
                    _cell(one.running_kwh), str(one.days), str(one.compared_days), str(one.verdict),
                    _cell(one.money), currency,
                )
            )  # fmt: skip
    return rows


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _counter(counter: Counter, same: bool) -> CounterOut:
    return CounterOut(
        source=counter.source,
        type=counter.type,
        accuracy_percent=counter.percent,
        accuracy_from="config" if counter.told_by == "config" else "assumed",
        resolution_kwh=counter.step,
        same_meter=same,
    )


def _trend(source: str, found: Trend) -> TrendOut:
    return TrendOut(
        source=source,
        percent_per_month=round(found.per_month, 4),
        unsure=round(found.unsure, 4),
        months=found.months,
        drifts=found.drifts,
    )


def _stood(found: Stood) -> StoodOut:
    billed_at = None if found.billed_at is None else iso(found.billed_at)
    return StoodOut(at=iso(found.at), kwh=_rounded(found.kwh), billed_kwh=found.billed, billed_at=billed_at)


def _when(first: date, last: date) -> str:
    """On 14 May 2026; in May 2026, also where it is cut."""
    return f"On {first.day} {first:%B %Y}" if first == last else f"In {first:%B %Y}"


def _whole(found: Check) -> str:
    first, last = found.spans[0][0], found.spans[-1][1]
    return f"From {first.day} {first:%B %Y} to {last.day} {last:%B %Y}"


def _rounded(value: float | None, decimals: int = 3) -> float | None:
    return None if value is None else round(value, decimals)
