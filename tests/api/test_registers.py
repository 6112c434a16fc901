import httpx

from appliance.app import Appliance
from appliance.clock import FakeClock
from appliance.model import Quantity, Reading


async def test_registers_nobody_reads_are_null(
    api: httpx.AsyncClient, here: Appliance, clock: FakeClock
) -> None:
    here.cadences["p1"] = 10
    await here.accept([Reading("p1", Quantity.ENERGY_IMPORT, 4711.5, clock.now())])
    found = (await api.get("/api/v1/registers")).json()
    said = {"value": 4711.5, "unit": "kWh", "source": "p1", "at": "2026-05-05T16:53:20.000Z", "stale": False}
    assert found["energy_import"] == said
    nothing = {"value": None, "unit": "m³", "source": None, "at": None, "stale": None}
    assert found["gas"] == nothing
