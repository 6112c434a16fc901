"""A meter's telegram as readings, whatever it came by."""

from appliance.clock import EARLIEST_SANE_MS
from appliance.model import Reading
from appliance.protocols import dsmr
from appliance.protocols.telegram import Telegram


def to_readings(telegram: Telegram, source: str, now: int) -> list[Reading]:
    """The readings of a telegram that arrived at `now` (UTC ms).

    They bear the meter's own time, by which quarters are billed. But a Pi and a meter may disagree: more
    than five minutes apart ours counts, and times of gas, water and heat move by the same difference.
    """
    known = telegram.at is not None and abs(now - telegram.at) <= dsmr.SLACK_MS
    at = telegram.at if known and telegram.at is not None else now
    skew = 0 if known or telegram.at is None else now - telegram.at
    readings = []
    for quantity, value in telegram.readings.items():
        moment = telegram.moments.get(quantity, at - skew) + skew
        if not EARLIEST_SANE_MS <= moment <= at:
            moment = at
        readings.append(Reading(source, quantity, value, moment))
    return readings
