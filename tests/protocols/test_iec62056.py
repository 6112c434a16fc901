"""Readouts of IEC 62056-21, with block check and without, whole and damaged."""

import random
from datetime import UTC, datetime
from functools import reduce
from itertools import pairwise
from operator import xor
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.model import Quantity as Q  # noqa: N817
from appliance.protocols import iec62056
from appliance.protocols.telegram import Telegram

ZONE = ZoneInfo("Europe/Vienna")
LINES = (
    "F.F(00000000)", "0.0.0(12345678)", "0.9.1(101530)", "1.6.1(02.345*kW)(2605011815)",
    "1.8.0(001122.334*kWh)", "1.8.0*02(001000.000*kWh)(2605010000)", "1.8.0*01(000900.000*kWh)",
    "1.8.1(000700.000*kWh)", "1.8.2(000422.334*kWh)", "2.8.0(0.120*MWh)", "1.7.0(00.512*kW)",
    "2.7.0(01.000*kW)", "32.7(231*V)", "31.7(02.20*A)", "C.1.0(X)",
)  # fmt: skip


def block(*lines: str) -> bytes:
    content = "\r\n".join([*lines, "!", ""]).encode("latin-1") + b"\x03"
    return b"\x02" + content + bytes([reduce(xor, content)])


HEAD = b"/TWE5\\2Test-E350\r\n"
FRAME = HEAD + block(*LINES)
BARE = HEAD + b"\r\n" + "\r\n".join([*LINES, "!", ""]).encode("ascii")
READINGS = {
    Q.ENERGY_IMPORT: 1122.334, Q.ENERGY_IMPORT_T1: 700, Q.ENERGY_IMPORT_T2: 422.334, Q.ENERGY_EXPORT: 120,
    Q.POWER_GRID: -488, Q.VOLTAGE_L1: 231, Q.CURRENT_L1: 2.2,
}  # fmt: skip


def only(data: bytes) -> Telegram:
    reader = iec62056.Reader()
    frames = reader.feed(data)
    assert (len(frames), frames[0].whole, reader.bad) == (1, True, 0)
    return iec62056.parse(frames[0].data, ZONE)


@pytest.mark.parametrize(("frame", "crc"), [(FRAME, "ok"), (BARE, "none")])
def test_a_readout(frame: bytes, crc: str) -> None:
    t = only(frame)
    assert (t.meter, t.crc, t.at, t.unknown) == ("TWE5\\2Test-E350", crc, None, ())
    assert t.readings == READINGS
    assert t.lines["1.8.0*01"] == "000900.000*kWh"
    assert len(t.lines) == len(LINES)


@pytest.mark.parametrize(
    ("date", "time", "utc"),
    [
        ("261023", "101530", "2026-10-23T08:15:30"),
        ("26-10-23", "10:15:30", "2026-10-23T08:15:30"),
        ("1261025", "1023000", "2026-10-25T00:30:00"),
        ("0261025", "0023000", "2026-10-25T01:30:00"),
        ("23.10.2026", "10:15:30", None),
        ("0261025", "023000", None),
        ("2261025", "2023000", None),
        ("261323", "101530", None),
        ("", "101530", None),
    ],
)
def test_its_clock(date: str, time: str, utc: str | None) -> None:
    at = only(HEAD + block(f"0.9.1({time})", f"0.9.2({date})", "1.8.0(1*kWh)")).at
    assert (at and datetime.fromtimestamp(at / 1000, UTC).isoformat()[:19]) == utc


def test_a_register_of_a_past_period_never_stands_for_todays() -> None:
    t = only(HEAD + block("1.8.0*01(000900.000*kWh)", "1.8.0&02(1*kWh)", "2.8.0*255(7*kWh)"))
    assert t.readings == {Q.ENERGY_EXPORT: 7}


def test_a_wrong_block_check_gives_nothing() -> None:
    t = only(FRAME.replace(b"001122.334", b"001122.335"))
    assert (t.crc, t.readings, t.lines["1.8.0"]) == ("bad", {}, "001122.335*kWh")


def test_without_a_check_half_a_difference_is_no_power() -> None:
    lost = BARE.replace(b"2.7.0(01.000*kW)\r\n", b"")
    assert Q.POWER_GRID not in only(lost).readings
    assert only(HEAD + b"1.7.0(00.512*kW)\r\n1.8.0(1*kWh)\r\n!\r\n").readings[Q.POWER_GRID] == 512


def test_a_code_that_says_two_things_says_nothing() -> None:
    assert only(BARE.replace(b"C.1.0(X)", b"1.8.0(000001*kWh)")).readings == {}


def test_the_dialogue_around_a_readout_does_not_matter() -> None:
    stream = b"/?!\r\n" + HEAD + b"\x06050\r\n" + block(*LINES) + b"/?!\r\n" + FRAME
    reader = iec62056.Reader()
    assert [iec62056.parse(frame.data, ZONE).readings for frame in reader.feed(stream)] == [READINGS] * 2


@given(st.lists(st.integers(0, 3 * len(FRAME)), max_size=9))
def test_chunks_do_not_matter(cuts: list[int]) -> None:
    stream = FRAME + BARE + FRAME
    reader = iec62056.Reader()
    edges = [0, *sorted(cuts), len(stream)]
    frames = [frame for a, b in pairwise(edges) for frame in reader.feed(stream[a:b])]
    assert [frame.data for frame in frames] == [FRAME, BARE, FRAME]


def test_cut_at_every_offset() -> None:
    for at in range(1, len(FRAME)):
        reader = iec62056.Reader()
        frames = reader.feed(FRAME[at:] + FRAME + FRAME[:at] + FRAME) + reader.flush()
        found = [iec62056.parse(frame.data, ZONE) for frame in frames]
        assert [t.readings for t in found if t.readings] == [READINGS] * 2


@pytest.mark.parametrize("seed", range(10))
def test_damage_of_one_place_gives_true_numbers_or_none(seed: int) -> None:
    """The block check finds any burst of a byte; the rest is for two readouts that must be alike."""
    dice = random.Random(seed)
    for _ in range(150):
        hurt = bytearray(FRAME)
        at = dice.randrange(len(hurt))
        match dice.randrange(4):
            case 0:
                del hurt[at]
            case 1:
                hurt[at] ^= 1 << dice.randrange(8)
            case 2:
                hurt.insert(at, hurt[at])
            case _:
                hurt.insert(at, dice.choice((0xFF, ord("/"), 2, 3)))
        reader = iec62056.Reader()
        frames = reader.feed(FRAME + hurt + FRAME * 2) + reader.flush()
        found = [iec62056.parse(frame.data, ZONE).readings for frame in frames]
        assert all(readings in ({}, READINGS) for readings in found)
        assert found.count(READINGS) >= 2


@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    for body in (data, HEAD + data + b"\r\n!\r\n", HEAD + b"\x02" + data + b"\x03\0", FRAME + data):
        reader = iec62056.Reader()
        for frame in reader.feed(body) + reader.flush():
            iec62056.parse(frame.data, ZONE)
        iec62056.parse(body, ZONE)


def test_endless_noise_is_not_kept() -> None:
    reader = iec62056.Reader()
    for _ in range(30):
        reader.feed(HEAD + b"\x02" + b"x" * 9000)
    assert reader.bad > 0
    assert len(reader._buffer) <= 70_000
    assert [frame.data for frame in reader.feed(b"\x03\0" + FRAME + FRAME)][-1] == FRAME
