"""What a camera makes of a scene: how it hangs, its lens, the light, the glass, the sensor. Pure.

Everything is done on 8-bit pictures and on small maps laid over them: a picture must cost no more than a few
hundredths of a second, because the virtual house runs beside the appliance.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.demo.faceplate import HEIGHT, WIDTH, Image

Floats: TypeAlias = NDArray[np.float32]
Light: TypeAlias = tuple[float, float, float]

MAP = (160, 90)
"""Width and height of the maps of light and haze, which are smooth."""
HAZE: Light = (168, 172, 170)
"""Colour of a lit fogged glass."""


@dataclass
class View:
    """How the camera hangs, what light it has, what is in its way. May be changed at any time."""

    lamp: float = 1.0
    """The picture's brightness by the lamp: 0 dark, 1 good."""
    turn_deg: float = 0.0
    """How the camera hangs: degrees counter-clockwise,"""
    shift: tuple[float, float] = (0.0, 0.0)
    """pixels to the right and down of a picture 1280 wide,"""
    scale: float = 1.0
    """and how large the meter is in the picture."""
    blur: float = 0.8
    """Focus: sigma in pixels of the picture."""
    glare: float = 0.0
    """The lamp's reflection on the glass, 0 to 1,"""
    glare_at: tuple[float, float] = (560.0, 250.0)
    """and where on the 1280x720 plate it is."""
    daylight: float = 0.0
    """The picture's brightness by a window on the left."""
    tint: Light = (1.0, 1.0, 1.0)
    """Colour of the lamp: blue, green, red."""
    noise: float = 1.0
    """The sensor's noise; grows with the gain that darkness asks for."""
    infrared: bool = False
    """The camera's night vision: no colours."""
    band: float = 0.0
    """Depth, 0 to 1, of the dark band an LED driven by mains leaves,"""
    band_at: float = 0.0
    """and where it stands, in picture heights."""
    fog: float = 0.0
    """Condensation on the glass, 0 to 1."""
    dust: float = 0.0
    """Dust on the glass, 0 to 1."""
    spider: tuple[float, float, float] | None = None
    """A spider: x and y on the 1280x720 plate, and where it is heading (degrees)."""


def photograph(scene: Image, view: View, size: tuple[int, int], seed: int = 0) -> Image:
    """The 1280x720 scene as the camera sees it, `size` (width, height), BGR; `seed` chooses the noise.

    The scene may be changed.
    """
    if view.dust > 0:
        cv2.addWeighted(scene, 1 - 0.25 * view.dust, _dust(), view.dust, 0, dst=scene)
    if view.spider is not None:
        _spider(scene, *view.spider)
    seen = cv2.warpAffine(
        scene, _hang(view, size), size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    blur = view.blur + 5 * view.fog * size[0] / WIDTH
    if blur > 0:
        cv2.GaussianBlur(seen, (0, 0), blur, dst=seen)
    if view.infrared:
        seen = cv2.cvtColor(cv2.cvtColor(seen, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    gain, veil = _light(view)
    cv2.multiply(seen, cv2.resize(gain, size), dst=seen, scale=1 / 100)
    if veil is not None:
        cv2.add(seen, cv2.resize(veil, size), dst=seen)
    return _sensor(np.asarray(seen, np.uint8), view.noise, np.random.default_rng(seed))


def _hang(view: View, size: tuple[int, int]) -> NDArray[np.float64]:
    width, height = size
    zoom = min(width / WIDTH, height / HEIGHT)
    turn = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), view.turn_deg, zoom * view.scale)
    place = np.asarray(turn, np.float64)
    place[:, 2] += np.array([(width - WIDTH) / 2, (height - HEIGHT) / 2]) + np.array(view.shift) * zoom
    return place


def _light(view: View) -> tuple[Image, Image | None]:
    """What multiplies the picture (in hundredths) and what is added to it; both as small maps."""
    x, y = _places()
    lens = 1.12 - 0.75 * (x * x + y * y)
    lamp = lens * (1 - 0.10 * x - 0.14 * y) * max(0.0, view.lamp)
    window = lens * (1 - 0.7 * x) * max(0.0, view.daylight)
    gain = lamp[..., None] * np.array(view.tint, np.float32) + window[..., None] * _DAY
    if view.band > 0:
        gain *= (1 - view.band * np.clip(np.sin(2 * np.pi * (y + view.band_at)), 0, 1) ** 2)[..., None]
    veil = np.zeros_like(gain)
    if view.fog > 0:
        thick = np.clip(view.fog * _patches(), 0, 0.95)[..., None]
        veil += thick * gain * np.array(HAZE, np.float32)
        gain = gain * (1 - thick)
    if view.glare > 0:
        away = ((x - view.glare_at[0] / WIDTH + 0.5) * WIDTH / 150) ** 2
        away += ((y - view.glare_at[1] / HEIGHT + 0.5) * HEIGHT / 80) ** 2
        veil += (view.glare * (235 * np.exp(-(away**1.5)) + 60 * np.exp(-away / 3)))[..., None]
    hundredths = np.clip(gain * 100, 0, 255).astype(np.uint8)
    return hundredths, np.clip(veil, 0, 255).astype(np.uint8) if veil.any() else None


_DAY = np.array((1.08, 1.0, 0.94), np.float32)


@lru_cache(maxsize=1)
def _places() -> tuple[Floats, Floats]:
    """x and y of the maps' places, -0.5 to 0.5."""
    y, x = np.mgrid[0 : MAP[1], 0 : MAP[0]].astype(np.float32)
    return (x + 0.5) / MAP[0] - 0.5, (y + 0.5) / MAP[1] - 0.5


@lru_cache(maxsize=1)
def _patches() -> Floats:
    """Fog is thicker here and thinner there, 0.7 to 1.3."""
    rough = np.random.default_rng(31).random((5, 8)).astype(np.float32)
    return np.asarray(0.7 + 0.6 * cv2.resize(rough, MAP, interpolation=cv2.INTER_CUBIC), np.float32)


@lru_cache(maxsize=1)
def _dust() -> Image:
    """A year's dust: a grey film, specks and a few fibres."""
    dice = np.random.default_rng(12)
    film = np.zeros((HEIGHT, WIDTH), np.uint8)
    for x, y, r in zip(
        dice.integers(0, WIDTH, 900), dice.integers(0, HEIGHT, 900), dice.random(900) ** 3, strict=True
    ):
        cv2.circle(film, (int(x) * 16, int(y) * 16), int(16 * (0.5 + 2.5 * r)), 110, -1, cv2.LINE_AA, 4)
    for _ in range(14):
        middle = (int(dice.integers(0, WIDTH)), int(dice.integers(0, HEIGHT)))
        axes = (int(dice.integers(8, 26)), int(dice.integers(4, 20)))
        turn, start = float(dice.random() * 360), float(dice.random() * 180)
        cv2.ellipse(film, middle, axes, turn, start, start + 120, 90, 1, cv2.LINE_AA)
    film = np.asarray(cv2.GaussianBlur(film, (0, 0), 0.8), np.uint8) + np.uint8(26)
    return np.ascontiguousarray(film[..., None].repeat(3, axis=2))


def _spider(scene: Image, x: float, y: float, heading: float) -> None:
    """Eight legs and a body about as large as a digit, drawn on the scene."""
    ink = (24, 28, 32)
    along = np.radians(heading)
    ahead, aside = np.array([np.cos(along), np.sin(along)]), np.array([-np.sin(along), np.cos(along)])
    middle = np.array([x, y])
    for side, place in ((s, p) for s in (-1, 1) for p in (-1.5, -0.5, 0.5, 1.5)):
        knee = middle + ahead * place * 15 + aside * side * 24
        foot = middle + ahead * place * 30 + aside * side * 46
        cv2.polylines(
            scene, [np.array([middle * 16, knee * 16, foot * 16], np.int32)], False, ink, 3, cv2.LINE_AA, 4
        )
    for place, long, broad in ((-14, 20, 15), (10, 12, 10)):
        at = middle + ahead * place
        cv2.ellipse(scene, (int(at[0]), int(at[1])), (long, broad), heading, 0, 360, ink, -1, cv2.LINE_AA)


_FLOOR, _STEPS = 38.0, 14.9
"""The sensor's noise is 1.2 grey levels in the dark and grows with the square root of the light to 3."""


@lru_cache(maxsize=1)
def _roots() -> tuple[Image, Image]:
    """Tables from grey levels to a scale on which the noise is even, and back."""
    level = np.arange(256)
    there = np.clip(_STEPS * np.sqrt(level + _FLOOR) + 0.5, 0, 255).astype(np.uint8)
    back = np.clip((level / _STEPS) ** 2 - _FLOOR + 0.5, 0, 255).astype(np.uint8)
    return there, back


@lru_cache(maxsize=1)
def _grain() -> Image:
    """Noise about 128 with a sigma of 24, fine in brightness, coarse in colour, larger than any picture."""
    dice, high, wide = np.random.default_rng(5), 1536, 2560
    fine = dice.standard_normal((high, wide), dtype=np.float32)[..., None]
    stains = cv2.resize(dice.standard_normal((high // 4, wide // 4, 3), dtype=np.float32), (wide, high))
    return np.clip(128.5 + 24 * (0.8 * fine + 0.7 * stains), 0, 255).astype(np.uint8)


def _sensor(seen: Image, noise: float, dice: np.random.Generator) -> Image:
    if noise <= 0:
        return seen
    there, back = _roots()
    grain = _grain()
    high, wide = seen.shape[:2]
    if high >= grain.shape[0] or wide >= grain.shape[1]:
        grain = np.tile(grain, (high // grain.shape[0] + 2, wide // grain.shape[1] + 2, 1))
    top, left = dice.integers(0, grain.shape[0] - high), dice.integers(0, grain.shape[1] - wide)
    part = grain[top : top + high, left : left + wide]
    share = 1.45 * noise / 24
    data = cv2.addWeighted(cv2.LUT(seen, there), 1.0, part, share, -128 * share)
    return np.asarray(cv2.LUT(data, back), np.uint8)
