"""A sample of an ELNET meter as readings (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass

from appliance.model import Quantity, Reading
from appliance.sources._elnet_data import GENERATOR, GRID, Home, Live

OF_GENERATOR = frozenset(
    {
        Quantity.POWER_GENERATOR,
        Quantity.ENERGY_GENERATOR,
        Quantity.GENERATOR_TODAY,
        Quantity.GENERATOR_MONTH,
        Quantity.GENERATOR_COST_TODAY,
        Quantity.GENERATOR_COST_MONTH,
    }
)


@dataclass(frozen=True)
class Judged:
    """What is known beside the sample: the last HomeData, the relay now, who supplies, today's and this
    month's numbers as far as they are believed, days left."""

    home: Home
    relay: bool | None
    supply: int | None
    counted: Mapping[Quantity, float]
    days_left: float | None


def readings(source: str, live: Live, judged: Judged) -> list[Reading]:
    """All at the sample's instant. Only one of grid and generator supplies, so the other's power is 0; with
    solar panels behind the meter, or while it is not clear who supplies, neither is known."""
    home, supply = judged.home, judged.supply
    solar = bool(home.solar or live.solar)
    watts = round(live.load_kw * 1000, 3)
    found: dict[Quantity, float | None] = {
        Quantity.POWER_LOAD: watts,
        Quantity.ENERGY_IMPORT: live.eb,
        Quantity.ENERGY_GENERATOR: live.dg,
        Quantity.BALANCE: live.balance,
        Quantity.SUPPLY: supply,
        Quantity.RELAY: judged.relay,
        Quantity.ENERGY_SOLAR: live.solar if home.solar else None,
        Quantity.DAYS_LEFT: judged.days_left,
        **judged.counted,
    }
    if supply is not None and not solar:
        found[Quantity.POWER_GRID] = watts if supply == GRID else 0.0
        found[Quantity.POWER_GENERATOR] = watts if supply == GENERATOR else 0.0
    if not (home.generator or live.dg > 0 or supply == GENERATOR):
        found = {quantity: value for quantity, value in found.items() if quantity not in OF_GENERATOR}
    return [
        Reading(source, quantity, float(value), live.at)
        for quantity, value in found.items()
        if value is not None
    ]
