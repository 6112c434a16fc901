"""`tallywatt export`: readings as CSV, also while the appliance runs."""

import asyncio
import csv
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO
from zoneinfo import ZoneInfo

import click

from appliance.cli.common import CONFIG, Refused, config_option, data_option, is_default, kinds

if TYPE_CHECKING:
    from appliance.model import Quantity
    from appliance.store import Every, SeriesInfo, Store

Row = tuple[int, tuple[str, ...]]
"""Instant (UTC ms), and the columns after it."""
COLUMNS = ("time", "source", "quantity", "unit", "value", "low", "high", "increase")
RAW_COLUMNS = (*COLUMNS[:5], "confidence")


@dataclass(frozen=True)
class Wanted:
    """Which series to write; nothing named means all."""

    quantities: frozenset["Quantity"]
    sources: frozenset[str]


@click.command(
    epilog="""\b
Examples:
  tallywatt export --from 2026-05-01 --to 2026-06-01 --every 1d -o may.csv
  tallywatt export --from 2026-05-04 --quantity power_grid --quantity power_solar
  tallywatt export --from 2026-05-04T06:00 --to 2026-05-04T07:00 --every raw"""
)
@click.option(
    "--from",
    "since",
    metavar="D",
    required=True,
    help="Start: a day such as 2026-05-01, or an instant such as 2026-05-01T06:00, in the site's time zone.",
)
@click.option("--to", "until", metavar="D", help="End, itself not included; now if left out.")
@click.option(
    "--quantity", "quantities", metavar="Q", multiple=True, help="Only this quantity. May be repeated."
)
@click.option("--source", "sources", metavar="S", multiple=True, help="Only this source. May be repeated.")
@click.option(
    "--every",
    type=click.Choice(["raw", "1min", "5min", "15min", "1h", "1d"]),
    default="1h",
    show_default=True,
    help="One line a reading, or one line for so much time.",
)
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="Write here, not to the screen."
)
@config_option
@data_option
@click.argument("more", metavar="[Q]...", nargs=-1)
def export(
    since: str,
    until: str | None,
    quantities: tuple[str, ...],
    sources: tuple[str, ...],
    every: str,
    output: Path | None,
    config_path: Path,
    data_dir: Path,
    more: tuple[str, ...],
) -> None:
    """Write readings as CSV, in order of time.

    A line names the start of its span, with the site's offset from UTC; value is the mean of a
    measurement and the register at the end of a counter's span, increase is how much that rose within it.
    A span in which nothing was read has no line. It may be used while the appliance runs.
    """
    from appliance.clock import RealClock

    zone = _zone(config_path, data_dir)
    start = _instant("--from", since, zone)
    end = _instant("--to", until, zone) if until else RealClock().now()
    if end <= start:
        raise click.UsageError("--to must be after --from: it is the end, itself not included")
    wanted = Wanted(_quantities((*quantities, *more)), frozenset(sources))
    if not (data_dir / "store").is_dir():
        raise Refused(f"there are no readings in {data_dir}; name the data folder with --data")
    with ExitStack() as stack:
        file = sys.stdout if output is None else stack.enter_context(_opened(output))
        rows = asyncio.run(_export(data_dir, zone, (start, end), wanted, every, file))
    if not rows:
        click.echo("There are no such readings in this time", err=True)


def _zone(config_path: Path, data_dir: Path) -> ZoneInfo:
    from config.load import ConfigFile
    from config.mistakes import ConfigProblem

    try:
        config = ConfigFile(config_path, kinds()).load(missing_ok=is_default(config_path, CONFIG)).config
    except ConfigProblem as problem:
        if not config_path.exists():
            raise Refused(str(problem)) from None
        config = problem.usable
    return ZoneInfo(config.site.time_zone)


def _instant(option: str, text: str, zone: ZoneInfo) -> int:
    """UTC ms of a day or an instant in the site's zone."""
    from appliance.calendar import day_start, instant

    try:
        if len(text) == len("2026-05-01"):
            return day_start(date.fromisoformat(text), zone)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"{text} is neither a day such as 2026-05-01 nor an instant such as 2026-05-01T06:00",
            param_hint=option,
        ) from None
    return instant(moment if moment.tzinfo else moment.replace(tzinfo=zone))


def _quantities(names: Sequence[str]) -> frozenset["Quantity"]:
    """The quantities named, one or several (with commas) a word; none for all."""
    from appliance.model import Quantity
    from config.mistakes import meant

    known = {str(quantity): quantity for quantity in Quantity}
    words = [word for name in names for word in name.split(",") if word]
    for word in words:
        if word not in known:
            raise click.BadParameter(
                f"there is no quantity {word}; {meant(word, known)}", param_hint="--quantity"
            )
    return frozenset(known[word] for word in words)


def _opened(path: Path) -> TextIO:
    try:
        return path.open("w", newline="", encoding="utf-8")
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}") from None


async def _export(
    data_dir: Path, zone: ZoneInfo, span: tuple[int, int], wanted: Wanted, every_name: str, file: TextIO
) -> int:
    """Write everything; how many lines there were."""
    from appliance.clock import RealClock
    from appliance.errors import StoreError
    from appliance.store import Every, Store

    every = Every(every_name)
    columns = RAW_COLUMNS if every is Every.RAW else COLUMNS
    writer = csv.writer(file, lineterminator="\n")
    lines = 0
    try:
        async with Store(data_dir / "store", RealClock(), zone, read_only=True) as store:
            chosen = _chosen(await store.series_list(), wanted)
            writer.writerow(columns)
            for start, end in _days(span, zone):
                rows = [row for one in chosen for row in await _rows(store, one, start, end, every)]
                for at, rest in sorted(rows):
                    writer.writerow([_time(at, zone), *rest])
                lines += len(rows)
    except StoreError as error:
        raise Refused(str(error)) from None
    return lines


def _chosen(known: Sequence["SeriesInfo"], wanted: Wanted) -> list["SeriesInfo"]:
    """The series asked for. Raises Refused for a source that never said anything."""
    there = {info.source for info in known}
    for source in wanted.sources - there:
        raise Refused(f"there is no source {source} here; there are {', '.join(sorted(there)) or 'none'}")
    return [
        info
        for info in known
        if (not wanted.quantities or info.quantity in wanted.quantities)
        and (not wanted.sources or info.source in wanted.sources)
    ]


def _days(span: tuple[int, int], zone: ZoneInfo) -> Iterator[tuple[int, int]]:
    """The span day by day: little at a time, however long it is."""
    from appliance.calendar import day_of, day_span

    start, end = span
    while start < end:
        after = min(end, day_span(day_of(start, zone), zone)[1])
        yield start, after
        start = after


async def _rows(store: "Store", info: "SeriesInfo", start: int, end: int, every: "Every") -> list[Row]:
    """The lines of one series in a day. A span in which nothing was read has none."""
    from appliance.store import Every

    if info.last_at < start or info.first_at >= end:
        return []
    spec = info.quantity.spec
    name = (info.source, str(info.quantity), spec.unit)
    if every is Every.RAW:
        columns = await store.raw(info.source, info.quantity, start, end)
        raw = zip(*(column.tolist() for column in columns), strict=True)
        return [(at, (*name, _number(value, spec.decimals), f"{sure:.3g}")) for at, value, sure in raw]
    found = await store.series(info.source, info.quantity, start, end, every)
    blank = [None] * len(found.at)
    lines = zip(
        found.at, found.value, found.low or blank, found.high or blank, found.delta or blank, strict=True
    )
    return [
        (at, (*name, *(_number(number, spec.decimals) for number in numbers)))
        for at, *numbers in lines
        if any(number is not None for number in numbers)
    ]


def _number(value: float | None, decimals: int) -> str:
    """With a digit more than the quantity has where a mean needs it; empty where nothing is known."""
    if value is None:
        return ""
    exact = round(value, decimals)
    return f"{value:.{decimals}f}" if abs(value - exact) < 1e-9 else f"{value:.{decimals + 1}f}"


def _time(at: int, zone: ZoneInfo) -> str:
    from appliance.calendar import local

    moment = local(at, zone)
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")
