"""How bright the digits are, what to do about it, and a lamp on a GPIO pin of the Pi."""

from collections.abc import Sequence
from typing import Any, Protocol

import cv2
import numpy as np

from appliance.errors import SourceError
from ocr import Box, Picture
from ocr.picture import cut

TOLERANCE = 1.15
"""Brightness may differ from the target by this factor before anything is changed."""
LARGEST_STEP = 1.6
BRIGHT_PERCENTILE = 98
SATURATED = 250
GLARE = 0.04
"""Part of a figure's box that may be saturated; a reflection covers more."""
LED_HZ = 1000
"""Faster than gpiozero's usual 100: a sensor exposes its lines one after the other and would show bands."""
DARKEST = 0.02
DIMMED = 0.6
FORGIVEN = 1.002
"""By this factor the target grows back with each picture without a reflection: 0.6 in some 250 pictures."""
LOWEST = 0.4
"""Part of the target below which no reflection drives the light: the sun's stays whatever the lamp does."""


class Lamp(Protocol):
    """Something that lights the meter."""

    value: float

    def close(self) -> None: ...


def brightness(picture: Picture, boxes: Sequence[Box] = ()) -> float:
    """How bright the brightest fiftieth of the boxes is, of the whole picture without any; 0..255: print and
    digits, not the dark plate."""
    parts = [part for part in (cut(picture, box) for box in boxes) if part.size]
    if not parts:
        parts = [picture[::8, ::8]]
    return float(np.median([np.percentile(_grey(part), BRIGHT_PERCENTILE) for part in parts]))


def glare(picture: Picture, boxes: Sequence[Box]) -> float:
    """The largest part of a box that is saturated beyond what is usual in the others, 0..1.

    All of them saturated is too much light rather than a reflection, and shows as brightness.
    """
    parts = [part for part in (cut(picture, box) for box in boxes) if part.size]
    spoilt = [float((_grey(part) >= SATURATED).mean()) for part in parts]
    if len(spoilt) < 3:
        return max(spoilt, default=0.0)
    return max(spoilt) - float(np.median(spoilt))


def _grey(part: Picture) -> Picture:
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_BGR2GRAY), np.uint8)


def correction(seen: float, target: float) -> float:
    """By what factor the light should grow: 1 near the target, never more than a moderate step."""
    factor = target / max(seen, 1.0)
    if 1 / TOLERANCE <= factor <= TOLERANCE:
        return 1.0
    return min(max(factor, 1 / LARGEST_STEP), LARGEST_STEP)


def led(pin: int) -> Lamp:
    """A dimmable LED on GPIO `pin` (BCM number), by gpiozero. Raises SourceError."""
    try:
        from gpiozero import PWMLED
        from gpiozero.exc import GPIOZeroError
    except ImportError as error:
        raise SourceError(
            "gpiozero is not installed, so the lamp cannot be lit; on Raspberry Pi OS: "
            "sudo apt install python3-gpiozero, or remove lighting.led_pin"
        ) from error
    try:
        lamp: Any = PWMLED(pin, frequency=LED_HZ)
    except (GPIOZeroError, OSError) as error:
        raise SourceError(f"GPIO {pin} cannot light a lamp ({error}): check lighting.led_pin") from error
    known: Lamp = lamp
    return known


class Lighting:
    """Lights the lamp for a picture, and steers lamp and exposure towards the target.

    A reflection on a digit lowers the target: it is the brightness at which digits can be read that counts.
    """

    def __init__(self, lamp: Lamp | None, target: float, adjust: bool) -> None:
        self._lamp, self._wanted, self._adjust = lamp, target, adjust
        self._target = target
        self.level = 0.5

    @property
    def has_lamp(self) -> bool:
        """Whether there is a lamp of ours to light."""
        return self._lamp is not None

    def on(self) -> None:
        if self._lamp is not None:
            self._lamp.value = self.level

    def off(self) -> None:
        if self._lamp is not None:
            self._lamp.value = 0.0

    def dim(self, picture: Picture, boxes: Sequence[Box]) -> bool:
        """Whether the next picture will be lit less, because this one is too bright or a reflection lies on
        its digits."""
        if self._lamp is None or not self._adjust or self.level <= DARKEST:
            return False
        seen = brightness(picture, boxes)
        if seen < SATURATED and not self._mirrored(picture, boxes, seen):
            return False
        self.level = max(DARKEST, self.level * DIMMED)
        return True

    def _mirrored(self, picture: Picture, boxes: Sequence[Box], seen: float) -> bool:
        """Whether there is a reflection, which lowers the target; its absence lets it grow back."""
        if seen < SATURATED and glare(picture, boxes) > GLARE:
            self._target = max(LOWEST * self._wanted, min(self._target, seen) * DIMMED)
            return True
        self._target = min(self._wanted, self._target * FORGIVEN)
        return False

    def learn(self, picture: Picture, boxes: Sequence[Box] = ()) -> float:
        """Dims or brightens the lamp for the next picture; what it cannot give is the factor returned."""
        if not self._adjust:
            return 1.0
        seen = brightness(picture, boxes)
        self._mirrored(picture, boxes, seen)
        factor = correction(seen, self._target)
        if self._lamp is None:
            return factor
        wanted = self.level * factor
        self.level = min(max(wanted, DARKEST), 1.0)
        return wanted / self.level

    def close(self) -> None:
        if self._lamp is not None:
            self._lamp.close()
