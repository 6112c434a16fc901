"""`verify` against a real InfluxDB: what it holds is compared, and sent again when it is told to."""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result

from appliance.__main__ import main
from appliance.clock import DAY_MS, RealClock
from appliance.model import Quantity, Reading
from appliance.store import Store
from tests.peers.influxdb import influxdb

START = (time.time_ns() // 1_000_000 // DAY_MS - 2) * DAY_MS


async def fill(folder: Path) -> None:
    async with Store(folder, RealClock(), ZoneInfo("UTC")) as store:
        store.documents.put("appliance", "identity", {"id": "hut"})
        store.append([Reading("p1", Quantity.POWER_GRID, float(n), START + n * 60_000) for n in range(90)])
        await store.flush()
        await store.move_cursor("central", await store.newest_seq())


def verify(data: Path, *words: str) -> Result:
    places = ("--data", str(data), "--config", str(data / "config.json"))
    return CliRunner().invoke(main, ["verify", *words, *places])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    asyncio.run(fill(tmp_path / "store"))
    return tmp_path


def configure(data: Path, url: str) -> None:
    central = {
        "type": "line_protocol",
        "name": "central",
        "flavour": "influxdb1",
        "url": url,
        "database": "e",
    }
    other = {"type": "push", "api_endpoint": "http://127.0.0.1:1/meter_reading"}
    config = {"version": 2, "site": {"time_zone": "UTC"}, "sinks": [central, other]}
    (data / "config.json").write_text(json.dumps(config))


def test_what_is_missing_is_named_and_sent_again(need: Callable[[str, str], str], data: Path) -> None:
    with influxdb(need("influxd", "influxdb"), data / "influx") as influx:
        influx.create("e")
        configure(data, influx.url)
        missing = verify(data, "central")
        assert missing.exit_code == 1
        assert "p1 power_grid: 90 kept here, 0 there" in missing.stdout
        assert "90 readings are missing in the store although it said yes" in missing.stderr
        again = verify(data, "central", "--send-again")
        assert again.exit_code == 0, again.output
        assert "90 of them were sent again\nAll of them are there, each once" in again.stdout
        since = time.strftime("%Y-%m-%d", time.gmtime(START / 1000 + 86_400))
        later = verify(data, "central", "--since", since)
        assert later.stdout.startswith("0 readings from")
    gone = verify(data, "central")
    assert gone.exit_code == 1
    assert "connection refused" in gone.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nope"], "there is no sink nope in the configuration; there are central, push"),
        (["push"], "what its receiver holds cannot be asked"),
        (["central", "--since", "May"], "May is no day"),
    ],
)
def test_what_cannot_be_verified_is_refused(data: Path, words: list[str], said: str) -> None:
    configure(data, "http://127.0.0.1:1")
    refused = verify(data, *words)
    assert refused.exit_code in (1, 2)
    assert said in refused.stderr
