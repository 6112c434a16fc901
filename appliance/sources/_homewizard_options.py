"""What the owner can say of a HomeWizard device."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from appliance.sources.base import SourceOptions


class Options(SourceOptions):
    """A HomeWizard device: P1 meter, kWh meter, energy socket, water meter or plug-in battery."""

    type: Literal["homewizard"] = "homewizard"
    host: str = Field(default="", pattern=r"^$|^(\[[0-9A-Fa-f:.%]+\]|[\w.-]+)(:[0-9]{1,5})?$")
    """Its address, such as 192.168.1.20 or p1meter-ddeeff.local; left out, it is found by its `serial`."""
    serial: str = Field(default="", pattern=r"^$|^[0-9A-Fa-f]{12}$")
    """Its serial number, 12 digits and letters (in the app, and on its sticker). With it the device is found
    by mDNS and followed when its address changes, and no other is ever taken for it."""
    api: Literal["auto", "v1", "v2"] = "auto"
    """v1 has to be switched on in the HomeWizard app; v2 is encrypted and wants its button pressed once; auto
    takes v2 with a token, else v1, else v2."""
    every_s: float = Field(default=1.0, ge=0.5, le=3600)
    """Seconds from one measurement to the next; 10 writes less to the card."""
    timeout_s: float = Field(default=5, gt=0, le=60)
    """Seconds to wait for an answer."""
    token: SecretStr | None = None
    """A token of API v2, if you have one; else the device gives one when its button is pressed. Encrypted."""
    measures: Literal["grid", "load", "solar", "battery"] | None = None
    """What a kWh meter or socket measures: the grid connection, all that the house uses, solar panels or a
    battery. P1 meter, water meter and battery know by themselves."""
    reverse: bool = False
    """The kWh meter was wired the other way round: turn its signs and registers."""
    telegram: bool = False
    """Read the P1 meter's whole telegram in the place of its summary: everything the meter says, reactive
    power and energy too."""
    ca_file: Path | None = None
    """Another certificate authority (PEM) than HomeWizard's own, for a device that plays one."""

    @model_validator(mode="after")
    def _findable(self) -> Self:
        if not self.host and not self.serial:
            raise ValueError("needs `host` or `serial`")
        return self
