"""Pictures that lie on their side or stand on their head: by how much they must be turned to be read."""

from __future__ import annotations

from collections.abc import Callable

from ocr.picture import Picture, prepare

_LYING, _STANDING = 0.3, 0.7
"""Confidence below which a picture may lie on its side, and below which it may stand on its head: of 80 drawn
photographs turned by a quarter one was read with as much as 0.3; turned by half, when one number may look
like another, 20 with more than 0.7."""
_SURE, _SURER = 0.7, 0.15
"""Least confidence of what a turned picture is read as, and by how much it must be surer than before."""


def upright(picture: Picture, sure: Callable[[Picture], float], now: float = 0.0) -> int | None:
    """Degrees clockwise (90, 180 or 270) by which the picture must be turned, None when no turn helps.

    `sure` says how surely a picture is read, 0..1; `now` is what it says of this one.
    """
    turns = (180, 90, 270) if now < _LYING else (180,) if now < _STANDING else ()
    found = {degrees: sure(prepare(picture, rotate=degrees)) for degrees in turns}
    best = max(found, key=lambda degrees: found[degrees], default=0)
    return best if found.get(best, 0.0) >= max(_SURE, now + _SURER) else None
