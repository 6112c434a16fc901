"""How far one person is: what waits, whether sending fails, and until when nothing is to be tried."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field

from appliance.errors import AuthError, SourceError
from appliance.sinks._backoff import Backoff
from appliance.sinks._news_people import Person
from appliance.sinks._news_queue import Queue
from appliance.sinks.base import Delivery, Recipient


class NotTakenError(SourceError):
    """This message will never be taken, whenever it is sent; others may."""


@dataclass
class Box:
    """`not_before` and `passed_at` are monotonic seconds, `muted_until` (0: not) and `last_ok` UTC ms."""

    person: Person
    queue: Queue
    muted_until: int = 0
    backoff: Backoff = field(default_factory=Backoff)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    not_before: float = 0.0
    passed_at: float = 0.0
    last_ok: int | None = None
    problem: str = ""
    needs_you: bool = False

    @property
    def waiting(self) -> int:
        """How many news are not told yet."""
        return len(self.queue.waiting) + self.queue.left_out

    def muted(self, now: int) -> int | None:
        """Until when (UTC ms) only what is urgent is told; None if not muted."""
        return self.muted_until if self.muted_until > now else None

    def failed(self, error: SourceError, monotonic: float) -> None:
        """It could not be sent: try again when the service wishes, else after a while."""
        wished: float | None = getattr(error, "retry_after_s", None)
        self.problem, self.needs_you = str(error), isinstance(error, AuthError)
        if wished is None:
            wished = self.backoff.refused_s() if self.needs_you else self.backoff.failed_s(None)
        self.not_before = monotonic + wished

    def well(self, now: int) -> None:
        """It was sent."""
        self.problem, self.needs_you, self.backoff.failures = "", False, 0
        self.last_ok = now


def delivery(boxes: Collection[Box], sent: int, aside: int, error: tuple[str, int] | None) -> Delivery:
    """How far all are together; `error` is the last one and when (UTC ms)."""
    text, at = error or (None, None)
    return Delivery(
        pending=sum(box.waiting for box in boxes),
        oldest=min((stored.event.at for box in boxes for stored in box.queue.waiting), default=None),
        sent=sent,
        set_aside=aside,
        last_ok=max((box.last_ok for box in boxes if box.last_ok), default=None),
        last_error=text,
        last_error_at=at,
    )


def recipient(person: Person, box: Box | None, now: int) -> Recipient:
    """A person as the Messages page shows one; without a box it has not begun yet."""
    quiet = person.quiet
    return Recipient(
        person.name,
        person.kind,
        None if person.topics is None else tuple(person.topics),
        None if quiet is None else (f"{quiet.start:%H:%M}", f"{quiet.end:%H:%M}"),
        None if box is None else box.waiting,
        None if box is None else box.last_ok,
        "" if box is None else box.problem,
        None if box is None else box.muted(now),
    )
