"""What every sink shares: its options, what the appliance lends it, and how it is found."""

from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import appliance.sinks
from appliance import plugins
from appliance.clock import Clock
from appliance.hub import Hub
from appliance.model import Event
from appliance.plugins import Found, PartOptions
from appliance.store import Store


class SinkOptions(PartOptions):
    """Options every sink has."""


@dataclass(frozen=True)
class SinkContext:
    """What the appliance lends a sink.

    `report(text, event)` says on the Health page that it works and how far it is, and makes an event
    known if there is one to tell.
    """

    clock: Clock
    store: Store
    hub: Hub
    zone: ZoneInfo
    appliance_id: str
    report: Callable[[str, Event | None], None]


def discover() -> dict[str, Found]:
    """Every kind of sink by type."""
    return plugins.discover(appliance.sinks)
