"""Whole displays: the number with its point, the register code and the unit that an LCD or LED shows.

The network (`models/display.onnx`, card beside it) looks at a strip HEIGHT pixels high and tells, for each
STRIDE pixels of its width, which character of the number, of the register code and which unit has its middle
there, and how high and wide that character is. The strip is read as it came, then twice more cut closely and
levelled by what was found, and from closer yet when that leaves doubt; each time in colour and in the channel
that shows the ink best. That all these agree is what confidence rests on. Run by `cv2.dnn`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.ctc import Found, Scores, agreed, characters, least, likelihoods, readings
from ocr.picture import Picture, colour

HEIGHT, STRIDE, WIDEST, STEP = 48, 4, 448, 16
NUMBER = "0123456789.-:?"
"""What the number's head knows; "?" is any other character (a letter, a word)."""
CODE = "0123456789.-:CFLPEAdT"
UNITS = ("kWh", "MWh", "Wh", "kW", "W", "kVArh", "kVAr", "kVAh", "kVA", "V", "A", "Hz", "m³", "GJ")
SIZES = 3
"""Top, bottom and half width of a digit, in parts of HEIGHT."""
CHANNELS = len(NUMBER) + len(CODE) + len(UNITS) + 3 + SIZES
_OUTSIDE = 1.1
"""Most height of a closer look, in heights of the strip."""
_GREEN = 0.35
"""Least detail that green must have, as part of the channel with most, to be the one looked at."""
_BESIDE = 4.0
"""How far left of the number a register code may begin, in heights of a digit; a unit right of it, half."""
MODEL = Path(__file__).parent / "models" / "display.onnx"
SURE = 0.9
"""Confidence from which a text can be believed; chosen on rendered strips, see the card."""
_SLOPE, _SHIFT, _NOTHING = 1.0, 1.3, 0.05
"""Confidence from the looks' agreement, fitted on rendered strips (shift 1.8, less for photos are harder);
below the last there is no number."""
_CODE, _UNIT = 0.2, 0.45
"""Least chance of a register code and of a unit, the mean of the looks that can see them."""
_REGISTER = re.compile(
    r"(1-0:)?([1-9]\d?\.[246789]\.\d|0\.\d\.\d|9[67]\.\d\.\d)|[CFLP]\.\d\.\d|F\.F(\.\d)?|P\.\d\d?|\d\d?|[TE]\d|[APd]"
)
"""What register codes look like; whatever else was seen beside the number is none."""
_CLOSER = ((0.74, False), (0.6, True))
"""The closer looks: height of the digits in parts of HEIGHT; whether what stands beside them is in view."""
_CLOSER_YET = ((0.84, False), (0.7, True))
"""Looks at what is not sure after these; small points show in them."""


class Char(NamedTuple):
    """A character of the number, from x0 to x1 in pixels of the strip."""

    char: str
    x0: float
    x1: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Text:
    """What a display shows. `text` is the number as displayed, leading zeros kept, "" when there is none.

    `confidence` 0..1 that `text` is exact; `register` the code beside it ("1.8.0") and `unit` ("kWh"), "" if
    not seen. `chars` are the number's characters, `top` and `bottom` the height of its digits, in pixels.
    """

    text: str
    confidence: float
    register: str = ""
    unit: str = ""
    chars: tuple[Char, ...] = ()
    top: float = 0.0
    bottom: float = 0.0


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at the strip: chances of each head by step, sizes, the map from strip to what was seen, and
    whether that shows what stands beside the number."""

    heads: tuple[Scores, Scores, Scores]
    sizes: Scores
    matrix: NDArray[np.float64]
    beside: bool


def prepare(strip: Picture) -> NDArray[np.float32]:
    """A BGR strip HEIGHT pixels high as the network wants it: 3 x HEIGHT x W, contrast made equal."""
    data = strip.astype(np.float32)
    data -= data.mean((0, 1))
    data /= data.std() + 4.0
    return np.asarray(data.transpose(2, 0, 1), np.float32)


@lru_cache(maxsize=2)
def _network(path: Path) -> cv2.dnn.Net:
    return cv2.dnn.readNetFromONNX(str(path))


def read(strip: Picture, model: Path = MODEL) -> Text:
    """Reads a BGR uint8 strip of any size that holds one display or its digits; `ocr.picture.colour` says
    what else will do.

    A strip without a number gives "" and a low confidence. ValueError when it is no picture; cv2.error when
    the model is missing or damaged.
    """
    strip = colour(strip)
    if strip.size == 0 or min(strip.shape[:2]) < 6:
        return Text("", 0.0)
    net, clear = _network(model), _clearest(strip)
    looks = _look(net, strip, clear, _whole(strip), True)
    for views in (_CLOSER, _CLOSER_YET):
        for tall, whole in views:
            first = max(looks[-2:], key=lambda look: least(characters(look.heads[0])))
            matrix = _closer(first, strip, tall, whole)
            if matrix is not None:
                looks += _look(net, strip, clear, matrix, whole)
        text = _judge(looks)
        if text.confidence >= SURE:
            break
    return text


def _clearest(strip: Picture) -> int:
    """The channel that shows the ink best: green, unless the display glows in another colour.

    Ink seen from aside has a hue and may even be brighter than the ground in red or blue; sensors and JPEG
    keep most detail in green.
    """
    small = cv2.resize(strip, (160, 32), interpolation=cv2.INTER_AREA).astype(np.float32)
    detail = (small - cv2.GaussianBlur(small, (0, 0), 8)).std((0, 1))
    return 1 if detail[1] > _GREEN * detail.max() else int(detail.argmax())


def _whole(strip: Picture) -> NDArray[np.float64]:
    high, wide = strip.shape[:2]
    across = int(np.clip(round(wide / high * HEIGHT / STEP), 2, WIDEST // STEP)) * STEP
    return np.array([[across / wide, 0, 0], [0, HEIGHT / high, 0]])


def _look(
    net: cv2.dnn.Net, strip: Picture, clear: int, matrix: NDArray[np.float64], beside: bool
) -> list[_Look]:
    """Maps the strip by `matrix` (2 x 3; its third row, if any, begins with the width), reads it twice.

    Once in colour, once the channel `clear` alone.
    """
    wide = int(matrix[2, 0]) if len(matrix) > 2 else round(strip.shape[1] * matrix[0, 0])
    matrix = matrix[:2]
    scale = float(np.hypot(matrix[1, 0], matrix[1, 1]))
    if scale < 0.75:  # warpAffine does not average
        strip = np.asarray(cv2.GaussianBlur(strip, (0, 0), 0.42 / scale), np.uint8)
    seen = np.asarray(
        cv2.warpAffine(strip, matrix, (wide, HEIGHT), borderMode=cv2.BORDER_REPLICATE), np.uint8
    )
    one = seen[..., [clear] * 3]
    net.setInput(np.stack([prepare(seen), prepare(one)]))
    scores = np.asarray(net.forward(), np.float32).reshape(2, CHANNELS, -1)
    return [_split(s, matrix, beside) for s in scores]


def _split(scores: Scores, matrix: NDArray[np.float64], beside: bool) -> _Look:
    """The heads' chances and the sizes, of the network's CHANNELS x T scores."""
    heads, at = [], 0
    for size in (len(NUMBER) + 1, len(CODE) + 1, len(UNITS) + 1):
        part = scores[at : at + size]
        part = np.exp(part - part.max(0))
        heads.append(part / part.sum(0))
        at += size
    return _Look((heads[0], heads[1], heads[2]), scores[at:], matrix, beside)


def _closer(look: _Look, strip: Picture, tall: float, whole: bool) -> NDArray[np.float64] | None:
    """The map that levels the number a look found and makes its digits `tall`; None without digits."""
    found = [f for f in characters(look.heads[0]) if 1 <= f.kind <= 10]
    if not found:
        return None
    back = cv2.invertAffineTransform(look.matrix)
    x = np.array([(f.step + 0.5) * STRIDE for f in found])
    steps = [round(f.step) for f in found]
    top, bottom, half = (look.sizes[i, steps] * HEIGHT for i in range(SIZES))
    ends = [np.stack([x, y, np.ones_like(x)]) for y in (top, bottom)]
    upper, lower = (back @ e for e in ends)
    across, middle = upper[0] * 0.5 + lower[0] * 0.5, (upper[1] + lower[1]) / 2
    high = float(np.median(lower[1] - upper[1]))
    if high < 3:
        return None
    slope = 0.0
    if len(found) > 2 and np.ptp(across) > 1.5 * high:
        slope = float(np.clip(np.polyfit(across, middle, 1)[0], -0.15, 0.15))
    tall = max(tall, high / (_OUTSIDE * strip.shape[0]))  # beyond its edges there is nothing to see
    scale = tall * HEIGHT / high
    edge = float(np.median(half)) / look.matrix[0, 0] + 0.55 * high
    left, right = float(across.min()) - edge, float(across.max()) + edge
    left = max(0.0, left - (_BESIDE * high if whole else 0))
    right = min(float(strip.shape[1]), right + (_BESIDE / 2 * high if whole else 0))
    if right - left < 0.25 * high:
        return None
    wide = int(np.clip(np.ceil((right - left) * scale / STEP), 2, WIDEST // STEP)) * STEP
    sx = min(scale, wide / (right - left))
    centre, level = (left + right) / 2, float(np.median(middle - slope * across))
    shift = wide / 2 - sx * centre
    return np.array([[sx, 0, shift], [-slope * scale, scale, HEIGHT / 2 - scale * level], [wide, 0, 0]])


def _judge(looks: list[_Look]) -> Text:
    """The text that all looks together find likeliest, and how likely."""
    sources: dict[tuple[int, ...], tuple[_Look, list[Found]]] = {}
    for look in looks:
        for found in readings(look.heads[0]):
            sources.setdefault(tuple(f.kind for f in found), (look, found))
    chances = [likelihoods(look.heads[0], list(sources)) for look in looks]
    mean = agreed(chances)
    best = int(mean.argmax())
    register, unit = _beside(looks)
    chars, top, bottom = _places(*list(sources.values())[best])
    text = "".join(c.char for c in chars)
    confidence = _confidence(float(mean[best]))
    if not any(c.isdigit() for c in text) or "?" in text or confidence < _NOTHING:
        return Text("", 0.0, register, unit)
    return Text(text, confidence, register, unit, chars, top, bottom)


def _confidence(agreement: float) -> float:
    """How often a text on which the looks agree so much was right, on rendered strips; somewhat less."""
    agreement = min(max(agreement, 1e-4), 1 - 1e-4)
    odds = np.log(agreement / (1 - agreement))
    return float(1 / (1 + np.exp(-(_SLOPE * odds + _SHIFT))))


def _beside(looks: list[_Look]) -> tuple[str, str]:
    """Register code and unit that the looks with a view of them agree on; "" of what they are not sure."""
    looks = [look for look in looks if look.beside]
    texts: dict[str, tuple[int, ...]] = {}
    for look in looks:
        for found in readings(look.heads[1]):
            code = "".join(CODE[f.kind - 1] for f in found)
            if _REGISTER.fullmatch(code):
                texts[code] = tuple(f.kind for f in found)
    register = ""
    if texts:
        mean = np.mean([likelihoods(look.heads[1], list(texts.values())) for look in looks], 0)
        register = list(texts)[int(mean.argmax())] if mean.max() >= _CODE else ""
    seen = np.mean([look.heads[2][1:].max(1) for look in looks], 0)
    return register, UNITS[int(seen.argmax())] if seen.max() >= _UNIT else ""


def _places(look: _Look, found: list[Found]) -> tuple[tuple[Char, ...], float, float]:
    """Where characters stand in the strip, and the height of the digits; a point at the end is left out."""
    back = cv2.invertAffineTransform(look.matrix)
    chars, tops, bottoms = [], [], []
    for f in found:
        top, bottom, half = (float(v) * HEIGHT for v in look.sizes[:, round(f.step)])
        mark = NUMBER[f.kind - 1]
        if not mark.isdigit():
            half = 2.0 if mark in ".:" else 6.0
        middle = (f.step + 0.5) * STRIDE
        points = ((middle - half, HEIGHT / 2), (middle + half, HEIGHT / 2), (middle, top), (middle, bottom))
        left, right, above, below = (back @ (x, y, 1.0) for x, y in points)
        chars.append(Char(mark, float(left[0]), float(right[0]), f.chance))
        if mark.isdigit():
            tops.append(float(above[1]))
            bottoms.append(float(below[1]))
    while chars and chars[-1].char == ".":  # what follows it is cut off
        chars.pop()
    middles = (float(np.median(tops)), float(np.median(bottoms))) if tops else (0.0, 0.0)
    return tuple(chars), *middles
