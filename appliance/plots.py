"""Charts as PNG files. Drawn by matplotlib in a process of its own that ends afterwards: neither its start
nor its memory is the daemon's.

`python -m appliance.plots` reads a `Plot` as JSON and writes the picture.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import cycle
from typing import Any
from zoneinfo import ZoneInfo

from appliance.errors import TallywattError

DEADLINE_S = 60.0
"""A Pi needs some seconds to begin."""
SIZE_IN = (12, 6)
DPI = 100
COLOURS = ("#1d5fbf", "#c06a00", "#00714f", "#a11d6e", "#52667a", "#b4232a", "#5d6b7a")
NOT_INSTALLED = 3
"""How the process ends where matplotlib is missing."""
_ONE_AT_A_TIME = asyncio.Semaphore(1)


class PlotError(TallywattError):
    """No picture could be drawn; the text says why."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A line: `at` in UTC ms, None in `value` is a gap. A step holds its value until the next instant."""

    name: str
    at: Sequence[int]
    value: Sequence[float | None]
    right: bool = False
    step: bool = False


@dataclass(frozen=True, slots=True)
class Plot:
    """A chart along time with a unit on the left and, where a curve asks for it, on the right."""

    title: str
    zone: str
    span: tuple[int, int]
    left: str
    curves: Sequence[Curve]
    right: str = ""
    none: str = ""


async def png(plot: Plot) -> bytes:
    """The picture, 1200 x 600 pixels. Raises PlotError."""
    asked = await asyncio.to_thread(lambda: json.dumps(asdict(plot)).encode())
    async with _ONE_AT_A_TIME:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "appliance.plots",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            # Python 3.11's wait_for forgets a cancellation that comes together with the answer.
            async with asyncio.timeout(DEADLINE_S):
                picture, trouble = await process.communicate(asked)
        except TimeoutError:
            raise PlotError("Drawing the picture took too long; ask for a shorter time") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    if process.returncode == NOT_INSTALLED:
        raise PlotError("Pictures need matplotlib, which is not installed: run `pip install matplotlib`")
    if process.returncode:
        last = trouble.decode(errors="replace").strip().splitlines()[-1:]
        raise PlotError(f"The picture could not be drawn ({''.join(last)})")
    return picture


def draw(plot: dict[str, Any]) -> bytes:
    """The picture of a `Plot` as a dictionary."""
    import io

    from matplotlib import dates
    from matplotlib.figure import Figure

    zone = ZoneInfo(plot["zone"])

    def moments(times: Sequence[int]) -> Any:
        return dates.date2num([datetime.fromtimestamp(ms / 1000, zone) for ms in times])  # type: ignore[no-untyped-call]

    figure = Figure(figsize=SIZE_IN, dpi=DPI, layout="constrained")
    left = figure.add_subplot()
    right = left.twinx() if any(curve["right"] for curve in plot["curves"]) else None
    for curve, colour in zip(plot["curves"], cycle(COLOURS), strict=False):
        axis = right if curve["right"] and right is not None else left
        at = moments(curve["at"])
        value = [float("nan") if number is None else number for number in curve["value"]]
        style = "steps-post" if curve["step"] else "default"
        axis.plot(at, value, label=curve["name"], color=colour, linewidth=1.6, drawstyle=style)
    left.set_xlim(*moments(plot["span"]))
    locator = dates.AutoDateLocator(tz=zone)  # type: ignore[no-untyped-call]
    left.xaxis.set_major_locator(locator)
    left.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator, tz=zone))  # type: ignore[no-untyped-call]
    left.set_ylabel(plot["left"])
    left.grid(color="#d5dce5", linewidth=0.8)
    left.set_title(plot["title"], loc="left", fontsize=15, fontweight="bold")
    if right is not None:
        right.set_ylabel(plot["right"])
    if not any(number is not None for curve in plot["curves"] for number in curve["value"]):
        left.text(0.5, 0.5, plot["none"], transform=left.transAxes, ha="center", color="#5d6b7a", fontsize=14)
    elif len(plot["curves"]) > 1:
        figure.legend(loc="outside lower left", ncols=8, frameon=False)
    out = io.BytesIO()
    figure.savefig(out, format="png")
    return out.getvalue()


def main() -> None:
    """From standard input to standard output."""
    plot = json.load(sys.stdin)
    try:
        picture = draw(plot)
    except ModuleNotFoundError:
        sys.exit(NOT_INSTALLED)
    sys.stdout.buffer.write(picture)


if __name__ == "__main__":
    main()
