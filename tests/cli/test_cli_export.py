"""`export`: what is in the store comes out as CSV, in the site's own time, also while the daemon writes."""

import asyncio
import csv
import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result

from appliance.__main__ import main
from appliance.clock import HOUR_MS, MINUTE_MS, FakeClock
from appliance.model import Price, Quantity, Reading
from appliance.store import Store

ZONE = ZoneInfo("Europe/Stockholm")
ROOT = Path(__file__).resolve().parents[2]
START = int(datetime(2026, 10, 24, 22, tzinfo=ZONE).timestamp() * 1000)
"""Two hours before a day of 25 hours."""
HOURS = 30


def readings() -> list[Reading]:
    """A meter that rises by 0.1 kWh every 10 minutes, and the power that goes with it."""
    made = []
    for count in range(HOURS * 6 + 1):
        at = START + count * 10 * MINUTE_MS
        made.append(Reading("meter", Quantity.ENERGY_IMPORT, round(100 + count / 10, 3), at, 0.97))
        made.append(Reading("p1", Quantity.POWER_GRID, 500.0 + count % 2 * 200, at))
    return made


async def fill(folder: Path) -> None:
    async with Store(folder, FakeClock(START + (HOURS + 1) * HOUR_MS), ZONE) as store:
        store.append(readings())
        await store.flush()


async def price(folder: Path) -> None:
    start, quarter = START + 2 * HOUR_MS, HOUR_MS // 4
    async with Store(folder, FakeClock(START + (HOURS + 1) * HOUR_MS), ZONE) as store:
        for n, per_kwh in enumerate((-0.4, 0.8)):
            at = start + n * quarter
            store.append([Price("spot", "wholesale", at, at + quarter, per_kwh)])
        await store.flush()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    asyncio.run(fill(tmp_path / "store"))
    config = {"site": {"time_zone": "Europe/Stockholm"}, "display": {"enabled": False}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    return tmp_path


def export(data: Path, *words: object) -> Result:
    places = ("--data", str(data), "--config", str(data / "config.json"))
    return CliRunner().invoke(main, ["export", *places, *(str(word) for word in words)])


def rows(result: Result) -> list[dict[str, str]]:
    assert result.exit_code == 0, result.output
    return list(csv.DictReader(result.stdout.splitlines()))


def test_raw_gives_every_reading_as_it_came_in(data: Path) -> None:
    found = rows(export(data, "--from", "2026-10-24", "--to", "2026-10-27", "--every", "raw"))
    assert [(row["source"], row["quantity"], float(row["value"])) for row in found] == [
        (r.source, str(r.quantity), r.value) for r in readings()
    ]
    assert found[0] == {
        "time": "2026-10-24T22:00:00+02:00", "source": "meter", "quantity": "energy_import", "unit": "kWh",
        "value": "100.000", "confidence": "0.97",
    }  # fmt: skip
    assert [round(datetime.fromisoformat(row["time"]).timestamp() * 1000) for row in found] == [
        r.at for r in readings()
    ]


def test_the_long_night_has_both_its_hours(data: Path) -> None:
    found = rows(
        export(data, "--from", "2026-10-25", "--to", "2026-10-26", "--every", "1h", "--source", "p1")
    )
    assert len(found) == 25
    assert [row["time"] for row in found[1:4]] == [
        "2026-10-25T01:00:00+02:00",
        "2026-10-25T02:00:00+02:00",
        "2026-10-25T02:00:00+01:00",
    ]
    assert {(row["value"], row["low"], row["high"]) for row in found} == {("600", "500", "700")}


def test_increases_add_up(data: Path) -> None:
    for every in ("1min", "5min", "15min", "1h", "1d"):
        found = rows(
            export(data, "--from", "2026-10-25", "--to", "2026-10-26", "--every", every, "energy_import")
        )
        assert sum(float(row["increase"]) for row in found) == pytest.approx(15.0, abs=1e-9), every
        assert found[-1]["value"] == "116.200"


def test_quantities_may_be_named_in_every_usual_way(data: Path) -> None:
    span = ("--from", "2026-10-25", "--to", "2026-10-25T01:00", "--every", "1h")
    both = {"energy_import", "power_grid"}
    for words in (
        ("--quantity", "energy_import", "--quantity", "power_grid"),
        ("--quantity", "energy_import,power_grid"),
        ("--quantity", "energy_import", "power_grid"),
    ):
        assert {row["quantity"] for row in rows(export(data, *span, *words))} == both
    assert {row["quantity"] for row in rows(export(data, *span, "power_grid"))} == {"power_grid"}


def test_an_instant_is_the_sites_unless_it_says_otherwise(data: Path) -> None:
    here = rows(export(data, "--from", "2026-10-25T12:00", "--to", "2026-10-25T12:10", "--every", "raw"))
    there = rows(
        export(data, "--from", "2026-10-25T11:00Z", "--to", "2026-10-25T11:10+00:00", "--every", "raw")
    )
    assert here == there
    assert len(here) == 2


def test_into_a_file(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    result = export(data, "--from", "2026-10-25", "--to", "2026-10-26", "--every", "1d", "-o", path)
    assert result.output == ""
    assert path.read_text(encoding="utf-8").startswith("time,source,quantity,unit,value,low,high,increase\n")
    assert len(path.read_text().splitlines()) == 3
    refused = export(data, "--from", "2026-10-25", "-o", tmp_path / "no" / "where.csv")
    assert refused.exit_code == 1
    assert "cannot be written: No such file or directory" in refused.stderr


def test_nothing_there_is_told(data: Path) -> None:
    result = export(data, "--from", "2020-01-01", "--to", "2020-01-02")
    assert result.exit_code == 0
    assert result.stdout == "time,source,quantity,unit,value,low,high,increase\n"
    assert "There are no such readings in this time" in result.stderr


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("--from", "yesterday"), 2, "yesterday is neither a day such as 2026-05-01 nor an instant"),
        (("--from", "2026-02-30"), 2, "2026-02-30 is neither a day"),
        (("--from", "2026-10-25", "--to", "2026-10-25"), 2, "--to must be after --from"),
        (("--from", "2026-10-25", "--quantity", "power_gird"), 2, "did you mean power_grid?"),
        (("--from", "2026-10-25", "--source", "x"), 1, "there is no source x here; there are meter, p1"),
        (("--from", "2026-10-25", "-o", "x.png"), 2, "a picture shows --what power or --what prices"),
        (("--from", "2026-10-25", "--separator", ",", "--decimal", ","), 2, "must not be the same sign"),
        ((), 2, "Missing option '--from'"),
    ],
)
def test_what_is_refused(data: Path, words: tuple[str, ...], code: int, sentence: str) -> None:
    result = export(data, *words)
    assert result.exit_code == code
    assert sentence in result.stderr


def test_a_folder_without_readings_is_told(data: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "config.json").write_text("{}")
    result = export(tmp_path / "other", "--from", "2026-10-25")
    assert result.exit_code == 1
    assert "there are no readings in" in result.stderr
    assert not (tmp_path / "other" / "store").exists()


def test_powers_stand_side_by_side(data: Path) -> None:
    found = rows(export(data, "--what", "power", "--from", "2026-10-25", "--to", "2026-10-26"))
    assert len(found) == 25 * 6
    assert found[0] == {"time": "2026-10-25T00:00:00+02:00", "power_grid W": "500"}
    assert found[-1]["time"] == "2026-10-25T23:50:00+01:00"


def test_prices_are_those_of_the_contract_in_the_signs_of_the_country(data: Path) -> None:
    """A day of 25 hours has 100 quarters, of which the first two have a price."""
    asyncio.run(price(data / "store"))
    config = json.loads((data / "config.json").read_text())
    config["site"]["currency"] = "SEK"
    config["contracts"] = [{"vat_percent": 25, "buying": [{"name": "Spot", "market": 1}]}]
    (data / "config.json").write_text(json.dumps(config))
    span = ("--from", "2026-10-25", "--to", "2026-10-26")
    result = export(data, "--what", "prices", *span, "--separator", ";", "--decimal", ",")
    assert result.stdout.splitlines() == [
        "time;market;buying;selling;currency",
        "2026-10-25T00:00:00+02:00;-0,40000;-0,50000;;SEK",
        "2026-10-25T00:15:00+02:00;0,80000;1,00000;;SEK",
    ]


@pytest.mark.parametrize("what", ["power", "prices"])
def test_a_name_that_ends_with_png_is_drawn(data: Path, tmp_path: Path, what: str) -> None:
    path = tmp_path / f"{what}.PNG"
    result = export(data, "--what", what, "--from", "2026-10-25", "--to", "2026-10-26", "-o", path)
    assert (result.exit_code, result.output) == (0, "")
    assert path.read_bytes().startswith(b"\x89PNG\r\n")


async def test_while_the_daemon_writes(data: Path) -> None:
    clock = FakeClock(START + (HOURS + 1) * HOUR_MS)
    async with Store(data / "store", clock, ZONE) as store:
        at = START + HOURS * HOUR_MS + 30 * MINUTE_MS
        store.append([Reading("meter", Quantity.ENERGY_IMPORT, 118.5, at)])
        await store.flush()
        words = ["export", "--from", "2026-10-26", "--to", "2026-10-27", "--every", "raw", "energy_import"]
        places = ["--data", str(data), "--config", str(data / "config.json")]
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "appliance", *words, *places, cwd=ROOT, stdout=subprocess.PIPE
        )
        out, _ = await child.communicate()
        assert child.returncode == 0
        assert out.decode().splitlines()[-1].split(",")[4] == "118.500"
        store.append([Reading("meter", Quantity.ENERGY_IMPORT, 118.6, at + 10 * MINUTE_MS)])
        await store.flush()
