"""Files to take away: their numbers, their signs, and that nothing unknown is written as 0."""

import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest
from appliances import made, served

from appliance import calendar
from appliance.app import Appliance
from appliance.clock import FakeClock
from appliance.exports import BOM, Style
from appliance.model import Price, Quantity, Reading

QUARTER = calendar.QUARTER_MS
NOON = 1_811_498_400_000
"""2027-05-28T10:00:00Z."""
SITE = {"time_zone": "Europe/Stockholm", "language": "sv", "currency": "SEK"}


@pytest.fixture
def here(tmp_path: Path) -> Appliance:
    contract = {"buying": [{"name": "Spot", "market": 1}, {"name": "Tax", "per_kwh": 0.4}], "vat_percent": 25}
    return made(tmp_path, FakeClock(NOON), site=SITE, contracts=[contract])


@pytest.fixture
async def api(here: Appliance) -> AsyncIterator[httpx.AsyncClient]:
    async with served(here) as client:
        for n in range(24):
            at = NOON - (24 - n) * 300_000
            batch = [Reading("p1", Quantity.POWER_GRID, 1000 + n, at)]
            batch += [Reading("p1", Quantity.VOLTAGE_L1, 230.5, at)] if n % 2 else []
            batch += [Reading("p1", Quantity.ENERGY_IMPORT, 100 + n / 10, at)]
            await here.accept(batch)
        start = NOON - 8 * QUARTER
        await here.accept(
            [
                Price("elpris", "wholesale", start + n * QUARTER, start + (n + 1) * QUARTER, -0.1 + n / 10)
                for n in range(6)
            ]
        )
        await here.store.flush()
        yield client


def table(answer: httpx.Response, separator: str = ";") -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    assert answer.text.startswith(BOM)
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix(BOM)), delimiter=separator))


async def test_powers_stand_side_by_side_in_the_tongue_of_the_house(api: httpx.AsyncClient) -> None:
    answer = await api.get("/api/v1/export/power.csv?every=raw")
    rows = table(answer)
    assert len(rows) == 24
    assert rows[0] == {"time": "2027-05-28T10:00:00+02:00", "power_grid W": "1000", "voltage_l1 V": ""}
    assert rows[1]["voltage_l1 V"] == "230,5"
    assert (
        answer.headers["content-disposition"]
        == 'attachment; filename="tallywatt-power-2027-05-27-2027-05-28.csv"'
    )


async def test_everything_is_every_reading(api: httpx.AsyncClient) -> None:
    rows = table(await api.get("/api/v1/export/all.csv?language=en"), ",")
    assert len(rows) == 24 + 12 + 24
    assert {row["quantity"] for row in rows} == {"power_grid", "voltage_l1", "energy_import"}
    assert [row["value"] for row in rows if row["quantity"] == "energy_import"][:2] == ["100.000", "100.100"]


async def test_amounts_of_money_are_in_the_sites_currency(api: httpx.AsyncClient, here: Appliance) -> None:
    await here.accept([Reading("elnet", Quantity.BALANCE, 321.5, NOON - 1000)])
    await here.store.flush()
    rows = table(await api.get("/api/v1/export/all.csv?language=en"), ",")
    assert [(row["unit"], row["value"]) for row in rows if row["source"] == "elnet"] == [("SEK", "321.50")]


async def test_prices_without_a_contracts_answer_are_empty(api: httpx.AsyncClient) -> None:
    rows = table(await api.get("/api/v1/export/prices.csv?separator=%09&decimal=."), "\t")
    assert len(rows) == 6
    assert rows[0] == {
        "time": "2027-05-28T10:00:00+02:00", "market": "-0.10000", "buying": "0.37500", "selling": "",
        "currency": "SEK",
    }  # fmt: skip


@pytest.mark.parametrize("what", ["power", "prices"])
async def test_pictures_show_something(api: httpx.AsyncClient, what: str) -> None:
    answer = await api.get(f"/api/v1/export/{what}.png")
    assert answer.headers["content-type"] == "image/png"
    picture = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (600, 1200, 3)
    blue = (picture[:, :, 0] > 150) & (picture[:, :, 2] < 80)
    assert blue.sum() > 500


@pytest.mark.parametrize(
    "query",
    [
        "power.csv?from=2027-05-28T10:00&to=2027-05-28T09:00",
        "power.csv?separator=,&decimal=,",
        "power.csv?every=2h",
        "power.png?from=2020-01-01",
        "all.csv?from=yesterday",
    ],
)
async def test_what_cannot_be_saved_is_explained(api: httpx.AsyncClient, query: str) -> None:
    answer = await api.get(f"/api/v1/export/{query}")
    assert answer.status_code in (400, 422)
    assert answer.json()["message"]


async def test_a_house_that_was_never_read_has_empty_files(tmp_path: Path) -> None:
    async with served(made(tmp_path, FakeClock(NOON), site=SITE)) as api:
        assert table(await api.get("/api/v1/export/all.csv")) == []
        assert table(await api.get("/api/v1/export/power.csv")) == []
        assert table(await api.get("/api/v1/export/prices.csv")) == []
        assert (await api.get("/api/v1/export/power.png")).status_code == 200


def test_only_numbers_change_their_sign_and_texts_are_quoted() -> None:
    rows = [("a.b", "1.5", "-0.25", "2027-05-28T10:00:00.5", "x;y")]
    assert Style(";", ",").text(rows) == 'a.b;1,5;-0,25;2027-05-28T10:00:00.5;"x;y"\n'
