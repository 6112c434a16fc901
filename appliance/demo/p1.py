"""The virtual house's electricity meter: DSMR 5 telegrams, and the P1 port they come out of.

Layout after DSMR P1 companion standard 5.0.2 (NL) and Branschrekommendation för lokalt kundgränssnitt 2.0
(SE). The checksum is written here once more, so that the reader's own is put to the test.
"""

import contextlib
import os
import threading
import tty
from collections.abc import Sequence
from datetime import datetime
from math import floor
from typing import Any, Literal
from zoneinfo import ZoneInfo

from appliance.demo.house import House, HouseClock, HouseState
from appliance.demo.outages import Outage

Country = Literal["SE", "NL"]

PERIOD_MS = 1000
SHORTEST_S = 0.1
"""However fast the house's time runs, no more than ten telegrams a real second: a port has a speed."""
GAS_EVERY_MS = 300_000
FAILURES, LONG_FAILURES, FAILURES_LOGGED = 2, 1, 10
OLD_FAILURE = "(250712043107S)(0000004212*s)"
"""What the meter has counted and logged before the house's time."""


def telegram(
    state: HouseState,
    zone: ZoneInfo,
    *,
    country: Country = "NL",
    gas: tuple[int, float] | None = None,
    failures: Sequence[Outage] = (),
) -> bytes:
    """The telegram of a meter at the house's main fuse, CRC included.

    `gas` is when the gas meter was read last (UTC ms) and what it said (m³): now, if left out.
    `failures` are the outages since the house was built; the meter has known some before.
    """
    if country == "SE":
        lines = ["/TWS5\\TALLYWATT-SE", "", *_swedish(state, zone)]
    else:
        lines = ["/TWN5\\TALLYWATT-NL", "", *_dutch(state, zone, gas or (state.at, state.gas_m3), failures)]
    body = "\r\n".join([*lines, "!"]).encode("ascii")
    return body + f"{crc16(body):04X}\r\n".encode("ascii")


def crc16(data: bytes) -> int:
    """CRC-16/ARC, bit by bit."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc


def _swedish(state: HouseState, zone: ZoneInfo) -> list[str]:
    lines = [
        f"0-0:1.0.0({_stamp(state.at, zone)})",
        f"1-0:1.8.0({_register(state.import_kwh, 8)}*kWh)",
        f"1-0:2.8.0({_register(state.export_kwh, 8)}*kWh)",
        *_both("1.7.0", "2.7.0", state.grid_w, 8),
    ]
    for phase, (inward, outward) in zip(state.phases, _PHASE_POWER, strict=True):
        lines += _both(inward, outward, phase.power_w, 8)
    lines += [f"1-0:{n}2.7.0({p.voltage_v:05.1f}*V)" for n, p in zip("357", state.phases, strict=True)]
    lines += [f"1-0:{n}1.7.0({p.current_a:05.1f}*A)" for n, p in zip("357", state.phases, strict=True)]
    return lines


def _dutch(
    state: HouseState, zone: ZoneInfo, gas: tuple[int, float], failures: Sequence[Outage]
) -> list[str]:
    long = [one for one in failures if one.long]
    lines = [
        "1-3:0.2.8(50)",
        f"0-0:1.0.0({_stamp(state.at, zone)})",
        f"0-0:96.1.1({b'TALLYWATT-VIRTUAL'.hex().upper()})",
        f"1-0:1.8.1({_register(state.import_t1_kwh, 6)}*kWh)",
        f"1-0:1.8.2({_register(state.import_t2_kwh, 6)}*kWh)",
        f"1-0:2.8.1({_register(state.export_t1_kwh, 6)}*kWh)",
        f"1-0:2.8.2({_register(state.export_t2_kwh, 6)}*kWh)",
        f"0-0:96.14.0({state.tariff:04d})",
        *_both("1.7.0", "2.7.0", state.grid_w, 6),
        f"0-0:96.7.21({FAILURES + len(failures):05d})",
        f"0-0:96.7.9({LONG_FAILURES + len(long):05d})",
        _failure_log(long, zone),
        "0-0:96.13.0()",
    ]
    lines += [f"1-0:{n}2.7.0({p.voltage_v:05.1f}*V)" for n, p in zip("357", state.phases, strict=True)]
    lines += [f"1-0:{n}1.7.0({round(p.current_a):03d}*A)" for n, p in zip("357", state.phases, strict=True)]
    for phase, (inward, outward) in zip(state.phases, _PHASE_POWER, strict=True):
        lines += _both(inward, outward, phase.power_w, 6)
    return [
        *lines,
        "0-1:24.1.0(003)",
        f"0-1:96.1.0({b'TALLYWATT-GAS-001'.hex().upper()})",
        f"0-1:24.2.1({_stamp(gas[0], zone)})({_register(gas[1], 5)}*m3)",
    ]


def _failure_log(long: Sequence[Outage], zone: ZoneInfo) -> str:
    """The end and the length of the latest long failures."""
    entries = [
        OLD_FAILURE,
        *(f"({_stamp(one.end, zone)})({(one.end - one.start) // 1000:010d}*s)" for one in long),
    ]
    kept = entries[-FAILURES_LOGGED:]
    return f"1-0:99.97.0({len(kept)})(0-0:96.7.19){''.join(kept)}"


_PHASE_POWER = (("21.7.0", "22.7.0"), ("41.7.0", "42.7.0"), ("61.7.0", "62.7.0"))


def _both(inward: str, outward: str, watts: float, width: int) -> list[str]:
    """A meter shows the two directions in lines of their own, never below zero."""
    return [
        f"1-0:{inward}({max(watts, 0) / 1000:0{width}.3f}*kW)",
        f"1-0:{outward}({max(-watts, 0) / 1000:0{width}.3f}*kW)",
    ]


def _register(value: float, digits: int) -> str:
    """Registers are cut, not rounded: a litre or watt-hour counts once it is full."""
    return f"{floor(value * 1000 + 1e-6) / 1000:0{digits + 4}.3f}"


def _stamp(at: int, zone: ZoneInfo) -> str:
    local = datetime.fromtimestamp(at / 1000, zone)
    return f"{local:%y%m%d%H%M%S}{'S' if local.dst() else 'W'}"


class P1Port:
    """A pseudo terminal at `path` from which the meter speaks every virtual second. Nobody need listen.

    Who holds `speaking` keeps it silent: a test does while its clock leaps, for no wire holds a telegram for
    a quarter of an hour.
    """

    def __init__(self, house: House, clock: HouseClock, zone: ZoneInfo, country: Country = "NL") -> None:
        self.house, self.clock, self.zone, self.country = house, clock, zone, country
        self.path = ""
        self.speaking = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._gas: tuple[int, float] = (-1, 0.0)

    def start(self) -> None:
        """Open the port and begin to speak."""
        master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        self.path = os.ttyname(slave)
        self._stop.clear()
        self._thread = threading.Thread(target=self._speak, args=(master, slave), name="demo-p1", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Fall silent and take the port away; a reader notices."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def source_config(self) -> dict[str, Any]:
        """The entry of config.json's `sources` that reads this port."""
        speed = getattr(self.clock, "speed", 1.0)
        return {
            "type": "p1_serial",
            "name": "p1",
            "port": self.path,
            "expect_s": max(10.0, speed * SHORTEST_S),
        }

    def _speak(self, master: int, slave: int) -> None:
        # The other end is held open here too, or writing fails for want of a reader.
        try:
            last = -1
            while not self._stop.is_set():
                with self.speaking:
                    second = self.clock.now() // PERIOD_MS
                    if second != last:
                        last = second
                        # A full buffer means that nobody reads: what does not fit is lost, as on a wire.
                        with contextlib.suppress(BlockingIOError):
                            os.write(master, self._telegram())
                self._stop.wait(SHORTEST_S)
        finally:
            os.close(slave)
            os.close(master)

    def _telegram(self) -> bytes:
        state = self.house.state()
        read = state.at // GAS_EVERY_MS * GAS_EVERY_MS
        if read != self._gas[0]:
            self._gas = read, self.house.state_at(read).gas_m3
        failures = self.house.power_failures(state.at)
        return telegram(state, self.zone, country=self.country, gas=self._gas, failures=failures)
