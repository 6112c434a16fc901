"""A real InfluxDB 1.6 (Debian package influxdb) with databases of a test's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.peers.process import free_port, listens, running

CONFIG = """
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
[http]
  bind-address = "127.0.0.1:{port}"
  auth-enabled = {auth}
  log-enabled = false
  max-body-size = {largest}
[monitor]
  store-enabled = false
[continuous_queries]
  enabled = false
"""
Point = tuple[tuple[tuple[str, str], ...], int, dict[str, float]]
"""Tags in order of their names, instant (UTC ms), fields."""


class InfluxDB:
    """Its HTTP API; with `auth` every question is asked by the user `admin`."""

    def __init__(self, url: str, admin: tuple[str, str] | None = None) -> None:
        self.url = url
        self._admin = admin

    def run(self, text: str, database: str = "") -> list[dict[str, Any]]:
        """The series an InfluxQL statement gives."""
        asked = {"q": text, "db": database, "epoch": "ms"}
        answer = requests.post(f"{self.url}/query", data=asked, auth=self._admin, timeout=30)
        result = answer.json()
        assert "error" not in result, result
        found = result["results"][0]
        assert "error" not in found, found
        series: list[dict[str, Any]] = found.get("series", [])
        return series

    def create(self, database: str, retention: str = "") -> None:
        """A database, with a retention such as "1h" if it is not to keep all."""
        held = f' WITH DURATION {retention} NAME "short"' if retention else ""
        self.run(f'CREATE DATABASE "{database}"{held}')

    def points(self, database: str, measurement: str = "tallywatt") -> list[Point]:
        """Every point of a measurement."""
        found: list[Point] = []
        for series in self.run(f'SELECT * FROM "{measurement}" GROUP BY *', database):
            tags = tuple(sorted((name, value) for name, value in series["tags"].items() if value))
            for row in series["values"]:
                named = dict(zip(series["columns"], row, strict=True))
                at = named.pop("time")
                fields = {name: value for name, value in named.items() if value is not None}
                found.append((tags, at, fields))
        return found


@contextmanager
def influxdb(
    program: str, folder: Path, *, auth: bool = False, largest: int = 25_000_000
) -> Iterator[InfluxDB]:
    """One on a free port; with `auth` its administrator is admin, password "of-admin"."""
    folder.mkdir(parents=True, exist_ok=True)
    port, rpc = free_port(), free_port()
    text = CONFIG.format(folder=folder, port=port, rpc=rpc, auth=str(auth).lower(), largest=largest)
    (folder / "influxdb.conf").write_text(text)
    with running([program, "-config", "influxdb.conf"], folder, lambda: listens(port)):
        url = f"http://127.0.0.1:{port}"
        if auth:
            InfluxDB(url).run("CREATE USER admin WITH PASSWORD 'of-admin' WITH ALL PRIVILEGES")
        yield InfluxDB(url, ("admin", "of-admin") if auth else None)
