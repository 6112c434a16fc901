"""config/home_assistant/tallywatt_daily*.yaml in the real Home Assistant; days as its statistics."""

import asyncio
import json
import os
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result
from selenium import webdriver

from appliance.__main__ import main
from appliance.calendar import day_of, day_start, iso
from appliance.clock import HOUR_MS, RealClock
from appliance.model import Quantity, Reading
from appliance.store import DayBook, DayValue, Store
from tests.home_assistant.test_ha_dashboard import EVERYTHING, entities_of, log_in
from tests.peers.daily_portal import Portal
from tests.peers.home_assistant import HomeAssistant
from tests.peers.served import Served
from tests.ui.browser import browser as fresh_browser
from tests.ui.browser import missing, shape

pytestmark = pytest.mark.xdist_group("home_assistant")

ZONE = ZoneInfo("America/St_Johns")
"""Half an hour off UTC: its midnight is not one of Home Assistant's hours."""
DAYS = 400
MISSING = 350
CONTRACT = {"since": "2026-01-01", "vat_percent": 13, "buying": [{"name": "All", "per_kwh": 0.1}]}
ID = "tallywatt:0badcafe_carma_1203"
ENERGY, DATE = ("energy", None, "kWh"), ("date", None, None)
COUNTED = ("energy", "total_increasing", "kWh")


@pytest.fixture
def portal(house: Served) -> Portal:
    found = house.appliance.sources["carma"]
    assert isinstance(found, Portal)
    return found


def state(home: HomeAssistant, name: str) -> str | None:
    return home.state(f"sensor.tallywatt_{name}")


def test_every_sensor_has_class_unit_and_the_appliances_value(home: HomeAssistant, portal: Portal) -> None:
    for name, first in (("known_days", "60"), ("daily_register", "4242.17"), ("highest_day", "9.5")):
        home.wait_for(lambda name=name, first=first: state(home, name) == first)  # one of each question
    today, values = portal.today, portal.values
    month = [v for n, v in enumerate(values) if (today - timedelta(days=61 - n)) >= today.replace(day=1)]
    last = today - timedelta(days=2)
    sensors: dict[str, tuple[Any, Any]] = {
        "used_today": (COUNTED, "unavailable"),
        "used_yesterday": (ENERGY, "unavailable"),
        "used_this_month": (COUNTED, sum(month) if month else "unavailable"),
        "daily_register": (COUNTED, 4242.17),
        "daily_register_read_on": (DATE, str(last)),
        "average_day": (ENERGY, sum(values) / 60),
        "highest_day": (ENERGY, 9.5),
        "highest_day_was": (DATE, str(today - timedelta(days=55))),
        "lowest_day": (ENERGY, 8.0),
        "lowest_day_was": (DATE, str(today - timedelta(days=61))),
        "daily_status": ((None, None, None), "online"),
        "known_days": ((None, "measurement", "d"), 60),
        "newest_day": (DATE, str(last)),
        "next_update": (("timestamp", None, None), iso(portal.next_update).replace(".000Z", "+00:00")),
    }
    states = home.states()
    for name, (classes, value) in sensors.items():
        found = states[f"sensor.tallywatt_{name}"]
        attributes = found["attributes"]
        names = ("device_class", "state_class", "unit_of_measurement")
        assert tuple(attributes.get(word) for word in names) == classes, name
        told = found["state"] if isinstance(value, str) else float(found["state"])
        assert told == (value if isinstance(value, str) else pytest.approx(value, abs=1e-3)), name


def test_the_script_asks_the_portal(home: HomeAssistant, portal: Portal) -> None:
    home.service("script.tallywatt_daily_update")
    home.wait_for(lambda: state(home, "used_yesterday") == "31.5")
    home.wait_for(lambda: state(home, "highest_day") == "31.5")
    home.wait_for(lambda: state(home, "newest_day") == str(portal.today - timedelta(days=1)))
    assert "tallywatt_daily_update" not in home.notifications()
    home.no_warnings()
    portal.updating = True
    try:
        home.wait_for(lambda: state(home, "daily_status") == "updating")
        home.service("script.tallywatt_daily_update")
        home.wait_for(lambda: "tallywatt_daily_update" in home.notifications())
    finally:
        portal.updating = False
    assert home.notifications()["tallywatt_daily_update"]["message"] == "An update is running already"
    home.service("persistent_notification.dismiss", notification_id="tallywatt_daily_update")
    assert all("rest_command" in problem for problem in home.problems())  # it logs every refusal itself
    home.forget_problems()


# --- history


class Flat:
    """A flat with a portal alone, and water that costs by another contract."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.first = day_of(RealClock().now(), ZONE) - timedelta(days=DAYS)
        self.values = {
            self.first + timedelta(days=n): round(9 + 2 * (n % 7) / 7, 2) for n in range(DAYS) if n != MISSING
        }
        site = {"name": "Flat", "time_zone": str(ZONE), "currency": "CAD"}
        config = {"version": 2, "site": site, "contracts": [CONTRACT]}
        (folder / "config.json").write_text(json.dumps(config))
        book = DayBook(folder / "daily.db")
        book.put(DayValue("carma.1203", day, value, "kWh", False, 0) for day, value in self.values.items())
        book.put(DayValue("carma.T2", day, 0.25, "m^3-wtr", False, 0) for day in self.values)

    async def name(self) -> None:
        """The appliance has run, and passed on a register that the portal told."""
        async with Store(self.folder / "store", RealClock(), ZONE) as store:
            store.documents.put("appliance", "identity", {"id": "tallywatt-0badcafe"})
            at = RealClock().now() - 3 * HOUR_MS
            store.append(
                [Reading("carma.1203", Quantity.ENERGY_IMPORT, 100 + n, at + n * HOUR_MS) for n in range(3)]
            )
            await store.flush()

    def rows(self, per_kwh: float = 1.0, since: date = date.min) -> dict[int, float]:
        """What Home Assistant is to hold: sums by the first whole hour of each day (UTC ms)."""
        total, found = 0.0, {}
        for day, value in self.values.items():
            if day >= since:
                total += value * per_kwh
                found[-(-day_start(day, ZONE) // HOUR_MS) * HOUR_MS] = total
        return found


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> Flat:
    made = Flat(tmp_path_factory.mktemp("flat"))
    asyncio.run(made.name())
    return made


def sent(flat: Flat, home: HomeAssistant) -> Result:
    words = ["backfill", "home-assistant", "--url", home.url, "--config", str(flat.folder / "config.json")]
    return CliRunner().invoke(
        main, [*words, "--data", str(flat.folder)], env={"HOME_ASSISTANT_TOKEN": home.token}
    )


def held(flat: Flat, home: HomeAssistant, id_: str, period: str = "hour", type_: str = "sum") -> list[Any]:
    start = iso(day_start(flat.first, ZONE))
    said = home.call(
        "recorder/statistics_during_period",
        start_time=start, statistic_ids=[id_], period=period, types=[type_],
    )  # fmt: skip
    return list(said.get(id_, []))


def sums(flat: Flat, home: HomeAssistant, id_: str) -> dict[int, float]:
    return {int(row["start"]): row["sum"] for row in held(flat, home, id_)}


def test_days_and_their_cost_are_statistics_and_sent_twice_the_same(flat: Flat, home: HomeAssistant) -> None:
    first = sent(flat, home)
    assert first.exit_code == 0, first.output
    assert f"{ID}: {DAYS - 1} days sent, 0 were there" in first.output
    assert sums(flat, home, ID) == pytest.approx(flat.rows())
    assert sums(flat, home, f"{ID}_cost") == pytest.approx(flat.rows(0.113, date(2026, 1, 1)))
    assert len(sums(flat, home, "tallywatt:0badcafe_carma_t2")) == DAYS - 1
    again = sent(flat, home)
    for id_ in (ID, f"{ID}_cost", "tallywatt:0badcafe_carma_t2"):
        assert f"{id_}: 0 days sent" in again.output
    assert "energy_import" not in again.output  # the same energy is not there twice
    listed = {entry["statistic_id"]: entry for entry in home.call("recorder/list_statistic_ids")}
    told = {
        id_: (entry["name"], entry["statistics_unit_of_measurement"], entry["unit_class"])
        for id_, entry in listed.items()
        if "0badcafe" in id_
    }
    assert told == {
        ID: ("Flat carma.1203", "kWh", "energy"),
        f"{ID}_cost": ("Flat carma.1203 cost", "CAD", None),
        "tallywatt:0badcafe_carma_t2": ("Flat carma.T2", "m³", "volume"),
    }
    home.no_warnings("recorder")


def test_a_day_that_comes_late_moves_what_is_after_it(flat: Flat, home: HomeAssistant) -> None:
    sent(flat, home)
    day = flat.first + timedelta(days=MISSING)
    DayBook(flat.folder / "daily.db").put([DayValue("carma.1203", day, 4.5, "kWh", False, 0)])
    flat.values = dict(sorted({**flat.values, day: 4.5}.items()))
    assert f"{ID}: {DAYS - MISSING} days sent, {MISSING} were there" in sent(flat, home).output
    assert sums(flat, home, ID) == pytest.approx(flat.rows())


def test_the_energy_dashboard_takes_them_with_their_cost(flat: Flat, home: HomeAssistant) -> None:
    sent(flat, home)
    flow = {"stat_energy_from": ID, "stat_cost": f"{ID}_cost", "entity_energy_price": None}
    grid = {
        "type": "grid",
        "flow_from": [{**flow, "number_energy_price": None}],
        "flow_to": [],
        "cost_adjustment_day": 0,
    }
    home.call("energy/save_prefs", energy_sources=[grid])
    assert home.call("energy/validate")["energy_sources"] == [[]]


def test_what_the_grid_meter_cost_and_brought_goes_along(home: HomeAssistant, tmp_path: Path) -> None:
    start = RealClock().now() // HOUR_MS * HOUR_MS - 30 * HOUR_MS
    contract = {**CONTRACT, "selling": [{"name": "Sun", "per_kwh": 0.04, "vat": False}]}
    config = {"version": 2, "site": {"name": "House", "currency": "SEK"}, "contracts": [contract]}
    (tmp_path / "config.json").write_text(json.dumps(config))

    async def fill() -> None:
        async with Store(tmp_path / "store", RealClock(), ZoneInfo("UTC")) as store:
            store.documents.put("appliance", "identity", {"id": "tallywatt-0c0ffee0"})
            for quantity, each in ((Quantity.ENERGY_IMPORT, 0.5), (Quantity.ENERGY_EXPORT, 0.25)):
                store.append(
                    [Reading("p1", quantity, 100 + each * n, start + n * HOUR_MS // 4) for n in range(121)]
                )
            await store.flush()

    asyncio.run(fill())
    words = ["backfill", "home-assistant", "--url", home.url, "--config", str(tmp_path / "config.json")]
    env = {"HOME_ASSISTANT_TOKEN": home.token}
    done = CliRunner().invoke(main, [*words, "--data", str(tmp_path)], env=env)
    assert done.exit_code == 0, done.output
    ids = {
        "tallywatt:0c0ffee0_energy_import_cost": 2 * 0.113,
        "tallywatt:0c0ffee0_energy_export_compensation": 1 * 0.04,
    }
    said = home.call(
        "recorder/statistics_during_period",
        start_time=iso(start), statistic_ids=list(ids), period="hour", types=["sum"],
    )  # fmt: skip
    for id_, each in ids.items():
        rows = {int(row["start"]): row["sum"] for row in said[id_]}
        assert rows == pytest.approx({start + n * HOUR_MS: each * (n + 1) for n in range(30)}), id_


# --- dashboard


@pytest.fixture
def browser() -> Iterator[webdriver.Chrome]:
    if lacking := missing():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(lacking)
    with fresh_browser() as driver:
        shape(driver, (1600, 2400))
        yield driver


def test_every_card_is_drawn(flat: Flat, home: HomeAssistant, browser: webdriver.Chrome) -> None:
    sent(flat, home)
    path = home.folder / "tallywatt_daily_dashboard.yaml"
    path.write_text(path.read_text().replace("tallywatt:1a2b3c4d_carma_1203", ID))
    dashboard = home.call("lovelace/config", url_path="tallywatt-daily", force=True)
    named = set(entities_of(dashboard))
    statistics = {name for name in named if ":" in name}
    assert statistics == {ID, f"{ID}_cost"}
    assert named - statistics <= set(home.states())
    log_in(browser, home)
    browser.get(f"{home.url}/tallywatt-daily/days")
    cards = [card for section in dashboard["views"][0]["sections"] for card in section["cards"]]
    wanted = {f"hui-{card['type']}-card" for card in cards}
    home.wait_for(lambda: wanted <= set(browser.execute_script(EVERYTHING)["cards"]), 60)
    home.wait_for(lambda: "4,242.17" in browser.execute_script(EVERYTHING)["text"])
    seen = browser.execute_script(EVERYTHING)
    assert seen["errors"] == []
    assert "No statistics" not in seen["text"]
    home.no_warnings("lovelace", "frontend")
