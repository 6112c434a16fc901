"""GET /metrics: for Prometheus, VictoriaMetrics' vmagent, Telegraf and whatever else scrapes."""

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Request, Response
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector, CollectorRegistry

from appliance import __version__, metrics
from appliance.api.common import Here, problems
from appliance.app import Appliance
from appliance.connections import connections
from appliance.energy_now import in_use
from appliance.supervise import State

router = APIRouter(tags=["Metrics"])
TEXT: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/plain": {}, "application/openmetrics-text": {}}},
    **problems(503),
}
KWH_J = 3.6e6


class _Now(Collector):
    """What the appliance knows at the moment of the scrape."""

    def __init__(self, here: Appliance) -> None:
        self._here = here

    def collect(self) -> Iterator[Metric]:
        here = self._here
        yield metrics.build(__version__, here.id)
        used = in_use(here.hub.latest, here.cadences, here.clock.now())
        yield from metrics.readings(used.values(), here.stale)
        yield self._prices()
        yield self._parts()
        yield from self._sinks()

    def _prices(self) -> Metric:
        here, now = self._here, self._here.clock.now()
        family = GaugeMetricFamily(
            "tallywatt_price_per_joule",
            "Price of energy now, currency units per joule",
            labels=("source", "channel", "currency"),
        )
        for price in here.hub.prices.values():
            if price.start <= now < price.end:
                labels = (price.source, price.channel, here.config.site.currency)
                family.add_metric(labels, price.per_kwh / KWH_J)
        return family

    def _parts(self) -> Metric:
        family = GaugeMetricFamily(
            "tallywatt_part_up", "1 while a source, sink or inner part works", labels=("part", "role", "type")
        )
        for part in self._here.health:
            family.add_metric((part.name, part.role, part.type), float(part.state is State.OK))
        return family

    def _sinks(self) -> Iterator[Metric]:
        pending = GaugeMetricFamily(
            "tallywatt_sink_pending_readings", "Readings that wait to be sent", labels=("sink",)
        )
        oldest = GaugeMetricFamily(
            "tallywatt_sink_oldest_pending_timestamp_seconds",
            "When the oldest of them was read",
            labels=("sink",),
        )
        sent = CounterMetricFamily(
            "tallywatt_sink_sent_readings", "Readings the receiver took since the start", labels=("sink",)
        )
        aside = CounterMetricFamily(
            "tallywatt_sink_set_aside_readings", "Readings it will never take", labels=("sink",)
        )
        for one in connections(self._here.health, self._here.sinks):
            name, delivery = one.name, one.delivery
            if delivery is None:
                continue
            if delivery.pending is not None:
                pending.add_metric((name,), delivery.pending)
            if delivery.oldest is not None:
                oldest.add_metric((name,), delivery.oldest / 1000)
            sent.add_metric((name,), delivery.sent)
            aside.add_metric((name,), delivery.set_aside)
        yield from (pending, oldest, sent, aside)


@router.get("/metrics", response_class=Response, responses=TEXT)
async def scrape(request: Request, here: Here) -> Response:
    """All readings in base units, prices of now, the state of every part, what waits at each sink."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Now(here))
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return Response(encode(registry), media_type=content_type)
