"""The thread that owns a meter's port: finds out how the line is set, listens or asks, hands telegrams on.

Meters that send by themselves are only listened to. With every usual setting tried in vain, an optical
meter of IEC 62056-21 is asked at last: on a P1 or HAN port nobody hears that.
"""

import errno
import logging
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from zoneinfo import ZoneInfo

import serial

from appliance.clock import Clock
from appliance.errors import AuthError, SourceError
from appliance.protocols import iec62056
from appliance.protocols.frames import Frame
from appliance.protocols.iec_dialogue import PATIENCE_S, Dialogue, GiveUp, Ready, Send, Step, Switch
from appliance.protocols.listener import Listener
from appliance.protocols.telegram import NO_KEYS, Keys, Telegram
from appliance.sources._serial_port import Setting, keep, open_port, recall, set_line
from appliance.sources._serial_silence import why_silent

log = logging.getLogger(__name__)

CHUNK = 4096
MISSED = 3
"""So many telegrams may stay away before the line counts as silent."""
TELL_EVERY_S = 3600.0
LOCKED = 3
"""So many telegrams that cannot be read, and none that can: the owner has to do something."""
LOCKED_WAIT_S = 300.0
"""The port is listened to again after so long: another meter may hang on it by then."""
TRY_FOR = 1.2
"""Listen for so many cadences before the next setting is tried."""
READOUT_S = 180.0
"""The longest readout: 4 KiB at 300 baud take 140 s."""

USUAL = (
    Setting(115_200, "8N1"), Setting(9600, "8N1"), Setting(9600, "7E1"), Setting(2400, "8E1"),
    Setting(2400, "8N1"),
)  # fmt: skip
"""DSMR 4 and 5 and Swedish HAN ports; SML; DSMR 2.2 and 3 and pushing D0 meters; HAN over M-Bus."""
LIKELY = {"dsmr": 115_200, "sml": 9600, "han": 2400, "iec62056": 9600}
"""The speed that is tried first where the protocol is known."""
ASKED = Setting(300, "7E1", asks=True)

_SEVEN_BITS = bytes(byte & 0x7F for byte in range(256))
"""Parity, where a bridge takes the line for one of eight bits."""
DRAIN_S = 0.02
"""Between the last byte out of the port and another speed."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is known of a line. `settings` are tried in turn; `expect_s` is the meter's cadence."""

    url: str
    protocol: str
    settings: tuple[Setting, ...]
    expect_s: float
    every_s: float = 0.0
    keys: Keys = NO_KEYS
    address: str = ""
    password: str = field(default="", repr=False)

    @property
    def fixed_baud(self) -> bool:
        """A bridge of raw bytes has its own speed and does not switch it."""
        return self.url.startswith("socket:")

    @property
    def patience_s(self) -> float:
        """How long the thread may keep silent before it must have said something."""
        asking = any(setting.asks for setting in self.settings)
        search = (MISSED + TRY_FOR * len(self.settings)) * self.expect_s
        return search + (READOUT_S + self.every_s if asking else 0)


@dataclass
class Tally:
    """Telegrams since the start, and when damaged ones were last spoken of (monotonic seconds)."""

    good: int = 0
    damaged: int = 0
    told: float | None = None
    told_damaged: int = 0


@dataclass
class Line:
    """One port; `serve` runs in a thread of its own. `known` is the setting that worked, kept for the next
    time the port is opened and in the file `memory` for the next start; `found` the protocol."""

    plan: Plan
    zone: ZoneInfo
    clock: Clock
    name: str
    tally: Tally = field(default_factory=Tally)
    known: Setting | None = None
    found: str = ""
    memory: Path | None = None

    def __post_init__(self) -> None:
        if self.memory is not None:
            self.known = recall(self.memory, self.plan.settings)

    def works(self, setting: Setting, protocol: str) -> None:
        """A believable telegram came at this setting, the first since the port was opened."""
        log.info("%s: %s at %s", self.name, protocol, setting)
        self.known, self.found = setting, protocol
        if self.memory is not None and recall(self.memory, (setting,)) is None:
            keep(self.memory, setting)

    def serve(self, stop: threading.Event, hand: Callable[[Telegram], None]) -> None:
        """Telegrams until `stop` is set. SourceError says what is wrong with the line and what to do;
        AuthError what the meter wants of its owner: a key, a password."""
        settings = (self.known,) if self.known else self.plan.settings
        self.known = None
        turns: list[_Turn] = []
        with closing(open_port(self.plan.url, settings[0])) as port:
            for setting in settings:
                turn = _Turn(self, port, setting, stop, hand)
                if setting is not settings[0] and not turn.switch():
                    continue
                turns.append(turn)
                turns[-1].run(MISSED if len(settings) == 1 else TRY_FOR)
                if stop.is_set():
                    return
                if turns[-1].good:
                    break
        if len(turns) == 1 and turns[0].reason:
            raise SourceError(f"{self.plan.url}: {turns[0].reason}")
        seen, damaged = (sum(getattr(turn, what) for turn in turns) for what in ("seen", "damaged"))
        tried = [turn.setting for turn in turns]
        wait = (MISSED if len(tried) == 1 else TRY_FOR * len(tried)) * self.plan.expect_s
        since = f"No telegram from {self.plan.url} in {wait:g} s"
        kind, fixed = self.found or self.plan.protocol, len(self.plan.settings) == 1
        raise SourceError(why_silent(since, kind, tried, fixed, seen, damaged))

    def damage(self, count: int) -> None:
        """Count; a line that is bad all day fills no log (peers wrote hundreds of MB)."""
        tally, now = self.tally, self.clock.monotonic()
        tally.damaged += count
        if not count or (tally.told is not None and now - tally.told < TELL_EVERY_S):
            return
        log.warning(
            "%s: %d damaged telegrams dropped since this was last said (%d good, %d damaged since the start)",
            self.name, tally.damaged - tally.told_damaged, tally.good, tally.damaged,
        )  # fmt: skip
        tally.told, tally.told_damaged = now, tally.damaged


@dataclass
class _Turn:
    """One setting of the line, for as long as it gives telegrams."""

    line: Line
    port: serial.Serial
    setting: Setting
    stop: threading.Event
    hand: Callable[[Telegram], None]
    seen: int = 0
    damaged: int = 0
    good: int = 0
    locked: int = 0
    reason: str = ""

    def switch(self) -> bool:
        """Set the open port so; False if it is of a kind that cannot be."""
        with self._cut_off():
            try:
                set_line(self.port, self.setting)
            except ValueError:  # an RFC 2217 server that does not let itself be set
                return False
            except (OSError, termios.error) as error:
                if error.args[:1] != (errno.EINVAL,):
                    raise
                return False
        return True

    def run(self, cadences: float) -> None:
        """Ends when nothing came for so many cadences, or MISSED of them once telegrams do."""
        if self.setting.asks:
            self._ask()
        else:
            self._listen(cadences)

    def _listen(self, cadences: float) -> None:
        plan = self.line.plan
        listener = Listener(plan.protocol, self.line.zone, plan.keys)
        heard = time.monotonic()
        while not self.stop.is_set():
            damaged, sound = listener.bad, self.good + self.locked
            data = self._read()
            self.seen += len(data)
            for telegram in listener.feed(data, self.line.clock.now()) if data else ():
                self._take(telegram, listener.found)
            self._damage(listener.bad - damaged)
            if self.good + self.locked > sound:
                heard = time.monotonic()
            elif time.monotonic() - heard > (MISSED if self.good else cadences) * plan.expect_s:
                return

    def _take(self, telegram: Telegram, protocol: str) -> None:
        """Hand a telegram on; one that cannot be read is a hint to its owner, if all of them are so."""
        if telegram.problem and not telegram.readings:
            self.locked += 1
            if self.locked >= LOCKED and not self.good:
                error = AuthError(f"{self.line.plan.url}: {telegram.problem}")
                error.again_s = LOCKED_WAIT_S
                raise error
            return
        if not self.good:
            self.line.works(self.setting, protocol)
        self.good += 1
        self.line.tally.good += 1
        self.hand(replace(telegram, protocol=protocol))

    def _ask(self) -> None:
        """Readout after readout, every_s apart, until MISSED of them in a row failed, or the first did."""
        plan = self.line.plan
        dialogue = Dialogue(plan.address, plan.password, plan.fixed_baud)
        failures = 0
        while not self.stop.is_set() and failures < (MISSED if self.good else 1):
            started = time.monotonic()
            answer = self._readout(dialogue)
            if isinstance(answer, Frame):
                telegram = iec62056.parse(answer.data, self.line.zone, self.line.clock.now(), plan.keys)
                failures = failures + 1 if telegram.crc == "bad" else 0
                self._damage(failures > 0)
                self.reason = "the readouts come damaged; move the reading head on the meter's window"
                if not failures:
                    self._take(telegram, "iec62056")
            else:
                failures, self.reason = failures + 1, answer
            self.stop.wait(max(1.0, plan.every_s - (time.monotonic() - started)))

    def _readout(self, dialogue: Dialogue) -> Frame | str:
        """The frame the meter answers with, or why there is none."""
        steps, heard = dialogue.begin(), time.monotonic()
        end = heard + READOUT_S
        while not self.stop.is_set() and time.monotonic() < end:
            for step in steps:
                if isinstance(step, Ready):
                    return step.frame
                if isinstance(step, GiveUp):
                    if step.refused:  # asked again and again, some meters lock themselves
                        raise AuthError(f"{self.line.plan.url}: {step.reason}")
                    return step.reason
                self._do(step)
                heard = time.monotonic()
            data, steps = self._read().translate(_SEVEN_BITS), []
            self.seen += len(data)
            if data:
                heard, steps = time.monotonic(), dialogue.feed(data)
            elif time.monotonic() - heard > PATIENCE_S:
                heard, steps = time.monotonic(), dialogue.silence()
        return "the meter did not come to an end"

    def _do(self, step: Step) -> None:
        with self._cut_off():
            if isinstance(step, Switch) and self.port.baudrate != step.baud:
                self.port.baudrate = step.baud
            elif isinstance(step, Send):
                self.stop.wait(step.after_s)
                self.port.write(step.data)
                self.port.flush()
                # A bridge says nothing of when its bytes were out on the wire.
                near = self.line.plan.url.startswith("/dev/")
                self.stop.wait(DRAIN_S if near else len(step.data) * 10 / self.port.baudrate)

    def _read(self) -> bytes:
        with self._cut_off():
            data: bytes = self.port.read(CHUNK)
            return data

    def _damage(self, count: int) -> None:
        self.damaged += count
        self.line.damage(count)

    @contextmanager
    def _cut_off(self) -> Iterator[None]:
        try:
            yield
        except (OSError, termios.error, TypeError) as error:  # TypeError: pyserial on a port that vanished
            raise SourceError(
                f"{self.line.plan.url} was cut off ({error}); is the cable or the bridge still there?"
            ) from error
