"""The powerwall source through pypowerwall's cloud, FleetAPI and hybrid clients, with what Tesla answers
played by dictionaries: shapes from the comments in pypowerwall 0.22.2. No account of Tesla was used."""

import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from copy import deepcopy
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pypowerwall.cloud.pypowerwall_cloud import PyPowerwallCloud
from pypowerwall.fleetapi.fleetapi import FleetAPI
from pypowerwall.fleetapi.pypowerwall_fleetapi import PyPowerwallFleetAPI
from pypowerwall.local import pypowerwall_local
from pypowerwall.tedapi import TEDAPI
from virtual_meter import START, EagerClock

from appliance.demo.battery import Battery
from appliance.demo.house import House
from appliance.demo.powerwall_gateway import FIRMWARE_WITHOUT_VITALS
from appliance.demo.powerwall_tedapi import PowerwallTedapi
from appliance.errors import SourceError
from appliance.model import Batch, Event, Quantity, Reading
from appliance.sources._powerwall_library import AUTH_FILES
from appliance.sources._powerwall_proxy import Proxy
from appliance.sources.base import Context
from appliance.sources.powerwall import Options, Source

LIVE = {
    "solar_power": 1290,
    "energy_left": 21_276.9,
    "total_pack_energy": 25_939,
    "percentage_charged": 82.0,
    "battery_power": -220,
    "load_power": 1070,
    "grid_status": "Active",
    "grid_power": 0,
    "island_status": "on_grid",
    "timestamp": datetime.fromtimestamp(START / 1000, UTC).isoformat(),
}
SITE = {
    "id": "1232100-00-E--TGX",
    "backup_reserve_percent": 20,
    "default_real_mode": "autonomous",
    "components": {"solar": True, "customer_preferred_export_rule": "pv_only"},
    "battery_count": 2,
    "version": "23.28.2 27626f98",
}
RESERVED = {Quantity.ENERGY_IMPORT, Quantity.ENERGY_SOLAR, Quantity.FREQUENCY, Quantity.VOLTAGE_GRID}


class Tesla:
    """What Tesla's servers say: live values, and the site."""

    def __init__(self) -> None:
        self.live: dict[str, Any] | None = deepcopy(LIVE)
        self.site: dict[str, Any] | None = deepcopy(SITE)

    def api(self, name: str, **_kwargs: Any) -> Any:
        said = self.site if name == "SITE_CONFIG" else self.live
        if said is None:
            raise ConnectionError("Tesla is away")
        return {"response": said}


@pytest.fixture(params=["cloud", "fleetapi"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def tesla(monkeypatch: pytest.MonkeyPatch) -> Tesla:
    said = Tesla()

    def connect(client: Any) -> bool:
        client.tesla, client.site = said, said
        return True

    monkeypatch.setattr(PyPowerwallCloud, "connect", connect)
    monkeypatch.setattr(PyPowerwallFleetAPI, "connect", lambda client: True)
    for name in ("get_live_status", "get_site_status"):
        monkeypatch.setattr(FleetAPI, name, lambda fleet, force=False: said.live)
    monkeypatch.setattr(FleetAPI, "get_site_info", lambda fleet, force=False: said.site)
    return said


@pytest.fixture
def source(mode: str, tmp_path: Path, context: Context) -> Source:
    (tmp_path / AUTH_FILES[mode]).write_text(json.dumps({"site_id": 1, "access_token": "x"}))
    said = {"mode": mode, "email": "me@example.com", "auth_folder": tmp_path, "name": "pw"}
    return Source(Options.model_validate(said), context)


@asynccontextmanager
async def looks(source: Source) -> AsyncIterator[AsyncIterator[Batch]]:
    async with aclosing(source.batches()) as batches:
        yield batches


async def look(source: Source) -> Batch:
    async with looks(source) as batches:
        return await anext(batches)


def of(batch: Batch) -> dict[Quantity, float]:
    return {fact.quantity: fact.value for fact in batch if isinstance(fact, Reading)}


async def test_what_tesla_tells(source: Source, tesla: Tesla) -> None:
    found = of(await look(source))
    powers = [found[Quantity(f"power_{name}")] for name in ("grid", "solar", "battery", "load")]
    assert powers == [0, 1290, -220, 1070]
    assert found[Quantity.STATE_OF_CHARGE] == pytest.approx(82)
    assert found[Quantity.GRID_STATE] == 1
    assert found[Quantity.BACKUP_RESERVE] == pytest.approx(20)
    assert found[Quantity.BATTERY_MODE] == 1
    assert found[Quantity.BATTERY_CAPACITY] == pytest.approx(25.939)
    assert not RESERVED & set(found), "pypowerwall fills these in with 0"


@pytest.mark.parametrize(
    ("lost", "quantity"),
    [
        (["percentage_charged", "energy_left"], Quantity.STATE_OF_CHARGE),
        (["grid_status", "island_status"], Quantity.GRID_STATE),
        (["grid_power"], Quantity.POWER_GRID),
        (["solar_power"], Quantity.POWER_SOLAR),
        (["total_pack_energy"], Quantity.BATTERY_CAPACITY),
    ],
)
async def test_what_tesla_leaves_out_is_not_made_up(
    source: Source, tesla: Tesla, lost: list[str], quantity: Quantity
) -> None:
    assert tesla.live is not None
    for name in lost:
        del tesla.live[name]
    found = of(await look(source))
    assert quantity not in found
    assert Quantity.POWER_LOAD in found


async def test_an_outage_is_told(source: Source, tesla: Tesla) -> None:
    assert tesla.live is not None
    tesla.live |= {"grid_status": "Inactive", "island_status": "off_grid_unintentional"}
    assert of(await look(source))[Quantity.GRID_STATE] == 0


async def test_without_tesla_there_is_nothing_and_then_all_again(source: Source, tesla: Tesla) -> None:
    tesla.live = None
    with pytest.raises(SourceError, match="Tesla's servers"):
        await look(source)
    tesla.live = deepcopy(LIVE)
    assert len(of(await look(source))) > 8


async def test_what_tesla_heard_long_ago_is_not_the_present(
    source: Source, tesla: Tesla, clock: EagerClock
) -> None:
    clock.tick(3 * 3600)
    with pytest.raises(SourceError, match="heard nothing from the gateway for 180 minutes"):
        await look(source)


async def test_hybrid_has_the_gateway_s_powers_and_its_devices_details(
    monkeypatch: pytest.MonkeyPatch, clock: EagerClock, context: Context
) -> None:
    """At the gateway's own address alone; so the library is told that the virtual one is there."""
    house = House(clock, battery=Battery(27.0, 10_000))
    gateway = PowerwallTedapi(house, clock, "powerwall2", reserve=20)
    gateway.firmware = FIRMWARE_WITHOUT_VITALS
    gateway.start()
    monkeypatch.setattr(pypowerwall_local, "GW_IP", gateway.address)
    monkeypatch.setattr(pypowerwall_local, "TEDAPI", partial(TEDAPI, host=gateway.address))
    said = {"mode": "hybrid", "host": "192.168.91.1", "password": gateway.password, "name": "pw"}
    options = Options.model_validate({**said, "gateway_password": gateway.sticker})
    source = Source(options.model_copy(update={"host": gateway.address}), context)
    try:
        batch = await look(source)
    finally:
        gateway.stop()
    found, state = of(batch), house.state()
    assert found[Quantity.POWER_BATTERY] == state.battery_w
    assert found[Quantity.ENERGY_IMPORT] == pytest.approx(state.import_kwh)
    assert found[Quantity.TEMPERATURE] != 0
    assert Quantity.STRING_A_POWER in found
    assert [fact for fact in batch if isinstance(fact, Event) and fact.name == "alert_on"]


def test_a_proxy_is_looked_for_at_its_usual_port() -> None:
    assert Proxy("192.168.1.5", 1)._base == "http://192.168.1.5:8675"
    assert Proxy("pi:80", 1)._base == "http://pi:80"
