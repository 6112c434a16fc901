"""Telegrams decoded a second: ours and dsmr_parser's, on the same telegrams in the same run."""

import logging
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from dsmr_parser import telegram_specifications
from dsmr_parser.parsers import TelegramParser

from appliance.clock import FakeClock
from appliance.demo.house import House
from appliance.demo.p1 import telegram
from appliance.protocols import dsmr, obis, quantities
from appliance.protocols.frames import TextReader

STREAM = Path(__file__).parents[2] / "shared" / "data" / "p1" / "dsmr-tools" / "ttyUSB0-raw.txt"
ZONE = ZoneInfo("Europe/Amsterdam")
COUNT = 283
ROUNDS = 9


def stream() -> tuple[bytes, str]:
    """Five minutes of a real Dutch meter if they are here, else of the virtual one; as a wire sends them."""
    if STREAM.exists():
        return STREAM.read_bytes().replace(b"\n", b"\r\n"), "a real DSMR 5 meter's stream"
    start = datetime(2026, 6, 1, 12, tzinfo=UTC)
    moments = [int((start + timedelta(seconds=i)).timestamp()) * 1000 for i in range(COUNT)]
    house = House(FakeClock(moments[0]), zone=ZONE)
    return b"".join(telegram(house.state_at(at), ZONE) for at in moments), "the virtual house's stream"


def ours(data: bytes) -> int:
    """From bytes as they arrive to readings, checksum included; nothing remembered from another round."""
    obis.number.cache_clear()
    quantities.value_of.cache_clear()
    reader, good = TextReader(), 0
    for start in range(0, len(data), 512):
        for frame in reader.feed(data[start : start + 512]):
            good += dsmr.parse(frame.data, ZONE).crc == "ok"
    return good


def peer(telegrams: list[str]) -> int:
    """The peer gets its telegrams cut out already."""
    parser = TelegramParser(telegram_specifications.V5, apply_checksum_validation=True)
    return sum(parser.parse(text) is not None for text in telegrams)


def rate(work: Callable[[], int], wanted: int) -> float:
    """Telegrams a second of one round."""
    start = time.perf_counter()
    done = work()
    if done != wanted:
        raise AssertionError(f"{done} of {wanted} telegrams decoded")
    return done / (time.perf_counter() - start)


def rows() -> list[tuple[str, float, str, str]]:
    """(name, value, unit, note) of each measurement: medians of rounds taken in turn."""
    logging.getLogger("dsmr_parser").setLevel(logging.CRITICAL)
    data, source = stream()
    telegrams = [frame.data.decode("ascii") + "\r\n" for frame in TextReader().feed(data)]
    count = len(telegrams)
    pairs = [(rate(lambda: ours(data), count), rate(lambda: peer(telegrams), count)) for _ in range(ROUNDS)]
    mine, theirs = (statistics.median(rates) for rates in zip(*pairs, strict=True))
    note = f"{count} telegrams of {source}, with CRC"
    return [
        ("telegrams parsed", round(mine), "1/s", note),
        ("telegrams parsed by dsmr_parser", round(theirs), "1/s", "the same run, V5, CRC on"),
        ("times as many as dsmr_parser", round(mine / theirs, 1), "x", "at least 2"),
    ]


if __name__ == "__main__":
    for row in rows():
        print(*row, sep="\t")
