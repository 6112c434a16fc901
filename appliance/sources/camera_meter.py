"""Photographs a meter and reads its counter: mechanical wheels or a display, for electricity, gas or water.

The picture comes from a USB camera, a Pi camera, a network camera, or from files that something else
writes. The counter is found by itself on the first good picture and remembered. How often: once a minute is
plenty; a camera may be asked every few seconds. Nothing below `confidence_threshold` becomes a reading.
"""

import asyncio
from collections.abc import AsyncGenerator

from appliance.apart import Apart
from appliance.gate import Limits
from appliance.model import Batch
from appliance.sources._camera_options import Options
from appliance.sources.base import Context

__all__ = ["Options", "Source"]

READING_DEADLINE_S = 60.0
"""Looking for a counter can take a slow Pi that long; a camera's own time-outs are far shorter."""


class Source:
    """Yields with every capture the picture, and a reading or now and then an event that says why not."""

    urgent = True
    """A register reading is worth a write of its own."""

    def __init__(self, options: Options, context: Context) -> None:
        self.name = options.label
        self.cadence_s = options.every_s
        self.folder = context.folder / self.name
        self.limits = Limits(
            monotonic=options.monotonic_check,
            max_per_hour=options.max_hourly_increase_kwh,
            max_per_day=options.max_daily_increase_kwh,
            resolution=options.factor * 10.0**-options.decimals,
        )
        self.wheels = options.expected_digits - options.decimals, options.decimals
        self._options = options
        self._clock = context.clock
        what = options, self.folder, context.clock
        self._eye = Apart(f"The camera of {self.name}", "appliance.sources._eye:Eye", *what)

    async def batches(self) -> AsyncGenerator[Batch, None]:
        options = self._options
        deadline_s = options.timeout_s + READING_DEADLINE_S
        try:
            await self._eye.call("open", deadline_s)
            while True:
                batch: Batch = await self._eye.call("look", deadline_s)
                if batch:
                    yield batch
                await self._clock.sleep(options.every_s)
        finally:
            await asyncio.to_thread(self._eye.close)
