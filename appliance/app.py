"""The appliance: builds what the configuration asks for, starts it, passes every fact on, stops it."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from socket import gethostname
from types import TracebackType
from typing import Any, Self

from appliance import notify
from appliance.access import Access
from appliance.alert_watch import AlertWatch
from appliance.answers import Answers
from appliance.clock import Clock
from appliance.corrections import Corrections
from appliance.day_summary import DaySummary
from appliance.errors import StoreError
from appliance.gate import Gate
from appliance.known import Known
from appliance.model import Batch, Event, Fact, Price, Quantity, Reading, Sink, Source
from appliance.nearby import Neighbourhood
from appliance.outage_watch import OutageWatch
from appliance.phase_watch import PhaseWatch
from appliance.plugins import Found, PartOptions
from appliance.rejections import Rejections
from appliance.sinks import base as sinks
from appliance.sources import base as sources
from appliance.supervise import Part, State, forever
from config.schema import Config
from config.secrets import SecretBox, SecretError

log = logging.getLogger(__name__)

DEFAULT_CADENCE_S = 60.0
STORE_PART = "store"
CONFIG_PART = "config"
ACCESS_PART = "access"
HEARTBEAT_S = 10.0


class Appliance(Known):
    """`async with` starts and stops everything; `accept` is the one way in for facts."""

    def __init__(self, config: Config, folder: Path, clock: Clock, problems: Sequence[str] = ()) -> None:
        """`problems` are the mistakes of a configuration that could not be used, or only in part."""
        super().__init__(config, folder, clock)
        self.secrets = SecretBox(folder)
        self.access = Access(self.store.documents, self.secrets, clock)
        self.neighbourhood = Neighbourhood()
        self.phase_watch = PhaseWatch(
            self.hub,
            clock,
            config.site.main_fuse_a,
            self._happened,
            lambda: self.grid_meters(Quantity.ENERGY_IMPORT),
        )
        self.outage_watch = OutageWatch(
            self.hub, self.store, clock, self.zone, self._happened, {o.label for o in config.sources}
        )
        self.alert_watch = AlertWatch(self, self._happened)
        self.day_summary = DaySummary(self, self._happened)
        self.answers = Answers(self)
        self.sinks: dict[str, Sink] = {}
        self.say: Callable[[str], str] = str
        """Tells a text of ours in the site's language; the screen, which knows it, puts its own here."""
        self.id = ""
        self._problems = problems
        self._gate = Gate()
        self._rejections = Rejections()
        self.corrections = Corrections(clock, self.hub, self.store, self._gate, self._rejections)
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.health.changed = self._part_changed
        self._report_problems()
        await self._open_store()
        self._start("outages", self.outage_watch.run())  # before any source speaks
        self._build_parts()
        self._remember()
        self._start("heartbeat", self._heartbeat())
        self._start("phases", self.phase_watch.run())
        self._start("alerts", self.alert_watch.run())
        self._start("summary", self.day_summary.run())
        notify.ready()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        notify.stopping()
        self.health.changed = lambda new, old: None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.neighbourhood.close()
        await self.store.__aexit__(kind, error, trace)

    # Facts

    async def accept(self, batch: Batch, *, urgent: bool = False) -> list[Event]:
        """Judge the readings, tell everyone, keep what is believed. Returns what was refused and why."""
        now = self.clock.now()
        passed: list[Fact] = []
        refused: list[Event] = []
        for fact in batch:
            if not isinstance(fact, Reading):
                passed.append(fact)
                continue
            if self._knows(fact):
                continue
            verdict = self._gate.judge(fact, now, self.limits(fact))
            if verdict.reading is not None:
                passed.append(verdict.reading)
                self._rejections.cleared(fact)
            elif verdict.event is not None:
                refused.append(verdict.event)
            if verdict.turn:
                self.store.turned(fact.source, fact.quantity, fact.at, verdict.turn)
            if verdict.event is not None and self._rejections.worth_telling(fact, verdict.event, now):
                passed.append(verdict.event)
        self.alert_watch.sources.refused(refused)
        self.hub.publish(passed)
        self.store.append(passed, urgent=urgent)
        return refused

    def _knows(self, reading: Reading) -> bool:
        """Whether it was the last one: a source that was cut off begins anew with what it ended with."""
        last = self.hub.latest.get((reading.source, reading.quantity))
        return last is not None and (last.at, last.value) == (reading.at, reading.value)

    # Starting

    def _report_problems(self) -> None:
        if self._problems:
            self.health.add(CONFIG_PART, "config", "config")
            self.health.failed(CONFIG_PART, "\n".join(self._problems), State.NEEDS_YOU)

    async def _open_store(self) -> None:
        self.health.add(STORE_PART, "store", "sqlite")
        await self.store.__aenter__()
        self.id = self._identity()
        self._load_access()
        await self.recall()
        await self.accept(self.store.opened)
        self._report_store()

    def _remember(self) -> None:
        """What was known before the start is what the gate holds new readings against."""
        for reading in self.hub.latest.values():
            self._gate.remember(reading, self.limits(reading))

    def _load_access(self) -> None:
        """Without a key there is no token, and so no program that may write; all else runs."""
        try:
            self.access.load()
        except (SecretError, StoreError) as error:
            self.health.add(ACCESS_PART, "access", "token")
            self.health.failed(ACCESS_PART, f"The API has no token: {error}", State.NEEDS_YOU)

    def _identity(self) -> str:
        known = self.store.documents.get("appliance", "identity")
        if known is None:
            known = {"id": f"tallywatt-{secrets.token_hex(4)}"}
            self.store.documents.put("appliance", "identity", known)
        return str(known["id"])

    def _build_parts(self) -> None:
        kinds = sources.discover()
        for options in self.config.sources:
            self._build_part(options, "source", kinds, self._add_source)
        kinds = sinks.discover()
        for options in self.config.sinks:
            self._build_part(options, "sink", kinds, self._add_sink)

    def _build_part(
        self, options: PartOptions, role: str, kinds: Mapping[str, Found], add: Callable[[Any, Found], None]
    ) -> None:
        """A part that cannot start is shown on the Health page; the rest runs."""
        if not options.enabled:
            return
        name = options.label
        self.health.add(name, role, options.type)
        found = kinds[options.type]
        if found.module is None:
            self.health.failed(name, f"{options.type} {found.problem}", State.NEEDS_YOU)
            return
        try:
            add(options, found)
        except Exception as error:
            log.exception("%s cannot start", name)
            self.health.failed(name, f"It cannot start: {error}", State.NEEDS_YOU)

    def _add_source(self, options: PartOptions, found: Found) -> None:
        context = sources.Context(
            self.clock,
            self.folder / "sources",
            self.zone,
            past=self.store.around,
            currency=self.config.site.currency,
            prices=self.store.prices,
            find=self.neighbourhood.find,
            secrets=self.secrets,
        )
        source: Source = found.build("Source", options, context)
        name = options.label
        self.sources[name] = source
        self.cadences[name] = source.cadence_s
        self.health.add(name, "source", options.type, source.cadence_s)
        self._start(name, forever(name, lambda: self._follow(source), self.health, self.clock))

    def _add_sink(self, options: PartOptions, found: Found) -> None:
        context = sinks.SinkContext(
            clock=self.clock,
            store=self.store,
            hub=self.hub,
            zone=self.zone,
            appliance_id=self.id,
            report=_SinkReport(options.label, self),
            looks=self.look,
            site=self.config.site.name,
            sources=self.running_sources,
            page=f"http://{gethostname().partition('.')[0]}.local:{self.config.web.port}",
            currency=self.config.site.currency,
            rates=self.rates,
            topics=lambda: self.message_settings.topics,
            say=lambda text: self.say(text),
            ask=self.answers.ask,
            chart=self.answers.chart,
        )
        sink: Sink = found.build("Sink", options, context)
        self.sinks[options.label] = sink
        self._start(options.label, forever(options.label, sink.run, self.health, self.clock))

    def _start(self, name: str, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)

    # Running

    async def _follow(self, source: Source) -> None:
        urgent = bool(getattr(source, "urgent", False))
        disbelieved = getattr(source, "disbelieved", None)
        async for batch in source.batches():
            refused = await self.accept(batch, urgent=urgent)
            if refused and disbelieved is not None:
                await disbelieved(refused)
            if not batch or any(isinstance(fact, Reading | Price) for fact in batch):
                self.health.ok(source.name, "Working")

    def _part_changed(self, new: Part, old: Part | None) -> None:
        if old is None or (old.state is State.STARTING and new.state is State.OK):
            return
        name = "part_back" if new.state is State.OK else "part_failed"
        data = {"role": new.role, "state": str(new.state)}
        self._happened([Event(new.name, name, self.clock.now(), new.text, data)])

    def _happened(self, events: Sequence[Event]) -> None:
        self.hub.publish(events)
        self.store.append(events)

    def _report_store(self) -> None:
        problem = self.store.problem
        if problem:
            self.health.failed(STORE_PART, problem, State.NEEDS_YOU)
        else:
            self.health.ok(STORE_PART)

    async def _heartbeat(self) -> None:
        """Tell systemd that we live, as long as the loop turns and the store answers."""
        pause = min(HEARTBEAT_S, (notify.watchdog_interval_s() or 2 * HEARTBEAT_S) / 2)
        while True:
            try:
                await self.store.check()
            except StoreError as error:
                self.health.failed(STORE_PART, str(error), State.NEEDS_YOU)
            else:
                self._report_store()
                notify.watchdog()
            await asyncio.sleep(pause)


class _SinkReport:
    """What a sink says, passed on to the Health page and to everyone."""

    def __init__(self, name: str, appliance: Appliance) -> None:
        self._name = name
        self._appliance = appliance

    def ok(self, text: str) -> None:
        self._appliance.health.ok(self._name, text)

    def trouble(self, text: str, *, needs_you: bool = False) -> None:
        state = State.NEEDS_YOU if needs_you else State.WAITING
        self._appliance.health.failed(self._name, text, state)

    def event(self, event: Event) -> None:
        self._appliance._happened([event])  # a part of the appliance
