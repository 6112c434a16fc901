"""`tallywatt export`: readings, powers and prices as CSV or PNG, also while the appliance runs."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from appliance.cli.common import Refused, config_option, data_option, ledger_of, usable_config

if TYPE_CHECKING:
    from appliance.exports import Row, Style
    from appliance.model import Quantity
    from appliance.store import SeriesInfo, Store
    from config.schema import Config

GRAINS = {"readings": "1h", "power": "1min", "prices": "15min"}
"""How fine each table is if nothing else is said."""


@dataclass(frozen=True)
class Wanted:
    """What to write: of the series named, or of all."""

    what: str
    span: tuple[int, int]
    every: str
    quantities: frozenset["Quantity"]
    sources: frozenset[str]
    style: "Style"
    picture: bool


@click.command(
    epilog="""\b
Examples:
  tallywatt export --from 2026-05-01 --to 2026-06-01 --every 1d -o may.csv
  tallywatt export --from 2026-05-04 --quantity power_grid --quantity power_solar
  tallywatt export --from 2026-05-04T06:00 --to 2026-05-04T07:00 --every raw
  tallywatt export --what prices --from 2026-05-01 --separator ";" --decimal , -o prices.csv
  tallywatt export --what power --from 2026-05-04 -o power.png"""
)
@click.option(
    "--what",
    type=click.Choice(["readings", "power", "prices"]),
    default="readings",
    show_default=True,
    help="A line for each reading; powers, currents and voltages side by side; or prices per kWh.",
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
    help="One line a reading, or one line for so much time; 1h for readings, 1min for power if left out.",
)
@click.option(
    "--separator",
    type=click.Choice([",", ";", "tab"]),
    default=",",
    show_default=True,
    help="Between columns.",
)
@click.option(
    "--decimal", type=click.Choice([".", ","]), default=".", show_default=True, help="Decimal sign."
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write here, not to the screen; a name that ends with .png is drawn.",
)
@config_option
@data_option
@click.argument("more", metavar="[Q]...", nargs=-1)
def export(
    what: str,
    since: str,
    until: str | None,
    quantities: tuple[str, ...],
    sources: tuple[str, ...],
    every: str | None,
    separator: str,
    decimal: str,
    output: Path | None,
    config_path: Path,
    data_dir: Path,
    more: tuple[str, ...],
) -> None:
    """Write readings as CSV, in order of time, or draw them.

    A line names the start of its span, with the site's offset from UTC; value is the mean of a
    measurement and the register at the end of a counter's span, increase is how much that rose within it.
    A span in which nothing was read has no line. It may be used while the appliance runs.
    """
    from appliance.clock import RealClock
    from appliance.exports import Style

    config = usable_config(config_path)
    zone = ZoneInfo(config.site.time_zone)
    start = _instant("--from", since, zone)
    end = _instant("--to", until, zone) if until else RealClock().now()
    if end <= start:
        raise click.UsageError("--to must be after --from: it is the end, itself not included")
    if separator == decimal:
        raise click.UsageError("--separator and --decimal must not be the same sign")
    picture = output is not None and output.suffix.lower() == ".png"
    if picture and what == "readings":
        raise click.UsageError("a picture shows --what power or --what prices")
    style = Style("\t" if separator == "tab" else separator, decimal)
    named = _quantities((*quantities, *more)), frozenset(sources)
    wanted = Wanted(what, (start, end), every or GRAINS[what], *named, style, picture)
    if not (data_dir / "store").is_dir():
        raise Refused(f"there are no readings in {data_dir}; name the data folder with --data")
    with ExitStack() as stack:
        file = sys.stdout if output is None else stack.enter_context(_opened(output, picture))
        rows = asyncio.run(_export(data_dir, config, wanted, file))
    if not rows:
        click.echo("There are no such readings in this time", err=True)


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


def _opened(path: Path, picture: bool) -> IO[Any]:
    try:
        return path.open("wb") if picture else path.open("w", newline="", encoding="utf-8")
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}") from None


async def _export(data_dir: Path, config: "Config", wanted: Wanted, file: IO[Any]) -> int:
    """Write everything; how many lines (or pictures) there were."""
    from appliance.clock import RealClock
    from appliance.errors import StoreError
    from appliance.plots import PlotError
    from appliance.store import Store

    zone = ZoneInfo(config.site.time_zone)
    try:
        async with Store(data_dir / "store", RealClock(), zone, read_only=True) as store:
            if wanted.picture:
                file.write(await _picture(store, config, wanted))
                return 1
            lines = -1  # the heading
            async for rows in await _rows(store, config, wanted):
                file.write(wanted.style.text(rows))
                lines += len(rows)
            return lines
    except (PlotError, StoreError) as error:
        raise Refused(str(error)) from None


async def _rows(store: "Store", config: "Config", wanted: Wanted) -> "AsyncIterator[list[Row]]":
    from appliance import exports
    from appliance.store import Every

    zone = ZoneInfo(config.site.time_zone)
    if wanted.what == "prices":
        return exports.prices(await ledger_of(store, config), wanted.span, zone, config.site.currency)
    chosen = _chosen(await store.series_list(), wanted)
    every = Every(wanted.every)
    if wanted.what == "power":
        return exports.powers(store, chosen, wanted.span, every, zone)
    return exports.readings(store, chosen, wanted.span, every, zone, config.site.currency)


async def _picture(store: "Store", config: "Config", wanted: Wanted) -> bytes:
    from appliance import pictures
    from appliance.plots import png

    site = config.site
    zone = ZoneInfo(site.time_zone)
    if wanted.what == "prices":
        ledger = await ledger_of(store, config)
        return await png(await pictures.prices(ledger, wanted.span, zone, site.currency, site.language))
    return await png(await pictures.power(store, wanted.span, zone, site.language))


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
