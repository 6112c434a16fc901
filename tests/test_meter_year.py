"""From the virtual meter's wheels to the register, through a year's troubles: nothing wrong is published.

Some hours of days that hold every kind of trouble; `python -m bench.year` runs all 35,040 quarter hours.
"""

from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest

from appliance.clock import EARLIEST_SANE_MS, HOUR_MS
from bench.year import Year

DAYS = (0, 14, 35, 69, 72, 109, 306, 311)
"""Setting up, then knocks, a failed lamp, flicker, fog, sun, spiders, and in the end a dusty glass."""
HOURS = (4, 5, 6, 7, 8, 9, 18, 19, 20, 21, 22)
KINDS = {"fog", "spider", "sun on the glass", "infrared", "dark", "flicker", "dust", "daylight"}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """What the virtual house is photographed with must not fight over the processors."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    yield
    cv2.setNumThreads(before)


def test_days_of_every_trouble_publish_nothing_wrong_and_nearly_everything(tmp_path: Path) -> None:
    outcome = Year(tmp_path).run(DAYS, HOURS)
    assert outcome.wrong == []
    assert outcome.rebased == 0
    assert outcome.published >= 0.97 * outcome.pictures, str(outcome)
    assert set(outcome.met) >= KINDS, str(outcome)


def test_a_camera_knocked_too_far_is_refused_and_never_read_wrongly(tmp_path: Path) -> None:
    year = Year(tmp_path, far_knock_at=EARLIEST_SANE_MS + 2 * HOUR_MS)
    before = year.run([0], [0, 1]).published
    assert before >= 6
    outcome = year.run([0], [2, 3])
    assert outcome.wrong == []
    assert any("put it back or set the meter up again" in why.lower() for why in outcome.refused), str(
        outcome
    )
