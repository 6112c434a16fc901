"""A price of your own: the same at all times, or by time of day, weekday and season. Needs no network.

Each table is in force from its `since` until the next one's. Times are the site's clock: a rate from 22:00 to
06:00 holds through a night of 9 or 11 hours as well.
"""

from collections.abc import AsyncGenerator, Sequence
from datetime import date, timedelta
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from appliance import calendar
from appliance.calendar import QUARTER_MS
from appliance.clock import MINUTE_MS, SECOND_MS, sane
from appliance.model import Batch, Price
from appliance.money.moments import Moments
from appliance.sources import _own_prices, _slots
from appliance.sources._own_prices import OwnOptions
from appliance.sources.base import Context
from config.contract import When

LONGEST_SLEEP_S = 900.0


class Rate(BaseModel):
    """What a kWh costs at certain times."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    per_kwh: float = Field(ge=-100, le=100_000)
    """Money for a kWh at these times, in the site's currency."""
    when: tuple[When, ...] = Field(min_length=1)
    """The times."""


class Table(BaseModel):
    """Prices from a day on."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    since: date = date(2000, 1, 1)
    """The first day it is in force, such as 2027-01-01."""
    per_kwh: float = Field(ge=-100, le=100_000)
    """Money for a kWh at all times that no rate names, in the site's currency."""
    rates: tuple[Rate, ...] = ()
    """Other prices at certain times; the first that fits is taken."""


class Options(OwnOptions):
    """A fixed price, or one by time of use, as your contract says."""

    type: Literal["fixed_price"] = "fixed_price"
    tables: tuple[Table, ...] = Field(min_length=1)
    """The prices, one table for each time they changed."""
    days_back: int = Field(default=31, ge=0, le=1000)
    """For how many past days they are told as well."""


def prices(tables: Sequence[Table], moments: Moments, source: str, channel: _slots.Channel) -> list[Price]:
    """The price of each quarter hour; none before the first table is in force. Pure."""
    values = np.full(len(moments.starts), np.nan)
    days = moments.day.astype("datetime64[D]")
    for table in sorted(tables, key=lambda table: table.since):
        inside = days >= np.datetime64(table.since)
        values[inside] = table.per_kwh
        for rate in reversed(table.rates):
            values[inside & moments.within(rate.when)] = rate.per_kwh
    known = np.isfinite(values)
    return [
        Price(source, channel, start, start + QUARTER_MS, value)
        for start, value in zip(moments.starts[known].tolist(), values[known].tolist(), strict=True)
    ]


class Source:
    """Tells today's and tomorrow's prices, and every midnight the next day's."""

    cadence_s = 86_400.0

    def __init__(self, options: Options, context: Context) -> None:
        self.name = options.label
        self._options = options
        self._context = context

    async def batches(self) -> AsyncGenerator[Batch, None]:
        clock, zone = self._context.clock, self._context.zone
        told_until = 0
        while True:
            now = clock.now()
            if sane(now):
                today = calendar.day_of(now, zone)
                first = calendar.day_start(today - timedelta(days=self._options.days_back), zone)
                end = calendar.day_start(today + timedelta(days=2), zone)
                if end != told_until:
                    async for batch in _own_prices.changed(self._between(first, end), self._context):
                        yield batch
                    told_until = end
                    yield []
                wait_s = (calendar.day_start(today + timedelta(days=1), zone) - now) / SECOND_MS
            else:
                wait_s = MINUTE_MS / SECOND_MS
            await clock.sleep(min(LONGEST_SLEEP_S, max(1.0, wait_s)))

    def _between(self, first: int, end: int) -> list[Price]:
        moments = Moments(np.arange(first, end, QUARTER_MS, dtype=np.int64), self._context.zone)
        return prices(self._options.tables, moments, self.name, self._options.channel)
