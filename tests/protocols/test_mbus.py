"""M-Bus long frames that carry DLMS."""

import pytest
from han_meter import mbus

from appliance.protocols.hdlc import Link
from appliance.protocols.mbus import look


def test_the_parts_of_a_message_are_counted() -> None:
    links = [look(frame, 0) for frame in mbus(bytes(600))]
    assert [(link.number, link.first, link.last, link.sound) for link in links if isinstance(link, Link)] == [
        (0, True, False, True),
        (1, False, False, True),
        (2, False, True, True),
    ]


def test_a_frame_longer_than_its_length_field() -> None:
    """Sagemcom T210-D: 257 bytes, of which the field has the low eight bits."""
    frame = mbus(bytes(range(250)) + b"12", size=252)[0]
    assert frame[1] == 1
    link = look(frame, 0)
    assert isinstance(link, Link)
    assert (link.info, link.size, link.sound) == (bytes(range(250)) + b"12", 263, True)


def test_the_end_is_waited_for() -> None:
    frame = mbus(b"a message")[0]
    assert {look(frame[:size], 0) for size in range(1, len(frame))} == {"wait"}


@pytest.mark.parametrize("start", ["681011", "68101000", "6810106853ff7201", "00"])
def test_what_is_no_frame_of_dlms(start: str) -> None:
    assert look(bytes.fromhex(start), 0) is None


def test_a_changed_byte_is_seen() -> None:
    frame = mbus(b"a message")[0]
    for at in range(9, len(frame)):
        hurt = bytearray(frame)
        hurt[at] ^= 0x10
        link = look(hurt, 0)
        assert isinstance(link, Link)
        assert not link.sound
