"""Pictures: what is said where none can be drawn, and that nothing of the drawing stays behind."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from appliance import plots
from appliance.plots import Curve, Plot, PlotError, png

HOUR = 3_600_000
PLOT = Plot("Power", "Europe/Stockholm", (0, HOUR), "W", [Curve("Grid", [0, HOUR], [1.0, None])])


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, lines: str) -> None:
    """Another Python that is found in the place of this one."""
    script = folder / "python"
    script.write_text(f"#!/bin/sh\n{lines}\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))


async def test_a_picture_that_takes_too_long_is_given_up_and_its_process_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, f"echo $$ > {tmp_path}/pid; exec sleep 600")
    monkeypatch.setattr(plots, "DEADLINE_S", 0.5)
    with pytest.raises(PlotError, match="ask for a shorter time"):
        await png(PLOT)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


async def test_who_asked_and_went_away_leaves_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, f"echo $$ > {tmp_path}/pid; exec sleep 600")
    asked = asyncio.create_task(png(PLOT))
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


async def test_without_matplotlib_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "matplotlib.py").write_text("raise ModuleNotFoundError(\"No module named 'matplotlib'\")")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(Path(plots.__file__).parents[1])]))
    with pytest.raises(PlotError, match="pip install matplotlib"):
        await png(PLOT)


async def test_what_goes_wrong_while_drawing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch, "cat > /dev/null; echo 'MemoryError: no room' >&2; exit 1")
    with pytest.raises(PlotError, match="MemoryError: no room"):
        await png(PLOT)


async def test_more_lines_than_colours_are_all_drawn() -> None:
    many = [Curve(f"Line {n}", [0, HOUR], [n, n]) for n in range(len(plots.COLOURS) + 2)]
    drawn = [await png(Plot("Power", "UTC", (0, HOUR), "W", many[:count])) for count in (7, 9)]
    assert drawn[0] != drawn[1]
