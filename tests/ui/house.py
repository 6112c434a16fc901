"""The scripted house of the stand-in: what it makes and uses at any instant."""

import math
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from appliance.calendar import local
from appliance.clock import DAY_MS, MINUTE_MS
from appliance.model import Quantity

Q = Quantity
ZONE = ZoneInfo("Europe/Stockholm")


def hump(hour: float, middle: float, width: float) -> float:
    return math.exp(-(((hour - middle) / width) ** 2))


class House:
    """Powers as plain functions of the instant; registers are their sums by the minute."""

    def __init__(self, start: int) -> None:
        self.first = start - start % MINUTE_MS - 3 * DAY_MS
        minutes = range(self.first, start + 2 * DAY_MS, MINUTE_MS)
        powers = [self.powers(at) for at in minutes]
        self._sums = {
            Q.ENERGY_IMPORT: self._sum(max(0.0, p["grid"]) for p in powers),
            Q.ENERGY_EXPORT: self._sum(max(0.0, -p["grid"]) for p in powers),
            Q.ENERGY_SOLAR: self._sum(p["solar"] for p in powers),
            Q.ENERGY_CHARGED: self._sum(max(0.0, -p["battery"]) for p in powers),
            Q.ENERGY_DISCHARGED: self._sum(max(0.0, p["battery"]) for p in powers),
        }

    @staticmethod
    def _sum(powers: Any) -> Any:
        return np.concatenate([[0.0], np.cumsum(list(powers)) / 60_000])

    @staticmethod
    def powers(at: int) -> dict[str, float]:
        moment = local(at, ZONE)
        hour = moment.hour + moment.minute / 60 + moment.second / 3600
        sun = max(0.0, math.sin((hour - 4.8) / 16 * math.pi)) ** 1.4 if 4.8 < hour < 20.8 else 0.0
        cloud = 0.86 + 0.1 * math.sin(at / 611_000) + 0.04 * math.sin(at / 97_000)
        solar = 5400 * sun * cloud
        load = 620 + 1500 * hump(hour, 7.4, 1.1) + 900 * hump(hour, 14.2, 1.3) + 2600 * hump(hour, 18.4, 1.6)
        load += 160 * math.sin(at / 41_000)
        rest = solar - load
        battery = -min(930.0, 0.4 * rest) if rest > 0 else min(1500.0, -rest) if 17 < hour < 23 else 0.0
        return {"solar": solar, "load": load, "battery": battery, "grid": load - solar - battery}

    def register(self, quantity: Q, at: int) -> float | None:
        place = (at - self.first) / MINUTE_MS
        if place < 0 or quantity not in self._sums:
            return None
        line = self._sums[quantity]
        return float(np.interp(place, np.arange(len(line)), line))
