"""What the owner can say about a camera in front of a meter."""

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from appliance.gate import Limits
from appliance.meter_setup import CounterSetup, DialSetup, MeterSetup
from appliance.model import Quantity
from appliance.sources import _setup
from appliance.sources.base import SourceOptions

Unit = Literal["kWh", "Wh", "MWh", "m³", "l", "GJ", "kvarh"]
Register = Annotated[str, Field(pattern=r"^(\d{1,3}(\.\d{1,3}){1,2})?$")]
Sides = tuple[int, int, int, int]

PLACES = ("device_id", "picamera", "file", "folder", "url")


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class LightingOptions(_Group):
    """Light for the meter."""

    enabled: bool = False
    """Light the lamp while a picture is taken, and steer its brightness and the camera's exposure."""
    brightness_target: float = Field(default=200, ge=20, le=250)
    """How bright print and digits should be, 0 to 255: the brightest fiftieth of the counters' boxes, of the
    whole picture while these are not known."""
    auto_adjust: bool = True
    """Change lamp and exposure until the target is met without a reflection on the digits; files and network
    cameras take what they get."""
    warm_up_s: float = Field(default=0.3, ge=0, le=10)
    """Seconds the lamp burns before the picture is taken; longer for lamps that start slowly."""
    led_pin: int | None = Field(default=None, ge=0, le=27)
    """GPIO (BCM number) of a dimmable LED on a Pi, which needs gpiozero; null without a lamp of ours."""


class BoxesOptions(_Group):
    """Where the figures of a counter stand, in pixels of a picture of this size; each box is
    [x, y, width, height]."""

    width: int = Field(ge=48, le=8192)
    """Width of the picture the boxes were drawn on."""
    height: int = Field(ge=24, le=8192)
    """Its height."""
    digits: tuple[Sides, ...] = ()
    """Wheels or display digits, left to right."""
    dials: tuple[tuple[int, int, int, int, bool], ...] = ()
    """Pointers on round scales that carry the figures after the digits: [x, y, width, height, clockwise]."""
    display: Sides | None = None
    """The whole window of a display, register code included."""
    decimals: int = Field(default=0, ge=0, le=16)
    """How many figures, digits and dials together, stand after the decimal point."""
    kind: Literal["wheel", "lcd"] = "wheel"
    """What the digits are: wheels or a display."""


class CounterOptions(_Group):
    """One of several counters of a meter."""

    quantity: Quantity
    """What it counts, such as energy_import_t1 or energy_export."""
    unit: Unit | None = None
    """The unit printed on it; null where it is that of the quantity (kWh, m³)."""
    decimals: int | None = Field(default=None, ge=0, le=15)
    """How many of its figures stand after the decimal point; null for those of its boxes."""
    register_code: Register = ""
    """The code a display shows beside the number when this counter's turn has come, such as 1.8.0."""
    calibration: BoxesOptions | None = None
    """Where its figures stand; null for the place all counters share, as on a display that cycles."""


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
    frames: int = Field(default=5, ge=1, le=15)
    """Where light is poor or a picture cannot be read, take so many and fuse them; 1 for never."""
    quantity: Quantity = Quantity.ENERGY_IMPORT
    """What the meter counts: energy_import, energy_export, gas, water."""
    unit: Unit | None = None
    """The unit printed on the meter; null where it is that of the quantity (kWh, m³)."""
    counters: tuple[CounterOptions, ...] = ()
    """The counters of a meter that has several, instead of quantity and unit; what is set up on the Meter
    page goes before."""
    expected_digits: int = Field(default=7, ge=1, le=16)
    """How many wheels or digits the counter has, decimals included."""
    decimals: int = Field(default=1, ge=0, le=15)
    """How many of them stand after the decimal point, often red."""
    initial_reading: str | None = Field(default=None, pattern=r"^\s*\d+([.,]\d+)?\s*$")
    """What the meter shows now, such as "048713.4": helps to find the counter the first time."""
    calibration: str | BoxesOptions = "calibration.json"
    """Where the digits stand: the file in this source's folder that keeps what was found, or the boxes
    themselves. What is set up on the Meter page goes before."""
    confidence_threshold: float = Field(default=0.85, ge=0, le=1)
    """A picture read with less confidence than this, 0 to 1, gives no reading."""
    monotonic_check: bool = True
    """A register cannot fall: refuse a reading below the last one."""
    max_daily_increase_kwh: float | None = Field(default=100, gt=0)
    """The most the register can rise in a day, in its own unit; null for no such limit."""
    max_hourly_increase_kwh: float | None = Field(default=None, gt=0)
    """The most it can rise in an hour; null for what the main fuse, else any house connection allows."""
    lighting: LightingOptions = Field(default_factory=LightingOptions)
    """Light for the meter."""
    save_images: bool = False
    """Keep every picture. The last 20 refused ones are kept in any case, with what was wrong."""
    image_path: Path | None = None
    """Where they are kept; null for the source's own folder."""
    keep_days: int = Field(default=7, ge=1, le=3650)
    """Delete kept pictures after so many days."""
    keep_mb: float = Field(default=500, gt=0)
    """Delete the oldest kept pictures when all of them need more than so many megabytes."""
    keep_free_mb: float = Field(default=300, ge=0)
    """Leave so many megabytes of the disk free: below that the oldest kept pictures go, and none is kept."""

    @field_validator("calibration")
    @classmethod
    def _plain_file(cls, value: str | BoxesOptions) -> str | BoxesOptions:
        if isinstance(value, str) and (value == _setup.FILE or not re.fullmatch(r"[\w-]+\.json", value)):
            raise ValueError(
                "must be a plain file name that ends in .json, other than setup.json, or the boxes themselves"
            )
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
        named: tuple[Options | CounterOptions, ...] = self.counters or (self,)
        for counter in named:
            unit, printed = counter.quantity.spec.unit, _unit(counter)
            if printed not in _setup.UNITS:
                raise ValueError(f"quantity: {counter.quantity} is no register that a meter counts")
            if _setup.UNITS[printed][0] != unit:
                raise ValueError(f"{counter.quantity} is counted in {unit}, not in {printed}")
        self.fixed()
        return self

    def fixed(self) -> MeterSetup | None:
        """The set-up that all boxes of the configuration make; None when some have to be found."""
        shared = self.calibration if isinstance(self.calibration, BoxesOptions) else None
        if shared is None and not (self.counters and all(c.calibration for c in self.counters)):
            return None
        setup = self.setup(shared)
        try:
            _setup.check(setup)
        except ValueError as error:
            raise ValueError(f"calibration: {error}") from None
        return setup

    def setup(self, shared: BoxesOptions | None) -> MeterSetup:
        """The set-up of these counters where those without boxes of their own stand at `shared`.

        Raises ValueError when boxes were drawn on pictures of several sizes.
        """
        if not self.counters:
            assert shared is not None, "a single counter has no boxes but the shared ones"
            counters = [(_unit(self), self.quantity, "", self.decimals, shared)]
        else:
            counters = []
            for c in self.counters:
                boxes = c.calibration or shared
                assert boxes is not None, "asked for only when all are known"
                decimals = boxes.decimals if c.decimals is None else c.decimals
                counters.append((_unit(c), c.quantity, c.register_code, decimals, boxes))
        sizes = {(boxes.width, boxes.height) for *_, boxes in counters}
        if len(sizes) != 1:
            raise ValueError("calibration: all counters' boxes must be drawn on pictures of one size")
        return MeterSetup(*sizes.pop(), tuple(_counter(*each) for each in counters))

    def faces(self) -> tuple[_setup.Face, ...]:
        """The counters as far as the configuration tells of them."""
        if not self.counters:
            return (_setup.Face(self.quantity, _unit(self), self.decimals, self.expected_digits),)
        return tuple(
            _setup.Face(c.quantity, _unit(c), c.decimals or 0, None, c.register_code) for c in self.counters
        )

    def limits(self) -> Limits:
        """What any counter may do, its last figure aside."""
        return Limits(self.monotonic_check, self.max_hourly_increase_kwh, self.max_daily_increase_kwh)


def _unit(said: Options | CounterOptions) -> str:
    return said.unit or said.quantity.spec.unit


def _counter(
    unit: str, quantity: Quantity, register: str, decimals: int, boxes: BoxesOptions
) -> CounterSetup:
    dials = tuple(DialSetup((x, y, w, h), clockwise) for x, y, w, h, clockwise in boxes.dials)
    return CounterSetup(quantity, unit, boxes.kind, boxes.digits, dials, decimals, boxes.display, register)
