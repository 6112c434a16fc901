"""What several commands share: where things are, how they refuse, which kinds of source there are."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import click

if TYPE_CHECKING:
    from pydantic import BaseModel

    from appliance.ledger import Ledger
    from appliance.model import Quantity
    from appliance.plugins import Found
    from appliance.store import Store
    from config.build import Kinds
    from config.schema import Config

CONFIG = Path("/etc/tallywatt/config.json")
DATA = Path("/var/lib/tallywatt")
Command = TypeVar("Command", bound=Callable[..., Any])


class Refused(click.ClickException):
    """Ends a command with exit code 1 and its sentence on stderr."""


def zone_given(context: click.Context, param: click.Parameter, value: str | None) -> ZoneInfo | None:
    """The zone of a --zone option (a click callback)."""
    try:
        return None if value is None else ZoneInfo(value)
    except (KeyError, OSError, ValueError):
        raise click.BadParameter(f"{value} is no time zone; write one such as Europe/Stockholm") from None


def config_option(command: Command) -> Command:
    return click.option(
        "--config", "config_path", metavar="FILE", envvar="TALLYWATT_CONFIG", default=CONFIG,
        show_default=True, show_envvar=True, type=click.Path(path_type=Path), help="The configuration.",
    )(command)  # fmt: skip


def data_option(command: Command) -> Command:
    return click.option(
        "--data", "data_dir", metavar="DIR", envvar="TALLYWATT_DATA", default=DATA, show_default=True,
        show_envvar=True, type=click.Path(path_type=Path), help="Where readings and state are kept.",
    )(command)  # fmt: skip


def is_default(path: Path, default: Path) -> bool:
    """Whether nobody named another place."""
    return os.path.abspath(path) == str(default)


def usable_config(config_path: Path, data_dir: Path | None = None) -> "Config":
    """The configuration, of one with mistakes what is right in it; secrets in it are opened with the key in
    `data_dir`. Raises Refused where there is none."""
    from config.load import ConfigFile
    from config.mistakes import ConfigProblem

    try:
        found = ConfigFile(config_path, kinds(), data_dir)
        return found.load(missing_ok=is_default(config_path, CONFIG)).config
    except ConfigProblem as problem:
        if not config_path.exists():
            raise Refused(str(problem)) from None
        return problem.usable


async def house_meters(store: "Store", config: "Config") -> "Callable[[Quantity], list[str]]":
    """Which sources read the house's grid meter, the best first. Raises StoreError."""
    from appliance.grid import grid_meters

    latest = {(reading.source, reading.quantity): reading for reading in await store.latest()}
    types = {options.label: options.type for options in config.sources}
    return lambda quantity: grid_meters(latest, types, quantity, config.site.grid_meters)


async def ledger_of(store: "Store", config: "Config") -> "Ledger":
    """The books of a store that was opened to be read. Raises StoreError."""
    from appliance.clock import RealClock
    from appliance.ledger import Ledger

    zone, meters = ZoneInfo(config.site.time_zone), await house_meters(store, config)
    return Ledger(store, RealClock(), zone, config.contracts, config.offers, meters)


def kinds() -> "Kinds":
    """Every kind of source and sink, and why some cannot be used on this machine; each is looked at when it
    is asked for."""
    from appliance.sinks.base import discover as discover_sinks
    from appliance.sources.base import discover as discover_sources
    from config.build import Kinds

    sources, sinks = discover_sources(), discover_sinks()
    return Kinds(_Usable(sources), _Usable(sinks), _Unusable(sources, sinks))


class _Usable(Mapping[str, "type[BaseModel]"]):
    """Type -> options, of those that can be used here."""

    def __init__(self, found: "Mapping[str, Found]") -> None:
        self._found = found

    def __getitem__(self, type_: str) -> "type[BaseModel]":
        found = self._found[type_]
        if found.module is None:
            raise KeyError(type_)
        return found.options

    def __iter__(self) -> Iterator[str]:
        return (type_ for type_, found in self._found.items() if found.module is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class _Unusable(Mapping[str, str]):
    """Type -> why it cannot be used here."""

    def __init__(self, *groups: "Mapping[str, Found]") -> None:
        self._groups = groups

    def __getitem__(self, type_: str) -> str:
        for group in self._groups:
            if type_ in group and group[type_].module is None:
                return group[type_].problem or "cannot be used here"
        raise KeyError(type_)

    def __iter__(self) -> Iterator[str]:
        return (type_ for group in self._groups for type_, found in group.items() if found.module is None)

    def __len__(self) -> int:
        return sum(1 for _ in self)
