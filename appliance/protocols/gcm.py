"""The envelope meters encrypt in: AES in Galois/counter mode, security suites 0 to 2 of DLMS/COSEM.

`DB | title | length | control | counter | ciphertext | tag`, the lengths as in BER. `DB` (general-glo) and
`DC` (general-ded) name the sender, `DD` (general-ciphering) more than that. Source: DLMS UA 1000-2
("Green Book") ed. 8.3, section 9.2.7; control is its security control byte: 0x20 encrypted, 0x10
authenticated, 0x80 compressed, the low four bits the suite. Some meters send an empty title (Elgama, PL).
"""

from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

GENERAL_GLO, GENERAL_DED, GENERAL = 0xDB, 0xDC, 0xDD
TAG = 12
"""Bytes of the authentication tag, shortened from 16 by the standard."""
_TITLE = 8
ENCRYPTED, _AUTHENTICATED, _COMPRESSED = 0x20, 0x10, 0x80


@dataclass(frozen=True, slots=True)
class Sealed:
    """An envelope taken apart. `size` is its length in bytes from the tag byte to its end."""

    title: bytes
    control: int
    counter: bytes
    body: bytes
    tag: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Opened:
    """What was inside. `verified` is None where there was no tag or no key to judge it by."""

    plain: bytes
    verified: bool | None


def sealed(data: bytes) -> Sealed | None:
    """The envelope `data` begins with; None if there is none or its end has not arrived."""
    if not data or data[0] not in (GENERAL_GLO, GENERAL_DED, GENERAL):
        return None
    start = octets(data, 1)
    if start is None:
        return None
    title, at = start
    if data[0] == GENERAL:
        # The first was a transaction id. Sender, recipient, date, other information, key information.
        start = octets(data, at)
        for _ in range(3):
            start = start and ((rest := octets(data, start[1])) and (start[0], rest[1]))
        if not start or data[start[1] : start[1] + 1] != b"\0":
            return None
        title, at = start[0], start[1] + 1
    content = octets(data, at)
    if content is None or len(content[0]) < 5 or len(title) not in (0, _TITLE):
        return None
    inner, end = content
    cut = len(inner) - (TAG if inner[0] & _AUTHENTICATED else 0)
    if cut < 5:
        return None
    return Sealed(title, inner[0], inner[1:5], inner[5:cut], inner[cut:], end)


def title(data: bytes) -> bytes:
    """The sender's title in the beginning of an envelope whose end may be missing; empty if it is none."""
    if data[:1] not in (b"\xdb", b"\xdc") or len(data) < 2 + _TITLE or data[1] != _TITLE:
        whole = sealed(data)
        return whole.title if whole else b""
    return data[2 : 2 + _TITLE]


def opened(envelope: Sealed, encryption: bytes, authentication: bytes | None) -> Opened | None:
    """The contents; None if they are compressed. A tag is judged only with an authentication key.

    Without one, or where it does not fit (Luxembourg publishes a key that real meters do not use), what
    comes out is as good as the encryption key: the caller must see whether it makes sense.
    """
    if envelope.control & _COMPRESSED:
        return None
    prefix = bytes([envelope.control]) + (authentication or b"")
    judged = bool(envelope.tag) and authentication is not None
    hidden = envelope.control & ENCRYPTED
    extra = prefix if hidden else prefix + envelope.body
    nonce = envelope.title.rjust(_TITLE, b"\0") + envelope.counter
    mode = modes.GCM(nonce, envelope.tag if judged else None, min_tag_length=TAG)
    work = Cipher(algorithms.AES(encryption), mode).decryptor()
    if judged:
        work.authenticate_additional_data(extra)
    plain = work.update(envelope.body) if hidden else envelope.body
    if not judged:
        return Opened(plain, None)
    try:
        work.finalize()
    except InvalidTag:
        return Opened(plain, False)
    return Opened(plain, True)


def octets(data: bytes, at: int) -> tuple[bytes, int] | None:
    """Octets behind their length at `at`, and where they end; None if they are not all there."""
    size = length(data, at)
    if size is None or size[0] > len(data) - size[1]:
        return None
    return data[size[1] : size[1] + size[0]], size[1] + size[0]


def length(data: bytes, at: int) -> tuple[int, int] | None:
    """The length field at `at` (one byte below 0x80, else 0x81 to 0x84 and as many bytes) and its end."""
    if at >= len(data):
        return None
    first = data[at]
    if first < 0x80:
        return first, at + 1
    width = first & 0x7F
    if not 1 <= width <= 4 or at + 1 + width > len(data):
        return None
    return int.from_bytes(data[at + 1 : at + 1 + width], "big"), at + 1 + width
