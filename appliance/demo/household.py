"""What happens in the virtual house: what runs on which phase, when water and gas are drawn."""

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
    dice,
    smooth,
    temperature,
)

PHASE_V = 230
EV_W = 11_000
EV_LEAST_W = 4_140
"""6 A on three phases: below that a car may not charge (IEC 61851)."""


@dataclass(frozen=True)
class Run:
    """An appliance at work: `start_s` from the beginning of its local day, watts on each phase."""

    start_s: float
    length_s: float
    watts: tuple[int, int, int]
    water_lph: int = 0
    gas_lph: int = 0
    is_car: bool = False


def runs(seed: int, day: int) -> list[Run]:
    """Everything people switch on in the local day `day` (days since 1970)."""
    rng = dice(seed, day, 10)
    free = (day + EPOCH_WEEKDAY) % 7 >= 5
    up = rng.normal(8.6 if free else 6.5, 0.4)
    return [*_morning(rng, up), *_evening(rng, free), *_machines(rng, up)]


def _at(rng: np.random.Generator, hour: float, spread: float) -> float:
    return 3600 * float(rng.normal(hour, spread))


def _morning(rng: np.random.Generator, up: float) -> Iterator[Run]:
    for cup in range(int(rng.integers(1, 4))):
        yield Run(_at(rng, up + 0.4 + cup * 0.7, 0.15), float(rng.uniform(120, 260)), (0, 2000, 0), 60)
    for person in range(int(rng.integers(1, 4))):
        yield Run(_at(rng, up + 0.25 * person, 0.1), float(rng.uniform(240, 600)), (0, 0, 60), 540, 1500)


def _evening(rng: np.random.Generator, free: bool) -> Iterator[Run]:
    dinner = _at(rng, 17.8, 0.5)
    minutes = float(rng.uniform(25, 70))
    for burst in np.arange(0.0, minutes, 4.5):
        # A thermostat: the first burst heats the oven up, the rest keep it warm.
        length = 270.0 if burst < 9 else float(rng.uniform(60, 130))
        yield Run(dinner + 60 * burst, length, (2400, 0, 0))
    yield Run(dinner + 600, float(rng.uniform(900, 2100)), (0, 700, 900), 30, 250)
    yield Run(_at(rng, 20.5, 0.6), float(rng.uniform(150, 260)), (0, 2000, 0), 60)
    if free:
        yield Run(_at(rng, 12.5, 0.5), float(rng.uniform(900, 1800)), (1200, 0, 800), 40, 250)


def _machines(rng: np.random.Generator, up: float) -> Iterator[Run]:
    if rng.random() < 0.8:  # dishwasher: heats twice
        start = _at(rng, 20.2, 0.8)
        for begin, length, watts in ((300, 1100, 2000), (1400, 2600, 90), (4000, 900, 2000)):
            yield Run(start + begin, length, (0, 0, watts), 20)
    if rng.random() < 0.45:  # washing machine
        start = _at(rng, up + 3, 1.5)
        yield Run(start, 1300, (0, 2050, 0), 90)
        yield Run(start + 1300, 3600, (0, 260, 0), 30)
    if rng.random() < 0.55:  # the car, over night
        yield Run(_at(rng, 22.3, 0.8), float(rng.uniform(1.2, 4.5)) * 3600, (0, 0, 0), is_car=True)


@dataclass(frozen=True)
class Use:
    """A UTC day of the house, one value a step: watts on each phase (3 x steps), litres an hour."""

    watts: Ints
    water_lph: Ints
    gas_lph: Ints


def use(seed: int, day: int, offset_s: int, fuse_a: float, season_days: int = 0) -> Use:
    """What the house draws in the UTC day `day`; `offset_s` is local time minus UTC at its noon.

    It is as warm outside as `season_days` later in the year.
    """
    watts, car = _always_on(seed, day, day + season_days), np.zeros(STEPS, dtype=bool)
    water, gas = np.zeros(STEPS, dtype=np.int64), np.zeros(STEPS, dtype=np.int64)
    for other in (day - 1, day, day + 1):
        for run in runs(seed, other):
            start = (other - day) * DAY_S - offset_s + run.start_s
            span = slice(*(int(np.clip(t // STEP_S, 0, STEPS)) for t in (start, start + run.length_s)))
            if run.is_car:
                car[span] = True
                continue
            watts[:, span] += np.array(run.watts)[:, None]
            water[span] += run.water_lph
            gas[span] += run.gas_lph
    return Use(watts + _car(car, watts, fuse_a)[None, :] // 3, water, gas)


def _car(plugged: np.ndarray[tuple[int], np.dtype[np.bool_]], others: Ints, fuse_a: float) -> Ints:
    """Watts of the charger: what the fullest phase leaves below the main fuse, or nothing."""
    room: Ints = 3 * (int((fuse_a - 1) * PHASE_V) - others.max(axis=0))
    power = np.minimum(EV_W, room)
    power[~plugged | (power < EV_LEAST_W)] = 0
    return power // 3 * 3


def _always_on(seed: int, day: int, season: int) -> Ints:
    base = 60 + 90 * smooth(seed, day, 11, 48)
    lights = 260 * np.clip(smooth(seed, day, 12, 24) - 0.35, 0.0, 1.0)
    watts = np.stack([base + _fridge(day), base + lights, base + 20])
    watts += _heat_pump(seed, day, season)[None, :] / 3
    # Everything that hums and blinks: a few watts that differ from step to step.
    noise = dice(seed, day, 13).normal(0, 6, (3, STEPS))
    whole: Ints = np.maximum(watts + noise, 15).astype(np.int64)
    return whole


def _fridge(day: int) -> Floats:
    seconds = day * DAY_S + np.arange(STEPS) * STEP_S
    return np.where(seconds % 3360 < 1150, 95.0, 2.0)


def _heat_pump(seed: int, day: int, season: int) -> Floats:
    """A ground-source pump of 2.4 kW that runs longer the colder it is."""
    share = np.clip((15 - temperature(seed, season)) / 38, 0.0, 0.9)
    seconds = day * DAY_S + np.arange(STEPS) * STEP_S
    return np.where(seconds % 2400 < share * 2400, 2400.0, 12.0)
