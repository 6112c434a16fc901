"""A chart: lines and bars along time, to be zoomed and moved by two fingers."""

from pathlib import Path

from nicegui.elements import echart

from .board import Board

ECHARTS = Path(echart.__file__).parent / "dist"


class Chart(Board, component="chart.js", esm={"nicegui-echart": str(ECHARTS)}):
    """Draws a message of `ui.charts`; emits `zoom` with `from` and `to` (UTC ms) when its span changed."""
