"""Values of DLMS, messages that hold them, and dates."""

import struct
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from han_meter import aidon, array, octets, push, stamp, structure, u16, u32, visible
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.protocols import dlms
from appliance.protocols.dlms import Item, Notification

OSLO = ZoneInfo("Europe/Oslo")


def value(raw: bytes) -> Item:
    """The only value of a structure."""
    found = dlms.body(structure(raw))
    assert found is not None
    assert len(found.items) == 1
    return found.items[0]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("00", None), ("0301", True), ("05fffffffe", -2), ("06fffffffe", 0xFFFFFFFE), ("0dff", -1),
        ("0ffe", -2), ("10fffe", -2), ("11fe", 254), ("12fffe", 65534), ("14fffffffffffffffe", -2),
        ("15fffffffffffffffe", 2**64 - 2), ("161b", 27), ("173fc00000", 1.5), ("183ff8000000000000", 1.5),
        ("0903010203", b"\1\2\3"), ("0a02c3a4", "ä"), ("0c02c3a4", "ä"), ("0a01ff", "\ufffd"),
        ("04080f", b"\x0f"), ("0409ff80", b"\xff\x80"), ("1a07e7010101", b"\x07\xe7\1\1\1"),
        ("1b01020304", b"\1\2\3\4"), ("1907e70101ff010203ff800000", b"\x07\xe7\1\1\xff\1\2\3\xff\x80\0\0"),
        ("ff", None),
    ],
)  # fmt: skip
def test_every_type(raw: str, expected: object) -> None:
    assert value(bytes.fromhex(raw)).data == expected


def test_arrays_and_structures_nest() -> None:
    inner = value(array(structure(u16(1), u32(2)), structure(u16(3), u32(4)))).inner
    assert [[item.data for item in one.inner] for one in inner] == [[1, 2], [3, 4]]


def test_an_array_that_tells_its_shape_once() -> None:
    compact = bytes.fromhex("13 0202 12 06 12 000100000002 000300000004 000500000006".replace(" ", ""))
    assert [[item.data for item in one.inner] for one in value(compact).inner] == [[1, 2], [3, 4], [5, 6]]


def test_lengths_of_one_two_and_three_bytes() -> None:
    for size in (0, 127, 128, 255, 256, 1000):
        assert value(octets(bytes(size))).data == bytes(size)
    assert value(b"\x09\x81\x03abc").data == b"abc"


def test_nesting_has_an_end() -> None:
    assert dlms.body(b"\x02\x01" * 400 + b"\x00") is None
    assert dlms.body(b"\x02\x01" + b"\x13\x02\x01" * 500) is None
    assert dlms.body(bytes.fromhex("0201 13 01ffff 01ffff 01ffff 00 01 00".replace(" ", ""))) is None


@pytest.mark.parametrize("raw", ["", "02", "0201", "0600000001", "0201ee", "020100ff"])
def test_what_is_no_list_of_values(raw: str) -> None:
    found = dlms.body(bytes.fromhex(raw))
    assert found is None or len(found.items) < found.count


def test_a_list_that_ends_early_says_so() -> None:
    found = dlms.body(b"\x02\x04" + u32(1) + u32(2) + b"\x06\x00")
    assert found is not None
    assert [item.data for item in found.items] == [1, 2]
    assert found.count == 4


SENT = stamp(datetime(2026, 1, 15, 12, 30, 10))


@pytest.mark.parametrize(
    ("apdu", "sent"),
    [
        (push(structure(u32(5))), b""),
        (push(structure(u32(5)), SENT), SENT),
        (push(structure(u32(5)), SENT, tagged=True), SENT),
        (b"\x0f\0\0\0\0\x19" + SENT + structure(u32(5)), SENT),
    ],
)
def test_the_ways_to_give_the_date(apdu: bytes, sent: bytes) -> None:
    assert dlms.notification(apdu) == Notification(sent, (Item(6, 5),), 1)


@pytest.mark.parametrize("apdu", ["", "0f", "0f4000000000", "0f400000000501020304", "c001c1000100", "6142"])
def test_what_is_no_notification(apdu: str) -> None:
    assert dlms.notification(bytes.fromhex(apdu)) is None


def at(when: datetime, deviation: int = -0x8000, status: int = 0) -> datetime | None:
    found = dlms.instant(stamp(when, deviation, status), OSLO)
    return None if found is None else datetime.fromtimestamp(found / 1000, UTC)


def test_instants() -> None:
    winter, summer = datetime(2026, 1, 15, 12), datetime(2026, 7, 15, 12)
    noon = datetime(2026, 1, 15, 11, tzinfo=UTC)
    assert at(winter) == noon
    assert at(summer) == noon.replace(month=7, hour=10)
    assert at(winter, -60) == noon
    assert at(summer, -120, 0x80) == noon.replace(month=7, hour=10)
    assert at(summer, -60) == noon.replace(month=7, hour=11), "a clock that stays on winter time and says so"
    assert at(winter, 0) == noon.replace(hour=12)
    assert at(winter, 60) == noon, "the sign of the deviation the other way round"


def test_the_hour_that_comes_twice_is_told_apart_by_the_time_of_arrival() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    for real in (first, first.replace(hour=1)):
        near = int(real.timestamp()) * 1000 + 900
        assert dlms.instant(stamp(datetime(2026, 10, 25, 2, 30)), OSLO, near) == near - 900


def test_what_is_no_instant() -> None:
    noon = datetime(2026, 1, 15, 12)
    assert at(noon, status=1) is None, "the meter doubts its clock"
    assert at(noon, status=0xFF) is not None, "it does not say"
    assert dlms.instant(b"\xff" * 12, OSLO) is None
    assert dlms.instant(b"\x07\xe6", OSLO) is None
    assert dlms.instant(struct.pack(">H6BBhB", 1, 1, 1, 1, 0, 0, 0, 0, -720, 0), OSLO) is None


def test_texts() -> None:
    assert dlms.text(value(octets(b"\1\0\1\x08\0\xff"))) == "1-0:1.8.0"
    assert dlms.text(value(octets(b"\1\0\1\x08\0\7"))) == "010001080007"
    assert dlms.text(value(octets(b"KFM_001"))) == "KFM_001"
    assert dlms.text(value(octets(SENT))) == "2026-01-15 12:30:10"
    assert dlms.text(value(visible("MA304H3E"))) == "MA304H3E"
    assert dlms.text(value(b"\x00")) == ""
    assert dlms.text(value(b"\x03\x01")) == "1"


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    for apdu in (data, b"\x0f\0\0\0\0\0" + data, b"\x0f\0\0\0\0\0\x02\x05" + data):
        found = dlms.notification(apdu)
        for item in found.items if found else ():
            dlms.text(item)
    dlms.instant(data[:12], OSLO)


def test_cut_anywhere_it_is_never_whole() -> None:
    whole = aidon()
    for end in range(len(whole)):
        found = dlms.notification(whole[:end])
        assert found is None or len(found.items) < found.count
