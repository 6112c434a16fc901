"""A driver in a process of its own: native code that hangs, leaks or crashes is ended with its process.

A camera's OpenCV and its libraries cost some 70 MB and can hang for ever inside a kernel driver. Apart from
the daemon they cost it nothing, and past a deadline the process is killed, which no thread can be.
"""

import asyncio
import os
import pickle
import signal
import subprocess
import sys
import time
import traceback
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection, Pipe
from typing import Any

from appliance.errors import AuthError, SourceError
from appliance.worker import Worker

STARTING_S = 30.0
"""A Pi Zero takes that long to load OpenCV from a slow card."""
NICE = 5
"""Pages and readings of other sources come before the reading of pictures."""

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""numpy's BLAS otherwise starts a thread a core, which takes the processor from pages and other sources."""


class Apart:
    """`factory(*args)` made in a process of its own; its methods are called one at a time.

    `factory` is "package.module:Class"; arguments and answers are pickled. Whoever calls while another call
    is under way waits for its turn, and that wait is no part of the deadline.
    """

    def __init__(self, name: str, factory: str, *args: Any) -> None:
        self.name = name
        self._task = factory, args
        self._worker = Worker(name)
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._turn = asyncio.Lock()

    async def call(self, method: str, deadline_s: float, *args: Any) -> Any:
        """What `method(*args)` returns. Raises SourceError past the deadline, or what the method raises."""
        # A caller that goes away leaves an answer in the pipe: its call is seen through all the same.
        task = asyncio.ensure_future(self._in_turn(method, deadline_s, args))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(task)

    async def _in_turn(self, method: str, deadline_s: float, args: tuple[Any, ...]) -> Any:
        async with self._turn:
            longest_s = deadline_s + STARTING_S + 10
            return await self._worker.call(lambda: self.ask(method, deadline_s, *args), longest_s)

    async def stop(self, patience_s: float = 2.0) -> None:
        """End the process; a call under way may be seen through for `patience_s`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self._turn.acquire()
                self._turn.release()
        await asyncio.to_thread(self.close)

    def close(self) -> None:
        """End the process; it has a moment to let go of its device."""
        self._worker.close()
        process, pipe = self._process, self._pipe
        self._process = self._pipe = None
        if pipe is not None:
            pipe.close()
        if process is not None:
            _end(process)

    def ask(self, method: str, deadline_s: float, *args: Any) -> Any:
        """As `call`, but it blocks."""
        pipe = self._pipe or self._start()
        try:
            pipe.send((method, args))
            if not pipe.poll(deadline_s):
                self._kill()
                raise SourceError(
                    f"{self.name} did not answer within {deadline_s:g} s; check its cable, power and address"
                )
            said, what = pipe.recv()
        except (EOFError, OSError):
            self._kill()
            raise SourceError(f"{self.name} stopped unexpectedly; the journal may say why") from None
        if said == "result":
            return what
        if said == "auth":
            raise AuthError(what)
        if said == "source":
            raise SourceError(what)
        raise RuntimeError(what)

    def _start(self) -> Connection:
        ours, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "appliance.apart", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env={**os.environ, **ONE_THREAD},
            )
        self._pipe = ours
        ours.send(self._task)
        if not ours.poll(STARTING_S):
            raise EOFError
        ours.recv()
        return ours

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None


def _end(process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 2
    while process.poll() is None:
        if time.monotonic() > deadline:
            process.kill()
            process.wait()
            return
        time.sleep(0.01)


def _serve(pipe: Connection) -> None:
    """The other side: make the object, answer calls until nobody asks any more."""
    factory, args = pipe.recv()
    module, _, name = factory.partition(":")
    made = getattr(import_module(module), name)(*args)
    pipe.send(("ready", None))
    try:
        while True:
            method, said = pipe.recv()
            pipe.send(_answer(made, method, said))
    except (EOFError, OSError):
        made.close()


def _answer(made: Any, method: str, args: tuple[Any, ...]) -> tuple[str, Any]:
    try:
        result = getattr(made, method)(*args)
        pickle.dumps(result)
    except AuthError as error:
        return "auth", str(error)
    except SourceError as error:
        return "source", str(error)
    except Exception:
        return "fault", traceback.format_exc()
    return "result", result


if __name__ == "__main__":
    # Answers go through the pipe alone; what a library prints must not end up in them.
    os.dup2(2, 1)
    # Ctrl-C reaches the whole terminal; this side ends when the other closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(OSError):  # where a sandbox forbids it, pictures take their share
        os.nice(NICE)
    _serve(Connection(int(sys.argv[1])))
