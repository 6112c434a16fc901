"""What the owner can say about a camera in front of a meter."""

import json
import re
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from appliance.model import Quantity
from appliance.sources.base import SourceOptions
from ocr import Calibration

UNITS = {
    "kWh": ("kWh", 1.0),
    "Wh": ("kWh", 0.001),
    "MWh": ("kWh", 1000.0),
    "m³": ("m³", 1.0),
    "l": ("m³", 0.001),
}
"""Units printed on meters: the quantity's unit, and how many of that they are."""
PLACES = ("device_id", "picamera", "file", "folder", "url")


class LightingOptions(BaseModel):
    """Light for the meter."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    enabled: bool = False
    """Light the lamp while a picture is taken, and steer its brightness and the camera's exposure."""
    brightness_target: float = Field(default=200, ge=20, le=250)
    """How bright print and digits should be, 0 to 255: the brightest fiftieth of the picture."""
    auto_adjust: bool = True
    """Change lamp and exposure until the target is met; files and network cameras take what they get."""
    led_pin: int | None = Field(default=None, ge=0, le=27)
    """GPIO (BCM number) of a dimmable LED on a Pi, which needs gpiozero; null without a lamp of ours."""


class Options(SourceOptions):
    """A camera in front of a meter. Say one of device_id, picamera, file, folder and url."""

    type: Literal["camera_meter"] = "camera_meter"
    device_id: int | None = Field(default=None, ge=0, le=99)
    """A USB camera: the number N of its /dev/videoN, usually 0."""
    picamera: bool = False
    """The camera on the Pi's own connector; needs python3-picamera2 from Raspberry Pi OS."""
    file: Path | None = None
    """A picture that something else writes, again and again, to the same place."""
    folder: Path | None = None
    """A folder that something else fills: the newest .jpg, .png or .bmp in it is read."""
    url: AnyHttpUrl | None = None
    """A network camera: the address of its still picture (snapshot)."""
    user: str = ""
    """Login of the network camera, where it asks for one."""
    password: SecretStr = SecretStr("")
    """Password of the network camera; kept encrypted."""
    timeout_s: float = Field(default=10, gt=0, le=60)
    """Seconds a network camera may take."""
    width: int = Field(default=1280, ge=160, le=8192)
    """Width asked of a USB or Pi camera, pixels."""
    height: int = Field(default=720, ge=120, le=8192)
    """Height asked of a USB or Pi camera, pixels."""
    fps: int = Field(default=30, ge=1, le=120)
    """Frames a second asked of a USB or Pi camera."""
    rotate: float = Field(default=0, ge=-360, le=360)
    """Turn the picture clockwise by so many degrees before it is read; quarter turns and fine ones."""
    flip_vertical: bool = False
    """Turn the picture upside down as in a mirror above it, after `rotate`."""
    flip_horizontal: bool = False
    """Mirror the picture left to right, after `rotate`."""
    crop: tuple[int, int, int, int] | None = None
    """Look only at this part: [x, y, width, height] in pixels, after turning and flipping."""
    every_s: float = Field(default=60, ge=1, le=86_400)
    """Seconds from one picture to the next."""
    quantity: Quantity = Quantity.ENERGY_IMPORT
    """What the meter counts: energy_import, energy_export, gas, water."""
    unit: Literal["kWh", "Wh", "MWh", "m³", "l"] | None = None
    """The unit printed on the meter; null where it is that of the quantity (kWh, m³)."""
    expected_digits: int = Field(default=7, ge=1, le=16)
    """How many wheels or digits the counter has, decimals included."""
    decimals: int = Field(default=1, ge=0, le=15)
    """How many of them stand after the decimal point, often red."""
    initial_reading: str | None = Field(default=None, pattern=r"^\s*\d+([.,]\d+)?\s*$")
    """What the meter shows now, such as "048713.4": helps to find the counter the first time."""
    calibration: str | dict[str, Any] = "calibration.json"
    """Where the digits stand: the file in this source's folder that keeps it, or the boxes themselves."""
    confidence_threshold: float = Field(default=0.85, ge=0, le=1)
    """A picture read with less confidence than this, 0 to 1, gives no reading."""
    monotonic_check: bool = True
    """A register cannot fall: refuse a reading below the last one."""
    max_daily_increase_kwh: float | None = Field(default=100, gt=0)
    """The most the register can rise in a day, in its own unit; null for no such limit."""
    max_hourly_increase_kwh: float | None = Field(default=None, gt=0)
    """The most it can rise in an hour; null for what any house connection allows."""
    lighting: LightingOptions = Field(default_factory=LightingOptions)
    """Light for the meter."""
    save_images: bool = False
    """Keep every picture. The last 20 refused ones are kept in any case."""
    image_path: Path | None = None
    """Where they are kept; null for the source's own folder."""
    keep_days: int = Field(default=7, ge=1, le=3650)
    """Delete kept pictures after so many days."""
    keep_mb: float = Field(default=500, gt=0)
    """Delete the oldest kept pictures when all of them need more than so many megabytes."""

    @field_validator("calibration")
    @classmethod
    def _boxes_can_be(cls, value: str | dict[str, Any]) -> str | dict[str, Any]:
        if isinstance(value, dict):
            Calibration.from_json(json.dumps(value))
        elif not re.fullmatch(r"[\w-]+\.json", value):
            raise ValueError("must be a plain file name that ends in .json, or the boxes themselves")
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        # `is`, because camera 0 equals False.
        given = [p for p in PLACES if not any(getattr(self, p) is none for none in (None, False))]
        if len(given) != 1:
            said = f"not {' and '.join(given)} together" if given else "none is given"
            raise ValueError(f"say where pictures come from, by one of {', '.join(PLACES)}: {said}")
        if self.decimals >= self.expected_digits:
            raise ValueError(f"{self.decimals} decimals do not fit {self.expected_digits} expected_digits")
        if self.unit is not None and UNITS[self.unit][0] != self.quantity.spec.unit:
            raise ValueError(f"{self.quantity} is counted in {self.quantity.spec.unit}, not in {self.unit}")
        return self

    @property
    def factor(self) -> float:
        """From the meter's unit to the quantity's."""
        return UNITS[self.unit][1] if self.unit else 1.0
