"""What every sink shares: its options, what the appliance lends it, and how it is found."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from zoneinfo import ZoneInfo

import appliance.sinks
from appliance import plugins
from appliance.clock import Clock
from appliance.hub import Hub
from appliance.model import Event, Reading
from appliance.plugins import Found, PartOptions
from appliance.store import Store

__all__ = ["Found", "Report", "SinkContext", "SinkOptions", "discover"]


class SinkOptions(PartOptions):
    """Options every sink has."""


class Report(Protocol):
    """How a sink tells the Health page and everyone else how it goes."""

    def ok(self, text: str) -> None:
        """It works; `text` says how far it is."""

    def trouble(self, text: str, *, needs_you: bool = False) -> None:
        """It does not work; it tries again by itself unless it `needs_you`."""

    def event(self, event: Event) -> None:
        """Something to be kept and shown."""


@dataclass(frozen=True)
class SinkContext:
    """What the appliance lends a sink. `looks` gives a register reading's method and digits."""

    clock: Clock
    store: Store
    hub: Hub
    zone: ZoneInfo
    appliance_id: str
    report: Report
    looks: Callable[[Reading], tuple[str, list[int]]]


def discover() -> dict[str, Found]:
    """Every kind of sink by type."""
    return plugins.discover(appliance.sinks)
