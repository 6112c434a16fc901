"""The home battery of the virtual house."""

from dataclasses import dataclass
from itertools import accumulate
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from appliance.demo.weather import STEP_S, STEPS, Ints

Bools: TypeAlias = NDArray[np.bool_]
STORED_PER_CHARGED, STORED_PER_DISCHARGED = 9, 10
"""Tenths of a watt-step: a tenth of what is charged is lost, nothing more (90 % there and back)."""


@dataclass(frozen=True)
class Battery:
    """A home battery that keeps the grid at zero as well as it can.

    The share `reserve` of what it holds is kept for outages; `fade` of its capacity is lost in a year.
    """

    capacity_kwh: float = 13.5
    power_w: int = 5_000
    reserve: float = 0.0
    fade: float = 0.0

    @property
    def capacity(self) -> int:
        """When new, in tenths of a watt-step, the unit in which the charge is kept exactly."""
        return self.capacity_after(0)

    def capacity_after(self, days: int) -> int:
        """As `capacity`, so many days later."""
        kwh = self.capacity_kwh * (1 - self.fade * max(days, 0) / 365.25)
        return round(kwh * 3_600_000 / STEP_S) * 10

    def run(
        self, wanted: Ints, stored: int, full: int | None = None, dark: Bools | None = None
    ) -> tuple[Ints, Ints]:
        """Power (+ discharging) and charge after each step, when `wanted` W would zero the grid.

        `full` is the capacity of that day (as new, if left out); in the steps that are `dark` the reserve is
        there to be used.
        """
        most = self.capacity if full is None else full
        least = np.full(STEPS, round(self.reserve * most))
        if dark is not None:
            least[dark] = 0

        def step(level: int, wish: tuple[int, int]) -> int:
            want, floor = wish
            if want >= 0:
                return level - STORED_PER_DISCHARGED * min(
                    want, max(level - floor, 0) // STORED_PER_DISCHARGED
                )
            return level + STORED_PER_CHARGED * min(-want, max(most - level, 0) // STORED_PER_CHARGED)

        wishes = zip(np.clip(wanted, -self.power_w, self.power_w).tolist(), least.tolist(), strict=True)
        levels = np.fromiter(accumulate(wishes, step, initial=stored), dtype=np.int64, count=STEPS + 1)
        change = -np.diff(levels)
        power = np.where(change > 0, change // STORED_PER_DISCHARGED, change // STORED_PER_CHARGED)
        return power, levels
