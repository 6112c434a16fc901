"""`tallywatt backfill`: history into systems that were set up later, also while the appliance runs."""

import asyncio
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from appliance.cli.common import CONFIG, Refused, config_option, data_option, is_default, kinds

if TYPE_CHECKING:
    from appliance.backfill import HomeAssistant, Hour, Statistic
    from appliance.store import Store
    from config.schema import Config

WRITTEN_WITHIN_S = 120


@click.group(
    epilog="""\b
Example:
  tallywatt backfill home-assistant --url http://homeassistant.local:8123"""
)
def backfill() -> None:
    """Give what was read before a system was set up to that system."""


@backfill.command(
    "home-assistant",
    epilog="""\b
Examples:
  tallywatt backfill home-assistant --url http://homeassistant.local:8123
  tallywatt backfill home-assistant --url https://ha.example.org --since 2026-05-01""",
)
@click.option("--url", required=True, help="Address of Home Assistant, http://homeassistant.local:8123.")
@click.option(
    "--token", envvar="HOME_ASSISTANT_TOKEN", show_envvar=True,
    help="A long-lived access token of an administrator (profile, Security there). Asked for if left out.",
)  # fmt: skip
@click.option(
    "--since", metavar="DAY", help="The first day, such as 2026-05-01; the first reading if left out."
)
@config_option
@data_option
def home_assistant(url: str, token: str | None, since: str | None, config_path: Path, data_dir: Path) -> None:
    """Send the hourly sums of the house's registers as statistics of Home Assistant.

    They appear as tallywatt:..._energy_import and the like, to be chosen in its energy dashboard. Whole hours
    are sent, and only those it does not hold yet or holds otherwise: stopped, it carries on when run again.
    """
    config = _config(config_path, data_dir)
    start = 0 if since is None else _day(since, ZoneInfo(config.site.time_zone))
    if not (data_dir / "store").is_dir():
        raise Refused(f"there are no readings in {data_dir}; name the data folder with --data")
    asyncio.run(_backfill(config, data_dir, url, token or _asked(), start))


def _asked() -> str:
    """The token, typed by a person."""
    if not sys.stdin.isatty():
        raise Refused("Home Assistant wants a token: set HOME_ASSISTANT_TOKEN, or give --token")
    return str(click.prompt("Token", hide_input=True))


def _config(config_path: Path, data_dir: Path) -> "Config":
    from config.load import ConfigFile
    from config.mistakes import ConfigProblem

    try:
        return (
            ConfigFile(config_path, kinds(), data_dir).load(missing_ok=is_default(config_path, CONFIG)).config
        )
    except ConfigProblem as problem:
        raise Refused(str(problem)) from None


def _day(text: str, zone: ZoneInfo) -> int:
    from appliance.calendar import day_start

    try:
        return day_start(date.fromisoformat(text), zone)
    except ValueError:
        raise click.BadParameter(
            f"{text} is no day; write one such as 2026-05-01", param_hint="--since"
        ) from None


async def _backfill(config: "Config", data_dir: Path, url: str, token: str, start: int) -> None:
    from appliance.backfill import connected
    from appliance.clock import RealClock
    from appliance.errors import SourceError, StoreError
    from appliance.store import Store

    clock = RealClock()
    try:
        async with (
            Store(data_dir / "store", clock, ZoneInfo(config.site.time_zone), read_only=True) as store,
            connected(url, token) as home,
        ):
            found = await _statistics(store, config, clock.now())
            if not found:
                raise Refused("no register has been read for a whole hour yet")
            for statistic in found:
                await _bring(home, statistic, start)
    except (SourceError, StoreError) as error:
        raise Refused(str(error)) from None


async def _statistics(store: "Store", config: "Config", now: int) -> "list[Statistic]":
    from appliance.backfill import Statistic, hourly, statistic_id
    from appliance.house_registers import house_registers

    identity = store.documents.get("appliance", "identity")
    if identity is None:
        raise Refused("this appliance has never run: it has no name yet under which it sends")
    latest = {(reading.source, reading.quantity): reading for reading in await store.latest()}
    types = {options.label: options.type for options in config.sources}
    found = []
    for quantity, reading in house_registers(latest, types, {}, now, config.site.grid_meters).items():
        name = f"{config.site.name} {quantity.spec.label.lower()}"
        id_ = statistic_id(str(identity["id"]), quantity)
        found.append(Statistic(id_, name, quantity.spec.unit, await hourly(store, reading, now)))
    return [statistic for statistic in found if statistic.hours]


async def _bring(home: "HomeAssistant", statistic: "Statistic", start: int) -> None:
    """Send what Home Assistant lacks of one statistic, and see it there. Raises SourceError."""
    from appliance.backfill import missing

    wanted = [hour for hour in statistic.hours if hour.start >= start]
    lacking = missing(wanted, await _held(home, statistic, wanted))
    with click.progressbar(length=len(lacking), label=statistic.id) as bar:
        async for sent in home.send(statistic, lacking):
            bar.update(sent)
    await _written(home, statistic, lacking)
    click.echo(f"{statistic.id}: {len(lacking)} hours sent, {len(wanted) - len(lacking)} were there")


async def _held(home: "HomeAssistant", statistic: "Statistic", hours: "list[Hour]") -> dict[int, float]:
    from appliance.clock import HOUR_MS

    if not hours:
        return {}
    return await home.sums(statistic.id, hours[0].start, hours[-1].start + HOUR_MS)


async def _written(home: "HomeAssistant", statistic: "Statistic", hours: "list[Hour]") -> None:
    """Wait until its recorder has written them: its yes only says that they are in a queue."""
    from appliance.backfill import missing
    from appliance.errors import SourceError

    for _ in range(WRITTEN_WITHIN_S * 2):
        lacking = missing(hours, await _held(home, statistic, hours))
        if not lacking:
            return
        await asyncio.sleep(0.5)
    raise SourceError(
        f"Home Assistant took {len(hours)} hours of {statistic.id}, but {len(lacking)} of them are not "
        "there; its log may say why. Run it again"
    )
