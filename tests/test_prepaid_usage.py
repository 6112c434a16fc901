"""Usage against the truth of the virtual flat: two days of a prepaid meter, asked every two minutes."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from appliance.clock import DAY_MS, HOUR_MS, MINUTE_MS, FakeClock
from appliance.demo.flat_plan import Plan
from appliance.demo.flat_truth import DG_RATE, EB_RATE, Flat
from appliance.demo.outages import Outage
from appliance.model import Quantity, Reading
from appliance.prepaid_usage import Usage, usage
from appliance.store import Store

Q = Quantity
INDIA = ZoneInfo("Asia/Kolkata")
START = int(datetime(2026, 4, 1, 18, 30, tzinfo=UTC).timestamp() * 1000)
"""Midnight in Bengaluru."""
NOW = START + 2 * DAY_MS
CUTS = (
    Outage(START + 7 * HOUR_MS, START + 9 * HOUR_MS), Outage(START + 23 * HOUR_MS, START + 26 * HOUR_MS),
)  # fmt: skip
SILENT = START + 30 * HOUR_MS, START + 34 * HOUR_MS + 20 * MINUTE_MS
KNOWN = SILENT[1] + 10 * MINUTE_MS
"""What was used before the first reading after it is in the quarter hour of that reading."""
REGISTER = 0.01
"""The meter tells hundredths of a kWh."""


@pytest.fixture(scope="module")
def flat() -> Flat:
    return Flat(FakeClock(START), plan=Plan(cuts=CUTS, chance=False))


@pytest.fixture
async def store(tmp_path: Path, flat: Flat) -> AsyncIterator[Store]:
    async with Store(tmp_path, FakeClock(NOW), INDIA) as made:
        for at in range(START, NOW, 2 * MINUTE_MS):
            if not SILENT[0] <= at < SILENT[1]:
                made.append(told(flat, at))
        await made.flush()
        yield made


def told(flat: Flat, at: int) -> list[Reading]:
    """Registers and the numbers of the day, as the meter rounds them."""
    state = flat.state_at(at)
    eb, dg = flat.used(START + (at - START) // DAY_MS * DAY_MS, at)
    values = {
        Q.ENERGY_IMPORT: state.eb_kwh, Q.ENERGY_GENERATOR: state.dg_kwh,
        Q.IMPORT_TODAY: eb, Q.IMPORT_COST_TODAY: eb * EB_RATE,
        Q.GENERATOR_TODAY: dg, Q.GENERATOR_COST_TODAY: dg * DG_RATE,
    }  # fmt: skip
    return [Reading("elnet", quantity, round(value, 2), at) for quantity, value in values.items()]


@pytest.mark.parametrize(("hours", "group"), [(48, 60), (48, 15), (48, 5), (48, 360), (24, 50), (48, 1440)])
async def test_each_stretch_is_what_the_flat_used(store: Store, flat: Flat, hours: float, group: int) -> None:
    found = await usage(store, "elnet", NOW, hours, group, INDIA)
    # Registers are told every two minutes, in hundredths; a short stretch may miss or gain so much.
    slack = REGISTER + 2.5 / 60 * 4
    unknown = 0
    for place, (low, high) in enumerate(pairwise(found.edges)):
        eb, dg = flat.used(low, high)
        if found.grid.kwh[place] is None:
            unknown += 1
            assert 2 * (min(high, KNOWN) - max(low, SILENT[0])) >= high - low
            continue
        if not (low < KNOWN and high > SILENT[0] and (low > SILENT[0] or high < KNOWN)):
            assert found.grid.kwh[place] == pytest.approx(eb, abs=slack)
            assert found.generator.kwh[place] == pytest.approx(dg, abs=slack)
    assert bool(unknown) == (group < 360)


async def test_all_that_was_used_is_in_the_sum_and_costs_what_it_cost(store: Store, flat: Flat) -> None:
    found = await usage(store, "elnet", NOW, 48, 60, INDIA)
    eb, dg = flat.used(START, NOW)
    # But for the first quarter of an hour, at whose beginning nobody had looked.
    early = max(flat.used(START, START + 15 * MINUTE_MS))
    assert found.grid.total_kwh == pytest.approx(eb, abs=early + 0.1)
    assert found.generator.total_kwh == pytest.approx(dg, abs=early + 0.1)
    assert _cost(found) == pytest.approx(flat.cost(START, NOW), rel=0.04)


def _cost(found: Usage) -> float:
    assert found.grid.total_cost is not None
    assert found.generator.total_cost is not None
    return found.grid.total_cost + found.generator.total_cost
