"""A made-up household for the store's bench: noisy as real ones, 20 quantities from two sources."""

import numpy as np
import numpy.typing as npt

from appliance.model import Quantity

Q = Quantity
Column = npt.NDArray[np.float64]

METER = (
    Q.POWER_GRID, Q.ENERGY_IMPORT, Q.ENERGY_EXPORT, Q.POWER_L1, Q.POWER_L2, Q.POWER_L3, Q.VOLTAGE_L1,
    Q.VOLTAGE_L2, Q.VOLTAGE_L3, Q.CURRENT_L1, Q.CURRENT_L2, Q.CURRENT_L3, Q.FREQUENCY,
)  # fmt: skip
"""A meter that dates its telegrams by whole seconds."""
GATEWAY = (
    Q.POWER_SOLAR, Q.POWER_BATTERY, Q.POWER_LOAD, Q.STATE_OF_CHARGE, Q.ENERGY_SOLAR, Q.ENERGY_CHARGED,
    Q.ENERGY_DISCHARGED,
)  # fmt: skip
"""A battery's gateway, polled: its instants jitter by some milliseconds."""


class House:
    """Readings day by day; registers run on."""

    def __init__(self, seed: int = 1) -> None:
        self._dice = np.random.default_rng(seed)
        self._registers = dict.fromkeys((*METER, *GATEWAY), 12_345.678)

    def day(self, step_s: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], dict[Q, Column]]:
        """Milliseconds of the day of the meter's and the gateway's readings, and every quantity's values."""
        dice, n = self._dice, 86_400 // step_s
        t = np.arange(n) * step_s
        load = 250 + 40 * (np.sin(t / 700) > 0) + dice.normal(0, 6, n)
        for _ in range(60):
            begin = dice.integers(0, n)
            load[begin : begin + dice.integers(60, 5400) // step_s] += dice.choice([40, 100, 700, 1500, 2000])
        clouds = np.clip(np.convolve(dice.normal(0.8, 1.2, n), np.ones(60) / 60, "same"), 0.1, 1)
        solar = np.clip(np.sin((t - 21_600) / 43_200 * np.pi), 0, 1) * 5000 * clouds
        battery = np.clip(load - solar, -3000, 3000) * (np.sin(t / 9000) > -0.5)
        grid = load - solar - battery
        values = {Q.POWER_SOLAR: solar, Q.POWER_BATTERY: battery, Q.POWER_LOAD: load}
        shares = (0.5, 0.3, 0.2)
        powers = [grid * share + dice.normal(0, 4, n) for share in shares]
        values[Q.POWER_GRID] = np.rint(sum(powers))
        for phase, power in enumerate(powers):
            volts = 231 + 1.5 * np.sin(t / 9000 + phase) + dice.normal(0, 0.2, n) - power / 2500
            values[(Q.POWER_L1, Q.POWER_L2, Q.POWER_L3)[phase]] = power
            values[(Q.VOLTAGE_L1, Q.VOLTAGE_L2, Q.VOLTAGE_L3)[phase]] = volts
            values[(Q.CURRENT_L1, Q.CURRENT_L2, Q.CURRENT_L3)[phase]] = power / volts
        values[Q.FREQUENCY] = 50 + 0.02 * np.sin(t / 300) + dice.normal(0, 0.005, n)
        values[Q.STATE_OF_CHARGE] = 50 - 30 * np.cos(t / 86_400 * 2 * np.pi) + dice.normal(0, 0.02, n)
        flows = {
            Q.ENERGY_IMPORT: grid, Q.ENERGY_EXPORT: -grid, Q.ENERGY_SOLAR: solar,
            Q.ENERGY_CHARGED: -battery, Q.ENERGY_DISCHARGED: battery,
        }  # fmt: skip
        for register, flow in flows.items():
            risen = self._registers[register] + np.cumsum(np.clip(flow, 0, None)) * step_s / 3.6e6
            values[register], self._registers[register] = risen, float(risen[-1])
        rounded = {
            quantity: np.round(column, quantity.spec.decimals) + 0.0 for quantity, column in values.items()
        }
        return t * 1000, t * 1000 + 400 + dice.integers(0, 9, n), rounded
