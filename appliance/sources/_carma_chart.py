"""A meter's month as the CARMA portal draws it: title, register, days and their values. Pure.

No page of the portal is public; what is read here is what its scrapers rely on (Highcharts, a chart a meter):
`title` "Daily Consumption During January 2026 for <location>", `subtitle` "Reading as of Saturday, 31 January
2026 is 12345.67 kWh", `xAxis.categories` '01/Jan/2026' and so on for the whole month, `yAxis.title` the unit,
series "Daily Consumption". Days that were not read yet are 0 there. Months are English whatever the locale.
"""

import html
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from appliance.sources._carma_script import LiteralError, literals

CALL = "new Highcharts.Chart("
_CALL = re.compile(r"(?:new\s+Highcharts\s*\.\s*Chart|Highcharts\s*\.\s*chart)\s*\(")
_TITLE = re.compile(r"\bDuring ([A-Za-z]+)\.?,? (\d{4})(?: for (.*))?", re.I)
_READING = re.compile(
    r"Reading as of (?:[A-Za-z]+,? ?)?(\d{1,2}) ([A-Za-z]+)\.?,? (\d{4}) is "
    r"(\d{1,3}(?:[ ,']\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)(?!\d|[ .,']\d|e[-+]?\d) ?(\S*)",
    re.I,
)
"""A number written otherwise, such as 12345,67, is no register: better none than a hundred times it."""
_DAY = re.compile(r"(\d{1,2})[/ -]([A-Za-z]+)[/ -](\d{4})")
_TAB = re.compile(r"(\d+)$")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
SERIES = "Daily Consumption"
_OTHER_SERIES = re.compile(r"daily (?!.*\b(?:average|mean)\b).*\bconsumption", re.I)
_TAG = re.compile(r"</?[a-z][^<>]*>", re.I)


class ShapeError(ValueError):
    """The page is not as it was: the text says which element is missing."""


@dataclass(frozen=True, slots=True)
class Point:
    """A day: its value as shown (0 also where it was not read), None where there is none; and the mark on it.

    `flagged` is that the point is drawn in a colour of its own. One scraper takes it for an estimate,
    weekends are as likely: nothing is made of it.
    """

    day: date
    value: float | None
    flagged: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """What the register stood at, at the end of `day`; the unit as the portal writes it."""

    day: date
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Chart:
    """One meter's month. `tab` counts the meters from 0, None where the page does not say; `month` is its
    first day; no points: the portal has nothing of that month."""

    tab: int | None
    month: date
    location: str
    unit: str
    points: tuple[Point, ...]
    register: Shown | None

    @property
    def empty(self) -> bool:
        """Whether the portal knows nothing at all of this month."""
        return self.register is None and not any(point.value for point in self.points)


def charts(text: str) -> list[Chart]:
    """The charts of days in a page or script. Raises ShapeError where there is none that can be understood;
    others beside them (of hours, say) are left alone."""
    calls = list(_CALL.finditer(text))
    if not calls:
        raise ShapeError(f"has no chart: '{CALL}' was not found")
    found, wrong = [], []
    for call in calls:
        try:
            found.append(_chart(*_options(text, call.end())))
        except ShapeError as error:
            wrong.append(error)
    if not found:
        raise wrong[0]
    if len(found) > 1 and any(chart.tab is None for chart in found):
        raise ShapeError("has several charts without saying which meter one is of (chart.renderTo)")
    return found


def _options(text: str, at: int) -> tuple[dict[str, Any], str]:
    """What is drawn, and the place on the page where that stands before it."""
    try:
        given = literals(text, at)
    except LiteralError as error:
        raise ShapeError(f"has a chart that cannot be read: {error}") from error
    options = next((one for one in given if isinstance(one, dict)), None)
    if options is None:
        raise ShapeError(f"has a chart without options: no object follows '{CALL}'")
    return options, given[0] if isinstance(given[0], str) else ""


def _chart(options: dict[str, Any], place: str) -> Chart:
    title = _text_of(options, "title")
    match = _TITLE.search(title)
    days = _categories(options)
    if match is None and not days:
        raise ShapeError(f"has a chart whose title.text does not say the month ({title[:40]!r})")
    month = days[0].replace(day=1) if match is None else _date(1, match[1], match[2], "title.text")
    if any(day.replace(day=1) != month for day in days):
        raise ShapeError(f"has a chart of {month:%Y-%m} whose xAxis.categories are of another month")
    location = match[3] or "" if match else ""
    unit = _text_of(_first(options.get("yAxis")), "title")
    if not unit:
        raise ShapeError("has a chart without yAxis.title.text: its unit is not known")
    points = tuple(_points(days, _data(options)))
    return Chart(
        _tab(options, place), month, location, unit, points, _register(_text_of(options, "subtitle"))
    )


def _categories(options: dict[str, Any]) -> list[date]:
    listed = _first(options.get("xAxis")).get("categories")
    if not isinstance(listed, list):
        raise ShapeError("has a chart without xAxis.categories")
    days = []
    for entry in listed:
        match = _DAY.fullmatch(str(entry).strip())
        if match is None:
            raise ShapeError(f"has a chart whose xAxis.categories are no days ({str(entry)[:20]!r})")
        days.append(_date(int(match[1]), match[2], match[3], "xAxis.categories"))
    return days


def _data(options: dict[str, Any]) -> list[Any]:
    series = options.get("series")
    listed = [one for one in series if isinstance(one, dict)] if isinstance(series, list) else []
    named = [(_plain(str(one.get("name", ""))), one.get("data")) for one in listed]
    ours = [data for name, data in named if name.lower() == SERIES.lower()]
    ours = ours or [data for name, data in named if _OTHER_SERIES.fullmatch(name)]
    if len(ours) != 1 or not isinstance(ours[0], list):
        raise ShapeError(f"has a chart without the series '{SERIES}'")
    return ours[0]


def _points(days: list[date], data: list[Any]) -> Iterator[Point]:
    if len(data) > len(days):
        raise ShapeError(f"has a chart of {len(data)} values but {len(days)} xAxis.categories")
    for day, entry in zip(days, data, strict=False):
        flagged = isinstance(entry, dict) and entry.get("color") is not None
        yield Point(day, _number(entry.get("y") if isinstance(entry, dict) else entry), flagged)


def _number(entry: Any) -> float | None:
    if isinstance(entry, bool) or not isinstance(entry, int | float):
        return None
    return float(entry) if math.isfinite(entry) and entry >= 0 else None


def _register(subtitle: str) -> Shown | None:
    match = _READING.search(subtitle)
    if match is None:
        return None
    day = _date(int(match[1]), match[2], match[3], "subtitle.text")
    return Shown(day, float(re.sub("[ ,']", "", match[4])), match[5])


def _tab(options: dict[str, Any], place: str) -> int | None:
    target = options.get("chart")
    match = _TAB.search(str(target.get("renderTo", place)) if isinstance(target, dict) else place)
    return int(match[1]) if match else None


def _date(day: int, month: str, year: str, element: str) -> date:
    try:
        return date(int(year), _MONTHS.index(month[:3].lower()) + 1, day)
    except ValueError:
        raise ShapeError(
            f"has a chart whose {element} is no date of the calendar ({day} {month} {year})"
        ) from None


def _first(axis: Any) -> dict[str, Any]:
    """An axis, or the first of several."""
    one = axis[0] if isinstance(axis, list) and axis else axis
    return one if isinstance(one, dict) else {}


def _text_of(options: dict[str, Any], name: str) -> str:
    """`name: { text: '...' }` without markup, or "" where there is none."""
    title = options.get(name)
    text = title.get("text") if isinstance(title, dict) else None
    return _plain(text) if isinstance(text, str) else ""


def _plain(text: str) -> str:
    """Without tags and entities, each gap one space."""
    return " ".join(html.unescape(_TAG.sub(" ", text)).split())
