"""What a message of each topic looks like, for the Test button: believable, of this moment, and pure.

The sentences are those of the watches and sources that tell the real ones.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from appliance.calendar import day_of, day_start
from appliance.clock import HOUR_MS, MINUTE_MS
from appliance.model import Event
from appliance.wording import clock, money
from config.messages import Topic

SOURCE = "example"


@dataclass(frozen=True, slots=True)
class Moment:
    """When and where the example is made: `now` is UTC ms, `currency` the site's (ISO 4217)."""

    now: int
    zone: ZoneInfo
    currency: str

    def day(self, ahead: int = 0) -> int:
        """The first instant of today or of a later day."""
        return day_start(day_of(self.now, self.zone) + timedelta(days=ahead), self.zone)

    def event(self, name: str, *lines: str, **data: object) -> Event:
        return Event(SOURCE, name, self.now, "\n".join(lines), data)


def example(topic: Topic, now: int, zone: ZoneInfo, currency: str) -> Event:
    """An event of that topic as it could happen now."""
    return _MADE[topic](Moment(now, zone, currency))


def _summary(here: Moment) -> Event:
    peak_at = here.day() + 18 * HOUR_MS
    return here.event(
        "daily_summary",
        "Used 11.4 kWh, 12 % less than yesterday",
        f"Cost {money(31.2, here.currency)}",
        f"Peak 4.2 kW at {clock(peak_at, here.zone)}",
        day=day_of(here.now, here.zone).isoformat(), kwh=11.4, cost=31.2, currency=here.currency,
        peak_w=4200, peak_at=peak_at, yesterday_kwh=13.0, week_kwh_mean=12.2,
    )  # fmt: skip


def _balance(here: Moment) -> Event:
    text = f"The balance is low: {money(412, here.currency)}, enough for 2.6 days at present use"
    return here.event("low_balance", text, balance=412.0, days_left=2.6, threshold=500.0)


def _recharge(here: Moment) -> Event:
    amount, balance = money(1000, here.currency), money(1412, here.currency)
    text = f"Recharged with {amount}; the balance is {balance}"
    return here.event("recharge", text, amount=1000.0, balance=1412.0, at=here.now)


def _generator(here: Moment) -> Event:
    cost = money(19.8, here.currency)
    return here.event(
        "generator_off",
        f"The grid is back after 42 min on the generator: 0.90 kWh, 1.3 kW on average, {cost}",
        start=here.now - 42 * MINUTE_MS, end=here.now, duration_s=2520, kwh=0.9, mean_kw=1.3, cost=19.8,
    )  # fmt: skip


def _battery(here: Moment) -> Event:
    return here.event("battery_low", "The battery is low: 18 %", percent=18.0, threshold=20.0)


def _outage(here: Moment) -> Event:
    return here.event("grid_down", "The grid is lost")


def _high_use(here: Moment) -> Event:
    text = "The house has drawn 6.4 kW for 15 min"
    return here.event("high_power", text, watts=6400, minutes=15, threshold_kw=5.0)


def _phases(here: Moment) -> Event:
    text = "L2 carried 17.2 A over a minute, the main fuse is 16 A: switch something off on that phase"
    return here.event("fuse_overload", text, phase=2)


def _prices(here: Moment) -> Event:
    start, cheap = here.day(1) + 17 * HOUR_MS, here.day(1) + 2 * HOUR_MS
    day = day_of(here.day(1), here.zone).isoformat()

    def span(at: int, hours: int) -> str:
        return f"from {clock(at, here.zone)} to {clock(at + hours * HOUR_MS, here.zone)}"

    return here.event(
        "price_peaks",
        f"Tomorrow is dear {span(start, 2)}: up to 2.10 {here.currency}/kWh",
        f"Cheapest {span(cheap, 3)}: 0.41 {here.currency}/kWh",
        day=day, spans=[[start, start + 2 * HOUR_MS, 2.1]], mean=0.9,
    )  # fmt: skip


def _meter(here: Moment) -> Event:
    text = "The meter has not been read for 1 h 0 min: look at its picture on the Meter page"
    return here.event("meter_unread", text, minutes=60, refused=0)


def _source(here: Moment) -> Event:
    text = "No readings for 30 min: check its power, cable and network"
    return here.event("source_silent", text, minutes=30)


def _appliance(here: Moment) -> Event:
    return here.event("needs_you", "The central API refuses us (401); check the token or password")


_MADE: dict[Topic, Callable[[Moment], Event]] = {
    "summary": _summary,
    "balance": _balance,
    "recharge": _recharge,
    "generator": _generator,
    "battery": _battery,
    "outage": _outage,
    "high_use": _high_use,
    "phases": _phases,
    "prices": _prices,
    "meter": _meter,
    "source": _source,
    "appliance": _appliance,
}
