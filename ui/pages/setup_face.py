"""What the set-up of a meter looks like: picture and tools on one side, the present step on the other."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nicegui import ui

from ..components.boxes import Boxes, Nudge
from ..components.controls import Segments, Sheet, button, enabled, line, pressed, tool
from ..components.keypad import Numpad
from ..counters import kind_of
from ..draft import Draft
from ..text import N_
from ..words import quantity_short
from .boxes_message import boxes_message
from .counter_form import CounterForm
from .reads import Reads, note

if TYPE_CHECKING:
    from .meter_setup import Setup

MODES = {"number": N_("Number"), "boxes": N_("Boxes"), "counter": N_("Counter")}


class Face:
    """All elements of one open page; `draw` shows the set-up as it is, and sends only what changed."""

    def __init__(self, setup: "Setup") -> None:
        self._setup, self._texts = setup, setup.texts
        self._tabs: list[str] = []
        self._sheet = Sheet(self._texts)
        with ui.element("div").classes("page setup"):
            with ui.element("div").classes("stage"):
                names = {mode: self._texts._(name) for mode, name in MODES.items()}
                self._modes = Segments(names, setup.mode, setup.show_mode, self._texts._("Step"))
                self._boxes = Boxes().on("placed", setup.placed).on("picked", setup.picked)
                self._boxes.on("removed", lambda: setup.change(Draft.remove)).on("undo", setup.undo)
                self._boxes.on("fresh", setup.new_picture).on("leave", setup.leave)
                self._toolbar()
            with ui.element("div").classes("panel"):
                self._number_step()
                with ui.element("div").classes("side") as self._side:
                    self._tabbar = ui.element("div").classes("tabs")
                    self._reads = Reads(self._texts)
                    self._nudge = Nudge(self._boxes, self._texts)
                    self._hint = line(self._texts._("Tap a box, then drag it or its corners."), "mut hint")
                    self._form = CounterForm(setup, self._sheet)
                with ui.element("div").classes("buttons pair") as self._finish:
                    self._test = button(self._texts._("Test read"), setup.test_read)
                    self._save = button(self._texts._("Save"), setup.save, primary=True)

    def _toolbar(self) -> None:
        texts, change = self._texts, self._setup.change
        name = texts._("Boxes")
        words = {
            Draft.add: ("add", texts._("Add"), texts._("Add a box")),
            Draft.duplicate: ("copy", texts._("Copy"), texts._("Copy the chosen box")),
            Draft.remove: ("remove", texts._("Remove"), texts._("Remove the chosen box")),
            Draft.spread: ("spread", texts._("Spread"), texts._("Spread evenly from first to last")),
            Draft.earlier: (
                "earlier",
                texts._("Earlier"),
                texts._("This dial counts before the one before it"),
            ),
            Draft.turn: ("turn", texts._("Turn"), texts._("This dial turns the other way")),
            Draft.hold_together: ("all", texts._("All"), texts._("Move all boxes together")),
        }
        with ui.element("div").classes("tools").props(f'role=toolbar aria-label="{name}"') as self._bar:
            self._tools = {
                act: tool(icon, text, lambda a=act: change(a)).props(f'aria-label="{hint}" title="{hint}"')
                for act, (icon, text, hint) in words.items()
            }

    def _number_step(self) -> None:
        texts = self._texts
        with ui.element("section").classes("card number") as self._number:
            self.numpad = Numpad(
                texts,
                texts._("What does it show?"),
                texts._("All figures, zeros in front too"),
                texts._("Find it"),
                texts._("Find without a number"),
                self._setup.find,
            )

    def ask_leave(self, save: Callable[[], Any], leave: Callable[[], Any]) -> None:
        """What was changed is not saved and would be lost."""
        texts = self._texts
        options = {texts._("Save"): save, texts._("Leave without saving"): leave}
        hint = texts._("Without saving the meter is read as before.")
        self._sheet.ask(texts._("What you changed is not saved"), options, hint)

    def ask_save(self, doubt: str, save: Callable[[], Any]) -> None:
        """What the boxes read is unlikely."""
        texts = self._texts
        self._sheet.ask(texts._("Save all the same?"), {texts._("Save"): save}, doubt)

    def draw(self) -> None:
        setup = self._setup
        if setup.view.client.is_deleted:
            return
        draft, mode = setup.draft, setup.mode
        self._modes.show(mode)
        message = boxes_message(self._texts, draft, setup.address, setup.seen, mode == "boxes")
        more = {"busy": setup.busy, "frame": setup.frame, "undo": setup.can_undo, "unsaved": setup.unsaved}
        beside = mode != "boxes"  # there the card beside the picture says it
        more["said"] = setup.trouble if beside and setup.address else None
        more["note"] = note(self._texts, draft, setup.seen_now) if draft and mode == "counter" else None
        none = setup.trouble or self._texts._("No picture yet")
        self._boxes.show({**message, **setup.size, **more, "none": none})
        for element, modes in (
            (self._number, "number"), (self._side, "boxes counter"), (self._finish, "boxes counter"),
            (self._nudge, "boxes"), (self._reads.root, "boxes"),
            (self._bar, "boxes"), (self._form.root, "counter"),
        ):  # fmt: skip
            element.set_visibility(mode in modes.split())
        idle = draft is not None and draft.chosen is None and len(draft.counters) == 1
        self._hint.set_visibility(mode == "boxes" and idle)
        for made in (self._test, self._save):
            enabled(made, setup.busy is None and draft is not None)
        if draft is not None:
            self._draw_tools(draft)
            self._draw_tabs(draft)
            self._form.draw(draft)
        self._reads.draw(draft, setup.seen_now, setup.trouble)

    def _draw_tools(self, draft: Draft) -> None:
        counter = draft.counter
        chosen = None if draft.chosen is None else kind_of(counter, draft.chosen)
        dial = chosen == "dial" or (not counter.digits and bool(counter.dials))
        window = draft.window_alone and not counter.dials
        can = {
            Draft.add: not window,
            Draft.duplicate: chosen == "digit",
            Draft.remove: chosen in ("digit", "dial"),
            Draft.spread: len(counter.digits) > 2,
            Draft.earlier: chosen == "dial" and draft.chosen != len(counter.digits),
            Draft.turn: chosen == "dial",
            Draft.hold_together: not window,
        }
        for act, made in self._tools.items():
            for_dials, for_digits = act in (Draft.earlier, Draft.turn), act in (Draft.spread, Draft.duplicate)
            made.set_visibility(not (for_digits if dial else for_dials))
            enabled(made, can[act])
        pressed(self._tools[Draft.hold_together], draft.together)

    def _draw_tabs(self, draft: Draft) -> None:
        names = [quantity_short(self._texts, counter.quantity) for counter in draft.counters]
        if names != self._tabs:
            self._tabs = names
            self._tabbar.clear()
            options = {str(place): name for place, name in enumerate(names)}
            with self._tabbar:
                go_to = lambda place: self._setup.change(Draft.go_to, int(place))  # noqa: E731
                self._counters = Segments(options, "", go_to, self._texts._("Counter"))
        self._tabbar.set_visibility(len(names) > 1)
        self._counters.show(str(draft.place))
