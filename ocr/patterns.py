"""What two pictures of one scene share whatever the light, and how the one lies in the other. Pure.

A pattern is a grey picture with its local brightness taken away and its local contrast made equal: lamps,
shadows and glare leave it nearly as it was. Matrices are 2x3 and lead from the reference's pixels to the
picture's. `search` finds a similarity from nothing by correlation, `Points` follows on from a matrix that is
nearly right (inverse compositional Gauss-Newton: S. Baker, I. Matthews, "Lucas-Kanade 20 Years On", 2004).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Floats = NDArray[np.float32]
Matrix = NDArray[np.float64]

_FLOOR = 2.0
"""Grey levels: what varies less is noise and stays faint."""
_STRONGEST = 2.5
_TURNS = np.arange(-15.0, 15.1, 2.5)
_SCALES = np.exp(np.arange(-3, 4) * 0.08)
_TOLERANCE = 0.4
_STANDS = 0.02
"""Pixels; steps that move the picture's corners by less are the last."""
_PRIOR = np.array([1e-4, 1e-4, 1e-4, 1e-4, 0.1, 0.1])
"""How hard shift, scale and turn, and then uneven scale and shear, are held back: a camera that moved shows
next to none of the latter."""


def pattern(grey: Grey) -> Floats:
    """Two layers (H x W x 2): local contrast, about -2.5..2.5, and how much there is to be seen, 0..1."""
    reach = 2 * _reach(*grey.shape) + 1
    data = cv2.GaussianBlur(grey, (3, 3), 0).astype(np.float32)
    data -= cv2.blur(data, (reach, reach))
    # The box filter keeps running sums, which come out just below 0 on even surfaces.
    spread = cv2.sqrt(np.maximum(cv2.blur(data * data, (reach, reach)), 0))
    sight = spread / (spread + _FLOOR)
    data /= spread + _FLOOR
    np.clip(data, -_STRONGEST, _STRONGEST, out=data)
    return np.asarray(cv2.merge([data, cv2.multiply(sight, sight)]), np.float32)


def _reach(high: int, wide: int) -> int:
    """How far around a pixel its surroundings reach; nearer than this to the edge they are not all seen."""
    return max(2, max(high, wide) // 48)


def similarity(turn: float, scale: float, shift: tuple[float, float], size: tuple[int, int]) -> Matrix:
    """Turned (degrees, as OpenCV counts) and scaled about the middle of a picture of `size`, then shifted."""
    matrix = cv2.getRotationMatrix2D(((size[0] - 1) / 2, (size[1] - 1) / 2), turn, scale)
    matrix[:, 2] += np.array(shift)
    return np.asarray(matrix, np.float64)


def _after(matrix: Matrix, first: Matrix) -> Matrix:
    """What `matrix` does to what `first` has moved."""
    out = matrix[:, :2] @ first
    out[:, 2] += matrix[:, 2]
    return out


def resized(matrix: Matrix, fx: float, fy: float) -> Matrix:
    """The same movement for pictures `fx` times as wide, `fy` as high (a pixel's place is its middle)."""
    there = np.array([[fx, 0, (fx - 1) / 2], [0, fy, (fy - 1) / 2]])
    back = np.array([[1 / fx, 0, (1 / fx - 1) / 2], [0, 1 / fy, (1 / fy - 1) / 2]])
    return _after(_after(there, matrix), back)


class Points:
    """The places of a reference pattern that tell where it lies, and how they change when it moves."""

    def __init__(self, reference: Floats, mask: Grey, count: int) -> None:
        """Takes up to `count` points with edges from all parts of what `mask` leaves (non-zero)."""
        high, wide = reference.shape[:2]
        contrast = np.ascontiguousarray(reference[..., 0])
        dx = cv2.Sobel(contrast, cv2.CV_32F, 1, 0, scale=1 / 8)
        dy = cv2.Sobel(contrast, cv2.CV_32F, 0, 1, scale=1 / 8)
        y, x = _spread(np.asarray(cv2.magnitude(dx, dy), np.float32), mask, count)
        self.size = wide, high
        self._at = np.stack([x, y, np.ones_like(x)]).astype(np.float64)
        self._frame = np.array([[0, wide, 0, wide], [0, 0, high, high], [1.0, 1, 1, 1]])
        self._values = contrast[y, x]
        u, v = (x - wide / 2) / (wide / 2), (y - high / 2) / (wide / 2)
        gx, gy = dx[y, x], dy[y, x]
        columns = (gx, gy, gx * u + gy * v, gy * u - gx * v, gx * u - gy * v, gx * v + gy * u)
        self._slopes = np.stack(columns, axis=1).astype(np.float32)

    def __len__(self) -> int:
        return int(self._at.shape[1])

    def fit(self, picture: Floats, matrix: Matrix) -> float:
        """Correlation of picture and reference at the points, -1..1; -1 when over half are out of sight."""
        seen, _, inside = self._look(picture, matrix)
        if inside.sum() < 0.5 * len(self):
            return -1.0
        a, b = seen[inside], self._values[inside]
        return float((a @ b) / (np.sqrt((a @ a) * (b @ b)) + 1e-6))

    def follow(self, picture: Floats, matrix: Matrix, steps: int) -> Matrix:
        """The matrix moved on to where the picture fits best, in at most `steps` steps."""
        weight = np.ones_like(self._values)
        for _ in range(steps):
            seen, sight, inside = self._look(picture, matrix)
            # Noise and blur make the pattern fainter; steps would be too short by as much.
            believed = weight * self._values
            strength = float(seen @ believed) / (float(self._values @ believed) + 1e-6)
            away = seen / min(max(strength, 0.4), 1.2) - self._values
            # What moved on its own (a spider, the disc) must not pull: weights by Geman and McClure.
            # Nor must what is covered or overexposed: there is nothing to be seen.
            usual = np.partition(np.abs(away[::4]), len(away) // 8)[len(away) // 8]
            tolerance = max(_TOLERANCE, 1.5 * float(usual))
            weight = sight * inside / (1 + (away / tolerance) ** 2) ** 2
            move = self._step(away, weight, matrix)
            matrix = _after(matrix, np.asarray(cv2.invertAffineTransform(move), np.float64))
            if np.abs(move @ self._frame - self._frame[:2]).max() < _STANDS:
                break
        return matrix

    def _look(self, picture: Floats, matrix: Matrix) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """Both layers of the picture at the points, and which of them lie inside it."""
        x, y = (matrix @ self._at).astype(np.float32)
        seen = cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        wide, high = self.size
        rim = _reach(high, wide)
        inside = (x >= rim) & (y >= rim) & (x < wide - rim) & (y < high - rim)
        contrast, sight = np.asarray(seen, np.float32).reshape(-1, 2).T
        return np.ascontiguousarray(contrast), sight, inside

    def _step(self, away: Floats, weight: Floats, matrix: Matrix) -> Matrix:
        weighted = self._slopes * weight[:, None]
        curve = (weighted.T @ self._slopes).astype(np.float64)
        pull = (weighted.T @ away).astype(np.float64)
        prior = _PRIOR * (float(np.trace(curve)) / 6 + 1e-9)
        curve.flat[::7] += prior
        (a, b, _), (c, d, _) = matrix.tolist()
        pull[4] += prior[4] * (a - d) / 2
        pull[5] += prior[5] * (b + c) / 2
        solved = cv2.solve(curve, pull[:, None], flags=cv2.DECOMP_CHOLESKY)[1]
        tx, ty, scale, turn, uneven, shear = solved.ravel().tolist()
        half, down = self.size[0] / 2, self.size[1] / 2
        a, b = (scale + uneven) / half, (shear - turn) / half
        c, d = (shear + turn) / half, (scale - uneven) / half
        return np.array(
            [[1 + a, b, tx - a * half - b * down], [c, 1 + d, ty - c * half - d * down]], np.float64
        )


def _spread(edges: Floats, mask: Grey, count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the strongest edges, as many from each of 8 x 6 parts of the picture."""
    high, wide = edges.shape
    rim = _reach(high, wide)
    inner = np.zeros_like(edges)
    inner[rim:-rim, rim:-rim] = np.where(mask > 0, edges, 0)[rim:-rim, rim:-rim]
    ys, xs = [], []
    for row, column in product(range(6), range(8)):
        top, left = row * high // 6, column * wide // 8
        part = inner[top : (row + 1) * high // 6, left : (column + 1) * wide // 8]
        best = np.argsort(part, axis=None)[-(count // 48) :]
        best = best[part.ravel()[best] > _EDGE]
        ys.append(best // part.shape[1] + top)
        xs.append(best % part.shape[1] + left)
    return np.concatenate(ys), np.concatenate(xs)


_EDGE = 0.08


class Search:
    """A reference pattern turned and scaled in steps, ready to be looked for in pictures."""

    def __init__(self, reference: Floats, mask: Grey, reach: float) -> None:
        """`reach`: the largest shift looked for, as a part of the width."""
        high, wide = reference.shape[:2]
        self._size = wide, high
        self._reach = int(reach * wide) + 1
        self._padded = tuple(cv2.getOptimalDFTSize(n + self._reach) for n in (high, wide))
        shown = np.where(mask > 0, reference[..., 0], 0).astype(np.float32)
        self._poses: list[tuple[Matrix, Floats]] = []
        for turn, scale in product(_TURNS, _SCALES):
            matrix = similarity(float(turn), float(scale), (0, 0), self._size)
            view = np.asarray(cv2.warpAffine(shown, matrix, self._size), np.float32)
            self._poses.append((matrix, self._spectrum(view / (cv2.norm(view) + 1e-6))))

    def _spectrum(self, data: Floats) -> Floats:
        high, wide = self._padded
        room = np.zeros((high, wide), np.float32)
        room[: data.shape[0], : data.shape[1]] = data
        return np.asarray(cv2.dft(room, nonzeroRows=data.shape[0]), np.float32)

    def best(self, picture: Floats, count: int) -> Sequence[Matrix]:
        """The `count` likeliest matrices, best first."""
        spectrum = self._spectrum(picture[..., 0])
        found = []
        for matrix, pose in self._poses:
            both = cv2.mulSpectrums(spectrum, pose, 0, conjB=True)
            likeness = cv2.dft(both, flags=cv2.DFT_INVERSE | cv2.DFT_REAL_OUTPUT)
            score, right, down = self._peak(np.asarray(likeness, np.float32))
            there = matrix.copy()
            there[:, 2] += (right, down)
            found.append((score, there))
        found.sort(key=lambda f: -f[0])
        return [matrix for _, matrix in found[:count]]

    def _peak(self, likeness: Floats) -> tuple[float, int, int]:
        _, score, _, (x, y) = cv2.minMaxLoc(likeness)
        high, wide = self._padded
        return float(score), x - wide * (x > wide // 2), y - high * (y > high // 2)
