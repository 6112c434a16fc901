"""What the editor of boxes is told: where each box stands, how sure its figure is, how it is called."""

from typing import Any

from appliance.meter_setup import CounterSeen, CounterSetup

from ..counters import boxes, kind_of
from ..draft import Draft
from ..judgement import level, percent
from ..text import Texts


def boxes_message(
    texts: Texts, draft: Draft | None, address: str | None, seen: tuple[CounterSeen, ...], edit: bool
) -> dict[str, Any]:
    """All of the picture; confidences only where they fit the boxes as they are now."""
    words = {
        "zoom": texts._("Closer, or the whole picture"),
        "fresh": texts._("New picture"),
        "undo": texts._("Undo"),
    }
    empty: dict[str, Any] = {"src": address, "words": words, "boxes": [], "others": [], "chosen": None}
    if draft is None:
        return {**empty, "edit": False, "together": False, "aria": texts._("The meter")}
    place = draft.place
    own = _own(texts, draft.counter, seen[place] if place < len(seen) else None)
    others = [
        {"at": list(box), "place": other}
        for other, counter in enumerate(draft.counters)
        for box in boxes(counter)
        if other != place
    ]
    return {
        **empty, "width": draft.width, "height": draft.height, "boxes": own, "others": others,
        "chosen": draft.chosen, "together": draft.together, "edit": edit,
        "aria": texts._("The meter with its boxes"),
    }  # fmt: skip


def _own(texts: Texts, counter: CounterSetup, seen: CounterSeen | None) -> list[dict[str, Any]]:
    known = _per_box(counter, seen)
    first_decimal = len(counter.digits) + len(counter.dials) - counter.decimals
    made = []
    for index, box in enumerate(boxes(counter)):
        kind, digit = kind_of(counter, index), known[index]
        one: dict[str, Any] = {"at": list(box), "kind": kind, "name": _name(texts, counter, index, digit)}
        one["text"] = "" if digit is None else percent(texts, digit)
        one["level"] = "" if digit is None else level(digit)
        if kind == "digit" and counter.decimals and index == first_decimal:
            one["point"] = True
        if kind == "dial":
            one["clockwise"] = counter.dials[index - len(counter.digits)].clockwise
        made.append(one)
    return made


def _per_box(counter: CounterSetup, seen: CounterSeen | None) -> list[float | None]:
    """How sure each box was; a window is as sure as the number in it."""
    figures = len(counter.digits) + len(counter.dials)
    known: list[float | None] = [None] * figures
    if seen is not None and len(seen.digits) == figures:
        known = [digit.confidence for digit in seen.digits]
    if counter.display is not None:
        known.append(seen.confidence if seen is not None and seen.text else None)
    return known


def _name(texts: Texts, counter: CounterSetup, index: int, confidence: float | None) -> str:
    kind = kind_of(counter, index)
    if kind == "digit":
        name = texts._("Digit {place}").format(place=index + 1)
    elif kind == "dial":
        name = texts._("Dial {place}").format(place=index - len(counter.digits) + 1)
    else:
        name = texts._("Display window")
    return name if confidence is None else f"{name}, {percent(texts, confidence)} %"
