"""How good a look at a counter was, in a sentence and a colour."""

from appliance.meter_setup import CounterSeen
from appliance.model import Picture

from .sentences import told
from .text import Texts

SURE, DOUBTFUL = 0.9, 0.75


def level(confidence: float) -> str:
    return "ok" if confidence >= SURE else "warn" if confidence >= DOUBTFUL else "bad"


def percent(texts: Texts, confidence: float) -> str:
    """0.71 as 71; certain is only what is."""
    return texts.number(int(100 * confidence + 1e-9))


def judgement(texts: Texts, seen: Picture | CounterSeen | None, wheels: int | None = None) -> str:
    """One sentence on what was seen; after so many `wheels` come dials."""
    if seen is None:
        return ""
    if seen.reason is not None:
        return told(texts, seen.reason)
    doubtful = [(i, d) for i, d in enumerate(seen.digits, 1) if d.confidence < SURE]
    if doubtful:
        place, digit = min(doubtful, key=lambda pair: pair[1].confidence)
        said = texts._("Digit {place} is unsure, {percent} %")
        if wheels is not None and place > wheels:
            said, place = texts._("Dial {place} is unsure, {percent} %"), place - wheels
        return said.format(place=place, percent=percent(texts, digit.confidence))
    return texts._("Sure of every digit, {percent} %").format(percent=percent(texts, seen.confidence))
