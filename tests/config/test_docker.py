"""config/docker: as much as can be held true without a container engine."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from appliance.cli.common import kinds
from config.load import ConfigFile
from tests.peers.process import free_port, listens, running

DOCKER = Path(__file__).resolve().parents[2] / "config" / "docker"
COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def test_every_mounted_file_is_there_and_every_volume_declared() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            if source.startswith("."):
                assert (DOCKER / source).exists(), source
            else:
                assert source in COMPOSE["volumes"], source
        assert set(service.get("depends_on", ())) <= set(SERVICES)
    build = SERVICES["tallywatt"]["build"]
    assert (DOCKER / build["context"] / build["dockerfile"]).is_file()


def test_images_are_pinned_and_no_password_is_chosen_for_the_owner() -> None:
    for name, service in SERVICES.items():
        assert "build" in service or re.fullmatch(r"[\w/-]+:[\d.]+", service["image"]), name
    text = (DOCKER / "compose.yaml").read_text()
    asked = set(re.findall(r"\$\{(\w+)", text))
    offered = dict(
        line.split("=", 1) for line in (DOCKER / ".env.example").read_text().splitlines() if "=" in line
    )
    assert asked == set(offered)
    for name in asked - {"TZ"}:
        assert offered[name] == ""
        assert f"${{{name}:?" in text, f"{name} must be asked for"


def test_the_appliance_understands_its_file_with_the_secrets_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in SERVICES["tallywatt"]["environment"]:
        if name.startswith("TALLYWATT_"):
            monkeypatch.setenv(name, "Europe/Stockholm" if name.endswith("TIME_ZONE") else "a-secret")
    path = tmp_path / "config.json"
    path.write_text((DOCKER / "tallywatt.json").read_text())
    loaded = ConfigFile(path, kinds(), tmp_path).load()
    assert loaded.problems == ()
    store, broker = loaded.config.sinks
    assert store.token.get_secret_value() == broker.password.get_secret_value() == "a-secret"
    assert (store.url.host, store.url.port) == ("influxdb", 8086)
    made = SERVICES["influxdb"]["environment"]
    assert (store.bucket, store.org) == (
        made["DOCKER_INFLUXDB_INIT_BUCKET"],
        made["DOCKER_INFLUXDB_INIT_ORG"],
    )


def test_grafana_finds_its_store_and_its_dashboards() -> None:
    (source,) = yaml.safe_load((DOCKER / "grafana/datasources/influxdb.yaml").read_text())["datasources"]
    assert source["url"].removeprefix("http://").partition(":")[0] in SERVICES
    assert source["jsonData"]["dbName"] == SERVICES["influxdb"]["environment"]["DOCKER_INFLUXDB_INIT_BUCKET"]
    (provider,) = yaml.safe_load((DOCKER / "grafana/dashboards/tallywatt.yaml").read_text())["providers"]
    mounts = dict(volume.split(":")[:2] for volume in SERVICES["grafana"]["volumes"])
    folder = Path(provider["options"]["path"])
    boards = [json.loads((DOCKER / s).read_text()) for s, to in mounts.items() if Path(to).parent == folder]
    assert [board["title"] for board in boards] == ["Tallywatt (InfluxDB)"], "the one whose store is there"


def test_the_broker_takes_its_file_and_asks_for_the_password(
    tmp_path: Path, need: Callable[[str, str], str]
) -> None:
    broker, maker = need("mosquitto", "mosquitto"), need("mosquitto_passwd", "mosquitto")
    publish = need("mosquitto_pub", "mosquitto-clients")
    port, passwords = free_port(), tmp_path / "passwords"
    subprocess.run([maker, "-c", "-b", passwords, "tallywatt", "secret"], check=True)
    conf = (DOCKER / "mosquitto/mosquitto.conf").read_text()
    conf = conf.replace("/tmp/passwords", str(passwords)).replace("/mosquitto/data/", f"{tmp_path}/")
    (tmp_path / "mosquitto.conf").write_text(conf.replace("listener 1883", f"listener {port} 127.0.0.1"))
    if os.geteuid() == 0:
        # Started by root it becomes the user mosquitto, whose the container's files are.
        with (tmp_path / "mosquitto.conf").open("a") as more:
            more.write("user root\n")
    with running([broker, "-c", "mosquitto.conf"], tmp_path, lambda: listens(port)):
        said = [publish, "-h", "127.0.0.1", "-p", str(port), "-t", "a", "-m", "b"]
        assert subprocess.run([*said, "-u", "tallywatt", "-P", "secret"]).returncode == 0
        assert subprocess.run(said, capture_output=True).returncode != 0
