"""Columns come back bit by bit, packed small; damage is noticed."""

import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.store import codec

EXACT = 2**53


@settings(deadline=None)
@given(st.lists(st.integers(-EXACT, EXACT)))
def test_whole_numbers_come_back(numbers: list[int]) -> None:
    assert codec.unpack_ints(codec.pack_ints(np.array(numbers, np.int64))).tolist() == numbers


@settings(deadline=None)
@given(st.lists(st.floats() | st.integers(-(10**9), 10**9).map(lambda n: n / 1000)))
def test_floats_come_back_bit_by_bit(numbers: list[float]) -> None:
    column = np.array(numbers, np.float64)
    again = codec.unpack_floats(codec.pack_floats(column))
    assert again.view(np.int64).tolist() == column.view(np.int64).tolist()


@settings(deadline=None)
@given(st.lists(st.binary()))
def test_parts_come_apart_as_they_were_joined(parts: list[bytes]) -> None:
    assert codec.split(codec.join(*parts)) == parts


def test_what_meters_say_is_packed_small() -> None:
    dice = np.random.default_rng(1)
    watts = np.rint(500 + dice.normal(0, 8, 8640))
    volts = np.round(230 + dice.normal(0, 0.2, 8640), 1)
    register = np.round(12345.678 + np.cumsum(watts) / 360_000, 3)
    instants = 1_800_000_000_000 + 10_000 * np.arange(8640)
    assert len(codec.pack_floats(watts)) < 0.85 * 8640
    assert len(codec.pack_floats(volts)) < 0.6 * 8640
    assert len(codec.pack_floats(register)) < 0.2 * 8640
    assert len(codec.pack_ints(instants)) < 100


def test_a_flipped_bit_is_noticed() -> None:
    packed = bytearray(codec.pack_floats(np.round(np.random.default_rng(1).normal(0, 9, 2000), 1)))
    packed[len(packed) // 2] ^= 4
    with pytest.raises(zlib.error):
        codec.unpack_floats(bytes(packed))
