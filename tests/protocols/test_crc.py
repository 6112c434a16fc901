"""Checksums against their published check values and, for CRC-16/ARC, the definition, bit by bit."""

from hypothesis import given
from hypothesis import strategies as st

from appliance.demo.p1 import crc16
from appliance.protocols.crc import arc, kermit, x25


def test_the_check_value_of_the_catalogue() -> None:
    assert arc(b"123456789") == 0xBB3D
    assert x25(b"123456789") == 0x906E
    assert kermit(b"123456789") == 0x2189


@given(st.binary(max_size=2000))
def test_it_is_what_the_definition_says(data: bytes) -> None:
    assert arc(data) == crc16(data)


def test_every_length_around_the_folding_steps() -> None:
    for length in range(300):
        data = bytes(i * 37 & 0xFF for i in range(length))
        assert arc(data) == crc16(data), length
