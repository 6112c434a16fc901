"""The encrypted envelope, sealed here with the library's other interface and opened by ours."""

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.protocols import gcm

KEY, OTHER = bytes(range(16)), bytes(range(1, 17))
AUTH = bytes(range(0xD0, 0xE0))
TITLE = b"TLY\x01\x02\x03\x04\x05"
COUNTER = bytes.fromhex("01234567")
PLAIN = bytes.fromhex("C0010000080000010000FF0200")


def seal(plain: bytes, control: int = 0x30, key: bytes = KEY, title: bytes = TITLE) -> bytes:
    """An envelope as a meter makes it."""
    nonce = title.rjust(8, b"\0") + COUNTER
    work = Cipher(algorithms.AES(key), modes.GCM(nonce)).encryptor()
    work.authenticate_additional_data(bytes([control]) + AUTH + (b"" if control & 0x20 else plain))
    body = work.update(plain) if control & 0x20 else plain
    work.finalize()
    inner = bytes([control]) + COUNTER + body + (work.tag[:12] if control & 0x10 else b"")
    size = len(inner)
    told = bytes([size]) if size < 0x80 else b"\x82" + size.to_bytes(2, "big")
    return b"\xdb" + bytes([len(title)]) + title + told + inner


def opened(data: bytes, key: bytes = KEY, auth: bytes | None = AUTH) -> gcm.Opened | None:
    envelope = gcm.sealed(data)
    assert envelope is not None
    assert envelope.size == len(data)
    return gcm.opened(envelope, key, auth)


def test_the_example_of_the_standard() -> None:
    """Green Book, table 39 (ed. 8): keys, title, counter and the sealed get-request."""
    envelope = gcm.Sealed(
        bytes.fromhex("4D4D4D0000BC614E"), 0x30, COUNTER,
        bytes.fromhex("411312FF935A47566827C467BC"), bytes.fromhex("7D825C3BE4A77C3FCC056B6B"), 0,
    )  # fmt: skip
    assert gcm.opened(envelope, KEY, AUTH) == gcm.Opened(PLAIN, True)


@pytest.mark.parametrize("size", [0, 1, 100, 200, 700])
@pytest.mark.parametrize("control", [0x10, 0x20, 0x21, 0x30, 0x31])
def test_what_was_sealed_is_opened(control: int, size: int) -> None:
    plain = bytes(i & 0xFF for i in range(size))
    assert opened(seal(plain, control)) == gcm.Opened(plain, True if control & 0x10 else None)


def test_a_wrong_key_shows_where_there_is_a_tag_and_a_key_for_it() -> None:
    data = seal(PLAIN)
    assert opened(data, OTHER).verified is False  # type: ignore[union-attr]
    assert opened(data, KEY, OTHER) == gcm.Opened(PLAIN, False)
    assert opened(data, KEY, None) == gcm.Opened(PLAIN, None)


def test_a_changed_byte_shows() -> None:
    data = bytearray(seal(PLAIN))
    for at in range(16, len(data)):
        data[at] ^= 4
        envelope = gcm.sealed(bytes(data))
        assert envelope is None or gcm.opened(envelope, KEY, AUTH).verified is False  # type: ignore[union-attr]
        data[at] ^= 4


def test_an_empty_title() -> None:
    assert opened(seal(PLAIN, title=b"")) == gcm.Opened(PLAIN, True)


def test_the_wider_envelope_names_its_sender_second() -> None:
    narrow = seal(PLAIN)
    wide = b"\xdd\x01\x07" + narrow[1:10] + b"\x00\x00\x00\x00" + narrow[10:]
    assert opened(wide) == gcm.Opened(PLAIN, True)


def test_long_keys_of_suite_two() -> None:
    assert opened(seal(PLAIN, 0x22, bytes(range(32))), bytes(range(32)), None) == gcm.Opened(PLAIN, None)


def test_compressed_is_not_opened() -> None:
    assert opened(seal(PLAIN, 0xB0)) is None


def test_a_part_of_an_envelope_is_none() -> None:
    data = seal(PLAIN)
    assert [gcm.sealed(data[:end]) for end in range(len(data))] == [None] * len(data)


@settings(deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes(data: bytes) -> None:
    for start in (b"", b"\xdb\x08", b"\xdb\x00", b"\xdd"):
        envelope = gcm.sealed(start + data)
        if envelope is not None:
            gcm.opened(envelope, KEY, AUTH)
