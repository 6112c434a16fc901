"""HomeWizard devices: P1 meter, kWh meters, sockets, water meter and battery, over their local API.

https://api-documentation.homewizard.com. v1 (HTTP) has to be switched on in the HomeWizard app; v2 (HTTPS, a
token the device gives once its button was pressed, measurements sent by themselves) is the battery's only
one. A device may be asked twice a second at most. HomeWizard's terms allow personal, non-commercial use.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any, TypeVar

from appliance.clock import MINUTE_MS
from appliance.errors import AuthError, SourceError
from appliance.model import Batch, Event, Quantity, Reading
from appliance.protocols import dsmr
from appliance.sources import _homewizard_data as data
from appliance.sources._homewizard_link import Device, Link
from appliance.sources._homewizard_memory import Memory
from appliance.sources._homewizard_options import Options
from appliance.sources._homewizard_push import PushError, measurements
from appliance.sources._homewizard_way import QUESTIONS, Way
from appliance.sources._telegram import to_readings
from appliance.sources.base import Context
from appliance.worker import Worker

__all__ = ["Options", "Source"]

T = TypeVar("T")
SLOWEST_S = 10.0
"""How often a meter before DSMR 5 sends to its P1 meter."""
STILL_S = 60.0
"""A meter that has sent nothing new for so long is cut off from its P1 meter."""
PUSH_AGAIN_S, PUSH_SELDOM_S = 300.0, 3600.0
SPARE_S = 5.0
"""What a call may take beyond the time-outs of its questions."""
GRACE_S = 0.2
"""A measurement a second does not come on the dot."""
PUSHING = ("HWE-P1", "HWE-BAT", "HWE-KWH1", "HWE-KWH3", "SDM230-wifi", "SDM630-wifi")


class Source:
    """Measurements as readings: pushed where the device does that, else asked for."""

    def __init__(self, options: Options, context: Context) -> None:
        self.name = options.label
        self.cadence_s = max(options.every_s, SLOWEST_S)
        self._options = options
        self._context = context
        self._clock = context.clock
        self._way = Way(options, Memory(context.folder / self.name, context.secrets), context.find)
        self._worker = Worker(self.name)
        self._role: data.Role | None = None
        self._seen: dict[Quantity, tuple[float, int]] = {}
        self._stamp = ""
        self._stamp_since = 0.0
        self._yielded_at: float | None = None
        self._damaged = 0

    async def batches(self) -> AsyncGenerator[Batch, None]:
        """One batch a measurement. SourceError and AuthError say what is wrong and what to do."""
        link: Link | None = None
        try:
            addresses = await self._way.addresses()
            link = await self._call(lambda: self._way.open(addresses), QUESTIONS)
            device = await self._call(link.device)
            self._role = self._role_of(device)
            pushes = link.api == "v2" and device.product_type in PUSHING and not self._options.telegram
            async with aclosing(self._followed(link) if pushes else self._asked(link)) as batches:
                async for batch in batches:
                    yield batch
        finally:
            if link is not None:
                link.close()
            self._worker.close()

    def _role_of(self, device: Device) -> data.Role | None:
        role = self._options.measures or data.ROLES.get(device.product_type)
        if role is None and device.product_type != "HWE-WTR":
            raise AuthError(
                f"Say with `measures` what the {device.product_name or device.product_type} measures: "
                "grid, load, solar or battery"
            )
        return role

    # Measurements

    async def _asked(self, link: Link, for_s: float | None = None) -> AsyncGenerator[Batch, None]:
        start = self._clock.monotonic()
        ask: Callable[[], Any] = link.telegram if self._options.telegram else link.measurement
        while for_s is None or self._clock.monotonic() - start < for_s:
            answer = await self._dated(ask)
            yield self._telegram(answer) if self._options.telegram else self._batch(answer)
            await self._clock.sleep(self._options.every_s)

    async def _dated(self, ask: Callable[[], T]) -> T:
        """The answer; asked once more where the clock was set meanwhile, for nobody knows when that was."""
        for _ in range(2):
            before = self._clock.now()
            answer = await self._call(ask)
            if 0 <= self._clock.now() - before <= (self._options.timeout_s + SPARE_S) * 1000:
                break
        return answer

    async def _followed(self, link: Link) -> AsyncGenerator[Batch, None]:
        """What the device sends, and while it sends nothing what it answers: the longer, the more often it
        sent nothing, for each try is a while without a measurement."""
        pause_s = PUSH_AGAIN_S
        while True:
            try:
                async with aclosing(measurements(link, self._clock, 3 * self.cadence_s)) as pushed:
                    async for payload in pushed:
                        pause_s = PUSH_AGAIN_S
                        if self._due():
                            yield self._batch(payload)
            except PushError as error:
                if pause_s == PUSH_AGAIN_S:
                    yield [Event(self.name, "push_silent", self._clock.now(), str(error))]
            async with aclosing(self._asked(link, pause_s)) as asked:
                async for batch in asked:
                    yield batch
            pause_s = min(2 * pause_s, PUSH_SELDOM_S)

    def _due(self) -> bool:
        now, last = self._clock.monotonic(), self._yielded_at
        if last is not None and now - last < self._options.every_s - GRACE_S:
            return False
        self._yielded_at = now
        return True

    def _batch(self, payload: Any) -> Batch:
        now = self._clock.now()
        numbers = data.values(payload)
        at = self._instant(payload.get("timestamp"), now)
        if at is None:
            return []
        if self._options.reverse:
            numbers = data.turned(numbers)
        found = data.readings(data.quantities(numbers, self._role), self.name, at)
        children = data.behind(payload, self._context.zone, at)
        if not found and not children:
            raise SourceError(
                "The HomeWizard device answers, but has measured nothing yet; is it connected to its meter?"
            )
        return [*found, *self._news(children)]

    def _telegram(self, raw: bytes) -> Batch:
        now = self._clock.now()
        telegram = dsmr.parse(raw, self._context.zone, now)
        if telegram.crc == "bad" or not telegram.readings:
            self._damaged += 1
            if self._damaged >= 3:
                raise SourceError(
                    f"{self._damaged} telegrams in a row came damaged; check the cable in the meter's P1 port"
                )
            return []
        self._damaged = 0
        if (
            telegram.at is not None
            and self._instant(telegram.lines.get("0-0:1.0.0"), now, telegram.at) is None
        ):
            return []
        readings = to_readings(telegram, self.name, now)
        older = {r.quantity: (r.value, r.at) for r in readings if r.quantity in telegram.moments}
        return [*(r for r in readings if r.quantity not in older), *self._news(older)]

    def _news(self, children: Mapping[Quantity, tuple[float, int]]) -> list[Reading]:
        """Gas is read every five minutes or every hour, and repeated in every answer between."""
        fresh = {quantity: seen for quantity, seen in children.items() if self._seen.get(quantity) != seen}
        self._seen.update(fresh)
        return [Reading(self.name, quantity, value, at) for quantity, (value, at) in fresh.items()]

    def _instant(self, stamp: Any, now: int, at: int | None = None) -> int | None:
        """When it was measured (UTC ms), None for what was seen before; v1 does not tell, so it is now.

        A meter whose clock is more than five minutes off is believed once it has been seen to go on: it may
        be an old measurement. Raises SourceError when the meter has sent nothing new for a minute.
        """
        if stamp is None:
            return now
        said, known = str(stamp), self._stamp
        if said == known:
            if self._clock.monotonic() - self._stamp_since > max(STILL_S, 3 * self.cadence_s):
                raise SourceError(
                    f"The HomeWizard device answers, but its meter has sent nothing since {said}; "
                    "check the cable in the meter's P1 port"
                )
            return None
        self._stamp, self._stamp_since = said, self._clock.monotonic()
        at = at if at is not None else data.moment(stamp, self._context.zone, now)
        if at is not None and abs(now - at) <= 5 * MINUTE_MS:
            return at
        return now if known else None

    async def _call(self, work: Callable[[], T], questions: int = 1) -> T:
        return await self._worker.call(work, questions * self._options.timeout_s + SPARE_S)
