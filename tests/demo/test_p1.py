"""The virtual meter's telegrams say what the house knows, and its port is one a reader can open."""

import os
import select
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from appliance.clock import DAY_MS, FakeClock, ScaledClock
from appliance.demo.house import House
from appliance.demo.p1 import Country, P1Port, telegram
from appliance.model import Quantity as Q  # noqa: N817
from appliance.protocols import dsmr
from appliance.protocols.frames import TextReader
from appliance.protocols.telegram import Telegram
from appliance.sources.p1_serial import Options

ZONE = ZoneInfo("Europe/Stockholm")
START = 1_780_000_000_000


@pytest.fixture(scope="module")
def house() -> House:
    return House(FakeClock(START), zone=ZONE)


@pytest.mark.parametrize("country", ["SE", "NL"])
@pytest.mark.parametrize("hours", [0, 7.25, 12, 18.5, 30])
def test_a_telegram_tells_the_truth(house: House, country: Country, hours: float) -> None:
    state = house.state_at(START + int(hours * 3_600_000))
    told = dsmr.parse(telegram(state, ZONE, country=country), ZONE)
    assert (told.crc, told.unknown, told.at) == ("ok", (), state.at // 1000 * 1000)
    got = told.readings
    assert got[Q.POWER_GRID] == state.grid_w
    for phase, quantity in zip(state.phases, (Q.POWER_L1, Q.POWER_L2, Q.POWER_L3), strict=True):
        assert got[quantity] == phase.power_w
    assert got[Q.POWER_L1] + got[Q.POWER_L2] + got[Q.POWER_L3] == got[Q.POWER_GRID]
    cut = 0.001 if country == "SE" else 0.002  # two tariffs lose a part of a watt-hour each
    assert 0 <= state.import_kwh - got[Q.ENERGY_IMPORT] < cut + 1e-6
    assert 0 <= state.export_kwh - got[Q.ENERGY_EXPORT] < cut + 1e-6
    assert got[Q.VOLTAGE_L2] == state.phases[1].voltage_v
    coarse = 0.51 if country == "NL" else 0.051
    assert got[Q.CURRENT_L3] == pytest.approx(state.phases[2].current_a, abs=coarse)
    if country == "NL":
        assert got[Q.TARIFF] == state.tariff
        assert 0 <= state.gas_m3 - got[Q.GAS] < 0.001 + 1e-9
        assert told.moments[Q.GAS] == told.at


def read(path: str, seconds: float, count: int = 10**9) -> list[Telegram]:
    reader = TextReader()
    found: list[Telegram] = []
    fd = os.open(path, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
    end = time.monotonic() + seconds
    try:
        while (left := end - time.monotonic()) > 0 and len(found) < count:
            if select.select([fd], [], [], left)[0]:
                found += [dsmr.parse(frame.data, ZONE) for frame in reader.feed(os.read(fd, 4096))]
    finally:
        os.close(fd)
    return found


def test_the_port_speaks_every_virtual_second_to_who_reads() -> None:
    clock = FakeClock(START)
    house = House(clock, zone=ZONE, start=START - DAY_MS)
    port = P1Port(house, clock, ZONE)
    port.start()
    try:
        told = []
        for _ in range(3):
            told += read(port.path, 5, count=1)
            clock.tick(1)
        assert [t.crc for t in told] == ["ok"] * 3
        assert [t.at - START for t in told if t.at] == [0, 1000, 2000]
        assert {t.moments[Q.GAS] for t in told} == {START // 300_000 * 300_000}
    finally:
        port.stop()


def test_without_a_reader_it_goes_on_and_a_late_one_finds_whole_telegrams() -> None:
    clock = ScaledClock(600, START)
    port = P1Port(House(clock, zone=ZONE, start=START - DAY_MS), clock, ZONE, "SE")
    port.start()
    try:
        time.sleep(1)  # more than the buffer of a terminal holds
        told = read(port.path, 10, count=12)
        assert sum(t.crc == "ok" for t in told) >= 10
        assert all(t.crc == "ok" for t in told[-3:])
    finally:
        port.stop()


def test_stopped_it_takes_the_port_away_and_can_start_again() -> None:
    clock = FakeClock(START)
    port = P1Port(House(clock, zone=ZONE), clock, ZONE)
    port.start()
    fd = os.open(port.path, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
    port.stop()
    with pytest.raises(OSError, match=r".*"):  # noqa: PT012
        while os.read(fd, 4096):
            pass
        raise OSError("end of file")
    os.close(fd)
    port.start()
    assert Path(port.path).exists()
    assert [t.crc for t in read(port.path, 5, count=1)] == ["ok"]
    port.stop()


def test_its_configuration_is_one_the_source_accepts() -> None:
    clock = ScaledClock(600, START)
    port = P1Port(House(clock, zone=ZONE), clock, ZONE)
    port.start()
    options = Options.model_validate(port.source_config())
    port.stop()
    assert options.port == port.path
    assert options.expect_s == 60  # ten telegrams a real second at most, each a virtual minute apart
