"""Fixed words of the daemon, as people say them. Free text of devices is shown as it came."""

from appliance.model import Event, Quantity
from appliance.supervise import State

from .text import N_, Texts

STATES = {
    State.STARTING: (N_("Starting"), "none"),
    State.OK: (N_("Working"), "ok"),
    State.WAITING: (N_("Trying again"), "warn"),
    State.NEEDS_YOU: (N_("Needs you"), "bad"),
    State.STOPPED: (N_("Stopped"), "none"),
}
ROLES = {
    "source": N_("Source"),
    "sink": N_("Destination"),
    "store": N_("Memory"),
    "config": N_("Settings"),
}
EVENTS = {
    "rejected": (N_("Reading refused"), "warn"),
    "unreadable": (N_("Picture not readable"), "warn"),
    "part_failed": (N_("Stopped answering"), "warn"),
    "part_back": (N_("Works again"), "ok"),
    "meter_exchanged": (N_("Meter exchanged"), "none"),
    "meter_changed": (N_("Another meter?"), "warn"),
    "delivery_refused": (N_("Sending refused"), "warn"),
    "delivery_gaps": (N_("Gaps at the receiver"), "warn"),
    "register_corrected": (N_("Register set right"), "none"),
    "register_rebased": (N_("Register followed"), "none"),
    "register_turned": (N_("Register began anew"), "none"),
    "picture_not_kept": (N_("Picture not kept"), "warn"),
    "push_refused": (N_("Sending refused"), "warn"),
    "value_missing": (N_("Value missing"), "warn"),
    "price_stand_in": (N_("Prices from the stand-in"), "none"),
    "price_licence": (N_("Licence of the prices"), "none"),
    "exchange_rate": (N_("Exchange rate"), "none"),
    "push_silent": (N_("Asked, not pushed"), "none"),
    "fuse_overload": (N_("Main fuse overloaded"), "bad"),
    "fuse_calm": (N_("Main fuse has headroom"), "ok"),
    "phase_imbalance": (N_("Phases far apart"), "warn"),
    "phases_balanced": (N_("Phases even again"), "ok"),
    "grid_down": (N_("Grid lost"), "bad"),
    "grid_up": (N_("Grid back"), "ok"),
    "alert_on": (N_("Alert"), "warn"),
    "alert_off": (N_("Alert over"), "ok"),
    "pulses_missed": (N_("Pulses missed"), "warn"),
    "register_not_kept": (N_("Register not kept"), "warn"),
    "store_restored": (N_("Memory restored"), "warn"),
    "store_lost": (N_("Memory lost"), "bad"),
    "daily_summary": (N_("Summary of the day"), "none"),
    "low_balance": (N_("Low balance"), "warn"),
    "recharge": (N_("Recharged"), "ok"),
    "deduction": (N_("Deducted"), "none"),
    "generator_on": (N_("On the generator"), "warn"),
    "generator_off": (N_("Off the generator"), "ok"),
    "battery_low": (N_("Battery low"), "warn"),
    "battery_recovered": (N_("Battery recovered"), "ok"),
    "high_power": (N_("High power"), "warn"),
    "high_power_over": (N_("High power over"), "ok"),
    "high_day": (N_("A day of high use"), "warn"),
    "price_peaks": (N_("Price peaks"), "warn"),
    "meter_unread": (N_("Meter not read"), "warn"),
    "meter_read": (N_("Meter read again"), "ok"),
    "source_silent": (N_("Silent source"), "warn"),
    "source_back": (N_("Source is back"), "ok"),
    "portal_clock": (N_("Clock is wrong"), "warn"),
    "needs_you": (N_("Needs you"), "bad"),
    "message_refused": (N_("Message refused"), "warn"),
    "stranger": (N_("Wrote to your bot"), "warn"),
    "documents_restored": (N_("Settings restored"), "warn"),
    "readings_lost": (N_("Readings lost"), "bad"),
}
QUANTITIES = {
    Quantity.ENERGY_IMPORT: N_("Import register"),
    Quantity.ENERGY_EXPORT: N_("Export register"),
    Quantity.ENERGY_IMPORT_T1: N_("Import register T1"),
    Quantity.ENERGY_IMPORT_T2: N_("Import register T2"),
    Quantity.ENERGY_EXPORT_T1: N_("Export register T1"),
    Quantity.ENERGY_EXPORT_T2: N_("Export register T2"),
    Quantity.ENERGY_SOLAR: N_("Solar energy"),
    Quantity.ENERGY_LOAD: N_("Home energy"),
    Quantity.ENERGY_CHARGED: N_("Battery charged"),
    Quantity.ENERGY_DISCHARGED: N_("Battery discharged"),
    Quantity.REACTIVE_IMPORT: N_("Reactive import register"),
    Quantity.REACTIVE_EXPORT: N_("Reactive export register"),
    Quantity.GAS: N_("Gas"),
    Quantity.WATER: N_("Water"),
    Quantity.HEAT: N_("Heat"),
    Quantity.ENERGY_GENERATOR: N_("Generator register"),
    Quantity.SUPPLY: N_("Supply"),
    Quantity.RELAY: N_("Supply relay"),
    Quantity.BALANCE: N_("Balance"),
    Quantity.DAYS_LEFT: N_("Days left"),
    Quantity.IMPORT_TODAY: N_("Imported today"),
    Quantity.IMPORT_MONTH: N_("Imported this month"),
    Quantity.GENERATOR_TODAY: N_("From the generator today"),
    Quantity.GENERATOR_MONTH: N_("From the generator this month"),
    Quantity.IMPORT_COST_TODAY: N_("Import cost today"),
    Quantity.IMPORT_COST_MONTH: N_("Import cost this month"),
    Quantity.GENERATOR_COST_TODAY: N_("Generator cost today"),
    Quantity.GENERATOR_COST_MONTH: N_("Generator cost this month"),
    Quantity.POWER_FAILURES: N_("Power failures"),
    Quantity.LONG_POWER_FAILURES: N_("Long power failures"),
}


def quantity_short(texts: Texts, quantity: Quantity) -> str:
    """Where there is no room for more: on tabs."""
    return quantity_name(texts, quantity).replace(" register", "")


def amount(texts: Texts, quantity: Quantity, value: float) -> str:
    """Where a register stands, with its unit; the two stay on one line."""
    return f"{texts.register(value, quantity.spec.decimals)}\u00a0{quantity.spec.unit}".strip()


def quantity_name(texts: Texts, quantity: Quantity) -> str:
    return texts._(QUANTITIES.get(quantity, quantity.spec.label))


def event_name(texts: Texts, event: Event) -> tuple[str, str]:
    """What happened and its level."""
    name, level = EVENTS.get(event.name, (event.name.replace("_", " ").capitalize(), "none"))
    return texts._(name), level
