"""What Home Assistant is told of an appliance: one device with all its entities, in one message (pure).

Source: home-assistant.io/integrations/mqtt, device discovery (`homeassistant/device/<id>/config`, Home
Assistant 2024.12 and later), and developers.home-assistant.io on sensor classes. Classes and units come
from the table of quantities; `tests/sinks/test_discovery.py` holds that table against Home Assistant's own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from appliance import __version__
from appliance.model import Kind, Quantity, Spec, parent, unit_of

Json = dict[str, Any]
Ways = Sequence[str]

STATE_CLASSES = {Kind.GAUGE: "measurement", Kind.COUNTER: "total_increasing"}
CLEARER = {
    Quantity.POWER_GRID: "Grid power",
    Quantity.POWER_SOLAR: "Solar power",
    Quantity.POWER_BATTERY: "Battery power",
    Quantity.POWER_LOAD: "Home power",
}
"""Names of quantities whose label needs the page around it to be understood."""
DIAGNOSTIC = frozenset({Quantity.POWER_FAILURES, Quantity.LONG_POWER_FAILURES, Quantity.STATE_OF_CHARGE_RAW})
EVENT_TYPES = (
    "grid_down",
    "grid_up",
    "alert_on",
    "alert_off",
    "fuse_overload",
    "fuse_calm",
    "phase_imbalance",
    "phases_balanced",
    "generator_on",
    "generator_off",
    "recharge",
    "deduction",
    "low_balance",
    "battery_low",
    "high_power",
    "high_day",
    "price_peaks",
    "daily_summary",
    "source_silent",
    "source_back",
    "meter_unread",
    "meter_read",
    "part_failed",
    "part_back",
    "meter_exchanged",
    "register_corrected",
    "register_rebased",
    "register_turned",
    "rejected",
    "other",
)
"""Home Assistant wants to know them beforehand; the name of whatever else happens is in the attributes."""
PRICE_NAMES = {"import": "Import price", "export": "Export price"}
PRICE_EXPIRES_S = 3600


@dataclass(frozen=True, slots=True)
class Topics:
    """Where an appliance says what; `prefix` is all its own, "tallywatt/tallywatt-1a2b3c4d" by default."""

    prefix: str
    appliance: str
    discovery_prefix: str = "homeassistant"

    @property
    def status(self) -> str:
        """ "online" or "offline" (also the last will) of the appliance."""
        return f"{self.prefix}/status"

    @property
    def event(self) -> str:
        """JSON of what just happened."""
        return f"{self.prefix}/event"

    @property
    def discovery(self) -> str:
        """The one message of device discovery."""
        return f"{self.discovery_prefix}/device/{self.appliance}/config"

    def source_status(self, source: str) -> str:
        """ "online" or "offline" of a source, with all units behind it."""
        return f"{self.prefix}/{parent(source)}/status"

    def state(self, source: str, quantity: Quantity) -> str:
        """The value, a plain number or a word."""
        return f"{self.prefix}/{source}/{quantity}"

    def price(self, way: str) -> str:
        """What a kWh costs ("import") or brings in ("export") now."""
        return f"{self.prefix}/price/{way}"

    def prices(self, way: str) -> str:
        """JSON: the price of each quarter hour of today and, once known, tomorrow."""
        return f"{self.prefix}/price/{way}/quarters"


@dataclass(frozen=True, slots=True)
class Series:
    """One quantity of one source, and after how many seconds its value must no longer be shown."""

    source: str
    quantity: Quantity
    expires_s: int


@dataclass(frozen=True, slots=True)
class Device:
    """Whose entities they are: the house's name, its money, and where the appliance's pages are."""

    site: str
    currency: str
    page: str


def config(topics: Topics, device: Device, series: Sequence[Series], prices: Ways = ()) -> Json:
    """The payload of device discovery. Same facts, same payload: it can be compared with the one before."""
    components: dict[str, Json] = {"event": _event(topics)}
    for source in sorted({parent(one.source) for one in series}):
        components[f"{source}-status"] = _connection(topics, source)
    for one in sorted(series, key=lambda one: (one.source, one.quantity)):
        components[_key(one)] = _sensor(topics, one, device.currency)
        if one.quantity is Quantity.GRID_STATE:
            components[_key(one) + "-power"] = _grid(topics, one)
    for way in prices:
        components[f"price-{way}"] = _price(topics, way, device.currency)
    for key, component in components.items():
        platform, id_ = component["platform"], f"tallywatt_{key.replace('-', '_')}"
        component["unique_id"] = f"{topics.appliance}_{key}"
        # The older name of the wish for an entity id, then that of Home Assistant 2025.10 and later.
        component |= {"object_id": id_, "default_entity_id": f"{platform}.{id_}"}
    return {
        "device": _device(topics, device),
        "origin": {"name": "Tallywatt", "sw_version": __version__},
        "availability": [{"topic": topics.status}],
        "components": components,
    }


def removing(payload: Json, gone: Mapping[str, str]) -> Json:
    """The payload that makes Home Assistant forget the components `gone` (key: platform), to be followed by
    the plain one."""
    farewells = {key: {"platform": platform} for key, platform in gone.items()}
    return {**payload, "components": {**payload["components"], **farewells}}


def platforms(payload: Json) -> dict[str, str]:
    """Which components a payload announces, with their platforms."""
    return {key: component["platform"] for key, component in payload["components"].items()}


def _key(one: Series) -> str:
    # No name of a source or quantity has a "-", so no two of them ever meet.
    return f"{one.source.replace('.', '-')}-{one.quantity}"


def _title(source: str) -> str:
    words = source.replace("_", " ").replace(".", " ")
    return words[:1].upper() + words[1:]


def _name(one: Series) -> str:
    label = CLEARER.get(one.quantity, one.quantity.spec.label)
    return f"{_title(one.source)} {label[0].lower()}{label[1:]}"


def _device(topics: Topics, device: Device) -> Json:
    made = {
        "identifiers": [topics.appliance],
        "name": f"Tallywatt {device.site}",
        "manufacturer": "Tallywatt",
        "model": "Energy appliance",
        "serial_number": topics.appliance,
        "sw_version": __version__,
    }
    return made | ({"configuration_url": device.page} if device.page else {})


def _of_source(topics: Topics, source: str) -> Json:
    """Shown while both the appliance and the source are there."""
    both = [{"topic": topics.status}, {"topic": topics.source_status(source)}]
    return {"availability": both, "availability_mode": "all"}


def _sensor(topics: Topics, one: Series, currency: str) -> Json:
    spec, unit = one.quantity.spec, unit_of(one.quantity, currency)
    made: Json = {
        "platform": "sensor",
        "name": _name(one),
        "state_topic": topics.state(one.source, one.quantity),
        "expire_after": one.expires_s,
        **_of_source(topics, one.source),
    }
    if spec.states:
        made |= {"device_class": "enum", "options": list(spec.states)}
    elif spec.kind is not Kind.STATE:
        made |= {"state_class": _state_class(spec), "suggested_display_precision": spec.decimals}
        made |= {"unit_of_measurement": unit} if unit else {}
        made |= {"device_class": spec.ha_class} if spec.ha_class else {}
    if one.quantity in DIAGNOSTIC:
        made["entity_category"] = "diagnostic"
    return made


def _state_class(spec: Spec) -> str:
    """Home Assistant takes amounts of money as totals only, and a fall of a "total_increasing" for a new
    cycle."""
    return "total" if spec.money else "total_increasing" if spec.renews else STATE_CLASSES[spec.kind]


def _grid(topics: Topics, one: Series) -> Json:
    """Whether there is a grid, for automations; the sensor beside it tells the words."""
    return {
        "platform": "binary_sensor",
        "name": f"{_title(one.source)} grid",
        "device_class": "power",
        "state_topic": topics.state(one.source, one.quantity),
        "value_template": "{{ 'ON' if value == 'up' else 'OFF' }}",
        "expire_after": one.expires_s,
        **_of_source(topics, one.source),
    }


def _connection(topics: Topics, source: str) -> Json:
    return {
        "platform": "binary_sensor",
        "name": f"{_title(source)} connection",
        "device_class": "connectivity",
        "entity_category": "diagnostic",
        "state_topic": topics.source_status(source),
        "payload_on": "online",
        "payload_off": "offline",
    }


def _price(topics: Topics, way: str, currency: str) -> Json:
    # "monetary" is for amounts of money; a price per kWh has no device class.
    return {
        "platform": "sensor",
        "name": PRICE_NAMES[way],
        "icon": "mdi:cash",
        "state_topic": topics.price(way),
        "json_attributes_topic": topics.prices(way),
        "state_class": "measurement",
        "unit_of_measurement": f"{currency}/kWh",
        "suggested_display_precision": 3,
        "expire_after": PRICE_EXPIRES_S,
    }


def _event(topics: Topics) -> Json:
    return {
        "platform": "event",
        "name": "Event",
        "icon": "mdi:bell-outline",
        "event_types": list(EVENT_TYPES),
        "state_topic": topics.event,
    }
