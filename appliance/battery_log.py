"""What the store kept of a battery: the gateway's alerts, and how its capacity went on over the months."""

from collections.abc import Collection
from zoneinfo import ZoneInfo

from appliance.battery import ALERT_OFF, ALERT_ON, Alert, Capacity, alerts, capacity
from appliance.model import Quantity
from appliance.store import Every, Store

MOST_EVENTS = 5_000
"""The last so many changes of alerts are known."""
MOST_DAYS = 20_000
"""Fifty years of days are never thinned."""


async def kept_alerts(store: Store, sources: Collection[str]) -> list[Alert]:
    """Those that are there now, then the others, the last first. `sources` are set up. Raises StoreError."""
    stored = await store.events(names=(ALERT_ON, ALERT_OFF), limit=MOST_EVENTS)
    return alerts([event for _, event in reversed(stored)], sources)


async def kept_capacities(store: Store, zone: ZoneInfo, now: int, *, monthly: bool) -> list[Capacity]:
    """Of the battery as a whole and of each of its packs, since they are known. Raises StoreError."""
    kept = [info for info in await store.series_list() if info.quantity is Quantity.BATTERY_CAPACITY]
    found = []
    for info in sorted(kept, key=lambda info: info.source):
        days = await store.series(
            info.source, info.quantity, info.first_at, now + 1, Every.DAY, limit=MOST_DAYS
        )
        means = zip(days.at, days.value, strict=True)
        found.append(capacity(info.source, means, zone, monthly=monthly))
    return found
