"""What electricity costs in the virtual market: a price for every quarter hour of every area, for ever.

Low at night and in the sunny hours, where it falls below zero at times, high in the morning and the evening.
"""

import math
import zlib
from datetime import UTC, datetime

QUARTER_MS = 900_000
DAY_MS = 86_400_000
EURO = {"SEK": 11.05, "NOK": 11.6, "DKK": 7.46, "GBP": 0.86, "EUR": 1.0}
"""What a euro costs in the virtual market; the central bank says the same."""


def euro_per_mwh(at: int, area: str, season_days: int = 0) -> float:
    """The price of the quarter hour that holds the instant (UTC ms), to the cent; the season is that of
    `season_days` later."""
    start = at - at % QUARTER_MS
    hour = (start % DAY_MS) / 3_600_000 + 1
    moment = datetime.fromtimestamp(start / 1000, UTC)
    season = math.cos(2 * math.pi * (moment.timetuple().tm_yday + season_days - 15) / 365)
    base = 45 + 25 * season + 20 * _chance(f"{area}/{start // DAY_MS}")
    morning, evening = _hill(hour, 8, 1.5), _hill(hour, 18.5, 2.2)
    sun = _hill(hour, 13, 2.5) * (1 - season) / 2
    price = base * (0.6 + 0.7 * morning + 0.9 * evening) - 110 * sun * (
        0.5 + _chance(f"sun/{start // DAY_MS}")
    )
    return round(price + 4 * (_chance(f"{area}/{start}") - 0.5), 2)


def _hill(hour: float, top: float, width: float) -> float:
    return math.exp(-(((hour - top) / width) ** 2))


def _chance(name: str) -> float:
    """0 to 1, always the same for a name."""
    return zlib.crc32(name.encode()) / 0xFFFFFFFF
