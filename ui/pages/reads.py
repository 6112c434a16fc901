"""The card that tells what the boxes read, as they stand."""

from dataclasses import replace

from nicegui import ui

from appliance.meter_setup import CounterSeen

from ..components.controls import heading, line, marked
from ..draft import Draft
from ..judgement import SURE, judgement
from ..sentences import told
from ..text import UNKNOWN, Texts

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
        text = (seen.text if seen else None) or UNKNOWN
        self._number.set_text(text)
        marked(self._number, "long", len(text) >= LONG)
        sentence = "" if draft is None or seen is None else verdict(self._texts, draft, seen)
        self._said.set_text(trouble or sentence)
        self._value.set_text("" if draft is None or seen is None else value(self._texts, draft, seen))
        marked(self._said, "trouble", trouble is not None or (seen is not None and seen.reason is not None))


def verdict(texts: Texts, draft: Draft, seen: CounterSeen) -> str:
    """A sentence or three."""
    said = [told(texts, seen.reason)] if seen.reason else []
    if any(digit.confidence < SURE for digit in seen.digits):
        wheels = None if draft.counter.display else len(draft.counter.digits)
        doubt = judgement(texts, replace(seen, reason=None), wheels)
        said += [doubt] if said else [doubt, texts._("Line the box up with it.")]
    elif not said:
        said = [judgement(texts, seen)]
    return said[0] if len(said) == 1 else " ".join(one.removesuffix(".") + "." for one in said)


def value(texts: Texts, draft: Draft, seen: CounterSeen) -> str:
    """The number as it will be kept: shows a point at the wrong place."""
    if seen.value is None:
        return ""
    spec = draft.counter.quantity.spec
    return f"= {texts.register(seen.value, spec.decimals)} {spec.unit}"
