"""Sun and clouds over the virtual house, a UTC day at a time and the same for a seed for ever.

Solar position: the usual low-precision formulae (declination and equation of time by Fourier series,
Spencer 1971), good to half a degree. Clear sky: direct beam 1361 x 0.7^(AM^0.678) W/m2 (Meinel 1976).
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

DAY_S = 86_400
STEP_S = 10
STEPS = DAY_S // STEP_S
EPOCH_WEEKDAY = 3
"""1 January 1970 was a Thursday (Monday is 0)."""

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

SECONDS: Floats = np.arange(STEPS, dtype=np.float64) * STEP_S + STEP_S / 2


def dice(seed: int, day: int, salt: int) -> np.random.Generator:
    """Random numbers that belong to this house, this day since 1970 and this use."""
    return np.random.default_rng((seed, day & 0xFFFFFFFF, salt))


def smooth(seed: int, day: int, salt: int, nodes: int) -> Floats:
    """A continuous wander in [0, 1), one value a step, through `nodes` random points a day.

    The day ends where the next begins, so nothing jumps at midnight.
    """
    points = np.append(dice(seed, day, salt).random(nodes), dice(seed, day + 1, salt).random(nodes)[0])
    place = SECONDS * (nodes / DAY_S)
    left = place.astype(np.int64)
    share = place - left
    share = share * share * (3 - 2 * share)
    wander: Floats = points[left] * (1 - share) + points[left + 1] * share
    return wander


def day_of_year(day: int) -> float:
    """0 on 1 January, for a day since 1970 (a quarter day of error at most)."""
    return day % 365.2425


def sun(day: int, latitude: float, longitude: float) -> Floats:
    """Sine of the sun's height above the horizon (degrees in, north and east positive), one value a step."""
    b = 2 * np.pi * day_of_year(day) / 365.2425
    declination = (
        0.006918
        - 0.399912 * np.cos(b)
        + 0.070257 * np.sin(b)
        - 0.006758 * np.cos(2 * b)
        + 0.000907 * np.sin(2 * b)
    )
    equation_min = 229.18 * (
        0.000075
        + 0.001868 * np.cos(b)
        - 0.032077 * np.sin(b)
        - 0.014615 * np.cos(2 * b)
        - 0.040849 * np.sin(2 * b)
    )
    solar_h = SECONDS / 3600 + longitude / 15 + equation_min / 60
    noon = np.cos(np.radians(15 * (solar_h - 12)))
    lat = np.radians(latitude)
    height: Floats = np.sin(lat) * np.sin(declination) + np.cos(lat) * np.cos(declination) * noon
    return height


def clear_sky(day: int, latitude: float, longitude: float, tilt: float = 35.0) -> Floats:
    """W/m2 on a roof that faces the equator at `tilt` degrees under a clear sky."""
    height = sun(day, latitude, longitude)
    # A roof tilted towards the equator sees the sun as flat ground does `tilt` degrees nearer to it.
    roof = sun(day, latitude - np.copysign(tilt, latitude), longitude)
    up = height > 0.01
    mass = 1 / np.maximum(height, 0.01)
    beam = np.where(up, 1361 * 0.7 ** (mass**0.678), 0.0)
    total: Floats = beam * np.maximum(roof, 0.0) + 0.12 * beam * np.sqrt(np.maximum(height, 0.0))
    return total


def sky(seed: int, day: int) -> Floats:
    """The share of clear-sky light that comes through, 0.1..1: weather of days, clouds of minutes."""
    weather = smooth(seed, day, 1, 2)
    cover = np.clip(1.7 * weather - 0.35, 0.0, 1.0)
    passing = 0.6 * smooth(seed, day, 2, 160) + 0.4 * smooth(seed, day, 3, 640)
    cloud = np.clip((passing - (1 - cover)) * 6 + 0.5, 0.0, 1.0) * np.clip(cover * 4, 0.0, 1.0)
    light: Floats = 1 - cloud * (0.45 + 0.42 * cover)
    return light


def temperature(seed: int, day: int) -> Floats:
    """Outdoor °C of middle Sweden: the year, the day and the weather."""
    year = 6.5 - 11.5 * np.cos(2 * np.pi * (day_of_year(day) - 20) / 365.2425)
    hour = -3.0 * np.cos(2 * np.pi * (SECONDS / DAY_S - 2 / 24))
    celsius: Floats = year + hour + 10 * (smooth(seed, day, 4, 2) - 0.5)
    return celsius
