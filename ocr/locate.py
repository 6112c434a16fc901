"""Finds a counter in a picture, with nothing but the picture or with the number its owner sees.

`ocr.detect` proposes rows of figures; each is looked at again upright and close (`ocr.rows`) and read; the
row that is likeliest a counter and is read best is the counter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ocr.calibration import Calibration, Kind
from ocr.decimals import marked
from ocr.detect import Figure, Line, lines
from ocr.detect import NoCounter as NoCounter
from ocr.digits import Digit, DigitReader
from ocr.picture import Picture, cut, fault, sharpness
from ocr.rows import View, box, completed, refined, tuned
from ocr.strips import inside, shown, window

_FEWEST, _MOST = 3, 10
_SHOWN = 0.2
"""Confidence from which the reader of displays overrules the finder."""
_UNPOINTED = 0.6
"""Trust in a display whose point was not read: most such displays have none."""
_PLAIN, _SPREAD = 0.6, 0.04
"""Mean chance of a row's figures at which it is as likely print as a counter, and how fast that changes."""
_LEAST = 0.2
"""Least standing of a row that is taken for a counter."""


@dataclass(frozen=True, slots=True)
class Found:
    """A counter: `calibration` in the picture's pixels; `upright` is the part of the picture around it,
    turned upright, and `where` its calibration there. `trust` 0..1 that it is a counter and all of it."""

    calibration: Calibration
    upright: Picture
    where: Calibration
    trust: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row of figures in its upright view, read."""

    view: View
    row: tuple[Figure, ...]
    digits: tuple[Digit, ...]
    displayed: float = 0.0
    """How surely a display's number was read at once, 0 of wheels."""
    after: int | None = None
    """Figures after a display's point, None when that was not read."""
    agreement: float = 1.0
    """Least share of looks with moved boxes that read a figure alike."""

    @property
    def lcd(self) -> bool:
        return _lcd(self.row)

    @property
    def standing(self) -> float:
        """How likely it is a counter and read: chances of its figures and how surely they are read."""
        sure = max(self.displayed, float(np.mean([d.confidence for d in self.digits])))
        return float(self.chance * sure**0.5 * (1 - 0.5 ** len(self.row)))

    @property
    def chance(self) -> float:
        return float(np.mean([f.chance for f in self.row]))


def find(
    picture: Picture,
    hint: str | None = None,
    *,
    expected_digits: int | None = None,
    reader: DigitReader | None = None,
) -> Calibration:
    """The boxes of the counter in a BGR picture, in its pixels.

    `hint` is the number the owner sees ("048713.4"; point or comma): digits, decimals and dials are placed by
    agreement with it. NoCounter says why there is none; ValueError when the hint is no number.
    """
    if hint is not None:
        from ocr.hint import place

        return place(picture, hint, reader or DigitReader())
    return search(picture, expected_digits=expected_digits, reader=reader).calibration


def search(
    picture: Picture,
    *,
    expected_digits: int | None = None,
    decimals: int | None = None,
    reader: DigitReader | None = None,
) -> Found:
    """The counter in a BGR picture, with the upright view it is read in; NoCounter says why there is none."""
    reason = fault(picture)
    if reason is not None:
        raise NoCounter(reason)
    found = candidates(picture, lines(picture), reader or DigitReader())
    found = [fitting(c, expected_digits) for c in found]
    found = [c for c in found if _FEWEST <= len(c.row) <= _MOST]
    best = max(found, key=lambda c: c.standing, default=None)
    if best is None or best.standing < _LEAST:
        raise NoCounter(why(picture))
    return _found(picture, _tuned(best, reader or DigitReader()), decimals)


def _tuned(found: Candidate, reader: DigitReader) -> Candidate:
    """The candidate with its boxes where its digits are read most surely."""
    row, agreement = tuned(found.view, found.row, reader.read)
    return replace(found, row=tuple(row), agreement=agreement)


def candidates(picture: Picture, proposed: Sequence[Line], reader: DigitReader) -> list[Candidate]:
    """The proposed rows, seen upright and read."""
    out = []
    for line in proposed:
        close = refined(picture, line)
        if close is None:
            continue
        seen, row = close
        sure, after = 0.0, None
        if _lcd(row):
            strip = shown(seen, row)
            row, sure = strip.replacing(row, _SHOWN), strip.confidence
            after = strip.after if sure >= _SHOWN else None
        else:
            row = completed(row)
        crops = [cut(seen.picture, box(f)) for f in row]
        out.append(Candidate(seen, tuple(row), tuple(reader.read(crops)), sure, after))
    return out


def _lcd(row: Sequence[Figure]) -> bool:
    return float(np.mean([f.lcd for f in row])) > 0.5


def fitting(found: Candidate, expected: int | None) -> Candidate:
    """The likeliest part of a row with as many figures as are expected."""
    if expected is None or len(found.row) <= expected:
        return found
    starts = range(len(found.row) - expected + 1)
    worth = [f.chance + d.confidence for f, d in zip(found.row, found.digits, strict=True)]
    first = max(starts, key=lambda i: sum(worth[i : i + expected]))
    part = slice(first, first + expected)
    return replace(found, row=found.row[part], digits=found.digits[part])


def _found(picture: Picture, best: Candidate, decimals: int | None) -> Found:
    kind: Kind = "lcd" if best.lcd else "wheel"
    high, wide = best.view.picture.shape[:2]
    boxes = [inside(box(f), wide, high) for f in best.row]
    after, sure = best.after, 1.0 if best.after is not None else _UNPOINTED
    if not best.lcd:
        after, sure = marked(best.view.picture, boxes)
    if decimals is not None:
        after, sure = decimals, 1.0
    after = min(after or 0, len(boxes) - 1)
    strip = window(best.row, wide, high) if best.lcd else None
    where = Calibration(wide, high, tuple(boxes), after, kind, display=strip)
    trust = sure * best.agreement * _trust(best.chance)
    return Found(turned_back(picture, best.view, where), best.view.picture, where, trust)


def _trust(chance: float) -> float:
    """How likely a row is a counter by the chances of its figures, as counters and print showed it."""
    return 1 / (1 + float(np.exp((_PLAIN - chance) / _SPREAD)))


def turned_back(picture: Picture, view: View, where: Calibration) -> Calibration:
    """A view's calibration in the pixels of the whole picture."""
    high, wide = picture.shape[:2]
    digits = tuple(view.back(b, wide, high) for b in where.digits)
    window = view.back(where.display, wide, high) if where.display else None
    return replace(where, width=wide, height=high, digits=digits, display=window)


def why(picture: Picture) -> str:
    """What a person can do when no counter was found."""
    if sharpness(picture) < 0.05:
        return "The picture is too blurred to find a counter: focus the camera or hold it further away."
    if picture.mean() < 45:
        return "The picture is too dark to find a counter: turn the lamp on or give more exposure."
    return (
        "No row of digits was found: point the camera at the counter, upright, closer, without reflections."
    )
