"""`tallywatt query`: days, months and extremes of any daily source, also while the appliance runs."""

import asyncio
import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from appliance.cli.common import Refused, config_option, data_option, house_meters, usable_config

if TYPE_CHECKING:
    from appliance.daily import Daily, DailySource, Day, Stand
    from config.schema import Config

Record = dict[str, Any]
DECIMALS = 4


@dataclass(frozen=True)
class Wanted:
    """What is asked: of which source (None: the one that is meant), over which days."""

    what: str
    source: str | None
    first: date | None
    last: date | None


@click.command(
    epilog="""\b
Examples:
  tallywatt query
  tallywatt query --extremes --start 2026-01-01 --end 2026-12-31
  tallywatt query --daily --start 2026-05-01 --end 2026-05-31 --format csv
  tallywatt query --all --source carma.1203 --format json"""
)
@click.option("--summary", is_flag=True, help="How many days, their sum and mean, the newest. The default.")
@click.option("--all", "all_", is_flag=True, help="Every known day.")
@click.option("--extremes", is_flag=True, help="The days on which most and least was used.")
@click.option("--monthly", is_flag=True, help="Every known month.")
@click.option("--daily", is_flag=True, help="The days from --start to --end.")
@click.option("--start", metavar="D", help="The first day, such as 2026-05-01; the first known if left out.")
@click.option("--end", metavar="D", help="The last day, itself included; the last known if left out.")
@click.option("--source", metavar="NAME", help="Of this source; a portal's or the house's if left out.")
@click.option(
    "--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True,
    help="For people, for spreadsheets, for programs.",
)  # fmt: skip
@config_option
@data_option
def query(
    summary: bool,
    all_: bool,
    extremes: bool,
    monthly: bool,
    daily: bool,
    start: str | None,
    end: str | None,
    source: str | None,
    form: str,
    config_path: Path,
    data_dir: Path,
) -> None:
    """Tell what was used by day.

    Sources are the meters of a customer portal and every register that was read from midnight to midnight. A
    day that is not known is left out; it is never counted as 0. It may be used while the appliance runs.
    """
    flags = {"summary": summary, "all": all_, "extremes": extremes, "monthly": monthly, "daily": daily}
    named = [name for name, given in flags.items() if given]
    if len(named) > 1:
        raise click.UsageError(f"--{named[0]} and --{named[1]} cannot be told at once; ask twice")
    what = named[0] if named else "summary"
    if what == "all" and (start or end):
        raise click.UsageError("--all is every day; use --daily with --start and --end")
    wanted = Wanted(what, source, _day("--start", start), _day("--end", end))
    if wanted.first and wanted.last and wanted.last < wanted.first:
        raise click.UsageError("--end must not be before --start")
    config = usable_config(config_path)
    found, records = asyncio.run(_ask(config, data_dir, wanted))
    if form == "json":
        rows: Any = records[0] if what == "summary" else {what.replace("all", "daily"): records}
        click.echo(json.dumps({"source": found.name, "unit": found.unit, **rows}, indent=2))
    elif form == "csv":
        _write_csv(found, records)
    else:
        click.echo(_summed(found, records[0]) if what == "summary" else _table(found, records))


def _day(option: str, text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"{text} is no day; write one such as 2026-05-01", param_hint=option
        ) from None


async def _ask(config: "Config", data_dir: Path, wanted: Wanted) -> tuple["DailySource", list[Record]]:
    from contextlib import AsyncExitStack

    from appliance.clock import RealClock
    from appliance.daily import Daily, NoSuchSource
    from appliance.errors import StoreError
    from appliance.store import DayBook, Store
    from appliance.store.day_book import NAME

    folder, book = data_dir / "store", data_dir / NAME
    if not folder.is_dir() and not book.exists():
        raise Refused(f"there are no readings in {data_dir}; name the data folder with --data")
    clock, zone = RealClock(), ZoneInfo(config.site.time_zone)
    try:
        async with AsyncExitStack() as stack:
            store, meters = None, None
            if folder.is_dir():
                store = await stack.enter_async_context(Store(folder, clock, zone, read_only=True))
                meters = await house_meters(store, config)
            daily = Daily(store, DayBook(book, read_only=True), clock, zone, meters or (lambda _: []))
            return await _records(daily, wanted)
    except (NoSuchSource, StoreError) as error:
        raise Refused(str(error)) from None


async def _records(daily: "Daily", wanted: Wanted) -> tuple["DailySource", list[Record]]:
    from appliance import daily as facts

    source = await daily.source(wanted.source)
    rows = await daily.rows(source, wanted.first, wanted.last)
    if wanted.what == "summary":
        return source, [_summary(source, rows, await daily.register(source))]
    if wanted.what == "monthly":
        return source, [
            {
                "month": f"{month.month:%Y-%m}",
                "days": month.days,
                "total": _number(month.total),
                "average": _number(month.average),
            }
            for month in facts.months(rows)
        ]
    if wanted.what == "extremes":
        found = facts.extremes(rows)
        each = [] if found is None else [("highest", found.highest), ("lowest", found.lowest)]
        return source, [{"what": name, **_told(day)} for name, day in each]
    return source, [{**_told(day), "flagged": day.flagged, "so_far": day.so_far} for day in rows]


def _summary(source: "DailySource", rows: Sequence["Day"], register: "Stand | None") -> Record:
    from appliance.daily import summary

    found = summary(rows)
    return {
        "location": source.location or None,
        "days": found.days,
        "first": found.first and found.first.isoformat(),
        "last": found.last and found.last.isoformat(),
        "total": _number(found.total),
        "average": _number(found.average),
        "newest": _number(found.newest),
        "before": _number(found.before),
        "trend": found.trend,
        "register": register and _number(register.value),
        "register_day": register and register.day.isoformat(),
    }


def _told(day: "Day") -> Record:
    return {"day": day.day.isoformat(), "value": _number(day.value)}


def _number(value: float | None) -> float | None:
    return None if value is None else round(value, DECIMALS)


# --- writing


def _write_csv(source: "DailySource", records: Sequence[Record]) -> None:
    if not records:
        click.echo("Nothing is known of these days", err=True)
        return
    writer = csv.DictWriter(sys.stdout, ["source", "unit", *records[0]], lineterminator="\n")
    writer.writeheader()
    for record in records:
        plain = {name: str(v).lower() if isinstance(v, bool) else v for name, v in record.items()}
        writer.writerow({"source": source.name, "unit": source.unit, **plain})


def _summed(source: "DailySource", record: Record) -> str:
    """The summary in words."""
    lines = [f"{source.name}{', ' + source.location if source.location else ''}"]
    if not record["days"]:
        return "\n".join([*lines, "Nothing is known of these days"])
    unit, last = source.unit, date.fromisoformat(record["last"])
    known = (last - date.fromisoformat(record["first"])).days + 1
    lines.append(f"Days     {record['days']} of {known} known, {record['first']} to {record['last']}")
    lines.append(f"Total    {record['total']:,.2f} {unit}")
    lines.append(f"Average  {record['average']:,.2f} {unit} a day")
    change = (
        "" if record["trend"] is None else f", {record['trend']} from {record['before']:,.2f} the day before"
    )
    lines.append(f"Newest   {record['newest']:,.2f} {unit} on {last:%Y-%m-%d}{change}")
    if record["register"] is not None:
        lines.append(f"Register {record['register']:,.2f} {unit} on {record['register_day']}")
    return "\n".join(lines)


def _table(source: "DailySource", records: Sequence[Record]) -> str:
    """Columns under their names, numbers to the right."""
    if not records:
        return f"{source.name}\nNothing is known of these days"
    lines = [list(records[0]), *([_cell(value) for value in record.values()] for record in records)]
    numbers = [type(value) in (int, float) for value in records[0].values()]
    widths = [max(len(line[n]) for line in lines) for n in range(len(numbers))]
    text = "\n".join(
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numbers, strict=True)
        ).rstrip()
        for line in lines
    )
    return f"{source.name} ({source.unit})\n{text}"


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    return f"{value:,.2f}" if isinstance(value, float) else str(value)
