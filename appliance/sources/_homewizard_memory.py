"""What is remembered of a HomeWizard device between starts: which one it is, and its token, sealed."""

import json
import logging
import secrets
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from appliance.errors import SourceError
from config.files import write_atomic
from config.secrets import SecretBox, SecretError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Known:
    """`serial` of the device, the `user` we are there, and the `token` as it is kept (sealed)."""

    serial: str = ""
    user: str = ""
    token: str = ""


class Memory:
    """One small file for its owner alone; the token in it opens nothing without the appliance's key."""

    def __init__(self, folder: Path, box: SecretBox | None) -> None:
        self.path = folder / "homewizard.json"
        self._box = box or SecretBox(folder)

    def known(self) -> Known:
        """What is remembered; nothing where the file is missing or cannot be read."""
        try:
            said = json.loads(self.path.read_text(encoding="utf-8"))
            return Known(*(str(said.get(name, "")) for name in ("serial", "user", "token")))
        except FileNotFoundError:
            return Known()
        except (OSError, ValueError, AttributeError) as error:
            log.warning("%s cannot be read (%s): the device is paired anew", self.path, error)
            return Known()

    def token(self) -> str:
        """The token in plain text, "" where there is none or the key that opens it is lost."""
        sealed = self.known().token
        try:
            return self._box.open(sealed) if sealed else ""
        except SecretError as error:
            log.warning("The token in %s cannot be opened: %s", self.path, error)
            return ""

    def user(self) -> str:
        """Who we are at the device: a name of our own, since one name has one token there."""
        return self.known().user or f"local/tallywatt-{secrets.token_hex(2)}"

    def remember_device(self, serial: str) -> None:
        """Raises SourceError when it cannot be written."""
        if self.known().serial != serial:
            self._write(replace(self.known(), serial=serial))

    def remember_token(self, user: str, token: str) -> None:
        """Raises SourceError when it cannot be sealed or written."""
        try:
            sealed = self._box.seal(token)
        except SecretError as error:
            raise SourceError(f"The device's token cannot be kept: {error}") from None
        self._write(replace(self.known(), user=user, token=sealed))

    def _write(self, known: Known) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(self.path, json.dumps(asdict(known)).encode(), mode=0o600)
        except OSError as error:
            raise SourceError(f"{self.path} cannot be written: {error.strerror}") from None
