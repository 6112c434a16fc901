"""`tallywatt schema` and `tallywatt version`."""

import json
from pathlib import Path

import click

from appliance.cli.common import Refused, kinds


@click.command(
    epilog="""\b
Examples:
  tallywatt schema -o config/schema.json
  tallywatt schema --markdown docs/CONFIGURATION.md"""
)
@click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="Write it here.")
@click.option(
    "--markdown",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write the tables of options in this page anew, instead of the schema.",
)
def schema(output: Path | None, markdown: Path | None) -> None:
    """Print the JSON Schema of config.json, for editors that help while one types."""
    try:
        if markdown is not None:
            markdown.write_text(page_text(markdown.read_text(encoding="utf-8")), encoding="utf-8")
        elif output is not None:
            output.write_text(schema_text(), encoding="utf-8")
        else:
            click.echo(schema_text(), nl=False)
    except OSError as error:
        raise Refused(f"{error.filename} cannot be used: {error.strerror}") from None
    except ValueError as error:
        raise Refused(f"{markdown}: {error}") from None


def schema_text() -> str:
    """The content of config/schema.json."""
    from config.describe import json_schema

    known = kinds()
    return json.dumps(json_schema(known.sources, known.sinks), indent=2, ensure_ascii=False) + "\n"


def page_text(page: str) -> str:
    """docs/CONFIGURATION.md with its tables written anew."""
    from config.describe import reference, with_reference

    known = kinds()
    return with_reference(page, reference(known.sources, known.sinks))


@click.command()
def version() -> None:
    """Print the version of Tallywatt, of Python and of the machine."""
    import platform

    from appliance import __version__

    click.echo(f"tallywatt {__version__}, Python {platform.python_version()}, {platform.platform()}")
