"""Parts of a page drawn by the browser from one small message; nothing is sent while nothing changes."""

import json
from typing import Any

from nicegui.element import Element


class Board(Element):
    """Base of the drawn parts: the first message travels with the page, each later one is one call."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: dict[str, Any] | None = None

    def show(self, message: dict[str, Any]) -> None:
        """Draw `message` unless it is what is drawn already."""
        if message == self._shown:
            return
        if self._shown is None:
            # As text: NiceGUI would wrap every part of it in an object that watches for changes.
            self._props["first"] = json.dumps(message)
        else:  # while the browser is away NiceGUI keeps the calls and sends them when it is back
            self.run_method("show", message)
        self._shown = message


class Flow(Board, component="flow.js"):
    """Who feeds whom: nodes for what the site has, a wire with moving dots for each flow."""


class Phases(Board, component="phases.js"):
    """Ampere per phase against the main fuse."""


class Strip(Board, component="strip.js"):
    """Bars along time: grid energy per quarter hour, or prices."""


class Today(Board, component="today.js"):
    """A few numbers side by side."""


class Status(Board, component="status.js"):
    """Top bar with clock and chips, banners for old readings and a lost connection, the idle clock."""


class Photo(Board, component="photo.js"):
    """A picture with the boxes of its digits drawn over it."""


class Rows(Board, component="rows.js"):
    """A list of things with a state: parts, events, refusals."""


class Table(Board, component="table.js"):
    """Names and numbers in columns; the last column is pushed to the right edge."""


class Prices(Board, component="prices.js"):
    """A large number with its unit, tags beside it and a line beneath."""


class PhaseBars(Board, component="phase_bars.js"):
    """A tall bar for each phase against the main fuse."""


class Doughnut(Board, component="doughnut.js"):
    """Shares of a whole around a number."""


class Charge(Board, component="charge.js"):
    """A battery lying on its side: how full, where the reserve begins, and facts beneath it."""


class Streams(Board, component="streams.js"):
    """What is done now in words, with a bar for each stream of power."""
