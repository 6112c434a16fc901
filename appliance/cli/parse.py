"""`tallywatt parse`: captured telegrams, decoded."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from appliance.cli.common import Refused, zone_given

USUAL_ZONE = "Europe/Amsterdam"
"""Where DSMR is at home; its relatives from Dublin to Vienna mostly share the clock of it."""


def key_given(context: click.Context, parameter: click.Parameter, value: str | None) -> bytes | None:
    """The 16 bytes of a key in hexadecimal digits; blanks, colons and dashes between them do not matter."""
    from appliance.protocols.telegram import key_of

    try:
        return key_of(value) if value else None
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command(
    epilog="""\b
Examples:
  tallywatt parse capture.txt
  tallywatt parse --key 00112233445566778899AABBCCDDEEFF meter.hex
  timeout 20 cat /dev/ttyUSB0 | tallywatt parse --json -"""
)
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--protocol",
    type=click.Choice(["auto", "dsmr", "sml", "han", "iec62056"]),
    default="auto",
    show_default=True,
    help="The language of the meter; auto finds out.",
)
@click.option(
    "--zone",
    metavar="ZONE",
    callback=zone_given,
    help="Time zone of the meter. Left out: that of this machine if it is a European one, "
    f"else {USUAL_ZONE}.",
)
@click.option(
    "--key",
    metavar="HEX",
    envvar="TALLYWATT_KEY",
    callback=key_given,
    help="The meter's encryption key, 32 digits and letters from your grid company. "
    "Kept out of the shell's history in the variable TALLYWATT_KEY.",
)
@click.option(
    "--auth-key",
    metavar="HEX",
    envvar="TALLYWATT_AUTH_KEY",
    callback=key_given,
    help="Its authentication key, if it has one; or TALLYWATT_AUTH_KEY.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, one line a telegram.")
def parse(
    file: Path,
    protocol: str,
    zone: ZoneInfo | None,
    key: bytes | None,
    auth_key: bytes | None,
    as_json: bool,
) -> None:
    """Decode the telegrams captured in FILE ("-" reads standard input): bytes as they came, or in hex digits.

    A telegram with a wrong checksum is shown with crc "bad" and without readings: none of it can be trusted.
    """
    from appliance.protocols.capture import decode, to_json
    from appliance.protocols.telegram import Keys

    frames = 0
    zone = zone or _meter_zone()
    for telegram in decode(_content(file), protocol, zone, Keys(key, auth_key)):
        frames += 1
        shown = to_json(telegram, zone)
        click.echo(json.dumps(shown, ensure_ascii=False) if as_json else "\n".join(_table(shown)))
    if not frames:
        raise Refused(
            f"no telegram in {'what was piped in' if str(file) == '-' else file}; "
            "a DSMR telegram begins with / and ends with ! and four characters of checksum, "
            "an SML file begins with 1B1B1B1B 01010101, a HAN frame begins and ends with 7E or begins with 68"
        )


def _meter_zone() -> ZoneInfo:
    from config.schema import system_zone

    name = system_zone()
    return ZoneInfo(name if name.startswith("Europe/") else USUAL_ZONE)


def _content(file: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise Refused(f"{file} cannot be read: {os.strerror(error.errno or 0)}") from None


def _table(shown: dict[str, Any]) -> Iterator[str]:
    """A telegram for the eye: what it says in our words, then its own lines."""
    from appliance.model import Quantity

    specs = {str(quantity): quantity.spec for quantity in Quantity}
    crc = {"ok": "checksum right", "bad": "CHECKSUM WRONG", "none": "no checksum"}[shown["crc"]]
    yield f"{shown['meter'] or 'a meter without a name'}  {shown['at'] or 'without a time'}  {crc}"
    if "problem" in shown:
        yield f"  {shown['problem']}"
    for name, value in shown["readings"].items():
        spec = specs[name]
        yield f"  {spec.label:34} {value:>14.{spec.decimals}f} {spec.unit}".rstrip()
    for reference, raw in shown["lines"].items():
        first, *more = raw.split("\n")
        yield f"    {reference:16} {first}"
        yield from (f"    {'':16} {line}" for line in more)
    yield ""
