"""The alerts of a Powerwall: which are on, and what changed since they were last looked at. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from appliance.model import Event
from appliance.sources._powerwall_data import GRID_STATES, Answers, block

GRID_WORDS = {*GRID_STATES, "SystemConnectedToGrid"}
"""Not alerts: how the grid is, which pypowerwall puts among them."""
PATIENCE = 10
"""Looks until another kind of answer is believed: after it is lost once, the same kind mostly comes back."""

Alert = tuple[str, str]
"""Device ("" where it is not told) and name."""


@dataclass(frozen=True, slots=True)
class Alerts:
    """What is `on`, and of which `kind` the answer was: vitals tell `devices`, the others do not."""

    kind: str
    on: frozenset[Alert]
    devices: frozenset[str] | None = field(default=None, compare=False)


def alerts(answers: Answers) -> Alerts | None:
    """What is on; None where no answer tells."""
    vitals = block(answers.get("vitals"))
    if vitals:
        found = _alerts("vitals", ((name, block(said).get("alerts")) for name, said in vitals.items()))
        return replace(found, devices=frozenset(vitals))
    inverter = block(answers.get("solar_powerwall"))
    if inverter:
        parts = {"PVAC": block(inverter.get("pvac_alerts")), "PVS": block(inverter.get("pvs_alerts"))}
        return _alerts(
            "inverter", ((name, [a for a, on in said.items() if on is True]) for name, said in parts.items())
        )
    if isinstance(listed := answers.get("alerts"), list):
        return _alerts("list", [("", listed)])
    return None


def _alerts(kind: str, told: Iterable[tuple[str, Any]]) -> Alerts:
    return Alerts(
        kind,
        frozenset(
            (device, alert)
            for device, names in told
            if isinstance(names, list)
            for alert in names
            if isinstance(alert, str) and alert and alert not in GRID_WORDS
        ),
    )


class Watch:
    """Holds what was on, from start to start; `seen` tells the differences."""

    def __init__(self, known: Alerts | None) -> None:
        self.known = known
        self._other = 0
        self._unheard = 0

    def seen(self, now: Alerts | None, source: str, at: int) -> list[Event]:
        """The events of alerts that came and went. An answer that failed, or tells less, changes nothing."""
        if now is None:
            return []
        known = self.known or Alerts(now.kind, frozenset())
        if now.kind != known.kind:
            self._other += 1
            if self._other < PATIENCE:
                return []
        self._other = 0
        now = self._with_the_unheard(now, known)
        self.known = now
        came, went = sorted(now.on - known.on), sorted(known.on - now.on)
        return [
            *(_event(source, "alert_on", at, alert) for alert in came),
            *(_event(source, "alert_off", at, alert) for alert in went),
        ]

    def _with_the_unheard(self, now: Alerts, known: Alerts) -> Alerts:
        """A device that is left out tells nothing of its alerts: a Powerwall that did not answer in time."""
        devices = now.devices
        unheard = {alert for alert in known.on if devices is not None and alert[0] not in devices}
        self._unheard = self._unheard + 1 if unheard else 0
        return replace(now, on=now.on | unheard) if self._unheard < PATIENCE else now


def _event(source: str, name: str, at: int, alert: Alert) -> Event:
    device, what = alert
    where = f" ({device.partition('--')[0]})" if device else ""
    text = f"The Powerwall reports {what}{where}"
    if name == "alert_off":
        text = f"The Powerwall no longer reports {what}{where}"
    return Event(source, name, at, text, {"alert": what, "device": device})
