"""Two counters side by side, a row for each day or month."""

from .board import Board


class Periods(Board, component="periods.js"):
    """A table of `ui.check`; emits `open` with the key of the month that was pressed."""
