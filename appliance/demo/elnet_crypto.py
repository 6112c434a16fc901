"""How ELNET's app encrypts its questions: base64 of AES-256-CBC with PKCS7 over pretty JSON."""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7


class InputError(ValueError):
    """A question the server makes no sense of; its text is what the server says."""


def _cipher(key: str, iv: str) -> Cipher[CBC]:
    """Key and IV are ASCII characters used as bytes; of the IV the first sixteen."""
    return Cipher(AES256(key.encode("ascii")), CBC(iv[:16].encode("ascii")))


def sealed(question: Mapping[str, Any], key: str, iv: str) -> str:
    """The InputType of a question, laid out as the app does it."""
    padder, encryptor = PKCS7(128).padder(), _cipher(key, iv).encryptor()
    text = json.dumps(question, indent=2, separators=(",", " : ")).encode()
    padded = padder.update(text) + padder.finalize()
    return b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def opened(input_type: object, key: str, iv: str) -> dict[str, Any]:
    """The question of an InputType. InputError when it is not encrypted so, or no JSON object."""
    unpadder, decryptor = PKCS7(128).unpadder(), _cipher(key, iv).decryptor()
    try:
        padded = decryptor.update(b64decode(str(input_type), validate=True)) + decryptor.finalize()
        question = json.loads(unpadder.update(padded) + unpadder.finalize())
    except ValueError:
        raise InputError("Invalid Input") from None
    if not isinstance(question, dict):
        raise InputError("Invalid Input")
    return question
