"""A thread of its own for every blocking driver, with a deadline.

Eight hung calls in a shared pool delay a healthy driver by seconds; with a thread each, nobody waits for
a stranger. A call past its deadline is abandoned with its thread, counted, and a fresh thread takes over.
"""

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from appliance.errors import SourceError

T = TypeVar("T")
Job = tuple[Callable[[], Any], "asyncio.Future[Any]", asyncio.AbstractEventLoop]


class Worker:
    """Runs blocking calls of one driver, one at a time."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.abandoned = 0
        self._jobs: queue.SimpleQueue[Job | None] | None = None

    async def call(self, work: Callable[[], T], deadline_s: float) -> T:
        """The result of `work()`. Raises SourceError past `deadline_s` real seconds, or what it raises."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        self._thread().put((work, answer, loop))
        try:
            # Python 3.11's wait_for forgets a cancellation that comes together with the answer.
            async with asyncio.timeout(deadline_s):
                return await answer
        except TimeoutError:
            self._abandon()
            raise SourceError(
                f"{self.name} did not answer within {deadline_s:g} s; check its cable, power and address"
            ) from None
        except asyncio.CancelledError:
            self._abandon()
            raise

    def close(self) -> None:
        """Let the thread end after what it does now."""
        if self._jobs is not None:
            self._jobs.put(None)
            self._jobs = None

    def _abandon(self) -> None:
        self.abandoned += 1
        self.close()

    def _thread(self) -> "queue.SimpleQueue[Job | None]":
        if self._jobs is None:
            self._jobs = queue.SimpleQueue()
            threading.Thread(target=_serve, args=(self._jobs,), name=self.name, daemon=True).start()
        return self._jobs


def _serve(jobs: "queue.SimpleQueue[Job | None]") -> None:
    while (job := jobs.get()) is not None:
        work, answer, loop = job
        try:
            result, error = work(), None
        except Exception as caught:  # handed to the caller, who is the one to judge it
            result, error = None, caught
        try:
            loop.call_soon_threadsafe(_settle, answer, result, error)
        except RuntimeError:  # the loop is gone: nobody waits any more
            return


def _settle(answer: "asyncio.Future[Any]", result: Any, error: Exception | None) -> None:
    if answer.done():
        return
    if error is None:
        answer.set_result(result)
    else:
        answer.set_exception(error)
