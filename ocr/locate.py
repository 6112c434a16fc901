"""Finds a counter in a picture, with nothing but the picture or with the number its owner sees.

`ocr.rows` proposes rows of equally spaced marks; the digit network slides along each; a comb of equal teeth
is laid where it sees digits; the best comb is then moved until the digits are seen best.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.calibration import Box, Calibration, Kind
from ocr.digits import Digit, DigitReader
from ocr.picture import Picture, cut, fault, sharpness
from ocr.rows import Row, propose, same_line

_WORK = 1280
_ROWS, _SLIDES, _TUNES = 18, 6, 2
"""Rows looked at, slid along, and tuned."""
_GROW = (1.0, 1.4)
"""Height of a digit's box in heights of its mark: the mark was the window itself, or the digit in it."""
_FEWEST, _MOST = 4, 10
_SEEN = 0.55
"""Confidence a digit needs to count for a comb rather than against it."""
_SURE = 0.62


class NoCounter(ValueError):
    """No counter was found; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class _Comb:
    """`count` boxes from (x, y) on, `pitch` apart along `slope`, `height` tall, at working size."""

    x: float
    y: float
    pitch: float
    slope: float
    height: float
    count: int
    score: float = 0.0

    def boxes(self) -> list[Box]:
        return [self.box(tooth) for tooth in range(self.count)]

    def box(self, tooth: float) -> Box:
        wide = min(self.pitch, 0.72 * self.height)
        x = self.x + tooth * self.pitch
        y = self.y + tooth * self.pitch * self.slope
        return Box(round(x - wide / 2), round(y - self.height / 2), round(wide), round(self.height))


def find(picture: Picture, hint: str | None = None, *, expected_digits: int | None = None,
         reader: DigitReader | None = None) -> Calibration:
    """The boxes of the counter in a BGR picture, in its pixels.

    `hint` is the number the owner sees ("048713.4"; point or comma): digits, decimals are placed by agreement
    with it. NoCounter says why there is none; ValueError when the hint is no number.
    """
    reason = fault(picture)
    if reason is not None:
        raise NoCounter(reason)
    wanted, decimals = _parse(hint) if hint is not None else ("", None)
    factor = min(1.0, _WORK / max(picture.shape[:2]))
    work = np.asarray(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)
    search = _Search(work, reader or DigitReader(), wanted, expected_digits or len(wanted) or None)
    comb, digits = search.best()
    kind: Kind = "lcd" if np.mean([d.lcd for d in digits]) > 0.5 else "wheel"
    boxes = comb.boxes()
    if decimals is None:
        decimals = _red_tail(work, boxes) if kind == "wheel" else _points(work, boxes)
    high, wide = picture.shape[:2]
    return Calibration(wide, high, tuple(_inside(b, 1 / factor, wide, high) for b in boxes), decimals, kind)


def _parse(hint: str) -> tuple[str, int]:
    """("0487134", 1) of "048713.4"."""
    found = re.fullmatch(r"\s*(\d+)(?:[.,](\d+))?\s*", hint)
    if found is None:
        raise ValueError(f"{hint!r} is not what a counter shows: type its digits, such as 048713.4")
    whole, part = found[1], found[2] or ""
    return whole + part, len(part)


class _Search:
    def __init__(self, work: Picture, reader: DigitReader, wanted: str, count: int | None) -> None:
        self._work, self._reader, self._wanted, self._count = work, reader, wanted, count
        self._grey = np.asarray(cv2.cvtColor(work, cv2.COLOR_BGR2GRAY), np.uint8)

    def best(self) -> tuple[_Comb, list[Digit]]:
        """The comb that stands best and its digits; NoCounter when none stands well."""
        rows = propose(self._grey, _ROWS)
        starts = sorted(((self._glance(row, grow), row, grow) for row in rows for grow in _GROW),
                        key=lambda g: g[0], reverse=True)
        combs = [c for row, grow in _lines(starts)[:_SLIDES] if (c := self._slide(row, grow)) is not None]
        combs.sort(key=lambda c: c.score, reverse=True)
        tuned = sorted((self._tune(c) for c in combs[:_TUNES]), key=lambda c: c.score, reverse=True)
        if not tuned:
            raise NoCounter(self._why(len(rows)))
        comb = tuned[0]
        digits = self._read(comb.boxes())
        if float(np.mean(self._seen(digits))) < _SURE:
            raise NoCounter(self._why(len(rows)))
        return comb, digits

    def _glance(self, row: Row, grow: float) -> float:
        """A cheap first look: digits seen at the marks of a row, weighed like a comb's score."""
        start = _Comb(row.x, row.y, row.pitch, row.slope, row.height * grow, row.span)
        half = row.span // 2 + 1
        digits = self._read([start.box(t) for t in range(-half, half + 1)])
        gain = np.sort(self._seen(digits) - _SEEN)[::-1][:8]
        return float(np.maximum(gain, 0).sum()) * self._weight(start, digits)

    def _why(self, rows: int) -> str:
        if self._wanted:
            return (f"Nothing in the picture agrees with {self._wanted}: check the number you typed, "
                    "and that all its digits can be seen.")
        if sharpness(self._work) < 0.05:
            return "The picture is too blurred to find a counter: focus the camera or hold it further away."
        if self._work.mean() < 45:
            return "The picture is too dark to find a counter: turn the lamp on or give more exposure."
        if not rows:
            return "Nothing like a row of digits was found: point the camera at the counter, upright and larger."
        return "No row of digits could be read with confidence: move closer, light it evenly, avoid reflections."

    def _read(self, boxes: Sequence[Box]) -> list[Digit]:
        return self._reader.read([cut(self._work, b) for b in boxes])

    @staticmethod
    def _seen(digits: Sequence[Digit]) -> NDArray[np.float64]:
        return np.array([d.confidence for d in digits])

    def _slide(self, row: Row, grow: float) -> _Comb | None:
        """Slides the network along a row and lays the best comb of teeth where it sees digits."""
        reach = row.span / 2 + 3.5
        start = _Comb(row.x, row.y, row.pitch, row.slope, row.height * grow, 0)
        wide = start.box(0).w
        places = [p for p in np.arange(-reach, reach, 0.2)
                  if 0 <= row.x + p * row.pitch - 0.35 * wide and row.x + p * row.pitch + 0.35 * wide <= self._work.shape[1]]
        if len(places) < 5:
            return None
        digits = self._read([start.box(p) for p in places])
        found: _Comb | None = None
        for stretch in (0.94, 0.97, 1.0, 1.03, 1.06):
            for phase in np.arange(0, 1, 0.1):
                comb = self._lay(start, np.array(places), digits, stretch, float(phase))
                if comb is not None and (found is None or comb.score > found.score):
                    found = comb
        return found

    def _lay(self, start: _Comb, places: NDArray[np.float64], digits: list[Digit],
             stretch: float, phase: float) -> _Comb | None:
        """The best run of teeth at this stretch of the pitch and phase."""
        teeth = np.arange(np.ceil((places[0] - phase) / stretch), np.floor((places[-1] - phase) / stretch) + 1)
        at = teeth * stretch + phase
        near = np.clip(np.round((at - places[0]) / 0.2).astype(int), 0, len(places) - 1)
        run = self._run([digits[i] for i in near], np.interp(at, places, self._seen(digits)))
        if run is None:
            return None
        first, count, score = run
        x = start.x + at[first] * start.pitch
        y = start.y + (x - start.x) * start.slope
        comb = _Comb(x, y, start.pitch * stretch, start.slope, start.height, count)
        return replace(comb, score=score * self._weight(comb, [digits[i] for i in near[first:first + count]]))

    def _run(self, digits: list[Digit], seen: NDArray[np.float64]) -> tuple[int, int, float] | None:
        """(first tooth, count, score) of the best run of teeth; of the wanted length when that is known."""
        best: tuple[int, int, float] | None = None
        for count in [self._count] if self._count else range(_FEWEST, _MOST + 1):
            for first in range(len(digits) - count + 1):
                part = slice(first, first + count)
                score = self._agreement(digits[part]) if self._wanted else float((seen[part] - _SEEN).sum())
                if best is None or score > best[2] + 1e-9:
                    best = (first, count, score)
        return best if best is not None and best[2] > 0 else None

    def _weight(self, comb: _Comb, digits: Sequence[Digit]) -> float:
        """Prior of a comb: counters are large, long enough with six digits; wheels stand apart, print does not."""
        apart = comb.pitch / comb.height
        lcd = float(np.mean([d.lcd for d in digits])) > 0.5
        long = min(1.0, (3 + comb.count / 2) / comb.count)
        return (comb.pitch / 100) ** 0.7 * long * (1.0 if lcd else min(1.0, apart / 0.7) ** 0.5)

    def _agreement(self, digits: Sequence[Digit]) -> float:
        """How well digits show the wanted number; below 0 by chance, half a point each when all agree."""
        total = 0.0
        for place, (char, digit) in enumerate(zip(self._wanted, digits, strict=True)):
            slack = 1.0 if place == len(self._wanted) - 1 else 0.6
            away = (digit.value - int(char) + 5) % 10 - 5
            if -0.4 < away < slack:
                total += digit.confidence
        return total - 0.5 * len(self._wanted)

    def _value(self, comb: _Comb) -> float:
        """What tuning raises: digits seen well, wheels standing straight in their boxes."""
        digits = self._read(comb.boxes())
        off = sorted(abs(d.value - round(d.value)) for d in digits[:-1])
        crooked = float(np.mean(off[:max(1, round(0.75 * len(off)))]))  # a turning wheel may stand off
        points = self._agreement(digits) if self._wanted else float((self._seen(digits) - _SEEN).sum())
        if not self._wanted and comb.pitch > 1.15 * comb.box(0).w:
            between = self._read([comb.box(tooth + 0.5) for tooth in range(comb.count - 1)])
            points -= 0.8 * float(np.maximum(self._seen(between) - _SEEN, 0).sum())  # every other digit was left out
        return (points - 0.5 * comb.count * crooked) * self._weight(comb, digits)

    def _tune(self, comb: _Comb) -> _Comb:
        """Moves and grows a comb by shrinking steps while its digits are seen better."""
        comb = self._extend(replace(comb, score=self._value(comb)))
        for step in (0.1, 0.05):
            for _ in range(2):
                before = comb.score
                for change in self._changes(comb, step):
                    tried = replace(change, score=self._value(change))
                    if tried.score > comb.score + 1e-3:
                        comb = tried
                if comb.score <= before:
                    break
        return self._extend(self._centre(self._trim(comb)))

    def _centre(self, comb: _Comb) -> _Comb:
        """Moves a comb sideways to the middle of where its digits are seen as well."""
        shifts = np.arange(-3, 4) * 0.1
        tried = [replace(comb, x=comb.x + s * comb.pitch) for s in shifts]
        seen = np.array([self._seen(self._read(t.boxes())).mean() for t in tried])
        weight = np.maximum(seen - 0.85 * seen.max(), 0)
        middle = replace(comb, x=comb.x + float((weight * shifts).sum() / weight.sum()) * comb.pitch)
        middle = replace(middle, score=self._value(middle))
        return middle if middle.score > 0.97 * comb.score else comb

    @staticmethod
    def _changes(c: _Comb, step: float) -> list[_Comb]:
        part = step / max(2, c.count - 1)
        tilt = 0.3 * step * c.height / (c.pitch * max(2, c.count - 1))
        half = (c.count - 1) / 2 * c.pitch
        return [replace(c, slope=c.slope + tilt, y=c.y - tilt * half), replace(c, slope=c.slope - tilt, y=c.y + tilt * half),
                replace(c, x=c.x + step * c.pitch), replace(c, x=c.x - step * c.pitch),
                replace(c, y=c.y + step * c.height), replace(c, y=c.y - step * c.height),
                replace(c, height=c.height * (1 + step)), replace(c, height=c.height * (1 - step)),
                replace(c, pitch=c.pitch * (1 + part)), replace(c, pitch=c.pitch * (1 - part))]

    def _extend(self, comb: _Comb) -> _Comb:
        """Adds a tooth at either end where the network sees a digit that looks like the others."""
        if self._count:
            return comb
        usual = float(np.median([self._contrast(b) for b in comb.boxes()]))
        for tooth, shift in ((comb.count, 0), (-1, 1)):
            box = comb.box(tooth)
            if box.x < 0 or box.x + box.w > self._work.shape[1] or comb.count >= _MOST:
                continue
            alike = 0.6 < self._contrast(box) / usual < 1.6
            if alike and self._read([box])[0].confidence > 0.5:
                grown = _Comb(comb.x - shift * comb.pitch, comb.y - shift * comb.pitch * comb.slope, comb.pitch,
                              comb.slope, comb.height, comb.count + 1)
                comb = replace(grown, score=self._value(grown))
        return comb

    def _trim(self, comb: _Comb) -> _Comb:
        """Drops teeth at the ends that show no such digit as the others, while enough are left."""
        while not self._count and comb.count > _FEWEST:
            boxes = comb.boxes()
            contrast = [self._contrast(b) for b in boxes]
            usual, sure = float(np.median(contrast)), self._seen(self._read(boxes))
            bad = [c < 0.55 * usual or s < 0.45 for c, s in zip(contrast, sure, strict=True)]
            if bad[0] and (not bad[-1] or sure[0] <= sure[-1]):
                comb = replace(comb, x=comb.x + comb.pitch, y=comb.y + comb.pitch * comb.slope, count=comb.count - 1)
            elif bad[-1]:
                comb = replace(comb, count=comb.count - 1)
            else:
                break
            comb = replace(comb, score=self._value(comb))
        return comb

    def _contrast(self, box: Box) -> float:
        """Spread of brightness in the inner part of a box, where a digit is and a frame is not."""
        inner = Box(box.x + box.w // 6, box.y + box.h // 6, box.w - box.w // 3, box.h - box.h // 3)
        part = cut(self._grey, inner)
        return float(np.ptp(np.percentile(part, (4, 96)))) + 1 if part.size else 1.0


def _lines(starts: Sequence[tuple[float, Row, float]]) -> list[tuple[Row, float]]:
    """The best row of each line first, then the second best, so that one line of print cannot fill the list."""
    ranked: list[tuple[int, int, Row, float]] = []
    for place, (_, row, grow) in enumerate(starts):
        ranked.append((sum(same_line(row, other) for _, _, other, _ in ranked), place, row, grow))
    return [(row, grow) for _, _, row, grow in sorted(ranked, key=lambda r: r[:2])]


def _inside(box: Box, factor: float, wide: int, high: int) -> Box:
    x, y = max(0, round(box.x * factor)), max(0, round(box.y * factor))
    return Box(x, y, min(round(box.w * factor), wide - x), min(round(box.h * factor), high - y))


def _redness(work: Picture, box: Box) -> float:
    """How red the redder parts of a box are, 0..1, of what its colour could be."""
    part = cut(work, box).astype(np.float32)
    if not part.size:
        return 0.0
    blue, green, red = part[..., 0], part[..., 1], part[..., 2]
    return float(np.percentile((red - np.maximum(blue, green)) / (red + 30), 80))


def _red_tail(work: Picture, boxes: Sequence[Box]) -> int:
    """Trailing wheels in another, redder colour than the first ones: the decimals."""
    red = [_redness(work, b) for b in boxes]
    usual = float(np.median(red[:max(1, len(red) // 2)]))
    tail = 0
    for level in reversed(red):
        if level < usual + 0.15 or tail == len(red) - 1 or tail == 4:
            break
        tail += 1
    return tail


def _points(work: Picture, boxes: Sequence[Box]) -> int:
    """Digits after a decimal point of a display: a dark dot between two cells, low down; 0 when none is seen."""
    grey = cv2.cvtColor(work, cv2.COLOR_BGR2GRAY).astype(np.float32)
    depth = []
    for a, b in zip(boxes, boxes[1:], strict=False):
        x0, x1 = a.x + round(0.75 * a.w), b.x + round(0.25 * b.w)
        foot = grey[a.y + round(0.72 * a.h):a.y + round(1.02 * a.h), max(0, x0):x1]
        if foot.size < 12:
            return 0
        upper = grey[a.y + round(0.3 * a.h):a.y + round(0.62 * a.h), max(0, x0):x1]
        dots = cv2.blur(foot, (3, 3))
        low, normal = float(dots.min(0).min()), float(np.median(upper.min(0)))
        depth.append(normal - low)
    if not depth:
        return 0
    best = int(np.argmax(depth))
    others = [d for i, d in enumerate(depth) if i != best]
    spread = float(np.std(grey[boxes[0].y:boxes[0].y + boxes[0].h, boxes[0].x:boxes[-1].x])) + 1
    if depth[best] > 0.8 * spread and depth[best] > max(others, default=0) + 0.4 * spread:
        tail = len(boxes) - 1 - best
        return tail if tail <= 4 else 0
    return 0
