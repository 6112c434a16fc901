"""`query`: a portal's days and a register's, as a table, CSV and JSON; also while the daemon writes."""

import asyncio
import csv
import json
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result

from appliance import calendar
from appliance.__main__ import main
from appliance.clock import HOUR_MS, RealClock
from appliance.model import Quantity, Reading
from appliance.store import DayBook, DayRegister, DayValue, Store

ZONE = ZoneInfo("America/Toronto")
FIRST = date(2025, 12, 30)
DAYS = {0: 10.0, 1: 12.5, 3: 8.25, 4: 9.0}
"""By days since the first; one is missing."""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "config.json").write_text(json.dumps({"version": 2, "site": {"time_zone": str(ZONE)}}))
    return tmp_path


@pytest.fixture
def portal(data: Path) -> DayBook:
    """What a fetch by hand left: no daemon ever ran here."""
    book = DayBook(data / "daily.db")
    days = [FIRST + timedelta(days=n) for n in DAYS]
    book.put(
        DayValue("carma.1203", day, value, "kWh", day.weekday() > 4, 0, "100 Rue de l'Étoile")
        for day, value in zip(days, DAYS.values(), strict=True)
    )
    book.put([DayValue("carma.T2", day, 0.125, "m^3-wtr", False, 0) for day in days])
    book.put_registers([DayRegister("carma.1203", days[-1], 4049.25, "kWh", 0)])
    return book


def query(data: Path, *words: str) -> Result:
    places = ("--data", str(data), "--config", str(data / "config.json"))
    return CliRunner().invoke(main, ["query", *words, *places])


def answer(data: Path, *words: str) -> object:
    said = query(data, *words, "--format", "json")
    assert said.exit_code == 0, said.output
    return json.loads(said.stdout)


def test_the_summary_is_what_is_told_without_more(data: Path, portal: DayBook) -> None:
    assert query(data).stdout == query(data, "--summary").stdout == (
        "carma.1203, 100 Rue de l'Étoile\n"
        "Days     4 of 5 known, 2025-12-30 to 2026-01-03\n"
        "Total    39.75 kWh\n"
        "Average  9.94 kWh a day\n"
        "Newest   9.00 kWh on 2026-01-03, steady from 8.25 the day before\n"
        "Register 4,049.25 kWh on 2026-01-03\n"
    )  # fmt: skip
    assert answer(data) == {
        "source": "carma.1203", "unit": "kWh", "location": "100 Rue de l'Étoile", "days": 4,
        "first": "2025-12-30", "last": "2026-01-03", "total": 39.75, "average": 9.9375, "newest": 9.0,
        "before": 8.25, "trend": "steady", "register": 4049.25, "register_day": "2026-01-03",
    }  # fmt: skip


def test_extremes_months_and_days(data: Path, portal: DayBook) -> None:
    assert answer(data, "--extremes") == {
        "source": "carma.1203",
        "unit": "kWh",
        "extremes": [
            {"what": "highest", "day": "2025-12-31", "value": 12.5},
            {"what": "lowest", "day": "2026-01-02", "value": 8.25},
        ],
    }
    assert query(data, "--monthly").stdout == (
        "carma.1203 (kWh)\n"
        "month    days  total  average\n"
        "2025-12     2  22.50    11.25\n"
        "2026-01     2  17.25     8.62\n"
    )
    few = query(data, "--daily", "--start", "2025-12-31", "--end", "2026-01-02", "--format", "csv")
    assert list(csv.reader(StringIO(few.stdout))) == [
        ["source", "unit", "day", "value", "flagged", "so_far"],
        ["carma.1203", "kWh", "2025-12-31", "12.5", "false", "false"],
        ["carma.1203", "kWh", "2026-01-02", "8.25", "false", "false"],
    ]
    every = answer(data, "--all", "--source", "carma.T2")
    assert isinstance(every, dict)
    assert (every["unit"], [day["value"] for day in every["daily"]]) == ("m³", [0.125] * 4)
    january = answer(data, "--summary", "--start", "2026-01-01")
    assert isinstance(january, dict)
    assert (january["days"], january["total"]) == (2, 17.25)


def test_what_is_not_known_is_said(data: Path, portal: DayBook) -> None:
    assert query(data, "--daily", "--start", "2026-02-01").stdout == (
        "carma.1203\nNothing is known of these days\n"
    )
    assert "Nothing is known of these days" in query(data, "--start", "2026-02-01").stdout
    nothing = query(data, "--daily", "--start", "2026-02-01", "--format", "csv")
    assert (nothing.stdout, nothing.stderr) == ("", "Nothing is known of these days\n")
    unknown = answer(data, "--start", "2026-02-01")
    assert isinstance(unknown, dict)
    assert (unknown["days"], unknown["total"], unknown["average"]) == (0, None, None)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--source", "nope"], 1, "there is no daily source nope; there are carma.1203, carma.T2"),
        (["--all", "--extremes"], 2, "--all and --extremes cannot be told at once; ask twice"),
        (["--all", "--start", "2026-01-01"], 2, "--all is every day; use --daily"),
        (["--start", "May"], 2, "May is no day; write one such as 2026-05-01"),
        (["--start", "2026-05-02", "--end", "2026-05-01"], 2, "--end must not be before --start"),
        (["--config", "/nowhere.json"], 1, "/nowhere.json"),
    ],
)
def test_what_cannot_be_answered_is_refused(
    data: Path, portal: DayBook, words: list[str], code: int, said: str
) -> None:
    places = ["--data", str(data), *([] if "--config" in words else ["--config", str(data / "config.json")])]
    refused = CliRunner().invoke(main, ["query", *words, *places])
    assert (refused.exit_code, said in refused.stderr) == (code, True), refused.output


def test_an_empty_folder_is_refused(data: Path) -> None:
    assert "name the data folder with --data" in query(data).stderr


def test_a_register_beside_the_daemon_that_reads_it(data: Path) -> None:
    """The daemon is at work in the same folder while it is asked."""
    today = calendar.day_of(RealClock().now(), ZONE)

    async def asked() -> list[Result]:
        async with Store(data / "store", RealClock(), ZONE) as store:
            for before in (3, 2, 1):
                start = calendar.day_start(today - timedelta(days=before), ZONE)
                store.append(
                    [
                        Reading(
                            "p1", Quantity.ENERGY_IMPORT, 100 + 10 * (3 - before) + n, start + n * HOUR_MS
                        )
                        for n in range(11)
                    ]
                )
            store.append([Reading("p1", Quantity.ENERGY_IMPORT, 131.0, RealClock().now())])
            await store.flush()
            return [await asyncio.to_thread(query, data, *words) for words in ([], ["--all"])]

    summary, every = asyncio.run(asked())
    assert (
        f"Days     3 of 3 known, {today - timedelta(days=3)} to {today - timedelta(days=1)}" in summary.stdout
    )
    assert "Total    30.00 kWh" in summary.stdout
    assert f"{today}   1.00           yes" in every.stdout
