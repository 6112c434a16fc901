"""What the P1 source passes on of the telegrams it gets, with which time, and which options it takes."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from p1_wires import FIXTURES, NL3, NL5, numbered
from pydantic import ValidationError

from appliance.clock import FakeClock
from appliance.demo.p1 import crc16
from appliance.model import Quantity, Reading
from appliance.protocols import dsmr
from appliance.protocols.telegram import Telegram
from appliance.sources._telegram import to_readings
from appliance.sources.base import Context
from appliance.sources.p1_serial import Options, Source

ZONE = ZoneInfo("Europe/Amsterdam")
NOON = int(datetime(2026, 3, 15, 13, 25, 2, tzinfo=UTC).timestamp()) * 1000
"""A second after the time in nl5.txt."""


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOON)


def make(port: str, clock: FakeClock, tmp_path: Path, **options: object) -> Source:
    chosen = Options.model_validate({"port": port, "name": "p1", **options})
    return Source(chosen, Context(clock, tmp_path, ZONE))


def parsed(data: bytes) -> Telegram:
    return dsmr.parse(data, ZONE)


class TestTimes:
    def test_the_meter_is_believed_within_five_minutes(self) -> None:
        readings = to_readings(parsed(NL5), "p1", NOON + 299_000 - 1000)
        assert {r.at for r in readings if r.quantity is not Quantity.GAS} == {NOON - 1000}
        assert {r.at for r in readings if r.quantity is Quantity.GAS} == {NOON - 302_000}

    def test_else_our_clock_counts_and_gas_moves_with_it(self) -> None:
        now = NOON + 86_400_000
        readings = to_readings(parsed(NL5), "p1", now)
        assert {r.at for r in readings if r.quantity is not Quantity.GAS} == {now}
        assert {r.at for r in readings if r.quantity is Quantity.GAS} == {now - 301_000}

    def test_a_gas_meter_that_lost_its_clock(self) -> None:
        lines = NL5[: NL5.rindex(b"!") + 1].replace(b"260315142000W", b"000101010000W")
        readings = to_readings(parsed(lines + b"%04X" % crc16(lines)), "p1", NOON)
        assert {r.at for r in readings} == {NOON - 1000}

    def test_a_meter_without_a_clock(self) -> None:
        readings = to_readings(parsed(NL3), "p1", NOON)
        assert {r.at for r in readings if r.quantity is not Quantity.GAS} == {NOON}


class TestWhatIsPassedOn:
    def test_at_most_one_in_every_s(self, clock: FakeClock, tmp_path: Path) -> None:
        source = make("/dev/ttyUSB0", clock, tmp_path, every_s=10)
        passed = []
        for second in range(1, 61):
            clock.tick(1)
            if source._batch(parsed(numbered(second))):
                passed.append(second)
        assert passed == [1, 11, 21, 31, 41, 51]

    def test_a_telegram_a_second_goes_through_though_it_is_never_on_the_dot(
        self, clock: FakeClock, tmp_path: Path
    ) -> None:
        source = make("/dev/ttyUSB0", clock, tmp_path)
        clock.jump(86_400_000)  # the meter's clock is not believed: times of arrival count
        passed = 0
        for second in range(60):
            clock.tick(0.95 if second % 2 else 1.05)
            passed += bool(source._batch(parsed(numbered(second))))
        assert passed == 60

    def test_a_clock_set_back_stops_nothing(self, clock: FakeClock, tmp_path: Path) -> None:
        source = make("/dev/ttyUSB0", clock, tmp_path)
        assert source._batch(parsed(numbered(30)))
        clock.jump(-3_600_000)
        assert source._batch(parsed(numbered(31)))

    def test_gas_only_when_it_was_read_anew(self, clock: FakeClock, tmp_path: Path) -> None:
        source = make("/dev/ttyUSB0", clock, tmp_path)
        seen = []
        for second in (1, 2, 3):
            clock.tick(1)
            batch = source._batch(parsed(numbered(second)))
            seen.append(any(isinstance(r, Reading) and r.quantity is Quantity.GAS for r in batch))
        assert seen == [True, False, False]

    def test_without_a_checksum_a_telegram_must_look_like_the_one_before(
        self, clock: FakeClock, tmp_path: Path
    ) -> None:
        source = make("/dev/ttyUSB0", clock, tmp_path, every_s=0)
        good, short = parsed(NL3), parsed(NL3.replace(b"05080.475", b"0580.475"))
        got = [bool(source._batch(telegram)) for telegram in (good, good, short, good, good)]
        assert got == [False, True, False, False, True]


@pytest.mark.parametrize("name", sorted(path.stem for path in FIXTURES.glob("*.txt")))
def test_every_variant_is_within_what_can_be_believed(name: str) -> None:
    telegram = parsed((FIXTURES / f"{name}.txt").read_bytes())
    assert telegram.readings
    for quantity, value in telegram.readings.items():
        assert quantity.spec.low <= value <= quantity.spec.high


class TestOptions:
    @pytest.mark.parametrize(
        "port",
        ["/dev/ttyUSB0", "/dev/serial/by-id/usb-FTDI_FT232R-if00-port0", "socket://10.0.0.7:2001",
         "rfc2217://bridge.local:4000", "rfc2217://bridge:4000?ign_set_control", "socket://[fe80::1]:23"],
    )  # fmt: skip
    def test_ports(self, port: str) -> None:
        assert Options(port=port).port == port

    @pytest.mark.parametrize(
        "port", ["", "COM3", "ttyUSB0", "http://10.0.0.7:80", "socket://10.0.0.7", "/dev/a b"]
    )
    def test_what_is_no_port(self, port: str) -> None:
        with pytest.raises(ValidationError, match=r"must be /dev/\.\.\., socket"):
            Options(port=port)

    def test_framing(self) -> None:
        with pytest.raises(ValidationError):
            Options(port="/dev/ttyUSB0", framing="9N1")

    def test_every_option_is_described(self) -> None:
        for name, field in Options.model_fields.items():
            assert field.description or name == "type", name
