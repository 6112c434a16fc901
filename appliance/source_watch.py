"""Which sources fell silent, which meters cannot be read and which parts wait for a person: looked at once a
minute for `alert_watch`.

One trouble is told in one word: what needs a person as that, a camera without pictures as a meter that cannot
be read, all else as silence. Spans are of the monotonic clock: while the appliance was off nobody was silent.
"""

from collections.abc import Callable, Iterator, Sequence

from appliance.alerts.silence import BACK, NEEDS_YOU, READ, SILENT, UNREAD, NeedsYou, Silence, Unread
from appliance.clock import DAY_MS, HOUR_MS, MINUTE_MS
from appliance.energy_now import PRICES_S
from appliance.known import Known
from appliance.model import METER_REGISTERS, Batch, Event, Price, Quantity, Reading, parent
from appliance.supervise import Part, State
from appliance.views import QUIET_W, STALE_AFTER
from config.messages import Messages

NAMES = SILENT, BACK, UNREAD, READ, NEEDS_YOU
CAMERAS = frozenset({"camera_meter"})
NOT_READ = frozenset({"rejected", "unreadable"})
"""Events by which a camera says that a picture gave no reading."""
LONGEST_NIGHT_MS = 20 * HOUR_MS
"""An inverter that sleeps while the sun is down is no silent source; in the far north that is long."""
AWAKE = Quantity.POWER_GRID, Quantity.POWER_BATTERY, Quantity.POWER_LOAD
"""What is measured at night too."""
FEWEST_REFUSED = 2
"""One refused reading is a misreading, and the next may be believed."""
LASTING_MS = MINUTE_MS
"""A part needs somebody for so long before that is told: some are up again at once."""
Before = Callable[[str, str, str], Event | None]
Register = tuple[str, Quantity]


class SourceWatch:
    """`take` what comes, `look` once a minute. `before` says what was told last before the start."""

    def __init__(self, here: Known, before: Before) -> None:
        self._here = here
        self._before = before
        self._began = here.clock.monotonic()
        self._heard: dict[str, float] = {}
        self._believed: dict[Register, float] = {}
        self._refused: dict[Register, int] = {}
        self._unreadable: dict[str, int] = {}
        self._fine: dict[str, float] = {}
        self._silences: dict[str, Silence] = {}
        self._unread: dict[str, Unread] = {}
        self._needs: dict[str, NeedsYou] = {}

    def take(self, batch: Batch) -> None:
        """What came, and was believed."""
        now = self._here.clock.monotonic()
        for fact in batch:
            if isinstance(fact, Reading | Price):
                self._heard[parent(fact.source)] = now
            if isinstance(fact, Reading) and fact.quantity in METER_REGISTERS:
                self._believed[fact.source, fact.quantity] = now
                self._refused.pop((fact.source, fact.quantity), None)
                self._unreadable.pop(fact.source, None)
            elif isinstance(fact, Event) and fact.name in NOT_READ and "quantity" not in fact.data:
                missed = int(fact.data.get("count", 1))
                self._unreadable[fact.source] = self._unreadable.get(fact.source, 0) + missed

    def refused(self, events: Sequence[Event]) -> None:
        """What the gate did not believe: each of them, whether it was told or not."""
        for event in events:
            self._heard[parent(event.source)] = self._here.clock.monotonic()
            quantity = Quantity(event.data["quantity"])
            if quantity in METER_REGISTERS:
                key = event.source, quantity
                self._refused[key] = self._refused.get(key, 0) + 1

    def look(self, settings: Messages, now: int) -> Iterator[Event]:
        """What has to be told at `now` (UTC ms)."""
        mono, types = self._here.clock.monotonic(), self._here.source_types()
        for part in list(self._here.health):
            if event := self._needy(part, mono, now):
                yield event
        for name, cadence_s in list(self._here.cadences.items()):
            part_ = self._here.health.parts.get(name)
            if part_ is not None and part_.state is State.NEEDS_YOU:
                continue  # that is told of, and says what to do
            reason = part_.text if part_ is not None and part_.state is State.WAITING else ""
            least_ms = STALE_AFTER * cadence_s * 1000
            limit_ms = max(settings.meter_minutes * MINUTE_MS, least_ms)
            event = self._judge_reading(name, types.get(name) in CAMERAS, limit_ms, reason, mono, now)
            if event:
                yield event
            if types.get(name) in CAMERAS:
                continue
            limit_ms = max(settings.silent_minutes * MINUTE_MS, least_ms)
            if event := self._judge_silence(name, part_, cadence_s, limit_ms, reason, now):
                yield event

    def _ms_since(self, moment: float | None, mono: float) -> float:
        return (mono - (self._began if moment is None else moment)) * 1000

    # Parts

    def _needy(self, part: Part, mono: float, now: int) -> Event | None:
        if part.state is not State.NEEDS_YOU:
            self._fine[part.name] = mono
        if part.name not in self._needs:
            last = self._before(part.name, NEEDS_YOU, "")
            # It may have worked since, in an earlier run: what was told long ago is told again.
            recent = last is not None and 0 <= now - last.at < DAY_MS
            self._needs[part.name] = NeedsYou(part.name, last if recent else None)
        judge = self._needs[part.name]
        if part.state is State.OK:
            judge.works()
        if part.state is not State.NEEDS_YOU or self._ms_since(self._fine.get(part.name), mono) < LASTING_MS:
            return None
        return judge.judge(_first_line(part.text), now)

    # Meters

    def _judge_reading(
        self, name: str, camera: bool, limit_ms: float, reason: str, mono: float, now: int
    ) -> Event | None:
        mine = [key for key in {*self._believed, *self._refused} if parent(key[0]) == name]
        if camera:
            believed = max((self._believed[key] for key in mine if key in self._believed), default=None)
            unread_ms = self._ms_since(believed, mono)
            refused = self._unreadable.get(name, 0) + sum(self._refused.get(key, 0) for key in mine)
        else:
            held = [key for key in mine if self._refused.get(key, 0) >= FEWEST_REFUSED]
            believed = None if not mine else mono
            unread_ms = max((self._ms_since(self._believed.get(key), mono) for key in held), default=0.0)
            refused = sum(self._refused[key] for key in held)
        if believed is None and unread_ms < limit_ms:
            return None  # nothing is known since the start: what was told before it stands
        if name not in self._unread:
            self._unread[name] = Unread(name, told=self._before(name, UNREAD, READ) is not None)
        return self._unread[name].judge(unread_ms, limit_ms, refused, reason, now)

    # Silence

    def _judge_silence(
        self, name: str, part: Part | None, cadence_s: float, limit_ms: float, reason: str, now: int
    ) -> Event | None:
        mono = self._here.clock.monotonic()
        heard = self._heard.get(name)
        has_readings = any(parent(source) == name for source, _ in list(self._here.hub.latest))
        if cadence_s >= PRICES_S and not has_readings:
            # Prices come when there are new ones: silent is who tried in vain for a day.
            limit_ms /= STALE_AFTER
            if part is not None and part.state is State.OK:
                heard = self._heard[name] = mono
        elif self._asleep(name):
            limit_ms = max(limit_ms, LONGEST_NIGHT_MS)
        silent_ms = self._ms_since(heard, mono)
        if heard is None and silent_ms < limit_ms:
            return None  # not heard since the start: what was told before it stands
        if name not in self._silences:
            self._silences[name] = Silence(name, told=self._before(name, SILENT, BACK) is not None)
        return self._silences[name].judge(silent_ms, limit_ms, reason, now)

    def _asleep(self, name: str) -> bool:
        """Whether it measures the sun alone, and that had gone when it was last heard."""
        latest = self._here.hub.latest
        last = latest.get((name, Quantity.POWER_SOLAR))
        return last is not None and last.value < QUIET_W and not any((name, q) in latest for q in AWAKE)


def _first_line(text: str) -> str:
    """The mistakes of a configuration are a list: the first one stands for it."""
    first, *others = text.splitlines() or [text]
    return f"{first} (and {len(others)} more: see the Health page)" if others else first
