"""Frames come out whole, whatever the stream does to them."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.demo.p1 import crc16
from appliance.protocols.frames import LIMIT, Frame, TextReader, checksum

FIXTURES = Path(__file__).parents[1] / "fixtures" / "p1_serial"
ONE = (FIXTURES / "nl5.txt").read_bytes()
TWO = (FIXTURES / "se.txt").read_bytes()
OLD = (FIXTURES / "nl3.txt").read_bytes()


def sealed(body: bytes) -> bytes:
    """`body` up to and with `!`, and its CRC."""
    return body + b"%04X\r\n" % crc16(body)


def frames(*chunks: bytes) -> list[bytes]:
    reader = TextReader()
    found = [frame for chunk in chunks for frame in reader.feed(chunk)] + reader.flush()
    return [frame.data.rstrip(b"\r\n\0") for frame in found if frame.whole]


@given(st.lists(st.integers(0, 3 * len(ONE)), max_size=12))
def test_chunks_do_not_matter(cuts: list[int]) -> None:
    stream = ONE + TWO + ONE
    edges = [0, *sorted(cuts), len(stream)]
    chunks = [stream[a:b] for a, b in pairwise(edges)]
    assert frames(*chunks) == [t.rstrip() for t in (ONE, TWO, ONE)]


def test_a_frame_is_out_with_its_last_digit_and_waits_for_no_line_end() -> None:
    reader = TextReader()
    assert reader.feed(ONE[:-3]) == []
    assert [frame.data for frame in reader.feed(ONE[-3:-2])] == [ONE[:-2]]


def test_a_frame_without_checksum_is_out_with_its_line_end() -> None:
    reader = TextReader()
    assert reader.feed(OLD[:-2]) == []
    assert len(reader.feed(OLD[-2:-1])) == 1


@pytest.mark.parametrize("cut", [1, 5, 40, len(ONE) // 2, len(ONE) - 3])
def test_a_stream_joined_in_the_middle_starts_with_the_next_frame(cut: int) -> None:
    reader = TextReader()
    found = reader.feed(ONE[cut:] + TWO)
    assert [frame.data for frame in found] == [TWO[:-2]]
    assert reader.bad == 0


@pytest.mark.parametrize("lost", [7, 100, 400, len(ONE) - 30])
def test_a_lost_end_costs_one_frame_only(lost: int) -> None:
    reader = TextReader()
    found = reader.feed(ONE[:-lost] + TWO + ONE)
    assert [frame.whole for frame in found][-2:] == [True, True]
    assert [frame.data for frame in found if frame.whole] == [TWO[:-2], ONE[:-2]]
    assert reader.bad == 1


def test_a_slash_in_a_text_is_no_start() -> None:
    body = ONE.partition(b"!")[0].replace(b"96.13.0()", b"96.13.0(see http://abc5 or/and x)") + b"!"
    whole = sealed(body)
    assert frames(whole + TWO) == [whole.rstrip(), TWO.rstrip()]
    assert frames(OLD.replace(b"see-/-you!", b"and/orelse") + OLD) == [
        OLD.replace(b"see-/-you!", b"and/orelse").rstrip(),
        OLD.rstrip(),
    ]


@pytest.mark.parametrize(
    "noise", [b"\xff" * 300, b"\0\0\0", b"!\r\n!!\r\n", b"/", b"(\r\n)", b"\x1b\x1b\x1b\x1b"]
)
def test_noise_between_frames(noise: bytes) -> None:
    assert frames(ONE + noise + TWO + noise + ONE)[-1] == ONE.rstrip()
    assert TWO.rstrip() in frames(ONE + noise + TWO + noise + ONE)


def test_bytes_that_are_no_ascii_survive() -> None:
    body = ONE.partition(b"!")[0].replace(b"*m3", b"*m\xb3").replace(b"96.13.0()", b"96.13.0(\xff\0\xfe)")
    whole = sealed(body + b"!")
    assert frames(whole) == [whole.rstrip()]
    assert checksum(whole) == "ok"


def test_endless_noise_is_not_kept() -> None:
    reader = TextReader()
    for _ in range(100):
        reader.feed(b"/abc" + b"x" * 9000)
    assert len(reader._buffer) <= LIMIT
    assert reader.bad > 0
    assert [frame.data for frame in reader.feed(b"\r\n" + ONE) if frame.whole] == [ONE[:-2]]


def test_a_stream_that_ends_tells_so() -> None:
    reader = TextReader()
    assert reader.feed(ONE[:200]) == []
    assert reader.flush() == [Frame(ONE[:200], whole=False)]
    assert reader.bad == 1


def told(crc: bytes) -> bytes:
    return ONE[: ONE.rindex(b"!") + 1] + crc


def test_how_meters_write_the_checksum() -> None:
    value = crc16(told(b""))
    assert checksum(told(b"%04X" % value)) == "ok"
    assert checksum(told(b"%04x\r\n" % value)) == "ok"
    assert checksum(told(b"%04X\0" % value)) == "ok"
    assert checksum(told(b"%04X\r\n" % (value ^ 1))) == "bad"
    assert checksum(told(b"\r\n")) == "none"
    assert checksum(told(b"\0")) == "none"
    assert checksum(told(b"G1\r\n")) == "bad"


def test_a_checksum_without_leading_zeros() -> None:
    for text in range(10_000):
        body = b"/TWN5\r\n\r\n0-0:96.13.0(%d)\r\n!" % text
        if crc16(body) < 0x1000:
            break
    frame = body + b"%X\r\n" % crc16(body)
    assert len(frame) - len(body) < 6
    assert checksum(frame) == "ok"
    assert frames(frame + TWO) == [frame.rstrip(), TWO.rstrip()]


def test_line_ends_that_a_bridge_made_shorter_are_forgiven() -> None:
    assert checksum(ONE.replace(b"\r\n", b"\n")) == "ok"
    body = told(b"").replace(b"\r\n", b"\n")
    assert checksum(sealed(body)) == "ok"  # and a meter that sends LF itself
