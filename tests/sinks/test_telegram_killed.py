"""kill -9 in the middle of a burst of news: each reaches its reader once."""

import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from appliance.clock import RealClock
from appliance.demo.telegram import PERSON, Telegram

ROOT = Path(__file__).resolve().parents[2]


def test_nothing_is_lost_or_told_twice(tmp_path: Path) -> None:
    bot = Telegram(RealClock())
    bot.start()
    committed: set[int] = set()
    try:
        for life, messages in enumerate((1, 2, 4)):
            committed |= _killed_after(tmp_path, bot, life * 1000, lambda w=messages: len(bot.sent) >= w)
        _killed_after(tmp_path, bot, 3000, lambda: {*_told(bot)} >= committed)
    finally:
        bot.stop()
    told = _told(bot)
    assert len(told) == len({*told})
    assert {*told} >= committed
    assert len(committed) > 15


def _told(bot: Telegram) -> list[int]:
    return [int(number) for text in bot.said() for number in re.findall(r"number (\d+);", text)]


def _killed_after(folder: Path, bot: Telegram, first: int, done: Callable[[], bool]) -> set[int]:
    """The numbers that were committed until it was done."""
    asked = [str(one) for one in (folder, bot.url, bot.token, PERSON, first, first + 1000)]
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.peers.news", *asked], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        end = time.monotonic() + 30
        while not done():
            assert time.monotonic() < end, "it never came to be"
            time.sleep(0.01)
        time.sleep(0.4)  # the answer is heard and kept: a kill before that may tell one message twice
    finally:
        child.kill()
        said, _ = child.communicate()
    return {int(line) for line in said.splitlines() if line.strip()}
