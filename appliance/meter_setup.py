"""Setting up a meter in front of a camera, as the page sees it: a picture, boxes, a test, what was learned.

Plain facts without OpenCV. The camera source carries it out; the Meter page and the API ask for it.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

from appliance.model import DigitSeen, Quantity

Rectangle = tuple[int, int, int, int]
"""x, y, width, height in pixels of the still."""


@dataclass(frozen=True, slots=True)
class DialSetup:
    """A pointer on a round scale of ten."""

    box: Rectangle
    clockwise: bool = True


@dataclass(frozen=True, slots=True)
class CounterSetup:
    """One counter of a meter: what it counts and where its figures stand, most significant first.

    `decimals` counts figures after the point, wheels and dials together; `unit` is the one printed on the
    meter (kWh, Wh, MWh, m³, l). `display` is a whole display window. `register` is the code such a display
    shows beside the number ("1.8.0") when this register's turn has come; empty where it shows no other.
    """

    quantity: Quantity
    unit: str
    kind: Literal["wheel", "lcd"] = "wheel"
    digits: tuple[Rectangle, ...] = ()
    dials: tuple[DialSetup, ...] = ()
    decimals: int = 0
    display: Rectangle | None = None
    register: str = ""


@dataclass(frozen=True, slots=True)
class MeterSetup:
    """All counters of the meter before one camera, in pixels of a still of width x height."""

    width: int
    height: int
    counters: tuple[CounterSetup, ...]


@dataclass(frozen=True, slots=True)
class Still:
    """The picture that is set up on: JPEG bytes of width x height pixels, taken at `at` (UTC ms)."""

    at: int
    jpeg: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class CounterSeen:
    """What one counter was read as; without a believable number `value` is None and `reason` says why.

    `digits` holds wheels or display cells, then dials; confidence is 0..1.
    """

    text: str | None
    value: float | None
    confidence: float
    digits: tuple[DigitSeen, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A kept picture that gave no reading."""

    at: int
    text: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned of this meter's own digits: crops kept, and the share read right, 0..1, of crops set
    aside, by the shipped network and by the refined one; None while too few are known. `used` tells whether
    the refinement was better and is therefore used.
    """

    crops: int
    before: float | None = None
    after: float | None = None
    used: bool = False


class Surveyor(Protocol):
    """What a camera source can do for the page. All raise SourceError with a sentence for the owner."""

    async def current(self) -> MeterSetup | None:
        """The set-up in force; None while the counter has not been found."""

    async def shoot(self) -> Still:
        """A new picture; `find`, `test` and `save` speak of the last one."""

    async def find(self, shows: str) -> MeterSetup:
        """Boxes placed by what the owner sees ("048713.4"), or without it when empty."""

    async def test(self, setup: MeterSetup) -> tuple[CounterSeen, ...]:
        """What each counter of a set-up reads in the still."""

    async def save(self, setup: MeterSetup) -> None:
        """Read with this set-up from now on; the still becomes the reference picture."""

    async def refused(self) -> tuple[Refused, ...]:
        """The refused pictures kept, newest first."""

    async def refused_picture(self, at: int) -> bytes:
        """The JPEG of one of them."""

    async def teach(self, at: int, shows: str) -> Learned:
        """What a refused picture really showed: its digits become labelled crops."""

    async def learned(self) -> Learned:
        """What was learned of this meter so far."""

    async def forget(self) -> None:
        """Forget all crops and the refinement."""
