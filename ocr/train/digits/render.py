"""What rendered digit crops share: sizes, fonts, colours.

Everything is drawn from a `numpy.random.Generator`, so a seed gives the same pictures on every machine that
has the same fonts. They come from the system, none is shipped; Debian: fonts-dejavu, fonts-liberation,
fonts-urw-base35, fonts-lato, fonts-roboto-unhinted, fonts-open-sans, fonts-quicksand, fonts-b612,
fonts-jetbrains-mono, fonts-dseg.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ImageFont

Crop = NDArray[np.uint8]
Ink = NDArray[Any]
"""Ink 0..1 or unclipped colours, as floats."""
Rng = np.random.Generator
WIDTH, HEIGHT = 48, 72
FOLDERS = ("/usr/share/fonts",)
_WANTED = (
    "dejavusans",
    "liberationsans",
    "nimbussans",
    "nimbusmono",
    "urwgothic",
    "lato",
    "roboto",
    "opensans",
    "b612",
    "jetbrains",
    "liberationmono",
    "quicksand",
)
_UNWANTED = ("oblique", "italic", "hairline", "math")


@lru_cache(maxsize=1)
def text_fonts() -> list[str]:
    """Upright fonts such as meters carry, by path; RuntimeError when the system has none."""
    found = sorted(str(p) for root in FOLDERS for p in Path(root).rglob("*.[to]tf"))
    kept = [
        p
        for p in found
        if any(w in Path(p).name.lower().replace("-", "") for w in _WANTED)
        and not any(u in Path(p).name.lower() for u in _UNWANTED)
    ]
    if not kept:
        raise RuntimeError(
            "No fonts found: install fonts-dejavu and the other packages named in ocr/train/digits/render.py"
        )
    return kept


@lru_cache(maxsize=1)
def segment_fonts() -> list[str]:
    """The DSEG7 fonts when installed; the polygons of `_segments` serve without them."""
    return sorted(
        str(p) for root in FOLDERS for p in Path(root).rglob("DSEG7*.[to]tf") if "GCHAN" not in p.name
    )


@lru_cache(maxsize=512)
def font(path: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size)


@lru_cache(maxsize=512)
def metrics(path: str) -> tuple[float, float]:
    """Height and centre above the baseline of a zero, in units of the font size."""
    _, top, _, bottom = font(path, 100).getbbox("0", anchor="ls")
    return (bottom - top) / 100, -(top + bottom) / 200


def colour(rng: Rng, low: float, high: float, spread: float = 25) -> Ink:
    return np.clip(rng.uniform(low, high) + rng.normal(0, spread, 3), 0, 255).astype(np.float32)


def inks(rng: Rng) -> tuple[Ink, Ink]:
    """(ink, ground) of a wheel, BGR: light on dark, dark on light, and the red kinds."""
    kind = rng.choice(
        ["light", "dark", "white on red", "red on white", "red on dark", "any"],
        p=[0.36, 0.19, 0.13, 0.18, 0.04, 0.1],
    )
    if kind == "light":
        return colour(rng, 150, 250), colour(rng, 10, 80, 12)
    if kind == "dark":
        return colour(rng, 5, 80, 12), colour(rng, 150, 250)
    red = np.array([rng.uniform(10, 70), rng.uniform(10, 60), rng.uniform(90, 220)], np.float32)
    if kind == "white on red":
        return colour(rng, 160, 250), red
    if kind == "red on white":  # new paint, and old
        ground = colour(rng, 130, 250)
        return red + rng.uniform(0, 0.6) * (ground - red), ground
    if kind == "red on dark":
        return red + rng.uniform(0, 60), colour(rng, 5, 60, 12)
    ink, ground = colour(rng, 0, 255, 60), colour(rng, 0, 255, 60)
    return (
        (ink, ground) if abs(ink.mean() - ground.mean()) > 50 else (colour(rng, 200, 255), colour(rng, 0, 60))
    )
