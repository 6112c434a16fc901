"""Tesla Powerwall: through its gateway, Tesla's servers (both with pypowerwall) or a pypowerwall proxy.

docs/POWERWALL.md says which way is for whom. https://github.com/jasonacox/pypowerwall. A gateway takes a
question every 5 s; powers, charge and the grid are asked for at that pace, the rest every minute.
"""

from collections.abc import AsyncGenerator, Callable
from typing import Any, Protocol, TypeVar

from appliance.errors import SourceError
from appliance.model import Batch, Event, Fact, Quantity, Reading
from appliance.sources import _powerwall_data as data
from appliance.sources import _powerwall_strings as strings
from appliance.sources._powerwall_alerts import Watch, alerts
from appliance.sources._powerwall_library import GRID, SOE, BusyError, Library
from appliance.sources._powerwall_memory import Memory
from appliance.sources._powerwall_options import CLOUDS, Options
from appliance.sources._powerwall_proxy import GRID as PROXY_GRID
from appliance.sources._powerwall_proxy import SOE as PROXY_SOE
from appliance.sources._powerwall_proxy import Proxy
from appliance.sources.base import Context
from appliance.worker import Worker

__all__ = ["Options", "Source", "parse"]

T = TypeVar("T")
SPARE_S = 60.0
QUESTIONS = 20
"""What a call may take: time-outs of its questions, logins among them, and the pauses of the library's own
retries (31 s)."""
STALE_AFTER, DETAIL_S = 2.5, 120.0
"""So that a string asked for once a minute is not taken for silent before it is asked for again."""
NAMES = {SOE: "state of charge", GRID: "state of the grid"}
"""What every Powerwall tells; other details many lack, which is no news."""
NAMES |= {PROXY_SOE: NAMES[SOE], PROXY_GRID: NAMES[GRID]}


class Way(Protocol):
    """How a Powerwall is asked. Calls block."""

    missing: dict[str, str]

    def quick(self) -> dict[str, Any]: ...
    def details(self) -> dict[str, Any]: ...
    def close(self) -> None: ...


def parse(
    answers: data.Answers,
    source: str,
    at: int,
    units: dict[str, int] | None = None,
    cloud: bool = False,
    inverters: dict[str, int] | None = None,
) -> list[Reading]:
    """The readings in what was answered at `at` (UTC ms). Raises SourceError where no power is told.

    `units` and `inverters` number them, `cloud` says that Tesla's servers were asked. Pure: no clock, no
    network.
    """
    found = data.measured(answers, source, at)
    found += data.charge(answers, source, at, cloud)
    found += data.grid(answers, source, at, cloud)
    found += data.settings(answers, source, at)
    found += data.storage(answers, source, at, units or {})
    found += strings.readings(answers, source, at, inverters)
    if not any(reading.quantity is Quantity.FREQUENCY for reading in found):
        found += data.frequency(answers, source, at)
    return found


class Source:
    """Asks at its pace, and for the details more seldom. One thread owns the way to the Powerwall."""

    def __init__(self, options: Options, context: Context) -> None:
        self.name = options.label
        self.cadence_s = max(options.pace_s, min(options.details_every_s, DETAIL_S) / STALE_AFTER)
        self._options = options
        self._clock = context.clock
        self._folder = context.folder / self.name
        self._zone = context.zone
        self._cloud = options.mode in CLOUDS
        self._memory = Memory(self._folder)
        self._watch = Watch(self._memory.alerts)
        self._told: dict[str, str] = {}
        self._not_before = 0.0

    async def batches(self) -> AsyncGenerator[Batch, None]:
        """One batch a look. SourceError and AuthError say what is wrong and what to do."""
        if (rest_s := self._not_before - self._clock.monotonic()) > 0:
            await self._clock.sleep(rest_s)
        way, worker = self._way(), Worker(self.name)
        details_due = 0.0
        try:
            while True:
                answers = await self._call(worker, way.quick)
                at, now = self._clock.now(), self._clock.monotonic()
                if now >= details_due:
                    answers = {**answers, **await self._call(worker, way.details)}
                    details_due = now + self._options.details_every_s
                yield self._batch(answers, way.missing, at)
                await self._clock.sleep(self._options.pace_s)
        except BusyError as error:
            self._not_before = self._clock.monotonic() + error.pause_s
            raise
        finally:
            worker.close()
            way.close()

    def _way(self) -> Way:
        if self._options.mode == "proxy":
            return Proxy(self._options.host, self._options.timeout_s)
        return Library(self._options, self._folder, self._zone.key)

    async def _call(self, worker: Worker, work: Callable[[], T]) -> T:
        return await worker.call(work, QUESTIONS * self._options.timeout_s + SPARE_S)

    def _batch(self, answers: dict[str, Any], missing: dict[str, str], at: int) -> Batch:
        if self._cloud and (age_s := data.old_s(answers, at)) > data.OLD_S:
            raise SourceError(
                f"Tesla has heard nothing from the gateway for {age_s / 60:.0f} minutes: are it and its "
                "internet connection on?"
            )
        units = self._memory.number(list(data.units(answers)))
        inverters = self._memory.number_inverters(strings.inverters(answers))
        found: list[Fact] = [*parse(answers, self.name, at, units, self._cloud, inverters)]
        found += self._news(answers, missing, at)
        self._memory.alerts = self._watch.known
        self._memory.keep()
        return found

    def _news(self, answers: dict[str, Any], missing: dict[str, str], at: int) -> list[Event]:
        """Alerts that came and went, and once what is not told."""
        events = self._watch.seen(alerts(answers), self.name, at)
        lacking = {NAMES[path]: why for path, why in missing.items() if path in NAMES}
        word = data.grid_word(answers)
        if word is not None and word not in data.GRID_STATES:
            lacking[NAMES[GRID]] = f"its word for it is new: {word}"
        for what, why in lacking.items():
            if what not in self._told:
                text = f"The Powerwall does not tell its {what} ({why}); the rest goes on"
                events.append(Event(self.name, "value_missing", at, text, {"value": what}))
        self._told = lacking
        return events
