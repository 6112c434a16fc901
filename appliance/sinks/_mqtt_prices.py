"""The price of a kWh now and the quarter hours of today and tomorrow, as they are told by MQTT."""

import json

from appliance import calendar
from appliance.clock import DAY_MS
from appliance.sinks._discovery import PRICE_EXPIRES_S, Topics
from appliance.sinks._mqtt_states import Value
from appliance.sinks.base import SinkContext

DECIMALS = 5


class Prices:
    """Asks the books once a quarter hour, and when a price became known; `ways` are those ever known."""

    def __init__(self, context: SinkContext, topics: Topics) -> None:
        self._context = context
        self._topics = topics
        self._quarter = 0
        self._values: dict[str, Value] = {}
        self.ways: list[str] = []

    async def values(self, now: int, *, anew: bool) -> dict[str, Value]:
        """By topic; `anew` where a price became known. Raises StoreError."""
        quarter = calendar.quarter(now)
        if self._context.rates is not None and (anew or quarter != self._quarter):
            start, end = calendar.today(now, self._context.zone)
            # A day and 25 hours reach the end of tomorrow wherever clocks change.
            _, end = calendar.today(end + DAY_MS // 2, self._context.zone)
            rates = await self._context.rates(start, end)
            self._values = self._told("import", [(rate.start, rate.buying) for rate in rates], quarter)
            self._values |= self._told("export", [(rate.start, rate.selling) for rate in rates], quarter)
            self._quarter = quarter
        return self._values

    def _told(self, way: str, prices: list[tuple[int, float | None]], quarter: int) -> dict[str, Value]:
        known = {start: round(price, DECIMALS) for start, price in prices if price is not None}
        if not known:
            return {}
        if way not in self.ways:
            self.ways.append(way)
        rows = [
            {"start": calendar.local(at, self._context.zone).isoformat(), "price": price}
            for at, price in known.items()
        ]
        text = json.dumps({"unit": f"{self._context.currency}/kWh", "quarters": rows}, separators=(",", ":"))
        told = {self._topics.prices(way): Value(text, min(known), 2 * DAY_MS // 1000, 0.0)}
        if quarter in known:
            told[self._topics.price(way)] = Value(
                f"{known[quarter]:.{DECIMALS}f}", quarter, PRICE_EXPIRES_S, 0.0
            )
        return told
