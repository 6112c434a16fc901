"""Where readings go, as plain data: each sink's state and progress, and a try at its receiver."""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass

from appliance.errors import SourceError
from appliance.model import Sink
from appliance.sinks.base import Delivery
from appliance.supervise import Part, State

TEST_S = 30.0
"""A receiver that has said nothing by then does not answer."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A sink of config.json. `delivery` is None where it keeps none, `testable` whether it can be tried."""

    name: str
    type: str
    state: State
    text: str
    since: int
    failures: int
    delivery: Delivery | None
    testable: bool


def connections(parts: Iterable[Part], sinks: Mapping[str, Sink]) -> list[Connection]:
    """Every sink in the order of config.json, those that cannot start included."""
    found = []
    for part in parts:
        if part.role != "sink":
            continue
        sink = sinks.get(part.name)
        delivery = getattr(sink, "delivery", None)
        found.append(
            Connection(
                part.name,
                part.type,
                part.state,
                part.text,
                part.since,
                part.failures,
                delivery if isinstance(delivery, Delivery) else None,
                callable(getattr(sink, "test", None)),
            )
        )
    return found


async def tried(sink: Sink | None, deadline_s: float = TEST_S) -> str:
    """What the sink's receiver says to a try. Raises SourceError, or AuthError where a person has to act."""
    test = getattr(sink, "test", None)
    if test is None:
        raise SourceError("This destination cannot be tried")
    return await asked(test(), deadline_s)


async def asked(answer: Awaitable[object], deadline_s: float = TEST_S) -> str:
    """What comes of asking a receiver. Raises SourceError, also for a fault of the driver's own."""
    try:
        async with asyncio.timeout(deadline_s):
            return str(await answer)
    except TimeoutError:
        raise SourceError(f"No answer within {deadline_s:g} s: check address and network") from None
    except SourceError:
        raise
    except Exception as error:
        # A driver's fault must not look like a receiver's answer.
        raise SourceError(f"The try failed inside: {type(error).__name__}: {error}") from error
