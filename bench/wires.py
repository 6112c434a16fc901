"""Frames decoded a second, SML and HAN, beside smllib and amshan in the same run; what the reader costs.

The peers are asked if they are installed (`pip install smllib amshan`); neither is a dependency.
"""

import importlib
import importlib.util
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from zoneinfo import ZoneInfo

from appliance.protocols import han, links, obis, quantities, sml

SML = bytes.fromhex(
    "1b1b1b1b0101010176050000000062006200726301017601010301020b0a0154574e0000000007726201650001e240016340"
    "0400760500000000620062007263070177010b0a0154574e000000000701726201650001e240787707010060320101010101"
    "010454574e0177070100600100ff010101010b0a0154574e00000000070177070100010800ff641c010401621e52ff560003"
    "3c93890177070100020800ff0101621e5203650000000c0177070100100700ff0101621b52fe55fffe1dc001770701002007"
    "00ff0101622352ff63090001770701000e0700ff0101622c52ff6301f30177070100510701ff010162085200627801010163"
    "365c007605000000006200620072630201710163181b000000001b1b1b1b1a035397"
)
HAN = bytes.fromhex(
    "7ea102410883139e2de6e7000f4000000000010c020209060101000281ff0a0b4149444f4e5f563030303102020906000060"
    "0107ff0a0436353334020309060100010700ff060000067d02020f00161b020309060100020700ff060000000002020f0016"
    "1b020309060100030700ff060000000002020f00161d020309060100040700ff060000008002020f00161d0203090601001f"
    "0700ff10000d02020fff1621020309060100330700ff10001f02020fff1621020309060100470700ff10001d02020fff1621"
    "020309060100200700ff1208e202020fff1623020309060100340700ff1208fd02020fff1623020309060100480700ff1209"
    "0402020fff162386de7e"
)

"""A frame of each kind, made for the tests: eight values, and the list of an Aidon meter."""

ZONE = ZoneInfo("Europe/Oslo")
COUNT = 400
ROUNDS = 7
READER = """
import resource, sys, time
start = time.perf_counter()
import appliance.sources.p1_serial
took = time.perf_counter() - start
print(took * 1000, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def fresh() -> None:
    """Nothing is remembered from another round."""
    obis.number.cache_clear()
    quantities.value_of.cache_clear()


def our_sml() -> int:
    fresh()
    frames = sml.Reader().feed(SML * COUNT)
    return sum(bool(sml.parse(frame.data, ZONE).readings) for frame in frames)


def our_han() -> int:
    fresh()
    frames = links.HanReader().feed(HAN * COUNT)
    return sum(bool(han.parse(frame.data, ZONE).readings) for frame in frames)


def smllib() -> int:
    reader, done = importlib.import_module("smllib").SmlStreamReader(), 0
    for _ in range(COUNT):  # it keeps no more than a few frames
        reader.add(SML)
        frame = reader.get_frame()
        done += frame is not None and bool([value.get_value() for value in frame.get_obis()])
    return done


def amshan() -> int:
    decoder, done = importlib.import_module("han.autodecoder").AutoDecoder(), 0
    for frame in importlib.import_module("han.hdlc").HdlcFrameReader().read(HAN * COUNT):
        done += bool(decoder.decode_message(frame))
    return done


def rate(work: Callable[[], int]) -> float:
    """Frames a second, the median of rounds."""
    rates = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        done = work()
        if done != COUNT:
            raise AssertionError(f"{work.__name__}: {done} of {COUNT} frames decoded")
        rates.append(done / (time.perf_counter() - start))
    return statistics.median(rates)


def cost() -> tuple[float, float]:
    """Milliseconds to load the serial reader in a new process, and the MB that process then has."""
    runs = [subprocess.check_output([sys.executable, "-c", READER], text=True).split() for _ in range(3)]
    return min(float(run[0]) for run in runs), min(float(run[1]) for run in runs)


def rows() -> list[tuple[str, float, str, str]]:
    """(name, value, unit, note) of each measurement."""
    found: list[tuple[str, float, str, str]] = []
    for what, ours, peer, module, theirs in (
        ("SML frames", our_sml, "smllib", "smllib", smllib),
        ("HAN frames (HDLC)", our_han, "amshan", "han", amshan),
    ):
        there = importlib.util.find_spec(module) is not None
        found.append(
            (f"{what} parsed", round(rate(ours)), "1/s", "" if there else f"{peer} is not installed")
        )
        if there:
            found.append((f"{what} parsed by {peer}", round(rate(theirs)), "1/s", "the same run and frames"))
    took, size = cost()
    return [
        *found,
        ("serial reader loaded", round(took), "ms", "every protocol, in a new process"),
        ("memory with the serial reader", round(size), "MB", "the whole process"),
    ]


if __name__ == "__main__":
    for row in rows():
        print(*row, sep="\t")
