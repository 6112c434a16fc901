"""Encrypted telegrams of Luxembourg and of meters without a title."""

from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from appliance.protocols import dsmr, envelope
from appliance.protocols.telegram import NO_KEYS, Keys, Telegram

ZONE = ZoneInfo("Europe/Luxembourg")
PLAIN = (Path(__file__).parents[1] / "fixtures" / "p1_serial" / "lu.txt").read_bytes()
KEY, AUTH = bytes(range(16)), bytes(range(16, 32))
KEYS = Keys(KEY)
TITLE = b"TWNtest1"
TRUTH = dsmr.parse(PLAIN, ZONE).readings


def seal(plain: bytes, title: bytes = TITLE, counter: int = 1, auth: bytes = AUTH) -> bytes:
    """As the Smarty does: control 0x30, a tag of 12 bytes over control and authentication key."""
    count = counter.to_bytes(4, "big")
    work = Cipher(algorithms.AES(KEY), modes.GCM(title.rjust(8, b"\0") + count)).encryptor()
    work.authenticate_additional_data(b"\x30" + auth)
    content = b"\x30" + count + work.update(plain) + work.finalize() + work.tag[:12]
    return b"\xdb" + bytes([len(title)]) + title + b"\x82" + len(content).to_bytes(2, "big") + content


FRAME = seal(PLAIN)


def read(data: bytes, keys: Keys = KEYS) -> list[Telegram]:
    reader = envelope.Reader()
    return [envelope.parse(frame.data, ZONE, None, keys) for frame in reader.feed(data) + reader.flush()]


@pytest.mark.parametrize("title", [TITLE, b""])
@pytest.mark.parametrize("keys", [KEYS, Keys(KEY, AUTH), Keys(KEY, bytes(16))])
def test_the_owners_key_opens_it_whatever_the_tag_says(title: bytes, keys: Keys) -> None:
    (t,) = read(seal(PLAIN, title), keys)
    assert (t.crc, t.readings, t.problem) == ("ok", TRUTH, "")


def test_without_a_key_it_says_so() -> None:
    (t,) = read(FRAME, NO_KEYS)
    assert (t.meter, t.crc, t.readings) == ("TWNtest1", "none", {})
    assert "encrypts" in t.problem
    assert "key" in t.problem


def test_a_wrong_key_says_so() -> None:
    (t,) = read(FRAME, Keys(bytes(16)))
    assert t.readings == {}
    assert "does not fit" in t.problem


def test_a_telegram_inside_must_have_a_right_checksum() -> None:
    without = PLAIN[: PLAIN.rindex(b"!") + 1] + b"\r\n"
    for plain in (PLAIN.replace(b"0", b"1"), without):
        (t,) = read(seal(plain))
        assert (t.crc, t.readings) == ("bad", {})


@given(st.lists(st.integers(0, 2 * len(FRAME)), max_size=9))
def test_chunks_do_not_matter(cuts: list[int]) -> None:
    stream = b"\xdb\x08xx" + FRAME + FRAME
    reader = envelope.Reader()
    edges = [0, *sorted(cuts), len(stream)]
    frames = [frame.data for a, b in pairwise(edges) for frame in reader.feed(stream[a:b])]
    assert (frames, reader.bad) == ([FRAME] * 2, 0)


@pytest.mark.parametrize("title", [TITLE, b""])
def test_cut_at_every_offset(title: bytes) -> None:
    first, second, third = (seal(PLAIN, title, counter) for counter in (1, 2, 3))
    for at in range(1, len(first), 3):
        found = [t.readings for t in read(first[at:] + second + third[:at] + first)]
        assert [readings for readings in found if readings] == [TRUTH] * 2


@given(st.integers(0, len(FRAME) - 1), st.integers(0, 7), st.sampled_from(["flip", "drop", "double"]))
def test_damage_gives_true_numbers_or_none(at: int, bit: int, kind: str) -> None:
    hurt = bytearray(FRAME)
    if kind == "flip":
        hurt[at] ^= 1 << bit
    elif kind == "drop":
        del hurt[at]
    else:
        hurt.insert(at, hurt[at])
    found = [t.readings for t in read(FRAME + bytes(hurt) + FRAME + FRAME)]
    assert all(readings in ({}, TRUTH) for readings in found)
    assert found.count(TRUTH) >= 2


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    for body in (data, FRAME[:14] + data, b"\xdb\0\x81\x20\x30" + data):
        read(body)
        envelope.parse(body, ZONE, None, KEYS)
