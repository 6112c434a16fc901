"""A comb of equally spaced boxes is laid over a row of marks where the digit network sees digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.calibration import Box
from ocr.digits import Digit, DigitReader
from ocr.picture import Picture, cut
from ocr.rows import Row, propose

_ROWS, _SLIDES, _TUNES = 18, 6, 2
"""Rows looked at, slid along, and tuned."""
_GUESSES = ((1.0, 0.0), (1.4, 0.0), (2.9, 0.55), (2.9, -0.55))
"""Height of a digit's box and how far it lies below its mark, both in heights of the mark: the mark was the
window itself, the digit in it, or an upper or lower segment of a display digit."""
_FEWEST, _MOST = 4, 10
_SEEN = 0.55
"""Confidence a digit needs to count for a comb rather than against it."""
_SURE = 0.62


@dataclass(frozen=True, slots=True)
class Comb:
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


class Search:
    """Looks for the row of digits in one picture; `wanted` are the digits it should show, "" when unknown."""

    def __init__(self, work: Picture, reader: DigitReader, wanted: str, count: int | None) -> None:
        self._work, self._reader, self._wanted, self._count = work, reader, wanted, count
        self._grey = np.asarray(cv2.cvtColor(work, cv2.COLOR_BGR2GRAY), np.uint8)

    def best(self) -> Comb | None:
        """The comb that stands best; None when none stands well."""
        rows = propose(self._grey, _ROWS)
        starts = [_start(row, *guess) for row in rows for guess in _GUESSES]
        starts.sort(key=self._glance, reverse=True)
        combs = [c for start in _by_line(starts)[:_SLIDES] if (c := self._slide(start)) is not None]
        combs.sort(key=lambda c: c.score, reverse=True)
        tuned = [self._tune(c) for c in combs[:_TUNES]]
        best = max(tuned, key=lambda c: c.score, default=None)
        if best is None or float(np.mean(self._seen(self.read(best)))) < _SURE:
            return None
        return best

    def read(self, comb: Comb) -> list[Digit]:
        """The digits under the teeth of a comb."""
        return self._read(comb.boxes())

    def _glance(self, start: Comb) -> float:
        """A cheap first look: digits seen at the marks of a row, weighed like a comb's score."""
        half = start.count // 2 + 1
        digits = self._read([start.box(t) for t in range(-half, half + 1)])
        gain = np.sort(self._seen(digits) - _SEEN)[::-1][:8]
        return float(np.maximum(gain, 0).sum()) * self._weight(start, digits)

    def _read(self, boxes: Sequence[Box]) -> list[Digit]:
        return self._reader.read([cut(self._work, b) for b in boxes])

    @staticmethod
    def _seen(digits: Sequence[Digit]) -> NDArray[np.float64]:
        return np.array([d.confidence for d in digits])

    def _slide(self, start: Comb) -> Comb | None:
        """Slides the network along a row and lays the best comb of teeth where it sees digits."""
        reach = start.count / 2 + 3.5
        centres = [(start.x + p * start.pitch, p) for p in np.arange(-reach, reach, 0.2)]
        edge = 0.35 * start.box(0).w
        places = [p for x, p in centres if edge <= x <= self._work.shape[1] - edge]
        if len(places) < 5:
            return None
        digits = self._read([start.box(p) for p in places])
        found: Comb | None = None
        for stretch in (0.94, 0.97, 1.0, 1.03, 1.06):
            for phase in np.arange(0, 1, 0.1):
                comb = self._lay(start, np.array(places), digits, stretch, float(phase))
                if comb is not None and (found is None or comb.score > found.score):
                    found = comb
        return found

    def _lay(
        self, start: Comb, places: NDArray[np.float64], digits: list[Digit], stretch: float, phase: float
    ) -> Comb | None:
        """The best run of teeth at this stretch of the pitch and phase."""
        teeth = np.arange(
            np.ceil((places[0] - phase) / stretch), np.floor((places[-1] - phase) / stretch) + 1
        )
        at = teeth * stretch + phase
        near = np.clip(np.round((at - places[0]) / 0.2).astype(int), 0, len(places) - 1)
        run = self._run([digits[i] for i in near], np.interp(at, places, self._seen(digits)))
        if run is None:
            return None
        first, count, score = run
        x = start.x + at[first] * start.pitch
        y = start.y + (x - start.x) * start.slope
        comb = Comb(x, y, start.pitch * stretch, start.slope, start.height, count)
        return replace(
            comb, score=score * self._weight(comb, [digits[i] for i in near[first : first + count]])
        )

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

    def _weight(self, comb: Comb, digits: Sequence[Digit]) -> float:
        """Prior of a comb: counters are large and long enough with six digits.

        Wheels stand apart as print does not, but no counter's digits stand further apart than they are tall.
        """
        apart = comb.pitch / comb.height
        lcd = float(np.mean([d.lcd for d in digits])) > 0.5
        long = min(1.0, (3 + comb.count / 2) / comb.count)
        close = 1.0 if lcd else min(1.0, apart / 0.7) ** 0.5
        return float((comb.pitch / 100) ** 0.7 * long * close * min(1.0, 1.2 / apart) ** 1.5)

    def _agreement(self, digits: Sequence[Digit]) -> float:
        """How well digits show the wanted number; below 0 by chance, half a point each when all agree."""
        total = 0.0
        for place, (char, digit) in enumerate(zip(self._wanted, digits, strict=True)):
            slack = 1.0 if place == len(self._wanted) - 1 else 0.6
            away = (digit.value - int(char) + 5) % 10 - 5
            if -0.4 < away < slack:
                total += digit.confidence
        return total - 0.5 * len(self._wanted)

    def _value(self, comb: Comb) -> float:
        """What tuning raises: digits seen well, wheels standing straight in their boxes."""
        digits = self._read(comb.boxes())
        off = sorted(abs(d.value - round(d.value)) for d in digits[:-1])
        crooked = float(np.mean(off[: max(1, round(0.75 * len(off)))]))  # a turning wheel may stand off
        points = self._agreement(digits) if self._wanted else float((self._seen(digits) - _SEEN).sum())
        if not self._wanted and comb.pitch > 1.15 * comb.box(0).w:
            between = self._read([comb.box(tooth + 0.5) for tooth in range(comb.count - 1)])
            points -= 0.8 * float(
                np.maximum(self._seen(between) - _SEEN, 0).sum()
            )  # every other digit was left out
        return (points - 0.5 * comb.count * crooked) * self._weight(comb, digits)

    def _tune(self, comb: Comb) -> Comb:
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

    def _centre(self, comb: Comb) -> Comb:
        """Moves a comb sideways to the middle of where its digits are seen as well."""
        shifts = np.arange(-3, 4) * 0.1
        tried = [replace(comb, x=comb.x + s * comb.pitch) for s in shifts]
        seen = np.array([self._seen(self._read(t.boxes())).mean() for t in tried])
        weight = np.maximum(seen - 0.85 * seen.max(), 0)
        middle = replace(comb, x=comb.x + float((weight * shifts).sum() / weight.sum()) * comb.pitch)
        middle = replace(middle, score=self._value(middle))
        return middle if middle.score > 0.97 * comb.score else comb

    @staticmethod
    def _changes(c: Comb, step: float) -> list[Comb]:
        part = step / max(2, c.count - 1)
        tilt = 0.3 * step * c.height / (c.pitch * max(2, c.count - 1))
        half = (c.count - 1) / 2 * c.pitch
        return [
            replace(c, slope=c.slope + tilt, y=c.y - tilt * half),
            replace(c, slope=c.slope - tilt, y=c.y + tilt * half),
            replace(c, x=c.x + step * c.pitch),
            replace(c, x=c.x - step * c.pitch),
            replace(c, y=c.y + step * c.height),
            replace(c, y=c.y - step * c.height),
            replace(c, height=c.height * (1 + step)),
            replace(c, height=c.height * (1 - step)),
            replace(c, pitch=c.pitch * (1 + part)),
            replace(c, pitch=c.pitch * (1 - part)),
        ]

    def _extend(self, comb: Comb) -> Comb:
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
                grown = Comb(
                    comb.x - shift * comb.pitch,
                    comb.y - shift * comb.pitch * comb.slope,
                    comb.pitch,
                    comb.slope,
                    comb.height,
                    comb.count + 1,
                )
                comb = replace(grown, score=self._value(grown))
        return comb

    def _trim(self, comb: Comb) -> Comb:
        """Drops teeth at the ends that show no such digit as the others, while enough are left."""
        while not self._count and comb.count > _FEWEST:
            boxes = comb.boxes()
            contrast = [self._contrast(b) for b in boxes]
            usual, sure = float(np.median(contrast)), self._seen(self._read(boxes))
            bad = [c < 0.55 * usual or s < 0.45 for c, s in zip(contrast, sure, strict=True)]
            if bad[0] and (not bad[-1] or sure[0] <= sure[-1]):
                comb = replace(
                    comb, x=comb.x + comb.pitch, y=comb.y + comb.pitch * comb.slope, count=comb.count - 1
                )
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


def _start(row: Row, grow: float, drop: float) -> Comb:
    """A comb at a row's marks, its boxes `grow` marks tall and `drop` marks below."""
    return Comb(row.x, row.y + drop * row.height, row.pitch, row.slope, row.height * grow, row.span)


def _by_line(starts: Sequence[Comb]) -> list[Comb]:
    """The best of each line first, then the second best, so that one line of print cannot fill the list."""
    ranked: list[tuple[int, int, Comb]] = []
    for place, start in enumerate(starts):
        ranked.append((sum(_same_line(start, other) for _, _, other in ranked), place, start))
    return [start for _, _, start in sorted(ranked, key=lambda r: r[:2])]


def _same_line(a: Comb, b: Comb) -> bool:
    near = abs(a.x - b.x) < (a.count * a.pitch + b.count * b.pitch) / 2
    level = abs(a.y + a.slope * (b.x - a.x) - b.y) < 0.3 * min(a.height, b.height)
    return near and level and abs(float(np.log(a.height / b.height))) < 0.3
