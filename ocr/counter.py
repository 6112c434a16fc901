"""One counter in an upright picture: its wheels, display cells, dials and display window make one number.

Where a counter has both boxes and a whole display window, the two are read by different networks: when they
agree the number is surer than either, when they do not it is hardly believed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from ocr.calibration import Box, Calibration
from ocr.digits import Digit, DigitReader
from ocr.picture import Picture, cut, sharpness
from ocr.reading import combine
from ocr.result import DigitBox, Result

_SUREST = 0.999
_RATHER = 0.35
"""Confidence of a window against that of its cells from which the window is believed: on photographs a whole
display was read right far more often than all of its cells, however sure these were."""


@dataclass(frozen=True, slots=True)
class Strip:
    """What a whole display window shows; `text` is None when no number was made out.

    `register` is the code beside the number ("1.8.0"), None when none was seen; `row` is from where to where
    the number's digits reach, pixels from the window's top.
    """

    text: str | None
    confidence: float
    register: str | None = None
    row: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Readers:
    """Who reads what; `dials` takes crops of one sense of rotation (clockwise or not) at a time, `code` looks
    for a register code in another line of the window than the number's."""

    digits: Callable[[Sequence[Picture]], list[Digit]]
    dials: Callable[[Sequence[Picture], bool], list[Digit]]
    display: Callable[[Picture], Strip]
    code: Callable[[Picture, Strip], str | None] = lambda window, strip: None


@dataclass(frozen=True, slots=True)
class Counted:
    """A counter's result and the register code its display showed, None without one."""

    result: Result
    register: str | None = None


def shipped() -> Readers:
    """The networks of the package; each is loaded when it is first needed."""
    return Readers(lambda crops: DigitReader().read(crops), _dials, _display, _code)


def count(
    picture: Picture,
    where: Calibration,
    readers: Readers,
    *,
    expected: int | None = None,
    threshold: float = 0.0,
    trust: float = 1.0,
) -> Counted:
    """Reads one counter in a picture of the calibration's size (BGR uint8).

    A number of figures other than `expected`, or a confidence below `threshold`, is no reading; confidence
    never exceeds `trust`.
    """
    strip = readers.display(cut(picture, where.display)) if where.display else None
    register = strip.register if strip else None
    boxed = where.digits or where.dials
    seen = _boxes(picture, where, readers) if boxed else Result(None, None, 0.0, calibration=where)
    if strip is not None:
        seen = _with_strip(seen, strip, where)
    seen = replace(seen, confidence=min(trust, seen.confidence))
    reason = _refusal(picture, seen, expected if boxed else None, threshold)
    if reason is not None:
        seen = replace(seen, text=None, value=None, reason=reason, guess=seen.text)
    return Counted(seen, register)


def _boxes(picture: Picture, where: Calibration, readers: Readers) -> Result:
    digits = readers.digits([cut(picture, b) for b in where.digits]) if where.digits else []
    dials = _each_dial(picture, where, readers)
    places = [*where.digits, *(d.box for d in where.dials)]
    boxes = tuple(DigitBox(d.value, d.confidence, b) for d, b in zip([*digits, *dials], places, strict=True))
    number = combine(digits, where.decimals, where.kind, dials)
    return Result(number.text, number.value, number.confidence, boxes, None, where)


def _each_dial(picture: Picture, where: Calibration, readers: Readers) -> list[Digit]:
    found: dict[int, Digit] = {}
    for sense in (True, False):
        places = [i for i, dial in enumerate(where.dials) if dial.clockwise is sense]
        crops = [cut(picture, where.dials[i].box) for i in places]
        found |= dict(zip(places, readers.dials(crops, sense) if crops else [], strict=True))
    return [found[i] for i in range(len(where.dials))]


def _with_strip(seen: Result, strip: Strip, where: Calibration) -> Result:
    """The boxes' number and the window's, which know nothing of one another, weighed together."""
    text = _pointed(strip.text, where.decimals) if strip.text else None
    if text is None:
        return seen
    value = float(text)
    if seen.value is None:
        return replace(seen, text=text, value=value, confidence=strip.confidence)
    same = abs(seen.value - value) < 0.5 * 10.0**-where.decimals
    if same or _ghosts(seen.text or "", text):
        doubt = (1 - seen.confidence) * (1 - strip.confidence)
        sure = min(1 - doubt, max(_SUREST, seen.confidence))
        seen = seen if same else replace(seen, text=text, value=value)
        return replace(seen, confidence=sure)
    if strip.confidence > _RATHER * seen.confidence:
        return replace(seen, text=text, value=value, confidence=strip.confidence * (1 - seen.confidence))
    return replace(seen, confidence=seen.confidence * (1 - strip.confidence))


def _ghosts(cells: str, window: str) -> bool:
    """Whether cells and window differ by leading eights alone: in a blank cell all segments show through
    faintly, which looks like an eight close by and like nothing from afar."""
    return cells.endswith(window) and set(cells[: len(cells) - len(window)]) == {"8"}


def _pointed(text: str, decimals: int) -> str | None:
    """The window's number with its decimal point, where the point itself was not seen; None for no number."""
    shown = text.strip().replace(",", ".")
    if "." not in shown and decimals and len(shown) > decimals:
        shown = f"{shown[:-decimals]}.{shown[-decimals:]}"
    try:
        float(shown)
    except ValueError:
        return None
    return shown if shown[0].isdigit() else None


def _refusal(picture: Picture, seen: Result, expected: int | None, threshold: float) -> str | None:
    """Why what was seen makes no reading, or None."""
    if expected is not None and len(seen.digits) != expected:
        return (
            f"{len(seen.digits)} digits were found where {expected} are expected: "
            "set expected_digits or the boxes right."
        )
    if seen.text is not None and seen.confidence >= threshold and seen.confidence > 0:
        return None
    if sharpness(picture) < 0.04:
        return "The picture is too blurred to read: focus the camera or wipe its lens."
    if not seen.digits:
        return "No number can be made out in the display's window: set the window right, mind reflections."
    worst = min(range(len(seen.digits)), key=lambda i: seen.digits[i].confidence)
    if seen.digits[worst].confidence >= max(threshold, 0.5):
        return (
            f"The digits do not go together as wheels do (confidence {seen.confidence:.0%}): "
            "line the boxes up."
        )
    return (
        f"Digit {worst + 1} is unsure, {seen.digits[worst].confidence:.0%}: line its box up, "
        "and look for a reflection, dirt or too little light."
    )


@lru_cache(maxsize=1)
def _dial_reader() -> Callable[..., list[Digit]]:
    from ocr.dials import DialReader

    return DialReader().read


def _dials(crops: Sequence[Picture], clockwise: bool) -> list[Digit]:
    return _dial_reader()(list(crops), clockwise)


def _display(window: Picture) -> Strip:
    from ocr.display import read

    found = read(window)
    row = (found.top, found.bottom) if found.chars else None
    return Strip(found.text or None, found.confidence, found.register or None, row)


def _code(window: Picture, strip: Strip) -> str | None:
    from ocr.codeline import code

    return code(window, *strip.row) if strip.row else None


def box_of(where: Calibration) -> Box:
    """The smallest rectangle around all figures and windows of a counter."""
    boxes = [*where.digits, *(d.box for d in where.dials), *([where.display] if where.display else [])]
    x, y = min(b.x for b in boxes), min(b.y for b in boxes)
    return Box(x, y, max(b.x + b.w for b in boxes) - x, max(b.y + b.h for b in boxes) - y)
