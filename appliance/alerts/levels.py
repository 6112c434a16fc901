"""Alarms at a level: the battery's charge, power drawn, a day's energy. Pure.

An alarm ends some way on the good side of where it began, so that it does not flutter.
"""

from datetime import date

from appliance.alerts import told_for
from appliance.model import Event
from appliance.outages import lasting
from appliance.wording import kwh, power

CHARGE_CALM = 5.0
"""Percent above the threshold at which a battery has recovered."""
POWER_CALM = 0.9
"""Share of the threshold below which power is no longer high."""
BATTERY_LOW, BATTERY_RECOVERED = "battery_low", "battery_recovered"
HIGH_POWER, HIGH_POWER_OVER = "high_power", "high_power_over"
HIGH_DAY = "high_day"


class BatteryLow:
    """The state of charge of one battery. That it charges just now does not end the alarm."""

    def __init__(self, source: str, *, raised: bool = False) -> None:
        """`raised`: it was told to be low, and nothing since."""
        self._source, self._raised = source, raised

    def judge(self, percent: float, threshold: float | None, now: int) -> Event | None:
        """What has to be told; `threshold` in percent, None for nothing."""
        if threshold is None:
            self._raised = False
        elif not self._raised and percent < threshold:
            self._raised = True
            data = {"percent": round(percent, 1), "threshold": threshold}
            return Event(self._source, BATTERY_LOW, now, f"The battery is low: {percent:.0f} %", data)
        elif self._raised and percent >= min(100.0, threshold + CHARGE_CALM):
            self._raised = False
            data = {"percent": round(percent, 1)}
            text = f"The battery is no longer low: {percent:.0f} %"
            return Event(self._source, BATTERY_RECOVERED, now, text, data)
        return None


class HighPower:
    """The mean power over some minutes."""

    def __init__(self, source: str, *, raised: bool = False) -> None:
        self._source, self._raised = source, raised

    def judge(self, watts: float | None, kw: float | None, minutes: float, now: int) -> Event | None:
        """`watts` is the mean over `minutes` (None: not known), `kw` the threshold (None: for nothing)."""
        if kw is None:
            self._raised = False
        elif watts is not None and not self._raised and watts > kw * 1000:
            self._raised = True
            data = {"watts": round(watts), "minutes": minutes, "threshold_kw": kw}
            text = f"The house has drawn {power(watts)} for {lasting(minutes * 60)}"
            return Event(self._source, HIGH_POWER, now, text, data)
        elif watts is not None and self._raised and watts <= kw * 1000 * POWER_CALM:
            self._raised = False
            text = f"High use is over: {power(watts)} over {lasting(minutes * 60)}"
            return Event(self._source, HIGH_POWER_OVER, now, text, {"watts": round(watts)})
        return None


class HighDay:
    """The energy used since midnight, told once a day."""

    def __init__(self, source: str, told_on: date | None = None) -> None:
        self._source, self._told_on = source, told_on

    def due(self, today: date) -> bool:
        """Whether a high use of that local day would be told."""
        return not told_for(self._told_on, today)

    def judge(self, used: float | None, threshold: float | None, today: date, now: int) -> Event | None:
        """`used` and `threshold` in kWh; None is not known, or for nothing."""
        if used is None or threshold is None or used <= threshold or not self.due(today):
            return None
        self._told_on = today
        data = {"kwh": round(used, 2), "threshold": threshold}
        text = f"{kwh(used)} were used today, more than {threshold:g} kWh"
        return Event(self._source, HIGH_DAY, now, text, data)
