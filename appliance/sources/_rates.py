"""What a euro is worth: the European Central Bank's reference rates, asked for once a day.

https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates: published about
16:00 Central European Time on working days, free to use with the source named. A price is converted once,
with the last rate known when it came, and never again.
"""

import json
import logging
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from appliance import http
from appliance.errors import SourceError
from appliance.sources import _xml
from config.files import write_atomic

log = logging.getLogger(__name__)

ATTRIBUTION = "Exchange rates: European Central Bank, euro foreign exchange reference rates"
URL = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml"
FILE = "ecb_rates.json"
OLDEST_DAYS = 10
"""The bank keeps holidays of up to five days; older rates than this are no basis for a bill."""


@dataclass(frozen=True, slots=True)
class Rates:
    """What the bank said on `day` and when it was asked; `per_eur` by ISO 4217 code."""

    day: str
    asked: str
    per_eur: Mapping[str, float]


def parse(body: bytes, asked: date) -> Rates:
    """The rates in the bank's daily file. Raises SourceError."""
    root = _xml.parse(body, "The European Central Bank")
    try:
        day = next(cube.attrib["time"] for cube in root.iter("Cube") if "time" in cube.attrib)
        date.fromisoformat(day)
        cubes = [cube.attrib for cube in root.iter("Cube") if "currency" in cube.attrib]
        rates = {cube["currency"]: float(cube["rate"]) for cube in cubes}
    except (StopIteration, KeyError, ValueError):
        rates = {}
    if not rates or not all(math.isfinite(rate) and rate > 0 for rate in rates.values()):
        raise SourceError("The European Central Bank answers, but not with exchange rates; give `per_eur`")
    return Rates(day, asked.isoformat(), rates)


class Bank:
    """Asks the bank, at most once a day and appliance: the answer is kept in a file. All of it blocks."""

    def __init__(self, folder: Path, url: str = URL, timeout_s: float = 20) -> None:
        self._path = folder / FILE
        self._url = url
        self._timeout_s = timeout_s

    def rates(self, today: date) -> Rates:
        """The last rates known today. Raises SourceError where there are none, or only old ones."""
        kept = self._kept()
        if kept is not None and kept.asked == today.isoformat():
            return kept
        try:
            with http.session() as session:
                answer = http.request(session, "GET", self._url, timeout_s=self._timeout_s)
                fresh = parse(http.expect_ok(answer, self._url).body, today)
        except SourceError:
            if kept is None or abs((today - date.fromisoformat(kept.day)).days) > OLDEST_DAYS:
                raise
            return kept
        self._keep(fresh)
        return fresh

    def _kept(self) -> Rates | None:
        try:
            kept = Rates(**json.loads(self._path.read_text(encoding="utf-8")))
            date.fromisoformat(kept.day)
        except (OSError, ValueError, TypeError):
            return None
        return kept

    def _keep(self, rates: Rates) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(self._path, json.dumps(asdict(rates)).encode())
        except OSError as error:
            log.warning("The exchange rates cannot be kept: %s", error)
