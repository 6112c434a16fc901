"""Dark or light: the owner's choice, the device's, or the sun's."""

import math
from typing import Literal

from appliance.clock import DAY_MS

Theme = Literal["auto", "dark", "light", "sunset"]
THEMES: tuple[Theme, ...] = ("auto", "dark", "light", "sunset")
HORIZON_DEG = -0.833
"""The sun's centre when its upper edge touches the horizon: refraction and radius, by convention."""
J2000_MS = 946_728_000_000
NIGHT_HOURS = (22, 6)


def sun_elevation(at: int, latitude: float, longitude: float) -> float:
    """Degrees of the sun above the horizon at an instant (UTC ms), good to about 0.1 degree.

    The low-precision formulas of the Astronomical Almanac (page C5), valid 1950 to 2050.
    """
    days = (at - J2000_MS) / DAY_MS
    anomaly = math.radians((357.528 + 0.9856003 * days) % 360)
    mean = 280.460 + 0.9856474 * days
    ecliptic = math.radians((mean + 1.915 * math.sin(anomaly) + 0.020 * math.sin(2 * anomaly)) % 360)
    tilt = math.radians(23.439 - 0.0000004 * days)
    ascension = math.atan2(math.cos(tilt) * math.sin(ecliptic), math.cos(ecliptic))
    declination = math.asin(math.sin(tilt) * math.sin(ecliptic))
    sidereal = (18.697374558 + 24.06570982441908 * days) % 24
    hour_angle = math.radians(sidereal * 15 + longitude) - ascension
    height = math.sin(math.radians(latitude)) * math.sin(declination)
    height += math.cos(math.radians(latitude)) * math.cos(declination) * math.cos(hour_angle)
    return math.degrees(math.asin(max(-1.0, min(1.0, height))))


def is_dark(theme: str, at: int, latitude: float | None, longitude: float | None) -> bool | None:
    """Whether to draw dark at an instant (UTC ms); None leaves it to the viewing device.

    `sunset` needs to know where the house stands; without that it follows the device.
    """
    if theme in ("dark", "light"):
        return theme == "dark"
    if theme == "sunset" and latitude is not None and longitude is not None:
        return sun_elevation(at, latitude, longitude) < HORIZON_DEG
    return None
