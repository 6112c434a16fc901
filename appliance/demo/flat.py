"""The virtual flat in India: a prepaid meter on its building's ELNET server, and its owner's Telegram."""

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from appliance.demo.elnet import ElnetServer
from appliance.demo.flat_plan import Movement, Plan
from appliance.demo.flat_truth import EB_RATE, LATITUDE, LONGITUDE, Flat
from appliance.demo.house import HouseClock
from appliance.demo.outages import Outage
from appliance.demo.places import VirtualPlace, built
from appliance.demo.telegram import Telegram

ZONE = "Asia/Kolkata"
FIRST_CUT_MS = 4 * 60_000, 11 * 60_000
"""After the flat was built: who looks for the first time shall see the generator without waiting long."""
FIRST_RECHARGE_MS = 16 * 60_000
FIRST_BALANCE, FIRST_RECHARGE = 642.5, 3000.0
"""Little enough to be told of, before somebody recharges."""
MESSAGES = {"low_balance": 700, "low_days": 3, "high_power_kw": 3.5, "high_day_kwh": 20}
CONTRACT = {
    "name": "Prepaid",
    "since": "2025-01-01",
    "buying": [{"name": "Energy from the street", "per_kwh": EB_RATE}],
}


class VirtualFlat(VirtualPlace):
    """All devices of a flat in Bengaluru; `with` (or `start` and `stop`) switches them on and off.

    `config()` is the config.json of an appliance in that flat; it is known once the devices run. In the same
    `folder` it is the same flat again, whose registers have gone on meanwhile. With a `plan` (see
    `Plan.month`) only that happens, from the instant of the clock on.
    """

    def __init__(self, clock: HouseClock, folder: Path, *, seed: int = 1, plan: Plan | None = None) -> None:
        super().__init__()
        start = built(folder, clock.now())
        self.flat = Flat(clock, seed=seed, start=start, plan=plan or _newcomers(start))
        self.elnet = ElnetServer(self.flat, clock)
        self.telegram = Telegram(clock, zone=ZoneInfo(ZONE))

    def devices(self) -> tuple[ElnetServer, Telegram]:
        """All that is switched on, in order."""
        return self.elnet, self.telegram

    def config(self) -> dict[str, Any]:
        """The content of config.json for this flat."""
        return {
            "version": 2,
            "site": {
                "name": "Virtual flat",
                "time_zone": ZONE,
                "currency": "INR",
                "latitude": LATITUDE,
                "longitude": LONGITUDE,
            },
            "display": {"enabled": True},
            "sources": [self.elnet.source_config()],
            "contracts": [CONTRACT],
            "messages": MESSAGES,
            "sinks": [self.telegram.sink_config()],
        }

    def notes(self) -> list[str]:
        """Where to read what the appliance sends."""
        return [f"The virtual owner's Telegram is at {self.telegram.url}"]


def _newcomers(start: int) -> Plan:
    """The plan of a flat to look at, built at `start` (UTC ms)."""
    begin, end = (start + into for into in FIRST_CUT_MS)
    paid = Movement(start + FIRST_RECHARGE_MS, FIRST_RECHARGE)
    return Plan(balance=FIRST_BALANCE, cuts=(Outage(begin, end),), movements=(paid,))
