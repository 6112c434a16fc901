"""The file everyone copies works as it says."""

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


def test_it_is_no_source_of_its_own() -> None:
    assert not [kind for kind in discover() if kind.startswith("_")]
