"""What is sent to the browser: dashes for the unknown, small and only on change."""

import asyncio
import json
from zoneinfo import ZoneInfo

import pytest

from appliance.clock import DAY_MS, ScaledClock
from appliance.hub import Hub
from appliance.model import Quantity, Reading
from appliance.money.bill import Bill, Flow
from appliance.views import home
from ui.digest import Sums, net, shared, used
from ui.live import follow
from ui.pages.home import flow_message, phases_message, today_message
from ui.pages.strip import energy_message, price_message
from ui.text import Texts

Q = Quantity
NOW = 1_778_761_930_000
QUARTER = 900_000
TEXTS = Texts("en", ZoneInfo("Europe/Stockholm"), "SEK")


def seen(*said: tuple[str, Q, float]) -> object:
    latest = {(s, q): Reading(s, q, value, NOW) for s, q, value in said}
    return home(latest, {"p1": "p1_serial", "inverter": "json_http"}, {"p1": 10, "inverter": 10}, NOW, 16)


def test_a_flow_message_is_small() -> None:
    found = seen(
        ("p1", Q.POWER_GRID, -1370.4), ("inverter", Q.POWER_SOLAR, 4700.2),
        ("inverter", Q.POWER_BATTERY, -930.1), ("inverter", Q.STATE_OF_CHARGE, 72.0),
    )  # fmt: skip
    message = flow_message(TEXTS, found)
    assert message["nodes"]["grid"]["sub"] == "Export"
    assert message["nodes"]["battery"]["sub"] == "+930 W"
    assert message["flows"] == {"solar_home": 2400.0, "solar_battery": 930.0, "solar_grid": 1370.0}
    assert len(json.dumps(message)) < 1000


def test_the_unknown_is_a_dash() -> None:
    latest = {("p1", Q.POWER_GRID): Reading("p1", Q.POWER_GRID, 700.0, NOW - 240_000)}
    found = home(latest, {"p1": "p1_serial"}, {"p1": 10.0}, NOW)
    nodes = flow_message(TEXTS, found)["nodes"]
    assert {n["value"] for n in nodes.values()} == {"–"}
    assert [i["value"] for i in today_message(TEXTS, found, None)["items"]] == ["–", "–"]
    assert energy_message(TEXTS, None, NOW)["value"] == "–"


@pytest.mark.parametrize(
    ("rises", "found"),
    [
        ([1.0, 0.0, 2.0], [1.0, 0.0, 2.0]),
        ([1.0, None, None, 6.0, None], [1.0, 2.0, 2.0, 2.0, None]),
        ([None, None, 9.6, None], [None, None, None, None]),
        ([None, 4.0, 1.0, None, 3.0], [None, None, 1.0, 1.5, 1.5]),
        ([], []),
    ],
)
def test_what_rose_unread_is_no_peak(rises: list[float | None], found: list[float | None]) -> None:
    assert shared(rises) == found


def test_phases_beyond_the_fuse_are_marked() -> None:
    found = seen(("p1", Q.CURRENT_L1, 17.2), ("p1", Q.CURRENT_L2, 13.5), ("p1", Q.CURRENT_L3, 2.1))
    rows = phases_message(TEXTS, found)["rows"]
    assert [(r["level"], r["width"]) for r in rows] == [("bad", 100.0), ("warn", 84.4), ("", 13.1)]


@pytest.mark.parametrize(
    ("day", "battery", "solar", "kwh"),
    [
        ({Q.ENERGY_IMPORT: 4.0}, False, False, 4.0),
        ({Q.ENERGY_IMPORT: 4.0, Q.ENERGY_EXPORT: 0.0}, False, False, 4.0),
        ({Q.ENERGY_IMPORT: 4.0, Q.ENERGY_EXPORT: 2.0}, False, False, None),
        ({Q.ENERGY_IMPORT: 4.0, Q.ENERGY_EXPORT: 2.0, Q.ENERGY_SOLAR: 10.0}, False, True, 12.0),
        ({Q.ENERGY_IMPORT: 4.0, Q.ENERGY_EXPORT: 2.0, Q.ENERGY_SOLAR: 10.0}, True, True, None),
        ({Q.ENERGY_IMPORT: 4.0, Q.ENERGY_EXPORT: None, Q.ENERGY_SOLAR: 10.0}, False, True, None),
        ({Q.ENERGY_IMPORT: None, Q.ENERGY_LOAD: 7.0}, True, True, 7.0),
        ({}, False, False, None),
    ],
)
def test_used(day: dict[Q, float | None], battery: bool, solar: bool, kwh: float | None) -> None:
    assert used(day, battery, solar) == kwh


def test_the_day_at_the_grid() -> None:
    first = NOW - NOW % QUARTER + QUARTER - DAY_MS
    edges = [*range(first, NOW, QUARTER), NOW]
    bought: list[float | None] = [0.25] * (len(edges) - 1)
    sold: list[float | None] = [0.0] * (len(edges) - 1)
    bought[10], bought[11], sold[40] = 1.0, None, 0.5
    sold[11] = None
    message = energy_message(TEXTS, Sums({}, edges, bought, sold, []), NOW)
    assert len(message["bars"]) == 96
    assert message["bars"][10] == [1.0, 0.0, "imp"]
    assert message["bars"][11] is None
    assert message["bars"][40][1] == 1.0
    assert message["zero"] == pytest.approx(1.0 / 1.5, abs=1e-3)
    assert message["noteValue"] == "4.0 kW"
    assert message["now"] == pytest.approx(96 - 1 + (NOW % QUARTER) / QUARTER, abs=0.01)


def prices(*per_kwh: float | None) -> Sums:
    start = NOW - NOW % QUARTER
    rates = [(start + place * QUARTER, value) for place, value in enumerate(per_kwh)]
    return Sums({}, [], [], [], rates)


def test_the_price_card() -> None:
    assert price_message(TEXTS, None, NOW) is None
    assert price_message(TEXTS, prices(None, 0.3), NOW) is None
    message = price_message(TEXTS, prices(0.3, 0.3, 0.9, 1.5), NOW)
    assert message is not None
    assert (message["value"], message["unit"], message["tag"]) == ("0.30", "kr/kWh", "Low until 15:00")
    assert (message["note"], message["noteValue"]) == ("Peak 15:15", "1.50")
    assert price_message(TEXTS, prices(0.3), NOW + QUARTER) is None


def test_negative_prices_are_drawn_and_said() -> None:
    message = price_message(TEXTS, prices(-0.1, -0.2), NOW)
    assert message is not None
    assert message["value"] == "−0.10"
    assert all(0 < bar[0] <= 1 for bar in message["bars"] if bar)


async def test_a_follower_draws_at_once_gathers_bursts_and_leaves_nothing() -> None:
    hub = Hub(ScaledClock())
    drawn: list[float] = []
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(follow(hub, lambda: drawn.append(loop.time())))
    await asyncio.sleep(0.3)
    assert len(drawn) == 1
    for _ in range(50):
        hub.publish([Reading("p1", Q.POWER_GRID, 1.0, NOW)])
        await asyncio.sleep(0.01)
    assert 2 <= len(drawn) - 1 <= 5
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert hub.subscriptions == set()


async def test_a_drawing_that_fails_does_not_end_the_page() -> None:
    hub = Hub(ScaledClock())
    tries: list[int] = []

    def draw() -> None:
        tries.append(1)
        raise ValueError("broken")

    task = asyncio.create_task(follow(hub, draw))
    await asyncio.sleep(0)
    hub.publish([Reading("p1", Q.POWER_GRID, 1.0, NOW)])
    await asyncio.sleep(0.6)
    assert len(tries) >= 2
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize(
    ("bought", "sold", "found"),
    [
        (Flow(10, 10, 15.0), Flow(4, 4, 2.0), 13.0),
        (Flow(10, 10, 15.0), None, 15.0),
        (Flow(1, 1, 1.5), Flow(9, 9, 4.5), -3.0),
        (Flow(10, 6, 9.0), None, None),  # a part has no price
        (Flow(10, 10, 15.0), Flow(4, 0, None), None),
        (Flow(10, 10, 15.0), Flow(0.0, 0.0, None), 15.0),
        (None, None, None),
    ],
)
def test_what_the_day_cost_is_told_only_when_all_of_it_has_a_price(
    bought: Flow | None, sold: Flow | None, found: float | None
) -> None:
    assert net(Bill(bought, sold)) == found
