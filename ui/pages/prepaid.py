"""Prepaid: who supplies, the balance and how long it lasts, usage, recharges, when the generator ran."""

import asyncio
from functools import partial
from zoneinfo import ZoneInfo

from nicegui import background_tasks, ui

from appliance import prepaid_history as history
from appliance.errors import StoreError
from appliance.model import Quantity
from appliance.prepaid import Account, Movement, Session
from appliance.prepaid_history import MARKS
from appliance.prepaid_usage import LONGEST_H, LONGEST_MIN, Usage, usage
from config.messages import Messages

from ..charts import message
from ..components.board import Prices, Rows, Table
from ..components.chart import Chart
from ..components.controls import Choice, Segments, Sheet, line, marked
from ..components.keypad import Keypad
from ..components.prepaid import Balance, Supply
from ..icons import svg
from ..prepaid import (
    MOVEMENTS,
    Money,
    balance_message,
    group_name,
    groups,
    least_group,
    movements_message,
    sessions_table,
    span_name,
    supply_message,
    totals_table,
    usage_drawing,
    usage_head,
    usual_group,
)
from ..shell import Page
from ..text import N_, Texts
from ..view import View

SPANS = {"6": N_("6 h"), "24": N_("24 h"), "168": N_("7 d"), "720": N_("30 d")}
OTHER = "other"
SESSIONS = 8
REFRESH_S = 60.0
LOG_S = 600.0
"""Sessions and recharges are asked for anew when the hub hears of an event, and this often."""


def has_account(view: View) -> bool:
    """Whether any source tells a balance or who supplies."""
    return any(quantity in MARKS for _, quantity in view.appliance.hub.latest)


async def build(view: View) -> None:
    """The moment above, usage beneath, then recharges, sums and the generator's runs."""
    texts = view.texts
    if not has_account(view):
        with ui.element("div").classes("page"), _card():
            line(texts._("No prepaid meter is known yet"), "fact")
            line(texts._("Add a source of type elnet to config.json; docs/PREPAID.md says what it needs."))
        return
    here = _Shown(view)
    with ui.element("div").classes("page prepaidpage"):
        with ui.element("div").classes("banner lost").props("role=alert") as here.cut:
            ui.html(svg("warn"), sanitize=False)
            ui.html(
                tag="span",
                content=texts._(
                    "The meter has switched the supply off. If the balance is used up, recharge it; "
                    "else ask who runs the meter."
                ),
                sanitize=True,
            )
        _accounts(view, here)
        with ui.element("div").classes("two"):
            with _card():
                here.balance = Balance()
            with _card():
                here.supply = Supply()
        with _card("chartc"):
            _tools(texts, here)
            here.head = Prices()
            here.chart = Chart()
        with ui.element("div").classes("halves parts"):
            with ui.element("div").classes("col"):
                with _card():
                    here.movements = Rows()
                with _card():
                    here.totals = Table()
            with ui.element("div").classes("col"), _card():
                here.sessions = Table()
    here.sheet, here.keypad = Sheet(texts), Keypad(texts)
    view.when_connected(here.open)
    view.on_news(here.draw)


def _card(more: str = "") -> ui.element:
    return ui.element("section").classes(f"card {more}".strip())


def _accounts(view: View, here: "_Shown") -> None:
    """Which meter, where there are several."""
    names = here.names()
    if len(names) > 1:
        with ui.element("div").classes("tools"):
            Segments({name: name for name in names}, here.source, here.turn, view.texts._("Which meter"))


def _tools(texts: Texts, here: "_Shown") -> None:
    """How long, how fine, and of what."""
    with ui.element("div").classes("tools"):
        spans = {k: texts._(n) for k, n in SPANS.items()} | {OTHER: texts._("Other")}
        here.spans = Segments(spans, "24", here.span_of, texts._("How long"))
        kinds = {"energy": "kWh", "cost": texts.money}
        Segments(kinds, here.kind, here.kind_of, texts._("What"))
        here.group = Choice(texts._("Grouped by"), here.choose_group)


class _Shown:
    """What the page shows: the moment at once, usage every minute, the log when there is news."""

    cut: ui.element
    balance: Balance
    supply: Supply
    spans: Segments
    group: Choice
    head: Prices
    chart: Chart
    totals: Table
    sessions: Table
    movements: Rows
    sheet: Sheet
    keypad: Keypad

    def __init__(self, view: View) -> None:
        self._view = view
        self.source = self.names()[0]
        self.kind = "energy"
        self._hours = 24.0
        self._minutes = usual_group(24)
        self._asked = self._read = float("-inf")
        self._heard: object = None
        self._turns = 0
        self._usage: Usage | None = None
        self._sessions: list[Session] = []
        self._told: list[Movement] = []

    def names(self) -> list[str]:
        """The prepaid meters."""
        return history.accounts(self._view.appliance.hub.latest, list(self._view.types()))

    @property
    def account(self) -> Account:
        """As it is known now."""
        here = self._view.appliance
        return history.account(self.source, here.sources.get(self.source), here.hub.latest)

    @property
    def zone(self) -> ZoneInfo:
        """The meter's: its days begin there."""
        return ZoneInfo(self.account.zone)

    async def open(self) -> None:
        """The browser is there: fetch what was kept."""
        await self._view.tried(self._read_log())
        await self._again()

    async def turn(self, source: str) -> None:
        """Another meter."""
        self.source = source
        await self.open()

    async def kind_of(self, kind: str) -> None:
        """Energy or money."""
        self.kind = kind
        self.draw()

    async def span_of(self, hours: str) -> None:
        """The last so many hours; any other number is typed."""
        if hours != OTHER:
            await self._span(float(hours))
            return
        texts = self._view.texts

        async def heard(typed: str) -> str | None:
            said = _whole(typed)
            if said is None or not 1 <= said <= LONGEST_H:
                return texts._("From 1 to 720 hours")
            await self._span(float(said))
            return None

        self._show_span()
        hint = texts._("From 1 to 720 hours")
        self.keypad.ask_number(texts._("How many hours?"), hint, texts._("h"), heard)

    async def _span(self, hours: float) -> None:
        self._hours, self._minutes = hours, usual_group(hours)
        await self._again()

    def choose_group(self) -> None:
        """How fine; any other number of minutes is typed."""
        texts = self._view.texts
        options = {group_name(texts, g): partial(self._grouped, g) for g in groups(self._hours)}
        options[texts._("Other")] = self._ask_group  # type: ignore[assignment]
        hint = texts._("Of {span} no more bars than a screen can show.")
        self.sheet.ask(texts._("Grouped by"), options, hint.format(span=span_name(texts, self._hours)))

    def _ask_group(self) -> None:
        texts, least = self._view.texts, least_group(self._hours)
        hint = texts._("From {least} to 1440 minutes").format(least=least)

        async def heard(typed: str) -> str | None:
            said = _whole(typed)
            if said is None or not least <= said <= LONGEST_MIN:
                return hint
            await self._grouped(said)
            return None

        self.keypad.ask_number(texts._("How many minutes?"), hint, texts._("min"), heard)

    async def _grouped(self, minutes: int) -> None:
        self._minutes = minutes
        await self._again()

    async def _again(self) -> None:
        """Fetch and draw. A question asked later makes this one's answer void."""
        self._turns += 1
        turn = self._turns
        self._asked = self._view.appliance.clock.monotonic()
        hours, minutes, source = self._hours, self._minutes, self.source

        async def ask() -> None:
            view = self._view
            found = await usage(view.appliance.store, source, view.now, hours, minutes, self.zone)
            if turn == self._turns:
                self._usage = found

        await self._view.tried(ask())
        if turn == self._turns:
            self.draw()

    async def _read_log(self) -> None:
        """Raises StoreError."""
        here, now = self._view.appliance, self._view.now
        self._read, self._heard = here.clock.monotonic(), here.hub.events
        supply = self.account.supply
        self._sessions, self._told = await asyncio.gather(
            history.kept_sessions(here.store, self.source, 0, now + 1, SESSIONS, supply),
            history.kept_movements(here.store, self.source, 2 * MOVEMENTS),
        )

    def _renew(self) -> None:
        here = self._view.appliance
        now = here.clock.monotonic()
        if now - self._asked >= REFRESH_S:
            background_tasks.create_lazy(self._again(), name="prepaid")
        if self._heard is not here.hub.events or now - self._read >= LOG_S:
            self._heard = here.hub.events
            background_tasks.create_lazy(self._view.tried(self._read_log()), name="prepaid log")

    def draw(self) -> None:
        self._renew()
        view, texts, now = self._view, self._view.texts, self._view.now
        latest, account = view.appliance.hub.latest, self.account
        stale_s = history.stale_s(account, view.appliance.cadences.get(self.source), now)
        money = Money(account, self._limits(), stale_s)
        totals = history.totals(self.source, latest, now, self.zone)
        load = latest.get((self.source, Quantity.POWER_LOAD))
        drawn = load.value if load is not None and not view.appliance.stale(load) else None
        marked(self.cut, "hidden", account.relay is not False)
        self.balance.show(balance_message(texts, money, totals, now))
        self.supply.show(supply_message(texts, money, drawn, totals, now))
        self._draw_usage()
        self.totals.show(totals_table(texts, totals))
        self.sessions.show(sessions_table(texts, self._sessions, now))
        self.movements.show(movements_message(texts, account.movements or self._told, now))

    def _limits(self) -> Messages:
        """What counts as low; what the owner changed cannot be read while the documents cannot."""
        here = self._view.appliance
        try:
            return here.message_settings.now
        except StoreError:
            return here.config.messages

    def _show_span(self) -> None:
        chosen = f"{self._hours:.0f}"
        self.spans.show(chosen if chosen in SPANS else OTHER)

    def _draw_usage(self) -> None:
        texts = self._view.texts
        self._show_span()
        self.group.show(group_name(texts, self._minutes))
        by_meter = Texts(texts.language, self.zone, texts.currency)
        self.head.show(usage_head(by_meter, self._usage, self._minutes, self.kind))
        self.chart.show(message(by_meter, usage_drawing(by_meter, self._usage, self._minutes, self.kind)))


def _whole(typed: str) -> int | None:
    try:
        said = float(typed)
    except ValueError:
        return None
    return int(said) if said.is_integer() else None


PAGE = Page("/prepaid", N_("Prepaid"), "prepaid", build, has_account)
