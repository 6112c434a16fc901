"""What the Battery page shows, as plain data for the parts of `components/`. Instants are UTC ms."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import ceil
from typing import Any

from appliance.battery import Battery, String
from appliance.model import Quantity, parent
from appliance.outages import Outage
from appliance.store import Series
from appliance.views import QUIET_W, SKEW_SHARE, Home

from .charts import Axis, Drawing, Guide, Line, Mark, Point
from .text import N_, UNKNOWN, Texts

Q = Quantity
REST_W = 20.0
"""Less is what the electronics of the battery take."""
MODES = {
    "self_consumption": N_("Self-powered"),
    "autonomous": N_("Time-based control"),
    "backup": N_("Backup only"),
}
GRIDS = {
    "up": (N_("Grid connected"), "ok"),
    "down": (N_("Grid lost"), "bad"),
    "syncing": (N_("Joining the grid"), "warn"),
}
RULES = {
    "never": N_("Nothing is exported"),
    "pv_only": N_("Only solar is exported"),
    "battery_ok": N_("Solar and battery are exported"),
}
EDGES = {
    "solar_battery": (N_("Solar to battery"), "solar"),
    "grid_battery": (N_("Grid to battery"), "grid"),
    "generator_battery": (N_("Generator to battery"), "generator"),
    "battery_home": (N_("Battery to home"), "battery"),
    "battery_grid": (N_("Battery to grid"), "export"),
    "solar_home": (N_("Solar to home"), "solar"),
    "solar_grid": (N_("Solar to grid"), "export"),
    "grid_home": (N_("Grid to home"), "grid"),
    "generator_home": (N_("Generator to home"), "generator"),
}
"""Those of the battery first."""
UNITS = {"unit": N_("Pack {number}"), "inverter": N_("Inverter {number}")}


def unit_name(texts: Texts, name: str) -> str:
    """Pack 1 for powerwall.unit1; what has no name of ours as it is called, without its gateway."""
    tail = name.removeprefix(parent(name) + ".")
    stem = tail.rstrip("0123456789")
    if stem in UNITS and (number := tail[len(stem) :]):
        return texts._(UNITS[stem]).format(number=number)
    return texts._("Gateway") if tail == name else tail


def charge_message(texts: Texts, battery: Battery, now: int, lost_since: int | None = None) -> dict[str, Any]:
    """The charge with the reserve marked, and what is in the battery; an old value is drawn as old.
    `lost_since` is when the present outage began."""
    last = battery.last(Q.STATE_OF_CHARGE)
    fresh = battery.fresh(Q.STATE_OF_CHARGE) is not None
    reserve = battery.last(Q.BACKUP_RESERVE)
    share = None if last is None else last.value
    low = fresh and share is not None and reserve is not None and share <= reserve.value + 0.5
    mark = None
    if reserve is not None and reserve.value > 0:
        text = texts._("Reserve {percent} %").format(percent=texts.number(reserve.value))
        mark = {"at": min(100.0, reserve.value), "text": text}
    return {
        "title": texts._("Charge"),
        "value": texts.number(share),
        "unit": "%" if share is not None else "",
        "width": None if share is None else round(min(100.0, max(0.0, share)), 1),
        "level": "old" if not fresh else "low" if low else "",
        "mark": mark,
        "tags": charge_tags(texts, battery, now, lost_since),
        "facts": _facts(texts, battery),
        "aria": texts._("Charge {percent} %").format(percent=texts.number(share)),
    }


def charge_tags(texts: Texts, battery: Battery, now: int, lost_since: int | None) -> list[dict[str, str]]:
    """Whether the value is old, whether the grid is there."""
    tags = []
    last = battery.last(Q.STATE_OF_CHARGE)
    if last is not None and battery.fresh(Q.STATE_OF_CHARGE) is None:
        text = texts._("{age} old").format(age=texts.age((now - last.at) / 1000))
        tags.append({"text": text, "level": "warn"})
    if word := battery.word(Q.GRID_STATE):
        text, level = GRIDS[word]
        said = texts._(text)
        if word == "down" and lost_since is not None:
            said = texts._("Grid lost for {age}").format(age=texts.age((now - lost_since) / 1000))
        tags.append({"text": said, "level": level})
    return tags


def _facts(texts: Texts, battery: Battery) -> list[dict[str, str]]:
    """Numbers beneath the bar; what nobody tells is not there."""
    stored, capacity, left = battery.stored, battery.capacity, battery.value(Q.BATTERY_TIME_LEFT)
    facts = []
    if stored is not None or capacity is not None:
        value = texts.number(stored if stored is not None else capacity, 1)
        of = stored is not None and capacity is not None
        name = texts._("of {kwh} kWh").format(kwh=texts.number(capacity, 1)) if of else "kWh"
        facts.append({"value": value, "name": name})
    if left is not None:
        facts.append({"value": hours(texts, left), "name": texts._("at this load")})
    raw = battery.value(Q.STATE_OF_CHARGE_RAW)
    if raw is not None:
        facts.append({"value": f"{texts.number(raw, 1)} %", "name": texts._("of the cells")})
    if word := battery.word(Q.BATTERY_MODE):
        facts.append({"value": texts._(MODES[word]), "name": texts._("Mode")})
    if word := battery.word(Q.EXPORT_RULE):
        facts.append({"value": texts._(RULES[word]), "name": texts._("Export")})
    return facts


def hours(texts: Texts, value: float) -> str:
    """9.5 h; 2 d 4 h; 40 min."""
    if value < 1:
        return f"{round(value * 60)} {texts._('min')}"
    if value < 48:
        return f"{texts.number(value, 1 if value < 10 else 0)} {texts._('h')}"
    return f"{int(value // 24)} {texts._('d')} {int(value % 24)} {texts._('h')}"


def now_message(texts: Texts, battery: Battery, home: Home) -> dict[str, Any]:
    """What it does, in words and a number, and who feeds whom."""
    power = battery.value(Q.POWER_BATTERY)
    flows: dict[str, float] = {}
    whole = home.nodes.get("battery")
    if (
        power is not None
        and whole is not None
        and abs(whole - power) <= max(QUIET_W, SKEW_SHARE * abs(power))
    ):
        flows = {str(edge): watts for edge, watts in home.flows.items()}  # else they are another battery's
    value, unit = texts.power(None if power is None else abs(power))
    most = max(flows.values(), default=0.0)
    rows = [
        {
            "key": edge, "name": texts._(name), "colour": colour, "value": " ".join(texts.power(flows[edge])),
            "width": round(100 * flows[edge] / most, 1), "own": "battery" in edge,
        }
        for edge, (name, colour) in EDGES.items() if flows.get(edge, 0.0) >= REST_W
    ]  # fmt: skip
    return {
        "title": texts._("Now"), "head": doing(texts, power, flows), "value": value, "unit": unit,
        "rows": rows, "none": "" if power is not None else texts._("No reading"),
    }  # fmt: skip


def doing(texts: Texts, power: float | None, flows: Mapping[str, float]) -> str:
    """Charging or giving, and with whom."""
    if power is None:
        return texts._("No reading")
    if abs(power) < REST_W:
        return texts._("At rest")
    if power < 0:
        sun, grid = flows.get("solar_battery", 0.0), flows.get("grid_battery", 0.0)
        if sun >= REST_W and grid >= REST_W:
            return texts._("Charging from sun and grid")
        if sun >= REST_W:
            return texts._("Charging from the sun")
        return texts._("Charging from the grid") if grid >= REST_W else texts._("Charging")
    house, grid = flows.get("battery_home", 0.0), flows.get("battery_grid", 0.0)
    if house >= REST_W and grid >= REST_W:
        return texts._("Feeding home and grid")
    if house >= REST_W:
        return texts._("Feeding the home")
    return texts._("Feeding the grid") if grid >= REST_W else texts._("Giving")


def day_drawing(
    texts: Texts,
    charge: Series,
    power: Series,
    grid: Series,
    lost: Sequence[Outage],
    span: tuple[int, int],
    reserve: float | None,
) -> Drawing:
    """Charge and power along time; above them whether the grid was there. Charging is upwards."""
    points: list[Point] = [(at, None if w is None else -w / 1000) for at, w in power.line()]
    most = max([abs(kw) for _, kw in points if kw is not None], default=1.0)
    top = float(ceil(most)) if most > 0.5 else 0.5
    name = texts._("Charge")
    lines = [Line(name, "%", charge.line(), "battery-f", decimals=0, area=True)]
    axes = [Axis("%", min=0.0, max=100.0, interval=25.0)]
    if any(kw is not None for _, kw in points):
        power_name = texts._("Power, + charges")
        lines.append(Line(power_name, "kW", points, "home-f", "step", axis=1, decimals=2, area=True))
        axes.append(Axis("kW", min=-top, max=top, interval=top / 2))
    guides = []
    if reserve:
        text = texts._("Reserve {percent} %").format(percent=texts.number(reserve))
        guides = [Guide(name, reserve, text)]
    start, end = span
    outages = [Mark(max(start, o.start), min(end, o.end or end), "bad") for o in lost]
    return Drawing(
        key=f"battery {end - start}", lines=lines, axes=axes, none=texts._("Nothing recorded yet"), span=span,
        guides=guides, marks=outages, band=grid_band(grid, lost, span), legend=True, zoom=True,
        back=texts._("Show all"), aria=texts._("Charge and power of the battery"),
    )  # fmt: skip


def grid_band(grid: Series, lost: Sequence[Outage], span: tuple[int, int]) -> list[Mark]:
    """When the grid was there, and when it was lost; nobody knows of the rest."""
    line = grid.line()
    step = min((b - a for a, b in pairwise(at for at, value in line if value is not None)), default=0)
    band: list[Mark] = []
    start = last = None
    for at, value in [*line, (span[1], None)]:
        if value is None and start is not None and last is not None:
            band.append(Mark(max(span[0], start), min(span[1], last + step), "ok"))
            start = None
        elif value is not None:
            start, last = at if start is None else start, at
    return [*band, *(Mark(max(span[0], o.start), min(span[1], o.end or span[1]), "bad") for o in lost)]


def strings_message(texts: Texts, strings: Sequence[String]) -> dict[str, Any]:
    """A bar for each solar string against the strongest; W, V, A."""
    most = max([s.power for s in strings if s.power is not None], default=0.0)
    several = len({s.source for s in strings}) > 1
    rows = []
    for place, one in enumerate(strings):
        watts = one.power if one.connected else None
        parts = [unit_name(texts, one.source)] if several and one.letter == first_of(strings, place) else []
        if one.connected is False:
            parts.append(texts._("Not connected"))
        else:
            parts += [f"{texts.number(one.voltage)} V"] if one.voltage is not None else []
            parts += [f"{texts.number(one.current, 1)} A"] if one.current is not None else []
        value, unit = texts.power(watts)
        rows.append(
            {
                "key": f"{one.source} {one.letter}", "name": one.letter, "amps": value, "unit": unit,
                "width": round(100 * max(0.0, watts or 0.0) / most, 1) if most > 0 else 0,
                "level": "sun", "mean": None, "off": one.connected is False,
                "sub": " · ".join(parts) or UNKNOWN,
            }
        )  # fmt: skip
    total = [s.power for s in strings if s.connected and s.power is not None]
    tag = texts.powered(sum(total)) if total else None
    return _bars(texts._("Solar strings"), rows, tag)


def first_of(strings: Sequence[String], place: int) -> str:
    """The letter under which its inverter begins."""
    return next(s.letter for s in strings if s.source == strings[place].source)


def _bars(title: str, rows: Sequence[Mapping[str, Any]], tag: str | None) -> dict[str, Any]:
    return {
        "title": title, "tag": tag, "level": "none", "rows": list(rows), "fuse": "", "legend": "", "none": "",
    }  # fmt: skip


def packs_message(texts: Texts, battery: Battery) -> dict[str, Any]:
    """A bar for each pack: what is in it of what it can hold, and how warm it is."""
    rows = []
    for place, unit in enumerate(battery.units, 1):
        share = unit.stored / unit.capacity if unit.stored is not None and unit.capacity else None
        parts = [unit_name(texts, unit.name)]
        if unit.capacity is not None:
            parts.append(texts._("holds {kwh} kWh").format(kwh=texts.number(unit.capacity, 1)))
        if unit.temperature is not None:
            parts.append(f"{texts.number(unit.temperature, 1)} °C")
        rows.append({
            "key": unit.name, "name": str(place), "amps": texts.number(unit.stored, 1),
            "unit": "kWh" if unit.stored is not None else "", "width": round(100 * min(1.0, share or 0.0), 1),
            "level": "ok", "mean": None, "off": False, "sub": " · ".join(parts),
        })  # fmt: skip
    return _bars(texts._("Packs"), rows, None)


def warmth_table(texts: Texts, battery: Battery) -> dict[str, Any]:
    """How warm it is elsewhere than in the packs."""
    packs = {unit.name for unit in battery.units}
    rows = [
        {"key": name, "cells": [unit_name(texts, name), f"{texts.number(value, 1)} °C"]}
        for name, value in battery.temperatures if name not in packs
    ]  # fmt: skip
    return {"title": texts._("Temperatures"), "head": [], "rows": rows, "none": ""}
