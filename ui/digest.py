"""Sums of the day for all browsers together: asked of the store once a minute at most, however many look."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance import calendar
from appliance.clock import DAY_MS, HOUR_MS
from appliance.ledger import plain
from appliance.model import Quantity
from appliance.money.bill import Bill
from appliance.views import Picker

if TYPE_CHECKING:
    from appliance.app import Appliance

FRESH_S = 30.0
PRICES_BEFORE_MS = 3 * HOUR_MS
COUNTERS = (
    Quantity.ENERGY_IMPORT,
    Quantity.ENERGY_EXPORT,
    Quantity.ENERGY_SOLAR,
    Quantity.ENERGY_LOAD,
    Quantity.ENERGY_CHARGED,
    Quantity.ENERGY_DISCHARGED,
    Quantity.ENERGY_GENERATOR,
)


@dataclass(frozen=True, slots=True)
class Sums:
    """kWh since local midnight by counter (absent: no such counter; None: unknown), and the last 24 hours.

    `edges` are the starts of the quarter hours and the present at the end; `bought` and `sold` have one
    number less, None where nothing is known. `rates` are the starts of the quarter hours around now and the
    whole price of a kWh in each, `cost` what was bought since midnight less what was sold, fees not included.
    """

    day: dict[Quantity, float | None]
    edges: list[int]
    bought: list[float | None]
    sold: list[float | None]
    rates: list[tuple[int, float | None]]
    cost: float | None = None


class Digest:
    """Keeps the newest `Sums`; `sums` never waits, `refresh` asks the store when the last answer is old."""

    def __init__(self, appliance: "Appliance") -> None:
        self._appliance = appliance
        self._asked = float("-inf")
        self._asking = asyncio.Lock()
        self.sums: Sums | None = None

    @property
    def is_old(self) -> bool:
        """Whether it is time to ask the store again."""
        return self._appliance.clock.monotonic() - self._asked >= FRESH_S

    async def refresh(self) -> None:
        """Raises StoreError when the store does not answer; the last sums stay."""
        async with self._asking:
            if self.is_old:
                self._asked = self._appliance.clock.monotonic()
                self.sums = await self._ask()

    async def _ask(self) -> Sums:
        here = self._appliance
        now = here.clock.now()
        types = here.source_types()
        pick = Picker(here.hub.latest, types, here.cadences, now)
        source = {q: best.source for q in COUNTERS if (best := pick.best(q)) is not None}
        midnight = calendar.today(now, here.zone)[0]
        rise = here.store.increase
        day = {q: (await rise(s, q, [midnight, now], since_first=True))[0] for q, s in source.items()}
        first = calendar.quarter(now - DAY_MS) + calendar.QUARTER_MS
        edges = [*range(first, now, calendar.QUARTER_MS), now]
        unknown: list[float | None] = [None] * (len(edges) - 1)
        lines = [
            shared(await here.store.increase(source[q], q, edges, since_first=True))
            if q in source
            else unknown
            for q in (Quantity.ENERGY_IMPORT, Quantity.ENERGY_EXPORT)
        ]
        starts, known = await here.ledger.rates(now - PRICES_BEFORE_MS, now + DAY_MS)
        prices = [None if price != price else price for price in plain(known.buying).tolist()]
        bought, sold = lines
        today = calendar.day_of(now, here.zone)
        bills = await here.ledger.bills(today, today, "day")
        rates = list(zip(starts.tolist(), prices, strict=True))
        return Sums(day, edges, bought, sold, rates, net(bills[0].bill) if bills else None)


def shared(rises: Sequence[float | None]) -> list[float | None]:
    """What a register rose while it was not read, evenly over the quarter hours it holds: a whole day that a
    portal told is no peak at midnight. How much of a first such rise belongs to before is not known."""
    found: list[float | None] = []
    unread = 0
    for rise in rises:
        if rise is None:
            unread += 1
            continue
        share = None if unread and not found else rise / (unread + 1)
        found += [share] * (unread + 1)
        unread = 0
    return found + [None] * unread


def used(day: dict[Quantity, float | None], has_battery: bool, has_solar: bool) -> float | None:
    """kWh the house used: measured, or what came in less what went out; None if any part is unknown.

    Who sells without a known producer has one that nobody measures, so nothing is known of the use.
    """
    if (measured := day.get(Quantity.ENERGY_LOAD)) is not None:
        return measured
    bought, sold = day.get(Quantity.ENERGY_IMPORT), day.get(Quantity.ENERGY_EXPORT, 0.0)
    solar = day.get(Quantity.ENERGY_SOLAR) if has_solar else 0.0
    charged = day.get(Quantity.ENERGY_CHARGED) if has_battery else 0.0
    discharged = day.get(Quantity.ENERGY_DISCHARGED) if has_battery else 0.0
    generated = day.get(Quantity.ENERGY_GENERATOR, 0.0)
    if bought is None or sold is None or solar is None or charged is None or discharged is None:
        return None
    if generated is None:
        return None
    if sold > 0 and not (has_solar or has_battery):
        return None
    total = bought - sold + solar + discharged - charged + generated
    return total if total >= 0 else None


def net(bill: Bill) -> float | None:
    """What was bought less what was sold; None while any energy of it has no price."""
    flows = [flow for flow in (bill.bought, bill.sold) if flow is not None and flow.kwh]
    if not flows or any(flow.money is None or flow.priced_kwh < 0.999 * flow.kwh for flow in flows):
        return None
    bought = bill.bought.money or 0.0 if bill.bought else 0.0
    return bought - (bill.sold.money or 0.0 if bill.sold else 0.0)
