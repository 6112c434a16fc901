"""What the History page draws: spans, lines of measurements, bars of energy, cost and volumes. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple, Self
from zoneinfo import ZoneInfo

from babel.dates import format_date

from appliance.calendar import day_of, day_span, day_start
from appliance.clock import DAY_MS, HOUR_MS
from appliance.ledger import Entry, Grain
from appliance.model import Quantity
from appliance.store import Every, Series

from .charts import Axis, Drawing, Guide, Line, kilowatts
from .text import N_, UNKNOWN, Texts

Q = Quantity
DECADE = 10
COLOURS = {
    Q.POWER_GRID: "grid-f", Q.POWER_SOLAR: "solar-f", Q.POWER_BATTERY: "battery-f", Q.POWER_LOAD: "home-f",
    Q.POWER_GENERATOR: "generator-f",
    Q.STATE_OF_CHARGE: "battery-o",
    Q.POWER_L1: "phase-1", Q.POWER_L2: "phase-2", Q.POWER_L3: "phase-3",
    Q.CURRENT_L1: "phase-1", Q.CURRENT_L2: "phase-2", Q.CURRENT_L3: "phase-3",
    Q.VOLTAGE_L1: "phase-1", Q.VOLTAGE_L2: "phase-2", Q.VOLTAGE_L3: "phase-3",
}  # fmt: skip
NAMES = {
    Q.POWER_GRID: N_("Grid"), Q.POWER_SOLAR: N_("Solar"), Q.POWER_BATTERY: N_("Battery"),
    Q.POWER_LOAD: N_("Home"), Q.POWER_GENERATOR: N_("Generator"), Q.STATE_OF_CHARGE: N_("State of charge"),
}  # fmt: skip
"""Other lines are phases and go by their number."""
LOW_V, HIGH_V = 207.0, 253.0
GRAINS = {"day": N_("Days"), "month": N_("Months"), "year": N_("Years")}
COUNTERS = {
    Q.GAS: N_("Gas"),
    Q.WATER: N_("Water"),
    Q.HEAT: N_("Heat"),
    Q.ENERGY_SOLAR: N_("Solar energy"),
    Q.ENERGY_GENERATOR: N_("Generator"),
}


@dataclass(frozen=True, slots=True)
class Lines:
    """A kind of lines: those on the left axis, then those on the right."""

    title: str
    left: tuple[Quantity, ...]
    right: tuple[Quantity, ...] = ()

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        return self.left + self.right


LINES = {
    "power": Lines(
        N_("Power"),
        (Q.POWER_GRID, Q.POWER_SOLAR, Q.POWER_BATTERY, Q.POWER_GENERATOR, Q.POWER_LOAD),
        (Q.STATE_OF_CHARGE,),
    ),
    "phase_power": Lines(N_("Phases"), (Q.POWER_L1, Q.POWER_L2, Q.POWER_L3)),
    "current": Lines(N_("Current"), (Q.CURRENT_L1, Q.CURRENT_L2, Q.CURRENT_L3)),
    "voltage": Lines(N_("Voltage"), (Q.VOLTAGE_L1, Q.VOLTAGE_L2, Q.VOLTAGE_L3)),
}


class Span(NamedTuple):
    """From `start` to `end`, UTC ms."""

    start: int
    end: int

    @classmethod
    def of_days(cls, low: str, high: str, zone: ZoneInfo, now: int) -> Self:
        """Whole local days from ISO dates (with - or /) in any order, both included, up to now."""
        first, last = sorted(date.fromisoformat(text.replace("/", "-")) for text in (low, high))
        start = min(day_start(first, zone), now - HOUR_MS)
        return cls(start, max(start + HOUR_MS, min(day_span(last, zone)[1], now)))

    def moved(self, steps: int, now: int) -> Self:
        """As long, so many lengths later, but not beyond now."""
        length = self.end - self.start
        end = min(self.end + steps * length, now)
        return type(self)(end - length, end)

    def calendar_step(self, steps: int, grain: str, zone: ZoneInfo) -> Self:
        """The month (of days), year (of months) or decade (of years) after or before."""
        first = day_of(self.start, zone)
        if grain == "day":
            month = first.year * 12 + first.month - 1 + steps
            first = date(month // 12, month % 12 + 1, 1)
        else:
            first = date(first.year + steps * (1 if grain == "month" else DECADE), 1, 1)
        return type(self)(day_start(first, zone), day_start(_after(first, grain), zone))

    def year_before(self, zone: ZoneInfo) -> Self:
        """The same days a year earlier; 29 February is the 28th."""
        first, last = day_of(self.start, zone), day_of(self.end - 1, zone)
        return type(self)(day_start(_last_year(first), zone), day_span(_last_year(last), zone)[1])


def _last_year(day: date) -> date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _after(first: date, grain: str) -> date:
    """The day after the month, year or decade that begins with `first`."""
    if grain == "day":
        return (first + timedelta(days=32)).replace(day=1)
    return first.replace(year=first.year + (1 if grain == "month" else DECADE))


def span_of(grain: str, now: int, zone: ZoneInfo) -> Span:
    """The present month of days, year of months, or decade of years."""
    today = day_of(now, zone)
    first = today.replace(day=1)
    if grain != "day":
        first = first.replace(month=1)
    if grain == "year":
        first = first.replace(year=first.year - DECADE + 1)
    return Span(day_start(first, zone), day_start(_after(first, grain), zone))


def grouping(span: Span) -> Every:
    """How fine a line of that length is drawn if nothing else is said."""
    length = span.end - span.start
    for longest, every in ((6 * HOUR_MS, Every.RAW), (15 * HOUR_MS, Every.MIN1), (3 * DAY_MS, Every.MIN5)):
        if length <= longest:
            return every
    return Every.MIN15 if length <= 14 * DAY_MS else Every.HOUR


def lines_drawing(
    texts: Texts, kind: str, found: Mapping[Quantity, Series], span: Span, fuse_a: int | None
) -> tuple[Drawing, dict[str, Any]]:
    """The lines and their head: mean, lowest, highest of the first."""
    lines = []
    for quantity, series in found.items():
        spec = quantity.spec
        axis = 1 if quantity in LINES[kind].right else 0
        name = texts._(NAMES[quantity]) if quantity in NAMES else quantity[-2:].upper()
        points, unit, decimals = series.line(), spec.unit, min(spec.decimals, 1)
        if unit == "W":
            points, unit, decimals = kilowatts(points), "kW", 2
        below = "export-o" if quantity is Q.POWER_GRID else None
        area = below is not None and len(found) == 1
        lines.append(
            Line(
                name,
                unit,
                points,
                COLOURS[quantity],
                axis=axis,
                decimals=decimals,
                below=below,
                area=area,
                dashed=axis == 1,
            )
        )
    units = dict.fromkeys(line.unit for line in lines)
    volts = kind == "voltage"
    axes = [
        Axis(unit, zero=not volts, min=200.0 if volts else None, max=260.0 if volts else None)
        for unit in units
    ]
    guides = []
    if lines and volts:
        guides = [Guide(lines[0].name, at, f"{at:.0f} V", "bad") for at in (LOW_V, HIGH_V)]
    elif lines and kind == "current" and fuse_a:
        text = texts._("Main fuse {amps} A").format(amps=fuse_a)
        guides = [Guide(lines[0].name, fuse_a, text, "bad")]
    drawing = Drawing(
        key=f"{kind} {span.start} {span.end}", lines=lines, axes=axes or [Axis()], span=span, zoom=True,
        none=texts._("Nothing was recorded in this time"), guides=guides, legend=len(lines) > 1,
        aria=texts._(LINES[kind].title),
    )  # fmt: skip
    return drawing, _lines_head(texts, found, span)


def _lines_head(texts: Texts, found: Mapping[Quantity, Series], span: Span) -> dict[str, Any]:
    """When it was, and the extremes of the first line."""
    when = f"{texts.day_short(day_of(span.start, texts.zone))} {texts.clock(span.start)} – "
    when += f"{texts.day_short(day_of(span.end - 1, texts.zone))} {texts.clock(span.end)}"
    quantity = next(iter(found), None)
    if quantity is None:
        return {"value": UNKNOWN, "unit": "", "tags": [], "notes": when}
    series, spec = found[quantity], quantity.spec
    means = [value for value in series.value if value is not None]
    lows = [value for value in series.low or series.value if value is not None]
    highs = [value for value in series.high or series.value if value is not None]
    mean = sum(means) / len(means) if means else None

    def said(value: float) -> str:
        return texts.powered(value) if spec.unit == "W" else f"{texts.number(value, 1)} {spec.unit}"

    tags = []
    if lows and highs:
        tags = [
            {"text": texts._("Lowest {value}").format(value=said(min(lows))), "level": "none"},
            {"text": texts._("Highest {value}").format(value=said(max(highs))), "level": "none"},
        ]
    value, unit = texts.power(mean) if spec.unit == "W" else (texts.number(mean, 1), spec.unit)
    unit = texts._("{unit} on average").format(unit=unit) if mean is not None else ""
    return {"value": value, "unit": unit, "tags": tags, "notes": when}


def bars_drawing(
    texts: Texts, kind: str, grain: Grain, now: Sequence[Entry], then: Sequence[Entry]
) -> Drawing:
    """Bought upwards and sold downwards, the year before faint beside it."""
    unit = "kWh" if kind == "energy" else texts.money
    keys = [_place(entry.first, grain) for entry in now]
    past = {_place(entry.first, grain): entry for entry in then} if grain != "year" else {}
    bought = [_amount(entry, kind, "bought") for entry in now]
    sold = [_amount(entry, kind, "sold") for entry in now]
    lines = []
    if any(_amount(entry, kind, "bought") is not None for entry in past.values()):
        earlier = [_amount(past[key], kind, "bought") if key in past else None for key in keys]
        lines.append(
            Line(texts._("A year before"), unit, earlier, "t3", "bar", decimals=1, faint=True, stack="then")
        )
    lines.append(Line(texts._("Bought"), unit, bought, "grid-f", "bar", decimals=1, stack="now"))
    if any(value is not None for value in sold):
        lines.append(Line(texts._("Sold"), unit, sold, "export-f", "bar", decimals=1, stack="now"))
    if kind == "cost" and grain != "day":
        fees = [sum(line.money for line in entry.bill.lines) or None for entry in now]
        if any(fees):
            lines.append(Line(texts._("Fees"), unit, fees, "home-f", "bar", decimals=1, stack="now"))
    return _bars(texts, kind, grain, lines, [entry.first for entry in now], unit)


def _bars(
    texts: Texts, kind: str, grain: Grain, lines: Sequence[Line], firsts: Sequence[date], unit: str
) -> Drawing:
    return Drawing(
        key=f"{kind} {grain} {firsts[0] if firsts else ''}", lines=lines, axes=[Axis(unit)],
        none=texts._("Nothing was recorded in this time"), category=[label(texts, d, grain) for d in firsts],
        legend=True, aria=texts._(GRAINS[grain]),
    )  # fmt: skip


def _place(first: date, grain: Grain) -> tuple[int, int]:
    """What makes two bars of different years the same one."""
    return (first.month, first.day) if grain == "day" else (first.month, 0)


def _amount(entry: Entry, kind: str, way: str) -> float | None:
    flow = entry.bill.bought if way == "bought" else entry.bill.sold
    if flow is None:
        return None
    amount = flow.kwh if kind == "energy" else flow.money
    return amount if amount is None or way == "bought" else -amount


def label(texts: Texts, first: date, grain: Grain) -> str:
    """What stands beneath a bar."""
    if grain == "year":
        return str(first.year)
    return format_date(first, "d MMM" if grain == "day" else "MMM", locale=texts.locale).replace(".", "")


def title(texts: Texts, first: date, last: date, grain: Grain) -> str:
    """May 2026; 2026; 2017 – 2026."""
    if grain == "day":
        return format_date(first, "LLLL y", locale=texts.locale).capitalize()
    return str(first.year) if first.year == last.year else f"{first.year} – {last.year}"


def bars_head(
    texts: Texts, kind: str, grain: Grain, now: Sequence[Entry], then: Sequence[Entry]
) -> dict[str, Any]:
    """The sum of what is shown, against the year before, and what had no price."""
    values = [_amount(entry, kind, "bought") for entry in now]
    if kind == "cost":
        values = [entry.bill.total for entry in now]
    known = [value for value in values if value is not None]
    metered = [entry for entry in then if _amount(entry, kind, "bought") is not None]
    before = [_amount(entry, kind, "bought") if kind == "energy" else entry.bill.total for entry in metered]
    unit = texts._("kWh bought") if kind == "energy" else texts.money
    decimals = 1 if kind == "energy" else 2
    head = _head(
        texts, title(texts, now[0].first, now[-1].first, grain) if now else "", known, unit, decimals
    )
    if grain != "year":
        head["tags"] += _against(texts, known, [value for value in before if value is not None], decimals)
    sold = [value for entry in now if (value := _amount(entry, kind, "sold")) is not None]
    if sold:
        text = texts._("{amount} sold").format(amount=texts.number(-sum(sold), decimals))
        head["tags"].append({"text": text, "level": "none"})
    if kind == "cost" and (share := unpriced(now)):
        said = texts._("{share} % of the energy has no price yet and is not counted")
        head["notes"] += " · " + said.format(share=texts.number(100 * share, 1))
    return head


def unpriced(entries: Sequence[Entry]) -> float:
    """The share of the energy bought whose price is not known."""
    flows = [entry.bill.bought for entry in entries if entry.bill.bought is not None]
    kwh, priced = sum(flow.kwh for flow in flows), sum(flow.priced_kwh for flow in flows)
    return 0.0 if not kwh or priced >= kwh * 0.9995 else 1 - priced / kwh


def _head(texts: Texts, when: str, known: Sequence[float], unit: str, decimals: int) -> dict[str, Any]:
    value = texts.number(sum(known), decimals) if known else UNKNOWN
    return {"value": value, "unit": unit, "tags": [], "notes": when}


def _against(
    texts: Texts, now: Sequence[float], then: Sequence[float], decimals: int
) -> list[dict[str, str]]:
    """How the year before compares, if it is known as far."""
    if not now or len(then) < len(now) or not sum(then):
        return []
    change = 100 * (sum(now) / sum(then) - 1)
    text = texts._("{amount} a year before, {change} %").format(
        amount=texts.number(sum(then), decimals),
        change=("+" if change >= 0 else "−") + texts.number(abs(change)),
    )
    return [{"text": text, "level": "none"}]


def counter_drawing(
    texts: Texts,
    quantity: Quantity,
    grain: Grain,
    now: Sequence[tuple[date, float | None]],
    then: Sequence[tuple[date, float | None]],
) -> tuple[Drawing, dict[str, Any]]:
    """Bars of a counter, the year before faint beside it."""
    unit = quantity.spec.unit
    past = {_place(first, grain): value for first, value in then} if grain != "year" else {}
    lines = []
    if any(value is not None for value in past.values()):
        earlier = [past.get(_place(first, grain)) for first, _ in now]
        lines.append(Line(texts._("A year before"), unit, earlier, "t3", "bar", decimals=2, faint=True))
    name = texts._(COUNTERS[quantity])
    lines.append(Line(name, unit, [value for _, value in now], "accent", "bar", decimals=2))
    drawing = _bars(texts, str(quantity), grain, lines, [first for first, _ in now], unit)
    known = [value for _, value in now if value is not None]
    head = _head(texts, title(texts, now[0][0], now[-1][0], grain) if now else "", known, unit, 2)
    if grain != "year":
        head["tags"] = _against(texts, known, [value for value in past.values() if value is not None], 2)
    return drawing, head
