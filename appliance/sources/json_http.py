"""Any device that answers JSON over HTTP: inverters (Fronius Solar API, OpenDTU), Shelly, Tasmota, ESPHome.

You say which address to ask and where in its answer each quantity stands. Facts about a device come from
its own documentation; mind the sign: power that flows into the house is positive, else give `scale` -1.
"""

from collections.abc import AsyncGenerator
from typing import Any, Literal

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, SecretStr, field_validator

from appliance import http
from appliance.errors import SourceError
from appliance.model import Batch, Event, Quantity, Reading
from appliance.sources import _jsonpath
from appliance.sources.base import Context, SourceOptions
from appliance.worker import Worker


class Value(BaseModel):
    """Where one quantity stands in the answer."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    quantity: Quantity
    """What it is, such as power_solar or energy_import."""
    path: str = Field(examples=["Body.Data.Site.P_PV", 'emeters.0."1.8.0"'])
    """The way to the number: keys with dots between, a number picks from a list, "a.b" quotes a key."""
    scale: float = 1.0
    """Multiply by this: 0.001 for Wh to kWh, -1 to turn the direction round."""
    offset: float = 0.0
    """Add this after scaling."""
    skip_if_null: bool = False
    """null is usual here (an inverter asleep at night): give no reading and say nothing."""

    @field_validator("path")
    @classmethod
    def _is_a_path(cls, path: str) -> str:
        _jsonpath.split(path)
        return path


class Options(SourceOptions):
    """A device that answers JSON."""

    type: Literal["json_http"] = "json_http"
    url: AnyHttpUrl
    """The address that is asked, such as http://192.168.1.20/status."""
    every_s: float = Field(default=10, ge=1, le=86_400)
    """Seconds from one question to the next."""
    timeout_s: float = Field(default=5, gt=0, le=60)
    """Seconds to wait for an answer."""
    headers: dict[str, SecretStr] = Field(default_factory=dict)
    """Headers to send, such as {"Authorization": "Bearer ..."}; kept encrypted."""
    values: tuple[Value, ...] = Field(min_length=1)
    """The quantities in the answer."""


def parse(payload: Any, options: Options, at: int) -> list[Reading]:
    """The readings in an answer received at `at` (UTC ms). Raises SourceError when there is none at all."""
    return examine(payload, options, at)[0]


def examine(payload: Any, options: Options, at: int) -> tuple[list[Reading], list[str]]:
    """The readings, and for each value that is not there the sentence that says why. As `parse`."""
    readings: list[Reading] = []
    problems: list[str] = []
    for value in options.values:
        try:
            found = _jsonpath.find(payload, value.path)
            if found is None and value.skip_if_null:
                continue
            result = _jsonpath.number(found) * value.scale + value.offset
        except _jsonpath.NotThereError as error:
            problems.append(str(error))
        except ValueError as error:
            problems.append(f"{value.path} {error}")
        else:
            readings.append(Reading(options.label, value.quantity, result, at))
    if problems and not readings:
        where = http.shown(str(options.url))
        raise SourceError(f"{where} answers, but not with what is asked for: {'; '.join(problems)}")
    return readings, problems


class Source:
    """Asks again and again; what is wrong with a value is told once, until it changes."""

    def __init__(self, options: Options, context: Context) -> None:
        self.name = options.label
        self.cadence_s = options.every_s
        self._options = options
        self._clock = context.clock
        self._worker = Worker(f"{self.name} at {options.url.host}")
        self._told: frozenset[str] = frozenset()

    async def batches(self) -> AsyncGenerator[Batch, None]:
        options = self._options
        headers = {name: value.get_secret_value() for name, value in options.headers.items()}
        with http.session() as session:
            try:
                while True:
                    payload = await self._worker.call(
                        lambda: http.get_json(session, str(options.url), options.timeout_s, headers),
                        options.timeout_s + 5,
                    )
                    yield self._batch(payload)
                    await self._clock.sleep(options.every_s)
            finally:
                self._worker.close()

    def _batch(self, payload: Any) -> Batch:
        at = self._clock.now()
        readings, problems = examine(payload, self._options, at)
        new = [text for text in problems if text not in self._told]
        self._told = frozenset(problems)
        return [*readings, *(Event(self.name, "value_missing", at, text) for text in new)]
