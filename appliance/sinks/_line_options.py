"""What the owner may say of a receiver of line protocol."""

from pathlib import Path
from typing import Literal, Self

from pydantic import AnyHttpUrl, Field, SecretStr, field_validator, model_validator

from appliance.model import Quantity
from appliance.sinks import _line, _receivers
from appliance.sinks.base import SinkOptions


class Options(SinkOptions):
    """A time series store that takes line protocol."""

    type: Literal["line_protocol"] = "line_protocol"
    url: AnyHttpUrl
    """Its address without a path, such as http://192.168.1.100:8086."""
    flavour: Literal[
        "influxdb1",
        "influxdb2",
        "influxdb3",
        "victoria_metrics",
        "victoria_metrics_cluster",
        "questdb",
        "greptimedb",
        "telegraf",
    ]
    """What it is; fills in path, names and how to log in."""
    path: str | None = Field(default=None, pattern=r"^/[^?#\s]*$")
    """Where it takes lines, if not where its kind does, such as /influx/write."""
    database: str = ""
    """InfluxDB 1: the database, which must exist."""
    bucket: str = ""
    """InfluxDB 2: the bucket; InfluxDB 3 and GreptimeDB: the database."""
    org: str = ""
    """InfluxDB 2: the organisation."""
    tenant: str = Field(default="0", pattern=r"^\d+(:\d+)?$|^multitenant$")
    """VictoriaMetrics cluster: the tenant, accountID or accountID:projectID."""
    token: SecretStr | None = None
    """The token that may write there (and read, for `verify_every_hours`). Kept encrypted."""
    user: str = ""
    """The user, where there is no token."""
    password: SecretStr | None = None
    """Its password. Kept encrypted."""
    measurement: str = _line.MEASUREMENT
    """The name of the measurement; VictoriaMetrics adds _value to it."""
    tags: dict[str, str] = Field(default_factory=dict, max_length=20)
    """More tags for every line, such as {"site": "hut"}."""
    precision: Literal["ms", "us", "ns"] = "ms"
    """How instants are written; always told to the receiver."""
    gzip: bool = True
    """Compress what is sent."""
    interval_seconds: float = Field(default=300, ge=1, le=86_400)
    """Seconds from one delivery to the next; each carries all readings since the last."""
    start_spread_seconds: float = Field(default=60, ge=0, le=3600)
    """Appliances that start together first send within so many seconds: 60 for each 2000 of them."""
    max_batch: int = Field(default=1000, ge=1, le=1000)
    """The most readings in one request; one of more than 200 kB is split."""
    timeout_seconds: float = Field(default=10, gt=0, le=120)
    """Seconds to wait for an answer."""
    quantities: tuple[Quantity, ...] | None = None
    """Which quantities to send; null for all."""
    sources: tuple[str, ...] | None = None
    """Names of the sources whose readings are sent; null for all."""
    prices: bool = True
    """Send the known prices of yesterday, today and tomorrow too, as measurement tallywatt_price."""
    verify_every_hours: float | None = Field(default=24, ge=1, le=24 * 31)
    """Ask the receiver so often whether it holds what it said yes to; null for never."""
    read_url: AnyHttpUrl | None = None
    """Where it is asked, if not at `url`: vmselect of a cluster."""
    verify_tls: bool = True
    """Check the certificate of an https address."""
    ca_file: Path | None = None
    """The certificate of your own authority (PEM), for https."""

    @field_validator("measurement")
    @classmethod
    def _fit(cls, name: str) -> str:
        if not _line.fit(name) or name.startswith("#"):
            raise ValueError(
                "a name is printable, has no backslash and does not begin with #, as comments do"
            )
        return name

    @field_validator("tags")
    @classmethod
    def _fit_tags(cls, tags: dict[str, str]) -> dict[str, str]:
        for text in (*tags, *tags.values()):
            if not _line.fit(text):
                raise ValueError(
                    f"{text!r} cannot be a tag: it is printable, not empty, and has no backslash"
                )
        if own := tags.keys() & {"appliance", "source", "unit", "quantity", "version", "channel"}:
            raise ValueError(f"{', '.join(sorted(own))} is written by the appliance itself")
        return tags

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needs = _receivers.FLAVOURS[self.flavour].needs
        missing = [name for name in needs if not getattr(self, name)]
        if missing:
            raise ValueError(f"{self.flavour} needs {' and '.join(missing)}")
        return self
