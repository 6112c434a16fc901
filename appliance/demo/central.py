"""A central store that takes meter readings: POST /meter_reading, one object or a list of them.

It remembers everything it was sent, so a test can ask what arrived, in what order and how often. A reading
whose `id` is known is accepted and counted, but not stored a second time.
"""

import json
import math
import threading
from collections import Counter
from typing import Any

from appliance.demo.http_device import Answer, HttpDevice, Request, json_answer

REQUIRED = ("reading_kwh", "timestamp")


class Central(HttpDevice):
    """`readings` holds each reading once, in the order of arrival; `arrivals` counts by id every one sent.

    Of a list each reading is judged alone; `takes_lists` False makes it a classic store that knows none.
    `fault` (see HttpDevice) makes it slow, wrong or cut off; `stop` takes it away, `start` brings it back
    with its memory.
    """

    def __init__(self, *, port: int = 0) -> None:
        super().__init__(port)
        self.takes_lists = True
        self.readings: list[dict[str, Any]] = []
        self.arrivals: Counter[str] = Counter()
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Answer:
        if (request.method, request.path) != ("POST", "/meter_reading"):
            return json_answer({"status": "rejected", "reason": "only POST /meter_reading"}, 404)
        try:
            sent = json.loads(request.body)
        except ValueError:
            return json_answer({"status": "rejected", "reason": "The body is not JSON"}, 400)
        with self._lock:
            if isinstance(sent, list) and self.takes_lists:
                return json_answer({"status": "accepted", "readings": [self._take(one) for one in sent]})
            result = self._take(sent)
        return json_answer(result, 200 if result["status"] == "accepted" else 400)

    def _take(self, reading: Any) -> dict[str, Any]:
        wrong = _mistake(reading)
        if wrong:
            return {"status": "rejected", "reason": wrong}
        key = reading.get("id")
        if key is not None:
            self.arrivals[str(key)] += 1
        new = key is None or self.arrivals[str(key)] == 1
        if new:
            self.readings.append(reading)
        return {"status": "accepted", "id": key, "new": new}

    def sink_config(self) -> dict[str, Any]:
        """The entry of config.json's `sinks` that pushes to this store."""
        endpoint = f"{self.url}/meter_reading"
        return {"type": "push", "name": "central", "api_endpoint": endpoint, "interval_seconds": 60}


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
