"""Drivers in a process of their own: answers, errors, and an end to what hangs."""

import asyncio
import os
import subprocess
import sys
import time

import pytest

from appliance.apart import Apart
from appliance.errors import AuthError, SourceError


def alive(pid: int) -> bool:
    return os.path.exists(f"/proc/{pid}")


class Driver:
    """What runs over there."""

    def __init__(self, word: str) -> None:
        self._word = word
        self._asked = 0

    def say(self) -> tuple[str, int, int]:
        self._asked += 1
        print("chatter of a library")  # must not end up among the answers
        return self._word, self._asked, os.getpid()

    def add(self, first: int, second: int) -> int:
        return first + second

    def slowly(self, word: str) -> str:
        time.sleep(0.3)
        return word

    def hang(self) -> None:
        time.sleep(600)

    def die(self) -> None:
        os._exit(3)

    def fail(self) -> None:
        raise SourceError("no camera; plug one in")

    def refuse(self) -> None:
        raise AuthError("wrong password")

    def stumble(self) -> None:
        raise ZeroDivisionError

    def surrounding(self, name: str) -> str | None:
        return os.environ.get(name)

    def close(self) -> None:
        pass


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> Apart:
    here = os.path.dirname(__file__)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([here, os.path.dirname(here)]))
    return Apart("The camera", "test_apart:Driver", "hello")


async def test_it_answers_from_one_other_process(apart: Apart) -> None:
    first = await apart.call("say", 30)
    second = await apart.call("say", 30)
    apart.close()
    assert first[:2] == ("hello", 1)
    assert second[:2] == ("hello", 2)
    assert first[2] == second[2] != os.getpid()


async def test_arguments_and_answers_belong_together(apart: Apart) -> None:
    assert await asyncio.gather(*(apart.call("add", 30, n, 1) for n in range(5))) == [1, 2, 3, 4, 5]
    apart.close()


async def test_waiting_for_ones_turn_is_no_part_of_the_deadline(apart: Apart) -> None:
    await apart.call("say", 30)
    assert await asyncio.gather(*(apart.call("slowly", 0.5, w) for w in "abc")) == ["a", "b", "c"]
    apart.close()


async def test_who_gives_up_waiting_leaves_no_answer_to_the_next(apart: Apart) -> None:
    await apart.call("say", 30)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await apart.call("slowly", 30, "mine")
    assert await apart.call("slowly", 30, "yours") == "yours"
    await apart.stop()


async def test_stopping_lets_a_call_under_way_finish(apart: Apart) -> None:
    await apart.call("say", 30)
    call = asyncio.ensure_future(apart.call("slowly", 30, "done"))
    await asyncio.sleep(0)
    await apart.stop()
    assert await call == "done"


async def test_errors_keep_their_meaning(apart: Apart) -> None:
    with pytest.raises(SourceError, match="plug one in"):
        await apart.call("fail", 30)
    with pytest.raises(AuthError, match="wrong password"):
        await apart.call("refuse", 30)
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        await apart.call("stumble", 30)
    assert (await apart.call("say", 30))[1] == 1
    apart.close()


async def test_what_hangs_is_killed_and_started_anew(apart: Apart) -> None:
    pid = (await apart.call("say", 30))[2]
    with pytest.raises(SourceError, match=r"did not answer within 0\.1 s"):
        await apart.call("hang", 0.1)
    assert not alive(pid)
    assert (await apart.call("say", 30))[1] == 1
    apart.close()


async def test_what_dies_is_started_anew(apart: Apart) -> None:
    with pytest.raises(SourceError, match="stopped unexpectedly"):
        await apart.call("die", 30)
    assert (await apart.call("say", 30))[1] == 1
    apart.close()


async def test_closing_ends_the_process(apart: Apart) -> None:
    pid = (await apart.call("say", 30))[2]
    apart.close()
    assert not alive(pid)


def test_the_daemon_itself_never_loads_opencv() -> None:
    """Its libraries cost memory that a small Pi does not have twice."""
    program = (
        "import sys, appliance.app, appliance.web, appliance.sources.base as b;"
        "all(found.module for found in b.discover().values());"
        "sys.exit('cv2' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, timeout=60)
    assert done.returncode == 0


def test_blas_has_one_thread(apart: Apart) -> None:
    async def asked() -> list[str | None]:
        names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
        answers = [await apart.call("surrounding", 30.0, name) for name in names]
        apart.close()
        return answers

    assert asyncio.run(asked()) == ["1", "1"]
