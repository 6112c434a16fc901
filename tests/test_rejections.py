"""Refusals are told while they are news and do not fill the log."""

from appliance.clock import HOUR_MS
from appliance.model import Event, Quantity, Reading
from appliance.rejections import TOLD_EACH, Rejections

READING = Reading("p1", Quantity.ENERGY_IMPORT, 1.0, 0)
EVENT = Event("p1", "rejected", 0, "too low")


def told(rejections: Rejections, every_ms: int, count: int) -> int:
    return sum(rejections.worth_telling(READING, EVENT, i * every_ms) for i in range(count))


def test_a_camera_that_refuses_each_minute_is_told_ten_times_and_then_hourly() -> None:
    assert told(Rejections(), 60_000, 60) == TOLD_EACH
    assert told(Rejections(), 60_000, 24 * 60) == TOLD_EACH + 23


def test_a_telegram_a_second_does_not_fill_the_log() -> None:
    assert told(Rejections(), 1_000, 86_400) <= TOLD_EACH + 24


def test_after_a_good_reading_a_refusal_is_news_again() -> None:
    rejections = Rejections()
    told(rejections, 60_000, 30)
    assert not rejections.worth_telling(READING, EVENT, 30 * 60_000)
    rejections.cleared(READING)
    assert rejections.worth_telling(READING, EVENT, 30 * 60_000)


def test_a_clock_set_back_does_not_silence_it() -> None:
    rejections = Rejections()
    assert rejections.worth_telling(READING, EVENT, 10 * HOUR_MS)
    assert rejections.worth_telling(READING, EVENT, 9 * HOUR_MS)


def test_anything_but_a_refusal_is_always_told() -> None:
    rejections, rebased = Rejections(), Event("p1", "register_rebased", 0, "")
    assert all(rejections.worth_telling(READING, rebased, i) for i in range(20))
