"""Blocking drivers have a thread each and a deadline."""

import asyncio
import threading
import time

import pytest

from appliance.errors import SourceError
from appliance.worker import Worker


async def test_the_answer_comes_from_another_thread() -> None:
    worker = Worker("meter")
    assert await worker.call(threading.current_thread, 5) is not threading.main_thread()
    worker.close()


async def test_what_it_raises_reaches_the_caller() -> None:
    worker = Worker("meter")
    with pytest.raises(ZeroDivisionError):
        await worker.call(lambda: 1 // 0, 5)
    assert await worker.call(lambda: 2, 5) == 2


async def test_past_the_deadline_the_thread_is_given_up_and_a_fresh_one_works_on() -> None:
    worker, stop = Worker("meter"), threading.Event()
    with pytest.raises(SourceError, match="meter did not answer within"):
        await worker.call(stop.wait, 0.05)
    assert worker.abandoned == 1
    assert await worker.call(lambda: "fresh", 5) == "fresh"
    stop.set()


async def test_no_threads_pile_up_once_the_hung_calls_end() -> None:
    worker, stop = Worker("hung-meter"), threading.Event()
    for _ in range(3):
        with pytest.raises(SourceError):
            await worker.call(stop.wait, 0.02)
    stop.set()
    worker.close()
    for _ in range(100):
        if not any(thread.name == "hung-meter" for thread in threading.enumerate()):
            break
        await asyncio.sleep(0.02)
    assert not any(thread.name == "hung-meter" for thread in threading.enumerate())


async def test_the_loop_turns_while_a_driver_blocks() -> None:
    worker = Worker("meter")
    call = asyncio.create_task(worker.call(lambda: time.sleep(0.1), 5))
    turns = 0
    while not call.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert turns > 10


async def test_an_end_that_comes_together_with_the_answer_is_not_missed() -> None:
    """Or a source would go on after it was told to stop, and the appliance never end."""
    worker = Worker("late")
    task = asyncio.create_task(worker.call(lambda: 1, 5))
    await asyncio.sleep(0)
    time.sleep(0.1)  # noqa: ASYNC251 - the answer comes while the loop is busy
    asyncio.get_running_loop().call_soon(task.cancel)
    with pytest.raises(asyncio.CancelledError):
        await task
    worker.close()
