from appliance.house_registers import house_registers
from appliance.model import Quantity, Reading

NOW = 1_800_000_000_000
IMPORT, EXPORT, SOLAR = Quantity.ENERGY_IMPORT, Quantity.ENERGY_EXPORT, Quantity.ENERGY_SOLAR


def test_each_energy_is_that_of_one_source() -> None:
    said = [
        ("inverter", IMPORT, 1000.0),
        ("inverter", SOLAR, 700.0),
        ("p1", IMPORT, 48000.0),
        ("p1", EXPORT, 300.0),
    ]
    latest = {(name, quantity): Reading(name, quantity, value, NOW) for name, quantity, value in said}
    types = {"inverter": "json_http", "p1": "p1_serial"}
    found = house_registers(latest, types, {}, NOW)
    assert {quantity: reading.source for quantity, reading in found.items()} == {
        IMPORT: "p1",
        EXPORT: "p1",
        SOLAR: "inverter",
    }
    assert house_registers(latest, types, {}, NOW, ["inverter"])[IMPORT].value == 1000
    renamed = {"gateway": "powerwall"}
    was = {
        ("powerwall", IMPORT): Reading("powerwall", IMPORT, 900, NOW - 9 * 86_400_000),
        ("gateway", IMPORT): Reading("gateway", IMPORT, 910, NOW),
    }
    assert house_registers(was, renamed, {"gateway": 10.0}, NOW)[IMPORT].source == "gateway"
    assert EXPORT not in house_registers(latest, types, {}, NOW, ["inverter"])
