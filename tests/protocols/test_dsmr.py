"""Telegrams of every country: the numbers, their signs and units, and what stays unknown."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from appliance.demo.p1 import crc16
from appliance.model import Quantity as Q  # noqa: N817
from appliance.protocols import dsmr
from appliance.protocols.telegram import Telegram

FIXTURES = Path(__file__).parents[1] / "fixtures" / "p1_serial"
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def ms(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp()) * 1000  # type: ignore[arg-type, misc]


def load(name: str) -> Telegram:
    return dsmr.parse((FIXTURES / f"{name}.txt").read_bytes(), AMSTERDAM)


def telegram(*lines: str, crc: bool = True, zone: ZoneInfo = AMSTERDAM, now: int | None = None) -> Telegram:
    body = "\r\n".join(["/TWN5\\TEST", "", *lines, "!"]).encode("latin-1")
    return dsmr.parse(body + (b"%04X\r\n" % crc16(body) if crc else b"\r\n"), zone, now)


def test_dutch_dsmr_5() -> None:
    t = load("nl5")
    assert (t.meter, t.crc, t.at, t.unknown) == ("TWN5\\TESTMETER-NL5", "ok", ms(2026, 3, 15, 13, 25, 1), ())
    assert t.readings == {
        Q.ENERGY_IMPORT: 7531.579, Q.ENERGY_IMPORT_T1: 4321.123, Q.ENERGY_IMPORT_T2: 3210.456,
        Q.ENERGY_EXPORT: 444.666, Q.ENERGY_EXPORT_T1: 111.222, Q.ENERGY_EXPORT_T2: 333.444,
        Q.POWER_GRID: -1234, Q.POWER_L1: 312, Q.POWER_L2: -246, Q.POWER_L3: -1300,
        Q.VOLTAGE_L1: 231.4, Q.VOLTAGE_L2: 229.8, Q.VOLTAGE_L3: 233.0,
        Q.CURRENT_L1: 2, Q.CURRENT_L2: 1, Q.CURRENT_L3: 4,
        Q.TARIFF: 2, Q.POWER_FAILURES: 7, Q.LONG_POWER_FAILURES: 3, Q.GAS: 1234.567,
    }  # fmt: skip
    assert t.moments == {Q.GAS: ms(2026, 3, 15, 13, 20)}
    assert t.lines["1-0:1.8.1"] == "004321.123*kWh"
    assert t.lines["0-0:96.13.0"] == ""
    assert t.lines["0-1:24.2.1"] == "(260315142000W)(01234.567*m3)"
    assert len(t.lines) == 35


def test_dutch_dsmr_4_in_summer_with_its_odd_references() -> None:
    t = load("nl4")
    assert (t.crc, t.at, t.unknown) == ("ok", ms(2026, 7, 15, 12, 25, 10), ())
    assert t.readings[Q.ENERGY_IMPORT] == 35802.467
    assert (t.readings[Q.POWER_L1], t.readings[Q.CURRENT_L1]) == (1193, 5)
    assert t.moments[Q.GAS] == ms(2026, 7, 15, 12)
    assert Q.POWER_L2 not in t.readings  # a house with one phase has no others at 0


def test_dsmr_2_and_3_have_no_checksum_and_gas_on_two_lines() -> None:
    t = load("nl3")
    assert (t.crc, t.at, t.unknown) == ("none", None, ())
    assert (t.readings[Q.ENERGY_IMPORT], t.readings[Q.ENERGY_EXPORT]) == (10088.86, 46.375)
    assert (t.readings[Q.POWER_GRID], t.readings[Q.GAS]) == (680, 2025.003)
    assert t.moments[Q.GAS] == ms(2026, 1, 17, 11)
    assert t.lines["0-0:96.13.0"] == "see-/-you!"


def test_belgian_quarter_peak_gas_and_water() -> None:
    t = load("be")
    assert (t.crc, t.unknown) == ("ok", ())
    assert (t.readings[Q.DEMAND], t.readings[Q.DEMAND_PEAK_MONTH]) == (52, 3064)
    assert (t.readings[Q.GAS], t.readings[Q.WATER], t.readings[Q.CURRENT_L2]) == (92.287, 8.579, 0.88)
    assert t.moments == {Q.GAS: ms(2026, 2, 15, 11, 10, 2), Q.WATER: ms(2026, 2, 15, 11, 15, 32)}
    assert t.lines["0-0:98.1.0"].endswith("(260201000000W)(260110183000W)(04.229*kW)")


def test_swedish_totals_and_reactive() -> None:
    t = load("se")
    assert (t.crc, t.unknown) == ("ok", ())
    assert (t.readings[Q.ENERGY_IMPORT], t.readings[Q.ENERGY_EXPORT]) == (10501.076, 12.5)
    assert (t.readings[Q.REACTIVE_IMPORT], t.readings[Q.REACTIVE_EXPORT]) == (1761.087, 8.391)
    assert (t.readings[Q.REACTIVE_GRID], t.readings[Q.REACTIVE_L1]) == (135, -208)
    assert (t.readings[Q.POWER_GRID], t.readings[Q.CURRENT_L3]) == (2300, 4.8)
    assert Q.ENERGY_IMPORT_T1 not in t.readings


def test_austrian_watt_hours() -> None:
    t = load("at")
    assert t.readings[Q.ENERGY_IMPORT] == 6545.766
    assert (t.readings[Q.POWER_GRID], t.readings[Q.REACTIVE_GRID]) == (286, -166)


def test_hungarian_period_suffix_frequency_and_total_beside_tariffs() -> None:
    t = load("hu")
    assert (t.crc, t.unknown, t.at) == ("ok", (), ms(2026, 7, 24, 13, 7, 30))
    assert (t.readings[Q.ENERGY_IMPORT], t.readings[Q.ENERGY_EXPORT]) == (173.64, 627.177)
    assert (t.readings[Q.FREQUENCY], t.readings[Q.POWER_GRID]) == (50.02, -2601)


def test_german_push_with_signed_phases_and_noise_behind() -> None:
    t = load("de")
    assert (t.crc, t.unknown) == ("none", ())
    assert t.readings[Q.ENERGY_IMPORT] == 52185.7825309
    assert (t.readings[Q.POWER_L2], t.readings[Q.POWER_GRID]) == (-737.28, 650.3)


def test_luxembourg_text_with_the_byte_that_is_no_ascii() -> None:
    assert load("lu").readings[Q.GAS] == 100.25


def test_of_two_gas_meters_the_newest_counts_and_an_empty_one_is_unknown() -> None:
    t = load("nl5_gas_exchanged")
    assert (t.readings[Q.GAS], t.readings[Q.HEAT]) == (12.345, 45.678)
    assert [(c.channel, c.device, c.value) for c in t.children] == [
        (1, 3, 9876.543), (2, 3, 12.345), (3, 3, None), (4, 12, 45.678),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "gj"),
    [("00003.829*GJ", 3.829), ("03829.000*MJ", 3.829), ("01000.000*kWh", 3.6), ("1*m3", None)],
)
def test_heat_comes_in_several_units(value: str, gj: float | None) -> None:
    t = telegram("0-1:24.1.0(004)", f"0-1:24.2.1(260315142000W)({value})")
    assert t.readings.get(Q.HEAT) == gj


@pytest.mark.parametrize("code", ["24.2.1", "24.2.3"])
@pytest.mark.parametrize(
    ("device", "quantity"),
    [(3, Q.GAS), (7, Q.WATER), (6, Q.WATER), (21, Q.WATER), (22, Q.WATER)],
)
def test_gas_and_water_on_any_channel_under_either_code(code: str, device: int, quantity: Q) -> None:
    t = telegram(f"0-4:24.1.0({device:03})", f"0-4:{code}(260315142000W)(00012.345*m3)")
    assert t.readings == {quantity: 12.345}
    assert t.moments == {quantity: ms(2026, 3, 15, 13, 20)}


@pytest.mark.parametrize("minutes", [(0, 0), (0, 5), (5, 0)])
def test_of_two_meters_that_both_count_it_is_always_the_same(minutes: tuple[int, int]) -> None:
    """A register that jumped between the two would be no register."""
    warm, cold = (f"(2603151420{minute:02}W)" for minute in minutes)
    water = ("0-1:24.1.0(006)", f"0-1:24.2.1{warm}(1.0*m3)", "0-2:24.1.0(007)", f"0-2:24.2.1{cold}(2.0*m3)")
    gas = ("0-3:24.1.0(003)", f"0-3:24.2.1{warm}(3.0*m3)", "0-4:24.1.0(003)", f"0-4:24.2.1{cold}(4.0*m3)")
    assert telegram(*water, *gas).readings == {Q.WATER: 2.0, Q.GAS: 3.0}


def test_an_unknown_kind_of_meter_is_not_guessed_at() -> None:
    t = telegram(
        "0-1:24.2.1(260315142000W)(00012.345*m3)", "0-2:24.1.0(099)", "0-2:24.2.1(260315142000W)(1*m3)"
    )
    assert t.readings == {}
    assert [child.quantity for child in t.children] == [None, None]


def test_empty_is_unknown_and_never_zero() -> None:
    t = telegram(
        "1-0:1.7.0()", "1-0:2.7.0(00.000*kW)", "1-0:1.8.1(000001.000*kWh)", "1-0:1.8.2()", "1-0:32.7.0()"
    )
    assert t.readings == {Q.ENERGY_IMPORT_T1: 1.0}


def test_a_value_without_its_unit_or_with_a_strange_one_is_unknown() -> None:
    assert telegram("1-0:32.7.0(0230)", "1-0:1.7.0(00.1*kVA)", "1-0:1.8.0(1*XX)").readings == {}


def test_signed_lines_serve_where_the_two_directions_are_missing() -> None:
    t = telegram("1-0:16.7.0(-000318*W)", "1-0:36.7.0(000012*W)")
    assert t.readings == {Q.POWER_GRID: -318, Q.POWER_L1: 12}


def test_references_without_medium_and_on_another_channel() -> None:
    t = telegram("1.8.0(000123.456*kWh)", "1-1:2.8.0(000007.000*kWh)")
    assert t.readings == {Q.ENERGY_IMPORT: 123.456, Q.ENERGY_EXPORT: 7}


def test_the_same_reference_twice_is_kept_twice() -> None:
    t = telegram("0-0:96.13.0(a)", "0-0:96.13.0(b)(c)")
    assert t.lines == {"0-0:96.13.0": "a\n(b)(c)"}


def test_a_bad_checksum_shows_lines_and_gives_nothing() -> None:
    t = dsmr.parse((FIXTURES / "nl5.txt").read_bytes().replace(b"01.234*kW", b"01.235*kW"), AMSTERDAM)
    assert (t.crc, t.readings, t.moments, t.children) == ("bad", {}, {}, ())
    assert t.lines["1-0:2.7.0"] == "01.235*kW"


def test_an_old_telegram_whose_end_is_missing_counts_only_if_complete() -> None:
    whole = (FIXTURES / "nl3.txt").read_bytes()
    assert dsmr.parse(whole[: whole.rindex(b"!")], AMSTERDAM).crc == "none"
    assert dsmr.parse(whole[: whole.index(b"1-0:2.7.0")], AMSTERDAM).crc == "bad"
    assert dsmr.parse(whole[: whole.rindex(b"!") - 4], AMSTERDAM).crc == "bad"
    new = (FIXTURES / "nl5.txt").read_bytes()
    assert dsmr.parse(new[: new.rindex(b"!")], AMSTERDAM).crc == "bad"


@pytest.mark.parametrize(
    "frame", [b"", b"/", b"/!", b"/a!", b"/\r\n!", b"!\r\n", b"/abc\r\n!0000", b"\xff" * 100]
)
def test_crumbs(frame: bytes) -> None:
    assert dsmr.parse(frame, AMSTERDAM).readings == {}


class TestInstants:
    def test_the_letter_decides_in_the_doubled_hour(self) -> None:
        assert dsmr.instant("251026023000S", AMSTERDAM) == ms(2025, 10, 26, 0, 30)
        assert dsmr.instant("251026023000W", AMSTERDAM) == ms(2025, 10, 26, 1, 30)

    def test_the_letters_mean_the_zone_of_the_site(self) -> None:
        assert dsmr.instant("260704120000S", ZoneInfo("Europe/Helsinki")) == ms(2026, 7, 4, 9)
        assert dsmr.instant("260704120000S", ZoneInfo("Europe/Dublin")) == ms(2026, 7, 4, 11)
        assert dsmr.instant("260104120000W", ZoneInfo("Europe/Dublin")) == ms(2026, 1, 4, 12)

    def test_a_meter_that_stays_on_winter_time_is_believed(self) -> None:
        assert dsmr.instant("260704120000W", AMSTERDAM) == ms(2026, 7, 4, 11)

    def test_without_a_letter_the_zone_decides(self) -> None:
        assert dsmr.instant("260704120000", AMSTERDAM) == ms(2026, 7, 4, 10)
        assert dsmr.instant("260104120000", AMSTERDAM) == ms(2026, 1, 4, 11)

    @pytest.mark.parametrize(("minute", "hour"), [((0, 10), 0), ((0, 50), 0), ((1, 10), 1), ((5, 0), 1)])
    def test_without_a_letter_the_doubled_hour_is_the_last_one_past(
        self, minute: tuple[int, int], hour: int
    ) -> None:
        now = ms(2025, 10, 26, *minute)
        assert dsmr.instant("251026020000", AMSTERDAM, now) == ms(2025, 10, 26, hour)

    @pytest.mark.parametrize(
        "stamp",
        [
            "",
            "250000000000W",
            "261301000000W",
            "260230000000W",
            "26022800000",
            "123412341234W",
            "x",
            "²" * 12,
        ],
    )
    def test_what_is_no_date_is_unknown(self, stamp: str) -> None:
        assert dsmr.instant(stamp, AMSTERDAM) is None

    def test_old_gas_takes_the_time_of_arrival_as_guide(self) -> None:
        lines = ("0-1:24.1.0(3)", "0-1:24.3.0(251026020000)(00)(60)(1)(0-1:24.2.1)(m3)", "(00001.000)")
        t = telegram(*lines, crc=False, now=ms(2025, 10, 26, 1, 20))
        assert t.moments[Q.GAS] == ms(2025, 10, 26, 1)
