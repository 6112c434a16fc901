"""The unit beside the counter, by tesseract."""

from __future__ import annotations

import shutil
import sys

import pytest
from ocr_meters import CALIBRATION, meter

from ocr.words import unit


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="the tesseract program is not installed")
def test_reads_the_unit() -> None:
    assert unit(meter(48713.42), CALIBRATION) == "kWh"


def test_without_pytesseract_the_unit_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pytesseract", None)
    assert unit(meter(48713.42), CALIBRATION) is None


def test_without_the_program_the_unit_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytesseract.pytesseract.tesseract_cmd", "/nowhere/tesseract")
    assert unit(meter(48713.42), CALIBRATION) is None
