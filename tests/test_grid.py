import pytest

from appliance.clock import DAY_MS, HOUR_MS
from appliance.grid import grid_meters
from appliance.model import Quantity, Reading

NOW = 1_800_000_000_000
KWH = Quantity.ENERGY_IMPORT
TYPES = {"wheel": "camera_meter", "p1": "p1_serial", "roof": "json_http"}


def known(**registers: tuple[float, int]) -> dict[tuple[str, Quantity], Reading]:
    return {(name, KWH): Reading(name, KWH, value, at) for name, (value, at) in registers.items()}


@pytest.mark.parametrize(
    ("registers", "found"),
    [
        ({"wheel": (1000.4, NOW), "p1": (1000.9, NOW)}, ["p1", "wheel"]),
        ({"wheel": (500.0, NOW), "p1": (1000.9, NOW)}, ["p1"]),  # another meter
        ({"wheel": (500.0, NOW - 2 * DAY_MS), "p1": (1000.9, NOW)}, ["p1", "wheel"]),
        ({"wheel": (500.0, NOW)}, ["wheel"]),
        ({"roof": (1000.0, NOW), "remote_3": (4000.0, NOW)}, ["remote_3"]),
        ({}, []),
    ],
)
def test_who_reads_the_grid_meter(registers: dict[str, tuple[float, int]], found: list[str]) -> None:
    assert grid_meters(known(**registers), TYPES, KWH) == found


def test_the_owner_knows_better() -> None:
    latest = known(wheel=(500.0, NOW), p1=(1000.0, NOW))
    assert grid_meters(latest, TYPES, KWH, ["wheel", "gone"]) == ["wheel"]


def test_a_portal_of_yesterday_is_not_filled_by_a_counter_of_today() -> None:
    latest = {(name, KWH): Reading(name, KWH, value, at) for name, value, at in (
        ("carma.1203", 8000.0, NOW - 2 * DAY_MS), ("roof", 90.0, NOW),
    )}  # fmt: skip
    assert grid_meters(latest, {"roof": "json_http", "carma": "carma"}, KWH) == ["carma.1203"]


@pytest.mark.parametrize("hours", [13, 20, 30, 60])
def test_a_portal_reads_the_meter_beside_it_at_any_hour_of_the_day_or_never(hours: int) -> None:
    types = {"carma": "carma", "wheel": "camera_meter"}

    def meters(carma: float) -> list[str]:
        latest = {
            ("wheel", KWH): Reading("wheel", KWH, 548.0, NOW),
            ("carma.1203", KWH): Reading("carma.1203", KWH, carma, NOW - hours * HOUR_MS),
        }
        return grid_meters(latest, types, KWH)

    assert meters(548.0 - 0.6 * hours) == ["wheel", "carma.1203"]
    assert meters(8000.0) == ["wheel"]
