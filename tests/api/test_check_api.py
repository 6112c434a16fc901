"""The bill check and a bill beside the meter, as programs get them."""

from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest
from appliances import made

from appliance import calendar
from appliance.app import Appliance
from appliance.clock import DAY_MS, FakeClock
from appliance.model import Price, Quantity, Reading

FIRST = date(2027, 3, 20)
DAYS = 40
HOUR = 3_600_000
CONTRACT = {
    "since": "2027-01-01",
    "buying": [{"name": "All", "per_kwh": 2}],
    "selling": [{"name": "All", "per_kwh": 0.5}],
    "fees": [{"name": "Subscription", "amount": 30}],
}
SITE = {
    "time_zone": "Europe/Stockholm", "language": "en", "main_fuse_a": 20, "currency": "SEK",
    "accuracy_percent": {"gateway": 0.5, "pump": None},
}  # fmt: skip


@pytest.fixture
def clock() -> FakeClock:
    zone = calendar.ZoneInfo("Europe/Stockholm")
    return FakeClock(calendar.day_start(FIRST + timedelta(days=DAYS), zone) + 12 * HOUR)


@pytest.fixture
def here(tmp_path: Path, clock: FakeClock) -> Appliance:
    return made(tmp_path, clock, site=SITE, contracts=[CONTRACT])


async def fill(here: Appliance, sources: dict[str, float], days: int = DAYS) -> None:
    """Registers of several sources that rise by 24 kWh a day times a factor, read at :05 and :55."""
    for source in sources:
        if not source.startswith("remote"):
            here.health.add(source, "source", "powerwall")
    start = calendar.day_start(FIRST, here.zone) - HOUR
    batch = []
    for at in range(start, calendar.day_start(FIRST + timedelta(days=days), here.zone) + HOUR, HOUR):
        for moment in (at + 5 * 60_000, at + 55 * 60_000):
            for source, factor in sources.items():
                value = 1000 + (moment - start) / HOUR * factor
                batch.append(Reading(source, Quantity.ENERGY_IMPORT, round(value, 3), moment))
    here.store.append(batch)
    here.hub.publish(batch[-len(sources) :])
    await here.store.flush()


async def test_months_of_a_meter_and_a_gateway(api: httpx.AsyncClient, here: Appliance) -> None:
    await fill(here, {"remote_p1": 1.0, "gateway": 1.031, "pump": 0.2})
    found = (await api.get("/api/v1/bill-check?from=2027-03-01&to=2027-04-30")).json()
    assert (found["channel"], found["currency"]) == ("import", "SEK")
    assert found["meter"]["source"] == "remote_p1"
    [gateway] = found["counters"]
    assert (gateway["accuracy_percent"], gateway["accuracy_from"]) == (0.5, "config")
    assert (gateway["resolution_kwh"], gateway["same_meter"]) == (0.001, False)
    assert "pump" not in str(found)  # null in the configuration leaves it out
    march, april = found["periods"]
    assert (march["first"], april["last"]) == (
        "2027-03-19",
        "2027-04-28",
    )  # the first reading is of that evening
    [counter] = april["counters"]
    assert counter["verdict"] == "disagree"
    assert counter["meter_kwh"] == pytest.approx(28 * 24, abs=1.5)
    assert counter["difference_percent"] == pytest.approx(3.1, abs=0.05)
    assert counter["money"] == pytest.approx(counter["difference_kwh"] * 2, abs=0.02)
    assert counter["text"].startswith("In April 2027 gateway counted 20.8 kWh (3.1 %) more import than")
    assert found["whole"][0]["compared_days"] == DAYS
    assert found["trends"] == []
    assert "nobody can tell" in found["text"]


async def test_days_and_their_running_sum(api: httpx.AsyncClient, here: Appliance) -> None:
    await fill(here, {"remote_p1": 1.0, "gateway": 1.01})
    found = (await api.get("/api/v1/bill-check?from=2027-03-27&to=2027-03-29&by=day")).json()
    first, short, last = found["periods"]
    assert short["kwh"] == pytest.approx(23, abs=0.01)  # the clocks go forward
    running = [period["counters"][0]["running_kwh"] for period in (first, short, last)]
    assert running == pytest.approx([0.24, 0.47, 0.71], abs=0.03)
    assert {p["counters"][0]["verdict"] for p in (first, short, last)} <= {"agree", "within_classes"}


async def test_one_register_alone_says_what_would_be_needed(api: httpx.AsyncClient, here: Appliance) -> None:
    found = (await api.get("/api/v1/bill-check")).json()
    assert (found["meter"], found["periods"]) == (None, [])
    await fill(here, {"remote_p1": 1.0})
    found = (await api.get("/api/v1/bill-check?from=2027-03-20&to=2027-04-28")).json()
    assert found["counters"] == []
    assert "a second counter" in found["text"]
    assert found["periods"][1]["kwh"] == pytest.approx(28 * 24, abs=0.1)


async def test_today_is_not_over(api: httpx.AsyncClient, here: Appliance, clock: FakeClock) -> None:
    await fill(here, {"remote_p1": 1.0, "gateway": 1.0}, days=DAYS + 1)
    found = (await api.get("/api/v1/bill-check?from=2027-04-27&to=2027-05-03&by=day")).json()
    assert [period["last"] for period in found["periods"]] == ["2027-04-27", "2027-04-28"]


async def test_a_table_to_take_away(api: httpx.AsyncClient, here: Appliance) -> None:
    await fill(here, {"remote_p1": 1.0, "gateway": 1.031})
    answer = await api.get("/api/v1/export/bill-check.csv?from=2027-04-01&to=2027-04-28&language=sv")
    assert answer.headers["content-type"].startswith("text/csv")
    head, row = answer.text.removeprefix("\ufeff").splitlines()
    assert head.split(";")[:4] == ["first", "last", "meter", "meter_kwh"]
    cells = dict(zip(head.split(";"), row.split(";"), strict=True))
    assert (cells["verdict"], cells["currency"]) == ("disagree", "SEK")
    assert float(cells["difference_percent"].replace(",", ".")) == pytest.approx(3.1, abs=0.05)


async def test_a_bill_that_is_right(api: httpx.AsyncClient, here: Appliance) -> None:
    """From the 1st of April on: 264 + 1 h have gone by at its beginning, 28 days of 24 kWh later it ends."""
    await fill(here, {"remote_p1": 1.0})
    asked = "from=2027-04-01&to=2027-04-28&start_kwh=1288&end_kwh=1960&amount=1374"
    found = (await api.get(f"/api/v1/bill-check/bill?{asked}")).json()
    assert found["source"] == "remote_p1"
    assert found["start"]["kwh"] == pytest.approx(1288, abs=0.6)
    assert found["start"]["billed_at"].startswith("2027-03-31T2")
    assert found["billed_kwh"] == 672
    assert found["verdict"] == "agree"
    assert found["cost"] == pytest.approx(2 * 672 + 28, abs=2)
    assert found["amount_difference"] == pytest.approx(2, abs=2)
    assert "agree" in found["text"]


async def test_a_bill_that_is_wrong(api: httpx.AsyncClient, here: Appliance) -> None:
    await fill(here, {"remote_p1": 1.0})
    found = (await api.get("/api/v1/bill-check/bill?from=2027-04-01&to=2027-04-28&kwh=750")).json()
    assert found["verdict"] == "disagree"
    assert found["difference_kwh"] == pytest.approx(78, abs=0.5)
    assert found["text"] == ("The bill says 78.0 kWh (11.6 %) more than remote_p1 counted in those days.")
    assert found["start"]["billed_kwh"] is None


async def test_a_gateway_that_was_off_accuses_no_bill(api: httpx.AsyncClient, here: Appliance) -> None:
    """Of 28 days it was off for three: it counted 600 kWh of 672. A bill of 1200 no silence explains."""
    here.health.add("gateway", "source", "powerwall")
    start = calendar.day_start(FIRST, here.zone) - HOUR
    off = range(start + 20 * DAY_MS, start + 23 * DAY_MS)
    value, batch = 1000.0, []
    for at in range(start, start + DAYS * DAY_MS + 3 * HOUR, HOUR // 2):
        if at not in off:
            value += 0.5
            batch.append(Reading("gateway", Quantity.ENERGY_IMPORT, value, at))
    here.store.append(batch)
    here.hub.publish(batch[-1:])
    await here.store.flush()
    asked = "/api/v1/bill-check/bill?from=2027-04-01&to=2027-04-28"
    found = (await api.get(f"{asked}&kwh=672")).json()
    assert found["counted_kwh"] == pytest.approx(600, abs=1)
    assert found["verdict"] == "not_comparable"
    assert found["text"].startswith(
        "gateway was silent for over an hour in those days and may not have counted"
    )
    assert (await api.get(f"{asked}&kwh=1200")).json()["verdict"] == "disagree"
    assert (await api.get(f"{asked}&kwh=500")).json()["verdict"] == "disagree", "it did not count less"


async def test_a_bill_of_days_nobody_read(api: httpx.AsyncClient, here: Appliance) -> None:
    await fill(here, {"remote_p1": 1.0})
    found = (await api.get("/api/v1/bill-check/bill?from=2026-04-01&to=2026-04-28&kwh=750")).json()
    assert (found["verdict"], found["counted_kwh"]) == ("not_comparable", None)
    assert found["cost"] is None or found["covered"] is None


async def test_a_bill_over_a_meter_exchange(api: httpx.AsyncClient, here: Appliance) -> None:
    await fill(here, {"remote_p1": 1.0}, days=20)
    zone = here.zone
    at = calendar.day_start(FIRST + timedelta(days=20), zone) + 2 * HOUR
    old = here.hub.latest[("remote_p1", Quantity.ENERGY_IMPORT)].value
    await here.store.exchange("remote_p1", Quantity.ENERGY_IMPORT, at, old, 0.0)
    batch = [
        Reading("remote_p1", Quantity.ENERGY_IMPORT, round((moment - at) / HOUR, 3), moment)
        for moment in range(at + 60_000, at + 20 * DAY_MS, 10 * 60_000)
    ]
    here.store.append(batch)
    await here.store.flush()
    asked = "from=2027-04-01&to=2027-04-28&start_kwh=1288&end_kwh=478"
    found = (await api.get(f"/api/v1/bill-check/bill?{asked}")).json()
    assert found["counted_kwh"] == pytest.approx(28 * 24, abs=2.5)
    assert found["billed_kwh"] == pytest.approx(28 * 24, abs=3)
    assert found["verdict"] == "agree"


@pytest.mark.parametrize(
    "query",
    ["?from=2027-05-01&to=2027-04-01", "?from=1980-01-01", "?from=2020-01-01&to=2027-01-01",
     "/bill?from=2027-04-01&to=2027-04-02", "/bill?from=2027-04-01&to=2027-04-02&start_kwh=3"],
)  # fmt: skip
async def test_questions_that_cannot_be_answered(api: httpx.AsyncClient, query: str) -> None:
    answer = await api.get(f"/api/v1/bill-check{query}")
    assert answer.status_code == 400
    assert answer.json()["status"] == "error"


async def test_prices_that_come_late_are_in_the_next_answer(api: httpx.AsyncClient, here: Appliance) -> None:
    """The difference is worth what the contract's market price makes it."""
    await fill(here, {"remote_p1": 1.0, "gateway": 1.031})
    start = calendar.day_start(FIRST, here.zone)
    await here.accept([Price("spot", "wholesale", start, start + DAY_MS, 0.3)])
    found = (await api.get("/api/v1/bill-check?from=2027-04-01&to=2027-04-28")).json()
    assert found["whole"][0]["money"] == pytest.approx(found["whole"][0]["difference_kwh"] * 2, abs=0.02)
