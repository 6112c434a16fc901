"""The classic routes about days: shapes of the known scraper, unknown is null or 404."""

import asyncio
import json
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest
from appliances import made, owner, served
from click.testing import CliRunner

from appliance import calendar
from appliance.__main__ import main
from appliance.app import Appliance
from appliance.clock import HOUR_MS, FakeClock, ScaledClock
from appliance.demo.carma import CarmaPortal
from appliance.errors import SourceError
from appliance.model import Quantity, Reading
from appliance.store import DayBook, DayRegister, DayValue

ZONE = ZoneInfo("America/Toronto")
TODAY = date(2026, 2, 10)
PLACE = "100 Rue de l'Étoile"
MARKS = {"unit": "kWh", "source": "carma.1203"}


class Portal:
    """A running source that asks a portal, as `carma` is one."""

    update_hour = 5
    next_update: int | None = calendar.day_start(TODAY, ZONE) + 29 * HOUR_MS
    updating = False
    problem = ""
    updates = 0

    async def update(self) -> None:
        if self.problem:
            raise SourceError(self.problem)
        self.updates += 1


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(calendar.day_start(TODAY, ZONE) + 15 * HOUR_MS)


@pytest.fixture
def here(tmp_path: Path, clock: FakeClock) -> Appliance:
    return made(tmp_path, clock, site={"time_zone": str(ZONE), "language": "en"})


@pytest.fixture
def book(here: Appliance) -> DayBook:
    """Two months without three days, and water."""
    book = DayBook(here.folder / "daily.db")
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(40) if n not in (3, 4, 33)]
    book.put(DayValue("carma.1203", day, 5.0 + day.day / 4, "kWh", False, 0, PLACE) for day in days)
    book.put([DayValue("carma.T2", days[-1], 0.25, "m^3-wtr", False, 0, PLACE)])
    book.put_registers([DayRegister("carma.1203", days[-1], 4242.17, "kWh", 0)])
    return book


async def test_nothing_is_known_yet(api: httpx.AsyncClient) -> None:
    found = (await api.get("/api/status")).json()
    assert found == {
        "status": "no data", "records": 0, "latest_date": None, "database": "daily.db", "auto_update": False,
        "update_hour": None, "next_update": None, "source": None, "sources": [],
    }  # fmt: skip
    for route in ("current", "daily/2026-01-01", "monthly/2026/1", "statistics"):
        answer = await api.get(f"/api/{route}")
        assert (answer.status_code, list(answer.json())) == (404, ["error"]), route


@pytest.mark.usefixtures("book")
async def test_status_tells_of_the_portal(api: httpx.AsyncClient, here: Appliance) -> None:
    here.sources["carma"] = portal = Portal()  # type: ignore[assignment]
    found = (await api.get("/api/status")).json()
    assert found == {
        "status": "online", "records": 37, "latest_date": "2026-02-09", "database": "daily.db",
        "auto_update": True, "update_hour": 5, "next_update": "2026-02-11T10:00:00.000Z",
        "source": "carma.1203", "sources": ["carma.1203", "carma.T2"],
    }  # fmt: skip
    portal.updating = True
    assert (await api.get("/api/status")).json()["status"] == "updating"


@pytest.mark.usefixtures("book")
async def test_current(api: httpx.AsyncClient) -> None:
    assert (await api.get("/api/current")).json() == {
        "today_kwh": None,
        "yesterday_kwh": 7.25,
        "month_total_kwh": pytest.approx(8 * 5 + (45 - 3) / 4),
        "meter_reading": 4242.17,
        "meter_reading_date": "2026-02-09",
        **MARKS,
    }
    water = (await api.get("/api/current?source=carma.T2")).json()
    assert (water["yesterday_kwh"], water["unit"], water["meter_reading"]) == (0.25, "m³", None)


@pytest.mark.usefixtures("book")
async def test_one_day(api: httpx.AsyncClient) -> None:
    assert (await api.get("/api/daily/2026-01-31")).json() == {
        "date": "2026-01-31", "consumption_kwh": 12.75, "month": "January", "year": 2026, "location": PLACE,
        "so_far": False, **MARKS,
    }  # fmt: skip
    missing = await api.get("/api/daily/2026-01-04")
    assert (missing.status_code, missing.json()) == (
        404, {"error": "Nothing is known of 2026-01-04 at carma.1203"},
    )  # fmt: skip
    nobody = await api.get("/api/daily/2026-01-01?source=nope")
    assert (nobody.status_code, nobody.json()["error"][:26]) == (404, "there is no daily source n")


@pytest.mark.usefixtures("book")
async def test_one_month_by_number_and_name(api: httpx.AsyncClient) -> None:
    found = (await api.get("/api/monthly/2026/1")).json()
    for month in ("01", "January", "january", "JANUARY"):
        assert (await api.get(f"/api/monthly/2026/{month}")).json() == found
    daily = found.pop("daily")
    assert found == {
        "year": 2026, "month": "January", "total_kwh": 266.75, "average_daily_kwh": 9.1983, "days": 29,
        "location": PLACE, **MARKS,
    }  # fmt: skip
    assert (len(daily), daily[3]) == (29, {"date": "2026-01-06", "kwh": 6.5})


@pytest.mark.usefixtures("book")
async def test_a_range_wants_both_days(api: httpx.AsyncClient) -> None:
    found = (await api.get("/api/range?start=2026-01-31&end=2026-02-04")).json()
    assert [day["date"] for day in found["daily"]] == [
        "2026-01-31", "2026-02-01", "2026-02-02", "2026-02-04",
    ]  # fmt: skip
    assert (found["days"], found["total_kwh"], found["average_daily_kwh"]) == (4, 29.5, 7.375)
    nothing = (await api.get("/api/range?start=2020-01-31&end=2020-02-04")).json()
    assert (nothing["days"], nothing["total_kwh"], nothing["daily"]) == (0, None, [])


@pytest.mark.usefixtures("book")
async def test_what_is_not_understood_or_not_known(api: httpx.AsyncClient) -> None:
    refused = {
        "range": 400,
        "range?start=2026-01-01": 400,
        "range?end=2026-01-01": 400,
        "range?start=2026-01-02&end=2026-01-01": 400,
        "range?start=&end=": 400,
        "range?start=2026-13-01&end=today": 400,
        "daily/yesterday": 400,
        "daily/2026-02-30": 400,
        "monthly/this/1": 400,
        "monthly/2026/Janvier": 400,
        "monthly/2026/13": 400,
        "monthly/2026/²": 400,
        "monthly/2025/12": 404,
    }
    for route, status in refused.items():
        answer = await api.get(f"/api/{route}")
        assert (answer.status_code, list(answer.json())) == (status, ["error"]), route


@pytest.mark.usefixtures("book")
async def test_statistics(api: httpx.AsyncClient) -> None:
    assert (await api.get("/api/statistics")).json() == {
        "total_days": 37,
        "total_consumption_kwh": pytest.approx(317.25),
        "average_daily_kwh": pytest.approx(8.5743),
        "max_daily_kwh": 12.75,
        "min_daily_kwh": 5.25,
        "date_range": {"first": "2026-01-01", "last": "2026-02-09"},
        "highest_day": {"date": "2026-01-31", "kwh": 12.75},
        "lowest_day": {"date": "2026-01-01", "kwh": 5.25},
        **MARKS,
    }


async def test_a_register_of_the_house_without_any_portal(api: httpx.AsyncClient, here: Appliance) -> None:
    start = calendar.day_start(date(2026, 2, 8), ZONE)
    await here.accept(
        [Reading("p1", Quantity.ENERGY_IMPORT, 100 + n, start + n * HOUR_MS) for n in range(64)]
    )
    await here.store.flush()
    found = (await api.get("/api/current")).json()
    assert (found["today_kwh"], found["yesterday_kwh"], found["month_total_kwh"]) == (15, 24, 63)
    assert (found["meter_reading"], found["source"]) == (163, "p1.energy_import")
    today = (await api.get("/api/daily/2026-02-10")).json()
    assert (today["consumption_kwh"], today["so_far"]) == (15, True)
    assert (await api.get("/api/statistics")).json()["total_consumption_kwh"] == 48
    assert (await api.get("/api/status")).json()["database"] == "store/readings.db"


async def test_an_update_wants_the_token_and_a_portal(api: httpx.AsyncClient, here: Appliance) -> None:
    assert (await api.post("/api/update")).status_code == 401
    assert (await api.post("/api/update", headers={"Authorization": "Bearer no"})).status_code == 403
    mine = owner(here)
    nobody = await api.post("/api/update", headers=mine)
    assert (nobody.status_code, nobody.json()) == (404, {"error": "No customer portal is set up here"})
    here.sources["carma"] = portal = Portal()  # type: ignore[assignment]
    done = await api.post("/api/update", headers=mine)
    assert (done.status_code, done.json(), portal.updates) == (200, {"status": "update started"}, 1)
    assert (await api.post("/api/update?source=carma.1203", headers=mine)).status_code == 200
    assert (await api.post("/api/update?source=p1", headers=mine)).status_code == 404
    portal.updating = True
    busy = await api.post("/api/update", headers=mine)
    assert (busy.status_code, busy.json()) == (409, {"error": "An update is running already"})
    portal.updating, portal.problem = False, "It was started a moment ago"
    assert (await api.post("/api/update", headers=mine)).json() == {"error": "It was started a moment ago"}
    assert portal.updates == 2


async def test_the_virtual_portal_through_its_source(tmp_path: Path) -> None:
    """A year of four meters as the portal has them: by the API, by the command line and by registers."""
    clock = ScaledClock(600, calendar.day_start(TODAY, ZONE) + 15 * HOUR_MS)
    portal = CarmaPortal(clock, zone=str(ZONE), session_minutes=10)
    portal.start()
    try:
        here = made(tmp_path, clock, site={"time_zone": str(ZONE)}, sources=[portal.source_config()])
        async with served(here) as api:
            for _ in range(300):
                known = (await api.get("/api/status")).json()
                if known["status"] == "online":
                    break
                await asyncio.sleep(0.1)
            assert known["sources"][0] == known["source"] == "carma.1203"
            statistics = (await api.get("/api/statistics")).json()
            first = date.fromisoformat(statistics["date_range"]["first"])
            days = [first + timedelta(days=n) for n in range((portal.last_day - first).days + 1)]
            truth = {str(day): portal.value("1203", day) for day in days}
            assert statistics["total_days"] == len(days) > 330
            assert statistics["total_consumption_kwh"] == pytest.approx(sum(truth.values()), abs=1e-3)
            found = (await api.get(f"/api/range?start={first}&end={portal.last_day}")).json()
            assert {day["date"]: day["kwh"] for day in found["daily"]} == pytest.approx(truth)
            now = (await api.get("/api/current")).json()
            assert (now["today_kwh"], now["yesterday_kwh"]) == (None, portal.value("1203", portal.last_day))
            assert now["meter_reading"] == pytest.approx(portal.register("1203", portal.last_day))
    finally:
        portal.stop()
    places = ["--data", str(tmp_path), "--config", str(tmp_path / "config.json")]
    words = ["query", "--all", "--source", "carma.T0002203", "--format", "json", *places]
    said = await asyncio.to_thread(CliRunner().invoke, main, words)
    assert said.exit_code == 0, said.output
    water = {day["day"]: day["value"] for day in json.loads(said.stdout)["daily"]}
    assert water == pytest.approx({day: portal.value("T0002203", date.fromisoformat(day)) for day in truth})


async def test_other_methods_are_refused(api: httpx.AsyncClient) -> None:
    for route in ("status", "current", "daily/2026-01-01", "monthly/2026/1", "range"):
        assert (await api.delete(f"/api/{route}")).status_code == 405, route
