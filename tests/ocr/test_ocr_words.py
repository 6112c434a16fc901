"""The unit beside the counter, by tesseract."""

from __future__ import annotations

import shutil
import sys

import cv2
import numpy as np
import pytest
from ocr_meters import CALIBRATION, meter

from ocr.words import number, unit


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="the tesseract program is not installed")
def test_reads_the_unit() -> None:
    assert unit(meter(48713.42), CALIBRATION) == "kWh"


def test_without_pytesseract_the_unit_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pytesseract", None)
    assert unit(meter(48713.42), CALIBRATION) is None


def test_without_the_program_the_unit_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytesseract.pytesseract.tesseract_cmd", "/nowhere/tesseract")
    assert unit(meter(48713.42), CALIBRATION) is None


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="the tesseract program is not installed")
def test_reads_a_number_in_print() -> None:
    for ground, ink in ((230, 20), (20, 230)):
        strip = np.full((60, 180, 3), ground, np.uint8)
        cv2.putText(strip, "5271", (20, 44), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (ink,) * 3, 3, cv2.LINE_AA)
        assert number(strip) == "5271"


def test_without_pytesseract_there_is_no_second_opinion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pytesseract", None)
    strip = np.zeros((40, 200, 3), np.uint8)
    assert number(strip) is None
