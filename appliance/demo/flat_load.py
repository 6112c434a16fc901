"""What a flat in Bengaluru draws: a family, fans, an air conditioner in the warm months, no heating."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from appliance.demo.weather import (
    DAY_S,
    EPOCH_WEEKDAY,
    STEP_S,
    STEPS,
    Floats,
    Ints,
    day_of_year,
    dice,
    smooth,
)

HOTTEST = 105
"""Day of the year: the middle of April, before the monsoon."""
LEAST_W = 35


@dataclass(frozen=True)
class Use:
    """Something switched on: seconds from the beginning of its local day, and watts."""

    start_s: float
    length_s: float
    watts: int


def warmth(day: int) -> float:
    """How warm the season is, 0 (December) to 1 (April), of a day since 1970."""
    return float((1 + np.cos(2 * np.pi * (day_of_year(day) - HOTTEST) / 365.2425)) / 2)


def load(seed: int, day: int) -> Ints:
    """Watts in each step of the local day `day` (days since 1970)."""
    watts = _always_on(seed, day)
    for use in _uses(seed, day):
        first, last = (
            int(np.clip(at // STEP_S, 0, STEPS)) for at in (use.start_s, use.start_s + use.length_s)
        )
        watts[first:last] += use.watts
    # The night's air conditioner runs over midnight: it belongs to the evening it was switched on in.
    watts += _cooling(seed, day - 1, -DAY_S) + _cooling(seed, day, 0)
    whole: Ints = np.maximum(watts, LEAST_W).astype(np.int64)
    return whole


def _always_on(seed: int, day: int) -> Floats:
    seconds = day * DAY_S + np.arange(STEPS) * STEP_S
    fridge = np.where(seconds % 2700 < 1100, 120.0, 3.0)
    people = 150 * smooth(seed, day, 51, 24)
    hour = np.arange(STEPS) * STEP_S / 3600
    lamps = np.where((hour > 18.3) & (hour < 22.8), 90 + 60 * smooth(seed, day, 52, 24), 8.0)
    fans = np.where((hour > 9) & (hour < 17.5), 40.0, 110.0) * (0.4 + 0.6 * warmth(day))
    found: Floats = 55 + fridge + people + lamps + fans + dice(seed, day, 53).normal(0, 4, STEPS)
    return found


def _uses(seed: int, day: int) -> Iterator[Use]:
    rng = dice(seed, day, 54)
    free = (day + EPOCH_WEEKDAY) % 7 >= 5

    def about(hour: float, spread: float) -> float:
        return 3600 * float(rng.normal(hour, spread))

    up = 7.4 if free else 6.2
    for person in range(int(rng.integers(2, 4))):  # the geyser, a bath each
        yield Use(about(up + 0.4 * person, 0.1), float(rng.uniform(480, 960)), 2000)
    yield Use(about(up + 0.8, 0.2), float(rng.uniform(240, 420)), 550)  # mixer and grinder
    for hour in (up + 0.5, 13.2, 19.9):  # induction stove and microwave
        yield Use(about(hour, 0.3), float(rng.uniform(700, 1900)), 1500)
        yield Use(about(hour + 0.4, 0.2), float(rng.uniform(90, 300)), 1150)
    yield Use(about(20.6, 0.3), float(rng.uniform(1.5, 3) * 3600), 130)  # television
    if rng.random() < 0.6:
        yield Use(about(10.5, 1.2), float(rng.uniform(2700, 4200)), 420)  # washing machine
    if rng.random() < 0.4:
        yield Use(about(8.2 if free else 7.4, 0.3), float(rng.uniform(400, 1100)), 1000)  # iron


def _cooling(seed: int, day: int, offset_s: int) -> Floats:
    """Watts of the bedroom's air conditioner that is switched on in the evening of `day`, if it is."""
    rng = dice(seed, day, 55)
    begin, length = 3600 * float(rng.normal(22.4, 0.4)), 3600 * float(rng.uniform(5.5, 8))
    wanted = warmth(day) > rng.random() * 0.9
    seconds = np.arange(STEPS) * STEP_S - offset_s - begin
    share = 0.45 + 0.3 * warmth(day)
    runs = (seconds >= 0) & (seconds < length) & ((seconds % 1260 < share * 1260) | (seconds < 1500))
    return np.where(runs & wanted, 1380.0, 0.0)
