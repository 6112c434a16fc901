"""What is remembered of an ELNET meter between starts, so that nothing is told twice and nothing is lost."""

import hashlib
import logging
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter

from appliance.clock import Clock
from appliance.sources import _elnet_account, _elnet_registers, _elnet_rupees, _elnet_supply
from appliance.sources._elnet_options import Options
from config.files import write_atomic

log = logging.getLogger(__name__)

EVERY_S = 900.0
"""Without news it is written so seldom: a card lives by its writes."""


@dataclass
class Kept:
    """The states of all judges, and which meter they are of."""

    meter: str = ""
    newest: int | None = None
    """The instant of the newest sample (UTC ms)."""
    clock_told: bool = False
    registers: _elnet_registers.State = field(default_factory=_elnet_registers.State)
    supply: _elnet_supply.State = field(default_factory=_elnet_supply.State)
    account: _elnet_account.State = field(default_factory=_elnet_account.State)
    rupees: _elnet_rupees.State = field(default_factory=_elnet_rupees.State)


_KEPT = TypeAdapter(Kept)


class Memory:
    """One small file. One that is lost or of another meter begins anew: what was there is then no news."""

    def __init__(self, folder: Path, options: Options, clock: Clock) -> None:
        self.path = folder / "elnet.json"
        self._clock = clock
        self._written_at = clock.monotonic()
        self._unwritten = False
        self.kept = self._load(_meter(options))

    def _load(self, meter: str) -> Kept:
        try:
            kept = _KEPT.validate_json(self.path.read_bytes())
        except FileNotFoundError:
            return Kept(meter)
        except (OSError, ValueError) as error:
            log.warning("%s cannot be read (%s): it begins anew", self.path, type(error).__name__)
            return Kept(meter)
        return kept if kept.meter == meter else Kept(meter)

    def changed(self, *, news: bool) -> None:
        """Write it: at once with `news`, else now and then."""
        self._unwritten = True
        if news or self._clock.monotonic() - self._written_at >= EVERY_S:
            self.write()

    def write(self) -> None:
        """Write what has not been written. A card that cannot be written is said in the log."""
        if not self._unwritten:
            return
        self._written_at, self._unwritten = self._clock.monotonic(), False
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(self.path, _KEPT.dump_json(self.kept), mode=0o600)
        except OSError as error:
            log.warning("%s cannot be written: %s", self.path, error.strerror)


def _meter(options: Options) -> str:
    """Which meter it is, without telling: a captured InputType names one as well as a user does. A server's
    address changes."""
    captured = options.input_type.get_secret_value() if options.input_type else ""
    names = "\n".join((options.username, options.meter_id, captured))
    return hashlib.sha256(names.encode()).hexdigest()[:16]
