"""What is remembered of a Powerwall between starts: which unit and inverter is which, and which alerts
were on."""

import json
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from appliance.sources._powerwall_alerts import Alerts
from config.files import write_atomic

log = logging.getLogger(__name__)


class Memory:
    """One small file, written when something changed. A file that is lost costs a few events said twice."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "powerwall.json"
        self.units: dict[str, int] = {}
        self.inverters: dict[str, int] = {}
        self.alerts: Alerts | None = None
        self._written = ""
        self._load()

    def _load(self) -> None:
        try:
            text = self.path.read_text(encoding="utf-8")
            said = json.loads(text)
            self.units = _numbered(said["units"])
            self.inverters = _numbered(said.get("inverters", ()))
            if told := said["alerts"]:
                on = frozenset((str(device), str(alert)) for device, alert in told["on"])
                self.alerts = Alerts(str(told["kind"]), on)
            self._written = text
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("%s cannot be read (%r): units are numbered anew", self.path, error)

    def number(self, names: list[str]) -> dict[str, int]:
        """The numbers of the units; one seen for the first time gets the next."""
        for name in names:
            self.units.setdefault(name, len(self.units) + 1)
        return self.units

    def number_inverters(self, names: list[str]) -> dict[str, int]:
        """The same of the solar inverters."""
        for name in names:
            self.inverters.setdefault(name, len(self.inverters) + 1)
        return self.inverters

    def keep(self) -> None:
        """Write what changed, if anything did."""
        alerts = self.alerts and {"kind": self.alerts.kind, "on": sorted(self.alerts.on)}
        text = json.dumps({"units": list(self.units), "inverters": list(self.inverters), "alerts": alerts})
        if text == self._written:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(self.path, text.encode(), mode=0o600)
        except OSError as error:
            log.warning("%s cannot be written: %s", self.path, error.strerror)
        self._written = text


def _numbered(names: Iterable[Any]) -> dict[str, int]:
    return {str(name): number for number, name in enumerate(names, 1)}
