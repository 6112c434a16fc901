"""Devices on the network that could be read, and what to write into config.json for them."""

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field

from appliance.api.common import Here, problems
from appliance.app import Appliance
from appliance.errors import SourceError
from appliance.nearby import Nearby

router = APIRouter(prefix="/api/v1", tags=["Nearby"])


KNOW_THEMSELVES = ("HWE-P1", "HWE-WTR", "HWE-BAT")
"""Devices that need not be told what they measure."""


class NearbyOut(BaseModel):
    """A device that tells the network where it is."""

    serial: str
    product_type: str
    product_name: str
    addresses: dict[str, str] = Field(description="Where it is, by API (v1, v2).")
    configured: bool = Field(description="Whether a source of this appliance reads it already.")
    text: str = Field(description="What to do to have it read.")
    source: dict[str, str] = Field(description="An entry for config.json's `sources`.")


@router.get("/discovered", responses=problems(503))
async def discovered(here: Here) -> list[NearbyOut]:
    """HomeWizard devices on the network; the first answer takes 3 s, in which they are listened for."""
    try:
        return await devices(here)
    except SourceError as error:
        raise HTTPException(503, str(error)) from None


async def devices(here: Appliance) -> list[NearbyOut]:
    """What is there and how to have it read. Raises SourceError when the network cannot be listened to."""
    found = await here.neighbourhood.devices()
    known = {
        value.lower()
        for options in here.config.sources
        if options.type == "homewizard"
        for value in (getattr(options, "serial", ""), getattr(options, "host", ""))
    }
    return [_out(device, known) for device in found]


def _out(device: Nearby, known: set[str]) -> NearbyOut:
    source = {"type": "homewizard", "name": _name(device), "serial": device.serial}
    configured = device.serial in known or bool(known & set(device.addresses.values()))
    return NearbyOut(
        serial=device.serial,
        product_type=device.product_type,
        product_name=device.product_name,
        addresses=dict(device.addresses),
        configured=configured,
        text=_text(device, configured),
        source=source,
    )


def _name(device: Nearby) -> str:
    words = "".join(c if c.isalnum() and c.isascii() else " " for c in device.product_name.lower()).split()
    return "_".join([*(words or ["homewizard"]), device.serial[-4:]])[:40]


def _text(device: Nearby, configured: bool) -> str:
    where = next(iter(device.addresses.values()), "?")
    what = device.product_name or device.product_type or "device"
    if configured:
        return f"HomeWizard {what} at {where} is read already"
    text = f"HomeWizard {what} found at {where}: add `source` to `sources` in config.json"
    if device.product_type not in KNOW_THEMSELVES:
        text += ", with what it `measures`"
    if not device.enabled and "v2" in device.addresses:
        return f"{text}; then press its button once, or switch on Local API in the HomeWizard app"
    if not device.enabled:
        return f"{text}, and switch on Local API in the HomeWizard app"
    return text
