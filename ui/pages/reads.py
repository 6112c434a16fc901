"""The card that tells what the boxes read, as they stand."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from nicegui import ui

from appliance.meter_setup import CounterSeen
from appliance.model import Quantity, Reading

from ..components.controls import heading, line, marked
from ..draft import Draft
from ..judgement import SURE, judgement
from ..sentences import told
from ..text import UNKNOWN, Texts
from ..words import amount, quantity_name
from .corrections import is_far

GUESSED = 0.3
"""Below this a figure is nobody's word."""
LONG = 10
"""So many characters of a number are set smaller."""


class Reads:
    """The number, as it will be kept, and why it cannot be believed or which box is worth moving."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        with ui.element("section").classes("card reads") as self.root:
            heading(texts._("Reads"))
            self._number = ui.label().classes("seven")
            self._value, self._said = line(), line().props("role=status")

    def draw(self, draft: Draft | None, seen: CounterSeen | None, trouble: str | None) -> None:
        """`trouble` is what the camera said instead of an answer."""
        text = number(seen)
        self._number.set_text(text)
        marked(self._number, "long", len(text) >= LONG)
        sentence = "" if draft is None or seen is None else verdict(self._texts, draft, seen)
        self._said.set_text(trouble or sentence)
        self._value.set_text("" if draft is None or seen is None else value(self._texts, draft, seen))
        marked(self._said, "trouble", trouble is not None or (seen is not None and seen.reason is not None))


def number(seen: CounterSeen | None) -> str:
    """The figures, "?" where a guess would be as good."""
    if seen is None or not seen.text:
        return UNKNOWN
    guessed = [digit.confidence < GUESSED for digit in seen.digits]
    places = [place for place, sign in enumerate(seen.text) if sign.isdigit()]
    if seen.value is not None or len(places) != len(guessed):
        return seen.text
    if all(guessed):
        return UNKNOWN
    unsure = {place for place, is_guess in zip(places, guessed, strict=True) if is_guess}
    return "".join("?" if place in unsure else sign for place, sign in enumerate(seen.text))


def note(texts: Texts, draft: Draft, seen: CounterSeen | None) -> str:
    """The number and what is kept of it in one line, or why there is none; "" while nothing was read."""
    if seen is None:
        return ""
    kept = value(texts, draft, seen)
    return f"{seen.text} {kept}" if seen.text and kept else verdict(texts, draft, seen)


def verdict(texts: Texts, draft: Draft, seen: CounterSeen) -> str:
    """A sentence or three."""
    said = [told(texts, seen.reason)] if seen.reason else []
    if draft.counter.register and seen.text is None:
        said.append(texts._("The code must stand within the box."))
    if any(digit.confidence < SURE for digit in seen.digits):
        doubt = judgement(texts, replace(seen, reason=None), len(draft.counter.digits))
        said += [doubt] if said else [doubt, texts._("Line the box up with it.")]
    elif not said:
        said = [judgement(texts, seen)]
    return said[0] if len(said) == 1 else " ".join(one.removesuffix(".") + "." for one in said)


def doubts(
    texts: Texts, draft: Draft, seen: Sequence[CounterSeen], known: Callable[[Quantity], Reading | None]
) -> str:
    """What speaks against saving, "" for nothing: a counter that is not read, a number far from the last."""
    said = []
    for counter, one in zip(draft.counters, seen, strict=True):
        name, before = quantity_name(texts, counter.quantity), known(counter.quantity)
        if one.value is None and not counter.register:  # with a code it may wait for its turn
            reason = told(texts, one.reason) if one.reason else texts._("Not readable")
            said.append(f"{name}: {reason.removesuffix('.')}.")
        elif one.value is not None and before is not None and is_far(one.value, before):
            now, then = (amount(texts, counter.quantity, v) for v in (one.value, before.value))
            far = texts._("{name} reads {now} now and {then} before. Are point and unit right?")
            said.append(far.format(name=name, now=now, then=then))
    return " ".join(said)


def value(texts: Texts, draft: Draft, seen: CounterSeen) -> str:
    """The number as it will be kept: shows a point at the wrong place."""
    if seen.value is None:
        return ""
    return f"= {amount(texts, draft.counter.quantity, seen.value)}"
