"""The house's registers, for what counts energy elsewhere."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from appliance.api.common import Here
from appliance.calendar import iso
from appliance.house_registers import REGISTERS, house_registers

router = APIRouter(prefix="/api/v1", tags=["Tallywatt"])


class RegisterOut(BaseModel):
    """One register; null where nobody reads it."""

    value: float | None
    unit: str
    source: str | None
    at: str | None = Field(description="Instant of the reading, ISO 8601 UTC.")
    stale: bool | None = Field(description="Older than three times the cadence of its source.")


@router.get("/registers")
async def registers(here: Here) -> dict[str, RegisterOut]:
    """The registers that stand for the whole house, one for each energy: bought, sold, produced, used,
    charged and discharged; gas, water and heat. They only rise, until a meter is exchanged."""
    known = house_registers(
        here.hub.latest, here.source_types(), here.cadences, here.clock.now(), here.config.site.grid_meters
    )
    found = {}
    for quantity in REGISTERS:
        reading = known.get(quantity)
        found[str(quantity)] = RegisterOut(
            value=None if reading is None else reading.value,
            unit=quantity.spec.unit,
            source=None if reading is None else reading.source,
            at=None if reading is None else iso(reading.at),
            stale=None if reading is None else here.stale(reading),
        )
    return found
