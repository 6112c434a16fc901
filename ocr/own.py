"""Learning the owner's own meter from crops that later readings proved right. numpy and OpenCV only.

own = OwnMeter(folder, DigitReader())
own.add(crop, 3.4, lcd=False, sure=True, place=6)   # a proven crop: what its wheel showed, in digits
own.refine()                                        # tries; the outcome says whether it helped
digits = own.read(crops)                            # refined when that was better, else as shipped
own.forget()

Which crops may be labelled is decided by `proven`: readings on both sides of a moment say what the register
held then, also when the picture of that moment was read badly.

where = proven(earlier, reading, later, digits=7, decimals=1)   # position of each wheel, None where open
for place, (crop, at) in enumerate(zip(crops, where, strict=True)):
    if at is not None:
        own.add(crop, at, lcd=False, sure=True, place=place)

Refining adds to the network's scores what crops with like features were (evidence that fades with distance,
so digits the meter has not shown yet are read as shipped) and moves all positions by how far this meter's
boxes sit off. A quarter of the crops, chosen by their content, is never learned from: on these the
refinement has to beat the shipped reader, else it is not used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ocr.digits import Digit, DigitReader, Picture

_OPEN = 0.15
"""A wheel that moved further than this between the readings around it is not known well enough to learn."""


def positions(value: float, digits: int, decimals: int, start: float = 9.0) -> tuple[float, ...]:
    """Where each wheel stands, 0 <= position < 10, most significant first.

    `value` is the register in its own unit, known to the fraction of its last wheel: 48713.47 on a counter of
    6 digits with 1 decimal stands at (4, 8, 7, 1, 3, 4.7). A wheel pushes its left neighbour from position
    `start` on: 9.0 for a counter with a carry, 0.0 for gears. ValueError when the counter cannot show it.
    """
    units = value * 10**decimals
    if not 0 <= units < 10**digits:
        raise ValueError(f"{value} does not fit a counter of {digits} digits, {decimals} of them decimals")
    below = units % 10
    out = [below]
    for place in range(1, digits):
        push = max(0.0, (below - start) / (10 - start))
        below = int(units + 1e-6) // 10**place % 10 + push
        out.append(below % 10)
    return tuple(reversed(out))


def proven(
    earlier: float, reading: float | None, later: float, digits: int, decimals: int
) -> tuple[float | None, ...]:
    """What each wheel certainly showed between two believed readings of a register; None where it is open.

    A wheel that stands at the same position at `earlier` and at `later` stood there in between, however its
    picture was read. The last wheels have moved: they are known when `reading`, the value read in between
    (with its last wheel's fraction; None when nothing was read), lies within the two. Then it is right to the
    last digit or the readings around it are not. Only readings less than a turn of the last wheel apart prove
    it; nothing is proven when the register ran backwards.
    """
    raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Outcome:
    """What refining came to: shares (0..1) of the `crops` set aside that were read within 0.2 of their label,
    as shipped (`before`) and refined (`after`); None while there are too few. `used`: the refinement reads."""

    before: float | None
    after: float | None
    used: bool
    crops: int


class OwnMeter:
    """The labelled crops of one meter in a folder, and what was learned from them. Used by one thread."""

    def __init__(self, folder: Path, reader: DigitReader) -> None:
        """Loads what is there; a damaged file is left out. The folder is made when the first crop comes."""
        raise NotImplementedError

    @property
    def count(self) -> int:
        """Labelled crops kept."""
        raise NotImplementedError

    @property
    def outcome(self) -> Outcome | None:
        """What the last refining came to; None before the first."""
        raise NotImplementedError

    def add(self, crop: Picture, value: float, lcd: bool, sure: bool, place: int = 0) -> bool:
        """Keeps a BGR crop with its label: `value` in [0, 10) as it stands (wheel) or the digit (display).

        `sure`: known without reading this crop (bracketed by other readings, or said by the owner); only
        such crops judge. `place` is the digit's place in the counter: the collection is balanced over places
        and digits. False when the like is kept already. OSError when the folder cannot be written.
        """
        raise NotImplementedError

    def refine(self) -> Outcome:
        """Learns from the crops anew and keeps what it learned only if it reads crops set aside better.

        Takes about a second. OSError when the folder cannot be written.
        """
        raise NotImplementedError

    def read(self, crops: Sequence[Picture]) -> list[Digit]:
        """As `DigitReader.read`, refined when that proved better."""
        raise NotImplementedError

    def forget(self) -> None:
        """Deletes crops and refinement: reads as shipped again."""
        raise NotImplementedError
