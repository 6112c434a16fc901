"""Where new boxes go in a picture: beside, below and around others, and never out of it. Pure."""

from collections.abc import Sequence

from appliance.meter_setup import CounterSetup, Rectangle

from .counters import middle

Size = tuple[int, int]
"""Width and height of the picture, pixels."""
USUAL_DIGITS = 7
SMALLEST_PX = 8
ROOMY = 1.15
"""From one box to the next, in widths."""


def fitted(size: Size, box: Rectangle) -> Rectangle:
    """Within the picture, and large enough to be seen."""
    w = min(max(box[2], SMALLEST_PX), size[0])
    h = min(max(box[3], SMALLEST_PX), size[1])
    return min(max(box[0], 0), size[0] - w), min(max(box[1], 0), size[1] - h), w, h


def row(size: Size, count: int) -> tuple[Rectangle, ...]:
    """So many boxes in the middle of the picture."""
    w = round(min(size[0] * 0.065, size[0] * 0.9 / count / ROOMY))
    h, top = round(w * 1.5), round(size[1] / 2 - w * 0.75)
    left = size[0] / 2 - (count * ROOMY - (ROOMY - 1)) * w / 2
    return tuple(fitted(size, (round(left + i * w * ROOMY), top, w, h)) for i in range(count))


def beside(size: Size, known: Sequence[Rectangle]) -> Rectangle:
    """A box like the last, at the pitch of the row; before the first where the picture ends."""
    x, y, w, h = known[-1]
    pitch = round((middle(known[-1]) - middle(known[0])) / (len(known) - 1)) if len(known) > 1 else 0
    pitch = pitch if pitch > 0 else round(w * ROOMY)
    if x + pitch + w <= size[0]:
        return x + pitch, y, w, h
    return fitted(size, (known[0][0] - pitch, known[0][1], w, h))


def around(size: Size, digits: Sequence[Rectangle]) -> Rectangle:
    """A window with a little room around figures."""
    inner = digits or row(size, USUAL_DIGITS)
    left, top = min(b[0] for b in inner), min(b[1] for b in inner)
    right, low = max(b[0] + b[2] for b in inner), max(b[1] + b[3] for b in inner)
    edge = round((low - top) * 0.1)
    return fitted(size, (left - edge, top - edge, right - left + 2 * edge, low - top + 2 * edge))


def cells(window: Rectangle) -> tuple[Rectangle, ...]:
    """As many cells as are usual, evenly in a window."""
    x, y, w, h = window
    wide = w // USUAL_DIGITS
    return tuple((x + i * wide, y, max(SMALLEST_PX, wide), h) for i in range(USUAL_DIGITS))


def below(size: Size, counter: CounterSetup) -> tuple[Rectangle, ...]:
    """A row of figures like a counter's beneath it; above where the picture ends."""
    known = counter.digits
    if not known:
        return () if counter.display else row(size, USUAL_DIGITS)
    step = round(1.6 * max(box[3] for box in known))
    if max(box[1] + box[3] for box in known) + step > size[1]:
        step = -step
    return tuple(fitted(size, (x, y + step, w, h)) for x, y, w, h in known)
