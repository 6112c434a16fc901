"""HDLC frames: addresses, lengths, checksums; a whole frame, a part of one, and none."""

import pytest
from han_meter import LLC, hdlc, message, x25
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.protocols import crc
from appliance.protocols.hdlc import Link, look


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_the_checksum_is_that_of_the_definition(data: bytes) -> None:
    assert crc.x25(data).to_bytes(2, "little") == x25(data)


@pytest.mark.parametrize("hexed", ["010310", "41088313", "ceff0313", "02040609080a0c0f13"])
def test_addresses_of_one_to_four_bytes(hexed: str) -> None:
    address = bytes.fromhex(hexed)
    link = look(hdlc(LLC + b"\x0fabc", address=address), 0)
    assert isinstance(link, Link)
    assert (link.info, link.path) == (b"\x0fabc", address[:-1])
    assert link.sound
    assert link.first
    assert link.last


def test_a_flag_inside_is_no_end() -> None:
    link = look(message(b"\x0f~~\x7e\xa0~"), 0)
    assert isinstance(link, Link)
    assert link.info == b"\x0f~~\x7e\xa0~"


def test_a_segment_says_that_more_follows() -> None:
    link = look(hdlc(b"part", segmented=True), 0)
    assert isinstance(link, Link)
    assert (link.first, link.last) == (False, False)


def test_the_end_is_waited_for() -> None:
    frame = message(bytes(1000))
    assert {look(frame[:size], 0) for size in range(1, len(frame) - 1)} == {"wait"}
    assert isinstance(look(frame[:-1], 0), Link), "the closing flag may be the next one's first"


def test_a_header_with_a_wrong_checksum_is_not_waited_for() -> None:
    frame = bytearray(message(bytes(1000)))
    frame[2] ^= 1
    assert look(frame[:20], 0) is None


@pytest.mark.parametrize("start", [b"\x7e\x7e", b"\x7e\x00\x10", b"\x7e\xb0\x10", b"\x7e\xa0" + bytes(20)])
def test_what_is_no_frame(start: bytes) -> None:
    assert look(start, 0) is None


def test_a_changed_byte_is_seen() -> None:
    frame = message(b"\x0f" + bytes(20))
    for at in range(10, len(frame) - 1):
        hurt = bytearray(frame)
        hurt[at] ^= 0x10
        link = look(hurt, 0)
        assert isinstance(link, Link)
        assert not link.sound
