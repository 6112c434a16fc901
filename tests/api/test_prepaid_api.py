"""The prepaid account, its usage and the generator's sessions, as programs get them."""

from pathlib import Path

import httpx
import pytest
from appliances import NOON, made

from appliance.app import Appliance
from appliance.calendar import iso
from appliance.clock import DAY_MS, HOUR_MS, MINUTE_MS, FakeClock
from appliance.model import Event, Quantity, Reading
from appliance.prepaid import Account, Movement

Q = Quantity


@pytest.fixture
def here(tmp_path: Path, clock: FakeClock) -> Appliance:
    return made(tmp_path, clock, site={"time_zone": "Asia/Kolkata", "currency": "INR"})


class Running:
    """A source with an account."""

    name = "elnet"
    prepaid = Account(
        supply="generator", since=NOON - HOUR_MS, balance=1234.5, balance_at=NOON, days_left=11.2, relay=True,
        movements=(Movement(NOON - DAY_MS, 500.0, True), Movement(NOON - 2 * DAY_MS, -5568.0, False)),
    )  # fmt: skip


async def told(here: Appliance) -> None:
    """A day of both registers, the last hour from the generator."""
    here.cadences["elnet"] = 60.0
    for minute in range(0, 24 * 60 + 1, 5):
        at = NOON - DAY_MS + minute * MINUTE_MS
        late = max(0, minute - 23 * 60)
        await here.accept(
            [
                Reading("elnet", Q.ENERGY_IMPORT, 900 + 0.01 * (minute - late), at),
                Reading("elnet", Q.ENERGY_GENERATOR, 40 + 0.02 * late, at),
            ]
        )
    await here.accept(
        [
            Reading("elnet", Q.SUPPLY, 1, NOON), Reading("elnet", Q.BALANCE, 1234.5, NOON),
            Reading("elnet", Q.POWER_LOAD, 1210, NOON),
            Reading("elnet", Q.IMPORT_TODAY, 10.0, NOON), Reading("elnet", Q.IMPORT_COST_TODAY, 83.3, NOON),
            Event("elnet", "generator_on", NOON - HOUR_MS, "", {"start": NOON - HOUR_MS}),
        ]
    )  # fmt: skip
    await here.store.flush()


async def test_without_a_prepaid_meter_all_is_unknown(api: httpx.AsyncClient) -> None:
    said = (await api.get("/api/v1/prepaid")).json()
    assert (said["source"], said["currency"], said["movements"]) == (None, "INR", [])
    unknown = ("at", "supply", "since", "relay", "power_w", "balance", "days_left")
    assert {said[name] for name in unknown} == {None}
    assert said["today"]["grid"] == {"kwh": None, "cost": None}
    refused = await api.get("/api/v1/prepaid/usage")
    assert refused.status_code == 404
    assert "elnet" in refused.json()["message"]
    assert (await api.get("/api/v1/prepaid/sessions")).status_code == 404
    assert (await api.get("/api/v1/prepaid?source=p1")).status_code == 404


async def test_the_account_of_a_running_source(api: httpx.AsyncClient, here: Appliance) -> None:
    await told(here)
    here.sources["elnet"] = Running()  # type: ignore[assignment]
    said = (await api.get("/api/v1/prepaid")).json()
    assert (said["source"], said["supply"], said["relay"], said["stale"]) == (
        "elnet",
        "generator",
        "on",
        False,
    )
    assert (said["balance"], said["days_left"], said["power_w"]) == (1234.5, 11.2, 1210)
    assert (said["at"], said["since"]) == (iso(NOON), iso(NOON - HOUR_MS))
    assert said["movements"] == [
        {"at": iso(NOON - DAY_MS), "amount": 500.0, "confirmed": True},
        {"at": iso(NOON - 2 * DAY_MS), "amount": -5568.0, "confirmed": False},
    ]
    assert said["today"] == {
        "grid": {"kwh": 10.0, "cost": 83.3}, "generator": {"kwh": None, "cost": None},
    }  # fmt: skip


async def test_the_account_of_a_source_that_does_not_run(
    api: httpx.AsyncClient, here: Appliance, clock: FakeClock
) -> None:
    await told(here)
    clock.tick(600)
    said = (await api.get("/api/v1/prepaid")).json()
    assert (said["balance"], said["stale"], said["power_w"], said["since"]) == (1234.5, True, None, None)


async def test_usage_by_stretches_of_the_meters_day(api: httpx.AsyncClient, here: Appliance) -> None:
    await told(here)
    said = (await api.get("/api/v1/prepaid/usage?hours=6&group=60")).json()
    assert said["at"][-1] == "2026-05-05T16:30:00.000Z", "an hour of India begins at half past"
    assert said["until"] == iso(NOON)
    grid, generator = said["grid"], said["generator"]
    assert grid["kwh"][1] == pytest.approx(0.6, abs=0.01)
    assert grid["cost"][1] == pytest.approx(8.33 * grid["kwh"][1], abs=0.01)
    assert generator["kwh"][1:-2] == [0.0] * (len(generator["kwh"]) - 3)
    assert generator["total_kwh"] == pytest.approx(1.2, abs=0.01)
    assert (generator["cost"][-1], generator["total_cost"]) == (None, None), "nobody told its price"


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("hours=720&group=5", 400),
        ("hours=125&group=5", 200),
        ("hours=721", 422),
        ("hours=0.5", 422),
        ("group=4", 422),
    ],
)
async def test_no_more_stretches_than_can_be_drawn(
    api: httpx.AsyncClient, here: Appliance, asked: str, status: int
) -> None:
    await told(here)
    assert (await api.get(f"/api/v1/prepaid/usage?{asked}")).status_code == status


async def test_the_generators_sessions(api: httpx.AsyncClient, here: Appliance) -> None:
    await told(here)
    data = {"start": NOON - HOUR_MS, "end": NOON, "kwh": 1.2, "cost": 26.4}
    await here.accept([Event("elnet", "generator_off", NOON, "", data)])
    [one] = (await api.get("/api/v1/prepaid/sessions")).json()
    assert one == {
        "start": iso(NOON - HOUR_MS), "end": iso(NOON), "duration_s": 3600.0, "kwh": 1.2, "mean_kw": 1.2,
        "cost": 26.4, "not_watched": [],
    }  # fmt: skip
    assert (await api.get("/api/v1/prepaid/sessions?from=2026-05-06&to=2026-05-05")).status_code == 400
