"""What the bill check's page shows: sentences, differences as bars, a table of periods, a bill. Pure."""

import math
from collections.abc import Sequence
from datetime import date
from typing import Any

from babel.dates import format_date

from appliance.bill_check import Check, Compared
from appliance.calendar import local
from appliance.money import check_words
from appliance.money.billed import BillCheck, Stood
from appliance.money.check import Finding, Verdict
from appliance.money.check_words import DECIMALS, Said

from .charts import Axis, Drawing, Line
from .history import label
from .text import N_, UNKNOWN, Texts

SENTENCES = (
    N_("{when} {source} counted {kwh} kWh ({percent} %) more import than {meter}"),
    N_("{when} {source} counted {kwh} kWh ({percent} %) more export than {meter}"),
    N_("{when} {source} counted {kwh} kWh ({percent} %) less import than {meter}"),
    N_("{when} {source} counted {kwh} kWh ({percent} %) less export than {meter}"),
    N_("; their accuracy classes allow {allowed} %."),
    N_("; their accuracy classes explain {allowed} %."),
    N_("; both read the same meter, so one of them reads it wrong."),
    N_("{when} {source} and {meter} agree: {kwh} kWh apart, times and digits of readings explain {slack}."),
    N_("{when} there are no readings of {source} or {meter} to compare."),
    N_("{when} a register of {source} or {meter} ran backwards: was a meter exchanged?"),
    N_("{when} {source} or {meter} was silent for over an hour and may not have counted."),
    N_("{when} the readings of {source} and {meter} lie too far from midnight to compare them."),
    N_("{when} {source} counted {kwh} kWh and {meter} {other}: they count different things."),
    N_("The difference of {source} grows by {points} percentage points a month: one of the two drifts."),
    N_("The difference of {source} falls by {points} percentage points a month: one of the two drifts."),
    N_("The difference of {source} is steady at {percent} %: one of the two is set a little high or low."),
    N_("{source} stands apart from the others, which agree with one another."),
    N_("Of two alone nobody can tell which one is off. {meter} is what the bill goes by."),
    N_("The bill and {meter} agree: {billed} kWh billed, {counted} kWh counted."),
    N_("The bill says {kwh} kWh more or less than {meter}, which its accuracy class allows."),
    N_("There are no readings of {meter} near those days."),
    N_(
        "{meter} was silent for over an hour in those days and may not have counted: {billed} kWh billed, "
        "{counted} kWh counted."
    ),
    N_("The bill says {kwh} kWh ({percent} %) more than {meter} counted in those days."),
    N_(" Yet {meter} did not show the bill's readings within three days of them: other days, another meter?"),
    N_("The bill says {kwh} kWh ({percent} %) less than {meter} counted in those days."),
)
"""Those of `check_words`, where translators find them."""
VERDICTS = {
    Verdict.AGREE: (N_("Agree"), "ok"),
    Verdict.WITHIN: (N_("Within classes"), "ok"),
    Verdict.DISAGREE: (N_("Disagree"), "bad"),
    Verdict.UNKNOWN: (N_("Not comparable"), "none"),
}
COLOURS = {Verdict.AGREE: "battery-f", Verdict.WITHIN: "grid-f", Verdict.DISAGREE: "bad"}


def spoken(texts: Texts, said: Said, when: str = "") -> str:
    """A sentence in the tongue of the browser."""
    holes = {
        name: value if isinstance(value, str) else texts.number(value, DECIMALS.get(name, 1))
        for name, value in said.holes.items()
    }
    return "".join(texts._(part) for part in said.parts).format(when=when, **holes).strip()


def when_of(texts: Texts, first: date, last: date) -> str:
    """On 14 May; In May 2026, also where it is cut; From 3 May to 9 June."""
    if first == last:
        return texts._("On {day}").format(day=format_date(first, "d MMMM", locale=texts.locale))
    if (first.year, first.month) == (last.year, last.month):
        return texts._("In {month}").format(month=format_date(first, "MMMM y", locale=texts.locale))
    days = {"first": first, "last": last}
    said = {name: format_date(day, "d MMM y", locale=texts.locale) for name, day in days.items()}
    return texts._("From {first} to {last}").format(**said)


def signed(texts: Texts, value: float | None, decimals: int = 1) -> str:
    """With its sign; what rounds to nought has none."""
    if value is None:
        return UNKNOWN
    shown = texts.number(value, decimals)
    return f"+{shown}" if round(value, decimals) > 0 else shown


def head(texts: Texts, found: Check, other: Compared | None) -> dict[str, Any]:
    """The difference over all that is shown, the verdict, and a sentence."""
    if found.meter is None or other is None:
        return {"value": UNKNOWN, "unit": "", "tags": [], "notes": lacking(texts, found)}
    whole, meter = other.whole, found.meter.source
    known = whole.verdict is not Verdict.UNKNOWN
    word, level = VERDICTS[whole.verdict]
    tags = [{"text": texts._(word), "level": level}]
    if known and whole.difference is not None and found.price is not None:
        money = f"{signed(texts, whole.difference * found.price, 0)} {texts.money}"
        tags.append({"text": money, "level": "none"})
    bad = sum(period.verdict is Verdict.DISAGREE for period in other.periods)
    if bad and whole.verdict is not Verdict.DISAGREE:
        said = texts._("{count} of {all} disagree").format(count=bad, all=len(other.periods))
        tags.append({"text": said, "level": "bad"})
    if whole.compared < whole.days:
        said = texts._("{count} of {days} days").format(count=whole.compared, days=whole.days)
        tags.append({"text": said, "level": "none"})
    unit = texts._("% · {source} against {meter}").format(source=other.counter.source, meter=meter)
    value = signed(texts, whole.percent if known else None)
    return {"value": value, "unit": unit, "tags": tags, "notes": story(texts, found, other)}


def lacking(texts: Texts, found: Check) -> str:
    """What would be needed, where there is nothing to compare."""
    if found.meter is None:
        return texts._("No register of this energy is known yet.")
    return texts._(
        "Only {meter} counts this energy. A second counter is needed to compare: a gateway, an inverter, "
        "the meter's own P1 port or another reader."
    ).format(meter=found.meter.source)


def story(texts: Texts, found: Check, other: Compared) -> str:
    """All that is to be said of one counter over the time that is shown."""
    assert found.meter is not None  # there is no other without
    meter, source = found.meter.source, other.counter.source
    words = check_words.finding(found.way, meter, source, other.same, other.whole)
    said = [spoken(texts, words, when_of(texts, found.spans[0][0], found.spans[-1][1]))]
    if (moves := check_words.trend(source, other.trend, other.whole)) is not None:
        said.append(spoken(texts, moves))
    if found.odd is not None:
        said.append(spoken(texts, Said((check_words.ODD,), {"source": found.odd})))
    elif len(found.others) == 1 and other.whole.verdict is Verdict.DISAGREE and not other.same:
        said.append(spoken(texts, Said((check_words.ALONE,), {"meter": meter})))
    return " ".join(said)


def drawing(texts: Texts, found: Check, other: Compared | None, grain: str) -> Drawing:
    """The difference of each period in per cent of the meter, what the classes allow, and the running sum."""
    none = texts._("Nothing can be compared in this time")
    if other is None:
        return Drawing("", (), (), none)
    lines = []
    for verdict, colour in COLOURS.items():
        values = [f.percent if f.verdict is verdict else None for f in other.periods]
        if any(value is not None for value in values):
            name = texts._(VERDICTS[verdict][0])
            lines.append(Line(name, "%", values, colour, "bar", stack="verdict", decimals=2))
    percents = [abs(value) for line in lines for value in line.data if isinstance(value, float)]
    if lines and not other.same:
        edge = [f.allowed_percent for f in other.periods]
        percents += [value for value in edge if value is not None]
        name = texts._("Accuracy classes")
        for sign in (1, -1):
            band = [None if value is None else sign * value for value in edge]
            lines.append(Line(name, "%", band, "t3", dashed=True, faint=True, decimals=2))
    if lines:
        name = texts._("Sum of the differences")
        lines.append(Line(name, "kWh", other.running, "solar-o", axis=1, decimals=1))
    running = [abs(value) for value in other.running if value is not None]
    return Drawing(
        key=f"check {found.way} {grain} {found.spans[0]} {other.counter.source}",
        lines=lines,
        axes=[_even("%", percents), _even("kWh", running)],
        none=none,
        category=[label(texts, first, "day" if grain == "day" else "month") for first, _ in found.spans],
        legend=True,
        aria=texts._("Difference of the two counters"),
    )


def _even(unit: str, values: Sequence[float]) -> Axis:
    """An axis that reaches as far down as up, so that nought stands at the same height on both."""
    most = max(values, default=1.0) or 1.0
    size = 10.0 ** math.floor(math.log10(most))
    end = next(step * size for step in (1, 2, 4, 8, 10) if step * size >= most)
    return Axis(unit, min=-end, max=end)


def table(texts: Texts, found: Check, other: Compared | None, grain: str) -> dict[str, Any]:
    """A row for each period, the newest first; a month leads to its days."""
    rows = []
    for place in reversed(range(len(found.spans))):
        first, last = found.spans[place]
        name = format_date(first, "d MMM" if grain == "day" else "LLL y", locale=texts.locale)
        row = {"key": str(first), "name": name.replace(".", "").capitalize(), "open": grain == "month"}
        if other is None:
            rows.append(row | {"meter": texts.kwh(found.meter_kwh[place]), "level": "none"})
        else:
            rows.append(row | _row(texts, found, other, place, when_of(texts, first, last)))
    meter = "" if found.meter is None else found.meter.source
    names = [meter] if other is None else [meter, other.counter.source]
    return {
        "title": texts._("Months") if grain == "month" else texts._("Days"),
        "head": [*(f"{name} kWh" for name in names), texts._("Difference")] if meter else [],
        "rows": rows, "none": texts._("No readings yet"),
        "verdict": texts._("Verdict"), "open": texts._("Days of {name}"),
    }  # fmt: skip


def _row(texts: Texts, check: Check, other: Compared, place: int, when: str) -> dict[str, Any]:
    found, price = other.periods[place], check.prices[place]
    assert check.meter is not None
    word, level = VERDICTS[found.verdict]
    known = found.verdict is not Verdict.UNKNOWN
    words = check_words.finding(check.way, check.meter.source, other.counter.source, other.same, found)
    apart = found.difference if known else None
    money = None if apart is None or price is None else f"{signed(texts, apart * price, 1)} {texts.money}"
    return {
        "meter": texts.number(found.meter_kwh if found.compared else check.meter_kwh[place], 1),
        "other": texts.number(found.kwh, 1),
        "apart": "" if apart is None else f"{signed(texts, apart)} kWh",
        "percent": "" if apart is None or found.percent is None else f"{signed(texts, found.percent)} %",
        "money": money or "",
        "word": texts._(word), "level": level, "why": "" if known else spoken(texts, words, when),
        "days": _days(texts, found),
    }  # fmt: skip


def _days(texts: Texts, found: Finding) -> str:
    if found.compared in (0, found.days):
        return ""
    return texts._("{count} of {days} days").format(count=found.compared, days=found.days)


def counters(texts: Texts, found: Check) -> dict[str, Any]:
    """Who counts, how exactly, and how that is known."""
    rows = []
    same = {other.counter.source for other in found.others if other.same}
    for counter in [found.meter, *(other.counter for other in found.others)]:
        if counter is None:
            continue
        told = texts._("told in config.json") if counter.told_by == "config" else texts._("assumed")
        sub = f"{counter.type} · " + texts._("last digit {step} kWh").format(step=f"{counter.step:g}")
        if counter is found.meter:
            sub += " · " + texts._("the house's meter")
        elif counter.source in same:
            sub += " · " + texts._("reads the same meter")
        cells = [counter.source, f"± {texts.number(counter.percent, 1)} % · {told}"]
        rows.append({"key": counter.source, "cells": cells, "sub": sub})
    return {"title": texts._("Who counts"), "head": [], "rows": rows, "none": ""}


def bill_head(texts: Texts, found: BillCheck) -> dict[str, Any]:
    """The verdict on a bill."""
    word, level = VERDICTS[found.verdict]
    return {
        "value": signed(texts, found.difference), "unit": texts._("kWh against the meter"),
        "tags": [{"text": texts._(word), "level": level}],
        "notes": spoken(texts, check_words.bill(found)),
    }  # fmt: skip


def bill_table(texts: Texts, found: BillCheck, amount: float | None) -> dict[str, Any]:
    """Line by line: what the bill says, what the meter or the contract says."""
    start, end = found.stood
    rows = [
        _stood_row(texts, texts._("At the beginning"), start),
        _stood_row(texts, texts._("At the end"), end),
        ("kwh", texts._("Energy"), _kwh(texts, found.billed_kwh), _kwh(texts, found.counted_kwh), ""),
    ]
    if amount is not None or found.cost is not None:
        paid = UNKNOWN if amount is None else f"{texts.number(amount, 2)} {texts.money}"
        cost = UNKNOWN if found.cost is None else f"{texts.number(found.cost, 2)} {texts.money}"
        sub = ""
        if found.covered is not None and found.covered < 0.9995:
            sub = texts._("{share} % of it has a price").format(share=texts.number(100 * found.covered))
        rows.append(("money", texts._("Cost by contract"), paid, cost, sub))
    return {
        "title": "", "head": ["", texts._("Bill"), texts._("Here")], "none": "",
        "rows": [{"key": key, "cells": [name, *cells], "sub": sub} for key, name, *cells, sub in rows],
    }  # fmt: skip


def _stood_row(texts: Texts, name: str, stood: Stood) -> tuple[str, str, str, str, str]:
    sub = ""
    if stood.billed_at is not None:
        moment = local(stood.billed_at, texts.zone)
        day = texts.day_short(moment.date())
        sub = texts._("The meter showed the bill's reading on {day} at {time}").format(
            day=day, time=texts.clock(stood.billed_at)
        )
    elif stood.billed is not None and stood.kwh is not None:
        sub = texts._("The meter did not show the bill's reading within three days")
    return (str(stood.at), name, _kwh(texts, stood.billed), _kwh(texts, stood.kwh), sub)


def _kwh(texts: Texts, value: float | None) -> str:
    return UNKNOWN if value is None else f"{texts.number(value, 1)} kWh"
