"""A central store that takes meter readings: POST /meter_reading, one object or a list of them.

It remembers everything it was sent, so a test can ask what arrived, in what order and how often. A reading
whose `id` is known is accepted and counted, but not stored a second time.
"""

import json
import math
import threading
from collections import Counter
from typing import Any

from appliance.demo.house import HouseClock
from appliance.demo.http_device import Answer, HttpDevice, Request, json_answer

REQUIRED = ("reading_kwh", "timestamp")


class Central(HttpDevice):
    """`readings` holds each reading once, in the order of arrival; `arrivals` counts by id every one sent.

    `fault` (see HttpDevice) makes it slow, wrong or cut off; `stop` takes it away, `start` brings it back
    with its memory.
    """

    def __init__(self, clock: HouseClock, *, port: int = 0) -> None:
        super().__init__(port)
        self.clock = clock
        self.readings: list[dict[str, Any]] = []
        self.arrivals: Counter[str] = Counter()
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Answer:
        if (request.method, request.path) != ("POST", "/meter_reading"):
            return json_answer({"status": "rejected", "reason": "only POST /meter_reading"}, 404)
        try:
            sent = json.loads(request.body)
        except ValueError:
            return _rejected("The body is not JSON")
        batch = sent if isinstance(sent, list) else [sent]
        for number, reading in enumerate(batch, 1):
            wrong = _mistake(reading)
            if wrong:
                return _rejected(wrong if batch is not sent else f"Reading {number}: {wrong}")
        with self._lock:
            stored = [self._take(reading) for reading in batch]
        answers = [{"status": "accepted", "id": r.get("id"), "new": new} for r, new in stored]
        return json_answer({"status": "accepted", "readings": answers} if batch is sent else answers[0])

    def _take(self, reading: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        key = reading.get("id")
        if key is not None:
            self.arrivals[str(key)] += 1
            if self.arrivals[str(key)] > 1:
                return reading, False
        self.readings.append(reading)
        return reading, True

    def sink_config(self) -> dict[str, Any]:
        """The entry of config.json's `sinks` that pushes to this store."""
        endpoint = f"{self.url}/meter_reading"
        return {"type": "push", "name": "central", "api_endpoint": endpoint, "interval_seconds": 60}


def _rejected(reason: str) -> Answer:
    return json_answer({"status": "rejected", "reason": reason}, 400)


def _mistake(reading: Any) -> str | None:
    if not isinstance(reading, dict):
        return "A reading is a JSON object"
    for name in REQUIRED:
        if name not in reading:
            return f"Missing required field: {name}"
    value = reading["reading_kwh"]
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        return "reading_kwh must be a number, not below 0"
    return None
