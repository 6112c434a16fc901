"""`tallywatt carma fetch`: months and years from CARMA's customer portal into the day book."""

import asyncio
import sys
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from appliance.cli.common import Refused, config_option, data_option, usable_config

if TYPE_CHECKING:
    from appliance.sources._carma_fetch import Done, Plan, Told
    from appliance.sources._carma_options import CarmaOptions
    from config.schema import Config

TYPES = ("carma", "carman")


@click.group(
    epilog="""\b
Example:
  tallywatt carma fetch --months 240"""
)
def carma() -> None:
    """The customer portal of CARMA Smart Metering."""


@carma.command(
    epilog="""\b
Examples:
  tallywatt carma fetch
  tallywatt carma fetch --months 240 --no-stop
\b
Ctrl-C stops it; run again, it carries on where it was."""
)
@click.option(
    "--months", type=click.IntRange(1, 240), default=12, show_default=True, metavar="N",
    help="How many months, the newest first.",
)  # fmt: skip
@click.option(
    "--pause-interval", type=click.IntRange(1), default=6, show_default=True, metavar="N",
    help="After so many months the portal is given a rest.",
)  # fmt: skip
@click.option(
    "--pause-duration", type=click.FloatRange(0, 3600), default=30.0, show_default=True, metavar="S",
    help="How long a rest, seconds.",
)  # fmt: skip
@click.option("--no-stop", is_flag=True, help="Go on after three months in which the portal has nothing.")
@click.option("--source", metavar="NAME", help="Which source, where there are several.")
@config_option
@data_option
def fetch(
    months: int,
    pause_interval: int,
    pause_duration: float,
    no_stop: bool,
    source: str | None,
    config_path: Path,
    data_dir: Path,
) -> None:
    """Fetch days of every meter from the portal, from now back into the past.

    It may be used while the appliance runs, which passes on what is new within minutes. What is known in full
    is not asked for again, except for the last two months. The portal's oldest month ends it.
    """
    from appliance.sources._carma_fetch import Plan

    if not data_dir.is_dir():
        raise Refused(f"there is no data folder {data_dir}; name the appliance's with --data")
    config = usable_config(config_path, data_dir)
    options = _options(config, source, config_path)
    plan = Plan(months, not no_stop, pause_interval, pause_duration)
    done = asyncio.run(_fetch(options, config.site.time_zone, data_dir, plan))
    click.echo(done.text)


def _options(config: "Config", source: str | None, path: Path) -> "CarmaOptions":
    """The source to fetch for. Raises Refused."""
    found: dict[str, CarmaOptions] = {one.label: one for one in config.sources if one.type in TYPES}
    if not found:
        raise Refused(
            f"{path} has no usable source of type carma; docs/CARMA.md has an example, and `tallywatt check"
            f" {path}` tells of mistakes"
        )
    if source is None and len(found) > 1:
        raise Refused(f"say with --source which one is meant: {', '.join(found)}")
    if source is not None and source not in found:
        raise Refused(f"there is no carma source {source}; there is {', '.join(found)}")
    return next(iter(found.values())) if source is None else found[source]


async def _fetch(options: "CarmaOptions", zone: str, data_dir: Path, plan: "Plan") -> "Done":
    from appliance.clock import RealClock
    from appliance.errors import AuthError, SourceError, StoreError
    from appliance.sources._carma_fetch import AlreadyError, Fetcher, portal_of
    from appliance.store import DayBook
    from appliance.store.day_book import NAME

    clock, folder, book = RealClock(), data_dir / "sources", DayBook(data_dir / NAME)
    portal = portal_of(options, folder, clock)
    fetcher = Fetcher(options, portal, book, folder, clock, ZoneInfo(zone))
    try:
        with _progress(plan.months) as bar:
            return await fetcher.run(plan, _told(bar, plan.months))
    except (AlreadyError, AuthError) as error:
        raise Refused(str(error)) from None
    except (SourceError, StoreError) as error:
        raise Refused(f"{error}. What was fetched by then is kept; run it again to carry on") from None
    except asyncio.CancelledError:
        click.echo("\nStopped. What was fetched is kept; run it again to carry on", err=True)
        raise
    finally:
        portal.close()
        for note in book.notes:
            click.echo(note, err=True)


def _progress(months: int) -> Any:
    """A bar for a person who watches, nothing for a file."""
    if not sys.stderr.isatty():
        return nullcontext()
    return click.progressbar(
        length=months,
        label="Months",
        file=sys.stderr,
        item_show_func=lambda month: month or "",
        show_pos=True,
    )


def _told(bar: Any, months: int) -> "Told":
    def told(done: int, month: date) -> None:
        if bar is None:
            click.echo(f"{done} of {months}: {month:%Y-%m}", err=True)
        else:
            bar.update(1, f"{month:%Y-%m}")

    return told
