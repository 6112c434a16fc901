"""The registers that stand for the whole house, one for each kind of energy: pure.

Several sources may read one register, and an inverter may have its own idea of the grid's. Whoever counts for
the house, Home Assistant's energy dashboard for one, wants each energy once.
"""

from collections.abc import Mapping, Sequence

from appliance.grid import grid_meters
from appliance.model import Quantity, Reading
from appliance.views import Picker

AT_THE_GRID = frozenset({Quantity.ENERGY_IMPORT, Quantity.ENERGY_EXPORT})
REGISTERS = (
    Quantity.ENERGY_IMPORT,
    Quantity.ENERGY_EXPORT,
    Quantity.ENERGY_SOLAR,
    Quantity.ENERGY_LOAD,
    Quantity.ENERGY_CHARGED,
    Quantity.ENERGY_DISCHARGED,
    Quantity.GAS,
    Quantity.WATER,
    Quantity.HEAT,
)


def house_registers(
    latest: Mapping[tuple[str, Quantity], Reading],
    types: Mapping[str, str],
    cadences: Mapping[str, float],
    now: int,
    chosen: Sequence[str] = (),
) -> dict[Quantity, Reading]:
    """The newest reading of each, however old; a register nobody reads is not in it.

    `types` and `cadences` (seconds) are by source, `now` is UTC ms, `chosen` are the owner's grid meters. At
    the grid it is the grid meter's, of the rest that of the source the screens show. Who was taken away since
    comes last.
    """
    pick = Picker(latest, types, cadences, now)
    found = {}
    for quantity in REGISTERS:
        reading = pick.best(quantity)
        if quantity in AT_THE_GRID:
            names = grid_meters(latest, types, quantity, chosen)
            names.sort(key=lambda name: name not in cadences)
            reading = latest[names[0], quantity] if names else None
        if reading is not None:
            found[quantity] = reading
    return found
