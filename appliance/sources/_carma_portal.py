"""A visit to the CARMA portal: signing in, and being shown one meter's month. Nothing is assumed of where the
portal stands: after each answer its page says which month and meter it shows, and the next click follows from
that.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from pathlib import Path

from appliance import http
from appliance.clock import Clock
from appliance.errors import AuthError, SourceError
from appliance.sources import _carma_kept, _carma_page
from appliance.sources._carma_chart import Chart, ShapeError, charts
from appliance.sources._carma_link import Account, BusyError, Link
from appliance.sources._carma_page import CURRENT, LOGIN, NEXT, PASSWORD, PREVIOUS, SIGN_IN, STATE, TABS, Page

log = logging.getLogger(__name__)

ENTRY, GRAPHS = "login.aspx", "graphing.aspx"
BUSY_S, BUSY_TRIES = 10.0, 5
SPARE_STEPS = 40
"""Clicks on top of one a month that are allowed on the way to a month."""
AJAX = {"X-MicrosoftAjax": "Delta=true", "X-Requested-With": "XMLHttpRequest", "Cache-Control": "no-cache"}
NO_EVENT = {"__EVENTTARGET": "", "__EVENTARGUMENT": ""}
ASYNC = {"ToolkitScriptManager1": f"UpdatePanel|{TABS}", "__ASYNCPOST": "true"}
SIGNED_IN = "Sign Out"
A_MONTH, ENTERED = "The page of a month", "The page after sign-in"


class _SignedOutError(SourceError):
    """The portal does not know us any more."""


class Portal:
    """One visit. `keep` is the folder for pages whose shape is not understood. Close it in the end."""

    def __init__(self, account: Account, clock: Clock, keep: Path) -> None:
        self._account = account
        self._clock = clock
        self._keep = keep
        self._link = Link(account, clock)
        self._page: Page | None = None
        self._charts: dict[int, Chart] = {}
        self._places: set[str] = set()
        self._meters: set[str] = set()
        self._buttons: set[str] = set()
        self._known = False
        self._busy = self._signed_out = self._stuck = 0
        self._jumped = False
        self._chosen: dict[int, int] = {}

    def close(self) -> None:
        """Let go of the connection."""
        self._link.close()

    @property
    def month(self) -> date:
        """The month that is shown, its first day."""
        return next(iter(self._charts.values())).month

    @property
    def tabs(self) -> list[int]:
        """The meters that can be chosen, by number; the one in front first: it costs no click."""
        page = self._shown()
        tabs = [number for number, enabled in enumerate(page.tabs) if enabled]
        return sorted(tabs, key=lambda tab: (tab not in self._charts, tab))

    def name(self, tab: int) -> str:
        """What the portal calls a meter; "" where it does not say."""
        names = self._shown().tab_names
        return names[tab] if tab < len(names) else ""

    async def enter(self) -> None:
        """Be shown any month at all. Raises SourceError, AuthError."""
        while self._page is None:
            await self._steady(self._enter)

    async def reach(self, month: date, newest: date | None = None) -> bool:
        """Have a month shown; False where the portal has none so early, or so late. `newest` is where its
        button for the present month leads. Raises SourceError, AuthError."""
        await self.enter()
        self._stuck, self._jumped = 0, False
        for _ in range(abs(_months(self.month, month)) + SPARE_STEPS):
            if self._page is None:
                await self.enter()
            elif self.month == month:
                return True
            elif (button := self._towards(month, newest)) is None or self._stuck > 1:
                return False
            else:
                before = self.month
                await self._steady(lambda button=button: self._click(button))  # type: ignore[misc]
                self._stuck = self._stuck + 1 if self._page is not None and self.month == before else 0
        raise SourceError(f"The portal does not get to {month:%B %Y}: its buttons lead elsewhere")

    async def chart(self, month: date, tab: int) -> Chart:
        """A meter's month, where the portal has it. Raises SourceError, AuthError."""
        self._chosen.clear()
        while not await self._shows(month, tab):
            await self._steady(lambda: self._choose(tab))
        return self._charts[tab]

    async def _shows(self, month: date, tab: int) -> bool:
        if not await self.reach(month):
            raise SourceError(f"The portal no longer shows {month:%B %Y}, which it did just now")
        return tab in self._charts

    # --- steps

    def _towards(self, month: date, newest: date | None) -> str | None:
        """The button to click, None where the portal has nothing further that way."""
        page, button = self._shown(), PREVIOUS if self.month > month else NEXT
        if button == NEXT and month == newest and not self._jumped and page.can(CURRENT):
            self._jumped = True
            return CURRENT
        if not self._buttons & {button, CURRENT if button == NEXT else button}:
            raise self._changed(A_MONTH, f"has no input '{button}'", page.scripts)
        return button if page.can(button) else None

    async def _steady(self, step: Callable[[], Awaitable[None]]) -> None:
        """Take a step; where the portal is busy or has signed us out, have its page shown anew: whether the
        step was taken then shows."""
        try:
            await step()
        except BusyError as error:
            self._busy += 1
            if self._busy >= BUSY_TRIES:
                raise SourceError(f"{error}; so it went {self._busy} times in a row") from error
            log.info("%s; it is asked again in %g s", error, BUSY_S)
            self._page = None
            await self._clock.sleep(BUSY_S)
        except _SignedOutError as error:
            self._signed_out += 1
            if self._signed_out > 1:
                text = "The portal signs us out as soon as we have signed in; try later"
                raise SourceError(text) from error
            self._page = None

    async def _enter(self) -> None:
        if self._known:
            page = await self._get(GRAPHS)
            if not page.asks_who:
                await self._take(page, ENTERED)
                return
        self._known = False
        await self._sign_in()

    async def _sign_in(self) -> None:
        self._link.renew()
        page = await self._get(ENTRY)
        for name in (SIGN_IN, PASSWORD, LOGIN, STATE):
            if name not in page.inputs:
                raise self._changed("The page to sign in", f"has no input '{name}'", page.scripts)
        form = page.hidden | {
            SIGN_IN: self._account.username,
            PASSWORD: self._account.password,
            LOGIN: page.inputs[LOGIN].value,
        }
        self._known = True  # if this answer is lost, the next page asked for says whether we are
        page = _carma_page.page(await self._ask("POST", ENTRY, form))
        if page.asks_who:
            raise AuthError(
                "The portal does not take this user name and password: username is your service address or"
                " meter number, password your account number, as on your bill"
            )
        if SIGNED_IN.lower() not in page.scripts.lower() or not page.inputs.keys() & {PREVIOUS, NEXT}:
            page = await self._get(GRAPHS)
            if page.asks_who:
                wrong = f"leads neither to {GRAPHS} nor has it '{SIGNED_IN}'"
                raise self._changed("The answer to signing in", wrong, page.scripts)
        await self._take(page, ENTERED)

    async def _click(self, button: str) -> None:
        """A button of the form, as a browser without scripts posts it."""
        page = self._shown()
        await self._take(
            await self._post(page.hidden | NO_EVENT | {button: page.inputs[button].value}), A_MONTH
        )
        self._busy = self._signed_out = 0

    async def _choose(self, tab: int) -> None:
        """The tab of a meter. Choosing the one in front brings no chart, and which one that is the portal may
        see otherwise than its page says: then it is posted without scripts, which brings a whole page."""
        page, tries = self._shown(), self._chosen.get(tab, 0)
        form = page.chosen(tab) | {"__EVENTTARGET": TABS, "__EVENTARGUMENT": f"activeTabChanged:{tab}"}
        if tries == 0:
            await self._update(await self._ask("POST", GRAPHS, form | ASYNC, AJAX))
        elif tries == 1:
            await self._take(await self._post(form), A_MONTH)
        else:
            name = self.name(tab) or str(tab + 1)
            raise self._changed(A_MONTH, f"has no chart of meter {name}", page.scripts)
        self._chosen[tab] = tries + 1
        self._busy = self._signed_out = 0

    async def _update(self, text: str) -> None:
        """Take the answer to a click that changes part of the page."""
        if text.lstrip().startswith("<"):
            await self._take(_carma_page.page(text), "The answer to choosing a meter")
            return
        try:
            update = _carma_page.update(text)
            if update.error:
                raise BusyError(f"The portal has a fault of its own ({update.error})")
            if update.moved:
                raise _SignedOutError("The portal has signed us out")
            scripts = update.page.scripts
            found = await asyncio.to_thread(charts, scripts) if scripts else []
        except ShapeError as error:
            raise self._changed("The answer to choosing a meter", str(error), text) from error
        self._page = self._shown().updated(update.page)
        self._told(found, self._page.active)

    async def _take(self, page: Page, what: str) -> None:
        """The page that is shown from now on."""
        if page.asks_who:
            raise _SignedOutError("The portal has signed us out")
        try:
            found = await asyncio.to_thread(charts, page.scripts)
        except ShapeError as error:
            raise self._changed(what, str(error), page.scripts) from error
        if not page.hidden.get(STATE):
            raise self._changed(what, f"has no input '{STATE}'", page.scripts)
        self._buttons |= {PREVIOUS, CURRENT, NEXT} & page.inputs.keys()
        self._page, self._charts = page, {}
        self._meters |= set(page.tab_names)
        self._told(found, page.active)

    def _told(self, found: list[Chart], active: int) -> None:
        if found and self._charts and found[0].month != self.month:
            self._charts = {}
        for chart in found:
            self._charts[active if chart.tab is None else chart.tab] = chart
            self._places.add(chart.location)

    def _shown(self) -> Page:
        if self._page is None:
            raise SourceError("The portal was not entered yet")
        return self._page

    async def _get(self, name: str) -> Page:
        return _carma_page.page(await self._ask("GET", name))

    async def _post(self, form: Mapping[str, str]) -> Page:
        """A whole page for a form."""
        return _carma_page.page(await self._ask("POST", GRAPHS, form))

    async def _ask(
        self,
        method: str,
        name: str,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> str:
        try:
            return await self._link.ask(method, name, form, headers)
        except http.HttpError:
            raise
        except SourceError as error:
            if not self._known:
                raise  # a wrong address, a network that is down: more tries now change nothing
            raise BusyError(str(error)) from error

    def _changed(self, what: str, wrong: str, text: str) -> SourceError:
        """What to say of a page that is not as it was; the page is kept for a bug report."""
        secrets = {self._account.username, self._account.password, *self._places, *self._meters}
        try:
            path = _carma_kept.keep(self._keep, text, secrets | self._link.cookies, self._clock.now())
        except OSError as error:
            return SourceError(f"{what} {wrong}. It could not be kept for a bug report: {error}")
        return SourceError(
            f"{what} {wrong}: has the portal changed? The page was kept as {path}, without names, numbers and"
            " keys: send it with a bug report"
        )


def _months(a: date, b: date) -> int:
    return (b.year - a.year) * 12 + b.month - a.month
