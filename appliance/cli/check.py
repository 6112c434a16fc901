"""`tallywatt check`: what a configuration says, or what is wrong with it."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from appliance.cli.common import Refused, kinds

if TYPE_CHECKING:
    from config.contract import Contract
    from config.load import Loaded


@click.command(epilog="Example: tallywatt check /etc/tallywatt/config.json")
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """Check the configuration in FILE.

    Prints the sources and sinks it would start and what was understood, or every mistake with its place
    and what would be right. Nothing is started and nothing is written. Environment variables count as
    they do for `run`.
    """
    from config.load import ConfigFile
    from config.mistakes import ConfigProblem

    try:
        loaded = ConfigFile(file, kinds()).load()
    except ConfigProblem as problem:
        raise Refused(str(problem)) from None
    click.echo("\n".join(_described(loaded)))


def _described(loaded: "Loaded") -> Iterator[str]:
    config = loaded.config
    form = (
        "; its classic form is understood, and rewritten when a setting is saved" if loaded.migrated else ""
    )
    yield f"{loaded.path} has no mistakes{form}"
    site = config.site
    fuse = f", main fuse {site.main_fuse_a} A" if site.main_fuse_a else ""
    yield f"Site     {site.name}, {site.time_zone}, language {site.language}, {site.currency}{fuse}"
    yield f"Screen   {f'on, theme {config.display.theme}' if config.display.enabled else 'off'}"
    yield f"Web      {config.web.host} port {config.web.port}"
    log = f" and in {config.logging.log_file}" if config.logging.log_file else ""
    yield f"Logging  {config.logging.level} in the journal{log}"
    for title, parts in (("Sources", config.sources), ("Sinks", config.sinks)):
        yield f"{title}  {'' if parts else 'none'}".rstrip()
        for part in parts:
            yield from _part(part)
    yield f"Contracts  {'' if config.contracts else 'none'}".rstrip()
    for contract in sorted(config.contracts, key=lambda one: one.since):
        yield _contract(contract)
    for problem in loaded.problems:
        yield f"Not on this machine: {problem.place} ({problem.type}) {problem.text}"
    for name, variable in loaded.overridden.items():
        yield f"Note: {name} comes from {variable}"
    for note in loaded.notes:
        yield f"Note: {note}"


def _contract(contract: "Contract") -> str:
    """What is paid from which day on, in a line."""
    tax = f" and {contract.vat_percent:g} % tax" if contract.vat_percent else ""
    parts = ", ".join(part.name for part in contract.buying) or "nothing said of what is bought"
    sold = f"; sold: {', '.join(part.name for part in contract.selling)}" if contract.selling else ""
    name = f"{contract.name}: " if contract.name else ""
    return f"  from {contract.since}  {name}{parts}{tax}{sold}"


def _part(part: Any) -> Iterator[str]:
    """A source or sink: its name, its kind, and every option that was set."""
    state = "" if part.enabled else "  (switched off)"
    kind = "" if part.label == part.type else f"  {part.type}"
    yield f"  {part.label}{kind}{state}"
    for name, value in part:
        if name in part.model_fields_set - {"type", "name", "enabled"}:
            yield f"      {name} = {_value(value)}"


def _value(value: Any) -> str:
    from pydantic import AnyUrl, BaseModel, SecretStr

    from appliance.http import shown

    if isinstance(value, AnyUrl):
        return shown(str(value))
    if isinstance(value, SecretStr):
        return "(a secret)"
    if isinstance(value, BaseModel):
        return ", ".join(f"{name} {_value(inner)}" for name, inner in value)
    if isinstance(value, tuple | list):
        return "; ".join(_value(inner) for inner in value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {_value(inner)}" for name, inner in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return "(not set)" if value is None else str(value)
