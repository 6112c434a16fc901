"""A prepaid meter (grid and generator) behind an ELNET server, as flats in India have them.

The service has no public documentation; docs/PREPAID.md says where the facts come from and which of them
nobody has confirmed. The meter tells something new every minute or two and may be asked every 30 s. What is
told is dated by the meter's own clock (UpdatedOn), never by ours.
"""

import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from appliance import calendar, prepaid
from appliance.clock import MINUTE_MS, sane
from appliance.errors import ConfigError, SourceError
from appliance.model import Batch, Event, Quantity, Reading
from appliance.outages import lasting
from appliance.prepaid import Account
from appliance.sources import _elnet_account, _elnet_data, _elnet_registers, _elnet_rupees, _elnet_supply
from appliance.sources._elnet_data import GENERATOR, Home, Live
from appliance.sources._elnet_link import DASHBOARD, HOME, LIVE, RECHARGES, Link
from appliance.sources._elnet_memory import Memory
from appliance.sources._elnet_options import Options
from appliance.sources._elnet_readings import Judged, readings
from appliance.sources._elnet_supply import Count, Spent
from appliance.sources.base import Context
from appliance.worker import Worker

__all__ = ["Options", "Source"]

log = logging.getLogger(__name__)

T = TypeVar("T")
STALE_MS = AHEAD_MS = 5 * MINUTE_MS
RENEWS_S = 100.0
"""The meter tells something new every minute or two: three times this is STALE_MS."""
LIST_EVERY_S, DASHBOARD_EVERY_S = 600.0, 3600.0
SAID_AGAIN_S = 600.0
"""A trouble that lasts is said anew (for how long) after so long; meanwhile the portal is asked on."""
SPIKE_TIMES, SPIKE_KW, SPIKE_OF, SPIKE_FROM = 3.0, 2.0, 10, 5
CURRENCY = "INR"


@dataclass
class _Slow:
    """An answer that is asked for seldom, when it was, and whether its absence was said."""

    every_s: float
    asked_at: float | None = None
    failing: bool = False


class Source:
    """One meter. `prepaid` is its account as last known."""

    def __init__(self, options: Options, context: Context) -> None:
        if context.currency != CURRENCY:
            raise ConfigError(
                f"An ELNET meter counts in rupees, and this site's money is {context.currency}: "
                f"set site.currency to {CURRENCY}"
            )
        options.check_secrets()  # opened by now
        self.name = options.label
        self.cadence_s = max(options.every_s, RENEWS_S)
        self._options = options
        self._clock = context.clock
        self._zone = ZoneInfo(options.meter_zone)
        self._worker = Worker(self.name)
        self._link = Link(options, context.clock, self._worker)
        self._memory = Memory(context.folder / self.name, options, context.clock)
        kept = self._memory.kept
        watched_ms = max(_elnet_supply.WATCHED_MS, round(3000 * options.every_s))
        self._registers = _elnet_registers.Registers(self.name, self._zone, kept.registers)
        self._supply = _elnet_supply.Judge(self.name, self._zone, kept.supply, watched_ms)
        self._account = _elnet_account.Judge(self.name, kept.account, options.min_recharge)
        self._list, self._dashboard = _Slow(LIST_EVERY_S), _Slow(DASHBOARD_EVERY_S)
        self._homes = _Slow(0.0)
        self._home = Home()
        self._portal_days: float | None = None
        self._loads: list[float] = []
        self._said_at: float | None = None
        self._stale_at: int | None = None

    async def batches(self) -> AsyncGenerator[Batch, None]:
        """One batch a sample. A trouble of the portal's is told by SourceError, and asking goes on."""
        try:
            while True:
                batch, trouble = await self._round()
                if batch or not trouble:
                    yield batch
                    self._memory.changed(news=any(isinstance(fact, Event) for fact in batch))
                self._say(trouble)
                await self._clock.sleep(self._options.every_s)
        finally:
            self._memory.write()
            self._worker.close()

    async def _round(self) -> tuple[list[Event | Reading], str | None]:
        """What is new, and what is wrong with the portal."""
        if not sane(self._clock.now()):
            return [], "The clock is not set yet; the portal is asked once it is (network time, or a battery)"
        live = _elnet_data.live(await self._link.ask(LIVE), self._zone)
        kept, now = self._memory.kept, self._clock.now()
        if live.blank:
            return [], "The portal tells zero for everything: it has lost its meter; it will be asked again"
        if live.at > now + AHEAD_MS:
            return self._ahead(live.at - now, now)
        kept.clock_told = False
        if now - live.at > STALE_MS:
            return [], self._stale(live.at, now)
        self._stale_at = None
        if kept.newest is not None and live.at <= kept.newest:
            return [], None
        kept.newest = live.at
        return await self._sample(live)

    async def _sample(self, live: Live) -> tuple[list[Event | Reading], str | None]:
        """A new sample, and what is asked beside it."""
        home = await self._lesser(self._homes, HOME, _elnet_data.home)
        said = self._registers.take(live)
        if said is False:
            return [], "The meter's registers do not go on from what was read before; it will be asked again"
        told: list[Event] = []
        if isinstance(said, Event):
            told.append(said)
            self._exchanged()
        counted = self._counted(home, live) if home else {}
        self._home = home or self._home
        told += self._account.take(live, self._home.rates)
        if self._account.wants_list:
            self._list.asked_at = self._dashboard.asked_at = None
        rows = await self._lesser(self._list, RECHARGES, lambda data: _elnet_data.rows(data, self._zone))
        if rows is not None:
            told += self._account.listed(rows, live.at)
        told += self._supply.take(live, self._spent(live, counted))
        days = await self._lesser(self._dashboard, DASHBOARD, _elnet_data.recharge_days)
        self._portal_days = self._portal_days if days is None else days
        self._watch_load(live.load_kw)
        relay = home.relay if home else None
        judged = Judged(self._home, relay, self._supply.supply, counted, self._days_left())
        return [*readings(self.name, live, judged), *told], None

    async def _lesser(self, slow: _Slow, name: str, understood: Callable[[Any], T]) -> T | None:
        """An answer the live values are not lost for; None where it is missing, or not due yet."""
        now = self._clock.monotonic()
        if slow.asked_at is not None and now - slow.asked_at < slow.every_s:
            return None
        slow.asked_at = now
        try:
            answer = understood(await self._link.ask(name))
        except SourceError as error:
            if not slow.failing:
                log.warning("%s: %s is missing for now: %s", self.name, name, error)
            slow.failing = True
            return None
        slow.failing = False
        return answer

    def _counted(self, home: Home, live: Live) -> dict[Quantity, float]:
        """Today's and this month's numbers, as far as they are of today and this month."""
        today = home.today if self._registers.today(home, live) else {}
        month = home.month if self._registers.this_month(home, live) else {}
        return {**today, **month}

    def _spent(self, live: Live, counted: Mapping[Quantity, float]) -> Spent:
        rupees = self._memory.kept.rupees
        cost, kwh = counted.get(Quantity.GENERATOR_COST_TODAY), counted.get(Quantity.GENERATOR_TODAY)
        if cost is not None and kwh is not None:
            _elnet_rupees.take(rupees, live.at, cost, kwh, self._zone)
        count = None if rupees.at is None else Count(rupees.era, rupees.total, rupees.kwh)
        return Spent(count, self._account.spent, self._account.state.rates.eb)

    def _exchanged(self) -> None:
        self._supply.exchanged()
        self._account.exchanged()
        self._memory.kept.rupees.at = None

    def _ahead(self, ahead_ms: int, now: int) -> tuple[list[Event | Reading], str | None]:
        ahead = lasting(ahead_ms / 1000)
        text = f"The portal's clock is {ahead} ahead; its values are left out until that is over"
        if self._memory.kept.clock_told:
            return [], text
        self._memory.kept.clock_told = True
        return [Event(self.name, "portal_clock", now, text, {"ahead_s": round(ahead_ms / 1000)})], text

    def _stale(self, at: int, now: int) -> str:
        since, ago = f"{calendar.local(at, self._zone):%Y-%m-%d %H:%M}", lasting((now - at) / 1000)
        if self._stale_at is None:
            self._stale_at = at
        if at > self._stale_at:
            return (
                f"The portal tells what was {ago} ago: its clock is behind, or it is late; its values are "
                "left out until that is over"
            )
        return f"The portal has told nothing new since {since} ({ago} ago); it is asked on"

    def _say(self, trouble: str | None) -> None:
        """Raises SourceError with a trouble that is new, or was said long ago."""
        if trouble is None:
            self._said_at = None
            return
        now, said_at = self._clock.monotonic(), self._said_at
        if said_at is None or now - said_at >= SAID_AGAIN_S:
            self._said_at = now
            raise SourceError(trouble)

    def _watch_load(self, load_kw: float) -> None:
        loads = self._loads
        if len(loads) > SPIKE_FROM and load_kw > max(SPIKE_TIMES * fmean(loads), SPIKE_KW):
            log.info("%s: the load leapt to %.2f kW from %.2f on average", self.name, load_kw, fmean(loads))
        self._loads = [*loads, load_kw][-SPIKE_OF:]

    # What is known

    def _days_left(self) -> float | None:
        last = self._account.state.last
        ours = prepaid.days_left(last.balance if last else None, self._account.used)
        return self._portal_days if ours is None else ours

    @property
    def prepaid(self) -> Account:
        """The account as last known, also from before the start."""
        last = self._account.state.last
        supply = self._supply.confirmed
        silent_ms = self._clock.now() - last.at if last else 0
        return Account(
            supply=None if supply is None else "generator" if supply == GENERATOR else "grid",
            since=self._supply.state.since,
            balance=last.balance if last else None,
            balance_at=last.at if last else None,
            days_left=self._days_left(),
            movements=self._account.movements,
            sessions=self._supply.sessions,
            relay=self._home.relay,
            stale_s=silent_ms / 1000 if silent_ms > STALE_MS else 0.0,
            currency=CURRENCY,
            zone=self._options.meter_zone,
        )
