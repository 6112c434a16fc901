"""The sink against a real InfluxDB 1.6 and a real VictoriaMetrics behind a network that loses answers."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from line_bench import (
    GRID,
    IMPORT,
    QUARTER_MS,
    START,
    Bench,
    Network,
    as_points,
    as_samples,
    bad_line,
    held,
    post,
    readings,
    running,
    tags,
)

from appliance.clock import DAY_MS, HOUR_MS
from appliance.demo.http_device import Fault
from appliance.errors import SourceError
from appliance.http import HttpAuthError
from appliance.model import Price, Quantity, Reading
from appliance.sinks import _line
from appliance.sinks._read_back import told
from appliance.sinks.line_protocol import Sink
from tests.peers.influxdb import InfluxDB, influxdb
from tests.peers.victoria_metrics import VictoriaMetrics, victoria_metrics

Need = Callable[[str, str], str]


@pytest.fixture(scope="module")
def influx(need: Need, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxDB]:
    with influxdb(need("influxd", "influxdb"), tmp_path_factory.mktemp("influx")) as made:
        yield made


@pytest.fixture(scope="module")
def victoria(need: Need, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VictoriaMetrics]:
    program = need("victoria-metrics", "victoria-metrics")
    with victoria_metrics(program, tmp_path_factory.mktemp("vm")) as made:
        yield made


@pytest.fixture
def network() -> Iterator[Network]:
    made = Network("")
    made.start()
    yield made
    made.stop()


async def delivered(sink: Sink, most: int = 200) -> list[float]:
    """Rounds until nothing waits; how long each wished to wait."""
    waits = []
    for _ in range(most):
        waits.append(await sink._round())
        if sink.delivery.pending == 0:
            return waits
    raise AssertionError(f"{sink.delivery} after {most} rounds")


# The line

PRINTED = st.just(" ") | st.characters(exclude_categories=("C", "Z"), exclude_characters="\\")
"""Characters of a text that is `_line.fit`."""


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(PRINTED, min_size=1, max_size=12),
    st.dictionaries(
        st.text(PRINTED, min_size=1, max_size=8), st.text(PRINTED, min_size=1, max_size=8), max_size=3
    ),
    st.text(PRINTED, min_size=1, max_size=8).filter(lambda name: name[0] != "#"),  # the options refuse it
    st.floats(-1e9, 1e9),
    st.sampled_from(["ms", "us", "ns"]),
)
def test_a_line_comes_back_from_a_real_influxdb_as_it_was(
    influx: InfluxDB, appliance: str, more: dict[str, str], measurement: str, value: float, precision: str
) -> None:
    influx.create("lines")
    assert all(_line.fit(text) for text in (appliance, measurement, *more, *more.values()))
    own = {"appliance", "source", "unit", "quantity", "time"}
    more = {name: text for name, text in more.items() if name not in own and not name.startswith("_")}
    reading = Reading("meter.a b,=", GRID, value, START + 1, 0.5)
    text = _line.line(reading, appliance, measurement=measurement, tags=more, precision=precision)
    asked = {"ms": "ms", "us": "u", "ns": "n"}[precision]
    answer = post(influx.url, "lines", text, asked)
    assert (answer.status_code, answer.text) == (204, "")
    quoted = measurement.replace('"', '\\"')
    found = influx.points("lines", quoted)
    influx.run(f'DROP MEASUREMENT "{quoted}"', "lines")
    wanted = {"appliance": appliance, "source": "meter", "unit": "a b,=", "quantity": "power_grid", **more}
    assert found == [(tuple(sorted(wanted.items())), START + 1, {"value": value, "confidence": 0.5})]


# Not a point missing, not a point double


async def test_influxdb_holds_every_reading_once_though_answers_are_lost(
    influx: InfluxDB, network: Network, tmp_path: Path
) -> None:
    influx.create("energy")
    network.upstream, network.habit = influx.url, bad_line(1)
    kept = readings(700)
    bench = Bench(tmp_path, held())
    async with bench.store:
        await bench.keep(*kept)
        waits = await delivered(bench.sink(network.url, max_batch=50))
    assert sorted(influx.points("energy"), key=lambda p: (p[0], p[1])) == as_points(kept)
    assert len(network.seen) > 50, "nothing was lost on the way"
    assert any(wait >= 7 for wait in waits), "nobody was asked to wait"


async def test_victoria_metrics_holds_every_reading_once_though_answers_are_lost(
    victoria: VictoriaMetrics, network: Network, tmp_path: Path
) -> None:
    network.upstream, network.habit = victoria.url, bad_line(2)
    kept = readings(700)
    bench = Bench(tmp_path, held(), "lossy")
    async with bench.store:
        await bench.keep(*kept)
        await delivered(bench.sink(network.url, flavour="victoria_metrics", max_batch=50))
    found = victoria.samples('tallywatt_value{appliance="lossy"}', START)
    assert sorted(found) == as_samples(kept, "lossy")
    assert len(network.seen) > 50, "nothing was lost on the way"


async def test_the_v2_api_of_a_real_store_takes_it_too(victoria: VictoriaMetrics, tmp_path: Path) -> None:
    bench = Bench(tmp_path, held(), "second")
    async with bench.store:
        await bench.keep(*readings(50))
        await delivered(bench.sink(victoria.url, flavour="influxdb2", org="o", bucket="b", token="t"))
    assert sorted(victoria.samples('tallywatt_value{appliance="second"}', START)) == as_samples(
        readings(50), "second"
    )


async def test_a_correction_is_the_later_value(
    influx: InfluxDB, victoria: VictoriaMetrics, tmp_path: Path
) -> None:
    influx.create("corrected")
    bench = Bench(tmp_path, held(), "corrected")
    at = START + HOUR_MS
    async with bench.store:
        await bench.keep(Reading("meter", IMPORT, 101.0, at))
        sinks = [
            bench.sink(influx.url, database="corrected"),
            bench.sink(victoria.url, flavour="victoria_metrics", name="vm"),
        ]
        for _ in range(2):
            for sink in sinks:
                await delivered(sink)
            await bench.keep(Reading("meter", IMPORT, 50.0, at))
        for sink in sinks:
            await delivered(sink)
    assert influx.points("corrected") == as_points([Reading("meter", IMPORT, 50.0, at)], "corrected")
    kept = victoria.samples('tallywatt_value{appliance="corrected"}', START)
    assert sorted((dict(labels).get("version", ""), value) for labels, _, value in kept) == [
        ("", 101),
        ("2", 50),
    ], "nothing is overwritten: what a release makes of that is its own affair"
    each = 'max by (source) (tallywatt_value{appliance="corrected",version%s""})'
    found = victoria.query(f"{each % '!='} or ignoring(version) {each % '='}", at + 1000)
    assert [series["value"][1] for series in found] == ["50"]


async def test_prices_go_along_and_an_actual_one_replaces_its_forecast(
    influx: InfluxDB, tmp_path: Path
) -> None:
    influx.create("priced")
    bench = Bench(tmp_path, held(), "priced")
    async with bench.store:
        sink = bench.sink(influx.url, database="priced")
        for kind in ("forecast", "actual"):
            price = Price("spot", "wholesale", START + DAY_MS, START + DAY_MS + QUARTER_MS, 0.5, kind)
            bench.store.append([price])
            await bench.store.flush()
            await sink._round()
    key = (("appliance", "priced"), ("channel", "wholesale"), ("source", "spot"))
    found = influx.points("priced", "tallywatt_price")
    assert found == [(key, START + DAY_MS, {"value": 0.5, "forecast": 0.0})]


# The verifier


async def test_what_a_store_lost_is_found_and_sent_again(
    influx: InfluxDB, victoria: VictoriaMetrics, tmp_path: Path
) -> None:
    influx.create("verified")
    bench = Bench(tmp_path, running(), "verified")
    kept = readings(300)
    async with bench.store:
        await bench.keep(*kept)
        to_influx = bench.sink(influx.url, database="verified")
        to_victoria = bench.sink(victoria.url, flavour="victoria_metrics", name="vm")
        for sink in (to_influx, to_victoria):
            await delivered(sink)
        victoria.flush()
        for sink in (to_influx, to_victoria):
            verdict = await sink.verify()
            assert (verdict.readings, verdict.sent_again, verdict.gaps) == (900, 0, []), sink.name
        influx.run("DROP SERIES FROM tallywatt WHERE \"unit\" = 'inverter2'", "verified")
        verdict = await to_influx.verify(again=False)
        assert [(gap.source, gap.kept, gap.there) for gap in verdict.gaps] == [
            ("powerwall.inverter2", 300, 0)
        ]
        verdict = await to_influx.verify()
        assert (verdict.sent_again, verdict.gaps) == (300, [])
    assert sorted(influx.points("verified"), key=lambda p: (p[0], p[1])) == as_points(kept, "verified")


async def test_what_victoria_metrics_drops_in_silence_is_told(need: Need, tmp_path: Path) -> None:
    program = need("victoria-metrics", "victoria-metrics")
    clock = running()
    bench = Bench(tmp_path / "store", clock)
    old = [Reading("meter", GRID, float(n), START - 9 * DAY_MS + n * 60_000) for n in range(5)]
    with victoria_metrics(program, tmp_path / "vm", ["-retentionPeriod=5d"]) as victoria:
        async with bench.store:
            await bench.keep(*old, *readings(10))
            sink = bench.sink(victoria.url, flavour="victoria_metrics", verify_every_hours=24)
            await delivered(sink)
            assert sink.delivery.sent == 35, "it said yes to all"
            assert bench.report.said == [("ok", "Everything is delivered")]
            await sink._round()
    state, text = bench.report.said[-1]
    assert state == "needs_you"
    assert text.startswith(
        "5 readings are missing in the store although it said yes to them; VictoriaMetrics"
    )
    assert [event.name for event in bench.report.events] == ["delivery_gaps"]


async def test_doubles_of_a_victoria_metrics_that_keeps_them_are_told(
    need: Need, network: Network, tmp_path: Path
) -> None:
    program = need("victoria-metrics", "victoria-metrics")
    network.habit = bad_line(3)
    bench = Bench(tmp_path / "store", running())
    async with bench.store:
        with victoria_metrics(program, tmp_path / "vm", ["-dedup.minScrapeInterval=0s"]) as victoria:
            network.upstream = victoria.url
            await bench.keep(*readings(100))
            sink = bench.sink(network.url, flavour="victoria_metrics", max_batch=20)
            await delivered(sink)
            victoria.flush()
            network.habit = lambda request: None
            verdict = await sink.verify()
    assert sum(gap.there - gap.kept for gap in verdict.gaps) >= 20, "no answer was lost"
    assert "dedup.minScrapeInterval=1ms" in told(verdict.gaps, "")


# Killed in the middle

CHILD = """
import asyncio, sys
from pathlib import Path
from line_bench import Bench, held
async def main():
    bench = Bench(Path(sys.argv[1]), held(), "killed")
    async with bench.store:
        sink = bench.sink(sys.argv[2], database="killed", max_batch=20)
        print("ready", flush=True)
        await sink._round()
asyncio.run(main())
"""


def _killed_after(requests: int, network: Network, folder: Path) -> int:
    """Start a sink and kill it -9 after so many requests; how many there were."""
    here = Path(__file__).parent
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(here), str(here.parents[1])])}
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(folder), network.url], env=env)
    until = time.monotonic() + 60
    while len(network.seen) < requests and time.monotonic() < until:
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    return len(network.seen)


async def test_killed_in_the_middle_it_goes_on_where_it_was(
    influx: InfluxDB, network: Network, tmp_path: Path
) -> None:
    influx.create("killed")
    network.upstream = influx.url
    network.habit = lambda request: Fault(wait_s=0.02)
    kept = readings(400)
    bench = Bench(tmp_path, held(), "killed")
    async with bench.store:
        await bench.keep(*kept)
    before = await asyncio.to_thread(_killed_after, 12, network, tmp_path)
    assert 12 <= before < 60, "it was not killed in the middle"
    again = Bench(tmp_path, held(), "killed")
    async with again.store:
        await delivered(again.sink(network.url, database="killed", max_batch=20))
    assert len(network.seen) - before <= 60 - before + 2, "it began anew"
    assert sorted(influx.points("killed"), key=lambda p: (p[0], p[1])) == as_points(kept, "killed")


# What is wrong, in plain words


async def test_a_database_that_is_not_there_is_named(influx: InfluxDB, tmp_path: Path) -> None:
    bench = Bench(tmp_path, held())
    async with bench.store:
        await bench.keep(*readings(1))
        sink = bench.sink(influx.url, database="nowhere")
        assert await sink._round() > 600
        with pytest.raises(SourceError, match=r'has no database "nowhere".*create it'):
            await sink.test()
        assert sink.delivery.pending == 3
    assert bench.report.said[0][0] == "needs_you"
    assert "Readings that wait: 3, the oldest of" in bench.report.said[0][1]


async def test_a_wrong_password_and_a_user_without_rights_are_told_apart(need: Need, tmp_path: Path) -> None:
    with influxdb(need("influxd", "influxdb"), tmp_path / "influx", auth=True) as influx:
        influx.create("energy")
        influx.run("CREATE USER meter WITH PASSWORD 'secret'")
        bench = Bench(tmp_path / "store", held())
        async with bench.store:
            await bench.keep(*readings(1))
            with pytest.raises(HttpAuthError, match="check the token, or user and password"):
                await bench.sink(influx.url, user="meter", password="wrong").test()
            sink = bench.sink(influx.url, user="meter", password="secret")
            assert await sink._round() > 600
            assert "check the rights on database" in bench.report.said[-1][1]
            influx.run("GRANT ALL ON energy TO meter")
            await sink._round()
            assert await sink.test() == "InfluxDB takes lines from here, and says what it holds"
        assert len(influx.points("energy")) == 3
        assert "secret" not in str(bench.report.said)


async def test_the_test_of_victoria_metrics(victoria: VictoriaMetrics, tmp_path: Path) -> None:
    bench = Bench(tmp_path, held())
    async with bench.store:
        said = await bench.sink(victoria.url, flavour="victoria_metrics").test()
        assert said == "VictoriaMetrics takes lines from here, and says what it holds"
        with pytest.raises(SourceError, match="does not exist there"):
            await bench.sink(victoria.url, flavour="victoria_metrics", path="/nope").test()


# Poison


async def test_a_receiver_that_takes_no_line_at_all_is_to_blame_and_all_is_kept(
    influx: InfluxDB, tmp_path: Path
) -> None:
    influx.create("typed")
    post(influx.url, "typed", f"tallywatt,appliance=other,quantity=power_grid value=1i {START}")
    bench = Bench(tmp_path, held(), "typed")
    async with bench.store:
        await bench.keep(*readings(40))
        sink = bench.sink(influx.url, database="typed")
        # The whole measurement is of integers there: nothing is taken, and so nothing is to blame on a line.
        assert await sink._round() > 600
        assert sink.delivery.pending == 120
        assert sink.delivery.set_aside == 0
    assert "field type conflict" in bench.report.said[-1][1]


async def test_older_than_the_retention_is_set_aside(influx: InfluxDB, tmp_path: Path) -> None:
    influx.create("brief", "5d")
    old = [Reading("meter", GRID, float(n), START - 9 * DAY_MS + n * 60_000) for n in range(7)]
    fresh = readings(20)
    bench = Bench(tmp_path, held(), "brief")
    async with bench.store:
        await bench.keep(*old[:4], *fresh, *old[4:])
        sink = bench.sink(influx.url, database="brief")
        await sink._round()
        assert (sink.delivery.sent, sink.delivery.set_aside, sink.delivery.pending) == (60, 7, 0)
        kept = bench.store.documents.all("set aside by line_protocol")
        assert [each["at"] for document in kept for each in document["readings"]] == [r.at for r in old]
        assert "beyond retention" in kept[0]["readings"][0]["reason"]
        assert (await sink.verify(START - 30 * DAY_MS)).gaps == [], "what was set aside is not missed"
    assert sorted(influx.points("brief"), key=lambda p: (p[0], p[1])) == as_points(fresh, "brief")
    assert [event.name for event in bench.report.events] == ["delivery_refused"]


async def test_a_body_too_large_is_halved(need: Need, tmp_path: Path) -> None:
    with influxdb(need("influxd", "influxdb"), tmp_path / "influx", largest=10_000) as influx:
        influx.create("energy")
        kept = readings(200)
        bench = Bench(tmp_path / "store", held())
        async with bench.store:
            await bench.keep(*kept)
            await delivered(bench.sink(influx.url, gzip=False))
        assert sorted(influx.points("energy"), key=lambda p: (p[0], p[1])) == as_points(kept)


def test_tags_of_a_unit_name_its_source_too() -> None:
    assert dict(tags(Reading("powerwall.unit1", Quantity.TEMPERATURE, 1.0, START)))["source"] == "powerwall"
