"""What the owner can say of a prepaid meter on an ELNET server."""

from typing import Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AnyHttpUrl, Field, SecretStr, field_validator, model_validator

from appliance.sources.base import SourceOptions
from config.secrets import MARK

CAPTURED = ("token", "input_type")
INPUTS = ("input_type", "home_input_type", "recharge_input_type")
LOGIN = ("username", "password", "key", "iv")
KEY_CHARACTERS, IV_CHARACTERS = 32, 16
WHAT = {
    "token": "`token`, the bearer token your phone sends",
    "input_type": "`input_type`, the InputType your phone sends",
    "username": "`username`",
    "password": "`password`",
    "key": "`key`, the app's key of 32 characters",
    "iv": "`iv`, the app's IV, of which the first 16 characters count",
}


class Options(SourceOptions):
    """A prepaid meter (grid and generator) on the ELNET server of its building."""

    type: Literal["elnet"] = "elnet"
    url: AnyHttpUrl
    """Address of the server, such as http://203.0.113.7:8085 (what your phone's app talks to)."""
    token: SecretStr | None = None
    """Captured: the token after `Authorization: Bearer` in your own phone's requests. Encrypted."""
    input_type: SecretStr | None = None
    """Captured: the InputType in your phone's GetLiveUpdates; serves all questions. Encrypted."""
    home_input_type: SecretStr | None = None
    """Captured: the InputType of HomeData and GetDashboardDetails, where the server is strict. Encrypted."""
    recharge_input_type: SecretStr | None = None
    """Captured: the InputType of RechargeHistory, where the server is strict. Encrypted."""
    username: str = ""
    """Sign in: your user name, in the place of a captured token."""
    password: SecretStr | None = None
    """Sign in: your password. Encrypted."""
    key: SecretStr | None = None
    """Sign in: the key requests are encrypted with, 32 characters. Encrypted."""
    iv: SecretStr | None = None
    """Sign in: the initialisation vector, at least 16 characters. Encrypted."""
    meter_id: str = Field(default="", pattern=r"^[0-9]{0,12}$")
    """Sign in: number of the meter, where it is not that of your flat."""
    meter_zone: str = "Asia/Kolkata"
    """Time zone of the meter's clock: its days begin there."""
    every_s: float = Field(default=30, ge=10, le=900)
    """Seconds from one question to the next; the meter itself tells something new every minute or two."""
    timeout_s: float = Field(default=10, gt=0, le=60)
    """Seconds to wait for the live values, and for all that has no time-out of its own."""
    home_timeout_s: float = Field(default=2, gt=0, le=60)
    """Seconds to wait for today's and this month's numbers."""
    min_recharge: float = Field(default=10, gt=0)
    """A balance that rises by less is no recharge (INR)."""

    @field_validator("meter_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{name} is no time zone; write it like Asia/Kolkata") from None
        return name

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        captured = [name for name in CAPTURED if _plain(getattr(self, name))]
        login = [name for name in LOGIN if _plain(getattr(self, name))]
        if captured and login:
            raise ValueError(
                "needs one way of signing in: leave out either `token` and `input_type`, or `username`, "
                "`password`, `key` and `iv`"
            )
        if not captured and not login:
            raise ValueError(
                "needs a way of signing in: either `token` and `input_type` as your phone sends them, or "
                "`username`, `password`, `key` and `iv`"
            )
        way, given = (LOGIN, login) if login else (CAPTURED, captured)
        if missing := [WHAT[name] for name in way if name not in given]:
            what = "signing in with a user name" if login else "a captured sign-in"
            raise ValueError(f"{what} needs {' and '.join(missing)}")
        self.check_secrets()
        return self

    def check_secrets(self) -> None:
        """ValueError where one cannot be what it should. Sealed ones are looked at again when opened."""
        if self.signs_in:
            self._check_key()
            return
        token = _plain(self.token).strip()
        if not token.startswith(MARK) and not (token.isascii() and token.isprintable()):
            raise ValueError(
                "`token` has characters that no token has; copy all of what follows `Authorization: Bearer`"
            )
        for name in INPUTS:
            if _plain(getattr(self, name)).lstrip().startswith("{"):
                raise ValueError(
                    f"`{name}` is the text between the quotes alone, without InputType and braces"
                )

    def _check_key(self) -> None:
        key, iv = _plain(self.key), _plain(self.iv)
        if not key.startswith(MARK) and (len(key) != KEY_CHARACTERS or not key.isascii()):
            raise ValueError(f"`key` has {len(key)} characters; it needs {KEY_CHARACTERS}, all of them ASCII")
        if not iv.startswith(MARK) and (len(iv) < IV_CHARACTERS or not iv[:IV_CHARACTERS].isascii()):
            raise ValueError(f"`iv` has {len(iv)} characters; it needs {IV_CHARACTERS} or more, all ASCII")

    @property
    def signs_in(self) -> bool:
        """Whether with a user name; else with what was captured."""
        return bool(self.username)


def _plain(value: SecretStr | str | None) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value or ""
