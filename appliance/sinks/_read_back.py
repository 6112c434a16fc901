"""What a store of line protocol holds of an appliance, counted: a yes to a write is no proof of storage.

VictoriaMetrics answers 204 to lines it drops (too old, unparseable). So the instants of each series are
counted there and here. The questions count whole days in one small answer. Pure, but for `kept`.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

import numpy as np

from appliance.errors import SourceError
from appliance.model import Quantity
from appliance.sinks._aside import Known
from appliance.sinks._receivers import Place
from appliance.store import Store

Series = tuple[str, Quantity]


class Gap(NamedTuple):
    """A series of which another number of readings is there than was kept in `[start, end)`, UTC ms."""

    source: str
    quantity: Quantity
    start: int
    end: int
    kept: int
    there: int


def question(place: Place, measurement: str, appliance_id: str, start: int, end: int) -> str:
    """The address that answers how many readings of each series there are in `[start, end)`, UTC ms."""
    if place.flavour.reads == "influxql":
        name, who = measurement.replace('"', r"\""), appliance_id.replace("'", r"\'")
        asked = (
            f'SELECT count("value") FROM "{name}" WHERE "appliance" = \'{who}\''  # noqa: S608 - quoted above
            f' AND time >= {start}ms AND time < {end}ms GROUP BY "source", "unit", "quantity"'
        )
        return f"{place.read}?{urlencode({'db': place.database, 'epoch': 'ms', 'q': asked})}"
    who = appliance_id.replace('"', r"\"")
    name = f"{measurement}_value".replace('"', r"\"")
    series = f'{{__name__="{name}",appliance="{who}",version=""}}'
    # A window of PromQL has its end and not its start: both are moved by a millisecond.
    asked = f"sum by (source, unit, quantity) (count_over_time({series}[{end - start}ms]))"
    return f"{place.read}?{urlencode({'query': asked, 'time': f'{(end - 1) / 1000:.3f}', 'nocache': 1})}"


def counted(place: Place, said: dict[str, Any]) -> Counter[Series]:
    """The counts in an answer to `question`. Raises SourceError."""
    try:
        pairs = _influxql(said) if place.flavour.reads == "influxql" else _promql(said)
        counts = Counter[Series]()
        for tags, count in pairs:
            source, unit, quantity = tags["source"], tags.get("unit"), tags["quantity"]
            if quantity in set(Quantity):  # another release may have sent what this one does not know
                counts[f"{source}.{unit}" if unit else source, Quantity(quantity)] += count
    except (KeyError, TypeError, ValueError, IndexError):
        raise SourceError(f"The store cannot say what it holds: {str(said)[:200]}") from None
    return counts


def _influxql(said: dict[str, Any]) -> list[tuple[dict[str, str], int]]:
    result = said["results"][0]
    if "error" in result:
        raise ValueError(result["error"])
    return [(series["tags"], int(series["values"][0][1])) for series in result.get("series", ())]


def _promql(said: dict[str, Any]) -> list[tuple[dict[str, str], int]]:
    return [(each["metric"], int(float(each["value"][1]))) for each in said["data"]["result"]]


async def kept(
    store: Store,
    series: Collection[Series],
    start: int,
    end: int,
    aside: Known,
) -> Counter[Series]:
    """How many instants of each series are kept in `[start, end)` that the store should hold; `aside` are
    those it refused."""
    counts = Counter[Series]()
    for source, quantity in series:
        at, _, _ = await store.raw(source, quantity, start, end)
        missing = aside.within(source, quantity, start, end)
        counts[source, quantity] = max(0, len(np.unique(at)) - missing)
    return counts


def compared(kept: Counter[Series], there: Counter[Series], start: int, end: int) -> list[Gap]:
    """The series of which the counts differ."""
    return [
        Gap(source, quantity, start, end, kept[source, quantity], there[source, quantity])
        for source, quantity in sorted(kept)
        if kept[source, quantity] != there[source, quantity]
    ]


def told(gaps: Sequence[Gap], drops: str) -> str:
    """The gaps as a sentence that says what to do."""
    fewer = sum(gap.kept - gap.there for gap in gaps if gap.there < gap.kept)
    more = sum(gap.there - gap.kept for gap in gaps if gap.there > gap.kept)
    parts = []
    if fewer:
        parts.append(f"{fewer} readings are missing in the store although it said yes to them; {drops}")
    if more:
        parts.append(
            f"{more} readings are there more than once, or are not ours: VictoriaMetrics needs"
            " -dedup.minScrapeInterval=1ms, and no two appliances may have the same name"
        )
    return ". ".join(parts)
