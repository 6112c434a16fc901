"""Passwords and tokens: `SecretStr` in memory, `enc:` and a Fernet token in config.json.

Fernet (https://github.com/fernet/spec) is AES-128-CBC with HMAC-SHA256. The key lies outside config.json,
so that a configuration can be shown, sent or kept in a backup without giving anything away.
"""

import copy
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from pydantic import BaseModel, SecretStr

from config.files import write_atomic

MARK = "enc:"
KEY_NAME = "tallywatt.key"
Place = tuple[str | int, ...]


class SecretError(Exception):
    """A secret cannot be opened or sealed; the text says what to do."""


class SecretBox:
    """Seals and opens secrets with this appliance's key.

    The key is `$CREDENTIALS_DIRECTORY/tallywatt.key` where systemd provides it, else `tallywatt.key` in
    `folder` (mode 0600), made when the first secret is sealed.
    """

    def __init__(self, folder: Path, env: Mapping[str, str] = os.environ) -> None:
        given = env.get("CREDENTIALS_DIRECTORY")
        credential = Path(given) / KEY_NAME if given else None
        self._lent = credential is not None and credential.exists()
        self.path = credential if credential and self._lent else folder / KEY_NAME
        self._fernet: Fernet | None = None

    def seal(self, plain: str) -> str:
        """`plain` as an `enc:` string. Raises SecretError when there is no key and none can be made."""
        if not self._lent and not self.path.exists():
            self._make()
        return MARK + self._key().encrypt(plain.encode()).decode()

    def open(self, sealed: str) -> str:
        """The plain text of an `enc:` string. Raises SecretError."""
        try:
            return self._key().decrypt(sealed.removeprefix(MARK).encode()).decode()
        except InvalidToken:
            raise SecretError(
                f"it was encrypted with another key than the one in {self.path}; "
                "put that key back, or write the secret again in plain text: it is encrypted when saved"
            ) from None

    def _key(self) -> Fernet:
        if self._fernet is None:
            try:
                self._fernet = Fernet(self.path.read_bytes().strip())
            except FileNotFoundError:
                raise SecretError(
                    f"the key that opens it, {self.path}, is missing; put it back, "
                    "or write the secret again in plain text: it is encrypted when saved"
                ) from None
            except (OSError, ValueError) as error:
                raise SecretError(f"the key in {self.path} cannot be used: {error}") from None
        return self._fernet

    def _make(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(self.path, Fernet.generate_key() + b"\n", mode=0o600)
        except OSError as error:
            raise SecretError(f"the key for secrets cannot be written: {error}") from None


def secrets_in(value: Any, place: Place = ()) -> Iterator[tuple[Place, SecretStr]]:
    """Every secret inside a validated model, with its place."""
    if isinstance(value, SecretStr):
        yield place, value
    elif isinstance(value, BaseModel):
        for name, inner in value:
            yield from secrets_in(inner, (*place, name))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from secrets_in(inner, (*place, key))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from secrets_in(inner, (*place, index))


def opened(value: Any, box: SecretBox) -> Any:
    """A copy of a validated model in which every sealed secret is plain. Raises SecretError."""
    if isinstance(value, SecretStr):
        text = value.get_secret_value()
        return SecretStr(box.open(text)) if text.startswith(MARK) else value
    if isinstance(value, BaseModel):
        changed = {name: new for name, old in value if (new := opened(old, box)) is not old}
        return value.model_copy(update=changed) if changed else value
    if isinstance(value, tuple | list):
        items = [opened(item, box) for item in value]
        return value if all(a is b for a, b in zip(items, value, strict=True)) else type(value)(items)
    if isinstance(value, dict):
        pairs = {key: opened(item, box) for key, item in value.items()}
        return value if all(pairs[key] is value[key] for key in value) else pairs
    return value


def seal_all(document: dict[str, Any], places: Iterable[Place], box: SecretBox | None) -> dict[str, Any]:
    """A copy of `document` in which the secrets at `places` are sealed. Raises SecretError."""
    result = copy.deepcopy(document)
    for place in places:
        holder = at(result, place[:-1])
        plain = holder.get(place[-1]) if isinstance(holder, dict) else None
        if isinstance(plain, str) and plain and not plain.startswith(MARK):
            if box is None:
                raise SecretError("a secret has to be encrypted, but no data folder was named for the key")
            holder[place[-1]] = box.seal(plain)
    return result


def at(document: Any, place: Place) -> Any:
    """What stands at `place`, None where nothing does (an override can add places of its own)."""
    for part in place:
        try:
            document = document[part]
        except (KeyError, IndexError, TypeError):
            return None
    return document
