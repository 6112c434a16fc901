"""Prices through the whole appliance: fetched, kept, shown, and known again after a restart."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from appliances import NOON, made, owner, served

from appliance.app import Appliance
from appliance.calendar import today
from appliance.clock import DAY_MS, ScaledClock
from appliance.demo.price_service import PriceService
from appliance.supervise import State

EVENING = NOON  # 18:53 in Stockholm: tomorrow's prices are out


@pytest.fixture
def clock() -> ScaledClock:
    return ScaledClock(start=EVENING)


@pytest.fixture
def service(clock: ScaledClock) -> Iterator[PriceService]:
    service = PriceService(clock)
    service.start()
    yield service
    service.stop()


async def until(true: Callable[[], Any]) -> None:
    """Wait for what happens in other threads."""
    for _ in range(2000):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen")


def _house(folder: Path, clock: ScaledClock, service: PriceService) -> Appliance:
    return made(folder, clock, sources=[{**service.source_config(), "days_back": 0}])


async def test_prices_are_kept_shown_and_known_again(
    tmp_path: Path, clock: ScaledClock, service: PriceService
) -> None:
    start, end = today(EVENING, ZoneInfo("Europe/Stockholm"))
    async with _house(tmp_path, clock, service) as appliance:
        await until(lambda: len(appliance.hub.prices) == 192)
        await until(lambda: appliance.health.parts["spot"].state is State.OK)
        kept = await appliance.store.prices("wholesale", start, end + DAY_MS)
        assert len(kept) == 192
        assert {price.source for price in kept} == {"spot SE3"}
        assert sorted(appliance.hub.prices.values(), key=lambda price: price.start) == kept
    asked = len(service.asked)
    async with _house(tmp_path, clock, service) as appliance:
        assert len(appliance.hub.prices) == 192  # the screen has them at once
        await until(lambda: appliance.health.parts["spot"].state is State.OK)
        assert await appliance.store.prices("wholesale", start, end + DAY_MS) == kept
    assert len(service.asked) == asked == 2


async def test_the_api_tells_them(tmp_path: Path, clock: ScaledClock, service: PriceService) -> None:
    appliance = _house(tmp_path, clock, service)
    async with served(appliance) as client:
        await until(lambda: len(appliance.hub.prices) == 192)
        answer = await client.get("/api/v1/prices", params={"channel": "wholesale"}, headers=owner(appliance))
        assert answer.status_code == 200
        prices = answer.json()
        assert len(prices) >= 96
        assert {price["source"] for price in prices} == {"spot SE3"}


async def test_a_service_out_of_reach_is_told_on_the_health_page(
    tmp_path: Path, clock: ScaledClock, service: PriceService
) -> None:
    service.stop()
    async with _house(tmp_path, clock, service) as appliance:
        await until(lambda: appliance.health.parts["spot"].state is State.WAITING)
        assert "cannot be reached" in appliance.health.parts["spot"].text
        assert appliance.hub.prices == {}


async def test_whom_the_screen_names_where_prices_are_shown(
    tmp_path: Path, clock: ScaledClock, service: PriceService
) -> None:
    async with _house(tmp_path, clock, service) as appliance:
        await until(lambda: appliance.hub.prices)
        named = {price.source for price in appliance.hub.prices.values()}
        assert "elprisetjustnu.se" in appliance.sources["spot"].attributions[named.pop()]  # type: ignore[attr-defined]
