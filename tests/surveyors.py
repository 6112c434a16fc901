"""A meter before a camera that can be set up, without camera and OCR: what it is told, it repeats."""

from dataclasses import dataclass, field

from appliance.errors import SourceError
from appliance.meter_setup import CounterSeen, CounterSetup, Learned, MeterSetup, Refused, Still
from appliance.model import DigitSeen, Quantity

BOX = (100, 100, 40, 60)
FOUND = MeterSetup(640, 360, (CounterSetup(Quantity.ENERGY_IMPORT, "kWh", digits=(BOX,)),))


@dataclass
class EchoSurveyor:
    """`refusals` are what it kept; `trouble` is raised by whatever needs the camera."""

    now: int
    setup: MeterSetup | None = None
    refusals: dict[int, tuple[str, bytes]] = field(default_factory=dict)
    trouble: str = ""
    crops: int = 0

    def _camera(self) -> None:
        if self.trouble:
            raise SourceError(self.trouble)

    async def current(self) -> MeterSetup | None:
        return self.setup

    async def shoot(self) -> Still:
        self._camera()
        return Still(self.now, b"jpeg", 640, 360)

    async def find(self, shows: str) -> MeterSetup:
        self._camera()
        return FOUND

    async def test(self, setup: MeterSetup) -> tuple[CounterSeen, ...]:
        self._camera()
        return tuple(
            CounterSeen("4", 4.0, 0.98, tuple(DigitSeen(4.0, 0.98, box) for box in counter.digits))
            for counter in setup.counters
        )

    async def save(self, setup: MeterSetup) -> None:
        self._camera()
        self.setup = setup

    async def refused(self) -> tuple[Refused, ...]:
        newest = sorted(self.refusals, reverse=True)
        return tuple(Refused(at, self.refusals[at][0], "Digit 3 is unsure") for at in newest)

    async def refused_picture(self, at: int) -> bytes:
        if at not in self.refusals:
            raise SourceError("That picture is no longer kept")
        return self.refusals[at][1]

    async def teach(self, at: int, shows: str) -> Learned:
        await self.refused_picture(at)
        del self.refusals[at]
        self.crops += len(shows)
        return Learned(self.crops)

    async def learned(self) -> Learned:
        return Learned(self.crops)

    async def forget(self) -> None:
        self.crops = 0
