"""The file everyone copies works as it says."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from appliance.clock import FakeClock
from appliance.demo.http_device import Answer, Fault, HttpDevice, Request, json_answer
from appliance.errors import SourceError
from appliance.model import Quantity
from appliance.sources._blueprint import Options, Source, parse
from appliance.sources.base import Context, discover

AT = 1_778_000_000_000


class Plug(HttpDevice):
    def answer(self, request: Request) -> Answer:
        return json_answer({"watts": 12.5, "total_wh": 3456})


@pytest.fixture
def plug() -> Iterator[Plug]:
    plug = Plug()
    plug.start()
    yield plug
    plug.stop()


def test_parse() -> None:
    readings = parse({"watts": 12.5, "total_wh": 3456}, "plug", AT)
    assert [(r.quantity, r.value, r.at) for r in readings] == [
        (Quantity.POWER_SOLAR, 12.5, AT),
        (Quantity.ENERGY_SOLAR, 3.456, AT),
    ]


@pytest.mark.parametrize("payload", [{}, {"watts": None, "total_wh": 1}, {"watts": "on", "total_wh": 1}])
def test_parse_refuses(payload: dict[str, object]) -> None:
    with pytest.raises(SourceError, match="plug's"):
        parse(payload, "plug", AT)


async def test_source(plug: Plug, tmp_path: Path) -> None:
    source = Source(Options(url=plug.url, timeout_s=0.5), Context(FakeClock(), tmp_path, ZoneInfo("UTC")))
    async with aclosing(source.batches()) as batches:
        assert len(await anext(batches)) == 2
    plug.fault = Fault(status=500)
    with pytest.raises(SourceError):
        async with aclosing(source.batches()) as batches:
            await anext(batches)


def test_a_driver_is_imported_by_those_who_ask_for_it_alone() -> None:
    program = (
        "import sys; from appliance.cli.common import kinds; from config.build import build;"
        "part = {'type': 's0_pulses', 'pin': 17, 'pulses_per_unit': 1000};"
        "built = build({'version': 2, 'sources': [part]}, kinds());"
        "assert len(built.parts) == 1, built;"
        "print(*(name for name in sys.modules if name.startswith('appliance.s')))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    loaded = done.stdout.split()
    assert "appliance.sources.s0_pulses" in loaded
    assert not {"appliance.sources.p1_serial", "appliance.sources.elnet", "appliance.sinks.mqtt"} & set(
        loaded
    )


def test_it_is_no_source_of_its_own() -> None:
    assert not [kind for kind in discover() if kind.startswith("_")]
