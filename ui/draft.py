"""A set-up on its way: boxes that are moved, added and spread before anything is saved. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from appliance.meter_setup import CounterSetup, DialSetup, MeterSetup, Rectangle
from appliance.model import Quantity

from .counters import (
    CODES,
    QUANTITIES,
    UNITS,
    Figures,
    boxes,
    figures,
    kind_of,
    middle,
    spread,
    with_boxes,
)
from .text import N_

USUAL_DIGITS, USUAL_DECIMALS = 7, 1
MOST_DIGITS, MOST_DIALS = 12, 8
MOST_DECIMALS_OF_A_WINDOW = 4
SMALLEST_PX = 8
ROOMY = 1.15
"""From one box to the next, in widths."""


@dataclass
class Draft:
    """The counters before they are saved: the one being edited, the box chosen in it, or all of them."""

    width: int
    height: int
    counters: list[CounterSetup]
    place: int = 0
    chosen: int | None = None
    together: bool = False
    """Whether all boxes of the counter move as one."""

    @classmethod
    def of(cls, setup: MeterSetup) -> "Draft":
        return cls(setup.width, setup.height, list(setup.counters))

    @classmethod
    def by_hand(cls, width: int, height: int, quantity: Quantity, unit: str, typed: str = "") -> "Draft":
        """Boxes in the middle of the picture, as many as were typed."""
        digits = len(typed.replace(".", "")) or USUAL_DIGITS
        decimals = len(typed.partition(".")[2]) if typed else USUAL_DECIMALS
        made = cls(width, height, [CounterSetup(quantity, unit, decimals=decimals)])
        made.counter = replace(made.counter, digits=made._row(digits))
        return made

    @property
    def counter(self) -> CounterSetup:
        """The one that is edited."""
        return self.counters[self.place]

    @counter.setter
    def counter(self, counter: CounterSetup) -> None:
        self.counters[self.place] = counter

    def copy(self) -> "Draft":
        """As it is now, whatever is done to this one."""
        return replace(self, counters=list(self.counters))

    def setup(self) -> MeterSetup:
        return MeterSetup(self.width, self.height, tuple(self.counters))

    # Boxes

    def _fitted(self, box: Rectangle) -> Rectangle:
        """Within the picture, and large enough to be seen."""
        w = min(max(box[2], SMALLEST_PX), self.width)
        h = min(max(box[3], SMALLEST_PX), self.height)
        return min(max(box[0], 0), self.width - w), min(max(box[1], 0), self.height - h), w, h

    def _row(self, count: int) -> tuple[Rectangle, ...]:
        w = round(min(self.width * 0.065, self.width * 0.9 / count / ROOMY))
        h, top = round(w * 1.5), round(self.height / 2 - w * 0.75)
        left = self.width / 2 - (count * ROOMY - (ROOMY - 1)) * w / 2
        return tuple(self._fitted((round(left + i * w * ROOMY), top, w, h)) for i in range(count))

    def move(self, moved: Mapping[int, Rectangle]) -> None:
        """Put boxes where the finger left them; figures count from the left, whichever was moved."""
        new = boxes(self.counter)
        if any(not 0 <= index < len(new) for index in moved):
            return  # told of a counter that has changed since
        for index, box in moved.items():
            new[index] = self._fitted(box)
        count = len(self.counter.digits)
        order = sorted(range(count), key=lambda i: middle(new[i]))
        self.counter = with_boxes(self.counter, [new[i] for i in order] + new[count:])
        if self.chosen is not None and self.chosen < count:
            self.chosen = order.index(self.chosen)

    def add(self) -> None:
        """One more box of the kind that is chosen: a figure after the last, a dial beside the last."""
        if self.chosen is not None and kind_of(self.counter, self.chosen) == "dial":
            self.set_dials(len(self.counter.dials) + 1)
        elif not self.counter.display and len(self.counter.digits) < MOST_DIGITS:
            self._insert(self._beside(self.counter.digits) if self.counter.digits else self._row(1)[0])

    def duplicate(self) -> None:
        """A copy of the chosen box half over it, to be dragged from there."""
        kind = None if self.chosen is None else kind_of(self.counter, self.chosen)
        if self.chosen is None or kind is None or kind == "display":
            return
        x, y, w, h = boxes(self.counter)[self.chosen]
        copy = self._fitted((x + w // 2, y, w, h))
        if kind == "digit" and len(self.counter.digits) < MOST_DIGITS:
            self._insert(copy)
        elif kind == "dial" and len(self.counter.dials) < MOST_DIALS:
            dial = replace(self.counter.dials[self.chosen - len(self.counter.digits)], box=copy)
            self._append_dial(dial)

    def _insert(self, box: Rectangle) -> None:
        digits = sorted((*self.counter.digits, box), key=middle)
        self.counter = replace(self.counter, digits=tuple(digits))
        self.chosen = digits.index(box)

    def _append_dial(self, dial: DialSetup) -> None:
        self.counter = replace(self.counter, dials=(*self.counter.dials, dial))
        self.chosen = len(self.counter.digits) + len(self.counter.dials) - 1

    def _beside(self, row: Sequence[Rectangle]) -> Rectangle:
        """A box like the last, at the pitch of the row; before the first where the picture ends."""
        x, y, w, h = row[-1]
        pitch = round((middle(row[-1]) - middle(row[0])) / (len(row) - 1)) if len(row) > 1 else 0
        pitch = pitch if pitch > 0 else round(w * ROOMY)
        if x + pitch + w <= self.width:
            return x + pitch, y, w, h
        return self._fitted((row[0][0] - pitch, row[0][1], w, h))

    def remove(self) -> None:
        """Take the chosen figure or dial away, else the last one."""
        counter = self.counter
        count = len(counter.digits) + len(counter.dials)
        index = count - 1 if self.chosen is None else self.chosen
        if not 0 <= index < count:
            return
        if index < len(counter.digits):
            digits = counter.digits[:index] + counter.digits[index + 1 :]
            self.counter = replace(counter, digits=digits)
        else:
            index -= len(counter.digits)
            self.counter = replace(counter, dials=counter.dials[:index] + counter.dials[index + 1 :])
        self.chosen = None
        self.set_decimals(self.counter.decimals)

    def spread(self) -> None:
        """Figures evenly from the first to the last."""
        if len(self.counter.digits) > 2:
            self.counter = replace(self.counter, digits=spread(self.counter.digits))

    def _dial(self) -> int | None:
        first = len(self.counter.digits)
        if self.chosen is None or kind_of(self.counter, self.chosen) != "dial":
            return None
        return self.chosen - first

    def earlier(self) -> None:
        """The chosen dial counts before the one that was before it."""
        index, dials = self._dial(), list(self.counter.dials)
        if index:
            dials[index - 1], dials[index] = dials[index], dials[index - 1]
            self.counter = replace(self.counter, dials=tuple(dials))
            self.chosen = len(self.counter.digits) + index - 1

    def turn(self) -> None:
        """The chosen dial turns the other way; all of them when they are held together."""
        index = self._dial()
        if index is None:
            return
        clockwise = not self.counter.dials[index].clockwise
        dials = [
            replace(dial, clockwise=clockwise) if self.together or i == index else dial
            for i, dial in enumerate(self.counter.dials)
        ]
        self.counter = replace(self.counter, dials=tuple(dials))

    # The counter

    def set_figures(self, wanted: Figures) -> None:
        """Wheels, cells of a display, or its whole window; the place stays."""
        counter = self.counter
        if wanted == figures(counter):
            return
        if wanted == "display":
            counter = replace(counter, kind="lcd", digits=(), display=self._window(counter.digits))
        elif counter.display:
            x, y, w, h = counter.display
            cell = w // USUAL_DIGITS
            digits = tuple((x + i * cell, y, max(SMALLEST_PX, cell), h) for i in range(USUAL_DIGITS))
            counter = replace(counter, kind=wanted, digits=digits, display=None)
        else:
            counter = replace(counter, kind=wanted)
        if wanted != "display":
            counter = replace(counter, register="")  # a code is read in the window that shows it
        self.chosen, self.counter = None, counter
        self.set_decimals(counter.decimals)

    def _window(self, digits: Sequence[Rectangle]) -> Rectangle:
        row = digits or self._row(USUAL_DIGITS)
        left, top = min(b[0] for b in row), min(b[1] for b in row)
        right, low = max(b[0] + b[2] for b in row), max(b[1] + b[3] for b in row)
        edge = round((low - top) * 0.1)
        return self._fitted((left - edge, top - edge, right - left + 2 * edge, low - top + 2 * edge))

    def set_dials(self, count: int) -> None:
        """So many dials; new ones beside the last, dials go from the end."""
        self.counter = replace(self.counter, dials=self.counter.dials[: max(0, count)])
        while len(self.counter.dials) < min(count, MOST_DIALS):
            known = [dial.box for dial in self.counter.dials]
            self._append_dial(DialSetup(self._beside(known) if known else self._first_dial()))
        if self.chosen is not None and self.chosen >= len(boxes(self.counter)):
            self.chosen = None
        self.set_decimals(self.counter.decimals)

    def _first_dial(self) -> Rectangle:
        """Below the figures, where most meters have them."""
        size = round(min(self.width, self.height) * 0.16)
        low = max((b[1] + b[3] for b in self.counter.digits), default=self.height // 2)
        return self._fitted((self.width // 2 - size // 2, low + size // 3, size, size))

    @property
    def most_decimals(self) -> int:
        """One figure at least stands before the point."""
        if self.counter.display:
            return MOST_DECIMALS_OF_A_WINDOW + len(self.counter.dials)
        return max(0, len(self.counter.digits) + len(self.counter.dials) - 1)

    def set_decimals(self, count: int) -> None:
        self.counter = replace(self.counter, decimals=min(max(0, count), self.most_decimals))

    def set_unit(self, unit: str) -> None:
        """The unit printed on the meter."""
        self.counter = replace(self.counter, unit=unit)

    def set_register(self, code: str) -> None:
        """The code a display shows beside this number, "" where it shows no other."""
        self.counter = replace(self.counter, register=code)

    def hold_together(self) -> None:
        """From now on all boxes of the counter move as one, or no longer."""
        self.together = not self.together

    def set_quantity(self, quantity: Quantity) -> None:
        """What it counts; the unit follows where the printed one cannot be."""
        units = UNITS[quantity.spec.unit]
        unit = self.counter.unit if self.counter.unit in units else units[0]
        self.counter = replace(self.counter, quantity=quantity, unit=unit)

    # Counters

    def go_to(self, place: int, chosen: int | None = None) -> None:
        """Edit another counter, or choose another box."""
        if 0 <= place < len(self.counters):
            self.place = place
            known = chosen is not None and 0 <= chosen < len(boxes(self.counter))
            self.chosen = chosen if known else None

    def add_counter(self) -> None:
        """One more counter on the same meter, below this one; it counts what none of the others does.

        In a display window that shows several numbers in turn it is told by its code.
        """
        taken = {counter.quantity for counter in self.counters}
        free = next((q for q in QUANTITIES if q not in taken), None)
        if free is not None:
            here = self.counter
            unit = here.unit if here.unit in UNITS[free.spec.unit] else UNITS[free.spec.unit][0]
            new = replace(here, quantity=free, unit=unit, digits=self._below(here), dials=(), register="")
            if here.display:
                new = replace(new, register=CODES.get(free, ""))
                self.counter = replace(here, register=here.register or CODES.get(here.quantity, ""))
            self.counters.append(new)
            self.go_to(len(self.counters) - 1)
            self.set_decimals(here.decimals)

    def _below(self, counter: CounterSetup) -> tuple[Rectangle, ...]:
        """A like row beneath; above where the picture ends."""
        row = counter.digits
        if not row:
            return () if counter.display else self._row(USUAL_DIGITS)
        step = round(1.6 * max(box[3] for box in row))
        if max(box[1] + box[3] for box in row) + step > self.height:
            step = -step
        return tuple(self._fitted((x, y + step, w, h)) for x, y, w, h in row)

    def remove_counter(self) -> None:
        """Take the edited counter away, unless it is the only one."""
        if len(self.counters) > 1:
            del self.counters[self.place]
            self.go_to(max(0, self.place - 1))

    def take(self, found: MeterSetup, typed: bool = True) -> None:
        """Boxes that were found; what the edited counter counts, in which unit, is the owner's word.

        So is the point, unless it was `typed` just now.
        """
        if len(found.counters) > 1 and len(self.counters) == 1:
            self.counters = list(found.counters)
            self.go_to(0)
        elif found.counters:
            said = self.counter
            new = replace(found.counters[0], quantity=said.quantity, unit=said.unit, register=said.register)
            same = len(boxes(new)) == len(boxes(said))
            self.counter = new if typed or not same else replace(new, decimals=said.decimals)
            self.chosen = None

    def resize(self, width: int, height: int) -> None:
        """Another still has another size: the boxes keep their place in it."""
        if (width, height) == (self.width, self.height):
            return
        across, down = width / self.width, height / self.height
        self.width, self.height = width, height
        for place, counter in enumerate(self.counters):
            scaled = (
                (round(x * across), round(y * down), round(w * across), round(h * down))
                for x, y, w, h in boxes(counter)
            )
            self.counters[place] = with_boxes(counter, [self._fitted(box) for box in scaled])

    def problem(self) -> str | None:
        """Why this cannot be saved, as a text to translate."""
        if any(not boxes(counter) for counter in self.counters):
            return N_("A counter has no boxes yet")
        kept = [(c.quantity, c.register) for c in self.counters]
        if len({quantity for quantity, _ in kept}) < len(kept):
            return N_("Two counters count the same. Say what each one counts.")
        return None
