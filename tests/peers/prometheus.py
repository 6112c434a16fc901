"""A real Prometheus (Debian package) that scrapes what a test serves."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.peers.process import answers, free_port, running

CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: tallywatt
    static_configs: [{{targets: ["{target}"]}}]
"""


class Prometheus:
    """Its HTTP API."""

    def __init__(self, url: str) -> None:
        self.url = url

    def query(self, text: str, at_s: float | None = None) -> list[dict[str, Any]]:
        """The instant vector of a PromQL expression, now or at an instant."""
        return self._ask("query", {"query": text, **({"time": at_s} if at_s else {})})

    def query_range(self, text: str, start_s: float, end_s: float, step_s: float) -> list[dict[str, Any]]:
        """The series of a PromQL expression over a span."""
        return self._ask("query_range", {"query": text, "start": start_s, "end": end_s, "step": step_s})

    def _ask(self, route: str, params: dict[str, Any]) -> list[dict[str, Any]]:
        said = requests.get(f"{self.url}/api/v1/{route}", params=params, timeout=30).json()
        assert said["status"] == "success", said
        found: list[dict[str, Any]] = said["data"]["result"]
        return found

    def wait_for(self, text: str, within_s: float = 30) -> list[dict[str, Any]]:
        """As `query`, once there is something."""
        until = time.monotonic() + within_s
        while not (found := self.query(text)):
            assert time.monotonic() < until, f"{text} never gave anything"
            time.sleep(0.2)
        return found


@contextmanager
def prometheus(program: str, folder: Path, target: str) -> Iterator[Prometheus]:
    """One that scrapes `target` ("host:port") every second."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "prometheus.yml").write_text(CONFIG.format(target=target))
    port = free_port()
    command = [program, "--config.file=prometheus.yml", "--storage.tsdb.path=data"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"]
    with running(command, folder, lambda: answers(f"http://127.0.0.1:{port}/-/ready")):
        yield Prometheus(f"http://127.0.0.1:{port}")
