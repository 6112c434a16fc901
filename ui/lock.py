"""What changes something asks for the PIN first, once in five minutes."""

from collections.abc import Awaitable, Callable

from appliance.access import Refused

from .components.keypad import Keypad
from .text import N_, Texts
from .view import View

_SAID = {N_("Wrong PIN"), N_("A PIN has 4 to 8 digits")}
Act = Callable[[], Awaitable[None]]


def refusal(texts: Texts, error: Refused) -> str:
    """Why a PIN was not taken, in the tongue of the browser."""
    if error.wait_s > 0:
        return texts._("Wrong PIN. Try again in {time}.").format(time=texts.age(error.wait_s))
    said = str(error)
    return texts._(said) if said in _SAID else said


class Lock:
    """Runs actions for those who know the PIN; the owner who has none yet chooses one on the way."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._access = view.appliance.access
        self.keypad = Keypad(view.texts)

    def opened(self, act: Act) -> Callable[[], Awaitable[None]]:
        """`act` as a handler that asks for the PIN unless this browser is unlocked."""

        async def handler() -> None:
            if self._view.unlocked_s > 0:
                await act()
            elif self._access.has_pin:
                self._ask(act)
            else:
                self.choose(act)

        return handler

    def _ask(self, act: Act) -> None:
        texts = self._view.texts

        async def heard(pin: str) -> str | None:
            try:
                await self._access.unlock(self._view.session, pin)
            except Refused as error:
                return refusal(texts, error)
            await act()
            return None

        self.keypad.ask_pin(texts._("Your PIN"), texts._("Opens changes on this screen for 5 minutes"), heard)

    def choose(self, then: Act | None = None, old: str | None = None) -> None:
        """Choose a PIN, typed twice; `old` is the present one."""
        texts = self._view.texts
        keypad = self.keypad

        async def again(first: str, second: str) -> str | None:
            if first != second:
                return texts._("The two were not the same")
            try:
                await self._access.set_pin(first, old)
                await self._access.unlock(self._view.session, first)
            except Refused as error:
                return refusal(texts, error)
            if then is not None:
                await then()
            return None

        async def heard(pin: str) -> str | None:
            async def repeated(second: str) -> str | None:
                return await again(pin, second)

            keypad.ask_pin(texts._("The same PIN again"), "", repeated)
            return None

        keypad.ask_pin(texts._("Choose a PIN"), texts._("4 to 8 digits that only you know"), heard)

    def change(self) -> None:
        """Ask the present PIN, then a new one."""
        texts = self._view.texts

        async def heard(pin: str) -> str | None:
            try:
                await self._access.check_pin(pin)
            except Refused as error:
                return refusal(texts, error)
            self.choose(old=pin)
            return None

        self.keypad.ask_pin(texts._("Your present PIN"), "", heard)
