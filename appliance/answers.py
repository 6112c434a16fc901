"""Answers to what people ask by message: how it is now, today, this month, the balance, the price.

Plain text, one fact a line; what is not known is said to be so.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from math import isfinite

from appliance import calendar, pictures, plots
from appliance.alerts.day import DAILY_SUMMARY, Day, body, lines, measure
from appliance.alerts.prices import CHEAP, PRICE_PEAKS
from appliance.energy_now import EnergyNow, energy_now
from appliance.errors import SourceError, StoreError
from appliance.house_days import Days
from appliance.known import Known
from appliance.ledger import plain
from appliance.model import Event
from appliance.plots import Plot, PlotError
from appliance.prepaid import Account
from appliance.prepaid_history import account, accounts, kept_movements, stale_s
from appliance.views import QUIET_W
from appliance.wording import clock, kwh, lasts, money, power

log = logging.getLogger(__name__)

NAMES = {"home": "Home", "grid": "Grid", "solar": "Solar", "battery": "Battery", "generator": "Generator"}


class Answers:
    """`ask` one of `QUESTIONS`."""

    def __init__(self, here: Known) -> None:
        self._here = here
        self._days = Days(here)

    async def ask(self, word: str) -> str:
        """The answer. Raises SourceError, with a sentence for the one who asked, when there is none."""
        if word not in QUESTIONS:
            raise SourceError(f"That is no question: ask one of {', '.join(QUESTIONS)}")
        try:
            return "\n".join(await _ANSWERS[word](self))
        except StoreError as error:
            raise SourceError(f"What was kept cannot be read just now: {error}") from error

    # Now

    async def now(self) -> list[str]:
        here, now = self._here, self._here.clock.now()
        moment = energy_now(here.hub.latest, here.source_types(), here.cadences, now)
        found = ["The grid is down"] if moment.grid_tied is False else []
        for node in ("home", "grid", "generator", "solar", "battery"):
            if node in moment.powers and not (node == "grid" and moment.grid_tied is False):
                found += _node(node, moment)
        found += [line for known in self._accounts().values() for line in self._supply(known)]
        register = here.main_register()
        if register is not None:
            when = self._when(register.at, now)
            found.append(f"The meter stood at {register.value:.1f} kWh at {when}")
        if not found:
            raise SourceError("Nothing is known just now: see the Health page")
        return found

    def _when(self, at: int, now: int) -> str:
        """The time of the day, with the day unless it is today's."""
        zone = self._here.zone
        same = calendar.day_of(at, zone) == calendar.day_of(now, zone)
        return clock(at, zone) if same else f"{calendar.local(at, zone):%Y-%m-%d %H:%M}"

    # Days and months

    async def today(self) -> list[str]:
        now = self._here.clock.now()
        self._counts_energy()
        found = await self._days.day(calendar.day_of(now, self._here.zone), now)
        return lines(replace(found, until=now), self._here.zone)

    async def month(self) -> list[str]:
        self._counts_energy()
        last, this = await self._days.months(self._here.clock.now())
        used = measure(this.energies)
        first = "What was used this month is not known" if used is None else _month("This month", this, used)
        found = [first, *body(this)]
        if this.since is not None:
            found.append(f"Counted since {self._when(this.since, self._here.clock.now())}")
        before = measure(last.energies)
        if before is not None and last.since is None:
            cost = "" if last.cost is None else f": {money(last.cost, last.currency)}"
            found.append(_month("Last month", last, before) + cost)
        return found

    def _counts_energy(self) -> None:
        if self._days.register() is None:
            raise SourceError("No meter that counts energy has been read here yet")

    # Money

    def _accounts(self) -> dict[str, Account]:
        here = self._here
        known = accounts(here.hub.latest, list(here.sources))
        return {name: account(name, here.sources.get(name), here.hub.latest) for name in known}

    async def balance(self) -> list[str]:
        here, now, currency = self._here, self._here.clock.now(), self._here.config.site.currency
        known = self._accounts()
        if not known:
            raise SourceError("No prepaid meter is set up here")
        found = []
        for name, each in known.items():
            found += [f"{name}:"] if len(known) > 1 else []
            found.append(_funds(each, currency))
            if each.balance_at is not None and stale_s(each, here.cadences.get(name), now):
                found.append(f"Nothing newer has been told since {self._when(each.balance_at, now)}")
            found += self._supply(each)
            moves = each.movements or await kept_movements(here.store, name, 10)
            came = next((move for move in moves if move.amount > 0), None)
            if came is not None:
                found.append(f"Last recharge {money(came.amount, currency)}, {self._when(came.at, now)}")
        return found

    def _supply(self, known: Account) -> list[str]:
        if known.supply is None:
            return []
        since = "" if known.since is None else f" since {self._when(known.since, self._here.clock.now())}"
        return [f"On the generator{since}" if known.supply == "generator" else f"On the grid{since}"]

    async def price(self) -> list[str]:
        here, now = self._here, self._here.clock.now()
        start, end = calendar.today(now, here.zone)
        _, after = calendar.day_span(calendar.day_of(now, here.zone) + timedelta(days=1), here.zone)
        starts, rates = await here.ledger.rates(start, after)
        known = [
            (int(at), float(rate))
            for at, rate in zip(starts, plain(rates.buying), strict=True)
            if isfinite(rate)
        ]
        if not known:
            raise SourceError("No price is known: set up a contract or a source of prices")
        present = dict(known).get(calendar.quarter(now))
        found = ["The price now is not known" if present is None else f"Now {self._rate(present)}"]
        found += self._range("Today", [pair for pair in known if pair[0] < end])
        found += self._range("Tomorrow", [pair for pair in known if pair[0] >= end])
        cheap = await here.ledger.cheapest(CHEAP, now, after)
        if cheap is not None and len({round(rate, 4) for _, rate in known}) > 1:
            begin, over = (clock(at, here.zone) for at in (cheap.start, cheap.end))
            if cheap.start >= end:
                begin = f"{begin} tomorrow"
            found.append(f"Cheapest ahead from {begin} to {over}: {self._rate(cheap.per_kwh)}")
        return found

    def _rate(self, per_kwh: float) -> str:
        return f"{per_kwh:.2f} {self._here.config.site.currency}/kWh"

    def _range(self, day: str, known: Sequence[tuple[int, float]]) -> list[str]:
        if not known:
            return []
        low, high = (pick(known, key=lambda pair: pair[1]) for pick in (min, max))
        if high[1] - low[1] < 0.005:
            return [f"{day} {self._rate(low[1])} at all times"]
        first, last = (f"{self._rate(rate)} at {clock(at, self._here.zone)}" for at, rate in (low, high))
        return [f"{day} from {first} to {last}"]

    # Pictures

    async def chart(self, event: Event) -> bytes | None:
        """The picture (PNG) that goes with a summary of a day or with tomorrow's prices; None for other
        events, and where there is nothing to draw or it cannot be drawn."""
        try:
            plot = await self._plot(event)
            return None if plot is None or not _drawn(plot) else await plots.png(plot)
        except (PlotError, StoreError, OSError) as error:
            log.warning("No picture goes with %s: %s", event.name, error)
            return None

    async def _plot(self, event: Event) -> Plot | None:
        here, site = self._here, self._here.config.site
        if event.name not in (DAILY_SUMMARY, PRICE_PEAKS) or "day" not in event.data:
            return None
        span = calendar.day_span(date.fromisoformat(event.data["day"]), here.zone)
        if event.name == PRICE_PEAKS:
            return await pictures.prices(here.ledger, span, here.zone, site.currency, site.language)
        return await pictures.power(here.store, span, here.zone, site.language)


_ANSWERS: dict[str, Callable[[Answers], Awaitable[list[str]]]] = {
    "now": Answers.now,
    "today": Answers.today,
    "month": Answers.month,
    "balance": Answers.balance,
    "price": Answers.price,
}
QUESTIONS = tuple(_ANSWERS)


def _node(node: str, moment: EnergyNow) -> list[str]:
    """One part of the house: how much, and which way."""
    watts = moment.powers[node]
    charge = f" {moment.charge:.0f} %" if node == "battery" and moment.charge is not None else ""
    if watts is None:
        return [f"{NAMES[node]}{charge}: power not known just now"]
    if node == "battery":
        way = "charging with" if watts < 0 else "giving"
        return [
            f"Battery{charge}, {way} {power(abs(watts))}"
            if abs(watts) >= QUIET_W
            else f"Battery{charge}, at rest"
        ]
    if node == "grid":
        way = "To the grid" if watts < 0 else "From the grid"
        return [f"{way} {power(abs(watts))}"]
    if node == "generator" and watts < QUIET_W:
        return []
    return [f"{NAMES[node]} {power(watts)}"]


def _month(which: str, month: Day, amount: float) -> str:
    return f"{which} {'bought' if month.energies.used is None else 'used'} {kwh(amount)}"


def _funds(known: Account, currency: str) -> str:
    if known.balance is None:
        return "The balance is not known"
    amount = money(known.balance, currency)
    if known.days_left is None:
        return f"Balance {amount}"
    return f"Balance {amount}, enough for {lasts(known.days_left)} days at present use"


def _drawn(plot: Plot) -> bool:
    return any(value is not None for curve in plot.curves for value in curve.value)
