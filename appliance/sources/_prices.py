"""When price services are asked, for which days, and what is done when they fail.

A service is asked for today when it starts, for tomorrow from its hour of publication on, and for the last
days where their prices are missing. What the store knows is never asked for again, also not after a restart.
Nothing is filled in: a quarter hour that nobody gave a price has none.
"""

import random
from collections.abc import AsyncGenerator, Sequence
from datetime import date, datetime, timedelta

from pydantic import AnyHttpUrl

from appliance import calendar
from appliance.clock import MINUTE_MS, SECOND_MS, sane
from appliance.errors import AuthError, SourceError
from appliance.model import Batch, Event, Price
from appliance.sources import _slots
from appliance.sources._price_service import PriceOptions, PriceService
from appliance.sources.base import Context, discover

BACK_OFF_S = 300.0
LONGEST_BACK_OFF_S = 900.0
JITTER_S = 600.0
"""Appliances everywhere must not ask in the same second."""
PAUSE_S = 2.0
LONGEST_SLEEP_S = 900.0
"""The wall clock may be set while we sleep; no sleep is longer than this."""
LONGEST_WAIT_S = 2 * 86_400.0
"""From one publication to the next is a day; what lies further ahead was meant for a clock since set back."""
PAST_FAILURES = 2
"""After so many past days that gave nothing the rest waits for another time."""


class PriceSource(PriceService):
    """A service that is asked at its times; a module's `Source` adds `fetch`."""

    cadence_s = 86_400.0

    def __init__(self, options: PriceOptions, context: Context, url: AnyHttpUrl, area: str = "") -> None:
        super().__init__(options, context, url, area)
        self._known = context.prices
        self._days_back = options.days_back
        self._patience_s = options.stand_in_after_h * 3600
        self._other = self._stand_in(options, context)
        self._dice = random.Random()  # noqa: S311 - spreads questions, guards no secret
        self._jitter_s = self._dice.uniform(0, JITTER_S)
        self._not_before = 0
        self._failures = 0
        self._tried: dict[date, tuple[int, date]] = {}
        """Past days that are not whole: how often they were asked for in vain, and on which day last."""

    @property
    def attributions(self) -> dict[str, str]:
        """Whom to name where prices are shown, by what stands as the source of a price."""
        return {service.who: service.attribution for service in (self, self._other) if service is not None}

    async def batches(self) -> AsyncGenerator[Batch, None]:
        """Prices as they come. A SourceError starts it again, and it then waits for its own time to ask."""
        try:
            while True:
                await self._sleep_until(self._not_before)
                async for batch in self._pass():
                    yield batch
        finally:
            self.close()
            if self._other is not None:
                self._other.close()

    def _stand_in(self, options: PriceOptions, context: Context) -> "PriceSource | None":
        if options.stand_in is None:
            return None
        other: PriceSource = discover()[options.stand_in.type].build("Source", options.stand_in, context)
        if other.channel != self.channel:
            raise SourceError(
                f"{other.name} gives {other.channel} prices and cannot stand in for {self.name}, which gives"
                f" {self.channel} prices"
            )
        return other

    # --- one pass over the days that miss something

    async def _pass(self) -> AsyncGenerator[Batch, None]:
        now = self._clock.now()
        if not sane(now):
            self._not_before = now + MINUTE_MS
            return
        today = calendar.day_of(now, self.zone)
        self._not_before = now + round(self._back_off_s() * SECOND_MS)
        self._failures += 1
        wrong: list[SourceError] = []
        past_failures = 0
        for day, missing in await self._wanted(today, self._past(today)):
            if day < today and (wrong or past_failures == PAST_FAILURES):
                break  # who gives nothing is not asked for every day of a week
            batch, problem = await self._day(day, today, missing)
            if batch:
                yield batch
            if problem is not None and day >= today:
                wrong.append(problem)
            past_failures += problem is not None and day < today
            await self._clock.sleep(PAUSE_S)
        if wrong:
            raise next((error for error in wrong if isinstance(error, AuthError)), wrong[0])
        if not await self._wanted(today, []):
            self._failures = 0
            self._not_before = self._publication(today, after=self._clock.now())
        yield []

    def _past(self, today: date) -> list[date]:
        """The past days that were not asked for today: the least tried first, then the last ones."""
        past = [today - timedelta(days=n) for n in range(1, self._days_back + 1)]
        self._tried = {day: tried for day, tried in self._tried.items() if day in past}
        fresh = [day for day in past if day not in self._tried or self._tried[day][1] != today]
        return sorted(fresh, key=lambda day: self._tried.get(day, (0, day))[0])

    async def _wanted(self, today: date, past: list[date]) -> list[tuple[date, set[int]]]:
        """Which of today, tomorrow once it may be there, and `past` miss prices, and the starts of what is
        missing; the most urgent first."""
        tomorrow = [today + timedelta(days=1)] if self._clock.now() >= self._publication(today) else []
        days = [today, *tomorrow, *past]
        start, _ = calendar.day_span(min(days), self.zone)
        _, end = calendar.day_span(max(days), self.zone)
        ours = {service.who for service in (self, self._other) if service is not None}
        kept = await self._known(self.channel, start, end)
        known = {price.start for price in kept if price.source in ours and price.kind == "actual"}
        missing = [(day, set(_slots.quarters_of(day, self.zone)) - known) for day in days]
        return [(day, starts) for day, starts in missing if starts]

    async def _day(self, day: date, today: date, missing: set[int]) -> tuple[Batch, SourceError | None]:
        """What could be got of a day, and what is wrong, if anything is."""
        batch, problem = await self._of(self, day, missing)
        missing = missing - _starts(batch)
        if not missing:
            return batch, None
        if day < today:
            self._tried[day] = (self._tried.get(day, (0, day))[0] + 1, today)
        problem = problem or self._incomplete(day, today, missing)
        if self._other is None or day < today or (day > today and not self._late(today)):
            return batch, problem
        more, also = await self._of(self._other, day, missing)
        got = _starts(more)
        if got:
            more.append(self._stood_in(self._other, day, len(got), problem))
        if not missing - got:
            return [*batch, *more], None
        if also is not None:
            kind = AuthError if isinstance(problem, AuthError) else SourceError
            problem = kind(f"{problem}. The stand-in: {also}")
        return [*batch, *more], problem

    async def _of(
        self, service: PriceService, day: date, missing: set[int]
    ) -> tuple[list[Price | Event], SourceError | None]:
        try:
            prices, events = await service.ask(day)
        except SourceError as error:
            wait_s = getattr(error, "retry_after_s", None) or 0
            self._not_before = max(self._not_before, self._clock.now() + round(wait_s * SECOND_MS))
            return [], error
        return [*(price for price in prices if price.start in missing), *events], None

    def _incomplete(self, day: date, today: date, missing: set[int]) -> SourceError | None:
        """What to say of a day that is not whole; nothing while it need not be there yet."""
        all_of_it = len(_slots.quarters_of(day, self.zone))
        if len(missing) == all_of_it:
            if day > today and not self._late(today):
                return None
            return SourceError(
                f"{self.who} has no prices of {day}. It is asked again every quarter of an hour; where it"
                " never has any, check the area"
            )
        return SourceError(
            f"{self.who} gave {all_of_it - len(missing)} of the {all_of_it} quarter hours of {day}; the"
            f" first one missing is {calendar.iso(min(missing))}. The rest is asked for again"
        )

    def _stood_in(self, other: PriceService, day: date, quarters: int, problem: SourceError | None) -> Event:
        why = f": {problem}" if problem else ""
        text = f"{other.who} stood in for {self.who} with prices of {day}{why}"
        data = {
            "provider": other.who,
            "instead_of": self.who,
            "day": day.isoformat(),
            "quarters": quarters,
        }
        return Event(self.name, "price_stand_in", self._clock.now(), text, data)

    # --- time

    def _publication(self, today: date, after: int | None = None) -> int:
        """When tomorrow is worth asking for; with `after`, the first such moment after it."""
        for day in (today, today + timedelta(days=1)):
            moment = datetime.combine(day, self.publishes, self.zone)
            at = calendar.instant(moment) + round(self._jitter_s * SECOND_MS)
            if after is None or at > after:
                return at
        raise AssertionError("a day is at most 25 hours long")

    def _late(self, today: date) -> bool:
        return self._clock.now() >= self._publication(today) + round(self._patience_s * SECOND_MS)

    def _back_off_s(self) -> float:
        wait = BACK_OFF_S * 1.5 ** min(self._failures, 10) * self._dice.uniform(0.9, 1.1)
        return min(LONGEST_BACK_OFF_S, max(BACK_OFF_S, wait))

    async def _sleep_until(self, at: int) -> None:
        while 0 < (left_s := (at - self._clock.now()) / SECOND_MS) < LONGEST_WAIT_S:
            await self._clock.sleep(min(left_s, LONGEST_SLEEP_S))


def _starts(facts: Sequence[Price | Event] | Batch) -> set[int]:
    return {fact.start for fact in facts if isinstance(fact, Price)}
