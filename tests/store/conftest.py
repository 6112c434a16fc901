"""A store on a clock that is held."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from store_facts import STOCKHOLM, T0

from appliance.clock import FakeClock
from appliance.store import Store


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(T0)


@pytest.fixture
async def store(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Store]:
    async with Store(tmp_path, clock, STOCKHOLM) as store:
        yield store
