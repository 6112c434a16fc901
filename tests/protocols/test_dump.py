"""Files that are no bytes of a wire but a dump of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.protocols.dump import contents, from_hex, without_parity

DATA = bytes(range(0x70, 0x90))
PAIRS = [f"{byte:02x}" for byte in DATA]
OFFSETS = "".join(
    f"{at:08x}: {DATA[at : at + 16].hex(' ', 2)}  {'.' * 16}\n" for at in range(0, len(DATA), 16)
)
HEXDUMP = "".join(
    f"{at:08x}  {DATA[at : at + 8].hex(' ')}  {DATA[at + 8 : at + 16].hex(' ')}  |{'.' * 16}|\n"
    for at in range(0, len(DATA), 16)
)


@pytest.mark.parametrize(
    "text",
    [
        DATA.hex(),
        DATA.hex().upper() + "\n",
        " ".join(PAIRS),
        "\r\n".join(PAIRS),
        "# a meter\n" + DATA.hex() + " // list 1\n; the end\n",
        "0x" + ", 0x".join(PAIRS),
        "{" + ",".join("0x" + pair for pair in PAIRS) + "}",
        "".join("\\x" + pair for pair in PAIRS),
        DATA.hex()[:33] + "\n" + DATA.hex()[33:],
        DATA.hex() + "7",
        OFFSETS,
        HEXDUMP,
    ],
)
def test_digits_become_bytes(text: str) -> None:
    assert from_hex(text.encode("ascii")) == DATA


@pytest.mark.parametrize("data", [b"", b"7ea0", b"/ISK5\\2M550\r\n", b"\x7e\xa0" * 20, b"hello, world, this"])
def test_what_is_no_dump(data: bytes) -> None:
    assert from_hex(data) is None


@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    assert next(contents(data)) == data
    list(contents(data))


def test_seven_bits_and_even_parity_read_as_eight_bits() -> None:
    text = b"/TWE5\\2Test\r\n1.8.0(1*kWh)\r\n!\r\n"
    line = bytes(byte | (byte.bit_count() & 1) << 7 for byte in text)
    assert without_parity(line) == text
    assert without_parity(text) is None
    assert without_parity(DATA) is None
