"""Runs a part for ever: backs off when it fails, tells how it is, says each thing once."""

import logging
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from appliance.clock import Clock
from appliance.errors import AuthError, TallywattError

log = logging.getLogger(__name__)

FIRST_WAIT_S = 2.0
LONGEST_WAIT_S = 300.0
AUTH_WAIT_S = 3600.0
SPREAD = 0.2


class State(StrEnum):
    """How a part is."""

    STARTING = "starting"
    OK = "ok"
    WAITING = "waiting"
    """It failed and will be tried again by itself."""
    NEEDS_YOU = "needs_you"
    """A person has to act: a password, a token, a setting, a missing package."""
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Part:
    """What the Health page shows of one source, sink or inner part. Instants are UTC ms."""

    name: str
    role: str
    type: str
    state: State
    text: str
    since: int
    last_ok: int | None = None
    failures: int = 0
    cadence_s: float | None = None


class Health:
    """The state of every part; `changed` is called after each change of state."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.parts: dict[str, Part] = {}
        self.changed: Callable[[Part, Part | None], None] = lambda new, old: None

    def __iter__(self) -> Iterator[Part]:
        return iter(self.parts.values())

    def add(self, name: str, role: str, type_: str, cadence_s: float | None = None) -> None:
        self.parts[name] = Part(
            name, role, type_, State.STARTING, "Starting", self._clock.now(), cadence_s=cadence_s
        )

    def ok(self, name: str, text: str = "Working") -> None:
        self._set(name, State.OK, text)

    def failed(self, name: str, text: str, state: State = State.WAITING) -> None:
        self._set(name, state, text)

    def _set(self, name: str, state: State, text: str) -> None:
        old = self.parts[name]
        now = self._clock.now()
        moved = state is not old.state
        new = replace(
            old,
            state=state,
            text=text,
            since=now if moved else old.since,
            last_ok=now if state is State.OK else old.last_ok,
            failures=old.failures + (state in (State.WAITING, State.NEEDS_YOU)),
        )
        self.parts[name] = new
        if not moved:
            return
        level = logging.INFO if state in (State.OK, State.STOPPED) else logging.WARNING
        log.log(level, "%s: %s", name, text)
        self.changed(new, old)


def wait_s(failures: int, dice: random.Random) -> float:
    """Seconds to wait after so many failures in a row: 2 s doubling to 300 s, spread by 20 %."""
    wait = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(failures - 1, 20))
    return wait * dice.uniform(1 - SPREAD, 1 + SPREAD)


async def forever(name: str, run: Callable[[], Awaitable[None]], health: Health, clock: Clock) -> None:
    """Run `run` again and again until cancelled; success is whatever made `health` say ok meanwhile."""
    dice = random.Random()  # noqa: S311 - spreads retries, guards no secret
    in_a_row = 0
    while True:
        before = health.parts[name].last_ok
        pause: float | None = None
        try:
            await run()
            text, state = "It ended by itself and is started again", State.WAITING
        except AuthError as error:
            text, state = str(error), State.NEEDS_YOU
            pause = AUTH_WAIT_S if error.again_s is None else error.again_s
        except TallywattError as error:
            text, state = str(error), State.WAITING
        except Exception as error:
            log.exception("%s failed in a way nobody foresaw", name)
            text, state = f"Unexpected fault: {type(error).__name__}: {error}", State.WAITING
        in_a_row = 1 if health.parts[name].last_ok != before else in_a_row + 1
        health.failed(name, text, state)
        await clock.sleep(pause if pause is not None else wait_s(in_a_row, dice))
