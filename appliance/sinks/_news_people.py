"""To whom news goes, and when a person is not to be disturbed: pure."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import time
from typing import Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, model_validator

from appliance.calendar import local
from appliance.model import Event
from appliance.news import topic_of
from config.messages import DayTime, Topic


class Quiet(BaseModel):
    """When not to be disturbed, by the site's clock, over midnight too; what is urgent is told all the same.

    Hours are those the wall clock shows: in the night it is set back they last an hour longer.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    start: DayTime
    """From when on, such as "22:00"."""
    end: DayTime
    """Until when, such as "07:00"; what happened is then summed up in one message."""

    @model_validator(mode="after")
    def _some_time(self) -> Self:
        if self.start == self.end:
            raise ValueError("quiet hours need a start and an end that differ")
        return self

    def holds(self, at: int, zone: ZoneInfo) -> bool:
        """Whether it is quiet at an instant (UTC ms)."""
        now: time = local(at, zone).time()
        if self.start < self.end:
            return self.start <= now < self.end
        return now >= self.start or now < self.end


@dataclass(frozen=True)
class Person:
    """Somebody who is written to. `key` names the cursors and stays the same; `name` is for people; `kind`
    is the service. `topics` None means all."""

    key: str
    name: str
    kind: str
    topics: Collection[Topic] | None = None
    quiet: Quiet | None = None

    def wants(self, event: Event, on: Collection[Topic]) -> bool:
        """Whether to be told of it, while the topics `on` are on."""
        topic = topic_of(event)
        return topic is not None and topic in on and (self.topics is None or topic in self.topics)


@dataclass(frozen=True)
class Place:
    """What a text needs to know of the house: its name, zone, running sources by name, and how our texts are
    told in its language."""

    site: str
    zone: ZoneInfo
    sources: Collection[str] = ()
    say: Callable[[str], str] = field(default=str)
