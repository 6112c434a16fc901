"""Setting up a meter: type what it shows, look at the boxes, put right what is wrong, save."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from nicegui import background_tasks, ui
from nicegui.events import GenericEventArguments

from appliance.errors import TallywattError
from appliance.meter_setup import CounterSeen, Still
from appliance.model import Quantity, Reading

from ..components.controls import line
from ..draft import Draft
from ..lock import Lock
from ..sentences import told
from ..shell import Page
from ..text import N_
from ..view import View
from .reads import doubts
from .setup_face import Face

log = logging.getLogger(__name__)
T = TypeVar("T")
PAUSE_S = 0.25
"""So long boxes rest before they are read, so that a row of nudges is read once."""
UNDO_STEPS = 30
OTHER_BOXES = (Draft.add_counter, Draft.remove_counter, Draft.go_to, Draft.set_figures, Draft.set_dials)
"""After these the boxes stand elsewhere in the picture."""
LOOKS_ONLY = (Draft.go_to, Draft.hold_together)
"""Nothing that would have to be undone."""


async def build(view: View) -> None:
    """The camera is named in the address; without a name it is the first."""
    cameras = [name for name, kind in view.types().items() if kind == "camera_meter"]
    request = view.client.request
    asked = request.query_params.get("source", "") if request else ""
    if not cameras:
        with ui.element("div").classes("page"):
            line(view.texts._("No camera stands before a meter yet; config.json names it."), "nothing")
        return
    setup = Setup(view, asked if asked in cameras else cameras[0])
    view.when_connected(setup.begin)


class Setup:
    """One open page: the still, the draft, what it reads, and what the camera is busy with."""

    def __init__(self, view: View, source: str) -> None:
        self.view, self.texts, self.source = view, view.texts, source
        self.lock = Lock(view)
        self.draft: Draft | None = None
        self.seen: tuple[CounterSeen, ...] = ()
        self.busy: str | None = None
        self.trouble: str | None = None
        self.mode = "number"
        self.address: str | None = None
        self.frame = 0
        """Another number asks the browser to look at the boxes anew."""
        self._still: Still | None = None
        self._typed = ""
        self._past: list[Draft] = []
        self._begun: Draft | None = None
        """As it was before the owner changed anything."""
        self._revision = 0
        self._judging = False
        self._face = Face(self)
        self._face.draw()

    @property
    def surveyor(self) -> Any:
        return self.view.appliance.surveyor(self.source)

    @property
    def size(self) -> dict[str, int]:
        """Of the picture, pixels."""
        return {"width": self._still.width, "height": self._still.height} if self._still else {}

    @property
    def seen_now(self) -> CounterSeen | None:
        """What the counter that is edited was read as."""
        place = self.draft.place if self.draft else 0
        return self.seen[place] if place < len(self.seen) else None

    # What the camera does, one thing at a time

    async def _while(self, said: str, work: Awaitable[T]) -> T | None:
        """The camera's answer; meanwhile the page shows what it waits for. None when it had a sentence."""
        self.busy, self.trouble = said, None
        self._face.draw()
        try:
            return await work
        except TallywattError as error:
            self.trouble = told(self.texts, str(error))
            return None
        finally:
            self.busy = None
            self._face.draw()

    async def begin(self) -> None:
        """Begin with the set-up in force, or by asking for the number."""
        await self.new_picture()
        if self._still is None:
            return
        known = await self._while(self.texts._("Looking at the set-up…"), self.surveyor.current())
        if known is not None and known.counters and self.draft is None:
            self._take(Draft.of(known))
            self._begin_from_here()

    async def new_picture(self) -> None:
        """Ask the camera for a new still, and read it if there are boxes."""
        if self.busy is None:
            self.seen = ()
            await self._while(self.texts._("Taking a picture…"), self._shoot())
            if self.trouble is None:
                self._changed()

    async def _shoot(self) -> None:
        still = await self.surveyor.shoot()
        if self.view.client.is_deleted:
            return  # nobody looks any more; a still kept now would stay for ever
        self._still = still
        self.address = self.view.stills.keep(self.view.client, still.jpeg)
        for draft in (*self._past, self._begun, self.draft):
            if draft is not None:
                draft.resize(still.width, still.height)

    async def find(self, typed: str) -> None:
        """Place boxes by what the owner sees, or without it."""
        # The number can be typed faster than the camera begins.
        while self.busy is not None:  # noqa: ASYNC110 - seconds at most, and once a page
            await asyncio.sleep(PAUSE_S)
        self._typed = typed
        self._face.numpad.wait(True)
        found = await self._while(self.texts._("Looking for the counter…"), self._found(typed))
        self._face.numpad.wait(False)
        if found is None:
            hint = self.texts._("You can also place the boxes by hand.")
            self.trouble = f"{(self.trouble or '').removesuffix('.')}. {hint}"
            self._face.draw()
            return
        draft = self.draft.copy() if self.draft is not None else Draft.of(found)
        draft.take(found, typed != "")
        self._face.numpad.empty()
        self._take(draft)

    async def _found(self, typed: str) -> Any:
        if self._still is None:
            await self._shoot()
        return await self.surveyor.find(typed)

    def _take(self, draft: Draft) -> None:
        place = self.draft.place if self.draft is not None else 0
        if self.draft is not None:
            self._remember()
        self.draft = draft
        draft.go_to(place)
        if self._still is not None:
            draft.resize(self._still.width, self._still.height)
        self.mode = "boxes"
        self.seen = ()  # what the boxes before these read
        self.frame += 1
        self._changed()

    async def test_read(self) -> None:
        """A new picture, read with the boxes as they are."""
        await self.new_picture()

    async def save(self) -> None:
        """Save what can be saved; what is unlikely is asked about, and the PIN after that."""
        draft = self.draft
        if draft is None or self.busy is not None:
            return
        if (problem := draft.problem()) is not None:
            self.trouble = self.texts._(problem)
            self._face.draw()
            return
        seen = await self._while(self.texts._("Reading…"), self.surveyor.test(draft.setup()))
        if seen is None:
            return
        save = self.lock.opened(self._save)
        if doubt := doubts(self.texts, draft, seen, self._known):
            self._face.ask_save(doubt, save)
        else:
            await save()

    def _known(self, quantity: Quantity) -> Reading | None:
        return self.view.appliance.hub.latest.get((self.source, quantity))

    async def _save(self) -> None:
        """Read with these boxes from now on; only for those who know the PIN."""
        draft = self.draft
        if draft is None or self.busy is not None or self.view.unlocked_s <= 0:
            return
        await self._while(self.texts._("Saving…"), self.surveyor.save(draft.setup()))
        if self.trouble is None:
            self._begin_from_here()
            self.view.leave_word(self.texts._("Saved. The meter is read this way from now on."))
            with self.view.client:
                ui.navigate.to("/meters")

    # What the owner does

    def show_mode(self, mode: str) -> None:
        """Another step; boxes by hand where nothing was found yet."""
        self.mode = mode
        if mode != "number" and self.draft is None:
            if self._still is None:
                self.mode = "number"
            else:
                quantity, unit = self.view.counts(self.source)
                self.draft = Draft.by_hand(self._still.width, self._still.height, quantity, unit, self._typed)
                self._begin_from_here()
                self.frame += 1
        self._changed()

    def placed(self, event: GenericEventArguments) -> None:
        """Boxes were let go somewhere else."""
        if self.draft is not None and self.busy is None:
            self._remember()
            self.draft.move({int(i): (int(x), int(y), int(w), int(h)) for i, x, y, w, h in event.args})
            self._changed()

    def picked(self, event: GenericEventArguments) -> None:
        """A box was chosen, or the box of another counter."""
        place, chosen = event.args
        if self.draft is not None:
            self.draft.go_to(self.draft.place if place is None else int(place), chosen)
            self.frame += place is not None
            self._face.draw()

    def change(self, act: Callable[..., None], *said: Any) -> None:
        """Change the draft by one of its methods; the picture is looked at anew where boxes come or go."""
        if self.draft is None or self.busy is not None:
            return
        if act not in LOOKS_ONLY:
            self._remember()
        act(self.draft, *said)
        self.frame += act in OTHER_BOXES
        self._changed()

    def _remember(self) -> None:
        assert self.draft is not None
        self._past = [*self._past[1 - UNDO_STEPS :], self.draft.copy()]

    @property
    def can_undo(self) -> bool:
        return bool(self._past)

    def _begin_from_here(self) -> None:
        self._begun = self.draft.copy() if self.draft is not None else None
        self._face.draw()

    @property
    def unsaved(self) -> bool:
        """Whether the owner has changed anything that would be lost."""
        return self.draft is not None and (self._begun is None or self.draft.setup() != self._begun.setup())

    def leave(self, event: GenericEventArguments) -> None:
        """A link was pressed although something is not saved: ask."""

        def go() -> None:
            self._begin_from_here()
            ui.navigate.to(str(event.args))

        self._face.ask_leave(self.save, go)

    def undo(self) -> None:
        """As it was before the last change."""
        if self._past and self.draft is not None and self.busy is None:
            self.draft = self._past.pop()
            self._changed()

    def _changed(self) -> None:
        """Draw, and read the boxes once they rest."""
        self._revision += 1
        self.trouble = None if self._still is not None else self.trouble
        self._face.draw()
        if not self._judging and self.draft is not None and self._still is not None:
            background_tasks.create(self._judge(), name="judge")

    async def _judge(self) -> None:
        self._judging = True
        try:
            while True:
                revision = self._revision
                await asyncio.sleep(PAUSE_S)
                if revision != self._revision or self.busy is not None or self.draft is None:
                    continue
                seen = await self.surveyor.test(self.draft.setup())
                if revision == self._revision:
                    self.seen = seen
                    break
        except TallywattError as error:
            self.seen, self.trouble = (), told(self.texts, str(error))
        finally:
            self._judging = False
        self._face.draw()


PAGE = Page("/meters/setup", N_("Set up the meter"), "meter", build)
