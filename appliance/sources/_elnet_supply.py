"""When the building's generator took over and when the grid came back: from Supply and registers (pure).

The rule, for each new sample beside the one before it:

- Registers: the generator's alone rose says generator, the grid's alone says grid; both (a change lies
  between) or neither (too little was used) say nothing of how it is now.
- Supply is trusted, until registers say the opposite of a Supply that stood still meanwhile: then it is
  stuck, and counts again when it moves or the registers agree with it.
- Registers decide; where they say nothing a trusted Supply does. A Supply that has just moved away from
  what they say may flicker, or may be newer than they are: such a sample says nothing.
- One sample is no episode. A change needs two samples in a row that say so (samples that say nothing may lie
  between), three where no register has moved for it.
- The change is dated within its step by how far the two registers rose. Where the portal said nothing for
  longer than WATCHED it lies anywhere in that silence: at least, at most, about.
- The generator's register that rose in such a silence, with the grid before and after it, tells of an episode
  that nobody saw begin or end.
"""

from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from appliance.calendar import local
from appliance.clock import HOUR_MS, MINUTE_MS
from appliance.model import Event
from appliance.outages import lasting
from appliance.prepaid import Session
from appliance.sources._elnet_data import GENERATOR, GRID, Live

ON, OFF = "generator_on", "generator_off"
WATCHED_MS = 6 * MINUTE_MS
"""After so long without a sample the edge of an episode may lie anywhere in that silence."""
VOTES, VOTES_OF_SUPPLY_ALONE = 2, 3
LEAST_UNSEEN_KWH = 0.02
"""What the generator's register has to rise in a silence to be told as an episode of its own."""
LAG_KWH = 0.015
"""The portal's count of today may be minutes behind the register; both are rounded."""
HALF_DIGIT_KWH = 0.005
SESSIONS_KEPT = 20
Span = tuple[int, int]


@dataclass(frozen=True)
class Count:
    """The portal's own count of the generator's rupees and kWh, from any beginning. `era` changes where it
    was lost sight of."""

    era: int
    rupees: float
    kwh: float


@dataclass(frozen=True)
class Spent:
    """What was spent so far: on the generator as the portal counted, and on `all` as the balance fell (rupees
    from any beginning). `eb_rate` is the price of the grid's kWh. None where it is not known."""

    count: Count | None = None
    all: float | None = None
    eb_rate: float | None = None


UNKNOWN = Spent()


@dataclass
class Sample:
    """What was seen last."""

    at: int
    supply: int
    eb: float
    dg: float
    spent: Spent = UNKNOWN


@dataclass
class Turn:
    """A change to the other supply that is not confirmed yet; `before` is the last sample before it."""

    at: int
    before: Sample
    silence: Span | None
    votes: int = 0
    backed: bool = False


@dataclass
class Running:
    """The generator's present episode. `before` None: a meter exchanged since, or an unknown beginning."""

    start: int
    before: Sample | None
    silences: list[Span] = field(default_factory=list)


@dataclass
class State:
    """What is kept between starts. `since` None: the present supply was there before anybody looked."""

    since: int | None = None
    trusted: bool = True
    last: Sample | None = None
    turn: Turn | None = None
    running: Running | None = None
    sessions: list[Session] = field(default_factory=list)


class Judge:
    """`take` each new sample, hear what has to be told."""

    def __init__(self, source: str, zone: ZoneInfo, state: State, watched_ms: int = WATCHED_MS) -> None:
        """`zone` is the meter's, for the sentences."""
        self._source = source
        self._zone = zone
        self._watched_ms = watched_ms
        self.state = state

    @property
    def supply(self) -> int | None:
        """GRID or GENERATOR; None while that is in doubt."""
        return None if self.state.turn else self.confirmed

    @property
    def confirmed(self) -> int | None:
        """The last that was beyond doubt."""
        return self._mode if self.state.last else None

    @property
    def _mode(self) -> int:
        return GENERATOR if self.state.running else GRID

    @property
    def sessions(self) -> tuple[Session, ...]:
        """The generator's episodes, newest first; the present one has no end."""
        running = self.state.running
        present = (Session(running.start, None, None, None, tuple(running.silences)),) if running else ()
        return (*present, *reversed(self.state.sessions))

    def take(self, live: Live, spent: Spent = UNKNOWN) -> list[Event]:
        """The events of a sample newer than the last, with registers that do not fall."""
        state, now = self.state, Sample(live.at, live.supply, live.eb, live.dg, spent)
        last, state.last = state.last, now
        if last is None:
            return self._begin(now)
        silence = (last.at, now.at) if now.at - last.at > self._watched_ms else None
        unseen = self._unseen(last, now, silence)
        says, backed = self._says(last, now, silence)
        if says is None:
            return unseen
        if says == self._mode:
            state.turn = None
            return unseen
        turn = state.turn
        if turn is None:
            at = now.at if silence else _edge(last, now, says)
            turn = state.turn = Turn(at, last, silence)
        turn.votes += 1
        turn.backed |= backed
        if turn.votes < (VOTES if turn.backed else VOTES_OF_SUPPLY_ALONE):
            return unseen
        return [*unseen, self._turned(turn, now)]

    def exchanged(self) -> None:
        """Another meter from the next sample on: registers before it say nothing of those after."""
        state = self.state
        state.last = state.turn = None
        if state.running:
            state.running.before = None

    def _begin(self, now: Sample) -> list[Event]:
        """The first sample, of all or of another meter. A generator that runs already has to be confirmed."""
        if now.supply != self._mode:
            self.state.turn = Turn(now.at, now, (now.at, now.at), votes=1)
        return []

    def _says(self, last: Sample, now: Sample, silence: Span | None) -> tuple[int | None, bool]:
        """Which supply the sample speaks for, if any, and whether a register has moved for it. In a silence
        Supply may have gone and come back: registers cannot contradict it then."""
        state = self.state
        grid, generator = now.eb > last.eb, now.dg > last.dg
        registers = None if grid == generator else (GENERATOR if generator else GRID)
        stood = now.supply == last.supply and not silence
        if not stood:
            state.trusted = True
        elif registers is not None:
            state.trusted = registers == now.supply
        if registers is not None and (stood or registers == now.supply):
            return registers, True
        if registers is None and state.trusted:
            return now.supply, grid and generator
        return None, False

    def _unseen(self, last: Sample, now: Sample, silence: Span | None) -> list[Event]:
        """What a silence hides that did not change the supply."""
        state = self.state
        if silence is None or state.turn:
            return []
        if state.running:
            if now.eb - last.eb >= LEAST_UNSEEN_KWH and now.supply == GENERATOR:
                state.running.silences.append(silence)
            return []
        if now.supply != GRID or now.dg - last.dg < LEAST_UNSEEN_KWH:
            return []
        running = Running(silence[0], last, [silence])
        return [self._ended(running, silence[1], now)]

    def _turned(self, turn: Turn, now: Sample) -> Event:
        state = self.state
        state.turn = None
        state.since = turn.at
        if running := state.running:
            state.running = None
            if turn.silence:
                running.silences.append(turn.silence)
            return self._ended(running, max(running.start, turn.at), now)
        state.running = Running(turn.at, turn.before, [turn.silence] if turn.silence else [])
        data: dict[str, Any] = {"start": turn.at}
        text = f"Power cut: on the generator since {local(turn.at, self._zone):%H:%M}"
        if turn.silence:
            data["not_watched"] = list(turn.silence)
            text = f"Power cut: on the generator; {self._not_watched(turn.silence)}"
        return Event(self._source, ON, turn.at, text, data)

    def _ended(self, running: Running, end: int, now: Sample) -> Event:
        start, silences = running.start, running.silences
        kwh = round(now.dg - running.before.dg, 3) if running.before else None
        cost = _cost(running.before, now) if running.before else None
        session = Session(start, end, kwh, cost, tuple(silences))
        self.state.sessions = [*self.state.sessions, session][-SESSIONS_KEPT:]
        data: dict[str, Any] = {"start": start, "end": end, "duration_s": (end - start) / 1000}
        told = []
        if kwh is not None:
            data["kwh"] = kwh
            told.append(f"{kwh:.2f} kWh")
        if kwh is not None and end > start and not silences:
            data["mean_kw"] = round(kwh * HOUR_MS / (end - start), 3)
            told.append(f"{data['mean_kw']:.1f} kW on average")
        if cost is not None:
            data["cost"] = cost
            told.append(f"{cost:.2f} INR")
        if silences:
            data["not_watched"] = [list(span) for span in silences]
        return Event(self._source, OFF, end, self._told(running, end, told), data)

    def _told(self, running: Running, end: int, told: list[str]) -> str:
        lasted = lasting((end - running.start) / 1000)
        begun = [span for span in running.silences if span[1] <= running.start]
        if running.silences:
            sort = "about" if len(running.silences) > 1 else "at least" if begun else "at most"
            lasted = f"{sort} {lasted}"
        text = f"The grid is back after {lasted} on the generator"
        if told:
            text += f": {', '.join(told)}"
        if running.silences:
            text += f"; {self._not_watched(running.silences[-1])}"
        return text

    def _not_watched(self, silence: Span) -> str:
        since, until = (f"{local(at, self._zone):%Y-%m-%d %H:%M}" for at in silence)
        if since == until:
            return f"it was not watched before {until}"
        return f"it was not watched from {since} to {until}"


def _edge(last: Sample, now: Sample, to: int) -> int:
    """When the supply changed between two samples, by how far each register rose at a steady load. Both are
    rounded: where neither rose it is in the middle."""
    eb, dg = now.eb - last.eb, now.dg - last.dg
    share = ((eb if to == GENERATOR else dg) + HALF_DIGIT_KWH) / (eb + dg + 2 * HALF_DIGIT_KWH)
    return last.at + round((now.at - last.at) * share)


def _cost(before: Sample, after: Sample) -> float | None:
    """Rupees of the generator between two samples: as the portal counted them, once its count has come as
    far as the register; else as the balance fell, less what the grid's kWh cost."""
    was, now = before.spent.count, after.spent.count
    if was and now and was.era == now.era and now.kwh - was.kwh >= after.dg - before.dg - LAG_KWH:
        return round(now.rupees - was.rupees, 2)
    if before.spent.all is None or after.spent.all is None:
        return None
    grid = (after.eb - before.eb) * (after.spent.eb_rate or 0.0)
    return round(max(0.0, after.spent.all - before.spent.all - grid), 2)
