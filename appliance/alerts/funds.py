"""A prepaid balance that is nearly spent: told when it gets low, and once a day while it stays so. Pure."""

from datetime import date, time
from zoneinfo import ZoneInfo

from appliance.alerts import told_for
from appliance.calendar import day_of, local
from appliance.model import Event
from appliance.wording import lasts, money

LOW_BALANCE = "low_balance"
CALM = 1.05
"""A balance, or days, so many times the threshold are not low any more: told at once when low again."""
REMINDED_FROM = time(9)
"""The next day's reminder waits until people are up."""


class LowBalance:
    """One prepaid account. Days are those of the meter's zone."""

    def __init__(self, source: str, zone: ZoneInfo, currency: str, told_at: int | None = None) -> None:
        """`told_at` is when it was told last (UTC ms)."""
        self._source, self._zone, self._currency = source, zone, currency
        self._told_on: date | None = None if told_at is None else day_of(told_at, zone)

    def judge(
        self,
        balance: float,
        days_left: float | None,
        low_balance: float | None,
        low_days: float | None,
        now: int,
    ) -> Event | None:
        """`balance` and `low_balance` are money, None is not known, or for nothing."""
        poor = low_balance is not None and balance < low_balance
        soon = low_days is not None and days_left is not None and days_left < low_days
        if not poor and not soon:
            if _clear(balance, low_balance) and _clear(days_left, low_days):
                self._told_on = None
            return None
        today = day_of(now, self._zone)
        reminder = self._told_on is not None and self._told_on < today
        if told_for(self._told_on, today) or (reminder and local(now, self._zone).time() < REMINDED_FROM):
            return None
        self._told_on = today
        data = {"balance": round(balance, 2), "days_left": days_left and round(days_left, 1)}
        data["threshold"] = low_balance if poor else None
        data["threshold_days"] = low_days if soon else None
        known = {name: value for name, value in data.items() if value is not None}
        return Event(self._source, LOW_BALANCE, now, self._text(balance, days_left), known)

    def _text(self, balance: float, days_left: float | None) -> str:
        amount = money(balance, self._currency)
        if balance <= 0:
            return f"The balance is spent: {amount}; recharge it now"
        if days_left is None:
            return f"The balance is low: {amount}"
        return f"The balance is low: {amount}, enough for {lasts(days_left)} days at present use"


def _clear(value: float | None, threshold: float | None) -> bool:
    return value is None or threshold is None or value >= CALM * threshold
