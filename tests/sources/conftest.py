"""What tests of sources are given: a clock that jumps, a folder, the virtual meter before its camera."""

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from virtual_meter import START, EagerClock

from appliance.demo.house import House
from appliance.demo.meter_camera import MeterCamera
from appliance.sources.base import Context


@pytest.fixture
def clock() -> EagerClock:
    return EagerClock(START)


@pytest.fixture
def context(clock: EagerClock, tmp_path: Path) -> Context:
    return Context(clock, tmp_path / "sources", ZoneInfo("Europe/Stockholm"))


@pytest.fixture
def camera(clock: EagerClock) -> Iterator[MeterCamera]:
    camera = MeterCamera(House(clock), clock)
    camera.start()
    yield camera
    camera.stop()
