"""How bright the picture is, what to do about it, and a lamp on a GPIO pin of the Pi."""

from typing import Any, Protocol

import cv2
import numpy as np

from appliance.errors import SourceError
from ocr import Picture

TOLERANCE = 1.15
"""Brightness may differ from the target by this factor before anything is changed."""
LARGEST_STEP = 1.6
BRIGHT_PERCENTILE = 98


class Lamp(Protocol):
    """Something that lights the meter."""

    value: float

    def close(self) -> None: ...


def brightness(picture: Picture) -> float:
    """How bright the brightest fiftieth of the picture is, 0..255: print and digits, not the dark plate."""
    small = np.ascontiguousarray(picture[::8, ::8])
    return float(np.percentile(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), BRIGHT_PERCENTILE))


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
        lamp: Any = PWMLED(pin)
    except (GPIOZeroError, OSError) as error:
        raise SourceError(f"GPIO {pin} cannot light a lamp ({error}): check lighting.led_pin") from error
    known: Lamp = lamp
    return known


class Lighting:
    """Lights the lamp for a picture, and steers lamp and exposure towards the target."""

    def __init__(self, lamp: Lamp | None, target: float, adjust: bool) -> None:
        self._lamp, self._target, self._adjust = lamp, target, adjust
        self.level = 0.5

    def on(self) -> None:
        if self._lamp is not None:
            self._lamp.value = self.level

    def off(self) -> None:
        if self._lamp is not None:
            self._lamp.value = 0.0

    def learn(self, picture: Picture) -> float:
        """Dims or brightens the lamp for the next picture; what it cannot give is the factor returned."""
        factor = correction(brightness(picture), self._target) if self._adjust else 1.0
        if self._lamp is None:
            return factor
        wanted = self.level * factor
        self.level = min(max(wanted, 0.02), 1.0)
        return wanted / self.level

    def close(self) -> None:
        if self._lamp is not None:
            self._lamp.close()
