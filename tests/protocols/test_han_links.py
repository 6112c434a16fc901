"""Messages from frames: segments, blocks, noise between them, and every kind of damage."""

import random

import pytest
from han_meter import (
    LLC,
    aidon,
    blocks,
    hdlc,
    joined,
    mbus,
    message,
    obis,
    scaler,
    sealed,
    segments,
    structure,
    u32,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.protocols.frames import Frame
from appliance.protocols.links import HanReader
from appliance.protocols.links import message as told

APDU = aidon()
LONG = aidon(tuple(structure(obis(f"1-0:{n}.8.0"), u32(n * 1000), scaler(0, 30)) for n in range(1, 60)))


def read(data: bytes, size: int = 0) -> list[Frame]:
    """All frames of a stream that comes in chunks of `size` bytes."""
    reader = HanReader()
    out: list[Frame] = []
    for at in range(0, len(data), size or max(1, len(data))):
        out += reader.feed(data[at : at + (size or len(data))])
    return out + reader.flush()


def apdus(data: bytes, size: int = 0) -> list[bytes]:
    return [told(frame.data).apdu for frame in read(data, size) if told(frame.data).crc == "ok"]


@pytest.mark.parametrize("size", [0, 1, 3, 64])
@pytest.mark.parametrize(
    "stream",
    [
        message(LONG),
        joined(segments(LONG, 120)),
        joined(blocks(LONG, 112)),
        joined(part for block in blocks(LONG, 112) for part in [block]),
        joined(mbus(LONG)),
        joined(mbus(LONG, 252)),
    ],
)
def test_a_message_in_one_frame_or_many(stream: bytes, size: int) -> None:
    assert apdus(stream, size) == [LONG]
    assert apdus(stream * 3, size) == [LONG] * 3


def test_blocks_that_come_in_segments() -> None:
    stream = b""
    for number, block in enumerate(blocks(LONG, 400)):
        info = block[9 + 3 * (number == 0) : -3]  # behind the header of its frame
        assert info[:1] == b"\xe0"
        cut = [(LLC if number == 0 else b"") + info[:150], info[150:]]
        stream += hdlc(cut[0], segmented=True) + hdlc(cut[1])
    assert apdus(stream) == [LONG]


def test_neighbours_may_share_a_flag() -> None:
    assert apdus(message(APDU)[:-1] + message(APDU)[:-1] + message(APDU)) == [APDU] * 3


@pytest.mark.parametrize(
    "noise", [b"\x7e\xa0", b"\x7e\xa7\xff", b"\x68\xff\xff\x68\x53", b"\xff" * 50, b"\0", b"~~~", b"h"]
)
def test_noise_between_messages(noise: bytes) -> None:
    assert apdus((noise + message(APDU)) * 3 + noise + joined(mbus(LONG)) + message(APDU)) == [APDU] * 3 + [
        LONG,
        APDU,
    ]


def test_a_frame_comes_as_soon_as_its_checksum() -> None:
    reader = HanReader()
    assert reader.feed(message(APDU)[:-2]) == []
    assert len(reader.feed(message(APDU)[-2:-1])) == 1


def test_a_torn_frame_does_not_keep_the_next_one_waiting() -> None:
    reader = HanReader()
    reader.feed(message(LONG)[:700])
    frames = reader.feed(message(APDU))
    assert [frame.whole for frame in frames] == [False, True]
    assert reader.bad == 1


@pytest.mark.parametrize("make", [lambda a: segments(a, 120), lambda a: blocks(a, 112), mbus])
def test_a_missing_part_makes_the_message_bad_and_the_next_is_read(make) -> None:  # type: ignore[no-untyped-def]
    parts = make(LONG)
    for lost in range(len(parts)):
        stream = joined(parts[:lost] + parts[lost + 1 :]) + joined(parts) + message(APDU)
        found = apdus(stream)
        # A lost middle of HDLC segments cannot be seen here: they have no number.
        assert found[-2:] == [LONG, APDU]


def test_numbered_parts_out_of_order_are_no_message() -> None:
    for parts in (blocks(LONG, 112), mbus(LONG, 100)):
        assert apdus(joined([parts[0], parts[2], parts[1], *parts[3:]])) == []
        assert apdus(joined([parts[0], parts[0], *parts[1:]])) == [LONG]


def test_a_wrong_checksum_is_handed_on_as_bad() -> None:
    frame = bytearray(message(APDU))
    frame[40] ^= 1
    (bad,) = read(bytes(frame))
    assert bad.whole
    assert told(bad.data).crc == "bad"


@pytest.mark.parametrize("size", [64, 5000])
def test_a_frame_with_a_damaged_header_is_counted(size: int) -> None:
    hurt = bytearray(message(APDU))
    hurt[5] ^= 1
    stream = message(APDU) + bytes(hurt) + message(APDU)
    reader = HanReader()
    frames = [frame for at in range(0, len(stream), size) for frame in reader.feed(stream[at : at + size])]
    assert [told(frame.data).apdu for frame in frames] == [APDU, APDU]
    assert reader.bad == 1


def test_what_breaks_off_is_counted() -> None:
    reader = HanReader()
    assert reader.feed(message(APDU)[:100]) == []
    assert [frame.whole for frame in reader.flush()] == [False]
    assert reader.bad == 1
    reader.feed(segments(LONG, 100)[0])
    assert [frame.whole for frame in reader.flush()] == [False]
    assert reader.bad == 2


def test_segments_without_end_do_not_fill_the_memory() -> None:
    reader = HanReader()
    start, middle = hdlc(LLC + bytes(1000), segmented=True), hdlc(bytes(1000), segmented=True)
    reader.feed(start)
    frames = [frame for _ in range(200) for frame in reader.feed(middle)]
    assert frames
    assert reader.bad > 0
    assert apdus(start + middle * 200 + message(APDU))[-1:] == [APDU]


STREAMS = [message(APDU), joined(segments(LONG, 120)), joined(blocks(LONG, 112)), message(sealed(APDU, 0x30))]
TRUE = {APDU, LONG, sealed(APDU, 0x30)}
NOISE = (b"\xff", b"\0", b"\x7e", b"\x7e\xa0", b"\x68", b"\xff" * 9, b"\x7e\xa8\x20")


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
def test_what_is_sound_after_damage_was_sent(seed: int) -> None:
    """Frames without a number but checksums: whole messages come out true, whatever the chunks."""
    dice = random.Random(seed)
    for _ in range(60):
        stream = joined([message(APDU), joined(blocks(LONG, 112)), message(sealed(APDU, 0x30))])
        for _ in range(dice.randint(1, 4)):
            stream = damage(stream, dice) or b"~"
        found = apdus(stream)
        assert set(found) <= TRUE
        assert apdus(stream, dice.randint(1, 300)) == found


@pytest.mark.parametrize("seed", range(10))
def test_every_message_that_was_not_touched_is_read(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(40):
        hurt = dice.randrange(1, len(STREAMS) - 1)
        parts = [*STREAMS[:hurt], damage(STREAMS[hurt], dice), *STREAMS[hurt + 1 :]]
        found = apdus(joined(parts))
        expected = [APDU, LONG, LONG, sealed(APDU, 0x30)]
        del expected[hurt]
        rest = iter(found)
        assert all(one in rest for one in expected)


def test_cut_at_every_offset() -> None:
    stream = joined(segments(LONG, 300)) + message(APDU)
    for at in range(len(stream)):
        assert set(apdus(stream[at:])) <= {LONG, APDU}
        assert set(apdus(stream[:at])) <= {LONG, APDU}
    assert apdus(stream[1:]) == [APDU]


@settings(deadline=None)
@given(st.binary(max_size=2000))
def test_any_bytes(data: bytes) -> None:
    for frame in read(data):
        told(frame.data)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from([b"\x7e", b"\xa0", b"\x68", b"\x10", b"\x53", *STREAMS, *NOISE]), max_size=30)
)
def test_anything_that_looks_like_frames(parts: list[bytes]) -> None:
    reader = HanReader()
    for part in parts:
        for frame in reader.feed(part):
            told(frame.data)
    reader.flush()
