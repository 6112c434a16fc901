"""What tests of the camera source share: the virtual meter before a camera, on a clock that jumps."""

from datetime import UTC, datetime

from appliance.clock import FakeClock
from appliance.demo.faceplate import WHEELS, wheel_box
from appliance.meter_setup import CounterSetup, MeterSetup
from appliance.model import Batch, Quantity, Reading
from appliance.sources.camera_meter import Source
from ocr import Box, Calibration

START = int(datetime(2026, 5, 4, 10, tzinfo=UTC).timestamp() * 1000)
ROW = tuple(wheel_box(i) for i in range(WHEELS))
TRUE = MeterSetup(1280, 720, (CounterSetup(Quantity.ENERGY_IMPORT, "kWh", digits=ROW, decimals=1),))
PLACE = Calibration(1280, 720, tuple(Box(*box) for box in ROW), 1)
BOXES = {"width": 1280, "height": 720, "digits": [list(box) for box in ROW], "decimals": 1}
"""The same three times: as the page, as `ocr` and as config.json say it."""


class EagerClock(FakeClock):
    """Sleeping takes no time: the instant is there at once."""

    async def sleep(self, seconds: float) -> None:
        self.tick(seconds)


async def one(source: Source) -> Batch:
    """The next capture."""
    batches = source.batches()
    try:
        return await anext(batches)
    finally:
        await batches.aclose()


def reading(batch: Batch) -> Reading | None:
    """The first reading in a batch."""
    return next((fact for fact in batch if isinstance(fact, Reading)), None)
