"""Years of prices at once: from an owner's file."""

from store_facts import T0

from appliance.calendar import QUARTER_MS
from appliance.model import Price
from appliance.store import Store
from appliance.store.inbox import BATCH_READINGS
from appliance.store.writer import FOLD_ROWS

MANY = FOLD_ROWS + BATCH_READINGS


async def test_years_of_prices_are_committed_in_parts_and_leave_the_journal(store: Store) -> None:
    prices = [
        Price("own", "import", T0 + n * QUARTER_MS, T0 + (n + 1) * QUARTER_MS, (n * 7919 % 5000) / 1000)
        for n in range(MANY)
    ]
    store.append(prices)
    assert max(len(batch.prices) for batch in store._waiting()) == BATCH_READINGS
    assert await store.prices("import", T0 + 5 * QUARTER_MS, T0 + 7 * QUARTER_MS) == prices[5:7]
    await store.flush()
    assert store._log.tail == ()  # what fills the journal is moved to the database at once
    assert await store.prices("import", T0, T0 + MANY * QUARTER_MS) == prices
