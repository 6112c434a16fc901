"""Setting up the meter before a camera, as the pages and the API ask for it: what needs the
picture is carried out in the camera's process, between two captures."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from appliance.apart import Apart
from appliance.meter_setup import CounterSeen, Learned, MeterSetup, Refused, Still
from appliance.sources._album import REFUSED, Refusals
from appliance.sources._camera_options import Options
from appliance.sources._in_force import in_force
from appliance.sources.base import Past


class CameraSurveyor:
    """A `meter_setup.Surveyor`."""

    def __init__(
        self,
        options: Options,
        folder: Path,
        eye: Apart,
        deadline_s: float,
        changed: Callable[[], None],
        past: Past,
    ) -> None:
        """`changed` is told when another set-up came into force."""
        self._options, self._folder = options, folder
        self._eye, self._deadline_s = eye, deadline_s
        self._changed, self._past = changed, past
        self._refusals = Refusals(folder / REFUSED)

    async def _ask(self, what: str, *said: Any) -> Any:
        return await self._eye.call("survey", self._deadline_s, what, *said)

    async def current(self) -> MeterSetup | None:
        known = await asyncio.to_thread(in_force, self._folder, self._options)
        return known.setup if known else None

    async def shoot(self) -> Still:
        still: Still = await self._ask("shoot")
        return still

    async def find(self, shows: str) -> MeterSetup:
        setup: MeterSetup = await self._ask("find", shows)
        return setup

    async def test(self, setup: MeterSetup) -> tuple[CounterSeen, ...]:
        seen: tuple[CounterSeen, ...] = await self._ask("test", setup)
        return seen

    async def save(self, setup: MeterSetup) -> None:
        await self._ask("save", setup)
        self._changed()

    async def refused(self) -> tuple[Refused, ...]:
        return await asyncio.to_thread(self._refusals.newest_first)

    async def refused_picture(self, at: int) -> bytes:
        return await asyncio.to_thread(self._refusals.picture, at)

    async def teach(self, at: int, shows: str) -> Learned:
        setup = await self.current()
        counted = [counter.quantity for counter in setup.counters] if setup else []
        believed = {what: await self._past(self._options.label, what, at) for what in counted}
        learned: Learned = await self._ask("teach", at, shows, believed)
        return learned

    async def learned(self) -> Learned:
        learned: Learned = await self._ask("learned")
        return learned

    async def forget(self) -> None:
        await self._ask("forget")
