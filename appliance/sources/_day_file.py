"""The static files of elprisetjustnu.se and hvakosterstrommen.no: one a day and area, both of one form.

`[{"SEK_per_kWh", "EUR_per_kWh", "EXR", "time_start", "time_end"}]`, times with their offset; hours until
2025-09-30, quarter hours since. Some files end a slot at a clock change with the offset of its start: its
length is told by the starts.
"""

from datetime import date
from typing import Any

from appliance.model import Price
from appliance.sources import _slots


def path(day: date, area: str) -> str:
    """What comes after the address."""
    return f"/api/v1/prices/{day:%Y/%m-%d}_{area}.json"


def parse(payload: Any, source: str, currency: str) -> list[Price]:
    """The prices without value added tax, in a currency the file has. Raises SourceError."""
    with _slots.understood(source):
        slots = [
            _slots.Slot(
                _slots.moment(entry["time_start"]),
                _slots.moment(entry["time_end"]),
                _slots.number(entry[f"{currency}_per_kWh"]),
            )
            for entry in payload
        ]
    return _slots.quarters(slots, source, "wholesale", currency)
