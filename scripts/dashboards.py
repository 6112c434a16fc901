"""Writes the Grafana dashboards in config/grafana/ from one table of panels: `make dashboards`.

Three flavours of the same panels: for a Prometheus (or VictoriaMetrics) that scrapes /metrics, for a
VictoriaMetrics and for an InfluxDB that the line_protocol sink writes to. Classic dashboard JSON, which
every Grafana from 10 on takes: grafana.com/docs, "Dashboard JSON model".
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from appliance import metrics
from appliance.model import Kind, Quantity
from appliance.sinks._line import MEASUREMENT

FOLDER = Path(__file__).resolve().parents[1] / "config" / "grafana"
Q = Quantity
How = Literal["now", "line", "per_day", "state"]
UNITS = {"W": "watt", "kWh": "kwatth", "V": "volt", "A": "amp", "%": "percent", "°C": "celsius", "m³": "m3"}
WIDTH = 24
PRICE = "price"


@dataclass(frozen=True)
class Panel:
    """`shows` are the quantities in it, or PRICE; `width` is of 24."""

    title: str
    how: How
    shows: Sequence[Quantity | str]
    width: int = 12
    height: int = 8
    text: str = ""


@dataclass(frozen=True)
class Row:
    """A heading that can be folded."""

    title: str


LAYOUT: tuple[Panel | Row, ...] = (
    Row("Now"),
    Panel("Grid", "now", [Q.POWER_GRID], 4, 4, "Positive is bought, negative is fed in."),
    Panel("Solar", "now", [Q.POWER_SOLAR], 4, 4),
    Panel("Battery", "now", [Q.POWER_BATTERY], 4, 4, "Positive discharges, negative charges."),
    Panel("Home", "now", [Q.POWER_LOAD], 4, 4),
    Panel("State of charge", "now", [Q.STATE_OF_CHARGE], 4, 4),
    Panel("Price", "now", [PRICE], 4, 4),
    Row("Power"),
    Panel("Power", "line", [Q.POWER_GRID, Q.POWER_SOLAR, Q.POWER_BATTERY, Q.POWER_LOAD], WIDTH, 10),
    Panel("Charge and reserve", "line", [Q.STATE_OF_CHARGE, Q.BACKUP_RESERVE]),
    Panel("Grid connection", "state", [Q.GRID_STATE], text="An outage is down."),
    Row("Energy"),
    Panel(
        "Energy per day",
        "per_day",
        [Q.ENERGY_IMPORT, Q.ENERGY_EXPORT, Q.ENERGY_SOLAR, Q.ENERGY_LOAD],
        text="From the registers. Days are those of UTC.",
    ),
    Panel("Battery per day", "per_day", [Q.ENERGY_CHARGED, Q.ENERGY_DISCHARGED]),
    Panel("Gas and water per day", "per_day", [Q.GAS, Q.WATER]),
    Panel("Price of a kWh", "line", [PRICE]),
    Row("Phases"),
    Panel("Current", "line", [Q.CURRENT_L1, Q.CURRENT_L2, Q.CURRENT_L3], 8),
    Panel("Voltage", "line", [Q.VOLTAGE_L1, Q.VOLTAGE_L2, Q.VOLTAGE_L3], 8),
    Panel("Power of each phase", "line", [Q.POWER_L1, Q.POWER_L2, Q.POWER_L3], 8),
    Row("Battery and panels"),
    Panel("Strings", "line", [Q[f"STRING_{letter}_POWER"] for letter in "ABCDEF"]),
    Panel("Voltage of the strings", "line", [Q[f"STRING_{letter}_VOLTAGE"] for letter in "ABCDEF"]),
    Panel("Capacity", "line", [Q.BATTERY_CAPACITY, Q.BATTERY_STORED]),
    Panel("Temperature", "line", [Q.TEMPERATURE]),
)


class Flavour(Protocol):
    """How one kind of store is asked."""

    title: str
    type: str
    variables: list[dict[str, Any]]

    def target(self, show: Quantity | str, how: How) -> dict[str, Any]:
        """One query of a panel, in the quantity's own unit."""


def _of(spec_kind: Kind, expression: str, how: How) -> str:
    return f"increase({expression}[1d])" if how == "per_day" and spec_kind is Kind.COUNTER else expression


@dataclass(frozen=True)
class Prometheus:
    """Base units as /metrics tells them, turned into those people use."""

    title: str = "Tallywatt (Prometheus)"
    type: str = "prometheus"

    @property
    def variables(self) -> list[dict[str, Any]]:
        info = "tallywatt_reading_timestamp_seconds"
        return [
            _variable("instance", "Appliance", f"label_values({info}, instance)"),
            _variable("source", "Source", f'label_values({info}{{instance=~"$instance"}}, source)'),
        ]

    def target(self, show: Quantity | str, how: How) -> dict[str, Any]:
        chosen = 'instance=~"$instance",source=~"$source"'
        if not isinstance(show, Quantity):
            return _promql(f"tallywatt_price_per_joule{{{chosen}}} * 3.6e6", "{{channel}} {{currency}}", how)
        spec, called = show.spec, metrics.name(show)
        if called.label:
            chosen += f',{called.label}="{called.value}"'
        if how == "state":
            numbers = [
                f'{number} * tallywatt_{called.metric}{{{chosen},state="{state}"}}'
                for number, state in enumerate(spec.states)
            ]
            return _promql(" + ignoring(state) ".join(numbers), "{{source}}", how)
        unit, factor = metrics.UNITS[spec.unit]
        full = f"tallywatt_{called.metric}_{unit}" + ("_total" if spec.kind is Kind.COUNTER else "")
        expression = _of(spec.kind, f"{full}{{{chosen}}}", how)
        scale = {1.0: "", 0.01: " * 100"}.get(factor, f" / {factor:g}")
        return _promql(expression + scale, f"{spec.label} {{{{source}}}}", how)


@dataclass(frozen=True)
class VictoriaMetrics:
    """What the line_protocol sink writes, by the names VictoriaMetrics gives it."""

    title: str = "Tallywatt (VictoriaMetrics, pushed)"
    type: str = "prometheus"

    @property
    def variables(self) -> list[dict[str, Any]]:
        chosen = f'{MEASUREMENT}_value{{appliance=~"$appliance"}}'
        return [
            _variable("appliance", "Appliance", f"label_values({MEASUREMENT}_value, appliance)"),
            _variable("source", "Source", f"label_values({chosen}, source)"),
        ]

    def target(self, show: Quantity | str, how: How) -> dict[str, Any]:
        chosen = 'appliance=~"$appliance",source=~"$source"'
        if isinstance(show, Quantity):
            expression = f'{MEASUREMENT}_value{{{chosen},quantity="{show}"}}'
            legend = f"{show.spec.label} {{{{source}}}} {{{{unit}}}}"
            expression = _of(show.spec.kind, expression, how)
        else:
            expression, legend = f"{MEASUREMENT}_price_value{{{chosen}}}", "{{channel}}"
        if how != "per_day":
            # A price is told once, at its start, and meters may be an hour apart: a query by itself looks
            # back for five minutes.
            expression = f"last_over_time({expression}[1h])"
        return _promql(expression, legend, how)


@dataclass(frozen=True)
class InfluxDb:
    """What the line_protocol sink writes, asked in InfluxQL: InfluxDB 1 and, by its bucket's name, 2."""

    title: str = "Tallywatt (InfluxDB)"
    type: str = "influxdb"

    @property
    def variables(self) -> list[dict[str, Any]]:
        return [
            _variable("appliance", "Appliance", 'SHOW TAG VALUES WITH KEY = "appliance"'),
            _variable("source", "Source", 'SHOW TAG VALUES WITH KEY = "source"'),
        ]

    def target(self, show: Quantity | str, how: How) -> dict[str, Any]:
        where = '$timeFilter AND "appliance" =~ /^$appliance$/ AND "source" =~ /^$source$/'
        if isinstance(show, Quantity):
            measurement, tags, alias = (
                MEASUREMENT,
                '"source", "unit"',
                f"{show.spec.label} $tag_source $tag_unit",
            )
            where += f" AND \"quantity\" = '{show}'"
        else:
            measurement, tags, alias = f"{MEASUREMENT}_price", '"channel"', "$tag_channel"
        if how == "now":
            what, by = 'last("value")', tags
        elif how == "per_day":
            # From the last of one day to the last of the next: nothing is lost between two days.
            what, by = 'difference(last("value"))', f"time(1d), {tags}"
        else:
            what = 'last("value")' if how == "state" else 'mean("value")'
            by = f"time($__interval), {tags} fill(none)"
        query = f'SELECT {what} FROM "{measurement}" WHERE {where} GROUP BY {by}'  # noqa: S608 - names of ours
        return {"query": query, "rawQuery": True, "resultFormat": "time_series", "alias": alias}


FLAVOURS: dict[str, Flavour] = {
    "tallywatt-prometheus": Prometheus(),
    "tallywatt-victoriametrics": VictoriaMetrics(),
    "tallywatt-influxdb": InfluxDb(),
}


def _promql(expression: str, legend: str, how: How) -> dict[str, Any]:
    return {"expr": expression, "legendFormat": legend, "instant": how == "now", "range": how != "now"}


def _variable(name: str, label: str, query: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": {"type": "", "uid": "${datasource}"},
        "query": query,
        "refresh": 2,
        "includeAll": True,
        "allValue": ".*",
        "multi": False,
        "current": {"text": "All", "value": "$__all"},
    }


def _unit(panel: Panel) -> str:
    show = panel.shows[0]
    if not isinstance(show, Quantity):
        return "suffix: /kWh"
    return "short" if panel.how == "state" else UNITS[show.spec.unit]


def _look(panel: Panel) -> dict[str, Any]:
    """Type of the panel, its options and those of its fields."""
    defaults: dict[str, Any] = {"unit": _unit(panel), "custom": {}}
    legend = {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}}
    if panel.how == "now":
        return {
            "type": "stat",
            "options": {
                "reduceOptions": {"calcs": ["lastNotNull"]},
                "graphMode": "none",
                "textMode": "value",
            },
            "fieldConfig": {"defaults": {"unit": defaults["unit"], "noValue": "unknown"}, "overrides": []},
        }
    if panel.how == "state":
        (show,) = panel.shows
        assert isinstance(show, Quantity)
        words = {str(number): {"text": state} for number, state in enumerate(show.spec.states)}
        defaults["mappings"] = [{"type": "value", "options": words}]
        return {
            "type": "state-timeline",
            "options": {"mergeValues": True, "showValue": "auto"},
            "fieldConfig": {"defaults": defaults, "overrides": []},
        }
    style = {"drawStyle": "bars", "fillOpacity": 60} if panel.how == "per_day" else {"lineWidth": 2}
    step = {"lineInterpolation": "stepAfter"} if PRICE in panel.shows else {}
    defaults["custom"] = {**style, **step, "spanNulls": False}
    return {
        "type": "timeseries",
        "options": legend,
        "fieldConfig": {"defaults": defaults, "overrides": []},
    }


def _panels(flavour: Flavour) -> Iterator[dict[str, Any]]:
    x = y = height = 0
    source = {"type": flavour.type, "uid": "${datasource}"}
    for number, item in enumerate(LAYOUT, 1):
        row = isinstance(item, Row)
        width, tall = (WIDTH, 1) if isinstance(item, Row) else (item.width, item.height)
        if row or x + width > WIDTH:
            x, y = 0, y + height
            height = 0
        made: dict[str, Any] = {
            "id": number,
            "title": item.title,
            "gridPos": {"x": x, "y": y, "w": width, "h": tall},
        }
        if isinstance(item, Row):
            yield {**made, "type": "row", "collapsed": False, "panels": []}
        else:
            targets = [
                {"refId": chr(ord("A") + i), "datasource": source, **flavour.target(show, item.how)}
                for i, show in enumerate(item.shows)
            ]
            extra = {"interval": "1d"} if item.how == "per_day" else {}
            made |= {"description": item.text} if item.text else {}
            yield {**made, "datasource": source, "targets": targets, **extra, **_look(item)}
        x, height = x + width, max(height, tall)


def dashboard(uid: str) -> dict[str, Any]:
    """The dashboard of that name, one of FLAVOURS."""
    flavour = FLAVOURS[uid]
    variables = [
        {**one, "datasource": {**one["datasource"], "type": flavour.type}} for one in flavour.variables
    ]
    choice = {"name": "datasource", "label": "Store", "type": "datasource", "query": flavour.type}
    return {
        "uid": uid,
        "title": flavour.title,
        "tags": ["tallywatt", "energy"],
        "timezone": "browser",
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "refresh": "1m",
        "time": {"from": "now-7d", "to": "now"},
        "templating": {"list": [choice, *variables]},
        "annotations": {"list": []},
        "panels": list(_panels(flavour)),
    }


def text(uid: str) -> str:
    """The file of the dashboard."""
    return json.dumps(dashboard(uid), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for uid in FLAVOURS:
        (FOLDER / f"{uid}.json").write_text(text(uid), encoding="utf-8")
