"""How ELNET's app wraps a question: pretty JSON, AES-256-CBC with PKCS7, base64.

Key and IV are the owner's configuration: 32 and 16 ASCII characters taken as bytes (not hexadecimal).
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

BLOCK_BITS = 128


def plaintext(question: Mapping[str, Any]) -> str:
    """The question as the app writes it: two spaces, ` : `, a line each."""
    return json.dumps(question, indent=2, separators=(",", " : "), ensure_ascii=False)


def sealed(text: str, key: str, iv: str) -> str:
    """The InputType of a plaintext. Of the IV the first 16 characters count."""
    padder = PKCS7(BLOCK_BITS).padder()
    padded = padder.update(text.encode()) + padder.finalize()
    cipher = Cipher(algorithms.AES(key.encode("ascii")), modes.CBC(iv[:16].encode("ascii"))).encryptor()
    return base64.b64encode(cipher.update(padded) + cipher.finalize()).decode()
