"""One running appliance for each test of the API."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from appliances import NOON, made, owner, served

from appliance.app import Appliance
from appliance.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOON)


@pytest.fixture
def here(tmp_path: Path, clock: FakeClock) -> Appliance:
    """An appliance without sources or sinks: it knows what it is told."""
    return made(tmp_path, clock)


@pytest.fixture
async def api(here: Appliance) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a token."""
    async with served(here) as client:
        yield client


@pytest.fixture
async def mine(here: Appliance, api: httpx.AsyncClient) -> httpx.AsyncClient:
    """The same client, with the owner's token."""
    api.headers.update(owner(here))
    return api
