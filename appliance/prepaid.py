"""What is known of a prepaid meter's account: who supplies, the balance and how long it lasts. Pure.

Amounts are in the site's currency, instants UTC ms, energy kWh. Unknown is None.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from appliance.clock import DAY_MS
from appliance.model import Quantity

Supply = Literal["grid", "generator"]
Q = Quantity
WAYS: dict[Supply, tuple[Quantity, ...]] = {
    "grid": (Q.ENERGY_IMPORT, Q.IMPORT_TODAY, Q.IMPORT_COST_TODAY, Q.IMPORT_MONTH, Q.IMPORT_COST_MONTH),
    "generator": (
        Q.ENERGY_GENERATOR, Q.GENERATOR_TODAY, Q.GENERATOR_COST_TODAY,
        Q.GENERATOR_MONTH, Q.GENERATOR_COST_MONTH,
    ),
}  # fmt: skip
"""Of each way in: the register, then energy and cost of the day and of the month."""
WINDOW_MS = 7 * DAY_MS
"""Present use is that of so long: it holds every day of a week once."""
LEAST_MS = DAY_MS
"""What less than a whole day used says nothing of the next ones: its night or its evening is missing."""


@dataclass(frozen=True, slots=True)
class Movement:
    """Money that came (positive: a recharge) or was taken (negative: a deduction, not for energy).

    `confirmed` is whether the portal's own list of recharges has it.
    """

    at: int
    amount: float
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Session:
    """The generator supplied from `start` to `end` (None: still does). `cost` and `kwh` None: unknown.

    `not_watched` are the silences in which it began or ended.
    """

    start: int
    end: int | None
    kwh: float | None
    cost: float | None
    not_watched: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """A prepaid meter's account as last known.

    `since` is when the present supply began, None where that was before anybody looked; `balance_at` is the
    meter's own instant of the balance, and of all else: `stale_s` is for how long the portal has been telling
    nothing newer (0 while it does). `days_left` is at present use. `movements` and `sessions` are newest
    first. `zone` is the meter's time zone (IANA): its days begin there.
    """

    supply: Supply | None = None
    since: int | None = None
    balance: float | None = None
    balance_at: int | None = None
    days_left: float | None = None
    movements: tuple[Movement, ...] = ()
    sessions: tuple[Session, ...] = ()
    relay: bool | None = None
    stale_s: float = 0.0
    currency: str = "INR"
    zone: str = "Asia/Kolkata"


def days_left(balance: float | None, used: Sequence[tuple[int, float]]) -> float | None:
    """For how many days the balance lasts at the use of the last up to seven; 0 where it is spent.

    `used` are (instant, money used since some beginning), oldest first, without recharges and deductions.
    None where the balance or a whole day's use is unknown, or nothing is used.
    """
    if balance is None or not used:
        return None
    if balance <= 0:
        return 0.0
    end, last = used[-1]
    begin, first = next(point for point in used if point[0] >= end - WINDOW_MS)
    if end - begin < LEAST_MS or last <= first:
        return None
    return balance / ((last - first) * DAY_MS / (end - begin))
