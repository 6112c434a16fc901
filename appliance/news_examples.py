"""What a message of each topic looks like, for the Test button: believable, of this moment, and pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from appliance.calendar import day_of, day_start, local
from appliance.clock import HOUR_MS, MINUTE_MS
from appliance.model import Event
from config.messages import Topic

SOURCE = "example"


@dataclass(frozen=True, slots=True)
class Moment:
    """When and where the example is made: `now` is UTC ms, `currency` the site's (ISO 4217)."""

    now: int
    zone: ZoneInfo
    currency: str

    def clock(self, at: int) -> str:
        return f"{local(at, self.zone):%H:%M}"

    def money(self, amount: float) -> str:
        return f"{amount:.2f} {self.currency}"

    def event(self, name: str, text: str, **data: object) -> Event:
        return Event(SOURCE, name, self.now, text, data)


def example(topic: Topic, now: int, zone: ZoneInfo, currency: str) -> Event:
    """An event of that topic as it could happen now."""
    return _MADE[topic](Moment(now, zone, currency))


def _summary(here: Moment) -> Event:
    day = day_of(here.now, here.zone)
    start = day_start(day, here.zone)
    peak_at = start + 18 * HOUR_MS
    lines = (
        "Used 11.4 kWh, 12 % less than yesterday",
        f"Cost {here.money(31.2)}",
        f"Most at {here.clock(peak_at)}: 4.2 kW",
    )
    return here.event(
        "daily_summary",
        "\n".join(lines),
        day=day.isoformat(),
        kwh=11.4,
        cost=31.2,
        currency=here.currency,
        peak_w=4200,
        peak_at=peak_at,
        yesterday_kwh=13.0,
        week_kwh_mean=12.2,
    )


def _balance(here: Moment) -> Event:
    text = f"The balance is low: {here.money(412)}, enough for 2.6 days at present use"
    return here.event("low_balance", text, balance=412.0, days_left=2.6, threshold=500.0)


def _recharge(here: Moment) -> Event:
    text = f"Recharged with {here.money(1000)}; the balance is {here.money(1412)}"
    return here.event("recharge", text, amount=1000.0, balance=1412.0, at=here.now)


def _generator(here: Moment) -> Event:
    start = here.now - 42 * MINUTE_MS
    text = f"The grid is back after 42 min on the generator: 0.9 kWh, 1.3 kW on average, {here.money(19.8)}"
    return here.event(
        "generator_off",
        text,
        start=start,
        end=here.now,
        duration_s=2520,
        kwh=0.9,
        mean_kw=1.3,
        cost=19.8,
    )


def _battery(here: Moment) -> Event:
    return here.event("battery_low", "The battery is low: 18 %", percent=18.0, threshold=20.0)


def _outage(here: Moment) -> Event:
    return here.event("grid_down", "The grid is lost")


def _high_use(here: Moment) -> Event:
    text = "The house has drawn 6.4 kW for 15 minutes"
    return here.event("high_power", text, watts=6400, minutes=15, threshold_kw=5.0)


def _phases(here: Moment) -> Event:
    text = "L2 carried 17.2 A over the last minute; the main fuse is 16 A"
    return here.event("fuse_overload", text, phase=2, amperes=17.2, fuse_a=16)


def _prices(here: Moment) -> Event:
    day = day_of(here.now, here.zone) + timedelta(days=1)
    start = day_start(day, here.zone) + 17 * HOUR_MS
    end = start + 2 * HOUR_MS
    text = f"Tomorrow is dear from {here.clock(start)} to {here.clock(end)}"
    return here.event("price_peaks", text, day=day.isoformat(), spans=[[start, end, 2.1]], mean=0.9)


def _meter(here: Moment) -> Event:
    text = "The meter has not been read for 60 minutes: look at its picture on the Meter page"
    return here.event("meter_unread", text, minutes=60, refused=0)


def _source(here: Moment) -> Event:
    text = "No readings for 30 minutes: check its power, cable and network"
    return here.event("source_silent", text, minutes=30)


def _appliance(here: Moment) -> Event:
    text = "It needs you: see the Health page"
    return here.event("needs_you", text)


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
