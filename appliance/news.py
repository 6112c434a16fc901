"""Which events are worth a message, and of which topic each is: pure.

An event's `text` is a whole sentence for a person; messages are made of it. What is not listed here is for
the Health page alone.
"""

from appliance.model import Event
from config.messages import Topic

OF_EVENT: dict[str, Topic] = {
    "daily_summary": "summary",
    "low_balance": "balance",
    "recharge": "recharge",
    "deduction": "recharge",
    "generator_on": "generator",
    "generator_off": "generator",
    "battery_low": "battery",
    "battery_recovered": "battery",
    "grid_down": "outage",
    "grid_up": "outage",
    "high_power": "high_use",
    "high_power_over": "high_use",
    "high_day": "high_use",
    "fuse_overload": "phases",
    "fuse_calm": "phases",
    "phase_imbalance": "phases",
    "phases_balanced": "phases",
    "price_peaks": "prices",
    "meter_unread": "meter",
    "meter_read": "meter",
    "meter_exchanged": "meter",
    "meter_changed": "meter",
    "register_rebased": "meter",
    "register_turned": "meter",
    "source_silent": "source",
    "source_back": "source",
    "portal_clock": "source",
    "needs_you": "appliance",
    "documents_restored": "appliance",
    "readings_lost": "appliance",
}
URGENT = frozenset({"grid_down", "grid_up", "fuse_overload", "generator_on"})
"""What is told in quiet hours too, unless its topic is off: something is to be done at once."""


def topic_of(event: Event) -> Topic | None:
    """The topic of an event; None where nobody need be told."""
    return OF_EVENT.get(event.name)
