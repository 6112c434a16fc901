"""Who notices what is worth a message: looks at what is known once a minute; `appliance.alerts` judges.

What was told before a restart is read back from the store's events first, so that nothing is told twice.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import date, timedelta
from itertools import chain
from zoneinfo import ZoneInfo

from appliance import calendar, source_watch
from appliance.alerts import HOUSE
from appliance.alerts import levels as level
from appliance.alerts.funds import LOW_BALANCE, LowBalance
from appliance.alerts.prices import PRICE_PEAKS, peaks, told
from appliance.clock import MINUTE_MS, sane
from appliance.energy_now import in_use
from appliance.errors import StoreError
from appliance.known import Known
from appliance.ledger import plain
from appliance.model import Batch, Event, Price, Quantity, Reading, parent
from appliance.prepaid import Account
from appliance.source_watch import SourceWatch
from appliance.store import Every
from appliance.today import Today
from appliance.views import Picker
from config.messages import Messages

log = logging.getLogger(__name__)

LOOK_S = 60.0
COVERED = 0.8
"""A mean needs so much of its span to be known."""
DAY_LOOK_MS = 5 * MINUTE_MS
"""A day's energy and tomorrow's prices are looked at no more often."""
NAMES = (
    level.BATTERY_LOW, level.BATTERY_RECOVERED, level.HIGH_POWER, level.HIGH_POWER_OVER, level.HIGH_DAY,
    LOW_BALANCE, PRICE_PEAKS, *source_watch.NAMES,
)  # fmt: skip
MOST_EVENTS = 2_000
"""The last so many are known: alarms of a source are told a few times a day at most."""


class AlertWatch:
    """`run` for as long as the appliance does; `look` is one look."""

    def __init__(self, here: Known, tell: Callable[[Sequence[Event]], None]) -> None:
        self._here = here
        self._tell = tell
        self._last: dict[tuple[str, str], Event] | None = None
        self._batteries: dict[str, level.BatteryLow] = {}
        self._funds: dict[str, LowBalance] = {}
        self._power: level.HighPower | None = None
        self._day: level.HighDay | None = None
        self._priced: date | None = None
        self._today = Today()
        self._day_looked = self._prices_looked = 0
        self.sources = SourceWatch(here, self.before)

    async def run(self) -> None:
        """Until cancelled."""
        looking = asyncio.create_task(self._look_again())
        try:
            with self._here.hub.subscribe() as news:
                async for batch in news:
                    self.take(batch)
        finally:
            looking.cancel()

    async def _look_again(self) -> None:
        while True:
            await self._here.clock.sleep(LOOK_S)
            try:
                await self.look()
            except StoreError as error:
                log.warning("What is worth a message is not known just now: %s", error)
            except Exception:  # one fault must not keep all else from being noticed
                log.exception("A look at what is worth a message failed")

    def take(self, batch: Batch) -> None:
        """The facts of a moment."""
        self.sources.take(batch)
        if any(isinstance(fact, Price) for fact in batch):
            self._prices_looked = 0

    async def look(self) -> None:
        """Tell what has to be told now. Raises StoreError."""
        now = self._here.clock.now()
        if not sane(now):
            return
        if self._last is None:
            self._last = await self._restored()
        settings = self._here.message_settings.now
        for found in chain(self.sources.look(settings, now), self._low(settings, now)):
            self._tell([found])
        looks: tuple[Callable[[Messages, int], Awaitable[Event | None]], ...] = (
            self._high_power, self._high_day, self._peaks,
        )  # fmt: skip
        for each in looks:
            if event := await each(settings, now):
                self._tell([event])

    async def _restored(self) -> dict[tuple[str, str], Event]:
        """The last event of each name from each source."""
        found: dict[tuple[str, str], Event] = {}
        for _, event in await self._here.store.events(names=NAMES, limit=MOST_EVENTS):
            found.setdefault((event.source, event.name), event)
        return found

    def before(self, source: str, name: str, over: str = "") -> Event | None:
        """What was told of that name last before the start, unless `over` was told since."""
        last = self._last or {}
        begun, ended = last.get((source, name)), last.get((source, over))
        return None if begun is None or (ended is not None and ended.at >= begun.at) else begun

    # Levels

    def _low(self, settings: Messages, now: int) -> Iterator[Event]:
        for reading in self._present(Quantity.STATE_OF_CHARGE):
            battery = self._battery(reading.source)
            if event := battery.judge(reading.value, settings.battery_low_percent, now):
                yield event
        for reading in self._present(Quantity.BALANCE):
            funds = self._fund(reading.source)
            days = self._days_left(reading.source)
            if event := funds.judge(reading.value, days, settings.low_balance, settings.low_days, now):
                yield event

    def _present(self, quantity: Quantity) -> list[Reading]:
        """What is known of the moment; of units behind a source only where it does not tell the whole."""
        latest = self._here.hub.latest
        return [
            reading
            for (source, q), reading in list(latest.items())
            if q is quantity
            and parent(source) in self._here.cadences
            and (parent(source) == source or (parent(source), q) not in latest)
            and not self._here.stale(reading)
        ]

    def _battery(self, source: str) -> level.BatteryLow:
        if source not in self._batteries:
            raised = self.before(source, level.BATTERY_LOW, level.BATTERY_RECOVERED) is not None
            self._batteries[source] = level.BatteryLow(source, raised=raised)
        return self._batteries[source]

    def _fund(self, source: str) -> LowBalance:
        if source not in self._funds:
            account, last = self._account(source), self.before(source, LOW_BALANCE)
            zone = self._here.zone if account is None else ZoneInfo(account.zone)
            currency = self._here.config.site.currency
            self._funds[source] = LowBalance(source, zone, currency, None if last is None else last.at)
        return self._funds[source]

    def _account(self, source: str) -> Account | None:
        found = getattr(self._here.sources.get(parent(source)), "prepaid", None)
        return found if isinstance(found, Account) else None

    def _days_left(self, source: str) -> float | None:
        account = self._account(source)
        if account is not None and account.days_left is not None:
            return account.days_left
        told = self._here.hub.latest.get((source, Quantity.DAYS_LEFT))
        return None if told is None or self._here.stale(told) else told.value

    async def _high_power(self, settings: Messages, now: int) -> Event | None:
        if self._power is None:
            raised = self.before(HOUSE, level.HIGH_POWER, level.HIGH_POWER_OVER) is not None
            self._power = level.HighPower(HOUSE, raised=raised)
        kw, minutes = settings.high_power_kw, settings.high_power_minutes
        watts = None if kw is None else await self._mean_power(minutes, now)
        return self._power.judge(watts, kw, minutes, now)

    async def _mean_power(self, minutes: float, now: int) -> float | None:
        """W over the last minutes: of the house, or at the grid where nobody measures that."""
        here = self._here
        present = in_use(here.hub.latest, here.cadences, now)
        pick = Picker(present, here.source_types(), here.cadences, now)
        reading = pick.fresh(Quantity.POWER_LOAD) or pick.fresh(Quantity.POWER_GRID)
        if reading is None:
            return None
        cadence_s = here.cadences.get(parent(reading.source), LOOK_S)
        fine = cadence_s <= LOOK_S / 2 and minutes <= 120
        every = Every.MIN1 if fine else Every.MIN5 if cadence_s <= 150 else Every.MIN15
        start = now - round(minutes * MINUTE_MS)
        series = await here.store.series(reading.source, reading.quantity, start, now + 1, every)
        known = [value for value in series.value if value is not None]
        return sum(known) / len(known) if known and len(known) >= COVERED * len(series.value) else None

    async def _high_day(self, settings: Messages, now: int) -> Event | None:
        if self._day is None:
            last = self.before(HOUSE, level.HIGH_DAY)
            told_on = None if last is None else calendar.day_of(last.at, self._here.zone)
            self._day = level.HighDay(HOUSE, told_on)
        today = calendar.day_of(now, self._here.zone)
        if settings.high_day_kwh is None or not self._day.due(today):
            return None
        if 0 <= now - self._day_looked < DAY_LOOK_MS:
            return None
        self._day_looked = now
        energies = (await self._today.span(self._here)).energies
        used = energies.imported if energies.used is None else energies.used
        return self._day.judge(used, settings.high_day_kwh, today, now)

    # Prices

    async def _peaks(self, settings: Messages, now: int) -> Event | None:
        """Once tomorrow's prices are all there. Hours that are dear every day by the contract are no news."""
        here = self._here
        day = calendar.day_of(now, here.zone) + timedelta(days=1)
        last = self.before(HOUSE, PRICE_PEAKS)
        if day == self._priced or (last is not None and last.data.get("day") == day.isoformat()):
            return None
        if 0 <= now - self._prices_looked < DAY_LOOK_MS:
            return None
        self._prices_looked = now
        start, end = calendar.day_span(day, here.zone)
        channels = [await here.store.prices(name, start, end) for name in ("wholesale", "import")]
        if not any(channels) or any(price.kind != "actual" for prices in channels for price in prices):
            return None
        starts, rates = await here.ledger.rates(start, end)
        found = peaks(starts.tolist(), plain(rates.buying).tolist(), settings.peak_price)
        if found is None:
            return None
        self._priced = day
        return told(found, day, HOUSE, here.zone, here.config.site.currency, now)
