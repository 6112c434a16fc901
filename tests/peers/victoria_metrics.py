"""A real VictoriaMetrics, single (Debian package victoria-metrics)."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.peers.process import free_port, listens, running

Sample = tuple[tuple[tuple[str, str], ...], int, float]
"""Labels in order of their names, instant (UTC ms), value."""


class VictoriaMetrics:
    """Its HTTP API."""

    def __init__(self, url: str) -> None:
        self.url = url

    def flush(self) -> None:
        """Show what was taken until now."""
        requests.get(f"{self.url}/internal/force_flush", timeout=30).raise_for_status()

    def samples(self, match: str, start: int = 0) -> list[Sample]:
        """Every sample of the series that match, from `start` (UTC ms)."""
        self.flush()
        asked = {"match[]": match, "start": f"{start / 1000:.3f}"}
        answer = requests.get(f"{self.url}/api/v1/export", params=asked, timeout=30)
        answer.raise_for_status()
        found: list[Sample] = []
        for text in answer.text.splitlines():
            series = json.loads(text)
            labels = tuple(sorted(series["metric"].items()))
            pairs = zip(series["timestamps"], series["values"], strict=True)
            found += [(labels, at, value) for at, value in pairs]
        return found

    def query(self, text: str, at: int) -> list[dict[str, Any]]:
        """The instant vector of an expression at an instant (UTC ms)."""
        self.flush()
        asked = {"query": text, "time": f"{at / 1000:.3f}", "nocache": "1"}
        said = requests.get(f"{self.url}/api/v1/query", params=asked, timeout=30).json()
        assert said["status"] == "success", said
        found: list[dict[str, Any]] = said["data"]["result"]
        return found


@contextmanager
def victoria_metrics(program: str, folder: Path, options: Sequence[str] = ()) -> Iterator[VictoriaMetrics]:
    """One on a free port that keeps one of two samples of the same millisecond, for ten years; later
    `options` win."""
    port = free_port()
    command = [program, "-storageDataPath=data", f"-httpListenAddr=127.0.0.1:{port}"]
    command += ["-dedup.minScrapeInterval=1ms", "-retentionPeriod=10y", "-memory.allowedBytes=200MB"]
    command += ["-loggerLevel=WARN", *options]
    with running(command, folder, lambda: listens(port)):
        yield VictoriaMetrics(f"http://127.0.0.1:{port}")
