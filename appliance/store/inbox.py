"""What was appended and is not committed yet; used on the event loop only."""

from appliance.model import Event, Price, Reading
from appliance.store.facts import Batch, Exchange, Stored

BATCH_READINGS = 5_000
"""As many prices, too: an owner's file may hold years of them."""
MOST_READINGS = 100_000
"""Held when nothing can be committed: about 14 MB, 14 hours of 20 quantities every 10 s."""
MOST_EVENTS = 2_000


class Inbox:
    """Batches in order; the one being committed is `busy` and takes nothing more."""

    def __init__(self, seq: int, event_id: int) -> None:
        self._seq = seq
        self._event_id = event_id
        self._batches: list[Batch] = []
        self._busy = False
        self.dropped = 0
        """Readings lost because nothing could be committed for too long."""

    def __bool__(self) -> bool:
        return bool(self._batches)

    def read(self, series: int, reading: Reading) -> None:
        self._open().readings.append((series, reading))
        self._seq += 1
        if len(self._batches) > MOST_READINGS // BATCH_READINGS:
            self._make_room()

    def happened(self, event: Event) -> None:
        self._event_id += 1
        events = self._open().events
        events.append(Stored(self._event_id, event))
        if len(events) > MOST_EVENTS:
            del events[0]

    def priced(self, price: Price) -> None:
        self._open().prices.append(price)

    def moved(self, name: str, seq: int) -> None:
        self._open().cursors[name] = seq

    def exchanged(self, exchange: Exchange) -> None:
        self._open().exchanges.append(exchange)

    def waiting(self) -> list[Batch]:
        """Copies that stay as they are, oldest first."""
        return [
            Batch(each.seq, each.readings[:], each.events[:], each.prices[:], exchanges=each.exchanges[:])
            for each in self._batches
        ]

    def take(self) -> Batch:
        """The oldest batch, to be committed; then call `committed` or `failed`."""
        self._busy = True
        return self._batches[0]

    def committed(self) -> None:
        self._busy = False
        del self._batches[0]

    def failed(self) -> None:
        self._busy = False

    def _open(self) -> Batch:
        last = self._batches[-1] if self._batches else None
        taken = self._busy and len(self._batches) == 1
        if last is None or taken or max(len(last.readings), len(last.prices)) >= BATCH_READINGS:
            last = Batch(self._seq + 1)
            self._batches.append(last)
        return last

    def _make_room(self) -> None:
        oldest = next((b for b in self._batches[self._busy :] if b.readings), None)
        if oldest is not None:
            self.dropped += len(oldest.readings)
            rest = self._batches[self._batches.index(oldest) + 1]
            rest.events[:0] = oldest.events
            rest.prices[:0] = oldest.prices
            rest.exchanges[:0] = oldest.exchanges
            rest.cursors = {**oldest.cursors, **rest.cursors}
            self._batches.remove(oldest)
