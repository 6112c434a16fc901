"""What the Prepaid page shows, as plain data for the parts of `components/`. Instants are UTC ms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from appliance.calendar import day_of
from appliance.clock import DAY_MS
from appliance.outages import lasting
from appliance.prepaid import Account, Movement, Session, Supply
from appliance.prepaid_history import Counted, Totals, mean_kw
from appliance.prepaid_usage import LONGEST_MIN, SHORTEST_MIN, Usage, Used
from config.messages import Messages

from .charts import Axis, Drawing, Line
from .text import N_, UNKNOWN, Texts

WAYS: dict[Supply, tuple[str, str, str]] = {
    "grid": (N_("Grid"), N_("Grid (EB)"), "EB"),
    "generator": (N_("Generator"), N_("Generator (DG)"), "DG"),
}
"""Its name, the name with what Indian meters call it, and that alone."""
GROUPS = {
    5: N_("5 minutes"), 15: N_("15 minutes"), 30: N_("30 minutes"), 60: N_("1 hour"), 180: N_("3 hours"),
    360: N_("6 hours"), 720: N_("12 hours"), 1440: N_("1 day"),
}  # fmt: skip
MOST_BARS = 150
"""A screen shows no more of them apart."""
USUAL_BARS = 31
DAILY_H = 120
"""A longer span is shown by days if nothing else is said."""
GAUGE_DAYS = 30.0
RECHARGES, MOVEMENTS = 5, 10


@dataclass(frozen=True, slots=True)
class Money:
    """The account with what counts as low, and for how many seconds the portal has told nothing newer."""

    account: Account
    limits: Messages
    stale_s: float

    @property
    def level(self) -> str:
        """Empty while all is well; spent, low in money, or short: gone in a few days."""
        balance, days, limits = self.account.balance, self.account.days_left, self.limits
        if balance is not None and balance <= 0:
            return "spent"
        low = balance is not None and limits.low_balance is not None and balance < limits.low_balance
        short = days is not None and limits.low_days is not None and days < limits.low_days
        return "low" if low else "short" if short else ""


def balance_message(texts: Texts, money: Money, today: Mapping[Supply, Totals], now: int) -> dict[str, Any]:
    """The balance large, for how many days it lasts, and what today and the month took."""
    account, level = money.account, money.level
    old = money.stale_s > 0 and account.balance is not None
    tags = []
    if level:
        tags.append({"text": _low(texts, money), "level": "bad" if level == "spent" else "warn"})
    if old:
        tags.append({"text": texts._("{age} old").format(age=texts.age(money.stale_s)), "level": "warn"})
    days = account.days_left
    return {
        "title": texts._("Balance"),
        "value": texts.amount(account.balance),
        "level": "old" if old else "low" if level == "short" else level,
        "tags": tags,
        "width": None if days is None else round(100 * min(1.0, days / GAUGE_DAYS), 1),
        "mark": _mark(texts, money.limits),
        "lasts": lasts(texts, account, now),
        "facts": [
            {"name": texts._("used today"), "value": texts.amount(_together(today, "today").cost)},
            {"name": texts._("used this month"), "value": texts.amount(_together(today, "month").cost)},
        ],
    }  # fmt: skip


def _low(texts: Texts, money: Money) -> str:
    """Why the balance is called low."""
    limits = money.limits
    if money.level == "spent":
        return texts._("Used up")
    if money.level == "low" and limits.low_balance is not None:
        return texts._("Low, below {amount}").format(amount=texts.amount(limits.low_balance, 0))
    return texts._("Low, under {days} days").format(days=texts.number(limits.low_days))


def _mark(texts: Texts, limits: Messages) -> dict[str, Any] | None:
    """Where the days left begin to be few."""
    if not limits.low_days:
        return None
    text = texts._("Low below {days} days").format(days=texts.number(limits.low_days))
    return {"at": round(100 * min(1.0, limits.low_days / GAUGE_DAYS), 1), "text": text}


def lasts(texts: Texts, account: Account, now: int) -> str:
    """For how long at present use, and until which day."""
    days = account.days_left
    if days is None:
        return texts._("How long it lasts is not known yet")
    if days <= 0:
        return texts._("Nothing is left: recharge now")
    end = texts.day((account.balance_at or now) + round(days * DAY_MS))
    if days < 2:
        text = texts._("{hours} hours left at present use, until {day}")
        return text.format(hours=texts.number(days * 24), day=end)
    text = texts._("{days} days left at present use, until about {day}")
    return text.format(days=texts.number(days, 1 if days < 10 else 0), day=end)


def supply_message(
    texts: Texts, money: Money, load: float | None, totals: Mapping[Supply, Totals], now: int
) -> dict[str, Any]:
    """Who supplies, since when, what is drawn, and what the generator gave today."""
    account = money.account
    tags = []
    if money.stale_s > 0 and account.supply is not None:
        tags.append({"text": texts._("{age} old").format(age=texts.age(money.stale_s)), "level": "warn"})
    if account.relay is not None:
        word, level = (texts._("Relay on"), "ok") if account.relay else (texts._("Relay off"), "bad")
        tags.append({"text": word, "level": level})
    drawn = texts._("drawn now") if load is not None else texts._("No reading")
    facts = [{"name": drawn, "value": texts.powered(load)}]
    generated = totals.get("generator", Totals()).today.kwh
    if generated is not None:
        name = texts._("from the generator today")
        facts.append({"name": name, "value": f"{texts.number(generated, 2)} kWh"})
    shown = {
        "title": texts._("Supply"), "tags": tags, "old": money.stale_s > 0, "facts": facts,
    }  # fmt: skip
    if account.supply is None:
        return shown | {"way": "", "name": texts._("Not known"), "short": "", "since": ""}
    name, _, short = WAYS[account.supply]
    return shown | {
        "way": account.supply, "name": texts._(name), "short": short, "since": since(texts, account, now),
    }  # fmt: skip


def since(texts: Texts, account: Account, now: int) -> str:
    """For how long the present supply has been there."""
    if account.since is None:
        return texts._("longer than it is watched")
    end = account.balance_at if account.stale_s > 0 and account.balance_at else now
    age = lasting(max(0, end - account.since) / 1000)
    text = texts._("for {age}, since {time}")
    return text.format(age=age, time=texts.moment(account.since, now))


def _together(totals: Mapping[Supply, Totals], when: str) -> Counted:
    """All ways in there are; unknown as soon as one of them is."""
    both: list[Counted] = [getattr(total, when) for total in totals.values()]

    def whole(parts: Sequence[float | None]) -> float | None:
        known = [part for part in parts if part is not None]
        return sum(known) if known and len(known) == len(parts) else None

    return Counted(whole([one.kwh for one in both]), whole([one.cost for one in both]))


def totals_table(texts: Texts, totals: Mapping[Supply, Totals]) -> dict[str, Any]:
    """Today and this month: kWh and money, each way and together."""
    rows = []
    for when, name in (("today", texts._("Today")), ("month", texts._("This month"))):
        ways = [getattr(totals.get(way, Totals()), when) for way in WAYS]
        each = [*ways, _together(totals, when)]
        rows.append(
            {"key": f"{when} kwh", "cells": [f"{name}, kWh", *(texts.number(c.kwh, 2) for c in each)]}
        )
        cells = [f"{name}, {texts.money}", *(texts.number(c.cost, 2) for c in each)]
        rows.append({"key": f"{when} cost", "cells": cells})
    head = ["", *(short for _, _, short in WAYS.values()), texts._("Together")]
    return {"title": texts._("Counted by the meter"), "head": head, "rows": rows, "none": ""}


# Recharges and sessions


def movements_message(texts: Texts, movements: Sequence[Movement], now: int) -> dict[str, Any]:
    """The last five recharges, with the deductions between them."""
    rows, recharges = [], 0
    for one in movements[:MOVEMENTS]:
        if one.amount > 0 and recharges == RECHARGES:
            break
        recharges += one.amount > 0
        sign, word, level = ("+", "", "ok") if one.amount > 0 else ("−", texts._("Deduction"), "warn")
        rows.append({
            "key": f"{one.at} {one.amount}", "name": f"{sign}{texts.amount(abs(one.amount))}", "level": level,
            "word": word, "side": [texts.moment(one.at, now)],
            "texts": [] if one.confirmed else [texts._("Not in the portal's own list yet")],
        })  # fmt: skip
    return {
        "title": texts._("Recharges"), "rows": rows, "none": texts._("No recharge is known yet"),
    }  # fmt: skip


def sessions_table(texts: Texts, sessions: Sequence[Session], now: int) -> dict[str, Any]:
    """When the generator ran, how long, what it gave and what that cost."""
    rows = []
    for one in sessions:
        notes = []
        if (kw := mean_kw(one)) is not None:
            notes.append(texts._("{power} on average").format(power=texts.powered(1000 * kw)))
        if one.not_watched:
            notes.append(texts._("not watched all the time"))
        lasted = lasting(max(0, (one.end or now) - one.start) / 1000)
        cells = [
            texts.moment(one.start, now), f"≈ {lasted}" if one.not_watched else lasted,
            UNKNOWN if one.kwh is None else f"{texts.number(one.kwh, 2)} kWh", texts.amount(one.cost),
        ]  # fmt: skip
        if one.end is None:
            cells[2:] = ["", texts._("Runs now")]
        rows.append({"key": str(one.start), "cells": cells, "sub": ", ".join(notes)})
    return {
        "title": texts._("The generator ran"), "head": [], "rows": rows,
        "none": texts._("Not since this is watched"),
    }  # fmt: skip


# Usage


def groups(hours: float) -> list[int]:
    """The groups, in minutes, that make sense for a span: at least two bars, at most what can be drawn."""
    return [group for group in GROUPS if 2 <= hours * 60 / group <= MOST_BARS]


def least_group(hours: float) -> int:
    """The finest group, in minutes, whose bars can be told apart."""
    return max(SHORTEST_MIN, ceil(hours * 60 / MOST_BARS))


def usual_group(hours: float) -> int:
    """How fine a span is shown if nothing else is said."""
    if hours >= DAILY_H:
        return LONGEST_MIN
    return next((g for g in groups(hours) if hours * 60 / g <= USUAL_BARS), SHORTEST_MIN)


def group_name(texts: Texts, group: int) -> str:
    """1 hour; 45 minutes."""
    if group in GROUPS:
        return texts._(GROUPS[group])
    return texts._("{count} minutes").format(count=group)


def usage_drawing(texts: Texts, usage: Usage | None, group: int, kind: str) -> Drawing:
    """Both ways side by side; `kind` is energy or cost. What is not known is a gap."""
    starts = usage.edges[:-1] if usage else ()
    unit = "kWh" if kind == "energy" else texts.money
    lines = []
    for way, colour in (("grid", "grid-f"), ("generator", "generator-f")):
        used: Used | None = getattr(usage, way, None)
        data = () if used is None else used.kwh if kind == "energy" else used.cost
        lines.append(Line(texts._(WAYS[way][1]), unit, list(data), colour, "bar", decimals=2))  # type: ignore[index]
    days = bool(starts) and starts[-1] - starts[0] > DAY_MS
    return Drawing(
        key=f"usage {kind} {group} {len(starts)}", lines=lines, axes=[Axis(unit)],
        none=texts._("Nothing was recorded in this time"),
        category=[label(texts, at, group, days=days) for at in starts],
        aria=texts._("Usage from the grid and from the generator"),
    )  # fmt: skip


def label(texts: Texts, at: int, group: int, *, days: bool) -> str:
    """What stands beneath a bar: its day, its time, or both where there are several days."""
    day = texts.day_short(day_of(at, texts.zone))
    if group >= LONGEST_MIN:
        return day
    return f"{day} {texts.clock(at)}" if days else texts.clock(at)


def usage_head(texts: Texts, usage: Usage | None, group: int, kind: str) -> dict[str, Any]:
    """All that was used in the time shown, and how much of it each way."""
    if usage is None:
        return {"value": UNKNOWN, "unit": "", "tags": [], "notes": ""}
    ways = {"grid": usage.grid, "generator": usage.generator}
    read = {way: used for way, used in ways.items() if used.total_kwh is not None}
    totals = {way: used.total_kwh if kind == "energy" else used.total_cost for way, used in read.items()}
    known = [total for total in totals.values() if total is not None]
    whole = sum(known) if known and len(known) == len(read) else None
    tags = []
    for way, total in totals.items():
        amount = texts.amount(total) if kind == "cost" else f"{texts.number(total, 2)} kWh"
        short = WAYS[way][2]  # type: ignore[index]
        tags.append({"text": f"{short} {amount}", "level": f"none of-{way}"})
    first, last = usage.edges[0], usage.edges[-1]
    notes = f"{_moment(texts, first)} – {_moment(texts, last)} · {group_name(texts, group)}"
    if any(None in used.kwh for used in read.values()):
        notes += " · " + texts._("where a bar is missing nothing was read")
    value, unit = (texts.number(whole, 1), "kWh") if kind == "energy" else (texts.amount(whole), "")
    return {"value": value, "unit": unit if whole is not None else "", "tags": tags, "notes": notes}


def _moment(texts: Texts, at: int) -> str:
    return f"{texts.day_short(day_of(at, texts.zone))} {texts.clock(at)}"


def span_name(texts: Texts, hours: float) -> str:
    """36 h; 3 d."""
    if hours >= 48 and hours % 24 == 0:
        return f"{texts.number(hours / 24)} {texts._('d')}"
    return f"{texts.number(hours)} {texts._('h')}"
