"""Readings as InfluxDB line protocol, which every store of this kind takes. Pure; instants are UTC ms.

    tallywatt,appliance=hut,quantity=energy_import,source=meter value=48713.429,confidence=0.98 1778000000000
    tallywatt,appliance=hut,quantity=temperature,source=powerwall,unit=unit1 value=31.5 1778000000000

One line is one reading. Its key (measurement, tags, instant) is what the reading is: appliance, source,
quantity and the instant it was captured; sent twice it is one point. So a quantity is a tag and not a field
or a measurement: stores that replace the whole row of a key (QuestDB) would lose fields that come a line
later, and one question counts every series. `value` is in the quantity's own unit (`appliance/model.py`: W,
kWh, %, ...) and always a float, a state its number; `confidence` (0..1) is left out where it is 1; `unit` is
there for units behind a source only. Prices are lines of `<measurement>_price`, see `price_line`.

InfluxQL:  SELECT mean("value") FROM "tallywatt" WHERE "quantity"='power_grid' AND $timeFilter GROUP BY ...
PromQL, VictoriaMetrics joins measurement and field:  tallywatt_value{quantity="power_grid",appliance="hut"}

What VictoriaMetrics is told of an instant for the second time with another value has the tag `version` ("2",
"3", ...): which of two values of one key it keeps depends on its release. Read both with
`max by (...) (tallywatt_value{version!=""}) or ignoring(version) tallywatt_value{version=""}`; elsewhere the
later value takes the place of the earlier.

VictoriaMetrics keeps 12 to 15 significant digits of a value (run: 1/3 comes back as 0.333333333333) and whole
milliseconds; InfluxDB keeps all.

Source: docs.influxdata.com/influxdb/v1/write_protocols/line_protocol_reference.
"""

from collections.abc import Mapping, Sequence

from appliance.model import Price, Reading

MEASUREMENT = "tallywatt"
PER_MS = {"ms": 1, "us": 1_000, "ns": 1_000_000}
"""How many of each precision make a millisecond."""
_IN_TAG = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ "})
_IN_MEASUREMENT = str.maketrans({",": r"\,", " ": r"\ "})


def fit(text: str) -> bool:
    """Whether it can be a name, a tag or its value: a line cannot say a backslash or what ends a line."""
    return bool(text) and text.isprintable() and "\\" not in text


def line(
    reading: Reading,
    appliance_id: str,
    *,
    measurement: str = MEASUREMENT,
    tags: Mapping[str, str] | None = None,
    precision: str = "ms",
    version: int = 1,
) -> str:
    """The line of one reading, without its end. `tags` are added to it; names and values are `fit`."""
    source, _, unit = reading.source.partition(".")
    own = {"appliance": appliance_id, "source": source, "unit": unit, "quantity": str(reading.quantity)}
    if version > 1:
        own["version"] = str(version)
    fields = f"value={float(reading.value)!r}"
    if reading.confidence < 1:
        fields += f",confidence={float(reading.confidence)!r}"
    return _joined(measurement, {**(tags or {}), **own}, fields, reading.at * PER_MS[precision])


def price_line(
    price: Price,
    appliance_id: str,
    *,
    measurement: str = MEASUREMENT,
    tags: Mapping[str, str] | None = None,
    precision: str = "ms",
) -> str:
    """The line of a price at the start of its interval: tags appliance, source, channel; `value` per kWh and
    `forecast` 1.0 or 0.0 (an actual price takes the place of its forecast)."""
    own = {"appliance": appliance_id, "source": price.source, "channel": price.channel}
    fields = f"value={float(price.per_kwh)!r},forecast={float(price.kind == 'forecast')!r}"
    return _joined(f"{measurement}_price", {**(tags or {}), **own}, fields, price.start * PER_MS[precision])


def _joined(measurement: str, tags: Mapping[str, str], fields: str, stamp: int) -> str:
    named = sorted((name, value) for name, value in tags.items() if value)
    listed = "".join(f",{name.translate(_IN_TAG)}={value.translate(_IN_TAG)}" for name, value in named)
    return f"{measurement.translate(_IN_MEASUREMENT)}{listed} {fields} {stamp}"


def fitting(lines: Sequence[str], most_bytes: int) -> int:
    """How many of the lines, from the first, make a body of at most so many bytes; at least one."""
    size = 0
    for number, text in enumerate(lines):
        size += len(text.encode()) + 1
        if size > most_bytes:
            return max(1, number)
    return len(lines)
