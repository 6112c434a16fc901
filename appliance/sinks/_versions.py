"""Which of several values of one instant a reading is, for stores that cannot replace a point."""

from appliance.model import Quantity, Reading
from appliance.store import Store


class Versions:
    """Asks the store only for what is not newer than all before it: in order there is nothing to ask."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._newest: dict[tuple[str, Quantity], int] = {}

    async def of(self, reading: Reading) -> int:
        """1 for the first value of its instant, 2 for the second, ...; the same however often it is asked."""
        key = reading.source, reading.quantity
        newest = self._newest.get(key)
        self._newest[key] = reading.at if newest is None else max(newest, reading.at)
        if newest is not None and reading.at > newest:
            return 1
        _, values, _ = await self._store.raw(*key, reading.at, reading.at + 1)
        said: list[float] = []
        for value in values.tolist():
            if not said or said[-1] != value:
                said.append(value)
        return max((n for n, value in enumerate(said, 1) if value == reading.value), default=1)
