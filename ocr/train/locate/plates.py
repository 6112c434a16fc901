"""Faces of meters and what is printed on them: what a counter must be told from."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from ocr.train.locate.draw import Plane, Rng, blend, box, colour, ink, pick_font, plain

_WORDS = (
    "kWh", "ELECTRICITY METER", "Drehstromzähler", "imp/kWh", "3x230/400 V", "5(60) A", "10-40 A", "50 Hz",
    "CL.2", "Made in Germany", "No.", "Nr.", "TYPE", "Energy", "Single phase 2 wire", "230V", "Ser. No.",
    "Static Watt-Hour Meter", "r/kWh", "U/kWh", "Wechselstromzähler", "OWNER", "PROPERTY OF", "LANDIS & GYR",
    "ISKRA", "AEG", "m³", "Qn 2,5", "DIN 43856", "IEC 62053", "monofase", "medidor de energia", "rev/kWh",
    "Kd", "Ref. 27°C", "L1 L2 L3", "T1", "HT", "NT", "CE M09 0102", "www", "Scroll", "CAL", "RESET", "PULSE",
)  # fmt: skip


def _digits(rng: Rng, count: int) -> str:
    return "".join(str(rng.integers(10)) for _ in range(count))


def phrase(rng: Rng) -> str:
    """A line as type plates carry: words, numbers, dates, telephone numbers."""
    kind = int(rng.integers(8))
    if kind < 3:
        return " ".join(str(rng.choice(_WORDS)) for _ in range(int(rng.integers(1, 4))))
    if kind == 3:
        return _digits(rng, int(rng.integers(4, 13)))
    if kind == 4:
        return " ".join(_digits(rng, int(rng.integers(2, 5))) for _ in range(int(rng.integers(2, 4))))
    if kind == 5:
        return f"{rng.choice(_WORDS)} {_digits(rng, int(rng.integers(3, 9)))}"
    if kind == 6:
        return str(rng.choice(["1-800-", "19", "20", "No ", "Nr. ", "SN:", "(01)"])) + _digits(
            rng, 2 + int(rng.integers(6))
        )
    return f"{_digits(rng, 2)}.{_digits(rng, 2)}.{_digits(rng, 4)}"


def line(rng: Rng, plane: Plane, high: float) -> None:
    text, spacing = phrase(rng), float(rng.choice([0.0, rng.uniform(0.02, 0.5)], p=[0.75, 0.25]))
    mask = ink(text, pick_font(rng), high, spacing)
    if rng.random() < 0.06:
        mask = np.ascontiguousarray(np.rot90(mask))
    x, y = rng.uniform(-0.1, 1) * plane.shape[1], rng.uniform(0, 1) * plane.shape[0]
    around = plane[int(min(y, plane.shape[0] - 1)), int(np.clip(x, 0, plane.shape[1] - 1))].mean()
    tone = colour(rng, 0, 90) if around > 125 else colour(rng, 140, 255)
    if rng.random() < 0.12:
        tone = np.array([rng.uniform(0, 80), rng.uniform(0, 80), rng.uniform(120, 230)], np.float32)
    blend(plane, mask * np.float32(rng.uniform(0.55, 1)), tone, x, y)


def label(rng: Rng, plane: Plane, high: float) -> None:
    """A stuck-on label: large serial number, perhaps a bar code."""
    mask = ink(phrase(rng), pick_font(rng), high, float(rng.choice([0, 0.15])))
    pad = high * rng.uniform(0.15, 0.7)
    code = high * rng.uniform(0.8, 2.2) if rng.random() < 0.6 else 0.0
    part = plain(
        mask.shape[0] + 2 * pad + code, max(mask.shape[1], 4 * high) + 2 * pad, colour(rng, 150, 255, 12)
    )
    dark = colour(rng, 0, 70, 10)
    top = pad
    if code:
        _bars(rng, part, pad, pad if rng.random() < 0.5 else 2 * pad + mask.shape[0], code * 0.9, dark)
        top = pad + code if rng.random() < 0.5 else pad
    blend(part, mask, dark, pad, top)
    if rng.random() < 0.3:
        box(part, 0, 0, part.shape[1] - 1, part.shape[0] - 1, dark, 2)
    x, y = rng.uniform(-0.1, 0.9) * plane.shape[1], rng.uniform(-0.05, 0.95) * plane.shape[0]
    blend(plane, np.ones(part.shape[:2], np.float32), part, x, y)


def _bars(rng: Rng, part: Plane, x: float, y: float, high: float, tone: Plane) -> None:
    unit = max(1, round(high * rng.uniform(0.02, 0.06)))
    at, end = round(x), part.shape[1] - round(x)
    while at < end:
        wide = unit * int(rng.integers(1, 4))
        box(part, at, y, wide - 1, high, tone)
        at += wide + unit * int(rng.integers(1, 4))


def boxed(rng: Rng, plane: Plane, high: float) -> None:
    """Printed figures in frames, or engraved ones: nearest to wheels, and none."""
    count, pitch = int(rng.integers(3, 9)), high * rng.uniform(0.9, 1.5)
    x, y = rng.uniform(0, 0.8) * plane.shape[1], rng.uniform(0, 0.9) * plane.shape[0]
    path, tone = pick_font(rng), colour(rng, 0, 90)
    for i in range(count):
        mask = ink(str(rng.choice(list("ABCDEFHKLMNPRSTUVWXYZ"))), path, high * 0.7)
        blend(plane, mask, tone, x + i * pitch + (pitch - mask.shape[1]) / 2, y + high * 0.15)
        box(plane, x + i * pitch, y, pitch, high, tone, 1 + round(high * 0.04))


def dial(rng: Rng, plane: Plane, high: float) -> None:
    """A round scale of ten with its pointer."""
    r = high * rng.uniform(0.7, 1.8)
    x, y = rng.uniform(0, 1) * plane.shape[1], rng.uniform(0, 1) * plane.shape[0]
    at, tone = (round(x), round(y)), colour(rng, 0, 110)
    if rng.random() < 0.6:
        cv2.circle(plane, at, round(r), colour(rng, 120, 255).tolist(), -1, cv2.LINE_AA)
    cv2.circle(plane, at, round(r), tone.tolist(), max(1, round(r * 0.05)), cv2.LINE_AA)
    path = pick_font(rng)
    for n in range(10):
        angle = n * np.pi / 5 - np.pi / 2
        mask = ink(str(n), path, r * 0.24)
        far = r * rng.choice([0.78, 1.25])
        blend(
            plane,
            mask,
            tone,
            x + far * np.cos(angle) - mask.shape[1] / 2,
            y + far * np.sin(angle) - mask.shape[0] / 2,
        )
    angle = rng.uniform(0, 2 * np.pi)
    tip = (round(x + 0.7 * r * np.cos(angle)), round(y + 0.7 * r * np.sin(angle)))
    cv2.line(plane, at, tip, colour(rng, 0, 200, 60).tolist(), max(2, round(r * 0.12)), cv2.LINE_AA)


def shapes(rng: Rng, plane: Plane, high: float) -> None:
    """Screws, lamps, windows, discs, keys, seals."""
    tall, wide = plane.shape[:2]
    at = (int(rng.uniform(0, wide)), int(rng.uniform(0, tall)))
    tone = colour(rng, 0, 255, 40)
    kind = int(rng.integers(4))
    if kind == 0:
        r = round(high * rng.uniform(0.2, 1))
        cv2.circle(plane, at, r, tone.tolist(), -1, cv2.LINE_AA)
        cv2.line(plane, (at[0] - r, at[1]), (at[0] + r, at[1]), (tone * 0.4).tolist(), max(1, r // 5))
    elif kind == 1:
        size = (rng.uniform(1, 9) * high, rng.uniform(0.15, 2.5) * high)
        box(plane, *at, *size, tone, int(rng.choice([-1, 2, 4])))
    elif kind == 2:
        cv2.ellipse(
            plane,
            at,
            (round(high * rng.uniform(2, 5)), round(high * rng.uniform(0.1, 0.5))),
            0,
            0,
            360,
            tone.tolist(),
            -1,
        )
        for x in range(at[0] - round(2 * high), at[0] + round(2 * high), max(3, round(high / 6))):
            cv2.line(plane, (x, at[1] - 2), (x, at[1] + 3), (tone * 0.3).tolist(), 1)
    else:
        end = (int(rng.uniform(0, wide)), int(rng.uniform(0, tall)))
        cv2.line(plane, at, end, tone.tolist(), max(1, round(high * rng.uniform(0.03, 0.3))), cv2.LINE_AA)


def furnish(rng: Rng, plane: Plane, high: float, much: float) -> None:
    """Covers a face with about `much` times ten things; figures of the counter are `high` tall."""
    makers: list[Callable[[Rng, Plane, float], None]] = [line, label, boxed, dial, shapes]
    for _ in range(int(rng.poisson(10 * much))):
        maker = makers[int(rng.choice(len(makers), p=[0.58, 0.13, 0.04, 0.06, 0.19]))]
        maker(rng, plane, high * float(np.exp(rng.uniform(np.log(0.16), np.log(1.3)))))
