"""Rates, bills, offers, the cheapest time, and the phases, as programs get them."""

from datetime import date
from pathlib import Path

import httpx
import pytest
from appliances import made, served

from appliance import calendar
from appliance.app import Appliance
from appliance.clock import FakeClock
from appliance.model import Price, Quantity, Reading

DAY = date(2027, 6, 1)
QUARTER = calendar.QUARTER_MS
CONTRACT = {
    "since": "2027-01-01",
    "vat_percent": 25,
    "buying": [{"name": "Spot", "market": 1}, {"name": "Grid", "per_kwh": 0.4}],
    "selling": [{"name": "Spot", "market": 1, "vat": False}],
    "fees": [{"name": "Subscription", "amount": 30}],
}
OFFER = {"name": "Fixed", "buying": [{"name": "All", "per_kwh": 2}]}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(calendar.day_start(DAY, calendar.ZoneInfo("Europe/Stockholm")) + 12 * 3_600_000)


@pytest.fixture
def here(tmp_path: Path, clock: FakeClock) -> Appliance:
    site = {"time_zone": "Europe/Stockholm", "language": "en", "main_fuse_a": 20}
    return made(tmp_path, clock, site=site, contracts=[CONTRACT], offers=[OFFER])


async def fill(here: Appliance, priced: int = 96) -> int:
    """A quarter kWh every quarter hour of the day until noon, and the prices of so many quarter hours."""
    start = calendar.day_start(DAY, here.zone)
    prices = [
        Price("elpris", "wholesale", start + n * QUARTER, start + (n + 1) * QUARTER, 0.1 if n == 60 else 0.6)
        for n in range(priced)
    ]
    await here.accept(prices)
    for n in range(49):
        at = start + n * QUARTER - 1000
        await here.accept([Reading("p1", Quantity.ENERGY_IMPORT, 100 + n / 4, at)])
    return start


async def test_rates_are_whole_prices(api: httpx.AsyncClient, here: Appliance) -> None:
    await fill(here)
    found = (await api.get("/api/v1/rates?from=2027-06-01&to=2027-06-02")).json()
    assert len(found) == 96
    assert found[60] == {
        "start": "2027-06-01T13:00:00.000Z",
        "buying": 0.625, "selling": 0.1, "day_tariff": None,
    }  # fmt: skip
    later = (await api.get("/api/v1/rates?from=2027-06-03&to=2027-06-04")).json()
    assert {rate["buying"] for rate in later} == {None}


async def test_the_bill_of_a_day_tells_what_had_no_price(api: httpx.AsyncClient, here: Appliance) -> None:
    await fill(here, priced=24)
    [day] = (await api.get("/api/v1/bills?first=2027-06-01&last=2027-06-01")).json()
    assert day["bought"]["kwh"] == pytest.approx(12)
    assert day["bought"]["priced_kwh"] == pytest.approx(6)
    assert day["bought"]["covered"] == pytest.approx(0.5)
    assert day["bought"]["money"] == pytest.approx(6 * 1.25)
    assert day["lines"] == {"Subscription": pytest.approx(1.25)}
    assert day["total"] == pytest.approx(8.75)
    assert (day["sold"], day["currency"]) == (None, "SEK")


async def test_offers_stand_beside_the_contract(api: httpx.AsyncClient, here: Appliance) -> None:
    await fill(here)
    found = (await api.get("/api/v1/offers?first=2027-06-01&last=2027-06-01")).json()
    assert [(bill["name"], bill["total"]) for bill in found] == [
        ("", pytest.approx(12 * 1.25 + 1.25)), ("Fixed", pytest.approx(24)),
    ]  # fmt: skip


async def test_the_cheapest_time_from_now_on(api: httpx.AsyncClient, here: Appliance) -> None:
    await fill(here)
    found = (await api.get("/api/v1/cheapest?minutes=20")).json()
    assert (found["start"], found["end"]) == ("2027-06-01T12:45:00.000Z", "2027-06-01T13:15:00.000Z")
    dearest = (await api.get("/api/v1/cheapest?minutes=15&dearest=true")).json()
    assert dearest["per_kwh"] == pytest.approx(1.25)
    unknown = await api.get("/api/v1/cheapest?minutes=60&from=2027-06-05")
    assert (unknown.status_code, unknown.json()["message"]) == (
        404, "The prices of so long a time are not known (yet)",
    )  # fmt: skip


@pytest.mark.parametrize(
    "route",
    [
        "rates?from=2027-06-02&to=2027-06-01",
        "rates?from=2020-01-01&to=2027-06-01",
        "bills?first=2027-06-02&last=2027-06-01",
        "bills?first=1900-01-01",
        "bills?first=0001-01-01&last=0001-01-02&every=month",
        "offers?first=9999-12-31&last=9999-12-31",
        "cheapest?minutes=15&to=2028-01-01",
        "cheapest?minutes=0",
        "bills?every=hour",
    ],
)
async def test_impossible_questions_are_refused(api: httpx.AsyncClient, route: str) -> None:
    answer = await api.get(f"/api/v1/{route}")
    assert answer.status_code in (400, 422)
    assert answer.json()["status"] == "error"


async def test_phases_with_their_share_of_the_fuse(tmp_path: Path, clock: FakeClock) -> None:
    site = {"time_zone": "Europe/Stockholm", "main_fuse_a": 20}
    here = made(tmp_path, clock, site=site)
    async with served(here) as api:
        assert (await api.get("/api/v1/phases")).json() == []
        for _ in range(90):
            at = clock.now()
            currents = {Quantity.CURRENT_L1: 17.0, Quantity.CURRENT_L2: 4.5, Quantity.CURRENT_L3: 4.5}
            here.phase_watch.take([Reading("p1", quantity, a, at) for quantity, a in currents.items()])
            clock.tick(10)
        [found] = (await api.get("/api/v1/phases")).json()
    assert (found["source"], found["fuse_a"]) == ("p1", 20)
    assert found["phases"][0] == {
        "phase": 1, "minute_a": 17.0, "quarter_a": 17.0, "fuse_share": 0.85, "level": "warn",
    }  # fmt: skip
    assert (found["imbalance_a"], found["level"]) == (12.5, "bad")
