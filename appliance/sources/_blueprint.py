"""Copy me: `cp appliance/sources/_blueprint.py appliance/sources/mine.py`, and say here what the device is,
where it is documented and how often it may be asked. The file's name is the `type` in config.json.

This example asks a power plug that answers {"watts": 12.5, "total_wh": 3456} to GET /status.
"""

from collections.abc import AsyncGenerator, Mapping
from typing import Any, Literal

from pydantic import AnyHttpUrl, Field

from appliance import http
from appliance.errors import SourceError
from appliance.model import Batch, Quantity, Reading
from appliance.sources.base import Context, SourceOptions
from appliance.worker import Worker


class Options(SourceOptions):
    """What the owner can say. Every field has a docstring: it is the help text on screen."""

    type: Literal["_blueprint"] = "_blueprint"  # your file's name
    url: AnyHttpUrl
    """Address of the plug, such as http://192.168.1.30/status."""
    every_s: float = Field(default=10, ge=1, le=3600)
    """Seconds from one question to the next."""
    timeout_s: float = Field(default=5, gt=0, le=60)
    """Seconds to wait for an answer."""


def parse(payload: Mapping[str, Any], source: str, at: int) -> list[Reading]:
    """The readings in an answer received at `at` (UTC ms). Raises SourceError when it is not one.

    Pure: no clock, no network. Convert units and direction here: W and kWh, positive into the house. A plug
    that feeds a solar panel's power in gives positive watts, so nothing has to be turned round.
    """
    try:
        watts, kwh = float(payload["watts"]), float(payload["total_wh"]) / 1000
        return [
            Reading(source, Quantity.POWER_SOLAR, watts, at),
            Reading(source, Quantity.ENERGY_SOLAR, kwh, at),
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise SourceError(f"The plug's answer has no usable {error}: is this address a plug's?") from error


class Source:
    """Asks the device, hands its answer to `parse`, yields; raises when it cannot. Nothing is retried here:
    a SourceError starts it again after a while, an AuthError asks the owner."""

    def __init__(self, options: Options, context: Context) -> None:
        self.name = options.label
        self.cadence_s = options.every_s
        self._options = options
        self._clock = context.clock
        self._worker = Worker(f"{self.name} at {options.url.host}")

    async def batches(self) -> AsyncGenerator[Batch, None]:
        url, timeout_s = str(self._options.url), self._options.timeout_s
        with http.session() as session:
            try:
                while True:
                    # Whatever blocks runs on the source's own thread, with a deadline.
                    payload = await self._worker.call(
                        lambda: http.get_json(session, url, timeout_s), timeout_s + 5
                    )
                    yield parse(payload, self.name, self._clock.now())
                    await self._clock.sleep(self._options.every_s)
            finally:
                self._worker.close()
