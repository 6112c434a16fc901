"""When to keep a camera's exposure, focus and white balance as they are, and when to find them again. Pure.

Automatics left alone go on hunting: a lamp that lights up, a red wheel that turns by, and the next picture is
another. So they are switched off once pictures are good, and on again when several in a row are bad.
"""

import zlib
from dataclasses import dataclass
from typing import Literal

from appliance.clock import HOUR_MS
from ocr import Picture

GOOD = 3
"""Readable pictures in a row before the automatics are switched off."""
BAD = 4
"""Bad ones in a row before they are switched on again."""
LEAP = 1.6
"""Brightness that leaps so as the automatics go off: the camera did not say what they had found."""
USELESS = 2
DULL = 0.6
"""Part of the sharpness at which a picture is out of focus."""
OFF = 1.7
"""Brightness this factor from what was held is bad."""
FROZEN_MS = HOUR_MS
"""No sensor is without noise: who sends the same picture for so long sends an old one."""


@dataclass
class Steady:
    """Told of each picture; `held`: the automatics are off, `light`: the brightness they had found."""

    held: bool = False
    light: float = 0.0
    _sharp: float = 0.0
    _good: int = 0
    _bad: int = 0
    _fresh: bool = False
    _useless: int = 0

    def judge(self, good: bool, light: float, sharp: float) -> Literal["hold", "free"] | None:
        """What to do after a picture that could be read or not, of this brightness (0..255) and sharpness."""
        return self._while_held(good, light, sharp) if self.held else self._while_free(good, light, sharp)

    def _while_free(self, good: bool, light: float, sharp: float) -> Literal["hold"] | None:
        self._good = self._good + 1 if good else 0
        if self._good < GOOD or self._useless >= USELESS:
            return None
        self.held, self.light, self._sharp, self._bad, self._fresh = True, light, sharp, 0, True
        return "hold"

    def _while_held(self, good: bool, light: float, sharp: float) -> Literal["free"] | None:
        apart = max(light, 1.0) / max(self.light, 1.0)
        leapt = self._fresh and not 1 / LEAP < apart < LEAP
        self._useless += leapt
        self._fresh = False
        spoilt = not 1 / OFF < apart < OFF or sharp < DULL * self._sharp
        self._bad = 0 if good or not spoilt else self._bad + 1
        if not leapt and self._bad < BAD:
            return None
        self.held, self._good = False, 0
        return "free"


@dataclass
class Frozen:
    """Told of each picture of a live camera: whether it hangs and hands out the same one again and again."""

    _sum: int | None = None
    _since: int = 0

    def judge(self, picture: Picture, at: int) -> bool:
        """Whether it was the very same for an hour by now (`at`, UTC ms)."""
        sum_ = zlib.crc32(picture.data)
        if sum_ != self._sum or at < self._since:
            self._sum, self._since = sum_, at
        return at - self._since >= FROZEN_MS
