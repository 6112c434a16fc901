"""What the owner can say of a Powerwall."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from appliance.sources._powerwall_modes import ModeName
from appliance.sources.base import SourceOptions

GATEWAY_WIFI = "192.168.91.1"
"""Where a gateway answers on its own Wi-Fi; pypowerwall asks its devices nowhere else in hybrid mode."""
CLOUDS = ("cloud", "fleetapi")
EVERY_S = {"cloud": 60.0, "fleetapi": 300.0}
"""How often Tesla's servers are asked where nothing else is said; gateways every 10 s."""
OFTEN_S = {"cloud": 30.0, "fleetapi": 60.0}

WHAT = {
    "host": "`host`, the gateway's address",
    "password": "`password`, the last five characters of the gateway's password",
    "gateway_password": "`gateway_password`, the whole password on the gateway's sticker",
    "rsa_key": "`rsa_key`, the file of the key that was registered",
    "email": "`email`, that of your Tesla account",
}
NEEDS: dict[str, tuple[str, ...]] = {
    "local": ("host", "password"),
    "hybrid": ("host", "password", "gateway_password"),
    "tedapi": ("host", "gateway_password"),
    "v1r": ("host", "rsa_key"),
    "cloud": ("email",),
    "fleetapi": (),
    "proxy": ("host",),
}
TAKES: dict[str, tuple[str, ...]] = {
    "local": ("email",),
    "hybrid": ("email",),
    "v1r": ("password", "gateway_password", "wifi_host"),
    "cloud": ("site_id", "auth_folder"),
    "fleetapi": ("email", "site_id", "auth_folder"),
}
WAYS = tuple(dict.fromkeys((*WHAT, "wifi_host", "site_id", "auth_folder")))
"""Options that belong to some modes only."""

ADDRESS = r"^$|^[\w.-]+(:[0-9]{1,5})?$"


class Options(SourceOptions):
    """A Tesla Powerwall, through its gateway, Tesla's servers or a pypowerwall proxy."""

    type: Literal["powerwall"] = "powerwall"
    mode: ModeName
    """The way to it: local (Powerwall 1, 2, +), hybrid, tedapi (the gateway's own Wi-Fi), v1r (Powerwall 3
    by cable), cloud, fleetapi, or proxy (a pypowerwall proxy that runs already). docs/POWERWALL.md says what
    each is for and needs."""
    host: str = Field(default="", pattern=ADDRESS)
    """Address of the gateway, such as 192.168.1.20 (192.168.91.1 on its own Wi-Fi), or of the proxy
    (192.168.1.5:8675)."""
    password: SecretStr | None = None
    """The owner's password: the last five characters of the gateway's. Encrypted."""
    gateway_password: SecretStr | None = None
    """The whole password on the gateway's sticker (hybrid, tedapi, v1r). Encrypted."""
    rsa_key: Path | None = None
    """File of the private key that was registered with the Powerwall (v1r)."""
    wifi_host: str = Field(default="", pattern=ADDRESS)
    """Address on the gateway's Wi-Fi where the Powerwalls behind the first are asked (v1r)."""
    email: str = Field(default="", pattern=r"^$|^[^@\s]+@[^@\s]+$")
    """That of your Tesla account (cloud)."""
    site_id: int | None = Field(default=None, ge=1)
    """Which site of your Tesla account, where it has several (cloud, fleetapi)."""
    auth_folder: Path | None = None
    """Folder with what `python -m pypowerwall setup` wrote (cloud, fleetapi); left out, the source's own."""
    every_s: float | None = Field(default=None, ge=5, le=3600)
    """Seconds from one question to the next; left out, 10 for a gateway, 60 for the cloud, 300 for FleetAPI.
    The cloud is not asked more often than every 30 s, FleetAPI every 60 s."""
    details_every_s: float = Field(default=60, ge=5, le=3600)
    """Seconds between questions for what changes slowly: strings, temperatures, alerts, capacity, reserve and
    mode."""
    timeout_s: float = Field(default=5, gt=0, le=60)
    """Seconds to wait for an answer."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        given = {name for name in WAYS if getattr(self, name)}
        if missing := [name for name in NEEDS[self.mode] if name not in given]:
            told = " and ".join(WHAT[name] for name in missing)
            raise ValueError(f"mode {self.mode} needs {told}")
        if self.mode == "v1r" and not given & {"password", "gateway_password"}:
            raise ValueError(f"mode v1r needs {WHAT['gateway_password']}")
        self._refuse_strangers(given)
        if self.mode == "hybrid" and self.host not in (GATEWAY_WIFI, f"{GATEWAY_WIFI}:443"):
            raise ValueError(
                f"mode hybrid works at the host {GATEWAY_WIFI} alone; elsewhere use mode local or v1r"
            )
        least = OFTEN_S.get(self.mode, 5.0)
        if self.every_s is not None and self.every_s < least:
            raise ValueError(f"mode {self.mode} is not asked more often than `every_s` {least:g}")
        return self

    def _refuse_strangers(self, given: set[str]) -> None:
        """pypowerwall picks its way by what it is given: an option too many would be another mode."""
        strange = given - {*NEEDS[self.mode], *TAKES.get(self.mode, ())}
        if strange:
            names = " and ".join(f"`{name}`" for name in sorted(strange))
            others = [mode for mode in NEEDS if given <= {*NEEDS[mode], *TAKES.get(mode, ())}]
            hint = f", or did you mean mode {' or '.join(others)}?" if others else ""
            raise ValueError(f"mode {self.mode} does not use {names}: leave it out{hint}")

    @property
    def pace_s(self) -> float:
        """Seconds from one question to the next."""
        return self.every_s or EVERY_S.get(self.mode, 10.0)
