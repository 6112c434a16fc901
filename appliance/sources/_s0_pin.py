"""A GPIO pin that hears pulses, by gpiozero: its edges come on a thread of the library's own."""

import threading
from collections.abc import Callable
from typing import Any, Literal

from appliance.clock import Clock
from appliance.errors import SourceError
from appliance.sources._s0_count import Debouncer

LAG_S = 0.2
"""An edge may be told so late: until then a level is not known to have held."""
OLDEST_S = 60.0
"""Before Linux 5.7 edges carried the time of day in the place of the monotonic clock's: too old is now."""


class PulseInput:
    """Calls `pulse` (on another thread) with the instant each pulse began, on `clock`'s monotonic time."""

    def __init__(
        self,
        pin: int,
        pull: Literal["up", "down"],
        hold_s: float,
        clock: Clock,
        pulse: Callable[[float], None],
    ) -> None:
        """`pin` is a BCM number. Raises SourceError that says what to do."""
        self._clock = clock
        self._pulse = pulse
        self._active_high = pull == "down"
        self._lock = threading.Lock()
        self._device = _device(pin, pull)
        self._debouncer = Debouncer(hold_s, bool(self._device.is_active), clock.monotonic())
        # Contacts are debounced here: what gpiozero does about them differs from one back end to the next.
        self._device.pin.bounce = None
        self._device.pin.edges = "both"
        self._device.pin.when_changed = self._edge

    def settle(self) -> None:
        """Look whether a level has held that has not changed since."""
        with self._lock:
            self._tell(self._debouncer.settle(self._clock.monotonic() - LAG_S))

    def close(self) -> None:
        """Hear nothing more and let the pin go."""
        self._device.close()

    def _edge(self, ticks: float, state: int) -> None:
        factory = self._device.pin_factory
        age = factory.ticks_diff(factory.ticks(), ticks)
        at = self._clock.monotonic() - (age if 0 <= age < OLDEST_S else 0.0)
        with self._lock:
            self._tell(self._debouncer.edge(bool(state) == self._active_high, at))

    def _tell(self, began: float | None) -> None:
        if began is not None:
            self._pulse(began)


def _device(pin: int, pull: Literal["up", "down"]) -> Any:
    from gpiozero import InputDevice
    from gpiozero.exc import BadPinFactory

    try:
        return InputDevice(pin, pull_up=pull == "up")
    except BadPinFactory as error:
        raise SourceError(
            "No GPIO pins can be used here: pulses are counted on a Raspberry Pi, with lgpio installed "
            "(sudo apt install python3-lgpio, or pip install 'tallywatt[s0]')"
        ) from error
    except Exception as error:  # each of gpiozero's back ends has errors of its own
        raise SourceError(
            f"GPIO {pin} cannot be used ({error}): choose a free pin by its BCM number, and see that the "
            "appliance's user is in the group gpio (sudo adduser tallywatt gpio)"
        ) from error
