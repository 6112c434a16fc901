"""Finds a counter in a picture, with nothing but the picture or with the number its owner sees.

`ocr.detect` proposes rows of figures; each is looked at again upright and close (`ocr.rows`) and read; the
row that is likeliest a counter and is read best is the counter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ocr.calibration import Calibration, Kind
from ocr.counter import Strip
from ocr.decimals import marked
from ocr.detect import Figure, Line, lines
from ocr.detect import NoCounter as NoCounter
from ocr.digits import Digit, DigitReader
from ocr.picture import Picture, colour, cut, fault, sharpness
from ocr.rows import View, box, completed, ended, refined, tuned
from ocr.strips import glance, inside, shown, window

_FEWEST, _MOST = 3, 10
_SHOWN = 0.1
"""Confidence from which the reader of displays overrules the finder and the reader of single figures."""
_DOUBT, _AFTER_ALL = 0.08, 0.75
"""Mean chance of a display from which the reader of displays is asked about a row of wheels, and how sure it
must be: drawn displays taken for wheels had 0.10 to 0.48 and were read with 0.80 and more, drawn wheels had
less than 0.08, or were read with 0.05 at most."""
_UNPOINTED = 0.6
"""Trust in a display whose point was not read: most such displays have none."""
_PLAIN, _SPREAD = 0.6, 0.04
"""Mean chance of a row's figures at which it is as likely print as a counter, and how fast that changes."""
_CLOSELY = 2
"""How many of the likeliest displays, and rows of wheels, are looked at closely."""
_LARGE = 0.3
"""How much smaller figures count less: a counter is rarely smaller than the print about it."""
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
    shown: Strip | None = None
    """What a display was read as with many frames about it, None of wheels."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A row of figures in its upright view, read."""

    view: View
    row: tuple[Figure, ...]
    digits: tuple[Digit, ...]
    displayed: float = 0.0
    """How surely a display's number was read at once, 0 of wheels."""
    text: str | None = None
    """A display's number with its point, None when that was not read."""
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

    @property
    def height(self) -> float:
        """Of its figures, in pixels of the whole picture."""
        return float(np.median([f.h for f in self.row])) * self.view.scale


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

        return place(picture, hint, reader or _reader())
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
    picture = colour(picture)
    reader = reader or _reader()
    found = _ranked(candidates(picture, lines(picture), reader))
    displays = [c for c in found if c.lcd][:_CLOSELY]
    wheels = [c for c in found if not c.lcd][:_CLOSELY]
    found = [
        _closely(c, reader) if c in displays else _either(_whole(c, reader), reader) if c in wheels else c
        for c in found
    ]
    found = [fitting(c, expected_digits) for c in found]
    found = _ranked([c for c in found if _FEWEST <= len(c.row) <= _MOST])
    if not found or found[0].standing < _LEAST:
        raise NoCounter(why(picture))
    return _found(picture, _tuned(found[0], reader), decimals)


def _reader() -> DigitReader:
    """One that does not look for digits in boxes of other sizes: boxes are moved and grown here."""
    return DigitReader(searching=False)


def _ranked(found: Sequence[Candidate]) -> list[Candidate]:
    """Likeliest first: by standing, of those alike the larger."""
    largest = max((c.height for c in found), default=1.0)
    return sorted(found, key=lambda c: c.standing * (c.height / largest) ** _LARGE, reverse=True)


def _closely(found: Candidate, reader: DigitReader) -> Candidate:
    """A display read with many frames about it, and its row as it was read then."""
    strip = shown(found.view, found.row)
    if strip.confidence < _SHOWN:
        return replace(found, displayed=strip.confidence)
    row = strip.replacing(list(found.row), _SHOWN)
    digits = tuple(reader.read([cut(found.view.picture, box(f)) for f in row]))
    return replace(found, row=tuple(row), digits=digits, displayed=strip.confidence, text=strip.text)


def _either(found: Candidate, reader: DigitReader) -> Candidate:
    """A row of wheels; a display where the finder was in doubt and the reader of displays is not.

    Red decimals are wheels: a display has ink of one colour."""
    red = marked(found.view.picture, [box(f) for f in found.row]) >= (1, 1.0)
    if red or float(np.mean([f.lcd for f in found.row])) < _DOUBT:
        return found
    asked = _closely(found, reader)
    if asked.text is None or asked.displayed < _AFTER_ALL:
        return found
    return replace(asked, row=tuple(replace(f, lcd=1.0) for f in asked.row))


def _whole(found: Candidate, reader: DigitReader) -> Candidate:
    """A row of wheels with all of its ends."""
    row = ended(found.view, found.row, reader.read)
    digits = tuple(reader.read([cut(found.view.picture, box(f)) for f in row]))
    return replace(found, row=tuple(row), digits=digits)


def _tuned(found: Candidate, reader: DigitReader) -> Candidate:
    """The candidate with its boxes where its digits are read most surely."""
    row, agreement = tuned(found.view, found.row, reader.read)
    return replace(found, row=tuple(row), agreement=agreement if found.text is None else 1.0)


def candidates(picture: Picture, proposed: Sequence[Line], reader: DigitReader) -> list[Candidate]:
    """The proposed rows, seen upright and read; displays with one look."""
    out = []
    for line in proposed:
        close = refined(picture, line)
        if close is None:
            continue
        seen, row = close
        sure = 0.0
        if _lcd(row):
            sure = glance(seen, row)
        else:
            row = completed(row)
        crops = [cut(seen.picture, box(f)) for f in row]
        out.append(Candidate(seen, tuple(row), tuple(reader.read(crops)), sure))
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
    return replace(found, row=found.row[part], digits=found.digits[part], text=None)


def _found(picture: Picture, best: Candidate, decimals: int | None) -> Found:
    kind: Kind = "lcd" if best.lcd else "wheel"
    high, wide = best.view.picture.shape[:2]
    boxes = [inside(box(f), wide, high) for f in best.row]
    after, sure = 0, _UNPOINTED
    if best.text is not None:
        after = len(best.text.partition(".")[2])
        # that single figures agree says nothing of a point that may have been overlooked
        sure = 1.0 if after else best.displayed
    if not best.lcd:
        after, sure = marked(best.view.picture, boxes)
    if decimals is not None:
        after, sure = decimals, 1.0
    after = min(after, len(boxes) - 1)
    around = window(best.row, wide, high) if best.lcd else None
    where = Calibration(wide, high, tuple(boxes), after, kind, display=around)
    trust = sure * best.agreement * _trust(best.chance)
    strip = None if best.text is None else Strip(best.text, best.displayed)
    return Found(turned_back(picture, best.view, where), best.view.picture, where, trust, strip)


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
