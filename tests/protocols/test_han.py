"""HAN telegrams: what lists of every maker mean, keys, and damage that never gives a wrong number."""

import random
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from han_meter import (
    AUTH,
    KEY,
    LLC,
    TITLE,
    aidon,
    array,
    blocks,
    boolean,
    hdlc,
    i16,
    joined,
    mbus,
    message,
    obis,
    octets,
    push,
    scaler,
    sealed,
    segments,
    stamp,
    structure,
    u16,
    u32,
    visible,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from test_han_links import damage

from appliance.model import Quantity as Q  # noqa: N817
from appliance.protocols import han
from appliance.protocols.links import HanReader
from appliance.protocols.telegram import NO_KEYS, Keys, Telegram

OSLO = ZoneInfo("Europe/Oslo")
NOON = datetime(2026, 1, 15, 12, 0, 10)
NOON_MS = int(datetime(2026, 1, 15, 11, 0, 10, tzinfo=UTC).timestamp()) * 1000
KEYS = Keys(KEY, AUTH)
NOTHING = b"\x00"
CLOCK = structure(obis("0-0:1.0.0"), octets(stamp(NOON.replace(second=0))))


def read(data: bytes, zone: ZoneInfo = OSLO, keys: Keys = NO_KEYS) -> list[Telegram]:
    reader = HanReader()
    return [han.parse(frame.data, zone, None, keys) for frame in reader.feed(data) + reader.flush()]


def one(apdu: bytes, zone: ZoneInfo = OSLO, keys: Keys = NO_KEYS) -> Telegram:
    (telegram,) = read(message(apdu), zone, keys)
    assert telegram.crc == "ok"
    return telegram


def register(code: str, value: int, power: int = 1, unit: int = 30) -> bytes:
    return structure(obis(code), u32(value), scaler(power, unit))


def test_a_list_that_describes_itself() -> None:
    telegram = one(aidon())
    assert telegram.meter == "AIDON_V0001 6534"
    assert telegram.at is None
    assert telegram.lines["1-0:32.7.0"] == "227.4*V"
    assert telegram.readings == {
        Q.POWER_GRID: 1661, Q.REACTIVE_GRID: -128,
        Q.CURRENT_L1: 1.3, Q.CURRENT_L2: 3.1, Q.CURRENT_L3: 2.9,
        Q.VOLTAGE_L1: 227.4, Q.VOLTAGE_L2: 230.1, Q.VOLTAGE_L3: 230.8,
    }  # fmt: skip


def test_registers_of_the_full_hour_bear_its_time() -> None:
    apdu = aidon((CLOCK, register("1-0:1.8.0", 1234567), register("1-0:2.8.0", 89)))
    late = push(apdu[6:], stamp(NOON))
    telegram = one(late)
    assert telegram.at == NOON_MS
    assert telegram.readings[Q.ENERGY_IMPORT] == 12345.67
    assert telegram.readings[Q.ENERGY_EXPORT] == 0.89
    assert telegram.moments == {Q.ENERGY_IMPORT: NOON_MS - 10_000, Q.ENERGY_EXPORT: NOON_MS - 10_000}
    assert one(apdu).at == NOON_MS - 10_000, "without a date of its own the clock of the list"


def test_import_alone_says_nothing_at_zero() -> None:
    """The two-second list has import only: at 0 the house may export."""
    assert one(push(array(structure(obis("1-0:1.7.0"), u32(17), scaler(0, 27))))).readings == {
        Q.POWER_GRID: 17
    }
    assert one(push(array(structure(obis("1-0:1.7.0"), u32(0), scaler(0, 27))))).readings == {}


def test_export_is_negative() -> None:
    both = [structure(obis(f"1-0:{n}.7.0"), u32(v), scaler(0, 27)) for n, v in ((1, 0), (2, 850))]
    assert one(push(array(*both))).readings == {Q.POWER_GRID: -850}


def kaifa(*values: bytes) -> Telegram:
    return one(push(structure(*values), stamp(NOON), tagged=True))


HEAD = (octets(b"KFM_001"), octets(b"6970631400000000"))
POWERS = (u32(2269), u32(0), u32(0), u32(720))
PHASES = (u32(7087), u32(6896), u32(4206), u32(2367), u32(2371), u32(2359))


def test_kaifa() -> None:
    assert kaifa(u32(5502)).readings == {Q.POWER_GRID: 5502}
    assert kaifa(u32(0)).readings == {}
    ten_seconds = kaifa(*HEAD, octets(b"MA304H4"), *POWERS, *PHASES)
    assert ten_seconds.meter == "KFM_001 MA304H4"
    assert ten_seconds.at == NOON_MS
    assert ten_seconds.readings == {
        Q.POWER_GRID: 2269, Q.REACTIVE_GRID: -720,
        Q.CURRENT_L1: 7.087, Q.CURRENT_L2: 6.896, Q.CURRENT_L3: 4.206,
        Q.VOLTAGE_L1: 236.7, Q.VOLTAGE_L2: 237.1, Q.VOLTAGE_L3: 235.9,
    }  # fmt: skip
    clock, sums = octets(stamp(NOON.replace(second=0))), (u32(403_112), u32(0), u32(12), u32(84_009))
    hour = kaifa(*HEAD, octets(b"MA304H4"), *POWERS, *PHASES, clock, *sums)
    assert hour.readings[Q.ENERGY_IMPORT] == 403.112
    assert hour.readings[Q.REACTIVE_EXPORT] == 84.009
    assert hour.moments[Q.ENERGY_IMPORT] == NOON_MS - 10_000
    single = kaifa(*HEAD, octets(b"MA105H2E"), *POWERS, u32(9800), u32(2301), clock, *sums)
    assert (single.readings[Q.CURRENT_L1], single.readings[Q.VOLTAGE_L1]) == (9.8, 230.1)
    assert Q.CURRENT_L2 not in single.readings
    assert kaifa(*HEAD, octets(b"MA105H2E"), *POWERS, u32(9800), u32(2301)).readings[Q.VOLTAGE_L1] == 230.1


def test_kaifa_without_a_neutral() -> None:
    """Between two pairs of phases it measures; the third it gives as 0, which is no voltage."""
    phases = (u32(7087), u32(6896), u32(4206), u32(2367), u32(0), u32(2367))
    readings = kaifa(*HEAD, octets(b"MA304H3E"), *POWERS, *phases).readings
    assert Q.VOLTAGE_L2 not in readings
    assert readings[Q.CURRENT_L2] == 6.896


def test_kaifa_between_phases_has_no_second_current_either() -> None:
    phases = (u32(7087), u32(0), u32(4206), u32(2367), u32(0), u32(2367))
    readings = kaifa(*HEAD, octets(b"MA304T3"), *POWERS, *phases).readings
    assert not {Q.VOLTAGE_L2, Q.CURRENT_L2} & set(readings)


def kamstrup(pairs: dict[str, bytes], kind: str = "6841121BN243101040") -> bytes:
    values = [obis("1-1:0.0.5"), visible("5706567000000000"), obis("1-1:96.1.1"), visible(kind)]
    for code, value in pairs.items():
        values += [obis(f"1-1:{code}"), value]
    return push(structure(visible("Kamstrup_V0001"), *values), stamp(NOON, status=0))


KAMSTRUP = {
    "1.7.0": u32(826), "2.7.0": u32(0), "31.7.0": u32(237), "51.7.0": u32(89), "71.7.0": u32(75),
    "32.7.0": u16(232), "52.7.0": u16(233), "72.7.0": u16(236), "1.8.0": u32(7_745_250),
}  # fmt: skip


def test_kamstrup() -> None:
    telegram = one(kamstrup(KAMSTRUP))
    assert telegram.meter == "Kamstrup_V0001 6841121BN243101040"
    assert telegram.readings == {
        Q.POWER_GRID: 826, Q.CURRENT_L1: 2.37, Q.CURRENT_L2: 0.89, Q.CURRENT_L3: 0.75,
        Q.VOLTAGE_L1: 232, Q.VOLTAGE_L2: 233, Q.VOLTAGE_L3: 236, Q.ENERGY_IMPORT: 77452.5,
    }  # fmt: skip


def test_kamstrup_counts_wh_in_sweden() -> None:
    readings = one(kamstrup(KAMSTRUP), ZoneInfo("Europe/Stockholm")).readings
    assert readings[Q.ENERGY_IMPORT] == 7745.25
    assert readings[Q.CURRENT_L1] == 2.37


def test_kamstrup_of_one_phase_has_nothing_where_others_have_two_and_three() -> None:
    values = [visible("Kamstrup_V0001"), obis("1-1:1.7.0"), u32(1896), obis("1-1:2.7.0"), u32(0)]
    values += [obis("1-1:31.7.0"), u32(896), *[NOTHING] * 4, obis("1-1:32.7.0"), u16(225), *[NOTHING] * 4]
    readings = one(push(structure(*values))).readings
    assert readings == {Q.POWER_GRID: 1896, Q.CURRENT_L1: 8.96, Q.VOLTAGE_L1: 225}


def test_kamstrup_behind_current_transformers() -> None:
    pairs = KAMSTRUP | {
        "1.7.0": u32(60_000),
        "31.7.0": u32(91_000),
        "51.7.0": u32(93_955),
        "71.7.0": u32(92_645),
    }
    assert one(kamstrup(pairs, "6851121BN243101040")).readings[Q.CURRENT_L1] == 91.0


@pytest.mark.parametrize("raw", [232, 2320, 23200])
def test_a_voltage_without_scaler_is_one_of_the_mains(raw: int) -> None:
    assert one(kamstrup({"32.7.0": u16(raw), "52.7.0": u16(0)})).readings[Q.VOLTAGE_L1] == 232.0


def test_currents_that_cannot_carry_the_power_are_left_out() -> None:
    telegram = one(kamstrup(KAMSTRUP | {"1.7.0": u32(8260)}))
    assert Q.CURRENT_L1 not in telegram.readings
    assert telegram.readings[Q.POWER_GRID] == 8260
    assert telegram.lines["1-1:31.7.0"] == "237"


@pytest.mark.parametrize(("raw", "amps"), [(7087, 7.087), (709, 7.09), (71, 7.1), (7, 7.0)])
def test_currents_of_an_unknown_maker_are_those_that_fit_the_power(raw: int, amps: float) -> None:
    pairs = [("1.7.0", u32(1650)), ("2.7.0", u32(0)), ("31.7.0", u32(raw)), ("32.7.0", u16(2310))]
    apdu = push(structure(*[part for code, value in pairs for part in (obis(f"1-0:{code}"), value)]))
    assert one(apdu).readings[Q.CURRENT_L1] == amps
    apdu = push(structure(*[part for code, value in pairs[1:] for part in (obis(f"1-0:{code}"), value)]))
    assert Q.CURRENT_L1 not in one(apdu).readings, "no power to tell it by"


ISK = (octets(b"ISK1030783800000"), octets(b"ISK83800000"))


def test_iskraemeco_of_slovenia() -> None:
    powers = (u32(592), u32(0), u32(0), u32(112))
    volts, amps = (u16(2366), u16(2314), u16(2344)), (u16(30), u16(117), u16(160))
    phases = (u32(17), u32(216), u32(0), u32(0), u32(0), u32(88))
    momentary = one(push(structure(*ISK, *powers, *volts, *amps, *phases))).readings
    assert momentary[Q.POWER_GRID] == 592
    assert [momentary[q] for q in (Q.POWER_L1, Q.POWER_L2, Q.POWER_L3)] == [17, 216, -88]
    assert [momentary[q] for q in (Q.CURRENT_L1, Q.CURRENT_L2, Q.CURRENT_L3)] == [0.3, 1.17, 1.6]
    sums = (u32(3810), u32(10), u32(3800), u32(7), u32(3), u32(4), u32(4531), u32(0))
    registers = one(push(structure(*ISK, boolean(True), octets(b"\0\2"), *sums))).readings
    assert (registers[Q.ENERGY_IMPORT], registers[Q.ENERGY_IMPORT_T2], registers[Q.TARIFF]) == (3.81, 3.8, 2)
    assert one(push(structure(*ISK, *volts, *amps, *powers))).readings[Q.VOLTAGE_L3] == 234.4
    assert one(push(structure(*ISK, *powers, u16(2313), u32(0), u32(0)))).readings[Q.VOLTAGE_L1] == 231.3
    single = one(push(structure(*ISK, u16(2313), u16(260), *powers))).readings
    assert (single[Q.CURRENT_L1], single[Q.REACTIVE_GRID]) == (2.6, -112)


def test_a_total_that_is_not_the_sum_of_its_tariffs_is_none() -> None:
    sums = (u32(3810), u32(10), u32(999), u32(7), u32(3), u32(4), u32(4531), u32(0))
    telegram = one(push(structure(*ISK, boolean(True), octets(b"\0\2"), *sums)))
    assert telegram.readings == {}
    assert telegram.problem == han.UNKNOWN_LIST
    assert telegram.lines["[5]"] == "3810"


def test_iskraemeco_that_ends_before_it_said() -> None:
    values = [
        obis("0-6:25.9.0"),
        octets(b"1121378300000"),
        octets(b"\x15\x0b\x11\0"),
        octets(b"\x07\xe8\5\7\2"),
    ]
    values += [u32(14_370_048), u32(420_837), u32(1_455_864), u32(2_293_936), u32(9), u32(0)]
    whole = one(push(structure(*values, octets(b""), octets(b""))))
    assert whole.readings[Q.ENERGY_IMPORT] == 14370.048
    assert whole.readings[Q.POWER_GRID] == 9
    assert one(push(structure(*values))).readings == whole.readings
    short = one(push(b"\x02\x0c" + b"".join(values[:6])))
    assert short.readings == {Q.ENERGY_IMPORT: 14370.048, Q.ENERGY_EXPORT: 420.837}


def test_iskraemeco_of_croatia() -> None:
    sums = [6844286, 4770658, 2073628, 5759375, 5708359, 51016, 1510550, 1228222, 55401, 1345707, 322, 0]
    values = [octets(b"92029691"), octets(b"\x0f \x0a\0"), octets(b"\x07\xe9\x0c\3\3"), *map(u32, sums)]
    values += [u16(897), u32(17), u32(216), u32(88), u32(0), u32(0), u32(0)]
    values += [*map(u16, (2366, 2314, 2344, 30, 117, 40)), *[NOTHING] * 5]
    readings = one(push(structure(*values), stamp(NOON))).readings
    assert readings[Q.ENERGY_EXPORT] == 5759.375
    assert (readings[Q.POWER_GRID], readings[Q.POWER_L2]) == (322, 216)
    assert (readings[Q.VOLTAGE_L3], readings[Q.CURRENT_L2]) == (234.4, 1.17)


def described(codes: dict[str, bytes], itself: bool = True) -> bytes:
    """Landis+Gyr E450: a list of codes, then their values."""
    names = (["0-8:25.9.0"] if itself else []) + list(codes)
    listed = [structure(u16(3), obis(code), b"\x0f\x02", u16(0)) for code in names]
    return push(structure(array(*listed), *codes.values()), stamp(NOON))


@pytest.mark.parametrize("itself", [True, False])
def test_landis_gyr_lists_its_codes_first(itself: bool) -> None:
    codes = {
        "0-0:42.0.0": octets(b"LGZ1020782500000"), "1-0:1.7.0": u32(609), "1-0:2.7.0": u32(0),
        "1-0:1.8.0": u32(1_832_609), "1-0:31.7.0": u16(82), "1-0:51.7.0": u16(151), "1-0:71.7.0": u16(57),
        "1-0:32.7.0": u16(239), "1-0:52.7.0": u16(238), "1-0:72.7.0": u16(238), "1-0:21.7.0": u32(0),
    }  # fmt: skip
    telegram = one(described(codes, itself))
    assert telegram.meter == "LGZ"
    assert telegram.at == NOON_MS
    assert telegram.readings == {
        Q.POWER_GRID: 609, Q.ENERGY_IMPORT: 1832.609, Q.CURRENT_L1: 0.82, Q.CURRENT_L2: 1.51,
        Q.CURRENT_L3: 0.57, Q.VOLTAGE_L1: 239, Q.VOLTAGE_L2: 238, Q.VOLTAGE_L3: 238,
    }, "import of L1 alone is 0: it may export"  # fmt: skip


def test_landis_gyr_without_names() -> None:
    values = [*map(u16, (228, 226, 230, 781, 1482, 643)), *map(u32, (5432, 0, 40_091_000, 0))]
    readings = one(push(structure(*values, octets(b"30052002")))).readings
    assert (readings[Q.POWER_GRID], readings[Q.CURRENT_L2], readings[Q.ENERGY_IMPORT]) == (5432, 14.82, 40091)
    assert one(push(structure(*values, u16(1), u16(2), u16(3), octets(b"30052002")))).readings == readings
    assert one(push(structure(u32(21_040_168), u32(0)))).readings[Q.ENERGY_IMPORT] == 21040.168
    assert one(push(structure(u32(4000), u32(0)))).problem == han.UNKNOWN_LIST, "power or energy?"


def test_a_power_with_a_sign_and_the_frequency() -> None:
    codes = {
        "1-0:16.7.0": b"\x05\xff\xff\xfc\x18",
        "1-0:36.7.0": u32(20),
        "1-0:14.7.0": u16(5003),
        "1-0:81.7.1": u16(9),
    }
    readings = one(described(codes)).readings
    assert readings == {Q.POWER_GRID: -1000, Q.POWER_L1: 20, Q.FREQUENCY: 50.03}


def test_several_notifications_in_one_frame() -> None:
    parts = [push(structure(u32(21_040_168 + n), u32(0)), stamp(NOON.replace(minute=n))) for n in range(3)]
    telegram = one(LLC.join(parts))
    assert telegram.readings[Q.ENERGY_IMPORT] == 21040.17
    assert telegram.at == NOON_MS + 120_000


def test_vienna() -> None:
    values = map(u32, (5_107_912, 0, 1_126_903, 566_784, 230, 0, 88, 21))
    telegram = one(push(structure(octets(stamp(NOON)), *values)))
    assert telegram.at == NOON_MS
    assert telegram.readings == {
        Q.ENERGY_IMPORT: 5107.912, Q.ENERGY_EXPORT: 0, Q.REACTIVE_IMPORT: 1126.903,
        Q.REACTIVE_EXPORT: 566.784, Q.POWER_GRID: 230, Q.REACTIVE_GRID: 67,
    }  # fmt: skip


def austria() -> bytes:
    """Kaifa MA309 and Sagemcom T210-D: clock, then code, value, scaler in a row, then the meter's number."""
    rows = [("1.8.0", u32(12937), 0, 30), ("2.8.0", u32(0), 0, 30), ("1.7.0", u32(0), 0, 27)]
    rows += [("2.7.0", u32(811), 0, 27), ("32.7.0", u16(2337), -1, 35), ("31.7.0", u16(359), -2, 33)]
    flat = [
        part
        for code, value, power, unit in rows
        for part in (obis(f"1-0:{code}"), value, scaler(power, unit))
    ]
    flat += [obis("1-0:13.7.0"), u16(998), scaler(-3, 255)]
    return push(structure(octets(stamp(NOON, -60)), *flat, octets(b"181220000009")), stamp(NOON, -60))


AUSTRIA = {
    Q.ENERGY_IMPORT: 12.937, Q.ENERGY_EXPORT: 0, Q.POWER_GRID: -811, Q.VOLTAGE_L1: 233.7, Q.CURRENT_L1: 3.59,
}  # fmt: skip


@pytest.mark.parametrize("size", [80, 250, 252])
def test_austria_encrypted_over_mbus(size: int) -> None:
    stream = joined(mbus(sealed(austria()), size))
    (telegram,) = read(stream, keys=KEYS)
    assert (telegram.meter, telegram.at, telegram.crc) == ("KFM", NOON_MS, "ok")
    assert telegram.readings == AUSTRIA
    assert telegram.lines["1-0:13.7.0"] == "0.998"
    assert telegram.lines["0-0:96.1.0"] == "181220000009"


@pytest.mark.parametrize("control", [0x20, 0x30, 0x31])
def test_keys(control: int) -> None:
    stream = joined(segments(sealed(austria(), control), 150))
    (locked,) = read(stream)
    assert (locked.crc, locked.problem, locked.readings, locked.lines) == ("ok", han.NO_KEY, {}, {})
    assert locked.meter == "KFM"
    for keys in (KEYS, Keys(KEY)):
        (telegram,) = read(stream, keys=keys)
        assert (telegram.readings, telegram.problem) == (AUSTRIA, "")
    (wrong,) = read(stream, keys=Keys(AUTH, AUTH))
    assert (wrong.problem, wrong.readings) == (han.WRONG_KEY, {})
    (other,) = read(stream, keys=Keys(KEY, KEY))
    if control & 0x10:
        assert (other.problem, other.readings) == (han.WRONG_AUTHENTICATION, {})
    else:
        assert other.readings == AUSTRIA


def test_a_torn_encrypted_message_says_that_it_is_encrypted_but_judges_no_key() -> None:
    stream = joined(segments(sealed(austria(), 0x30), 100)[:-1])
    assert [(told.crc, told.problem) for told in read(stream)] == [("bad", han.NO_KEY)]
    assert [(told.crc, told.problem) for told in read(stream, keys=KEYS)] == [("bad", "")]
    hurt = bytearray(message(sealed(austria(), 0x30)))
    hurt[60] ^= 1
    assert [(told.crc, told.problem) for told in read(bytes(hurt), keys=KEYS)] == [("bad", "")]


def test_meters_behind_the_meter() -> None:
    gas = [structure(obis("0-1:24.1.0"), u16(3)), structure(obis("0-1:24.2.1"), u32(12785), scaler(-2, 13))]
    heat = [structure(obis("0-2:24.1.0"), u16(4)), structure(obis("0-2:24.2.1"), u32(1000), scaler(3, 30))]
    telegram = one(push(array(*gas, *heat)))
    assert telegram.readings == {Q.GAS: 127.85, Q.HEAT: 3.6}
    assert [(child.channel, child.device) for child in telegram.children] == [(1, 3), (2, 4)]


def test_a_register_of_the_past_is_not_taken_for_the_present() -> None:
    past = octets(bytes((1, 0, 1, 8, 0, 1)))
    telegram = one(push(array(structure(past, u32(5), scaler(0, 30)), register("1-0:1.8.0", 7, 0))))
    assert telegram.readings == {Q.ENERGY_IMPORT: 0.007}


def test_a_scaler_beyond_reason_makes_the_value_unknown() -> None:
    telegram = one(push(array(structure(obis("1-0:1.8.0"), u32(5), scaler(100, 30)))))
    assert (telegram.readings, telegram.lines) == ({}, {"1-0:1.8.0": "5"})


def test_problems_say_what_to_do_and_show_no_key() -> None:
    texts = [
        han.NO_KEY,
        han.WRONG_KEY,
        han.WRONG_AUTHENTICATION,
        han.COMPRESSED,
        han.UNKNOWN_LIST,
        han.FOREIGN,
    ]
    assert all(KEY.hex() not in text and len(text) > 40 for text in texts)
    assert one(sealed(austria(), 0xA0), keys=KEYS).problem == han.COMPRESSED
    assert one(bytes.fromhex("6142A109060760857405080101")).problem == han.FOREIGN


def test_a_bad_checksum_gives_lines_without_readings() -> None:
    frame = bytearray(message(aidon()))
    frame[-2] ^= 1
    (telegram,) = read(bytes(frame))
    assert telegram.crc == "bad"
    assert telegram.lines["1-0:1.7.0"] == "1661*W"
    assert telegram.readings == {}


@pytest.mark.parametrize(
    "body",
    [
        message(aidon())[1:-1], message(aidon())[1:-1] * 1, LLC + aidon(), aidon(), aidon()[6:],
    ],
)  # fmt: skip
def test_bodies_without_their_frame(body: bytes) -> None:
    telegram = han.parse_body(body, OSLO)
    assert telegram is not None
    assert telegram.readings == one(aidon()).readings


def test_an_encrypted_body() -> None:
    locked = han.parse_body(sealed(austria()), OSLO)
    assert locked is not None
    assert locked.problem == han.NO_KEY
    opened = han.parse_body(sealed(austria()), OSLO, keys=KEYS)
    assert opened is not None
    assert opened.readings == AUSTRIA


@pytest.mark.parametrize(
    "body", [b"", b"/ISK5\r\n", b"\x1b\x1b\x1b\x1b\1\1\1\1", b"\x02", b"\xdb\x08", aidon()[:-1]]
)
def test_what_is_no_body(body: bytes) -> None:
    assert han.parse_body(body, OSLO) is None


TRUE = [one(aidon()).readings, AUSTRIA, one(kamstrup(KAMSTRUP)).readings]
LONG = push(aidon()[6:], stamp(NOON))


@pytest.mark.parametrize("seed", range(20))
def test_damage_never_gives_a_wrong_number(seed: int) -> None:
    """HDLC, where two checksums of 16 bits guard; M-Bus has one of 8 and leaves the rest to the tag."""
    dice = random.Random(seed)
    for _ in range(40):
        stream = (
            message(aidon())
            + joined(segments(kamstrup(KAMSTRUP), 60))
            + joined(blocks(sealed(austria(), 0x30), 80))
        )
        stream += joined(mbus(sealed(austria(), 0x30), 90)) + message(aidon())
        for _ in range(dice.randint(1, 4)):
            stream = damage(stream, dice) or b"~"
        for telegram in read(stream, keys=KEYS):
            assert telegram.readings in [{}, *TRUE]


def test_a_lost_segment_never_gives_a_number() -> None:
    for size in (20, 40, 60, 100):
        parts = segments(kamstrup(KAMSTRUP), size)
        for lost in range(len(parts)):
            for telegram in read(joined(parts[:lost] + parts[lost + 1 :])):
                assert telegram.readings == {}


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    read(data)
    han.parse(data, OSLO)
    han.parse_body(data, OSLO, keys=KEYS)
    for apdu in (data, b"\x0f\0\0\0\0\0" + data, sealed(data), TITLE + data):
        for telegram in read(message(apdu) if apdu else b"", keys=KEYS):
            assert telegram.crc == "ok" or apdu[:1] == b"\xe0"


VALUES = st.sampled_from(
    [
        obis("1-0:1.8.0"), obis("1-0:31.7.0"), obis("0-0:1.0.0"), octets(stamp(NOON)), octets(b"KFM_001"),
        octets(b""), visible("Kamstrup_V0001"), visible("ISK"), u32(0), u32(2**32 - 1), u16(2300), i16(-5),
        scaler(-1, 35), scaler(127, 27), scaler(0, 255), array(), structure(), NOTHING, boolean(False),
        structure(obis("1-0:1.7.0"), u32(5)), b"\x17\x7f\x80\0\0", b"\x18\x7f\xf8\0\0\0\0\0\0",
        b"\x15" + b"\xff" * 8,
    ]
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(VALUES, max_size=20))
def test_any_values(values: list[bytes]) -> None:
    telegram = one(push(structure(*values), stamp(NOON)))
    for quantity, value in telegram.readings.items():
        assert abs(value) < float("inf"), quantity


def test_a_frame_without_information() -> None:
    assert [telegram.readings for telegram in read(hdlc(b""))] == [{}]
