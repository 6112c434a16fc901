"""What a camera has learned of its meter's own digits."""

from nicegui import ui

from appliance.errors import TallywattError
from appliance.meter_setup import Learned

from ..components.controls import Sheet, button, heading, line
from ..judgement import percent
from ..lock import Lock
from ..sentences import told
from ..text import Texts
from ..view import View


class Lessons:
    """The card of what a camera has learned of its meter's own digits."""

    def __init__(self, view: View, lock: Lock, source: str, alone: bool) -> None:
        self._view, self._source = view, source
        self._learned: Learned | None = None
        self._sheet = Sheet(view.texts)
        with ui.element("section").classes("card") as self._card:
            title = view.texts._("Learned")
            heading(title if alone else f"{title} · {source}")
            self._first, self._second = line("", "fact"), line()
            self._last = line("", "lesson").props("role=status")
            with ui.element("div").classes("buttons"):
                self._forget = button(view.texts._("Forget"), lock.opened(self._sure))
        self._card.set_visibility(False)

    async def load(self) -> None:
        """A camera that does not answer has no such card."""
        try:
            self._draw(await self._view.appliance.surveyor(self._source).learned())
        except TallywattError:
            self._card.set_visibility(False)

    async def teach(self, at: int, shows: str) -> str:
        """What a picture really showed. Returns what came of it; raises SourceError."""
        before = self._learned
        learned = await self._view.appliance.surveyor(self._source).teach(at, shows)
        self._draw(learned)
        said = lesson(self._view.texts, before, learned)
        self._last.set_text(said)
        return said

    def _draw(self, learned: Learned) -> None:
        self._learned, texts = learned, self._view.texts
        self._card.set_visibility(True)
        self._forget.set_visibility(learned.crops > 0)
        if not learned.crops:
            self._first.set_text(texts._("Nothing yet"))
            self._second.set_text(
                texts._("Say what a refused picture really showed, and it learns from that.")
            )
            return
        said = texts._("{count} digits of this meter are known").format(count=texts.number(learned.crops))
        self._first.set_text(texts._("One digit of this meter is known") if learned.crops == 1 else said)
        self._second.set_text(" ".join(filter(None, (improvement(texts, learned), _use(texts, learned)))))

    async def _sure(self) -> None:
        texts = self._view.texts
        title = texts._("Forget what was learned of this meter?")
        self._sheet.ask(title, {texts._("Forget"): self._do_forget})

    async def _do_forget(self) -> None:
        if self._view.unlocked_s <= 0:
            return
        try:
            await self._view.appliance.surveyor(self._source).forget()
        except TallywattError as error:
            ui.notify(told(self._view.texts, str(error)), position="top")
        self._last.set_text("")
        await self.load()


def improvement(texts: Texts, learned: Learned) -> str:
    """How many of the digits set aside are read right, before and after; "" while too few are known."""
    if learned.before is None or learned.after is None:
        return ""
    said = texts._("Read right {before} % → {after} %.")
    return said.format(before=percent(texts, learned.before), after=percent(texts, learned.after))


def _use(texts: Texts, learned: Learned) -> str:
    if learned.used:
        return texts._("This is in use.")
    if learned.after is None:
        return texts._("Some more are needed before it helps.")
    return texts._("It is not in use: the reader is as good without.")


def lesson(texts: Texts, before: Learned | None, after: Learned) -> str:
    """What came of teaching one picture."""
    count = after.crops - (before.crops if before else 0)
    said = texts._("{count} digits learned.").format(count=texts.number(count)) if count > 1 else ""
    said = texts._("One digit learned.") if count == 1 else said
    return " ".join(filter(None, (said, improvement(texts, after)))) or texts._("Nothing new was learned.")
