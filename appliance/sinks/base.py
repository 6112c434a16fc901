"""What every sink shares: its options, what the appliance lends it, and how it is found."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol
from zoneinfo import ZoneInfo

import appliance.sinks
from appliance.clock import Clock
from appliance.hub import Hub
from appliance.model import Event, Reading
from appliance.plugins import Found, Kinds, PartOptions
from appliance.store import Store
from config.messages import TOPICS, Topic

__all__ = [
    "Delivery",
    "Found",
    "Rate",
    "Recipient",
    "Report",
    "SinkContext",
    "SinkOptions",
    "SourceInfo",
    "discover",
]


class SinkOptions(PartOptions):
    """Options every sink has."""


class Report(Protocol):
    """How a sink tells the Health page and everyone else how it goes."""

    def ok(self, text: str) -> None:
        """It works; `text` says how far it is."""

    def trouble(self, text: str, *, needs_you: bool = False) -> None:
        """It does not work; it tries again by itself unless it `needs_you`."""

    def event(self, event: Event) -> None:
        """Something to be kept and shown."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How far a sink is, for the Connections page, the API and Prometheus; None is not known (yet).

    A sink that keeps one has it as `delivery`. One whose receiver can be tried has `async def test() -> str`
    too: it changes nothing there that matters, and gives a sentence on the answer or raises SourceError.

    `pending` readings wait, the `oldest` (UTC ms) since then; `sent` and `set_aside` (what the receiver will
    never take) count since the start; `last_ok` and `last_error_at` are UTC ms.
    """

    pending: int | None = None
    oldest: int | None = None
    sent: int = 0
    set_aside: int = 0
    last_ok: int | None = None
    last_error: str | None = None
    last_error_at: int | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody a sink writes to, for the Messages page and the API; nothing in it is secret.

    `name` is the owner's, else the chat or the host; `kind` the service ("telegram", "ntfy", "mailto");
    `topics` those the person wants, None for all; `quiet` when not to be woken, by the site's clock
    ("22:00", "07:00"). `waiting` news are not sent yet (None: not known), `problem` is a sentence while
    sending fails; `last_ok` and `muted_until` are UTC ms. A sink that writes to people has them as
    `recipients`, and `async def send_example(event) -> str`.
    """

    name: str
    kind: str
    topics: tuple[Topic, ...] | None = None
    quiet: tuple[str, str] | None = None
    waiting: int | None = None
    last_ok: int | None = None
    problem: str = ""
    muted_until: int | None = None


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """A source that runs: its name and type in config.json, and seconds between its readings."""

    name: str
    type: str
    cadence_s: float


@dataclass(frozen=True, slots=True)
class Rate:
    """What a kWh costs and brings in (the site's currency) in the quarter hour from `start` (UTC ms); None is
    not known (yet)."""

    start: int
    buying: float | None
    selling: float | None


@dataclass(frozen=True)
class SinkContext:
    """What the appliance lends a sink. `looks` gives a register reading's method and digits, `site` is the
    house's name, `sources` are those that run now and the readers that push to it, `page` is where its pages
    are on the local network, `rates` what a kWh costs by the contract, quarter by quarter.

    For those that write to people: `topics` are those that are on now, `ask` answers one of the questions of
    `appliance.answers.QUESTIONS` in plain text (SourceError where it cannot), `chart` draws a picture (PNG)
    that goes with an event; None where there is none. `say` tells an English text of ours in the site's
    language, line by line; what it does not know comes back as it was."""

    clock: Clock
    store: Store
    hub: Hub
    zone: ZoneInfo
    appliance_id: str
    report: Report
    looks: Callable[[Reading], tuple[str, list[int]]]
    site: str = "Home"
    sources: Callable[[], Sequence[SourceInfo]] = tuple
    page: str = ""
    currency: str = "EUR"
    rates: Callable[[int, int], Awaitable[Sequence[Rate]]] | None = None
    topics: Callable[[], Collection[Topic]] = lambda: TOPICS
    ask: Callable[[str], Awaitable[str]] | None = None
    chart: Callable[[Event], Awaitable[bytes | None]] | None = None
    say: Callable[[str], str] = str


def discover() -> Kinds:
    """Every kind of sink by type."""
    return Kinds(appliance.sinks)
