"""Photographs a meter and reads its counters: wheels, displays and dials, for electricity, gas or water.

The picture comes from a USB camera, a Pi camera, a network camera, or from files that something else
writes. A counter is found by itself on the first good picture and remembered, or set up on the Meter page.
How often: once a minute is plenty; a camera may be asked every few seconds. Nothing below
`confidence_threshold` becomes a reading.
"""

import logging
from collections.abc import AsyncGenerator, Mapping, Sequence

from appliance.apart import Apart
from appliance.errors import SourceError
from appliance.gate import Limits
from appliance.model import Batch, Event, Quantity, Reading
from appliance.sources import _setup
from appliance.sources._camera_options import Options
from appliance.sources._in_force import in_force
from appliance.sources._surveyor import CameraSurveyor
from appliance.sources.base import Context

__all__ = ["Options", "Source"]

log = logging.getLogger(__name__)

READING_DEADLINE_S = 60.0
"""Looking for a counter can take a slow Pi that long; a camera's own time-outs are far shorter."""
TENDING_DEADLINE_S = 600.0
CYCLING_S = 5.0
"""A display that cycles shows each register for some seconds."""


class Source:
    """Yields with every capture the picture, and readings or now and then an event that says why not."""

    urgent = True
    """A register reading is worth a write of its own."""

    def __init__(self, options: Options, context: Context) -> None:
        self.name = options.label
        self.cadence_s = options.every_s
        self.folder = context.folder / self.name
        self._options = options
        self._clock = context.clock
        what = options, self.folder, context.clock
        self._eye = Apart(f"The camera of {self.name}", "appliance.sources._eye:Eye", *what)
        self._deadline_s = options.timeout_s * options.frames + READING_DEADLINE_S
        self._faces = self._known_faces()
        self.surveyor = CameraSurveyor(
            options, self.folder, self._eye, self._deadline_s, self._set_up, context.past
        )

    @property
    def limits(self) -> Mapping[Quantity, Limits]:
        """What each counter of the set-up in force may do."""
        return _setup.limits(self._faces, self._options.limits())

    @property
    def wheels(self) -> Mapping[Quantity, tuple[int, int]]:
        """How many figures each counter has before and after its point."""
        return _setup.wheels(self._faces)

    def _known_faces(self) -> tuple[_setup.Face, ...]:
        known = in_force(self.folder, self._options)
        return _setup.faces(known.setup) if known else self._options.faces()

    def _set_up(self) -> None:
        """The set-up was changed."""
        self._faces = self._known_faces()

    async def batches(self) -> AsyncGenerator[Batch, None]:
        self._set_up()
        try:
            while True:
                began, missing = self._clock.now(), self._taking_turns()
                left_s = self._options.every_s
                while left_s > 0:
                    batch: Batch = await self._eye.call("look", self._deadline_s)
                    if batch:
                        yield batch
                    missing -= {fact.quantity for fact in batch if isinstance(fact, Reading)}
                    await self._tend()
                    left_s = self._left_s(began)
                    pause_s = min(left_s, CYCLING_S) if missing else left_s
                    await self._clock.sleep(pause_s)
                    left_s -= pause_s
        finally:
            await self._eye.stop()

    def _left_s(self, began: int) -> float:
        """Seconds until the next regular picture, however long this one took; a clock set back adds none."""
        every_s = self._options.every_s
        return min(every_s, max(0.0, every_s - (self._clock.now() - began) / 1000))

    def _taking_turns(self) -> set[Quantity]:
        """Registers that take turns on a display: each is waited for, or a camera that looks as often as the
        display cycles would see the same one for ever."""
        return {face.quantity for face in self._faces if face.register}

    async def _tend(self) -> None:
        try:
            await self._eye.call("tend", TENDING_DEADLINE_S)
        except SourceError as error:
            log.warning("%s: %s", self.name, error)

    async def disbelieved(self, refused: Sequence[Event]) -> None:
        """The gate refused readings of the last batch: their picture is kept and nothing learned of it."""
        for event in refused:
            said = Quantity(event.data["quantity"]), event.text
            try:
                await self._eye.call("disbelieved", self._deadline_s, *said)
            except SourceError as error:
                log.warning("%s: %s", self.name, error)
