"""A set-up on its way: boxes that are moved, added and spread before anything is saved. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from appliance.meter_setup import CounterSetup, DialSetup, MeterSetup, Rectangle
from appliance.model import Quantity

from .counters import CODES, QUANTITIES, UNITS, Figures, boxes, figures, kind_of, middle, spread, with_boxes
from .places import USUAL_DIGITS, Size, around, below, beside, cells, fitted, row
from .text import N_

USUAL_DECIMALS = 1
MOST_DIGITS, MOST_DIALS = 12, 8
MOST_DECIMALS_OF_A_WINDOW = 4


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
        made.counter = replace(made.counter, digits=row(made.size, digits))
        return made

    @property
    def counter(self) -> CounterSetup:
        """The one that is edited."""
        return self.counters[self.place]

    @counter.setter
    def counter(self, counter: CounterSetup) -> None:
        self.counters[self.place] = counter

    @property
    def size(self) -> Size:
        """Of the picture, width and height in pixels."""
        return self.width, self.height

    def copy(self) -> "Draft":
        """As it is now, whatever is done to this one."""
        return replace(self, counters=list(self.counters))

    def setup(self) -> MeterSetup:
        return MeterSetup(self.width, self.height, tuple(self.counters))

    # Boxes

    def move(self, moved: Mapping[int, Rectangle]) -> None:
        """Put boxes where the finger left them; figures count from the left, whichever was moved."""
        new = boxes(self.counter)
        if any(not 0 <= index < len(new) for index in moved):
            return  # told of a counter that has changed since
        for index, box in moved.items():
            new[index] = fitted(self.size, box)
        count = len(self.counter.digits)
        order = sorted(range(count), key=lambda i: middle(new[i]))
        self.counter = with_boxes(self.counter, [new[i] for i in order] + new[count:])
        if self.chosen is not None and self.chosen < count:
            self.chosen = order.index(self.chosen)

    def add(self) -> None:
        """One more box of the kind that is chosen: a figure after the last, a dial beside the last."""
        if self.chosen is not None and kind_of(self.counter, self.chosen) == "dial":
            self.set_dials(len(self.counter.dials) + 1)
        elif not self.window_alone and len(self.counter.digits) < MOST_DIGITS:
            self._insert(
                beside(self.size, self.counter.digits) if self.counter.digits else row(self.size, 1)[0]
            )

    def duplicate(self) -> None:
        """A copy of the chosen box half over it, to be dragged from there."""
        kind = None if self.chosen is None else kind_of(self.counter, self.chosen)
        if self.chosen is None or kind is None or kind == "display":
            return
        x, y, w, h = boxes(self.counter)[self.chosen]
        copy = fitted(self.size, (x + w // 2, y, w, h))
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
        self._count_on(len(self.counter.dials) - len(counter.dials))

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
        if wanted == "display":  # its number is whole: no dial carries it on
            point = max(0, counter.decimals - len(counter.dials))
            window = around(self.size, counter.digits)
            counter = replace(counter, kind="lcd", digits=(), dials=(), decimals=point, display=window)
        elif counter.display:
            digits = counter.digits or cells(counter.display)
            counter = replace(counter, kind=wanted, digits=digits, display=None)
        else:
            counter = replace(counter, kind=wanted)
        if wanted != "display":
            counter = replace(counter, register="")  # a code is read in the window that shows it
        self.chosen, self.counter = None, counter
        self.set_decimals(counter.decimals)

    def set_dials(self, count: int) -> None:
        """So many dials; new ones beside the last, dials go from the end. The point stays where it is."""
        before = len(self.counter.dials)
        self.counter = replace(self.counter, dials=self.counter.dials[: max(0, count)])
        while len(self.counter.dials) < min(count, MOST_DIALS):
            known = [dial.box for dial in self.counter.dials]
            self._append_dial(DialSetup(beside(self.size, known) if known else self._first_dial()))
        if self.chosen is not None and self.chosen >= len(boxes(self.counter)):
            self.chosen = None
        self._count_on(len(self.counter.dials) - before)

    def _count_on(self, dials: int) -> None:
        """So many dials more stand behind the point; dials alone have nothing before it to stand behind."""
        self.set_decimals(self.counter.decimals + dials if self.counter.digits or self.counter.display else 0)

    def _first_dial(self) -> Rectangle:
        """Below the figures, where most meters have them."""
        size = round(min(self.width, self.height) * 0.16)
        low = max((b[1] + b[3] for b in self.counter.digits), default=self.height // 2)
        return fitted(self.size, (self.width // 2 - size // 2, low + size // 3, size, size))

    @property
    def window_alone(self) -> bool:
        """Whether a display's window has no boxes of cells within it; what is found by itself has."""
        return self.counter.display is not None and not self.counter.digits

    @property
    def most_decimals(self) -> int:
        """One figure at least stands before the point."""
        if self.window_alone:
            return MOST_DECIMALS_OF_A_WINDOW
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
        """What it counts; its usual code follows, and the unit where the printed one cannot be."""
        units = UNITS[quantity.spec.unit]
        said = self.counter
        unit = said.unit if said.unit in units else units[0]
        usual = said.register and said.register == CODES.get(said.quantity)
        code = CODES.get(quantity, "") if usual else said.register
        self.counter = replace(said, quantity=quantity, unit=unit, register=code)

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
            new = replace(here, quantity=free, unit=unit, dials=())
            if here.display:
                new = replace(new, register=CODES.get(free, ""))
                self.counter = replace(here, register=here.register or CODES.get(here.quantity, ""))
            else:
                new = replace(new, digits=below(self.size, here))
            self.counters.append(new)
            self.go_to(len(self.counters) - 1)
            self.set_decimals(here.decimals)

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
            self.counters[place] = with_boxes(counter, [fitted(self.size, box) for box in scaled])

    def problem(self) -> str | None:
        """Why this cannot be saved, as a text to translate."""
        if any(not boxes(counter) for counter in self.counters):
            return N_("A counter has no boxes yet")
        kept = [(c.quantity, c.register) for c in self.counters]
        if len({quantity for quantity, _ in kept}) < len(kept):
            return N_("Two counters count the same. Say what each one counts.")
        return None
