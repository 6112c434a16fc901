"""Meters of a flat that a CARMA portal reads once a day: years of days by seed, and their register.

Everything is counted in hundredths, so the sum of days is the register to the last digit.
"""

import math
import random
from dataclasses import dataclass, field
from datetime import date, timedelta

Span = tuple[date, date]
"""First and last day."""


@dataclass
class CarmaMeter:
    """One meter. `typical` is what a day takes on average, `winter` how much more of it a midwinter day does.

    `unit` is as the portal writes it: "kWh", "m^3-wtr" or "kWh-thml". `start` is the register when the meter
    was put in, at the beginning of `first_day`. While the flat is `vacant` nothing is used.
    """

    id: str
    unit: str
    typical: float
    first_day: date
    winter: float = 0.0
    start: float = 0.0
    vacant: tuple[Span, ...] = ()
    seed: int = 1
    _days: list[int] = field(default_factory=list, repr=False)
    _registers: list[int] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        self._random = random.Random(f"{self.seed}.{self.id}")  # noqa: S311 - chance, no secret

    def value(self, day: date) -> float:
        """What went through on `day`, in `unit`; 0 before the meter was there."""
        number = self._known(day)
        return self._days[number] / 100 if number >= 0 else 0.0

    def register(self, day: date) -> float:
        """What the register shows at the end of `day`, in `unit`."""
        number = self._known(day)
        return self._registers[number] / 100 if number >= 0 else self.start

    def _known(self, day: date) -> int:
        """The number of `day` since the first, after drawing days up to it; below 0 before the first."""
        wanted = (day - self.first_day).days
        while len(self._days) <= wanted:
            taken = self._drawn(self.first_day + timedelta(days=len(self._days)))
            before = self._registers[-1] if self._registers else round(100 * self.start)
            self._days.append(taken)
            self._registers.append(before + taken)
        return wanted

    def _drawn(self, day: date) -> int:
        """Hundredths; drawn for vacant days too, so that the days after do not depend on them."""
        season = 1 + self.winter * math.cos(2 * math.pi * (day.timetuple().tm_yday - 15) / 365.25)
        weekend = 1.2 if day.weekday() >= 5 else 0.92
        drawn = self.typical * max(0.0, season) * weekend * self._random.lognormvariate(0, 0.25)
        return 0 if any(first <= day <= last for first, last in self.vacant) else round(100 * drawn)


def flat(first_day: date, seed: int) -> tuple[CarmaMeter, ...]:
    """Electricity, hot and cold water and heat of a flat since `first_day`.

    Its heat stands still in summer. It was vacant twice: two months in the fifteenth year and four in the
    seventh.
    """

    def years(number: int, month: int, day: int) -> date:
        return date(first_day.year + number, month, day)

    vacant = (years(6, 3, 1), years(6, 6, 30)), (years(14, 9, 1), years(14, 10, 31))
    kinds = (
        ("1203", "kWh", 11.0, 0.25),
        ("T0001203", "m^3-wtr", 0.14, 0.1),
        ("T0002203", "m^3-wtr", 0.25, -0.1),
        ("T0003203", "kWh-thml", 9.0, 1.3),
    )
    return tuple(
        CarmaMeter(id_, unit, typical, first_day, winter, 100.0 * number, vacant, seed)
        for number, (id_, unit, typical, winter) in enumerate(kinds)
    )
