"""What happened to the balance: use, recharges, deductions; each told once (pure).

A balance moves by use, which registers and prices per kWh explain, and by money. What they do not explain is
a movement: up by `min_recharge` or more, or down by DEDUCTION and more. It is told when the balance has been
steady for a while, for a recharge may come in steps and a balance may flap back, or at once when the portal's
own list has it. A line of that list that nobody saw in the balance (we were off) is told too, unless it is
older than the first look. Line and movement are one where amounts agree and they are at most a day apart; a
leap after a silence may be several lines together. Amounts are in INR, instants UTC ms.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from appliance.clock import DAY_MS, HOUR_MS, MINUTE_MS
from appliance.model import Event
from appliance.prepaid import WINDOW_MS, Movement
from appliance.sources._elnet_data import Live, Rates, Row

DEDUCTION = 50.0
"""No meter's two minutes of use cost so much: a larger drop is a deduction, or a silence."""
NOISE = 5.0
"""While a movement settles, what the balance does beyond this belongs to it."""
STEADY_MS, STEADY_SAMPLES = 3 * MINUTE_MS, 2
INEXACT = 0.25
"""What use is reckoned to be may be wrong by so much of itself: prices change, fixed charges are added."""
USUAL_EB, USUAL_DG = 9.0, 22.0
"""INR for a kWh while its price is not known: what is reckoned by it may be wrong by all of itself."""
SAME_SHARE = 0.02
SOON_MS = 15 * MINUTE_MS
"""A line is in the balance after so long."""
TOGETHER = 8
"""So many lines at most are tried as parts of one leap."""
MOVES_KEPT = 60
"""Twice what the portal's list holds."""


@dataclass
class Move:
    """One movement: `listed` by the portal, `seen` in the balance, where it lies between `since` and `at`."""

    at: int
    amount: float
    listed: bool
    seen: bool
    since: int = 0


@dataclass
class Seen:
    """Balance and registers when last seen."""

    at: int
    balance: float
    eb: float
    dg: float


@dataclass
class Pending:
    """A movement that is not over yet: it began between `since` and `at`, is `net` so far, moved last at
    `moved`, and has been steady for `steady` samples. `slack` is how wrong `net` may be."""

    since: int
    at: int
    net: float
    slack: float
    moved: int
    steady: int = 0


@dataclass
class State:
    """What is kept between starts. `first` is the first look; `paid` all movements since then; `used` hourly
    points of what was used since, without movements; of movements up to `forgotten` nothing is known any
    more."""

    first: int | None = None
    last: Seen | None = None
    rates: Rates = field(default_factory=Rates)
    pending: Pending | None = None
    paid: float = 0.0
    moves: list[Move] = field(default_factory=list)
    forgotten: int = 0
    used: list[tuple[int, float]] = field(default_factory=list)


class Judge:
    """`take` each new sample and the portal's `listed` lines, hear what has to be told."""

    def __init__(self, source: str, state: State, min_recharge: float) -> None:
        self._source = source
        self._least = min_recharge
        self.state = state

    @property
    def wants_list(self) -> bool:
        """Whether the portal's list may explain what the balance did."""
        return self.state.pending is not None

    @property
    def spent(self) -> float | None:
        """All that was used since the first look; None while it is not clear what is use."""
        state = self.state
        return None if state.last is None or state.pending else state.paid - state.last.balance

    @property
    def movements(self) -> tuple[Movement, ...]:
        """Newest first."""
        moves = sorted(self.state.moves, key=lambda move: move.at, reverse=True)
        return tuple(Movement(move.at, move.amount, move.listed) for move in moves)

    @property
    def used(self) -> list[tuple[int, float]]:
        """Instants and what was used by then, oldest first, the last that is known at the end."""
        state = self.state
        if state.last is None or self.spent is None:
            return list(state.used)
        return [*state.used, (state.last.at, self.spent)]

    def take(self, live: Live, rates: Rates) -> list[Event]:
        """The events of a sample newer than the last; `rates` as known now (None keeps what was known)."""
        state = self.state
        state.rates = Rates(rates.eb or state.rates.eb, rates.dg or state.rates.dg)
        last, state.last = state.last, Seen(live.at, live.balance, live.eb, live.dg)
        if state.first is None:
            state.first = live.at
        told = [] if last is None else self._moved(last, state.last)
        self._count(live.at)
        return told

    def _moved(self, last: Seen, now: Seen) -> list[Event]:
        state = self.state
        use, slack = self._use(last, now)
        change = now.balance - last.balance + use
        if state.pending:
            return self._go_on(state.pending, change, slack, now.at)
        if change >= self._least + slack or -change >= DEDUCTION + slack:
            state.pending = Pending(last.at, now.at, change, slack, now.at)
        return []

    def listed(self, rows: Iterable[Row], now: int) -> list[Event]:
        """The events of the portal's list as it is `now` (UTC ms)."""
        state = self.state
        if state.first is None:
            return []
        known = {(move.at, move.amount) for move in state.moves if move.listed}
        new = [
            Move(row.at, row.amount, listed=True, seen=row.at <= state.first)
            for row in rows
            if row.at > state.forgotten and (row.at, row.amount) not in known
        ]
        self._explain_told(new)
        state.moves += new
        news = [move for move in new if not move.seen and not 0 < move.amount < self._least]
        if state.pending and self._explained(state.pending):
            self._settled(state.pending.net)
        told = [self._event(move) for move in news]
        self._expire(now)
        self._forget()
        return told

    def _forget(self) -> None:
        state = self.state
        moves = sorted(state.moves, key=lambda move: move.at)
        gone, state.moves = moves[:-MOVES_KEPT], moves[-MOVES_KEPT:]
        if gone:
            state.forgotten = gone[-1].at

    def exchanged(self) -> None:
        """Another meter: what its registers explain begins anew; so does its balance."""
        state = self.state
        state.last = state.pending = None
        state.used.clear()

    def _go_on(self, pending: Pending, change: float, slack: float, at: int) -> list[Event]:
        pending.slack += slack
        if abs(change) >= max(NOISE, slack):
            pending.net, pending.moved, pending.steady = pending.net + change, at, 0
            return []
        pending.steady += 1
        if pending.steady < STEADY_SAMPLES or at - pending.moved < STEADY_MS:
            return []
        explained = self._explained(pending)
        self._settled(pending.net)
        if explained or -DEDUCTION < pending.net < self._least:  # it flapped back
            return []
        move = Move(pending.at, round(pending.net, 2), listed=False, seen=True, since=pending.since)
        self.state.moves.append(move)
        return [self._event(move)]

    def _settled(self, net: float) -> None:
        self.state.paid += net
        self.state.pending = None

    def _explained(self, pending: Pending) -> bool:
        """Whether lines that were told already, but not seen in the balance, are this movement."""
        unseen = [move for move in self.state.moves if not move.seen]
        parts = _parts(pending.net, _near(unseen, pending), pending.slack)
        for move in parts:
            move.seen = True
        return bool(parts)

    def _explain_told(self, new: list[Move]) -> None:
        """Lines for movements that were told as seen in the balance: those are confirmed by them."""
        state = self.state
        for move in [move for move in state.moves if move.seen and not move.listed]:
            unseen = [line for line in new if not line.seen]
            if parts := _parts(move.amount, _near(unseen, move), 0.0):
                state.moves.remove(move)
                for part in parts:
                    part.seen = True

    def _expire(self, now: int) -> None:
        """What the balance never showed apart was taken for use there."""
        for move in self.state.moves:
            if not move.seen and not self.state.pending and now - move.at > DAY_MS:
                move.seen = True
                self.state.paid += move.amount

    def _use(self, last: Seen, now: Seen) -> tuple[float, float]:
        """What the energy between two samples cost, and how wrong that may be."""
        cost = slack = 0.0
        rates = self.state.rates
        for kwh, rate, usual in (
            (now.eb - last.eb, rates.eb, USUAL_EB),
            (now.dg - last.dg, rates.dg, USUAL_DG),
        ):
            part = max(0.0, kwh) * (rate or usual)
            cost += part
            slack += part * (INEXACT if rate else 1.0)
        return cost, slack

    def _count(self, at: int) -> None:
        """Keep an hourly point of what was used, for a week and a day."""
        used, spent = self.state.used, self.spent
        if spent is not None and (not used or at - used[-1][0] >= HOUR_MS):
            self.state.used = [*(p for p in used if p[0] >= at - WINDOW_MS - DAY_MS), (at, spent)]

    def _event(self, move: Move) -> Event:
        amount, balance = abs(move.amount), self._balance_after(move)
        data: dict[str, Any] = {"amount": amount, "at": move.at}
        name, text = ("recharge", "Recharged with") if move.amount > 0 else ("deduction", "Deducted:")
        text += f" {amount:.2f} INR"
        if balance is not None:
            data["balance"] = balance
            text += f"; the balance is {balance:.2f} INR"
        return Event(self._source, name, move.at, text, data)

    def _balance_after(self, move: Move) -> float | None:
        """The list may have a line that the meter's balance does not have yet."""
        last = self.state.last
        if last is None or move.seen or move.at < last.at - SOON_MS:
            return last.balance if last else None
        return round(last.balance + move.amount, 2)


def _near(lines: Iterable[Move], moved: Move | Pending) -> list[Move]:
    """The lines that may be what the balance did."""
    since, until = min(moved.since or moved.at, moved.at) - DAY_MS, moved.at + DAY_MS
    return [line for line in lines if since <= line.at <= until]


def _parts(amount: float, moves: Sequence[Move], slack: float) -> list[Move]:
    """Those of `moves` that make up `amount`: as few as can be, the newest first; none where they do not."""
    near = max(NOISE, SAME_SHARE * abs(amount), slack)
    newest = sorted(moves, key=lambda move: move.at, reverse=True)[:TOGETHER]
    for count in range(1, len(newest) + 1):
        for parts in combinations(newest, count):
            if abs(sum(part.amount for part in parts) - amount) <= near:
                return list(parts)
    return []
