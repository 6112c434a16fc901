"""The command line, and the only place where the parts are put together; nobody imports it."""

import click

from appliance.cli.about import schema, version
from appliance.cli.backfill import backfill
from appliance.cli.carma import carma
from appliance.cli.check import check
from appliance.cli.export import export
from appliance.cli.parse import parse
from appliance.cli.query import query
from appliance.cli.read import read
from appliance.cli.serve import demo, run
from appliance.cli.verify import verify


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Examples:
  tallywatt check config.json          is it right, and what would it start?
  tallywatt demo                       the appliance in a virtual house, to look around
  tallywatt run                        the appliance
  tallywatt read --json meter.jpg      what does the counter say?
  tallywatt parse capture.txt          what does the meter's port say?
  tallywatt export --from 2026-05-01   readings as CSV
  tallywatt carma fetch                a year of days from a customer portal
  tallywatt query --extremes           the days on which most and least was used
  tallywatt verify line_protocol       does the central store hold what was sent?
  tallywatt backfill home-assistant    its energy dashboard gets the history
\b
Exit codes: 0 done, 1 refused (the reason is on standard error), 2 not understood.""",
)
def main() -> None:
    """Tallywatt, the energy appliance for the wall.

    Reads the meter itself, keeps what it says, shows it on a screen and passes it on.
    """


for command in (run, demo, check, read, parse, export, query, carma, backfill, verify, schema, version):
    main.add_command(command)
main.add_command(carma, "carman")  # what its Home Assistant integration calls it

if __name__ == "__main__":
    main(prog_name="tallywatt")
