"""Damage of every kind: nothing raises, and no number comes out that the meter did not send."""

import random
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.protocols import capture, dsmr
from appliance.protocols.frames import TextReader

FIXTURES = Path(__file__).parents[1] / "fixtures" / "p1_serial"
ZONE = ZoneInfo("Europe/Amsterdam")
CHECKED = [(FIXTURES / f"{name}.txt").read_bytes() for name in ("nl5", "be", "se", "at", "hu", "nl4", "lu")]
TRUTH = [dsmr.parse(telegram, ZONE).readings for telegram in CHECKED]
NOISE = (b"\xff", b"\0", b"/", b"!", b"\r\n", b"(", b")", b"\xff\xff\xff\xff", b"!\r\n", b"/TWN5\r\n")


def damage(stream: bytes, dice: random.Random) -> bytes:
    """One thing that goes wrong on a wire."""
    at, length = dice.randrange(len(stream)), dice.choice((1, 1, 1, 2, 5, 40, 400))
    before, hit, behind = stream[:at], stream[at : at + length], stream[at + length :]
    match dice.randrange(6):
        case 0:
            return before + behind
        case 1:
            return before + hit + hit + behind
        case 2:
            return before + bytes(byte ^ 1 << dice.randrange(8) for byte in hit) + behind
        case 3:
            return before + dice.choice(NOISE) + hit + behind
        case 4:
            return before + dice.randbytes(len(hit)) + behind
        case _:
            return before


@pytest.mark.parametrize("seed", range(20))
def test_a_damaged_stream_gives_true_numbers_or_none(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(100):
        stream = b"".join(CHECKED)
        for _ in range(dice.randint(1, 5)):
            stream = damage(stream, dice) or b"/"
        decoded = list(capture.decode(stream, "auto", ZONE))
        found = [frame for frame in decoded if frame.crc == "ok"]
        for frame in found:
            assert frame.readings in TRUTH
        for frame in decoded:  # noise can look like an end without checksum: fewer numbers, no other ones
            assert any(frame.readings.items() <= truth.items() for truth in TRUTH)
        reader = TextReader()
        chunked = []
        while stream:
            size = dice.randint(1, 700)
            chunked += [dsmr.parse(frame.data, ZONE) for frame in reader.feed(stream[:size])]
            stream = stream[size:]
        chunked += [dsmr.parse(frame.data, ZONE) for frame in reader.flush()]
        assert [t.readings for t in chunked if t.crc == "ok"] == [frame.readings for frame in found]


@pytest.mark.parametrize("seed", range(10))
def test_every_frame_that_was_not_touched_is_read(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(50):
        hurt = dice.randrange(1, len(CHECKED) - 1)
        parts = [*CHECKED[:hurt], damage(CHECKED[hurt], dice), *CHECKED[hurt + 1 :]]
        found = [f.readings for f in capture.decode(b"".join(parts), "auto", ZONE) if f.crc == "ok"]
        # Damage at its very end may take the first byte of the next with it, never more.
        missing = [truth for i, truth in enumerate(TRUTH) if i != hurt and truth not in found]
        assert missing == []


def test_cut_at_every_offset() -> None:
    first, second = CHECKED[0], CHECKED[2]
    for at in range(len(first)):
        found = list(capture.decode(first[at:] + second, "auto", ZONE))
        assert found[-1].readings == TRUTH[2]
        assert all(frame.readings == {} for frame in found[:-1] if at)
        head = list(capture.decode(second + first[:at], "auto", ZONE))
        assert head[0].readings == TRUTH[2]
        assert all(frame.readings in ({}, TRUTH[0]) for frame in head[1:])


def test_a_byte_taken_from_an_unchecked_telegram_never_adds_up_to_a_wrong_sum() -> None:
    """Cut short, it may not give a sum of one tariff or a power without its other direction."""
    old = (FIXTURES / "nl3.txt").read_bytes()
    truth = dsmr.parse(old, ZONE).readings
    for at in range(len(old)):
        for frame in capture.decode(old[:at], "auto", ZONE):
            assert frame.readings.items() <= truth.items()


@given(st.binary(max_size=3000))
def test_any_bytes(data: bytes) -> None:
    for frame in capture.decode(data, "auto", ZONE):
        capture.to_json(frame, ZONE)


TEXT = st.text(alphabet="/!()*:.-0123456789SWkhmV\r\n\0\xffTN5", max_size=400)


@settings(max_examples=300)
@given(TEXT)
def test_anything_that_looks_like_a_telegram(text: str) -> None:
    data = f"/TWN5\r\n{text}\r\n!\r\n".encode("latin-1")
    for frame in capture.decode(data, "auto", ZONE):
        capture.to_json(frame, ZONE)
