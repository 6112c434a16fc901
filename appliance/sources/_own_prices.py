"""Prices that the owner gives, not a service: what is new or was changed is told, by quarter hours."""

from collections.abc import AsyncIterator, Sequence

from appliance.model import Price
from appliance.sources import _slots
from appliance.sources.base import Context, SourceOptions

AT_ONCE = 960


class OwnOptions(SourceOptions):
    """Options of prices that the owner gives."""

    channel: _slots.Channel = "import"
    """import: what a kWh from the grid costs; export: what one to the grid brings; wholesale: market."""


async def changed(prices: Sequence[Price], context: Context) -> AsyncIterator[list[Price]]:
    """Those of `prices` (in order of time, of one source and channel) that are not kept as they are, ten days
    a second: years of them at once would be more than the store commits in one go."""
    for n in range(0, len(prices), AT_ONCE):
        if n:
            await context.clock.sleep(1)
        some = prices[n : n + AT_ONCE]
        kept = set(await context.prices(some[0].channel, some[0].start, some[-1].end))
        if news := [price for price in some if price not in kept]:
            yield news
