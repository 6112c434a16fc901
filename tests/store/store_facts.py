"""What the store's tests share: instants, short names for readings, and the moves a day takes."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from appliance.clock import DAY_MS, EARLIEST_SANE_MS, FakeClock
from appliance.model import Quantity, Reading
from appliance.store import Store

STOCKHOLM = ZoneInfo("Europe/Stockholm")
T0 = EARLIEST_SANE_MS + 60 * DAY_MS
W, KWH = Quantity.POWER_GRID, Quantity.ENERGY_IMPORT


def utc(text: str) -> int:
    """UTC ms of an ISO moment."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def power(value: float, at: int, source: str = "p1", confidence: float = 1.0) -> Reading:
    return Reading(source, W, value, at, confidence)


def register(value: float, at: int, source: str = "p1") -> Reading:
    return Reading(source, KWH, value, at)


async def fold(store: Store) -> None:
    """Move everything into the database."""
    await store.backup()


async def seal(store: Store, clock: FakeClock, days: int = 2) -> None:
    """Let days pass and the night's work be done."""
    await store.flush()
    clock.tick(days * 86_400)
    await store.maintain()
    assert store.problem is None
