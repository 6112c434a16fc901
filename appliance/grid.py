"""Which sources read the house's own grid meter: pure."""

from collections.abc import Mapping, Sequence

from appliance.clock import DAY_MS
from appliance.model import Quantity, Reading, parent

RANK = {
    "p1_serial": 0,
    "homewizard": 0,
    "camera_meter": 1,
    "elnet": 1,
    "meter_endpoint": 2,
    "remote": 2,
    "carma": 2,
    "carman": 2,
}
"""How exactly a type knows a register at the edge of a quarter; others, such as inverters, come last."""
REMOTE = "remote_"
"""What the names of readers that push to us begin with: they are not in the configuration."""
SAME_KWH, SAME_SHARE = 2.0, 0.002
"""Two readings of one register, taken some minutes apart, differ by no more."""
MOST_KWH_A_DAY = 100.0
"""What a house may have used between readings of one register that are hours or days apart."""
PORTALS = ("carma", "carman")
"""Types that know yesterday at best: they are silent only after days."""


def grid_meters(
    latest: Mapping[tuple[str, Quantity], Reading],
    types: Mapping[str, str],
    quantity: Quantity,
    chosen: Sequence[str] = (),
) -> list[str]:
    """The sources whose `quantity` is that of the house's grid meter, the best first.

    `chosen` by the owner are taken as they are. Else it is the best kind of source, and those beside it
    that read the same register or have been silent for a day: they fill what it missed. So does whoever came
    after one that was taken away or renamed. `types` are in the order of the configuration.
    """
    if chosen:
        return [name for name in chosen if (name, quantity) in latest]
    order = {name: place for place, name in enumerate(types)}
    known = sorted(
        (reading for (_, q), reading in latest.items() if q is quantity),
        key=lambda r: (
            RANK.get(types.get(parent(r.source), "remote"), 3),
            order.get(parent(r.source), len(order)),
            r.source,
        ),
    )
    if not known:
        return []
    best = known[0]
    gone = parent(best.source) not in types and not best.source.startswith(REMOTE)
    late = {r.source: 3 * DAY_MS if types.get(parent(r.source)) in PORTALS else DAY_MS for r in known}
    return [r.source for r in known if r is best or _may_fill(r, best, gone, late[r.source])]


def _may_fill(other: Reading, best: Reading, gone: bool, late_ms: int) -> bool:
    """Whether what `best` missed may be taken from the other; `gone`: the best is no longer set up; `late_ms`
    after the best the other counts as silent."""
    if other.at < best.at - late_ms or (gone and best.at < other.at - DAY_MS):
        return True
    used = MOST_KWH_A_DAY * abs(other.at - best.at) / DAY_MS
    return abs(other.value - best.value) <= max(SAME_KWH, SAME_SHARE * best.value) + used
