"""`tallywatt backfill home-assistant` into the real Home Assistant: its rows are the store's."""

import asyncio
import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result

from appliance.__main__ import main
from appliance.calendar import iso
from appliance.clock import HOUR_MS, RealClock
from appliance.model import Quantity, Reading
from appliance.store import Store
from tests.peers.home_assistant import HomeAssistant

pytestmark = pytest.mark.xdist_group("home_assistant")

HOURS = 700
"""More than one message takes."""
STEP_MS = HOUR_MS // 4
ZONE = ZoneInfo("Asia/Kolkata")
"""Half an hour off UTC: its hours are not those of Home Assistant's statistics."""
SILENT = range(100, 103)
EXCHANGED = 200


class History:
    """An import register that was silent for three hours and exchanged later, and one of the roof."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        now = RealClock().now() // HOUR_MS * HOUR_MS
        self.start = now - HOURS * HOUR_MS
        self.sums: dict[int, float] = {}
        (folder / "config.json").write_text(
            json.dumps({"version": 2, "site": {"name": "Cabin", "time_zone": str(ZONE)}})
        )

    async def write(self) -> None:
        async with Store(self.folder / "store", RealClock(), ZONE) as store:
            store.documents.put("appliance", "identity", {"id": "tallywatt-0123abcd"})
            gone, register = 0.0, 4000.0
            for quarter in range(HOURS * 4 + 2):
                at = self.start + quarter * STEP_MS
                hour = quarter // 4
                if quarter:
                    used = round(0.05 + 0.01 * (hour % 24), 3)
                    gone, register = round(gone + used, 3), round(register + used, 3)
                if hour not in SILENT or (quarter % 4 == 0 and hour == SILENT.start):
                    store.append([Reading("p1", Quantity.ENERGY_IMPORT, register, at)])
                    store.append([Reading("roof", Quantity.ENERGY_SOLAR, 10.0 + quarter, at)])
                if quarter % 4 == 0 and hour and hour - 1 not in (*SILENT[:-1],):
                    self.sums[at - HOUR_MS] = gone
                if quarter == EXCHANGED * 4 + 1:
                    await store.exchange("p1", Quantity.ENERGY_IMPORT, at + 1, None, 7.0)
                    register = 7.0
            await store.flush()


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    made = History(tmp_path_factory.mktemp("history"))
    asyncio.run(made.write())
    return made


def sent(history: History, home: HomeAssistant, *more: str, token: str = "") -> Result:
    """The command's result."""
    words = ["backfill", "home-assistant", "--url", home.url, "--config", str(history.folder / "config.json")]
    words += ["--data", str(history.folder), *more]
    return CliRunner().invoke(main, words, env={"HOME_ASSISTANT_TOKEN": token or home.token})


def rows(history: History, home: HomeAssistant, name: str) -> dict[int, float]:
    """What Home Assistant holds of a statistic, sums by start."""
    id_ = f"tallywatt:0123abcd_{name}"
    said = home.call(
        "recorder/statistics_during_period",
        start_time=iso(history.start - HOUR_MS),
        statistic_ids=[id_],
        period="hour",
        types=["sum"],
    )
    return {int(row["start"]): row["sum"] for row in said.get(id_, [])}


def test_the_rows_are_the_stores_and_sent_twice_the_same(history: History, home: HomeAssistant) -> None:
    part = sent(history, home, "--since", "2026-01-01")
    assert part.exit_code == 0, part.output
    assert f"0123abcd_energy_import: {len(history.sums)} hours sent, 0 were there" in part.output
    first = rows(history, home, "energy_import")
    assert list(first) == list(history.sums)
    assert first == pytest.approx(history.sums)
    assert len(first) == HOURS - 2  # what went through in the silence is in the hour that ended it
    again = sent(history, home)
    assert f"0123abcd_energy_import: 0 hours sent, {len(first)} were there" in again.output
    assert rows(history, home, "energy_import") == first
    assert rows(history, home, "energy_solar")
    listed = {entry["statistic_id"]: entry for entry in home.call("recorder/list_statistic_ids")}
    entry = listed["tallywatt:0123abcd_energy_import"]
    assert (entry["name"], entry["source"]) == ("Cabin import register", "tallywatt")
    assert (entry["has_sum"], entry["statistics_unit_of_measurement"]) == (True, "kWh")
    home.no_warnings("recorder")


def test_what_is_lost_or_wrong_there_is_sent_anew(history: History, home: HomeAssistant) -> None:
    sent(history, home)
    whole = rows(history, home, "energy_import")
    wrong = list(whole)[300]
    home.call(
        "recorder/import_statistics",
        metadata={
            "has_mean": False,
            "has_sum": True,
            "name": None,
            "source": "tallywatt",
            "statistic_id": "tallywatt:0123abcd_energy_import",
            "unit_of_measurement": "kWh",
        },
        stats=[{"start": iso(wrong), "sum": 1.5}],
    )
    home.wait_for(lambda: rows(history, home, "energy_import")[wrong] == 1.5)
    assert "energy_import: 1 hours sent" in sent(history, home).output
    assert rows(history, home, "energy_import") == whole
    home.call("recorder/clear_statistics", statistic_ids=["tallywatt:0123abcd_energy_import"])
    home.wait_for(lambda: not rows(history, home, "energy_import"))
    assert sent(history, home).exit_code == 0
    assert rows(history, home, "energy_import") == whole


def test_the_energy_dashboard_takes_them(history: History, home: HomeAssistant) -> None:
    sent(history, home)
    solar = {"type": "solar", "stat_energy_from": "tallywatt:0123abcd_energy_solar"}
    before = home.call("energy/save_prefs", energy_sources=[{**solar, "config_entry_solar_forecast": None}])
    assert before["energy_sources"][0]["stat_energy_from"] == "tallywatt:0123abcd_energy_solar"
    assert home.call("energy/validate")["energy_sources"] == [[]]


def test_what_is_refused_is_told(history: History, home: HomeAssistant) -> None:
    wrong = sent(history, home, token="not-a-token")
    assert (wrong.exit_code, "refuses the token" in wrong.output) == (1, True)
    nobody = sent(history, home, "--url", "http://127.0.0.1:1")
    assert (nobody.exit_code, "cannot be reached" in nobody.output) == (1, True)
    odd = sent(history, home, "--url", "homeassistant.local")
    assert (odd.exit_code, "is no address" in odd.output) == (1, True)
    home.forget_problems()  # it logs the wrong token
