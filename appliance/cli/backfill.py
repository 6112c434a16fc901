"""`tallywatt backfill`: history into systems that were set up later, also while the appliance runs."""

import asyncio
import sys
from collections.abc import Container
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from appliance.cli.common import (
    CONFIG,
    Refused,
    config_option,
    data_option,
    house_meters,
    is_default,
    kinds,
    ledger_of,
)

if TYPE_CHECKING:
    from appliance.backfill import HomeAssistant, Hour, Statistic
    from appliance.daily import DailySource, Day
    from appliance.ledger import Ledger
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
    """Send the hourly sums of the house's registers, and the days of customer portals, as statistics of Home
    Assistant; with a contract also what the energy cost.

    They appear as tallywatt:..._energy_import, ..._carma_1203, ..._cost and the like, to be chosen in its
    energy dashboard. Whole hours and days are sent, and only those it does not hold yet or holds otherwise:
    stopped, it carries on when run again.
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
            found = await _statistics(store, config, data_dir)
            if not found:
                raise Refused("no register has been read for a whole hour yet, and no day is known")
            for statistic in found:
                await _bring(home, statistic, start)
    except (SourceError, StoreError) as error:
        raise Refused(str(error)) from None


async def _statistics(store: "Store", config: "Config", data_dir: Path) -> "list[Statistic]":
    """All that can be sent: hours of the house's registers, days of portals, and what both cost."""
    from appliance.clock import RealClock
    from appliance.daily import Daily
    from appliance.store import DayBook
    from appliance.store.day_book import NAME

    identity = store.documents.get("appliance", "identity")
    if identity is None:
        raise Refused("this appliance has never run: it has no name yet under which it sends")
    clock, zone = RealClock(), ZoneInfo(config.site.time_zone)
    ledger, meters = await ledger_of(store, config), await house_meters(store, config)
    daily = Daily(store, DayBook(data_dir / NAME, read_only=True), clock, zone, meters)
    portals = [source for source in await daily.sources() if source.quantity is None]
    sender = _Sender(config, str(identity["id"]), ledger, clock.now())
    told = {source.source for source in portals}
    found = await sender.registers(store, told)
    for source in portals:
        found += await sender.days(source, await daily.rows(source))
    return [statistic for statistic in found if statistic.hours]


@dataclass(frozen=True)
class _Sender:
    """Makes statistics of what is known at `now` (UTC ms)."""

    config: "Config"
    appliance: str
    ledger: "Ledger"
    now: int

    async def registers(self, store: "Store", told: "Container[str]") -> "list[Statistic]":
        """The house's registers by hour, and what went through the grid meter in money; without those of
        sources a portal has `told` the days of."""
        from appliance.backfill import hourly, hourly_cost
        from appliance.house_registers import house_registers
        from appliance.model import Quantity

        latest = {(reading.source, reading.quantity): reading for reading in await store.latest()}
        types = {options.label: options.type for options in self.config.sources}
        chosen = self.config.site.grid_meters
        found = []
        for quantity, reading in house_registers(latest, types, {}, self.now, chosen).items():
            if reading.source in told:
                continue
            label, unit = quantity.spec.label.lower(), quantity.spec.unit
            hours = await hourly(store, reading, self.now)
            found.append(self._made(quantity, label, unit, hours))
            sold = quantity is Quantity.ENERGY_EXPORT
            if hours and self.config.contracts and (sold or quantity is Quantity.ENERGY_IMPORT):
                cost = await hourly_cost(self.ledger, hours[0].start, self.now, sold=sold)
                name = "compensation" if sold else "cost"
                found.append(self._made(f"{quantity}_{name}", f"{label} {name}", self._currency, cost))
        return found

    async def days(self, source: "DailySource", rows: "list[Day]") -> "list[Statistic]":
        """A portal's meter by day, and what its electricity cost."""
        from appliance.backfill import daily, daily_cost

        zone, whole = ZoneInfo(self.config.site.time_zone), [row for row in rows if not row.so_far]
        hours = daily([(row.day, row.value) for row in whole], zone)
        found = [self._made(source.name, source.name, source.unit, hours, "days")]
        if self.config.contracts and source.electric:
            cost = daily(await daily_cost(self.ledger, whole, zone), zone)
            found.append(
                self._made(f"{source.name}_cost", f"{source.name} cost", self._currency, cost, "days")
            )
        return found

    @property
    def _currency(self) -> str:
        return self.config.site.currency

    def _made(self, id_: str, name: str, unit: str, hours: "list[Hour]", each: str = "hours") -> "Statistic":
        from appliance.backfill import Statistic, statistic_id

        return Statistic(
            statistic_id(self.appliance, id_), f"{self.config.site.name} {name}", unit, hours, each
        )


async def _bring(home: "HomeAssistant", statistic: "Statistic", start: int) -> None:
    """Send what Home Assistant lacks of one statistic, and see it there. Raises SourceError."""
    from appliance.backfill import missing

    wanted = [hour for hour in statistic.hours if hour.start >= start]
    lacking = missing(wanted, await _held(home, statistic, wanted))
    with click.progressbar(length=len(lacking), label=statistic.id) as bar:
        async for sent in home.send(statistic, lacking):
            bar.update(sent)
    await _written(home, statistic, lacking)
    click.echo(
        f"{statistic.id}: {len(lacking)} {statistic.each} sent, {len(wanted) - len(lacking)} were there"
    )


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
        f"Home Assistant took {len(hours)} {statistic.each} of {statistic.id}, but {len(lacking)} of them "
        "are not there; its log may say why. Run it again"
    )
