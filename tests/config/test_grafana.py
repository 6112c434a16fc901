"""config/grafana: made of the table in scripts/dashboards.py, kept whole by Grafana's own types, and every
query of every panel answered with rows by the real store it is for."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from grafana_foundation_sdk.models.dashboard import Dashboard

from appliance import metrics
from appliance.clock import DAY_MS, HOUR_MS
from appliance.model import Kind, Price, Quantity, Reading
from appliance.sinks._line import line, price_line
from scripts.dashboards import FLAVOURS, FOLDER, text
from tests.peers.influxdb import InfluxDB, influxdb
from tests.peers.process import answers, free_port, running
from tests.peers.prometheus import Prometheus
from tests.peers.victoria_metrics import victoria_metrics

START = 1_778_025_600_000
"""2026-05-06T00:00:00Z."""
END = START + 3 * DAY_MS
SPAN_S = (START // 1000, END // 1000)
BOARDS = sorted(FLAVOURS)


def board(uid: str) -> dict[str, Any]:
    made: dict[str, Any] = json.loads((FOLDER / f"{uid}.json").read_text())
    return made


def panels(uid: str) -> list[dict[str, Any]]:
    return [panel for panel in board(uid)["panels"] if panel["type"] != "row"]


def targets(uid: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for panel in panels(uid):
        for target in panel["targets"]:
            yield panel["title"], target


def past() -> Iterator[Reading]:
    """Every quantity, every half hour of three days, its registers rising."""
    for at in range(START, END, HOUR_MS // 2):
        for quantity in Quantity:
            spec = quantity.spec
            hours = (at - START) / HOUR_MS
            value = 100 + hours if spec.kind is Kind.COUNTER else float(len(spec.states) > 1) or 42.0
            yield Reading("house", quantity, value, at)


def prices() -> Iterator[Price]:
    for at in range(START, END, HOUR_MS):
        yield Price("spot", "import", at, at + HOUR_MS, 0.31)


@pytest.mark.parametrize("uid", BOARDS)
def test_the_file_is_of_today(uid: str) -> None:
    assert (FOLDER / f"{uid}.json").read_text() == text(uid), "write it anew: make dashboards"


@pytest.mark.parametrize("uid", BOARDS)
def test_panels_lie_beside_one_another(uid: str) -> None:
    taken: set[tuple[int, int]] = set()
    made = board(uid)["panels"]
    assert len({panel["id"] for panel in made}) == len(made) > 20
    for panel in made:
        at = panel["gridPos"]
        cells = {(at["x"] + i, at["y"] + j) for i in range(at["w"]) for j in range(at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells


@pytest.mark.parametrize("uid", BOARDS)
def test_grafanas_own_types_lose_nothing_of_it(uid: str) -> None:
    ours = board(uid)
    theirs = json.loads(json.dumps(Dashboard.from_json(ours), default=lambda model: model.to_json()))
    assert list(lost(ours, theirs, "")) == []


def lost(ours: Any, theirs: Any, where: str) -> Iterator[str]:
    """Paths of what stands in `ours` and not in `theirs`."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name, value in ours.items():
            yield from lost(value, theirs.get(name), f"{where}.{name}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from lost(one, other, f"{where}[{number}]")
    elif ours != theirs and not (ours in ({}, []) and theirs is None):
        yield f"{where}: {ours!r} became {theirs!r}"


@pytest.mark.parametrize("uid", BOARDS)
def test_its_store_and_its_appliances_are_chosen_by_variables(uid: str) -> None:
    made = board(uid)
    names = {variable["name"] for variable in made["templating"]["list"]}
    for _, target in targets(uid):
        used = set(re.findall(r"\$(?!tag_|__|timeFilter)(\w+)", json.dumps(target)))
        assert used <= names
        assert target["datasource"]["uid"] == "${datasource}"


def openmetrics() -> str:
    """The past as Prometheus would have scraped it."""
    lines, told = [], set()
    for reading in past():
        for family in metrics.readings([reading], lambda _: False):
            for sample in family.samples:
                labels = ",".join(f'{name}="{value}"' for name, value in sample.labels.items())
                series = f'{sample.name}{{instance="house",{labels}}}'
                lines.append(((family.name, family.type, series), sample.value, reading.at))
    for price in prices():
        series = f'tallywatt_price_per_joule{{instance="house",source="spot",channel="{price.channel}"}}'
        for at in (price.start, price.start + HOUR_MS // 2):
            lines.append((("tallywatt_price_per_joule", "gauge", series), price.per_kwh / 3.6e6, at))
    made = []
    for (name, kind, series), value, at in sorted(lines):
        if name not in told:
            told.add(name)
            made.append(f"# TYPE {name} {kind}")
        made.append(f"{series} {value!r} {at / 1000}")
    return "\n".join([*made, "# EOF", ""])


def filled(expression: str) -> str:
    """The query as Grafana asks it with everything chosen."""
    for name in ("instance", "source", "appliance"):
        expression = expression.replace(f"${name}", ".*")
    return expression


def rows(peer: Prometheus, target: dict[str, Any]) -> int:
    """How many series a panel of it would show."""
    expression = filled(target["expr"])
    if target["instant"]:
        return len(peer.query(expression, at_s=SPAN_S[1] - 1800))
    return len(peer.query_range(expression, *SPAN_S, step_s=3600))


@pytest.fixture(scope="module")
def prometheus(
    tmp_path_factory: pytest.TempPathFactory, need: Callable[[str, str], str]
) -> Iterator[Prometheus]:
    """One that has scraped the past."""
    program, promtool = need("prometheus", "prometheus"), need("promtool", "prometheus")
    folder, port = tmp_path_factory.mktemp("prometheus"), free_port()
    (folder / "past.txt").write_text(openmetrics())
    (folder / "prometheus.yml").write_text("{}")
    subprocess.run(
        [promtool, "tsdb", "create-blocks-from", "openmetrics", "past.txt", "data"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    command = [program, "--config.file=prometheus.yml", "--storage.tsdb.path=data", "--log.level=warn"]
    command += ["--storage.tsdb.retention.time=100y", f"--web.listen-address=127.0.0.1:{port}"]
    with running(command, folder, lambda: answers(f"http://127.0.0.1:{port}/-/ready")):
        yield Prometheus(f"http://127.0.0.1:{port}")


def test_a_real_prometheus_has_rows_for_every_query(prometheus: Prometheus) -> None:
    without = [title for title, target in targets("tallywatt-prometheus") if not rows(prometheus, target)]
    assert without == []


def test_what_it_shows_is_in_the_units_people_use(prometheus: Prometheus) -> None:
    asked = {target["legendFormat"].split(" {{")[0]: target for _, target in targets("tallywatt-prometheus")}
    assert value(prometheus, asked["State of charge"]) == pytest.approx(42)
    assert value(prometheus, asked["Import register"]) == pytest.approx(24, rel=0.05)
    assert value(prometheus, asked["{{source}}"]) == 1, "the grid is up"


def value(peer: Prometheus, target: dict[str, Any]) -> float:
    (row,) = peer.query(filled(target["expr"]), at_s=SPAN_S[1] - 1800)
    return float(row["value"][1])


def lines() -> bytes:
    """The past as the line_protocol sink writes it."""
    told = [*(line(reading, "hut") for reading in past()), *(price_line(price, "hut") for price in prices())]
    return "\n".join(told).encode()


def test_a_real_victoria_metrics_has_rows_for_every_query(
    tmp_path: Path, need: Callable[[str, str], str]
) -> None:
    program = need("victoria-metrics", "victoria-metrics")
    with victoria_metrics(program, tmp_path, ["-retentionPeriod=100y", "-search.latencyOffset=0s"]) as store:
        requests.post(f"{store.url}/write?precision=ms", data=lines(), timeout=30).raise_for_status()
        store.flush()
        peer = Prometheus(store.url)
        without = [title for title, one in targets("tallywatt-victoriametrics") if not rows(peer, one)]
        assert without == []
        asked = {t["legendFormat"].split(" {{")[0]: t for _, t in targets("tallywatt-victoriametrics")}
        assert value(peer, asked["Import register"]) == pytest.approx(24, rel=0.05)
        assert value(peer, asked["{{channel}}"]) == 0.31


def test_a_real_influxdb_has_rows_for_every_query(tmp_path: Path, need: Callable[[str, str], str]) -> None:
    with influxdb(need("influxd", "influxdb"), tmp_path) as store:
        store.create("tallywatt")
        where = f"{store.url}/write?db=tallywatt&precision=ms"
        requests.post(where, data=lines(), timeout=30).raise_for_status()
        without = [title for title, one in targets("tallywatt-influxdb") if not influx_rows(store, one)]
        assert without == []
        asked = {one["alias"].split(" $")[0]: one for _, one in targets("tallywatt-influxdb")}
        days = influx_rows(store, asked["Import register"])
        assert [kwh for _, kwh in days] == [24, 24], "from the end of each day to that of the next"
        for variable in board("tallywatt-influxdb")["templating"]["list"][1:]:
            assert store.run(variable["query"], "tallywatt"), variable["name"]


def influx_rows(store: InfluxDB, target: dict[str, Any]) -> list[list[float]]:
    """The points of a panel's query as Grafana asks it with everything chosen."""
    span = f"time >= {START}ms AND time < {END}ms"
    query = filled(target["query"]).replace("$timeFilter", span).replace("$__interval", "1h")
    return [row for series in store.run(query, "tallywatt") for row in series["values"]]
