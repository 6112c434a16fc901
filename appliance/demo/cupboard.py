"""The weather of the meter cupboard: what the camera has to put up with at an instant, for years.

A pure function of seed and instant, so that a year can be replayed from any place. Lamps, daylight and sun,
fog on cold mornings, dust, spiders, and a camera that sags slowly and is knocked now and then.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from appliance.demo.faceplate import WHEELS, wheel_box
from appliance.demo.photograph import Light, View
from appliance.demo.weather import DAY_S, STEP_S, Floats, dice, sky, sun, temperature

HOUR_S = 3600
KNOCK_DAYS = 35
LAMP_DAYS = 30
DARKEST = 0.12
"""With less light than this the camera turns its infrared lamps on, if it has any."""
LONGEST_GAIN = 6.0


@dataclass(frozen=True)
class Cupboard:
    """`view(at)` is what the camera's picture suffers from at `at` (UTC ms).

    `start` (UTC ms) is when camera and glass were set up clean. A knock at `far_knock_at` moves the camera
    further than anything can be read with.
    """

    seed: int = 1
    start: int = 0
    latitude: float = 59.858
    longitude: float = 17.645
    far_knock_at: int | None = None

    def view(self, at: int) -> View:
        """How the camera hangs, what light it has and what is in its way."""
        seconds = at // 1000
        day, second = divmod(seconds, DAY_S)
        lamp, infrared = self._lamp(day, second)
        daylight = self._daylight(day, second)
        if not infrared and lamp + daylight < DARKEST and not self._infrared_is_out(day):
            lamp, infrared = 0.5, True
        gain = _gain(lamp + daylight)
        right, down, turn, scale = self._hang(seconds)
        if self.far_knock_at is not None and at >= self.far_knock_at:
            right, turn = right + 420.0, turn + 18.0
        glare, spot = self._glare(day, second, lamp)
        return View(
            lamp=lamp * gain,
            daylight=daylight * gain,
            tint=(1.0, 1.0, 1.0) if infrared else self._tint(seconds),
            noise=(2.2 if infrared else 1.0) * max(1.0, gain) ** 0.5,
            infrared=infrared,
            turn_deg=turn,
            shift=(right, down),
            scale=scale,
            blur=0.8 + 0.5 * self._wander(seconds, 7, 3 * DAY_S),
            glare=glare * min(1.0, gain),
            glare_at=spot,
            band=0.3 * max(0.0, 2 * self._wander(seconds, 8, 10 * DAY_S) - 1) * (lamp > daylight),
            band_at=float(dice(self.seed, seconds, 9).random()),
            fog=self._fog(day, second),
            dust=min(1.0, 0.9 * max(0.0, at - self.start) / (365 * DAY_S * 1000)),
            spider=self._spider(day, second),
        )

    def _wander(self, seconds: int, salt: int, period_s: int) -> float:
        """Between 0 and 1, with a new aim every `period_s`."""
        number, rest = divmod(seconds, period_s)
        here, there = (float(dice(self.seed, n, 50 + salt).random()) for n in (number, number + 1))
        share = rest / period_s
        return here + (there - here) * share * share * (3 - 2 * share)

    def _hang(self, seconds: int) -> tuple[float, float, float, float]:
        """Pixels right and down, degrees, size: slow sagging, and where the last knock left it."""
        sag = [2 * self._wander(seconds, salt, 20 * DAY_S) - 1 for salt in range(4)]
        epoch, second = divmod(seconds, KNOCK_DAYS * DAY_S)
        knocked = second >= dice(self.seed, epoch, 60).integers(0, KNOCK_DAYS * DAY_S)
        knock = dice(self.seed, epoch - (not knocked), 61).uniform(-1, 1, 4)
        return (
            18 * sag[0] + 70 * float(knock[0]),
            12 * sag[1] + 45 * float(knock[1]),
            0.8 * sag[2] + 3.4 * float(knock[2]),
            1 + 0.008 * sag[3] + 0.034 * float(knock[3]),
        )

    def _lamp(self, day: int, second: int) -> tuple[float, bool]:
        """The cupboard's lamp (it ages, and fails for some hours now and then); infrared or not."""
        epoch = day // LAMP_DAYS
        luck = dice(self.seed, epoch, 62)
        fails, length = epoch * LAMP_DAYS + luck.random() * LAMP_DAYS, luck.uniform(2, 14) / 24
        if fails <= day + second / DAY_S < fails + length:
            return 0.0, False
        age = (day % 365) / 365
        return 0.95 - 0.2 * age + 0.05 * self._wander(day * DAY_S + second, 10, 6 * HOUR_S), False

    def _infrared_is_out(self, day: int) -> bool:
        return bool(dice(self.seed, day // LAMP_DAYS, 63).random() < 0.15)

    def _tint(self, seconds: int) -> Light:
        """From the yellow of an old bulb to the blue of a cheap LED, over months."""
        warm = self._wander(seconds, 11, 60 * DAY_S)
        return 1.1 - 0.35 * warm, 1.0 - 0.04 * warm, 0.88 + 0.2 * warm

    def _daylight(self, day: int, second: int) -> float:
        light, _ = _sky(self.seed, day, self.latitude, self.longitude)
        return 0.55 * float(light[second // STEP_S])

    def _glare(self, day: int, second: int, lamp: float) -> tuple[float, tuple[float, float]]:
        """The lamp's weak reflection, or the sun's, which crosses the glass on clear mornings."""
        light, height = (
            float(row[second // STEP_S]) for row in _sky(self.seed, day, self.latitude, self.longitude)
        )
        crossing = (second / HOUR_S - 6.0) / 3.0
        if 0 < crossing < 1 and 0.06 < height < 0.5 and light > 0.35 * height:
            # Only for some minutes does it hit the counter itself, on its way across and down.
            strength = 0.25 + 0.75 * float(dice(self.seed, day, 64).random()) ** 3
            return strength, (-100 + 1500 * crossing, 60 + 520 * crossing)
        return 0.15 * lamp, (880.0, 150.0)

    def _fog(self, day: int, second: int) -> float:
        """Cold mornings, one in eight: rises within a quarter hour, is gone after one or two hours."""
        luck = dice(self.seed, day, 65)
        begins, length = luck.uniform(4, 8) * HOUR_S, luck.uniform(0.7, 2.0) * HOUR_S
        foggy = luck.random() < 0.2 and float(temperature(self.seed, day).min()) < 2
        passed = (second - begins) / length
        if not foggy or not 0 <= passed <= 1:
            return 0.0
        return float(luck.uniform(0.15, 0.7) * min(1.0, passed * 6) * (1 - passed) ** 0.7)

    def _spider(self, day: int, second: int) -> tuple[float, float, float] | None:
        """Some evenings one walks in, sits on a digit for some minutes, and walks on."""
        luck = dice(self.seed, day, 66)
        comes, stays = luck.uniform(16, 23.5) * HOUR_S, luck.uniform(2, 25) * 60
        walk = luck.uniform(60, 400)
        passed = second - comes
        if luck.random() > 0.2 or not 0 <= passed <= 2 * walk + stays:
            return None
        x, y, w, h = wheel_box(int(luck.integers(0, WHEELS)))
        seat = np.array([x + luck.uniform(0.2, 0.8) * w, y + luck.uniform(0.2, 0.8) * h])
        doors = np.array([[luck.uniform(0, 1280), -60.0], [luck.uniform(0, 1280), 780.0]])
        if passed < walk:
            here, way = doors[0] + (seat - doors[0]) * passed / walk, seat - doors[0]
        elif passed < walk + stays:
            here, way = seat, np.array([1.0, luck.uniform(-1, 1)])
        else:
            here, way = seat + (doors[1] - seat) * (passed - walk - stays) / walk, doors[1] - seat
        return float(here[0]), float(here[1]), float(np.degrees(np.arctan2(way[1], way[0])))


def _gain(light: float) -> float:
    """What the camera's exposure makes of the light it has: nearly all of what is amiss."""
    return min(LONGEST_GAIN, float(light**-0.85)) if light > 0 else 1.0


@lru_cache(maxsize=4)
def _sky(seed: int, day: int, latitude: float, longitude: float) -> Floats:
    """Two rows, a value a step: daylight through the clouds, and the sine of the sun's height."""
    height = np.maximum(sun(day, latitude, longitude), 0.0)
    return np.stack([height**0.7 * sky(seed, day), height])
