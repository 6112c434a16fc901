"""What the Connections page shows of each sink and of devices nearby. Pure."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from appliance.api.nearby import NearbyOut
from appliance.connections import Connection
from appliance.sinks.base import Delivery
from appliance.supervise import State

from .sentences import told
from .text import N_, UNKNOWN, Texts
from .words import STATES

LATE_MS = 6 * 3_600_000
"""What has waited longer than a usual interval and its retries is worth a colour."""


TROUBLE = (State.WAITING, State.NEEDS_YOU)


class Said(NamedTuple):
    """What came of trying a receiver."""

    ok: bool
    text: str


def sinks(
    texts: Texts, found: Sequence[Connection], now: int, said: Mapping[str, Said], busy: Collection[str]
) -> dict[str, Any]:
    """Every destination with what is known of it."""
    rows = [_sink(texts, one, now, said.get(one.name), one.name in busy) for one in found]
    none = texts._("Readings stay here: no destination is set up. Add one to `sinks` in config.json.")
    return {"title": texts._("Destinations"), "rows": rows, "none": none}


def _sink(texts: Texts, one: Connection, now: int, said: Said | None, busy: bool) -> dict[str, Any]:
    word, level = STATES[one.state]
    return {
        "key": one.name, "name": one.name, "kind": one.type, "word": texts._(word), "level": level,
        "texts": [told(texts, one.text)] if one.state in TROUBLE else [],
        "stats": [] if one.delivery is None else _stats(texts, one.delivery, now),
        "error": _error(texts, one, now),
        "button": texts._("Try it") if one.testable else "", "busy": busy,
        "said": said and {"text": told(texts, said.text), "level": "ok" if said.ok else "bad"},
    }  # fmt: skip


def _stats(texts: Texts, known: Delivery, now: int) -> list[dict[str, str]]:
    late = known.oldest is not None and now - known.oldest > LATE_MS
    good = UNKNOWN if known.last_ok is None else texts.ago(known.last_ok, now)
    oldest = UNKNOWN if known.oldest is None else texts.age((now - known.oldest) / 1000)
    stats = [
        _stat(texts._("Waiting"), texts.number(known.pending), "warn" if late else ""),
        _stat(texts._("Oldest"), oldest, "warn" if late else ""),
        _stat(texts._("Sent"), texts.number(known.sent)),
        _stat(texts._("Last success"), good),
    ]
    if known.set_aside:
        stats.append(_stat(texts._("Set aside"), texts.number(known.set_aside), "bad"))
    return stats


def _stat(name: str, value: str, level: str = "") -> dict[str, str]:
    return {"name": name, "value": value, "level": level}


def _error(texts: Texts, one: Connection, now: int) -> str:
    """The last error, unless it is what the state says anyway."""
    known = one.delivery
    if known is None or known.last_error is None or known.last_error_at is None:
        return ""
    if one.state is not State.OK and known.last_error in one.text:
        return ""
    said = texts._("Last error {time}: {text}")
    return said.format(time=texts.moment(known.last_error_at, now), text=told(texts, known.last_error))


STEPS = {
    True: N_("It is read already."),
    False: N_("Add this to `sources` in config.json:"),
}


def nearby(texts: Texts, found: Sequence[NearbyOut] | None, problem: str = "") -> dict[str, Any]:
    """Devices on the network, and what to write to have each read; None while they are listened for."""
    rows = []
    for device in found or ():
        where = next(iter(device.addresses.values()), "?")
        word, level = (N_("Read"), "ok") if device.configured else (N_("Found"), "none")
        rows.append(
            {
                "key": device.serial, "name": device.product_name or device.product_type, "level": level,
                "word": texts._(word), "kind": f"HomeWizard · {where}",
                "texts": [texts._(STEPS[device.configured])],
                "code": "" if device.configured else json.dumps(device.source, indent=2), "side": [],
            }
        )  # fmt: skip
    none = texts._("No device has told the network of itself.")
    if found is None:
        none = problem or texts._("Listening for devices…")
    return {"title": texts._("Devices on the network"), "rows": rows, "none": none}
