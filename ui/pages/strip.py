"""The strip card of Home: the last day at the grid, or prices around now."""

from typing import Any

from appliance.calendar import QUARTER_MS, local
from appliance.clock import DAY_MS, HOUR_MS

from ..digest import Sums
from ..text import UNKNOWN, Texts

LABEL_HOURS = 4
PRICE_BEFORE_MS = 2 * HOUR_MS + HOUR_MS // 2


def hours(texts: Texts, start: int, end: int) -> list[list[Any]]:
    """Positions (per cent) and texts of the full hours to write beneath, every fourth by the site's clock."""
    marks = []
    for at in range(start - start % HOUR_MS + HOUR_MS, end, HOUR_MS):
        place = 100 * (at - start) / (end - start)
        if local(at, texts.zone).hour % LABEL_HOURS == 0 and 4 <= place <= 96:
            marks.append([round(place, 2), texts.clock(at)])
    return marks


def energy_message(texts: Texts, sums: Sums | None, now: int) -> dict[str, Any]:
    """Bought upwards, sold downwards, per quarter hour of the last 24 hours."""
    message: dict[str, Any] = {
        "title": texts._("Grid, last 24 hours"), "tag": None, "level": "none", "value": UNKNOWN,
        "unit": texts._("kWh bought"), "note": None, "noteValue": None,
        "aria": texts._("Nothing recorded yet"),
        "bars": [], "hours": [], "now": None, "zero": 1.0,
    }  # fmt: skip
    if sums is None or not any(v is not None for v in (*sums.bought, *sums.sold)):
        return message
    up, down = _top(sums.bought), _top(sums.sold)
    zero = up / (up + down) if up + down else 1.0
    bars = [_energy_bar(b, s, up, down) for b, s in zip(sums.bought, sums.sold, strict=True)]
    missing = DAY_MS // QUARTER_MS - len(bars)
    message["bars"] = bars + [None] * max(0, missing)
    message["zero"] = round(zero, 4)
    message["now"] = round(len(bars) - 1 + (sums.edges[-1] - sums.edges[-2]) / QUARTER_MS, 2)
    message["hours"] = hours(texts, sums.edges[0], sums.edges[0] + QUARTER_MS * len(message["bars"]))
    message["value"] = texts.kwh(_total(sums.bought))
    sold = _total(sums.sold)
    if sold:
        message["tag"] = texts._("{energy} kWh sold").format(energy=texts.kwh(sold))
    if up > 0:
        place = max(range(len(bars)), key=lambda i: sums.bought[i] or 0.0)
        message["note"] = texts._("Peak {time}").format(time=texts.clock(sums.edges[place]))
        hours_long = (sums.edges[place + 1] - sums.edges[place]) / HOUR_MS
        message["noteValue"] = texts.powered((sums.bought[place] or 0.0) / hours_long * 1000)
    message["aria"] = f"{message['value']} {message['unit']}"
    return message


def _top(values: list[float | None]) -> float:
    return max((v for v in values if v is not None), default=0.0)


def _total(values: list[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return sum(known) if known else None


def _energy_bar(bought: float | None, sold: float | None, up: float, down: float) -> list[Any] | None:
    if bought is None and sold is None:
        return None
    height = round((bought or 0.0) / up, 3) if up else 0
    depth = round((sold or 0.0) / down, 3) if down else 0
    return [height, depth, "imp"]


def price_message(texts: Texts, sums: Sums | None, now: int) -> dict[str, Any] | None:
    """The whole price now and the day around it; None while the price of now is not known."""
    start = now - now % QUARTER_MS - PRICE_BEFORE_MS
    by_start = dict(sums.rates) if sums is not None else {}
    current = by_start.get(now - now % QUARTER_MS)
    if current is None:
        return None
    slots = [start + i * QUARTER_MS for i in range(DAY_MS // QUARTER_MS)]
    by_slot = [by_start.get(at) for at in slots]
    low, high = _thirds([price for price in by_slot if price is not None])
    ahead = [
        (at, price)
        for at, price in zip(slots, by_slot, strict=True)
        if price is not None and at + QUARTER_MS > now
    ]
    peak = max(ahead, key=lambda pair: pair[1])
    word, level, until = _level(texts, ahead, low, high)
    return {
        "title": texts._("Price now"), "tag": f"{word} {until}".strip(), "level": level,
        "value": texts.price(current), "unit": texts.money_unit,
        "note": texts._("Peak {time}").format(time=texts.clock(peak[0])),
        "noteValue": texts.price(peak[1]),
        "aria": f"{texts.price(current)} {texts.money_unit}, {word}",
        "bars": _price_bars(by_slot, slots, low, high, now),
        "hours": hours(texts, start, start + DAY_MS),
        "now": round((now - start) / QUARTER_MS, 1), "zero": 1.0,
    }  # fmt: skip


def _thirds(values: list[float]) -> tuple[float, float]:
    """Below the first is low, from the second on high: thirds of the span, so a flat day is all middle."""
    lowest, highest = min(values), max(values)
    third = (highest - lowest) / 3
    return lowest + third, highest - third


def _class(per_kwh: float, low: float, high: float) -> str:
    if low == high:
        return "mid"
    return "low" if per_kwh < low else "high" if per_kwh >= high else "mid"


def _level(texts: Texts, ahead: list[tuple[int, float]], low: float, high: float) -> tuple[str, str, str]:
    kind = _class(ahead[0][1], low, high)
    word = {"low": texts._("Low"), "mid": texts._("Middling"), "high": texts._("High")}[kind]
    level = {"low": "ok", "mid": "warn", "high": "bad"}[kind]
    change = next((at for at, price in ahead if _class(price, low, high) != kind), None)
    return word, level, texts._("until {time}").format(time=texts.clock(change)) if change else ""


def _price_bars(
    by_slot: list[float | None], slots: list[int], low: float, high: float, now: int
) -> list[list[Any] | None]:
    top = max((price for price in by_slot if price is not None), default=0.0)
    bars: list[list[Any] | None] = []
    for at, price in zip(slots, by_slot, strict=True):
        if price is None:
            bars.append(None)
            continue
        past = " past" if at + QUARTER_MS <= now else ""
        height = max(0.02, price / top) if top > 0 else 0.02
        bars.append([round(height, 3), 0, _class(price, low, high) + past])
    return bars
