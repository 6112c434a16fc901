"""SML of every kind of meter: numbers, signs and units, and damage."""

import random
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
import sml_maker as maker
from hypothesis import given
from hypothesis import strategies as st

from appliance.model import Quantity as Q  # noqa: N817
from appliance.protocols import sml
from appliance.protocols.telegram import Telegram

ZONE = ZoneInfo("Europe/Berlin")
DVS74 = b"\x0a\x01DZG\x00" + (42_000_123).to_bytes(4, "big")
DWSB = b"\x0a\x01DZG\x00" + (40_000_123).to_bytes(4, "big")
OLD = b"\x06TWN\x01\x02\x03\x04\x05\x06"
W, WH = 27, 30

PLAIN = (
    maker.entry("1.0.96.50.1.1", maker.octets(b"TWN")),
    maker.entry("1.0.96.1.0.255", maker.octets(b"\x0a\x01TWN\x00\x00\x00\x00\x07")),
    maker.entry("1.0.1.8.0.255", maker.number(54_301_577, 5, signed=True), WH, -1, status=0x1C0104),
    maker.entry("1.0.2.8.0.255", maker.number(12, 4), WH, 3),
    maker.entry("1.0.16.7.0.255", maker.number(-123_456, 4, signed=True), W, -2),
    maker.entry("1.0.32.7.0.255", maker.number(2304, 2), 35, -1),
    maker.entry("1.0.14.7.0.255", maker.number(499, 2), 44, -1),
    maker.entry("1.0.81.7.1.255", maker.number(120, 1), 8, 0),
)
FILE = maker.file(b"\x0a\x01TWN\x00\x00\x00\x00\x07", *PLAIN)
READINGS = {
    Q.ENERGY_IMPORT: 5430.1577, Q.ENERGY_EXPORT: 12.0, Q.POWER_GRID: -1234.56, Q.VOLTAGE_L1: 230.4,
    Q.FREQUENCY: 49.9,
}  # fmt: skip


def only(data: bytes) -> Telegram:
    reader = sml.Reader()
    frames = reader.feed(data)
    assert (len(frames), frames[0].whole, reader.bad) == (1, True, 0)
    return sml.parse(frames[0].data, ZONE)


def of(server: bytes, *entries: bytes) -> Telegram:
    return only(maker.file(server, *entries))


def test_a_meter_with_its_pin() -> None:
    t = only(FILE)
    assert (t.meter, t.crc, t.at, t.problem, t.unknown) == ("1TWN0000000007", "ok", None, "", ())
    assert t.readings == READINGS
    assert t.lines == {
        "1-0:96.50.1*1": "TWN", "1-0:96.1.0*255": "0A0154574E0000000007",
        "1-0:1.8.0*255": "5430157.7*Wh", "1-0:2.8.0*255": "12000*Wh", "1-0:16.7.0*255": "-1234.56*W",
        "1-0:32.7.0*255": "230.4*V", "1-0:14.7.0*255": "49.9*Hz", "1-0:81.7.1*255": "120*deg",
    }  # fmt: skip


def test_without_a_pin_there_is_a_register_and_no_power() -> None:
    t = of(OLD, maker.entry("1.0.1.8.0.255", maker.number(2_324_000, 4), WH, 0))
    assert (t.meter, t.readings) == ("TWN 010203040506", {Q.ENERGY_IMPORT: 2324.0})


def test_a_meter_that_knows_the_time_of_day() -> None:
    seconds = int(datetime(2026, 6, 1, 12, tzinfo=UTC).timestamp())
    utc = maker.several(maker.number(2, 1), maker.number(seconds, 4))
    offsets = maker.number(60, 2, signed=True), maker.number(60, 2, signed=True)
    local = maker.several(maker.number(3, 1), maker.several(maker.number(seconds, 4), *offsets))
    for time in (utc, local):
        assert only(maker.file(OLD, *PLAIN, time=time)).at == seconds * 1000


@pytest.mark.parametrize(
    ("server", "value", "watts"),
    [
        (DVS74, bytes.fromhex("538b28"), 356.24),
        (DVS74, bytes.fromhex("5274"), 1.16),
        (DVS74, bytes.fromhex("52f4"), 2.44),
        (DVS74, bytes.fromhex("54fecbfd"), -788.51),
        (DVS74, bytes.fromhex("55ffff8b28"), -299.12),
        (DWSB, bytes.fromhex("538b28"), -299.12),
        (DWSB, bytes.fromhex("54fecbfd"), -788.51),
        (OLD, bytes.fromhex("538b28"), -299.12),
    ],
)
def test_a_positive_power_that_lost_its_sign_bit(server: bytes, value: bytes, watts: float) -> None:
    assert of(server, maker.entry("1.0.16.7.0.255", value, W, -2)).readings == {Q.POWER_GRID: watts}


EMH = b"\x06EMH\x01\x02\x03\x04\x05\x06"


@pytest.mark.parametrize(
    ("server", "status", "watts"),
    [
        (EMH, 0x0182, 137.1),
        (EMH, 0x01A2, -137.1),
        (EMH, None, None),
        (OLD, 0x01A2, None),  # another maker's word may mean another thing
    ],
)
def test_an_amount_of_power_takes_its_direction_from_the_status_of_the_register(
    server: bytes, status: int | None, watts: float | None
) -> None:
    register = maker.entry("1.0.1.8.0.255", maker.number(7, 4), WH, 0, status)
    amount = maker.entry("1.0.15.7.0.255", maker.number(1371, 4, signed=True), W, -1)
    fed_in = maker.entry("1.0.2.8.0.255", maker.number(1, 4), WH, 0, 0x01A2)
    for entries in ((register, amount), (register, fed_in, amount), (amount, register)):
        assert of(server, *entries).readings.get(Q.POWER_GRID) == watts


def test_an_early_meter_of_feed_in_tells_power_as_tariff_1() -> None:
    fed_in = maker.entry("1.0.2.8.1.255", maker.number(1, 4), WH, 0)
    feeding = maker.entry("1.0.1.7.1.255", maker.number(-56, 4, signed=True), W, 0)
    assert of(OLD, feeding, fed_in).readings[Q.POWER_GRID] == -56


def test_codes_that_mean_all_tariffs() -> None:
    phases = [maker.entry(f"1.0.{c}.7.255.255", maker.number(c, 2), W, 0) for c in (1, 21, 41, 61)]
    t = of(OLD, *phases)
    assert t.readings == {Q.POWER_GRID: 1, Q.POWER_L1: 21, Q.POWER_L2: 41, Q.POWER_L3: 61}


def test_an_entry_without_a_value_is_unknown_and_harms_no_other() -> None:
    t = of(OLD, maker.entry("1.0.16.7.0.255", maker.NONE, W, 0), PLAIN[2])
    assert (t.crc, t.readings) == ("ok", {Q.ENERGY_IMPORT: 5430.1577})
    assert t.lines["1-0:16.7.0*255"] == ""


def test_a_list_built_against_the_standard_is_read_by_its_entries() -> None:
    listed = maker.several(maker.octets(OLD), maker.several(*PLAIN[2:]))
    assert only(maker.sealed(maker.message(0x0701, listed))).readings == READINGS


def test_long_texts_and_escapes_inside_them() -> None:
    signature = bytes(range(24)) + maker.ESCAPE * 2 + b"\x01\x1a\x1a"
    t = of(OLD, maker.entry("129.129.199.130.5.255", maker.octets(signature)), *PLAIN)
    assert t.lines["129-129:199.130.5*255"] == signature.hex().upper()
    assert t.readings == READINGS


def test_the_checksum_of_holley() -> None:
    assert only(maker.file(OLD, *PLAIN, kermit=True)).readings == READINGS


def test_a_wrong_checksum_shows_lines_and_gives_nothing() -> None:
    t = only(FILE.replace(b"\x1e\x52\xff", b"\x1e\x52\xfe"))
    assert (t.crc, t.readings, t.lines["1-0:1.8.0*255"]) == ("bad", {}, "543015.77*Wh")


@given(st.lists(st.integers(0, 3 * len(FILE)), max_size=9))
def test_chunks_do_not_matter(cuts: list[int]) -> None:
    stream = b"\x1b\x1b" + FILE * 3
    reader = sml.Reader()
    edges = [0, *sorted(cuts), len(stream)]
    frames = [frame.data for a, b in pairwise(edges) for frame in reader.feed(stream[a:b])]
    assert (frames, reader.bad) == ([FILE] * 3, 0)


def test_cut_at_every_offset() -> None:
    for at in range(1, len(FILE)):
        reader = sml.Reader()
        frames = reader.feed(FILE[at:] + FILE + FILE[:at] + FILE) + reader.flush()
        assert [frame.data for frame in frames if sml.checksum(frame.data) == "ok"] == [FILE, FILE]
        torn = [sml.parse(frame.data, ZONE) for frame in frames if frame.data != FILE]
        assert all((t.crc, t.readings) == ("bad", {}) for t in torn)
        assert len(torn) == (at >= len(sml.START))


@pytest.mark.parametrize("seed", range(10))
def test_damage_gives_true_numbers_or_none(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(150):
        hurt = bytearray(FILE)
        for _ in range(dice.randint(1, 4)):
            at = dice.randrange(len(hurt))
            match dice.randrange(4):
                case 0:
                    del hurt[at : at + dice.choice((1, 2, 9))]
                case 1:
                    hurt[at] ^= 1 << dice.randrange(8)
                case 2:
                    hurt[at:at] = hurt[at : at + dice.choice((1, 4))]
                case _:
                    hurt[at:at] = dice.choice((b"\xff", b"\0", maker.ESCAPE, b"\x1b\x1a"))
        reader = sml.Reader()
        frames = reader.feed(FILE + hurt + FILE * 2) + reader.flush()
        found = [sml.parse(frame.data, ZONE) for frame in frames]
        assert all(t.readings in ({}, READINGS) for t in found)
        assert sum(t.readings == READINGS for t in found) >= 2


@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    for body in (data, maker.sealed(data), maker.sealed(maker.message(0x0701, data))):
        reader = sml.Reader()
        for frame in reader.feed(body) + reader.flush():
            sml.parse(frame.data, ZONE)
        sml.parse(body, ZONE)


def test_endless_noise_is_not_kept() -> None:
    reader = sml.Reader()
    for _ in range(40):
        reader.feed(maker.ESCAPE + b"\x01" * 4 + b"x" * 9000)
        reader.feed(b"\x1b" * 5000)
    assert reader.bad == 39
    for _ in range(20):
        reader.feed(b"x" * 9000)
    assert len(reader._buffer) < 100
    assert [frame.data for frame in reader.feed(FILE)] == [FILE]
