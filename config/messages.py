"""What is worth a message to the owner. Where messages go is said under `sinks` (telegram, messages)."""

import re
from datetime import time
from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from config.section import Section

Topic = Literal[
    "summary", "balance", "recharge", "generator", "battery", "outage", "high_use", "phases", "prices",
    "meter", "source", "appliance",
]  # fmt: skip
TOPICS: tuple[Topic, ...] = get_args(Topic)
WALL_TIME = r"([01]\d|2[0-3]):[0-5]\d"


def _day_time(said: object) -> object:
    """Pydantic itself would take seconds since midnight, and a time with a zone of its own."""
    if isinstance(said, time) and said.tzinfo is None:
        return said
    if isinstance(said, str) and re.fullmatch(WALL_TIME, said):
        return time.fromisoformat(said)
    raise ValueError("must be a time by the site's clock, such as 23:59")


DayTime = Annotated[
    time,
    BeforeValidator(_day_time),
    PlainSerializer(lambda at: f"{at:%H:%M}", when_used="json"),
    WithJsonSchema({"type": "string", "pattern": f"^{WALL_TIME}$", "examples": ["23:59"]}),
]
"""A time of the day by the site's clock, HH:MM."""


class Messages(Section):
    """What is worth a message, and from which value on. The Messages page changes these without a restart;
    what was changed there counts before what stands here."""

    off: tuple[Topic, ...] = ()
    """Topics that nobody is told of: summary, balance, recharge, generator, battery, outage, high_use,
    phases, prices, meter, source, appliance."""
    summary_at: DayTime = time(23, 59)
    """When the summary of the day is made, by the site's clock."""
    low_balance: float | None = Field(default=500, ge=0)
    """A prepaid meter's balance below this is told once a day; null for never."""
    low_days: float | None = Field(default=3, ge=0)
    """So is a balance that lasts fewer days than this at present use; null for never."""
    battery_low_percent: float | None = Field(default=20, ge=0, le=100)
    """A battery's state of charge below this is told; null for never."""
    high_power_kw: float | None = Field(default=None, gt=0)
    """Power drawn above this for `high_power_minutes` is told; null for never."""
    high_power_minutes: float = Field(default=15, ge=1, le=1440)
    """For how long it has to be drawn."""
    high_day_kwh: float | None = Field(default=None, gt=0)
    """A day that uses more than this is told, once; null for never."""
    peak_price: float | None = None
    """Hours tomorrow at or above this price per kWh, as the contract has it, are told; null for those that
    cost half as much again as the day's mean."""
    meter_minutes: float = Field(default=60, ge=5, le=10_080)
    """A meter is told of when for so long every reading of it was refused, or no picture came."""
    silent_minutes: float = Field(default=30, ge=1, le=10_080)
    """A source is told of when it was silent for so long, and for three times its own cadence."""
