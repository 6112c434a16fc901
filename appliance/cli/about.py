"""`tallywatt schema` and `tallywatt version`."""

import json
from pathlib import Path

import click

from appliance.cli.common import kinds


@click.command(epilog="Example: tallywatt schema -o config/schema.json")
@click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="Write it here.")
def schema(output: Path | None) -> None:
    """Print the JSON Schema of config.json, for editors that help while one types."""
    text = schema_text()
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")


def schema_text() -> str:
    """The content of config/schema.json."""
    from config.schema import json_schema

    known = kinds()
    whole = json_schema(
        [known.sources[name] for name in sorted(known.sources)],
        [known.sinks[name] for name in sorted(known.sinks)],
    )
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


@click.command()
def version() -> None:
    """Print the version of Tallywatt, of Python and of the machine."""
    import platform

    from appliance import __version__

    click.echo(f"tallywatt {__version__}, Python {platform.python_version()}, {platform.platform()}")
