"""What the house used on some days: its registers, its bills, what its prepaid meter counted."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from appliance import calendar
from appliance.alerts.day import Day, measure
from appliance.clock import DAY_MS, MINUTE_MS
from appliance.energy_now import Energies, in_use
from appliance.house_registers import AT_THE_GRID
from appliance.known import Known
from appliance.ledger import Entry, Grain
from appliance.model import Quantity, Reading, parent
from appliance.store import Every
from appliance.today import FIELDS, GENERATOR, SOLAR, STORAGE
from appliance.views import STALE_AFTER, Latest, Picker

WEEK = 7
READ_LATE_MS = 30 * MINUTE_MS
"""A meter that was last read so long before the end misses a part of the day."""
Pair = tuple[Quantity, Quantity]
Counted = tuple[Pair, Pair]
TODAY: Counted = (
    (Quantity.IMPORT_COST_TODAY, Quantity.GENERATOR_COST_TODAY),
    (Quantity.IMPORT_TODAY, Quantity.GENERATOR_TODAY),
)
MONTH: Counted = (
    (Quantity.IMPORT_COST_MONTH, Quantity.GENERATOR_COST_MONTH),
    (Quantity.IMPORT_MONTH, Quantity.GENERATOR_MONTH),
)
"""Money and energy that a prepaid meter counts from midnight and from the first on: grid, generator."""


class Days:
    """Each method raises StoreError."""

    def __init__(self, here: Known) -> None:
        self._here = here

    async def day(self, day: date, now: int) -> Day:
        """All that is known of a local day, which may be today, at `now` (UTC ms)."""
        here = self._here
        start, end = calendar.day_span(day, here.zone)
        entries = await here.ledger.bills(day - timedelta(days=WEEK), day, "day")
        energies = await self._energies(entries, day, "day")
        begun = await self._begun()
        peak_at, peak_w = await self._peak(start, min(end, now + 1))
        found = replace(
            self._billed(entries[-1], energies[day]),
            until=now if end - now > MINUTE_MS else None,
            peak_w=peak_w,
            peak_at=peak_at,
        )
        found = await self._gaps(self._with_week(found, energies, begun), start, end, now, begun)
        return await self._account(found, start, end, now)

    async def months(self, now: int) -> list[Day]:
        """Last month and this one up to now, as a `Day` each."""
        today = calendar.day_of(now, self._here.zone)
        first = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
        entries = await self._here.ledger.bills(first, today, "month")
        energies = await self._energies(entries, today, "month")
        begun = await self._begun()
        last, this = [self._since(self._billed(entry, energies[entry.first]), begun) for entry in entries]
        start = calendar.day_start(this.day, self._here.zone)
        return [last, await self._counted(this, MONTH, start, now + 1)]

    def _since(self, found: Day, begun: int | None) -> Day:
        """A month in the middle of which counting began, or that was over by then."""
        cut = begun is not None and begun > calendar.day_start(found.day, self._here.zone) + DAY_MS
        return replace(found, since=begun) if cut else found

    def _billed(self, entry: Entry, energies: Energies) -> Day:
        bought = entry.bill.bought
        return Day(
            entry.first,
            self._here.config.site.currency,
            energies,
            cost=None if bought is None or bought.money is None else entry.bill.total,
            priced=bought.covered if bought else None,
        )

    def register(self) -> Reading | None:
        """The newest reading of the registers that days are counted by; None where nothing counts energy."""
        return max(self._registers().values(), key=lambda reading: reading.at, default=None)

    def _registers(self) -> dict[tuple[str, Quantity], Reading]:
        """The newest readings of the grid meter's import register, by whoever reads it; else of the first of
        the house's other registers."""
        latest = self._present
        keys = [(name, Quantity.ENERGY_IMPORT) for name in self._here.grid_meters(Quantity.ENERGY_IMPORT)]
        known = {key: latest[key] for key in keys if key in latest}
        others = (self._best(quantity) for quantity in FIELDS.values())
        return known or {(r.source, r.quantity): r for r in [*filter(None, others)][:1]}

    # Energy

    async def _energies(self, entries: list[Entry], last: date, grain: Grain) -> Mapping[date, Energies]:
        """Of each entry, by its first day: at the grid by the books, which fill one meter's gaps from
        another."""
        first, has = entries[0].first, _has(self._present)
        columns: dict[str, dict[date, float | None]] = {}
        for name, quantity in FIELDS.items():
            reading = None if quantity in AT_THE_GRID else self._best(quantity)
            if reading is not None:
                rows = await self._here.ledger.counted(reading.source, quantity, first, last, grain)
                columns[name] = dict(rows)
        gives = has["has_solar"] or has["has_battery"] or bool(self._here.grid_meters(Quantity.ENERGY_EXPORT))
        found = {}
        for entry in entries:
            bought, sold = entry.bill.bought, entry.bill.sold
            found[entry.first] = Energies(
                imported=None if bought is None else bought.kwh,
                exported=sold.kwh if sold else None if gives else 0.0,
                **{name: column.get(entry.first) for name, column in columns.items()},  # type: ignore[arg-type]
                **has,
            )
        return found

    def _best(self, quantity: Quantity) -> Reading | None:
        here = self._here
        return Picker(self._present, here.source_types(), here.cadences, here.clock.now()).best(quantity)

    @property
    def _present(self) -> Latest:
        return in_use(self._here.hub.latest, self._here.cadences, self._here.clock.now())

    async def _begun(self) -> int | None:
        """The first reading of the registers that days are counted by (UTC ms)."""
        kept = await self._here.store.series_list()
        counted = self._registers()
        newest = (reading.at for reading in counted.values())  # of before the first commit
        return min([*(s.first_at for s in kept if (s.source, s.quantity) in counted), *newest], default=None)

    # What stands beside it

    def _with_week(self, found: Day, energies: Mapping[date, Energies], begun: int | None) -> Day:
        """Beside the days before it that were counted from their midnight on."""
        zone = self._here.zone
        earlier = {
            day: value
            for day, each in energies.items()
            if day < found.day and begun is not None and calendar.day_start(day, zone) >= begun - MINUTE_MS
            if (value := measure(each)) is not None
        }
        return replace(
            found,
            yesterday=earlier.get(found.day - timedelta(days=1)),
            week=sum(earlier.values()) / len(earlier) if earlier else None,
            week_days=len(earlier),
        )

    async def _gaps(self, found: Day, start: int, end: int, now: int, begun: int | None) -> Day:
        """With what is missing at its beginning and its end."""
        if begun is None:
            return found
        counted = self._registers()
        newest = max(counted.values(), key=lambda reading: reading.at)
        late_ms = max(READ_LATE_MS, round(STALE_AFTER * self._cadence_ms(newest.source)))
        firsts, lasts = [], []
        for source, quantity in counted:
            at, _, _ = await self._here.store.raw(source, quantity, start, min(end, now + 1))
            firsts += at[:1].tolist()
            lasts += at[-1:].tolist()
        if not firsts:
            return replace(found, unread=True)
        first, last = min(firsts), max(lasts)
        early = first - start > late_ms
        return replace(
            found,
            since=first if early and begun >= start else None,
            read_from=first if early and begun < start else None,
            read_until=last if min(end, now) - last > late_ms else None,
            closed=newest.at > last,
        )

    def _cadence_ms(self, source: str) -> float:
        return self._here.cadences.get(parent(source), 0.0) * 1000

    async def _peak(self, start: int, end: int) -> tuple[int | None, float | None]:
        """When most was drawn, by the mean of a minute, and how much (W)."""
        reading = self._best(Quantity.POWER_LOAD) or self._best(Quantity.POWER_GRID)
        if reading is None:
            return None, None
        series = await self._here.store.series(reading.source, reading.quantity, start, end, Every.MIN1)
        known = [(value, -at) for at, value in zip(series.at, series.value, strict=True) if value is not None]
        most, at = max(known, default=(0.0, 0))
        return (-at, most) if most > 0 else (None, None)

    async def _last(self, quantity: Quantity, start: int, end: int) -> float | None:
        """The last value within a span, of whoever tells it."""
        reading = self._best(quantity)
        if reading is None:
            return None
        near = await self._here.store.around(reading.source, quantity, end - 1)
        inside = [each for each in near if start <= each.at < end]
        return max(inside, key=lambda each: each.at).value if inside else None

    async def _counted(self, found: Day, registers: Counted, start: int, end: int) -> Day:
        """With what a prepaid meter itself counted: money, which nobody else can know, and energy where we
        began to count in the middle of the span."""
        costs, energy = [[await self._last(each, start, end) for each in pair] for pair in registers]
        if any(cost is not None for cost in costs):
            whole = sum(cost or 0.0 for cost in costs)
            found = replace(found, cost=whole, priced=None, grid_cost=costs[0], generator_cost=costs[1])
        if found.since is not None and energy[0] is not None:
            energies = replace(found.energies, imported=energy[0], generator=energy[1])
            # Nobody saw when most was drawn before we began.
            found = replace(found, energies=energies, since=None, peak_at=None, peak_w=None)
        return found

    async def _account(self, found: Day, start: int, end: int, now: int) -> Day:
        """With what a prepaid meter counted, and its balance at the end of the day."""
        found = await self._counted(found, TODAY, start, min(end, now + 1))
        balance = await self._last(Quantity.BALANCE, start, min(end, now + 1))
        days_left = self.days_left() if balance is not None and end - now > -MINUTE_MS else None
        return replace(found, balance=balance, days_left=days_left)

    def days_left(self) -> float | None:
        """How long a prepaid balance lasts at present use, as far as that is known now."""
        told = self._best(Quantity.DAYS_LEFT)
        return None if told is None or self._here.stale(told) else told.value


def _has(latest: Latest) -> dict[str, bool]:
    reported = {quantity for _, quantity in latest}
    return {
        "has_solar": bool(reported & SOLAR),
        "has_battery": bool(reported & STORAGE),
        "has_generator": bool(reported & GENERATOR),
    }
