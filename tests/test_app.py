"""The appliance as a whole: what it builds, keeps, refuses and says of itself."""

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from appliances import NOON, made

from appliance.app import Appliance
from appliance.clock import HOUR_MS, FakeClock
from appliance.errors import SourceError, StoreError
from appliance.gate import Limits
from appliance.model import Batch, Event, Fact, Picture, Quantity, Reading
from appliance.sources import base, meter_endpoint
from appliance.store import Store
from appliance.supervise import State

IMPORT, GRID = Quantity.ENERGY_IMPORT, Quantity.POWER_GRID
BLUEPRINT = {"type": "meter_endpoint", "name": "meter", "url": "http://127.0.0.1:9/meter"}


class Wire:
    """A source fed by the test, in place of a real driver."""

    def __init__(self, options: Any, context: base.Context) -> None:
        self.name = options.label
        self.cadence_s = 10.0
        self.context = context
        self.facts: asyncio.Queue[Batch | Exception] = asyncio.Queue()
        Wire.made.append(self)

    made: list["Wire"] = []  # noqa: RUF012 - emptied by the fixture

    async def batches(self) -> AsyncIterator[Batch]:
        while True:
            fact = await self.facts.get()
            if isinstance(fact, Exception):
                raise fact
            yield fact


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOON)


@pytest.fixture
def wired(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """`wired(kind)`: a source of type meter_endpoint is made by `kind` from now on."""
    Wire.made.clear()

    def wire(kind: Any) -> None:
        monkeypatch.setattr(meter_endpoint, "Source", kind)

    return wire


async def settled(clock: FakeClock, done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not done() and time.monotonic() < deadline:
        await clock.forward(0)
        await asyncio.sleep(0.005)
    assert done()


async def names(here: Appliance, *wanted: str) -> list[str]:
    """The texts of the events of those names, oldest first."""
    found = await here.store.events(names=wanted, limit=500)
    return [stored.event.text for stored in reversed(found)]


# Facts


async def test_a_fact_reaches_hub_and_store(tmp_path: Path, clock: FakeClock) -> None:
    async with made(tmp_path, clock) as here:
        with here.hub.subscribe() as heard:
            facts: list[Fact] = [
                Reading("a", GRID, 5, NOON),
                Event("a", "note", NOON, "said"),
                Picture("a", NOON, b"j", "1", 1),
            ]
            assert await here.accept(facts) == []
            assert list(await anext(heard)) == facts
        assert here.hub.latest["a", GRID].value == 5
        assert await here.store.has("a", GRID, NOON)
        assert await names(here, "note") == ["said"]


async def test_a_refusal_is_an_event_with_its_reason_and_never_reaches_the_store(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with made(tmp_path, clock) as here:
        await here.accept([Reading("a", IMPORT, 100, NOON)])
        clock.tick(60)
        (refused,) = await here.accept([Reading("a", IMPORT, 10, clock.now())])
        assert refused.name == "rejected"
        assert "a register never runs backwards" in refused.text
        assert await names(here, "rejected") == [refused.text]
        assert here.hub.latest["a", IMPORT].value == 100
        assert not await here.store.has("a", IMPORT, clock.now())
        assert await here.accept([Reading("a", IMPORT, 100.1, clock.now())]) == []


async def test_sums_count_on_when_a_counter_goes_past_its_last_number(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with made(tmp_path, clock) as here:
        monkeypatch.setattr(here, "limits", lambda reading: Limits(resolution=0.1, turns_at=100_000.0))
        for value in (99_999.4, 99_999.8, 0.3, 0.7):
            assert await here.accept([Reading("a", IMPORT, value, clock.now())]) == []
            clock.tick(HOUR_MS / 1000)
        for again in (False, True):
            if again:
                await here.store.flush()
            edges = [NOON + hours * HOUR_MS for hours in range(4)]
            assert await here.store.increase("a", IMPORT, edges) == pytest.approx([0.4, 0.5, 0.4])
        (told,) = await names(here, "register_turned")
        assert told == "The register went past 99999.900 kWh and stands at 0.300 kWh; sums count on"
        assert here.hub.latest["a", IMPORT].value == 0.7


async def test_what_is_known_already_is_kept_once(tmp_path: Path, clock: FakeClock) -> None:
    """A source that was cut off, or the appliance itself, begins anew with the reading it ended with."""
    known = Reading("a", IMPORT, 100.1, NOON, 0.97)
    for _ in range(2):
        async with made(tmp_path, clock) as here:
            for _ in range(2):
                await here.accept([known])
            at, _, _ = await here.store.raw("a", IMPORT, 0, 2 * NOON)
            assert at.tolist() == [NOON]


async def test_refusals_do_not_flood(tmp_path: Path, clock: FakeClock) -> None:
    async with made(tmp_path, clock) as here:
        await here.accept([Reading("a", IMPORT, 100, NOON)])
        count = 0
        for _ in range(3600):
            clock.tick(1)
            count += len(await here.accept([Reading("a", GRID, 1e9, clock.now())]))
        assert count == 3600, "every one is told to who asked"
        assert 10 <= len(await names(here, "rejected")) <= 12


async def test_the_main_fuse_bounds_what_can_be_believed(tmp_path: Path, clock: FakeClock) -> None:
    async with made(tmp_path, clock, site={"main_fuse_a": 16}) as here:
        await here.accept([Reading("a", IMPORT, 100, NOON)])
        clock.tick(3600)
        (refused,) = await here.accept([Reading("a", IMPORT, 130, clock.now())])
        assert "at most 16.56 kWh an hour" in refused.text
        assert await here.accept([Reading("a", IMPORT, 115, clock.now())]) == []


async def test_also_of_what_a_camera_reads_unless_its_owner_says_otherwise(
    tmp_path: Path, clock: FakeClock
) -> None:
    """A misread ten is a leap that a fuse does not let through, and no fuse bounds water."""
    said = {"type": "camera_meter", "file": str(tmp_path / "none.jpg")}
    cameras = [
        {**said, "name": "grid"},
        {**said, "name": "big", "max_hourly_increase_kwh": 60},
        {**said, "name": "water", "quantity": "water"},
    ]
    async with made(tmp_path, clock, site={"main_fuse_a": 16}, sources=cameras) as here:
        told = [("grid", IMPORT), ("big", IMPORT), ("water", Quantity.WATER)]
        limits = [here.limits(Reading(name, quantity, 1, NOON)) for name, quantity in told]
    assert [each.max_per_hour for each in limits] == [pytest.approx(16.56), 60, None]
    assert {each.resolution for each in limits} == {0.1}


async def test_a_register_renewed_in_steps_is_believed_also_right_after_a_start(
    tmp_path: Path, clock: FakeClock
) -> None:
    """An inverter asked every 5 s that renews its register every 5 minutes."""
    async with made(tmp_path, clock, site={"main_fuse_a": 16}) as here:
        for second in range(0, 1200, 5):
            stood = 100 + 0.489 * (second // 300)
            assert await here.accept([Reading("inverter", IMPORT, stood, clock.now())]) == []
            clock.tick(5)
    async with made(tmp_path, clock, site={"main_fuse_a": 16}) as again:
        assert await again.accept([Reading("inverter", IMPORT, 100 + 4 * 0.489, clock.now())]) == []
        (refused,) = await again.accept([Reading("inverter", IMPORT, 130, clock.now())])
        assert "an hour are possible" in refused.text


async def test_before_the_clock_is_set_nothing_is_kept(tmp_path: Path) -> None:
    clock = FakeClock(1_000_000_000_000)
    async with made(tmp_path, clock) as here:
        (refused,) = await here.accept([Reading("a", GRID, 1, clock.now())])
        assert "The clock is not set yet" in refused.text
        assert here.hub.latest == {}
        clock.jump(NOON - clock.now())
        assert await here.accept([Reading("a", GRID, 1, clock.now())]) == []


async def test_a_restart_remembers_what_was_last_and_what_cannot_be(tmp_path: Path, clock: FakeClock) -> None:
    async with made(tmp_path, clock) as here:
        await here.accept([Reading("a", IMPORT, 100, NOON, 0.5), Reading("remote_b", IMPORT, 7, NOON)])
        name = here.id
    clock.tick(600)
    async with made(tmp_path, clock) as again:
        assert again.id == name
        assert again.hub.latest["a", IMPORT] == Reading("a", IMPORT, 100, NOON, 0.5)
        (refused,) = await again.accept([Reading("a", IMPORT, 99, clock.now())])
        assert "never runs backwards" in refused.text
        assert again.stale(again.hub.latest["a", IMPORT])
        assert not again.stale(again.hub.latest["remote_b", IMPORT]), "other readers push every quarter hour"


# A meter exchange


async def test_a_new_meter_begins_anew(tmp_path: Path, clock: FakeClock) -> None:
    async with made(tmp_path, clock) as here:
        await here.accept([Reading("a", IMPORT, 48_000, NOON)])
        clock.tick(60)
        event = await here.corrections.exchange("a", IMPORT, 2.5)
        assert event.data == {"quantity": "energy_import", "old": 48_000, "new": 2.5}
        assert here.hub.latest["a", IMPORT].value == 2.5
    clock.tick(3600)
    async with made(tmp_path, clock) as again:
        assert await again.accept([Reading("a", IMPORT, 4, clock.now())]) == []
        assert await again.store.increase("a", IMPORT, [NOON, clock.now()]) == [1.5]


async def test_an_exchange_that_cannot_be_kept_has_not_happened(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: Any) -> None:
        raise StoreError("full")

    async with made(tmp_path, clock) as here:
        await here.accept([Reading("a", IMPORT, 48_000, NOON)])
        with monkeypatch.context() as patch:
            patch.setattr(Store, "exchange", full)
            with pytest.raises(StoreError):
                await here.corrections.exchange("a", IMPORT, 0)
        clock.tick(60)
        assert await here.accept([Reading("a", IMPORT, 48_000.1, clock.now())]) == []


# The meter of this house


async def test_a_camera_comes_before_a_wire_and_what_is_fresh_before_all(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with made(tmp_path, clock) as here:
        assert here.main_register() is None
        for name, type_, cadence in (("cam", "camera_meter", 900.0), ("wire", "p1_serial", 1.0)):
            here.health.add(name, "source", type_, cadence)
            here.cadences[name] = cadence
        await here.accept([Reading("other", IMPORT, 3, NOON)])
        assert here.main_register() == Reading("other", IMPORT, 3, NOON)
        await here.accept([Reading("wire", IMPORT, 2, NOON), Reading("cam", IMPORT, 1, NOON)])
        main = here.main_register()
        assert main is not None
        assert (main.source, *here.look(main)) == ("cam", "ocr", [0, 0, 0, 0, 0, 1, 0, 0, 0])
        clock.tick(3600)
        await here.accept([Reading("wire", IMPORT, 2.5, clock.now())])
        main = here.main_register()
        assert main is not None
        assert (main.source, here.look(main)[0]) == ("wire", "p1_serial"), "the camera went blind"


async def test_a_gateway_s_own_counter_never_stands_in_for_the_meter(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with made(tmp_path, clock) as here:
        for name, type_, cadence in (("cam", "camera_meter", 900.0), ("wall", "powerwall", 10.0)):
            here.health.add(name, "source", type_, cadence)
            here.cadences[name] = cadence
        await here.accept([Reading("cam", IMPORT, 48_713, NOON), Reading("wall", IMPORT, 900, NOON)])
        clock.tick(3600)
        await here.accept([Reading("wall", IMPORT, 901, clock.now())])
        main = here.main_register()
        assert main is not None
        assert (main.source, here.stale(main)) == ("cam", True), "the camera went blind"
        del here.cadences["cam"]  # taken down for good
        assert (here.main_register() or main).source == "wall"


# Sources


async def test_what_a_source_yields_and_how_it_fails(
    tmp_path: Path, clock: FakeClock, wired: Callable[[Any], None]
) -> None:
    wired(Wire)
    async with made(tmp_path, clock, sources=[BLUEPRINT]) as here:
        (wire,) = Wire.made
        parts = here.health.parts
        assert (parts["meter"].state, parts["meter"].cadence_s) == (State.STARTING, 10.0)
        wire.facts.put_nowait([Event("meter", "note", NOON, "no reading yet")])
        wire.facts.put_nowait([Reading("meter", IMPORT, 5, NOON)])
        await settled(clock, lambda: parts["meter"].state is State.OK)
        assert here.hub.latest["meter", IMPORT].value == 5
        wire.facts.put_nowait(SourceError("The cable is out; put it in"))
        await settled(clock, lambda: parts["meter"].state is State.WAITING)
        assert parts["meter"].text == "The cable is out; put it in"
        wire.facts.put_nowait([Reading("meter", IMPORT, 5.01, clock.now())])
        await clock.forward(3)
        await settled(clock, lambda: parts["meter"].state is State.OK)
        assert await names(here, "part_failed", "part_back") == ["The cable is out; put it in", "Working"]


async def test_a_source_that_cannot_be_built_keeps_nobody_else_from_running(
    tmp_path: Path, clock: FakeClock, wired: Callable[[Any], None]
) -> None:
    class Broken(Wire):
        def __init__(self, options: Any, context: base.Context) -> None:
            if options.label == "broken":
                raise OSError("no such camera")
            super().__init__(options, context)

    wired(Broken)
    off = BLUEPRINT | {"name": "off", "enabled": False}
    both = [BLUEPRINT | {"name": "broken"}, BLUEPRINT, off]
    async with made(tmp_path, clock, sources=both) as here:
        part = here.health.parts["broken"]
        assert (part.state, part.text) == (State.NEEDS_YOU, "It cannot start: no such camera")
        Wire.made[0].facts.put_nowait([Reading("meter", IMPORT, 5, NOON)])
        await settled(clock, lambda: here.health.parts["meter"].state is State.OK)
        assert "off" not in here.health.parts
        assert await names(here, "part_failed") == ["It cannot start: no such camera"]


async def test_without_a_library_that_kind_of_source_is_named_and_the_rest_runs(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in [name for name in sys.modules if name.split(".")[0] == "serial"]:
        monkeypatch.setitem(sys.modules, module, None)
    for part in ("p1_serial", "_serial_line", "_serial_port"):
        monkeypatch.delitem(sys.modules, f"appliance.sources.{part}", raising=False)
    monkeypatch.setitem(sys.modules, "serial", None)
    sources = [{"type": "p1_serial", "name": "wire", "port": "/dev/ttyUSB0"}, BLUEPRINT]
    async with made(tmp_path, clock, sources=sources) as here:
        parts = here.health.parts
        assert "meter" in parts
        said = "\n".join(part.text for part in parts.values() if part.state is State.NEEDS_YOU)
        assert "needs serial, which is not installed" in said


# Itself


async def test_mistakes_in_the_configuration_are_on_the_health_page(tmp_path: Path, clock: FakeClock) -> None:
    config = made(tmp_path, clock).config
    async with Appliance(config, tmp_path, clock, ["line 3, site.name: empty", "line 9: nonsense"]) as here:
        part = here.health.parts["config"]
        assert (part.state, part.text) == (State.NEEDS_YOU, "line 3, site.name: empty\nline 9: nonsense")


async def test_without_a_key_there_is_no_token_but_all_else_runs(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tallywatt.key").write_text("this is no key")
    async with made(tmp_path, clock) as here:
        part = here.health.parts["access"]
        assert part.state is State.NEEDS_YOU
        assert "The API has no token: the key in" in part.text
        assert not here.access.token_ok("")
        assert await here.accept([Reading("a", GRID, 1, NOON)]) == []


async def test_a_store_in_trouble_is_said_and_systemd_hears_no_heartbeat(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats: list[bool] = []
    monkeypatch.setattr("appliance.notify.watchdog", lambda: beats.append(True))
    monkeypatch.setattr("appliance.notify.watchdog_interval_s", lambda: 0.02)

    async def stuck(store: Store) -> None:
        raise StoreError("The card has not answered for two minutes")

    async with made(tmp_path, clock) as here:
        await settled(clock, lambda: len(beats) > 2)
        with monkeypatch.context() as patch:
            patch.setattr(Store, "check", stuck)
            await settled(clock, lambda: here.health.parts["store"].state is State.NEEDS_YOU)
            count = len(beats)
            await asyncio.sleep(0.1)
            assert len(beats) == count
        await settled(clock, lambda: here.health.parts["store"].state is State.OK)


async def test_everything_ends_and_what_was_read_is_kept(
    tmp_path: Path, clock: FakeClock, wired: Callable[[Any], None]
) -> None:
    wired(Wire)
    before = asyncio.all_tasks()
    async with made(tmp_path, clock, sources=[BLUEPRINT]) as here:
        await here.accept([Reading("meter", GRID, 1, NOON)])
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
    async with made(tmp_path, clock, sources=[BLUEPRINT]) as again:
        assert again.hub.latest["meter", GRID].at == NOON
        assert (await again.store.raw("meter", GRID, NOON - HOUR_MS, NOON + 1))[0].tolist() == [NOON]


# What a source says of its registers, what is set right, who sets up


async def test_limits_are_asked_for_each_reading_and_may_change(
    tmp_path: Path, clock: FakeClock, wired: Callable[[Any], None]
) -> None:
    class Camera(Wire):
        limits: dict[Quantity, Limits] = {}  # noqa: RUF012 - one of them is made

    wired(Camera)
    async with made(tmp_path, clock, sources=[BLUEPRINT]) as here:
        camera: Any = here.sources["meter"]
        await here.accept([Reading("meter", IMPORT, 100.0, NOON), Reading("meter", Quantity.GAS, 5.0, NOON)])
        camera.limits = {IMPORT: Limits(resolution=0.5)}
        assert await here.accept([Reading("meter", IMPORT, 99.6, NOON + 1000)]) == []
        (refused,) = await here.accept([Reading("meter", Quantity.GAS, 4.6, NOON + 1000)])
        assert refused.data["quantity"] == "gas"
        camera.limits = {IMPORT: Limits(resolution=0.1)}
        assert len(await here.accept([Reading("meter", IMPORT, 99.6, NOON + 2000)])) == 1


async def test_a_source_is_told_what_is_believed_of_it(
    tmp_path: Path, clock: FakeClock, wired: Callable[[Any], None]
) -> None:
    wired(Wire)
    async with made(tmp_path, clock, sources=[BLUEPRINT]) as here:
        (wire,) = Wire.made
        known = [Reading("meter", IMPORT, 100 + hour, NOON + hour * HOUR_MS, 0.9) for hour in range(4)]
        assert await wire.context.past("meter", IMPORT, NOON) == []
        for hourly in known:
            await here.accept([hourly])
            clock.tick(3600)
        assert await wire.context.past("meter", IMPORT, NOON + HOUR_MS + 1) == [known[1], known[2], known[3]]
        assert await wire.context.past("meter", IMPORT, NOON + HOUR_MS) == [known[1], known[2], known[3]]
        assert await wire.context.past("meter", IMPORT, NOON - 1) == [known[0], known[3]]
        assert await wire.context.past("meter", IMPORT, NOON + 9 * HOUR_MS) == [known[3], known[3]]
        assert await wire.context.past("meter", GRID, NOON) == []


async def test_a_source_hears_what_the_gate_disbelieved(
    tmp_path: Path, clock: FakeClock, wired: Callable[[Any], None]
) -> None:
    class Camera(Wire):
        heard: list[Event] = []  # noqa: RUF012 - one of them is made

        async def disbelieved(self, refused: list[Event]) -> None:
            self.heard.extend(refused)

    wired(Camera)
    async with made(tmp_path, clock, sources=[BLUEPRINT]) as here:
        (camera,) = Wire.made
        camera.facts.put_nowait([Reading("meter", IMPORT, 100.0, NOON)])
        camera.facts.put_nowait([Reading("meter", IMPORT, 90.0, NOON + 1000)])
        await settled(clock, lambda: len(Camera.heard) == 1)
        assert "never runs backwards" in Camera.heard[0].text
        assert here.hub.latest["meter", IMPORT].value == 100.0


async def test_a_corrected_reading_is_the_truth_from_then_on(tmp_path: Path, clock: FakeClock) -> None:
    async with made(tmp_path, clock) as here:
        for minute in range(20):
            await here.accept([Reading("meter", IMPORT, 98713.4 + minute / 10, clock.now(), 0.9)])
            await clock.forward(60)
        event = await here.corrections.correct("meter", IMPORT, 48713.4)
        assert (event.name, event.data["was"]) == ("register_corrected", pytest.approx(98715.3))
        latest = here.hub.latest["meter", IMPORT]
        assert (latest.value, latest.confidence, latest.at) == (48713.4, 1.0, clock.now())
        await clock.forward(60)
        assert await here.accept([Reading("meter", IMPORT, 48713.5, clock.now())]) == []
        for _ in range(30):
            await clock.forward(60)
            assert len(await here.accept([Reading("meter", IMPORT, 98740.0, clock.now())])) == 1


async def test_only_a_camera_is_set_up(
    tmp_path: Path, clock: FakeClock, wired: Callable[[Any], None]
) -> None:
    wired(Wire)
    async with made(tmp_path, clock, sources=[BLUEPRINT]) as here:
        for name in ("meter", "nobody"):
            with pytest.raises(SourceError, match=f"{name} is no camera that runs"):
                here.surveyor(name)
        here.sources["meter"].surveyor = marker = object()  # type: ignore[attr-defined]
        assert here.surveyor("meter") is marker
