"""The thread that owns a meter's port: finds out how the line is set, listens or asks, hands telegrams on.

Meters that send by themselves are only listened to. With every usual setting tried in vain, an optical
meter of IEC 62056-21 is asked at last: on a P1 or HAN port nobody hears that.
"""

import logging
import termios
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import serial

from appliance.clock import Clock
from appliance.errors import SourceError
from appliance.protocols import iec62056
from appliance.protocols.frames import Frame
from appliance.protocols.iec_dialogue import PATIENCE_S, Dialogue, GiveUp, Ready, Send, Step, Switch
from appliance.protocols.listener import Listener
from appliance.protocols.telegram import NO_KEYS, Keys, Telegram
from appliance.sources._serial_port import Setting, open_port, set_line

log = logging.getLogger(__name__)

CHUNK = 4096
MISSED = 3
"""So many telegrams may stay away before the line counts as silent."""
TELL_EVERY_S = 3600.0
LOCKED = 3
"""So many telegrams that cannot be read, and none that can: the owner has to do something."""
TRY_FOR = 1.2
"""Listen for so many cadences before the next setting is tried."""
READOUT_S = 180.0
"""The longest readout: 4 KiB at 300 baud take 140 s."""

USUAL = (
    Setting(115_200, "8N1"), Setting(9600, "8N1"), Setting(9600, "7E1"), Setting(2400, "8E1"),
    Setting(2400, "8N1"),
)  # fmt: skip
"""DSMR 4 and 5 and Swedish HAN ports; SML; DSMR 2.2 and 3 and pushing D0 meters; HAN over M-Bus."""
ASKED = Setting(300, "7E1", asks=True)

_BROKEN = (OSError, termios.error, TypeError)
"""TypeError: pyserial on a port that vanished."""


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
    password: str = ""

    @property
    def fixed_baud(self) -> bool:
        """A bridge of raw bytes has its own speed and does not switch it."""
        return self.url.startswith("socket:")

    @property
    def patience_s(self) -> float:
        """How long the thread may keep silent before it must have said something."""
        return MISSED * self.expect_s + TRY_FOR * self.expect_s * len(self.settings) + (
            READOUT_S if any(setting.asks for setting in self.settings) else 0
        )


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
    time the port is opened; `found` the protocol."""

    plan: Plan
    zone: ZoneInfo
    clock: Clock
    name: str
    tally: Tally = field(default_factory=Tally)
    known: Setting | None = None
    found: str = ""

    def serve(self, stop: threading.Event, hand: Callable[[Telegram], None]) -> None:
        """Telegrams until `stop` is set. SourceError says what is wrong with the line and what to do."""
        settings = (self.known,) if self.known else self.plan.settings
        seen = damaged = 0
        with closing(open_port(self.plan.url, settings[0])) as port:
            for setting in settings:
                if setting is not settings[0]:
                    self._broken(lambda now=setting: set_line(port, now))
                turn = _Turn(self, port, setting, stop, hand)
                turn.run(MISSED if len(settings) == 1 else TRY_FOR)
                seen, damaged = seen + turn.seen, damaged + turn.damaged
                if stop.is_set():
                    return
                if turn.good:
                    break
        self.known = None
        raise SourceError(silence(self.plan, settings, seen, damaged))
