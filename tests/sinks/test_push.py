"""push against a real HTTP server that fails in every way: each reading once, in order, nothing lost."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from appliances import NOON
from pydantic import ValidationError

from appliance.clock import HOUR_MS, FakeClock
from appliance.demo.central import Central
from appliance.demo.http_device import Answer, Fault, Request, json_answer
from appliance.errors import AuthError, SourceError, StoreError
from appliance.hub import Hub
from appliance.model import Quantity, Reading
from appliance.sinks import push
from appliance.sinks._backoff import FIRST_WAIT_S, LONGEST_WAIT_S
from appliance.sinks.base import SinkContext
from appliance.sinks.push import Options, Sink
from appliance.store import Store
from tests.peers.telling import Report

ZONE = ZoneInfo("Europe/Stockholm")
IMPORT, EXPORT, GRID = Quantity.ENERGY_IMPORT, Quantity.ENERGY_EXPORT, Quantity.POWER_GRID
INTERVAL_S = 900


class Fussy(Central):
    """A central store of strange habits: `habit` may answer in its place."""

    def __init__(self) -> None:
        super().__init__()
        self.habit: Callable[[Any], Answer | None] = lambda sent: None
        self.bodies: list[Any] = []

    def answer(self, request: Request) -> Answer:
        sent = json.loads(request.body)
        self.bodies.append(sent)
        return self.habit(sent) or super().answer(request)


class Bench:
    """A store, a central store and a sink between them, on a clock that is held."""

    def __init__(self, folder: Path, central: Fussy, clock: FakeClock) -> None:
        self.folder, self.central, self.clock = folder, central, clock
        self.store = Store(folder, clock, ZONE)
        self.report = Report()

    def sink(self, appliance_id: str = "tallywatt-1", **options: Any) -> Sink:
        chosen = Options.model_validate(
            {"api_endpoint": f"{self.central.url}/meter_reading", "interval_seconds": INTERVAL_S} | options
        )
        hub = Hub(self.clock)
        context = SinkContext(
            self.clock, self.store, hub, ZONE, appliance_id, self.report, lambda reading: ("ocr", [1, 2])
        )
        return Sink(chosen, context)

    async def keep(self, *readings: Reading) -> None:
        self.store.append(readings)
        await self.store.flush()

    def arrived(self) -> list[float]:
        return [reading["reading_kwh"] for reading in self.central.readings]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOON)


@pytest.fixture
def central() -> Iterator[Fussy]:
    made = Fussy()
    made.start()
    yield made
    made.stop()


@pytest.fixture
async def bench(tmp_path: Path, central: Fussy, clock: FakeClock) -> AsyncIterator[Bench]:
    made = Bench(tmp_path, central, clock)
    async with made.store:
        yield made


def readings(count: int, first: int = 0, every_ms: int = 15 * 60_000) -> list[Reading]:
    """So many readings, a quarter of an hour and 0.25 kWh apart."""
    return [
        Reading("meter", IMPORT, 1000 + n / 4, NOON + n * every_ms, 0.98) for n in range(first, first + count)
    ]


async def round_(sink: Sink) -> float:
    """One delivery; the seconds until the next."""
    return await sink._round()


async def until(sink: Sink, done: Callable[[], bool], most: int = 500) -> None:
    """Deliver again and again until it is done."""
    for _ in range(most):
        await round_(sink)
        if done():
            return
    raise AssertionError(f"not done after {most} deliveries")


# What is sent


async def test_the_body_is_the_classic_one_and_ours(bench: Bench) -> None:
    await bench.keep(Reading("meter", IMPORT, 48713.429, NOON, 0.97654321))
    assert await round_(bench.sink()) == INTERVAL_S
    assert bench.central.bodies == [
        {
            "reading_kwh": 48713.429,
            "timestamp": "2026-05-05T16:53:20.000Z",
            "confidence": 0.9765,
            "method": "ocr",
            "digits": [1, 2],
            "appliance": "tallywatt-1",
            "source": "meter",
            "id": f"tallywatt-1/meter/energy_import/{NOON}",
        }
    ]
    assert bench.report.said == [("ok", "Everything is delivered")]


async def test_only_the_registers_and_sources_asked_for(bench: Bench) -> None:
    await bench.keep(
        Reading("meter", IMPORT, 1, NOON),
        Reading("p1", IMPORT, 2, NOON),
        Reading("p1", EXPORT, 3, NOON),
        Reading("p1", GRID, 4, NOON),
    )
    await round_(bench.sink(name="one", sources=["p1"], quantities=["energy_import", "energy_export"]))
    assert bench.arrived() == [2, 3]
    assert [reading.get("quantity") for reading in bench.central.readings] == [None, "energy_export"]
    bench.central.readings.clear()
    await round_(bench.sink(name="other", appliance_id="b"))
    assert bench.arrived() == [1, 2]


@pytest.mark.parametrize(
    "quantity", ["power_grid", "gas", "state_of_charge", "battery_capacity", "battery_stored"]
)
def test_only_what_is_counted_in_kwh_can_be_sent(quantity: str) -> None:
    with pytest.raises(ValidationError, match="reading_kwh takes"):
        Options.model_validate({"api_endpoint": "http://h/", "quantities": [quantity]})


async def test_the_token_is_sent_and_never_told(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    sink = bench.sink(token="hunter2")
    bench.central.fault = Fault(status=401)
    await bench.keep(*readings(1))
    await round_(sink)
    assert "hunter2" not in repr(bench.report.said) + caplog.text + repr(sink._options)


async def test_lists_of_at_most_max_batch(bench: Bench) -> None:
    await bench.keep(*readings(25))
    await round_(bench.sink(max_batch=10))
    assert [len(sent) if isinstance(sent, list) else 1 for sent in bench.central.bodies] == [10, 10, 5]
    await bench.keep(*readings(20, first=25))
    await round_(bench.sink(max_batch=10))
    assert [len(sent) for sent in bench.central.bodies[3:]] == [10, 10]
    assert bench.arrived() == [reading.value for reading in readings(45)]


async def test_one_by_one_when_told_so(bench: Bench) -> None:
    await bench.keep(*readings(5))
    await round_(bench.sink(batch=False))
    assert all(isinstance(sent, dict) for sent in bench.central.bodies)
    assert bench.arrived() == [reading.value for reading in readings(5)]


# When it fails


@pytest.mark.parametrize("takes_lists", [True, False])
async def test_a_month_without_the_central_store(bench: Bench, takes_lists: bool) -> None:
    bench.central.takes_lists = takes_lists
    bench.central.stop()
    sink = bench.sink()
    month = readings(30 * 96)
    for day in range(30):
        await bench.keep(*month[day * 96 : (day + 1) * 96])
        bench.clock.tick(86_400)
        assert 0 <= await round_(sink) <= LONGEST_WAIT_S
    state, text = bench.report.said[-1]
    assert state == "waiting"
    assert "connection refused" in text
    assert text.endswith("Readings that wait: 2880, the oldest of 2026-05-05 18:53+02:00; nothing is lost")
    bench.central.start()
    assert await round_(sink) == INTERVAL_S
    assert bench.arrived() == [reading.value for reading in month]
    assert [r["id"] for r in bench.central.readings] == [
        f"tallywatt-1/meter/energy_import/{r.at}" for r in month
    ]
    assert set(bench.central.arrivals.values()) == {1}


async def test_lost_acknowledgements_make_no_doubles(bench: Bench) -> None:
    """Every fifth answer is lost after the central store has acted on it."""
    asked = 0

    def lose(sent: Any) -> None:
        nonlocal asked
        asked += 1
        bench.central.fault = Fault(cut=True, lost=True) if asked % 5 == 4 else None

    bench.central.habit = lose
    sink = bench.sink(max_batch=7)
    await bench.keep(*readings(400))
    await until(sink, lambda: bench.report.said[-1][0] == "ok")
    assert bench.arrived() == [reading.value for reading in readings(400)]
    assert max(bench.central.arrivals.values()) > 1, "some were sent twice, under the same id"


async def test_a_break_in_the_middle_of_single_readings_repeats_none(bench: Bench) -> None:
    bench.central.habit = lambda sent: json_answer({}, 503) if len(bench.central.bodies) == 6 else None
    sink = bench.sink(batch=False)
    await bench.keep(*readings(10))
    await round_(sink)
    assert bench.arrived() == [reading.value for reading in readings(5)]
    await round_(sink)
    assert bench.arrived() == [reading.value for reading in readings(10)]
    assert set(bench.central.arrivals.values()) == {1}


async def test_the_cursor_survives_a_restart(bench: Bench) -> None:
    await bench.keep(*readings(5))
    await round_(bench.sink())
    await bench.store.__aexit__(None, None, None)
    bench.store = Store(bench.folder, bench.clock, ZONE)
    async with bench.store:
        await bench.keep(*readings(5, first=5))
        await round_(bench.sink())
    bench.store = Store(bench.folder / "unused", bench.clock, ZONE)
    await bench.store.__aenter__()
    assert bench.arrived() == [reading.value for reading in readings(10)]
    assert set(bench.central.arrivals.values()) == {1}


@pytest.mark.parametrize("takes_lists", [True, False])
async def test_a_poison_reading_is_set_aside_and_the_rest_goes_on(bench: Bench, takes_lists: bool) -> None:
    bench.central.takes_lists = takes_lists
    poison = Reading("meter", EXPORT, 0, NOON + 1)
    await bench.keep(*readings(2), poison, *readings(2, first=2))

    def judge(sent: Any) -> Answer | None:
        if isinstance(sent, dict) and sent.get("quantity"):
            return json_answer({"status": "rejected", "reason": "We have no sun"}, 400)
        for one in sent if isinstance(sent, list) else ():
            if one.get("quantity"):
                one["reading_kwh"] = -1  # the central store's own reason
        if isinstance(sent, list) and takes_lists:
            return json_answer({"status": "accepted", "readings": [bench.central._take(one) for one in sent]})
        return None

    bench.central.habit = judge
    sink = bench.sink(quantities=["energy_import", "energy_export"])
    assert await round_(sink) == INTERVAL_S
    assert bench.arrived() == [reading.value for reading in readings(4)]
    (event,) = bench.report.events
    why = "reading_kwh must be a number, not below 0" if takes_lists else "We have no sun"
    assert event.text == (
        f"The central API will not take 0.000 kWh of 2026-05-05 18:53+02:00: {why}. "
        "It is kept here and not sent again"
    )
    assert (event.name, event.data["at"]) == ("push_refused", NOON + 1)
    assert bench.report.said[-1][0] == "needs_you"
    assert (sink.delivery.sent, sink.delivery.set_aside, sink.delivery.pending) == (4, 1, 0)
    await bench.keep(*readings(1, first=4))
    await round_(sink)
    assert bench.report.said[-1] == ("ok", "Everything is delivered")
    assert len(bench.report.events) == 1


async def test_many_refusals_are_counted_and_not_all_told(bench: Bench) -> None:
    bench.central.habit = lambda sent: json_answer({"status": "rejected", "reason": "no"}, 400)
    await bench.keep(*readings(50))
    await round_(bench.sink())
    assert len(bench.report.events) == push.TOLD_EACH
    assert "refused 50 readings" in bench.report.said[-1][1]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(b"Internal Server Error", 500),
        Answer(b"", 405),
        Answer(b"<html>", 415),
        json_answer({"detail": [{"msg": "Input should be an object"}]}, 422),
        json_answer({"status": "rejected", "reason": "Missing required field: reading_kwh"}),
        json_answer({"status": "accepted"}),
        Answer(b"OK"),
        json_answer({"status": "accepted", "readings": [{}]}),
    ],
)
async def test_however_a_receiver_says_that_it_takes_no_list(bench: Bench, answer: Answer) -> None:
    bench.central.habit = lambda sent: answer if isinstance(sent, list) else None
    sink = bench.sink()
    await bench.keep(*readings(5))
    await round_(sink)
    await bench.keep(*readings(5, first=5))
    await round_(sink)
    assert bench.arrived() == [reading.value for reading in readings(10)]
    assert [type(sent) for sent in bench.central.bodies] == [list] + [dict] * 10, "it is not asked twice"
    assert bench.report.events == []


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "refuses us (401); check the token or password"),
        (403, "refuses us (403); check the token or password"),
        (404, "does not exist there (404); check the path of the address"),
        (405, "does not take what was sent (405); is the address right?"),
    ],
)
async def test_what_no_waiting_cures_slows_down_and_calls_the_owner(
    bench: Bench, status: int, said: str
) -> None:
    bench.central.fault = Fault(status=status)
    sink = bench.sink()
    await bench.keep(*readings(3))
    waits = [await round_(sink) for _ in range(5)]
    assert all(720 <= wait <= 1080 for wait in waits)
    state, text = bench.report.said[-1]
    assert state == "needs_you"
    assert said in text
    assert "Readings that wait: 3" in text
    bench.central.fault = None
    await round_(sink)
    assert bench.arrived() == [reading.value for reading in readings(3)]


async def test_a_proxy_that_says_400_refuses_no_reading(bench: Bench) -> None:
    bench.central.habit = lambda sent: Answer(b"<html>plain HTTP to an HTTPS port</html>", 400)
    await bench.keep(*readings(3))
    assert await round_(bench.sink()) >= 720
    assert bench.report.said[-1][0] == "needs_you"
    assert bench.report.events == []
    bench.central.habit = lambda sent: None
    await round_(bench.sink())
    assert bench.arrived() == [reading.value for reading in readings(3)]


async def test_pauses_double_to_five_minutes_and_are_spread(bench: Bench) -> None:
    bench.central.fault = Fault(status=500)
    await bench.keep(*readings(1))
    rounds = []
    for _ in range(60):
        sink = bench.sink()
        rounds.append([await round_(sink) for _ in range(10)])
    for n, waits in enumerate(zip(*rounds, strict=True)):
        longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**n)
        assert 0 <= min(waits) < max(waits) <= longest
        assert max(waits) > longest / 2, "in sixty throws of a die that knows the whole range"


async def test_after_a_success_pauses_begin_anew(bench: Bench) -> None:
    sink = bench.sink()
    await bench.keep(*readings(1))
    bench.central.fault = Fault(status=500)
    for _ in range(9):
        await round_(sink)
    bench.central.fault = None
    await round_(sink)
    bench.central.fault = Fault(status=500)
    await bench.keep(*readings(1, first=1))
    assert await round_(sink) <= FIRST_WAIT_S


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_is_obeyed(bench: Bench, status: int) -> None:
    bench.central.fault = Fault(status=status, retry_after_s=1234)
    sink = bench.sink()
    await bench.keep(*readings(2))
    waits = [await round_(sink) for _ in range(12)]
    assert all(1234 <= wait <= 1234 + LONGEST_WAIT_S for wait in waits)
    assert len(set(waits)) > 1


async def test_a_slow_one_is_given_up_after_the_time_out(bench: Bench) -> None:
    bench.central.fault = Fault(wait_s=10)
    await bench.keep(*readings(1))
    await round_(bench.sink(timeout_seconds=0.1))
    assert "did not answer within 0.1 s" in bench.report.said[-1][1]


# In time


async def settled(clock: FakeClock, done: Callable[[], bool]) -> None:
    """Let the threads of store and sink answer, in real time, without moving the clock."""
    deadline = time.monotonic() + 10
    while not done() and time.monotonic() < deadline:
        await clock.forward(0)
        await asyncio.sleep(0.005)
    assert done()


async def test_it_runs_by_the_clock(bench: Bench) -> None:
    sink = bench.sink()
    await bench.keep(*readings(1))
    task = asyncio.create_task(sink.run())
    await bench.clock.forward(push.START_SPREAD_S)
    await settled(bench.clock, lambda: len(bench.report.said) == 1)
    assert len(bench.arrived()) == 1
    await bench.keep(*readings(1, first=1))
    await bench.clock.forward(INTERVAL_S - 1)
    assert len(bench.arrived()) == 1
    await bench.clock.forward(1)
    await settled(bench.clock, lambda: len(bench.report.said) == 2)
    assert len(bench.arrived()) == 2
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_a_crowd_of_appliances_does_not_call_at_once(bench: Bench) -> None:
    offsets = [bench.sink(f"tallywatt-{n:08x}")._start_offset_s() for n in range(300)]
    assert bench.sink("tallywatt-00000007")._start_offset_s() == offsets[7], "the same at each start"
    assert 0 <= min(offsets) < max(offsets) < push.START_SPREAD_S
    tenths = {int(offset / push.START_SPREAD_S * 10) for offset in offsets}
    assert tenths == set(range(10))
    assert bench.sink(interval_seconds=1)._start_offset_s() <= 0.5


async def test_with_nothing_to_send_the_cursor_keeps_up(bench: Bench) -> None:
    sink = bench.sink()
    await bench.keep(*(Reading("p1", GRID, n, NOON + n * 1000) for n in range(20)))
    await round_(sink)
    assert await bench.store.cursor("push") == await bench.store.newest_seq() > 0
    assert bench.central.bodies == []


async def test_readings_that_arrive_late_are_sent_too(bench: Bench) -> None:
    sink = bench.sink()
    await bench.keep(*readings(2, first=4))
    await round_(sink)
    await bench.keep(Reading("meter", IMPORT, 1000.1, NOON + HOUR_MS // 2))
    await round_(sink)
    assert bench.arrived() == [1001.0, 1001.25, 1000.1]


async def test_a_store_that_cannot_answer_is_not_taken_for_one_that_is_empty(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def damaged(*_: Any, **__: Any) -> None:
        raise StoreError("damaged")

    monkeypatch.setattr(Store, "after", damaged)
    with pytest.raises(StoreError):
        await round_(bench.sink())
    assert bench.report.said == []


async def test_how_far_it_is_can_be_asked(bench: Bench, clock: FakeClock) -> None:
    await bench.keep(*readings(5))
    sink = bench.sink()
    assert sink.delivery.pending is None  # nobody has looked yet
    bench.central.fault = Fault(status=503)
    await round_(sink)
    delivery = sink.delivery
    assert (delivery.pending, delivery.oldest, delivery.sent) == (5, NOON, 0)
    assert delivery.last_ok is None
    assert "503" in str(delivery.last_error)
    assert delivery.last_error_at == clock.now()
    bench.central.fault = Fault()
    await round_(sink)
    delivery = sink.delivery
    assert (delivery.pending, delivery.oldest, delivery.sent, delivery.set_aside) == (0, None, 5, 0)
    assert delivery.last_ok == clock.now()
    assert "503" in str(delivery.last_error)  # it is still known


async def test_trying_the_receiver_leaves_nothing_there(bench: Bench) -> None:
    sink = bench.sink()
    assert "takes readings" in await sink.test()
    assert bench.central.readings == []
    bench.central.fault = Fault(status=401)
    with pytest.raises(AuthError):
        await sink.test()
    bench.central.fault = Fault(status=404)
    with pytest.raises(SourceError, match="404"):
        await sink.test()
    assert sink.delivery.sent == 0
