"""Battery: how full, what it does, the last day with the grid's outages; strings, packs, alerts, wear."""

from nicegui import background_tasks, ui

from appliance.battery import MARKS, Alert, Battery, Capacity, battery
from appliance.battery_log import kept_alerts, kept_capacities
from appliance.clock import DAY_MS, HOUR_MS
from appliance.model import Quantity
from appliance.outages import Outage
from appliance.store import Every, Series

from ..battery import charge_message, day_drawing, now_message, packs_message, strings_message, warmth_table
from ..battery_log import alerts_message, is_long, outages_head, outages_table, wear_drawing, wear_head
from ..charts import message
from ..components.board import Charge, PhaseBars, Prices, Rows, Streams, Table
from ..components.chart import Chart
from ..components.controls import Segments, heading, link, marked
from ..shell import Page
from ..text import N_
from ..view import View
from .battery_setup import no_battery

Q = Quantity
SPANS = {"24": N_("24 h"), "168": N_("7 d"), "720": N_("30 d")}
GRAINS = {24: Every.MIN5, 168: Every.MIN15, 720: Every.HOUR}
POINTS = 720
REFRESH_S = 60.0
LOG_S = 600.0
"""Alerts, outages and wear are asked for anew when the hub hears of an event, and this often."""
YEAR_MS = 365 * DAY_MS
NOTHING = Series([], [])
TYPE = "powerwall"


def has_battery(view: View) -> bool:
    """Whether config.json names a gateway, or a battery was ever heard of."""
    latest = view.appliance.hub.latest
    return TYPE in view.types().values() or any(quantity in MARKS for _, quantity in latest)


def battery_of(view: View) -> Battery | None:
    """The battery of the house at this moment."""
    here = view.appliance
    return battery(here.hub.latest, list(view.types()), here.cadences, view.now)


async def build(view: View) -> None:
    """The moment above, the last day beneath, then what the hardware has."""
    if not has_battery(view):
        no_battery(view)
        return
    texts = view.texts
    here = _Shown(view)
    with ui.element("div").classes("page batterypage"):
        with ui.element("div").classes("two"):
            with _card():
                here.charge = Charge()
            with _card():
                here.streams = Streams()
        with _card("chartc"):
            with ui.element("div").classes("tools"):
                Segments({k: texts._(n) for k, n in SPANS.items()}, "24", here.span_of, texts._("How long"))
                with ui.element("div").classes("key") as here.key:
                    ui.label(texts._("Grid connected")).classes("on")
                    ui.label(texts._("Outage")).classes("out")
            here.chart = Chart()
        with ui.element("div").classes("halves parts"):
            with ui.element("div").classes("col"):
                with _card() as here.strings_card:
                    here.strings = PhaseBars()
                with _card() as here.outages_card:
                    with ui.element("div").classes("row"):
                        heading(texts._("Outages of the grid"))
                        save = texts._("Save the outages as a table (CSV)")
                        link("download", save, "/api/v1/outages?format=csv", download=True)
                    here.outages_head = Prices()
                    here.outages = Table()
            with ui.element("div").classes("col"):
                with _card() as here.packs_card:
                    here.packs = PhaseBars()
                with _card() as here.warmth_card:
                    here.warmth = Table()
                with _card() as here.alerts_card:
                    here.alerts = Rows()
        with _card("chartc wearc") as here.wear_card:
            heading(texts._("Capacity"))
            here.wear_head = Prices()
            here.wear = Chart()
    view.when_connected(here.open)
    view.on_news(here.draw)


def _card(more: str = "") -> ui.element:
    return ui.element("section").classes(f"card {more}".strip())


class _Shown:
    """What the page shows: the moment at once, the lines every minute, what was kept when there is news."""

    charge: Charge
    streams: Streams
    chart: Chart
    key: ui.element
    strings: PhaseBars
    packs: PhaseBars
    warmth: Table
    alerts: Rows
    outages: Table
    outages_head: Prices
    wear: Chart
    wear_head: Prices
    strings_card: ui.element
    packs_card: ui.element
    warmth_card: ui.element
    alerts_card: ui.element
    outages_card: ui.element
    wear_card: ui.element

    def __init__(self, view: View) -> None:
        self._view = view
        self._hours = 24
        self._asked = self._read = float("-inf")
        self._heard: object = None
        self._lines = (NOTHING, NOTHING, NOTHING)
        self._alerts: list[Alert] = []
        self._lost: list[Outage] = []
        self._kept: list[Capacity] = []
        self._monthly = True

    async def open(self) -> None:
        """The browser is there: fetch what was kept."""
        await self._view.tried(self._read_log())
        await self._again()

    async def span_of(self, hours: str) -> None:
        """Longer or shorter."""
        self._hours = int(hours)
        await self._again()

    async def _again(self) -> None:
        await self._view.tried(self._read_lines())
        self.draw()

    async def _read_lines(self) -> None:
        """Raises StoreError."""
        view = self._view
        self._asked = view.appliance.clock.monotonic()
        hours, found = self._hours, battery_of(view)
        if found is None:
            return
        start, every = view.now - hours * HOUR_MS, GRAINS[hours]
        ask = view.appliance.store.series
        charge, power, grid = [
            await ask(found.source, quantity, start, view.now, every, POINTS)
            for quantity in (Q.STATE_OF_CHARGE, Q.POWER_BATTERY, Q.GRID_STATE)
        ]
        if hours == self._hours:  # else somebody has pressed on meanwhile
            self._lines = charge, power, grid

    async def _read_log(self) -> None:
        """Raises StoreError."""
        view, here = self._view, self._view.appliance
        self._read, self._heard = here.clock.monotonic(), here.hub.events
        now = view.now
        self._lost = await here.outage_watch.between(now - YEAR_MS, now + 1)
        self._alerts = await kept_alerts(here.store, here.cadences)
        kept = await kept_capacities(here.store, here.zone, now, monthly=True)
        self._monthly = is_long(kept, now, view.texts)
        if not self._monthly:
            kept = await kept_capacities(here.store, here.zone, now, monthly=False)
        self._kept = kept

    def _renew(self) -> None:
        here = self._view.appliance
        now = here.clock.monotonic()
        if now - self._asked >= REFRESH_S:
            background_tasks.create_lazy(self._view.tried(self._read_lines()), name="battery")
        if self._heard is not here.hub.events or now - self._read >= LOG_S:
            self._heard = here.hub.events
            background_tasks.create_lazy(self._view.tried(self._read_log()), name="battery log")

    def draw(self) -> None:
        self._renew()
        view, texts, now = self._view, self._view.texts, self._view.now
        found = battery_of(view) or Battery("", {}, {}, now)
        since = next((one.start for one in self._lost if one.end is None), None)
        self.charge.show(charge_message(texts, found, now, since))
        self.streams.show(now_message(texts, found, view.home()))
        self._draw_lines(found, now)
        self.strings.show(strings_message(texts, found.strings))
        self.packs.show(packs_message(texts, found))
        self.warmth.show(warm := warmth_table(texts, found))
        self.alerts.show(alerts_message(texts, self._alerts, now))
        self.outages_head.show(outages_head(texts, self._lost, now))
        self.outages.show(outages_table(texts, self._lost, now))
        self.wear_head.show(wear_head(texts, self._kept))
        self.wear.show(message(texts, wear_drawing(texts, self._kept, monthly=self._monthly)))
        gateway = found.last(Q.GRID_STATE) is not None
        for part, has in (
            (self.key, gateway),
            (self.strings_card, bool(found.strings)),
            (self.packs_card, bool(found.units)),
            (self.warmth_card, bool(warm["rows"])),
            (self.alerts_card, gateway or bool(self._alerts)),
            (self.outages_card, gateway or bool(self._lost)),
            (self.outages_head, bool(self._lost)),  # how long it is watched nobody would see from a nought
            (self.wear_card, any(one.kwh for one in self._kept)),
        ):
            marked(part, "hidden", not has)

    def _draw_lines(self, found: Battery, now: int) -> None:
        span = now - self._hours * HOUR_MS, now
        lost = [one for one in self._lost if one.end is None or one.end > span[0]]
        reserve = found.last(Q.BACKUP_RESERVE)
        drawing = day_drawing(self._view.texts, *self._lines, lost, span, reserve.value if reserve else None)
        self.chart.show(message(self._view.texts, drawing))


PAGE = Page("/battery", N_("Battery"), "battery", build, has_battery)
