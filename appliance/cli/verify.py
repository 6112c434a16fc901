"""`tallywatt verify`: whether a sink's receiver holds what it said yes to, also while the appliance runs."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from appliance.cli.common import Refused, config_option, data_option, kinds

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from appliance.model import Event
    from appliance.sinks._verifier import Verdict
    from appliance.store import Store
    from config.schema import Config

MOST_SHOWN = 20


@dataclass
class _Quiet:
    """A sink that is only asked reports nothing."""

    def ok(self, text: str) -> None: ...
    def trouble(self, text: str, *, needs_you: bool = False) -> None: ...
    def event(self, event: "Event") -> None: ...


@click.command(
    epilog="""\b
Examples:
  tallywatt verify line_protocol
  tallywatt verify central --since 2026-05-01 --send-again"""
)
@click.argument("sink")
@click.option(
    "--since", metavar="DAY", help="The first day, such as 2026-05-01; the first reading if left out."
)
@click.option("--send-again", is_flag=True, help="Send what is missing once more, and compare again.")
@config_option
@data_option
def verify(sink: str, since: str | None, send_again: bool, config_path: Path, data_dir: Path) -> None:
    """Compare what the receiver of SINK holds with what is kept here, series by series and day by day.

    Exit code 1 if they differ. It may be used while the appliance runs, which does the same by itself once a
    day where it can.
    """
    from zoneinfo import ZoneInfo

    from config.load import ConfigFile
    from config.mistakes import ConfigProblem

    try:
        config = ConfigFile(config_path, kinds(), data_dir).load().config
    except ConfigProblem as problem:
        raise Refused(str(problem)) from None
    zone = ZoneInfo(config.site.time_zone)
    start = None if since is None else _day(since, zone)
    if not (data_dir / "store").is_dir():
        raise Refused(f"there are no readings in {data_dir}; name the data folder with --data")
    verdict, drops = asyncio.run(_verify(config, data_dir, sink, start, send_again))
    click.echo("\n".join(_told(verdict, zone)))
    if verdict.gaps:
        from appliance.sinks._read_back import told

        raise Refused(told(verdict.gaps, drops))


def _day(text: str, zone: "ZoneInfo") -> int:
    from appliance.calendar import day_start

    try:
        return day_start(date.fromisoformat(text), zone)
    except ValueError:
        raise click.BadParameter(
            f"{text} is no day; write one such as 2026-05-01", param_hint="--since"
        ) from None


async def _verify(
    config: "Config", data_dir: Path, name: str, start: int | None, send_again: bool
) -> "tuple[Verdict, str]":
    from zoneinfo import ZoneInfo

    from appliance.clock import RealClock
    from appliance.errors import SourceError, StoreError
    from appliance.store import Store

    try:
        async with Store(
            data_dir / "store", RealClock(), ZoneInfo(config.site.time_zone), read_only=True
        ) as store:
            made = _sink(config, store, name)
            verdict: Verdict = await made.verify(start, again=send_again)
            return verdict, made.drops
    except (SourceError, StoreError) as error:
        raise Refused(str(error)) from None


def _sink(config: "Config", store: "Store", name: str) -> Any:
    """The sink of that name, to be asked and not run. Raises Refused."""
    from zoneinfo import ZoneInfo

    from appliance.clock import RealClock
    from appliance.hub import Hub
    from appliance.sinks.base import SinkContext, discover

    options = next((each for each in config.sinks if each.label == name), None)
    if options is None:
        names = ", ".join(each.label for each in config.sinks) or "none"
        raise Refused(f"there is no sink {name} in the configuration; there are {names}")
    identity = store.documents.get("appliance", "identity")
    if identity is None:
        raise Refused("this appliance has never run: it has no name yet under which it sends")
    clock = RealClock()
    context = SinkContext(
        clock, store, Hub(clock), ZoneInfo(config.site.time_zone), str(identity["id"]), _Quiet(),
        lambda reading: ("", []),
    )  # fmt: skip
    made = discover()[options.type].build("Sink", options, context)
    if not hasattr(made, "verify"):
        raise Refused(f"{name} is a {options.type}: what its receiver holds cannot be asked")
    return made


def _told(verdict: "Verdict", zone: "ZoneInfo") -> Iterator[str]:
    from appliance.calendar import local

    def day(at: int) -> str:
        return local(at, zone).isoformat(sep=" ", timespec="minutes")

    yield f"{verdict.readings} readings from {day(verdict.start)} to {day(verdict.end)}"
    if verdict.sent_again:
        yield f"{verdict.sent_again} of them were sent again"
    for gap in verdict.gaps[:MOST_SHOWN]:
        series = f"{gap.source} {gap.quantity}"
        yield f"  {day(gap.start)}  {series}: {gap.kept} kept here, {gap.there} there"
    if len(verdict.gaps) > MOST_SHOWN:
        yield f"  and {len(verdict.gaps) - MOST_SHOWN} more"
    if not verdict.gaps:
        yield "All of them are there, each once"
