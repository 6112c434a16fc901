"""Carries news from the store to people, each from cursors of their own; shared by all sinks that do.

Whoever cannot be reached holds up nobody else. A cursor moves, durably, when the receiver has confirmed and
not before: nothing is lost while the network is away or the appliance is off. No service that people use
knows what it was sent before, so what was taken while its answer got lost on the way back (a connection cut
in that moment, or the appliance killed between the answer and the commit, milliseconds) is sent once more:
an alarm told twice does less harm than one never told. An ordinary stop waits for the answer.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from appliance.clock import MINUTE_MS
from appliance.errors import AuthError, SourceError, StoreError
from appliance.model import Event
from appliance.news import topic_of
from appliance.sinks._news_box import Box, NotTakenError, delivery, recipient
from appliance.sinks._news_people import Person, Place
from appliance.sinks._news_queue import Lane, Parcel, Queue
from appliance.sinks._news_text import Message, example, told
from appliance.sinks.base import Delivery, Recipient, SinkContext

log = logging.getLogger(__name__)

PAGE = 500
LOOK_S = 600.0
"""Without news it looks at the store so seldom, and moves cursors past what nobody wants to know."""
LAST_WORD_S = 10.0
"""A stop waits so long (by the system's clock) for the answer to what is on its way."""
MUTES = "muted"
REFUSED = "message_refused"
NEEDS_YOU = "needs_you"

Carry = Callable[[Person, Message], Awaitable[None]]


class News:
    """`carry` takes a message to a person: it raises NotTakenError, AuthError where a person has to act,
    or SourceError, whose `retry_after_s` is heeded. `fits` says whether a message is short enough."""

    def __init__(
        self,
        name: str,
        context: SinkContext,
        people: Sequence[Person],
        carry: Carry,
        fits: Callable[[Message], bool] = lambda message: True,
    ) -> None:
        self.delivery = Delivery(pending=0)
        self.people = tuple(people)
        self.boxes: dict[str, Box] = {}
        self.trouble: SourceError | None = None
        """What else of the sink does not work; call `report` after a change."""
        self._name = name
        self._context = context
        self._carry = carry
        self._fits = fits
        self._sent = 0
        self._aside = 0
        self._opened = context.clock.now()
        self._last_error: tuple[str, int] | None = None

    async def run(self) -> None:
        """For ever, once it is open."""
        with self._context.hub.subscribe() as news:
            async with asyncio.TaskGroup() as group:
                for box in self.boxes.values():
                    group.create_task(self._serve(box))
                async for batch in news:
                    if any(isinstance(fact, Event) and topic_of(fact) for fact in batch):
                        with suppress(StoreError):  # then it is found at the next look
                            await self._context.store.flush()
                        self.stir()

    async def open(self) -> None:
        """Find where each person is; news begins for a new one with what comes next. Raises StoreError."""
        store = self._context.store
        newest = await store.events(limit=1)
        start = newest[0].id if newest else 0
        for person in self.people:
            known = {lane: await store.cursor(self._cursor(person, lane)) for lane in Lane}
            cursors = {lane: start if at is None else at for lane, at in known.items()}
            muted = await asyncio.to_thread(store.documents.get, MUTES, self._cursor(person, Lane.REST))
            box = Box(person, Queue(person, cursors), 0 if muted is None else int(muted["until"]))
            self.boxes[person.key] = box
            if None in known.values():
                await self._move(box, tuple(Lane))
        self.report()

    def stir(self) -> None:
        """There may be something new."""
        for box in self.boxes.values():
            box.wake.set()

    def reachable(self, key: str) -> None:
        """A person was heard of: whatever waits need not wait any longer."""
        box = self.boxes.get(key)
        if box is not None and box.problem:
            box.not_before = 0.0
            box.wake.set()

    async def mute(self, key: str, until: int | None) -> None:
        """Tell a person only what is urgent until an instant (UTC ms); None ends it. Raises StoreError."""
        box = self.boxes[key]
        box.muted_until = until or 0
        name = self._cursor(box.person, Lane.REST)
        documents = self._context.store.documents
        await asyncio.to_thread(documents.put, MUTES, name, {"until": box.muted_until})
        box.wake.set()

    def muted_until(self, key: str) -> int | None:
        """Until when (UTC ms) a person is told only what is urgent; None if not muted."""
        return self.boxes[key].muted(self._context.clock.now())

    def recipients(self) -> list[Recipient]:
        """Everybody, for the Messages page."""
        now = self._context.clock.now()
        return [recipient(person, self.boxes.get(person.key), now) for person in self.people]

    async def send_example(self, event: Event) -> str:
        """Send the event to everybody who wants its topic, at once and marked as a test; how each fared.
        Raises SourceError where nobody got it."""
        topics = (topic,) if (topic := topic_of(event)) else ()
        wanting = [person for person in self.people if person.wants(event, topics)]
        if self.people and not wanting:
            raise SourceError("Nobody wants messages of this topic")
        return await self.send(wanting, example(event, self._context.clock.now(), self.place(), self._fits))

    async def send(self, people: Sequence[Person], message: Message) -> str:
        """Send a message to people at once; how each fared. Raises SourceError where nobody got it."""
        if not people:
            raise SourceError("There is nobody to write to: name someone in config.json")
        results = await asyncio.gather(
            *(self._carry(person, message) for person in people), return_exceptions=True
        )
        names, failures = [], []
        for person, result in zip(people, results, strict=True):
            if result is None:
                names.append(person.name)
                self.reachable(person.key)
            elif isinstance(result, SourceError):
                failures.append((person, result))
            else:
                raise result
        lines = [f"{person.name}: {error}" for person, error in failures]
        if not names:
            kind = AuthError if all(isinstance(error, AuthError) for _, error in failures) else SourceError
            raise kind("\n".join(lines))
        return "\n".join([f"Sent to {', '.join(names)}", *lines])

    def place(self) -> Place:
        """What texts need to know of the house now."""
        context = self._context
        return Place(context.site, context.zone, {info.name for info in context.sources()}, context.say)

    # One person

    async def _serve(self, box: Box) -> None:
        while True:
            box.wake.clear()
            try:
                pause = await self.round(box)
            except StoreError:
                pause = 60.0  # the store's own part says what is wrong
            await self._wait(box, pause)

    async def _wait(self, box: Box, pause: float) -> None:
        """Until the pause is over or there is something new."""
        tasks = {
            asyncio.ensure_future(self._context.clock.sleep(pause)),
            asyncio.ensure_future(box.wake.wait()),
        }
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()

    async def round(self, box: Box) -> float:
        """Look, and tell what is due; the seconds until it is worth looking again. Raises StoreError."""
        await self._look(box)
        self._count()
        context = self._context
        left = box.not_before - context.clock.monotonic()
        if left > 0:
            return left
        now, quiet, on = context.clock.now(), self._quiet(box), context.topics()
        parcel = box.queue.parcel(now, quiet, on)
        if parcel is not None:
            await self._deliver(box, parcel, told(parcel, now, self.place(), self._fits))
            return max(0.0, box.not_before - context.clock.monotonic())
        await self._pass_over(box)
        due = box.queue.due_in(now, quiet)
        if due is not None:
            return due / 1000
        # Quiet hours are what the wall clock shows: asked again at every full minute.
        return (MINUTE_MS - now % MINUTE_MS) / 1000 if box.queue.waiting else LOOK_S

    async def _look(self, box: Box) -> None:
        while True:
            found = await self._context.store.events_after(box.queue.read, PAGE)
            box.queue.add(found, self._context.topics(), lambda event: self._over(box, event))
            if len(found) < PAGE:
                return

    def _over(self, box: Box, event: Event) -> bool:
        """Whether it says that we could not write: nothing to tell by then to whom we could not."""
        ours = event.name == NEEDS_YOU and event.source == self._name
        return ours and (bool(box.problem) or event.at < self._opened)

    def _quiet(self, box: Box) -> bool:
        now, quiet = self._context.clock.now(), box.person.quiet
        return box.muted(now) is not None or (quiet is not None and quiet.holds(now, self._context.zone))

    async def _deliver(self, box: Box, parcel: Parcel, message: Message) -> None:
        work = asyncio.create_task(self._try(box, parcel, message))
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            # What is on its way may arrive: without its answer it would be sent again after the start.
            await asyncio.wait({work}, timeout=LAST_WORD_S)
            work.cancel()
            raise

    async def _try(self, box: Box, parcel: Parcel, message: Message) -> None:
        try:
            await self._carry(box.person, message)
        except NotTakenError as error:
            self._set_aside(box, message, error)
            await self._done(box, parcel)
        except SourceError as error:
            self._failed(box, error)
        except Exception as error:  # a driver's fault must not keep others from their news
            log.exception("%s: %s could not be written to", self._name, box.person.name)
            self._failed(box, SourceError(f"Unexpected fault: {type(error).__name__}; the log says more"))
        else:
            box.well(self._context.clock.now())
            self._sent += 1
            await self._done(box, parcel)
        self._count()
        self.report()

    async def _done(self, box: Box, parcel: Parcel) -> None:
        box.queue.told(parcel, self._context.clock.now())
        await self._move(box, parcel.lanes)

    def _failed(self, box: Box, error: SourceError) -> None:
        box.failed(error, self._context.clock.monotonic())
        box.queue.held = False  # now it waits because it cannot be sent
        self._last_error = str(error), self._context.clock.now()

    def _set_aside(self, box: Box, message: Message, error: SourceError) -> None:
        self._aside += 1
        now = self._context.clock.now()
        self._last_error = str(error), now
        text = f"A message to {box.person.name} was refused and is not sent again: {error}"
        data = {"recipient": box.person.name, "title": message.title}
        self._context.report.event(Event(self._name, REFUSED, now, text, data))

    # Cursors

    def _cursor(self, person: Person, lane: Lane) -> str:
        name = f"{self._name}/{person.key}"
        return name if lane is Lane.REST else f"{name}/{lane}"

    async def _move(self, box: Box, lanes: Sequence[Lane]) -> None:
        """Begun together, so both are in one commit."""
        move, cursors = self._context.store.move_cursor, box.queue.cursors
        await asyncio.gather(*(move(self._cursor(box.person, lane), cursors[lane]) for lane in lanes))

    async def _pass_over(self, box: Box) -> None:
        """Past what nobody wants to know: seldom, each move is a write to the card."""
        now = self._context.clock.monotonic()
        lanes = box.queue.behind()
        if not lanes or now - box.passed_at < LOOK_S:
            return
        box.passed_at = now
        for lane in lanes:
            box.queue.cursors[lane] = box.queue.read
        await self._move(box, lanes)

    # How it goes

    def _count(self) -> None:
        self.delivery = delivery(self.boxes.values(), self._sent, self._aside, self._last_error)

    def report(self) -> None:
        """Tell Health how all of it is."""
        failing = [box for box in self.boxes.values() if box.problem]
        if failing:
            needs_you = [box for box in failing if box.needs_you]
            box = (needs_you or failing)[0]
            text = f"{box.person.name}: {box.problem}. Messages that wait: {box.waiting}"
            self._context.report.trouble(text, needs_you=bool(needs_you))
        elif self.trouble is not None:
            self._context.report.trouble(str(self.trouble), needs_you=isinstance(self.trouble, AuthError))
        elif not self.people:
            self._context.report.ok("Nobody is written to yet")
        else:
            self._context.report.ok(f"Writes to {', '.join(person.name for person in self.people)}")
