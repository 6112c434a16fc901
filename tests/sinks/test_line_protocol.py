"""The sink against a store of its own that speaks the v2 API and refuses in every way."""

import asyncio
import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from line_bench import GRID, IMPORT, START, Bench, held
from pydantic import ValidationError

from appliance.clock import DAY_MS, ScaledClock
from appliance.demo.http_device import Answer, Fault, HttpDevice, Request
from appliance.errors import SourceError
from appliance.http import HttpAuthError
from appliance.model import Quantity, Reading
from appliance.sinks._aside import NAMED, Known
from appliance.sinks._backoff import CROWD_S, LONGEST_WAIT_S, Backoff, offset_s
from appliance.sinks.line_protocol import MOST_BYTES, Options, Sink

TOKEN = "of-the-store"
V2 = {"flavour": "influxdb2", "org": "home", "bucket": "energy", "token": TOKEN}


class Store2(HttpDevice):
    """What InfluxDB 2 says (docs.influxdata.com/influxdb/v2/api, WriteAPI): each good line is kept, even
    where others make the answer a refusal. `poison` picks the lines it never takes."""

    def __init__(self) -> None:
        super().__init__()
        self.poison: Callable[[str], bool] = lambda line: False
        self.retention: Callable[[str], bool] = lambda line: False
        self.status = 400
        self.lines: list[str] = []
        self.asked: list[Request] = []
        self.say: Answer | None = None
        self.say_of_reading: Answer | None = None

    def answer(self, request: Request) -> Answer:
        self.asked.append(request)
        if request.headers.get("authorization") != f"Token {TOKEN}":
            return _error(401, "unauthorized", "unauthorized access")
        if request.method == "GET" and self.say_of_reading:
            return self.say_of_reading
        if (request.query.get("org"), request.query.get("bucket")) != ("home", "energy"):
            return _error(404, "not found", f'bucket "{request.query.get("bucket")}" not found')
        if self.say is not None:
            return self.say
        plain = request.headers.get("content-encoding") != "gzip"
        lines = (request.body if plain else gzip.decompress(request.body)).decode().splitlines()
        self.lines += [line for line in lines if not self.poison(line) and not line.startswith("#")]
        if old := sum(map(self.retention, lines)):
            said = f"partial write: points beyond retention policy dropped={old}"
            return _error(422, "unprocessable entity", said)
        if bad := [line for line in lines if self.poison(line)]:
            return _error(self.status, "invalid", f"unable to parse {bad[0][:30]}: partial write")
        return Answer(b"", 204)


def _error(status: int, code: str, message: str) -> Answer:
    return Answer(json.dumps({"code": code, "message": message}).encode(), status)


@pytest.fixture
def store2() -> Iterator[Store2]:
    made = Store2()
    made.start()
    yield made
    made.stop()


def many(count: int, first: int = 0) -> list[Reading]:
    return [Reading("meter", GRID, float(n), START + n * 1000) for n in range(first, first + count)]


# How it is sent


async def test_it_is_asked_as_its_kind_expects(store2: Store2, tmp_path: Path) -> None:
    bench = Bench(tmp_path, held())
    async with bench.store:
        await bench.keep(Reading("meter", IMPORT, 48713.429, START, 0.98))
        sink = bench.sink(store2.url, **V2, tags={"site": "a b"})
        assert await sink._round() == 300
    (request,) = store2.asked
    assert (request.method, request.path) == ("POST", "/api/v2/write")
    assert request.query == {"precision": "ms", "bucket": "energy", "org": "home"}
    assert request.headers["content-encoding"] == "gzip"
    assert store2.lines == [
        "tallywatt,appliance=hut,quantity=energy_import,site=a\\ b,source=meter"
        f" value=48713.429,confidence=0.98 {START}"
    ]
    assert bench.report.said == [("ok", "Everything is delivered")]


@pytest.mark.parametrize(
    ("given", "url", "said"),
    [
        (
            {"flavour": "influxdb1", "database": "e", "user": "u", "password": "p"},
            "http://h:1/write?precision=ms&db=e",
            "Basic dTpw",
        ),
        (V2, "http://h:1/api/v2/write?precision=ms&bucket=energy&org=home", f"Token {TOKEN}"),
        (
            {"flavour": "influxdb3", "bucket": "e", "token": "t", "precision": "us"},
            "http://h:1/api/v2/write?precision=us&bucket=e",
            "Bearer t",
        ),
        (
            {"flavour": "victoria_metrics", "path": "/influx/write", "precision": "us"},
            "http://h:1/influx/write?precision=u",
            None,
        ),
        (
            {"flavour": "victoria_metrics_cluster", "tenant": "42:7"},
            "http://h:1/insert/42:7/influx/write?precision=ms",
            None,
        ),
        ({"flavour": "questdb", "token": "t"}, "http://h:1/write?precision=ms", "Bearer t"),
        (
            {"flavour": "greptimedb", "bucket": "public", "user": "u", "password": "p"},
            "http://h:1/v1/influxdb/api/v2/write?precision=ms&bucket=public",
            "token u:p",
        ),
        (
            {"flavour": "telegraf", "user": "u", "password": "p"},
            "http://h:1/write?precision=ms",
            "Basic dTpw",
        ),
    ],
)
def test_a_flavour_fills_in_what_its_kind_expects(given: dict[str, Any], url: str, said: str | None) -> None:
    from appliance.sinks.line_protocol import _place

    place = _place(Options.model_validate({"url": "http://h:1", **given}))
    assert (place.write, place.headers.get("Authorization")) == (url, said)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"flavour": "questdb", "measurement": "#1"}, "does not begin with #"),
        ({"flavour": "influxdb1"}, "influxdb1 needs database"),
        ({"flavour": "influxdb2", "bucket": "e"}, "influxdb2 needs org and token"),
        ({"flavour": "telegraf", "tags": {"a": "b\\"}}, "cannot be a tag"),
        ({"flavour": "telegraf", "tags": {"source": "x"}}, "source is written by the appliance itself"),
        ({"flavour": "telegraf", "measurement": "a\nb"}, "no backslash"),
        ({"flavour": "telegraf", "path": "/write?db=x"}, "pattern"),
    ],
)
def test_options_that_cannot_work_are_refused(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        Options.model_validate({"url": "http://h:1", **given})


async def test_only_what_is_wanted_is_sent_units_with_their_source(store2: Store2, tmp_path: Path) -> None:
    bench = Bench(tmp_path, held())
    kept = [
        Reading(source, quantity, 1.0, START)
        for source in ("powerwall", "powerwall.unit1", "meter")
        for quantity in (GRID, Quantity.TEMPERATURE)
    ]
    async with bench.store:
        await bench.keep(*kept)
        sink = bench.sink(store2.url, **V2, sources=["powerwall"], quantities=["temperature"])
        await sink._round()
        assert sink.delivery.sent == 2
        assert await bench.store.cursor("line_protocol") == await bench.store.newest_seq()
    assert ["unit=unit1" in line for line in store2.lines] == [False, True]
    assert all("source=powerwall" in line and "quantity=temperature" in line for line in store2.lines)


async def test_a_body_stays_below_two_hundred_kilobytes(store2: Store2, tmp_path: Path) -> None:
    bench = Bench(tmp_path, held())
    async with bench.store:
        await bench.keep(*many(1000))
        await bench.sink(store2.url, **V2, gzip=False, tags={"long": "x" * 400})._round()
    assert len(store2.lines) == 1000
    assert max(len(request.body) for request in store2.asked) <= MOST_BYTES
    assert len(store2.asked) == 3


class Victoria(HttpDevice):
    """Takes everything."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def answer(self, request: Request) -> Answer:
        self.lines += gzip.decompress(request.body).decode().splitlines()
        return Answer(b"", 204)


async def test_a_second_value_is_known_as_one_after_a_restart(tmp_path: Path) -> None:
    """Also behind another that came late: what was sent before the restart is newer than both."""
    bench, victoria = Bench(tmp_path, held()), Victoria()
    victoria.start()
    try:
        async with bench.store:
            await bench.keep(*many(200))
            await bench.sink(victoria.url, flavour="victoria_metrics")._round()
            assert not any(",version=" in line for line in victoria.lines)
            del victoria.lines[:]
            late = ((50, -1.0), (100, -2.0), (300, 3.0), (300, 4.0), (301, 5.0))
            await bench.keep(*(Reading("meter", GRID, value, START + n * 1000) for n, value in late))
            await bench.sink(victoria.url, flavour="victoria_metrics")._round()
    finally:
        victoria.stop()
    assert [",version=2 " in line for line in victoria.lines] == [True, True, False, True, False]


# What it refuses


@pytest.mark.parametrize("status", [400, 422])
async def test_a_poison_line_is_set_aside_and_holds_up_no_other(
    store2: Store2, tmp_path: Path, status: int
) -> None:
    store2.status, store2.poison = status, lambda line: "value=123.0 " in line
    bench = Bench(tmp_path, held())
    async with bench.store:
        await bench.keep(*many(300))
        sink = bench.sink(store2.url, **V2)
        await sink._round()
        assert (sink.delivery.sent, sink.delivery.set_aside, sink.delivery.pending) == (299, 1, 0)
        assert len(store2.asked) <= 2 * 10, "halving a batch of 300 needs no more"
        (kept,) = bench.store.documents.all("set aside by line_protocol")
        (reading,) = kept["readings"]
        assert (reading["value"], reading["at"]) == (123.0, START + 123_000)
        assert "unable to parse" in reading["reason"]
        asked = len(store2.asked)
        await bench.keep(*many(1, 300))
        await sink._round()
        assert len(store2.asked) == asked + 1, "it was sent again"
    assert len(set(store2.lines)) == 300
    assert [event.name for event in bench.report.events] == ["delivery_refused"]
    assert bench.report.said[0][0] == "needs_you"


async def test_a_line_too_large_by_itself_holds_up_no_other_and_batches_stay_large(
    store2: Store2, tmp_path: Path
) -> None:
    store2.status, store2.poison = 413, lambda line: "value=123.0 " in line
    bench = Bench(tmp_path, held())
    async with bench.store:
        await bench.keep(*many(300))
        sink = bench.sink(store2.url, **V2)
        await sink._round()
        assert (sink.delivery.sent, sink.delivery.set_aside, sink.delivery.pending) == (299, 1, 0)
        asked = len(store2.asked)
        await bench.keep(*many(300, 300))
        await sink._round()
        assert len(store2.asked) == asked + 1, "one line is no measure of a batch"
    assert len(set(store2.lines)) == 599


async def test_much_that_is_too_old_is_one_record_and_one_event(store2: Store2, tmp_path: Path) -> None:
    """A receiver that keeps a month refuses years: the record does not grow with them."""
    old = START + 2500 * 1000

    def too_old(line: str) -> bool:
        return not line.startswith("#") and int(line.rpartition(" ")[2]) < old

    bench = Bench(tmp_path, held())
    async with bench.store:
        await bench.keep(*many(2600))
        sink = bench.sink(store2.url, **V2)
        store2.retention = too_old
        await sink._round()
        assert (sink.delivery.sent, sink.delivery.set_aside, sink.delivery.pending) == (100, 2500, 0)
        (record,) = bench.store.documents.all("set aside by line_protocol")
        assert (record["count"], len(record["readings"])) == (2500, NAMED)
        assert [row[3] for row in record["days"]] == [2500 - NAMED]
        known = Known(bench.store.documents, "line_protocol")
        assert known.within("meter", GRID, START, START + DAY_MS) == 2500
        assert known.within("meter", GRID, START + DAY_MS, START + 2 * DAY_MS) == 0
    (event,) = bench.report.events
    assert event.text.startswith("2500 readings will never be taken")


async def test_a_line_that_is_alone_is_blamed_only_when_another_is_taken(
    store2: Store2, tmp_path: Path
) -> None:
    store2.poison = lambda line: "value=0.0 " in line
    bench = Bench(tmp_path, held())
    async with bench.store:
        sink = bench.sink(store2.url, **V2)
        await bench.keep(*many(1))
        assert await sink._round() > 600
        assert (sink.delivery.pending, sink.delivery.set_aside) == (1, 0)
        await bench.keep(*many(1, 1))
        await sink._round()
        assert (sink.delivery.pending, sink.delivery.set_aside) == (0, 1)
        store2.poison = lambda line: "value=2.0 " in line
        await bench.keep(*many(1, 2))
        await sink._round()
        assert sink.delivery.set_aside == 2, "what was taken before is taken still"
        store2.poison = lambda line: True
        await bench.keep(*many(1, 3))
        assert await sink._round() > 600
        assert (sink.delivery.pending, sink.delivery.set_aside) == (1, 2)


async def test_a_store_that_takes_nothing_loses_nothing(store2: Store2, tmp_path: Path) -> None:
    store2.poison = lambda line: True
    bench = Bench(tmp_path, held())
    async with bench.store:
        await bench.keep(*many(1000))
        sink = bench.sink(store2.url, **V2)
        assert await sink._round() > 600
        assert len(store2.asked) <= 30
        assert (sink.delivery.pending, sink.delivery.set_aside) == (1000, 0)
        store2.poison = lambda line: False
        await sink._round()
    assert len(store2.lines) == 1000


async def test_a_web_page_is_no_yes(store2: Store2, tmp_path: Path) -> None:
    store2.say = Answer(b"<html>Please log in</html>", 200, "text/html")
    bench = Bench(tmp_path, held())
    async with bench.store:
        await bench.keep(*many(1))
        sink = bench.sink(store2.url, **V2)
        await sink._round()
        assert sink.delivery.pending == 1
    assert "answers with a web page" in bench.report.said[-1][1]


@pytest.mark.parametrize(
    ("given", "problem"),
    [({"token": "wrong"}, "check the token"), ({"bucket": "nope"}, 'has no bucket "nope"')],
)
async def test_a_wrong_token_or_bucket_is_told_and_the_data_kept(
    store2: Store2, tmp_path: Path, given: dict[str, str], problem: str
) -> None:
    bench = Bench(tmp_path, held())
    async with bench.store:
        await bench.keep(*many(5))
        sink = bench.sink(store2.url, **V2 | given)
        assert 720 <= await sink._round() <= 1080
        assert sink.delivery.pending == 5
        with pytest.raises(SourceError, match=problem) as caught:
            await sink.test()
        assert isinstance(caught.value, HttpAuthError) == ("token" in given)
    assert bench.report.said[-1][0] == "needs_you"
    assert problem in bench.report.said[-1][1]


async def test_a_full_disk_there_is_waited_for(store2: Store2, tmp_path: Path) -> None:
    store2.say = _error(500, "internal error", "engine: write /data/000012.tsm: no space left on device")
    bench = Bench(tmp_path, held())
    async with bench.store:
        await bench.keep(*many(5))
        sink = bench.sink(store2.url, **V2)
        waits = [await sink._round() for _ in range(30)]
        assert all(wait <= min(2 * 2**n, LONGEST_WAIT_S) for n, wait in enumerate(waits))
        assert max(waits) > 60
        assert "no space left on device" in str(sink.delivery.last_error)
        assert bench.report.said[-1][0] == "waiting"
        assert (sink.delivery.pending, sink.delivery.oldest) == (5, START)
        store2.say = None
        assert await sink._round() == 300
        assert (sink.delivery.pending, sink.delivery.oldest, sink.delivery.sent) == (0, None, 5)


@pytest.mark.parametrize("status", [429, 503])
async def test_it_comes_back_when_it_is_told_to_but_not_with_the_crowd(
    store2: Store2, tmp_path: Path, status: int
) -> None:
    store2.fault = Fault(status=status, retry_after_s=40)
    bench = Bench(tmp_path, held())
    async with bench.store:
        await bench.keep(*many(5))
        sink = bench.sink(store2.url, **V2)
        waits = [await sink._round() for _ in range(20)]
    assert min(waits) >= 40
    assert len({round(wait, 3) for wait in waits}) == 20


async def test_a_receiver_that_hangs_delays_no_other(store2: Store2, tmp_path: Path) -> None:
    hangs = Store2()
    hangs.fault = Fault(wait_s=3600)
    hangs.start()
    bench = Bench(tmp_path, ScaledClock(1.0, START))
    try:
        async with bench.store, asyncio.TaskGroup() as group:
            await bench.keep(*many(2000))
            stuck = bench.sink(hangs.url, **V2, name="stuck", timeout_seconds=100)
            good = bench.sink(store2.url, **V2, name="good", max_batch=100)
            tasks = [group.create_task(stuck.run())]
            while not hangs.requests:  # noqa: ASYNC110 - another thread's
                await asyncio.sleep(0.01)
            tasks.append(group.create_task(good.run()))
            while good.delivery.sent < 2000:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            assert (stuck.delivery.sent, stuck.delivery.pending) == (0, 2000)
            for task in tasks:
                task.cancel()
    finally:
        hangs.stop()


async def test_a_certificate_of_ones_own_must_be_there(tmp_path: Path) -> None:
    bench = Bench(tmp_path, held())
    async with bench.store:
        sink = bench.sink("https://127.0.0.1:1", **V2, ca_file=str(tmp_path / "no.pem"))
        with pytest.raises(SourceError, match=r"There is no file .*no\.pem"):
            await sink.test()
        with pytest.raises(SourceError, match="connection refused"):
            await bench.sink("https://127.0.0.1:1", **V2).test()


async def test_what_cannot_be_asked_says_so(tmp_path: Path) -> None:
    bench = Bench(tmp_path, held())
    async with bench.store:
        sink: Sink = bench.sink("http://127.0.0.1:1", flavour="questdb")
        with pytest.raises(SourceError, match="QuestDB is not asked what it holds"):
            await sink.verify()


async def test_one_that_may_write_and_not_read_goes_on_writing(store2: Store2, tmp_path: Path) -> None:
    store2.say_of_reading = _error(403, "forbidden", "insufficient permissions")
    bench = Bench(tmp_path, held())
    async with bench.store:
        sink = bench.sink(store2.url, **V2, verify_every_hours=24)
        for n in range(3):
            await bench.keep(*many(1, n))
            assert await sink._round() == 300
    assert [request.method for request in store2.asked] == ["POST", "POST", "GET", "POST"]
    state, text = bench.report.said[-1]
    assert state == "needs_you"
    assert text.endswith("Let it be asked what it holds, or set verify_every_hours to null")


# When


def test_every_appliance_has_a_place_of_its_own_in_the_crowd() -> None:
    places = sorted(offset_s(f"tallywatt-{n:08x}", 30) for n in range(2000))
    assert offset_s("tallywatt-00000001", 30) == offset_s("tallywatt-00000001", 30)
    assert places[0] >= 0
    assert places[-1] < 30
    busiest = max(sum(second <= place < second + 1 for place in places) for second in range(30))
    assert busiest < 2 * 2000 / 30


def test_waits_double_to_minutes_and_begin_anew() -> None:
    backoff = Backoff()
    for _ in range(1000):
        assert 0 <= backoff.failed_s(None) <= LONGEST_WAIT_S
    assert max(backoff.failed_s(None) for _ in range(50)) > LONGEST_WAIT_S / 2
    backoff.failures = 0
    assert backoff.failed_s(None) <= 2
    assert 7 <= backoff.failed_s(7) <= 7 + CROWD_S
