"""The customer portal of CARMA Smart Metering: ASP.NET Web Forms over plain HTTP, strict as those are.

`login.aspx` and `graphing.aspx` with view state, event validation and a session; whole pages and the deltas
of an update panel. What its scrapers found out is kept: the month belongs to the session and not to a tab,
the page after signing in shows the month looked at last, choosing the tab in front brings no chart, the
newest day is yesterday and days not yet read are 0.
"""

import random
import secrets
import threading
from collections import deque
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from http.cookies import SimpleCookie
from typing import Any, Literal
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from appliance.demo.carma_meter import CarmaMeter, flat
from appliance.demo.carma_pages import (
    Chart,
    Page,
    delta,
    error_page,
    graphing_page,
    login_page,
    segment,
)
from appliance.demo.carma_session import BAD_EVENT, STALE_VIEW, AspError, Form, Session, check_view, new_view
from appliance.demo.house import HouseClock
from appliance.demo.http_device import Answer, Fault, HttpDevice, Request

FOLDER = "/DirectConsumptionDev/"
LOGIN, GRAPHING = FOLDER + "login.aspx", FOLDER + "graphing.aspx"
COOKIE = "ASP.NETSessionId"
HTML = "text/html; charset=utf-8"
MAX_LOG = 20_000
USERNAME, PASSWORD = "1203 100 Rue de l'Étoile", "ACC-0042-1203"
LOCATION = '100 Rue de l\'Étoile "Rear" Unit 1203'
REFUSED = "Invalid service address or account number."
BUSY = "Timeout expired. The server is not responding."
MONTHS_OF_BUTTONS = {"prevMonth_btn": -1, "nextMonth_btn": 1}


class CarmaPortal(HttpDevice):
    """One account with its meters. What goes wrong is set from outside, besides `fault`:

    `fail_every` (each n-th request fails with 500), `fail_share` (so many of them by chance), `slow_s`,
    `without` (elements that are no longer on the pages: "chart", "title", "subtitle", "categories", "unit",
    "series", "tabMeters", "tab headers", "signout" or the name of an input), `empty_months` (first days of
    months whose chart is empty), `unread` (meter and day: 0 for now, though the register went on) and
    `estimated` (meter and day: another value than the truth for now). `delta_lengths` and `version_segment`
    are how update panels are answered, `all_charts` puts every meter's chart on a whole page, `button` is
    what the button to sign in says. `expire` ends all sessions. `log` holds the latest requests with their
    instants (UTC ms).
    """

    def __init__(
        self,
        clock: HouseClock,
        *,
        meters: Sequence[CarmaMeter] = (),
        years: int = 20,
        seed: int = 1,
        zone: str = "America/Toronto",
        location: str = LOCATION,
        session_minutes: float = 20.0,
        port: int = 0,
    ) -> None:
        """Without `meters` it is a flat of four that was built `years` ago."""
        super().__init__(port)
        self.clock, self.zone = clock, ZoneInfo(zone)
        today = self.today()
        self.meters = tuple(meters) or flat(date(today.year - years, today.month, 1), seed)
        self.username, self.password, self.location = USERNAME, PASSWORD, location
        self.session_minutes = session_minutes
        self.month_viewed = _month_after(today, -1)
        self.fail_every = 0
        self.fail_share = 0.0
        self.slow_s = 0.0
        self.without: frozenset[str] = frozenset()
        self.empty_months: set[date] = set()
        self.unread: set[tuple[str, date]] = set()
        self.estimated: dict[tuple[str, date], float] = {}
        self.delta_lengths: Literal["bytes", "characters"] = "bytes"
        self.version_segment = False
        self.all_charts = False
        self.button = "Sign In"
        self.log: deque[tuple[int, Request]] = deque(maxlen=MAX_LOG)
        self._chance = random.Random(seed)  # noqa: S311 - chance, no secret
        self._sessions: dict[str, Session] = {}
        self._lock = threading.Lock()

    # The truth

    def today(self) -> date:
        """The day at the portal."""
        return datetime.fromtimestamp(self.clock.now() / 1000, UTC).astimezone(self.zone).date()

    @property
    def first_day(self) -> date:
        """The first day of the oldest meter."""
        return min(meter.first_day for meter in self.meters)

    @property
    def last_day(self) -> date:
        """The newest day that was read: yesterday."""
        return self.today() - timedelta(days=1)

    def meter(self, id_: str) -> CarmaMeter:
        """The meter with this id. Raises KeyError."""
        return {meter.id: meter for meter in self.meters}[id_]

    def value(self, id_: str, day: date) -> float:
        """What the meter counted on that day, in its unit."""
        return self.meter(id_).value(day)

    def register(self, id_: str, day: date) -> float:
        """What its register showed at the end of that day, in its unit."""
        return self.meter(id_).register(day)

    def flagged(self, id_: str, day: date) -> bool:
        """Whether the portal draws that day in another colour: weekends, and an estimated value."""
        return day.weekday() >= 5 or (id_, day) in self.estimated

    def shown(self, id_: str, day: date) -> float:
        """What the portal says of that day now: 0 for a day not yet read."""
        if day > self.last_day or (id_, day) in self.unread:
            return 0.0
        return self.estimated.get((id_, day), self.value(id_, day))

    # What is done to it

    def expire(self) -> None:
        """End every session."""
        with self._lock:
            self._sessions.clear()

    def source_config(self, **more: Any) -> dict[str, Any]:
        """The entry of config.json's `sources` that asks this portal."""
        return {
            "type": "carma",
            "url": self.url + FOLDER,
            "username": self.username,
            "password": self.password,
            **more,
        }

    # What it says

    def noticed(self, request: Request) -> Fault | None:
        self.log.append((self.clock.now(), request))
        return self.fault or (Fault(wait_s=self.slow_s) if self.slow_s else None)

    def answer(self, request: Request) -> Answer:
        with self._lock:
            if request.path == FOLDER + "js/highcharts.js":
                return Answer(b"", content_type="text/javascript")
            if request.path not in (LOGIN, GRAPHING, FOLDER):
                return _page(error_page("The resource cannot be found."), 404)
            form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
            try:
                self._may_fail()
                return self._login(request, form) if request.path != GRAPHING else self._graph(request, form)
            except AspError as error:
                if _asynchronous(request, form):
                    return _delta(segment("error", "500", str(error), in_bytes=self._in_bytes))
                return _page(error_page(str(error)), 500)

    @property
    def _in_bytes(self) -> bool:
        return self.delta_lengths == "bytes"

    def _may_fail(self) -> None:
        unlucky = self.fail_share > 0 and self._chance.random() < self.fail_share
        if unlucky or (self.fail_every and self.requests % self.fail_every == 0):
            raise AspError(BUSY)

    def _session(self, request: Request) -> tuple[str, Session] | None:
        """The session whose cookie came along, unless it has expired."""
        cookie = SimpleCookie(request.headers.get("cookie", "")).get(COOKIE)
        found = self._sessions.get(cookie.value) if cookie else None
        if cookie is None or found is None:
            return None
        if self.clock.now() - found.seen_at > self.session_minutes * 60_000:
            del self._sessions[cookie.value]
            return None
        found.seen_at = self.clock.now()
        return cookie.value, found

    def _login(self, request: Request, form: Form) -> Answer:
        known = self._session(request)
        if request.method != "POST":
            key, session = known or (secrets.token_hex(12), Session(0, self.month_viewed))
            session.seen_at = self.clock.now()
            self._sessions[key] = session
            return self._login_page(session, "", {"Set-Cookie": f"{COOKIE}={key}; path=/; HttpOnly"})
        if known is None:
            raise AspError(STALE_VIEW)
        session = known[1]
        check_view(session, form)
        if form.get("login_btn") != self.button:
            raise AspError(BAD_EVENT)
        if (form.get("username_txt"), form.get("password_txt")) != (self.username, self.password):
            return self._login_page(session, REFUSED)
        session.signed_in, session.tab, session.month = True, 0, self.month_viewed
        return Answer(b"", 302, HTML, {"Location": GRAPHING})

    def _login_page(self, session: Session, problem: str, headers: Form | None = None) -> Answer:
        session.view = new_view("C2EE9ABB")
        return _page(login_page(session.view, self.button, problem, self.without), headers=headers)

    def _graph(self, request: Request, form: Form) -> Answer:
        known = self._session(request)
        asynchronous = _asynchronous(request, form)
        if known is None or not known[1].signed_in:
            if asynchronous:
                return _delta(segment("pageRedirect", "", LOGIN, in_bytes=self._in_bytes))
            return Answer(b"", 302, HTML, {"Location": LOGIN})
        session = known[1]
        if request.method != "POST":
            session.tab = 0
            return self._whole(session)
        check_view(session, form)
        if form.get("__EVENTTARGET") == "signout":
            del self._sessions[known[0]]
            return Answer(b"", 302, HTML, {"Location": LOGIN})
        before = session.month, session.tab
        named = self._happened(session, form)
        if not asynchronous:
            return self._whole(session)
        if form.get("ToolkitScriptManager1") != f"UpdatePanel|{named}":
            raise AspError("The script manager was not told what triggered the update.")
        chosen_again = named == "tabMeters" and before[1] == session.tab
        page = self._made(session, [session.tab])
        text = delta(page, with_chart=not chosen_again, in_bytes=self._in_bytes, version=self.version_segment)
        return _delta(text)

    def _happened(self, session: Session, form: Form) -> str:
        """Carry out what was clicked; the control's name. Raises AspError."""
        if "__EVENTTARGET" not in form or "__EVENTARGUMENT" not in form:
            raise AspError("A required field of the form is missing.")
        if form["__EVENTTARGET"] == "tabMeters":
            action, _, number = form["__EVENTARGUMENT"].partition(":")
            if action != "activeTabChanged" or number not in map(str, range(len(self.meters))):
                raise AspError(BAD_EVENT)
            session.tab = int(number)
            return "tabMeters"
        clicked = [name for name in ("prevMonth_btn", "currMonth_btn", "nextMonth_btn") if name in form]
        if len(clicked) != 1 or form["__EVENTTARGET"] or clicked[0] in self._disabled(session):
            raise AspError(BAD_EVENT)
        step = MONTHS_OF_BUTTONS.get(clicked[0])
        session.month = self.today().replace(day=1) if step is None else _month_after(session.month, step)
        self.month_viewed = session.month
        return clicked[0]

    def _disabled(self, session: Session) -> frozenset[str]:
        ends = {"prevMonth_btn": self.first_day.replace(day=1), "nextMonth_btn": self.today().replace(day=1)}
        return frozenset(name for name, month in ends.items() if session.month == month)

    def _whole(self, session: Session) -> Answer:
        tabs = list(range(len(self.meters))) if self.all_charts else [session.tab]
        return _page(graphing_page(self._made(session, tabs)))

    def _made(self, session: Session, tabs: list[int]) -> Page:
        session.view = new_view("7D1E2F30")
        return Page(
            session.view,
            [meter.id for meter in self.meters],
            session.tab,
            [self._chart(tab, session.month) for tab in tabs],
            self._disabled(session),
            self.without,
        )

    def _chart(self, tab: int, month: date) -> Chart:
        meter = self.meters[tab]
        after = _month_after(month, 1)
        if month in self.empty_months or after <= meter.first_day:
            return Chart(tab, self.location, meter.unit, month, (), None)
        days = [month + timedelta(days=number) for number in range((after - month).days)]
        points = [(self.shown(meter.id, day), self.flagged(meter.id, day)) for day in days]
        read = min(days[-1], self.last_day)
        return Chart(tab, self.location, meter.unit, month, points, (read, meter.register(read)))


def _month_after(day: date, months: int) -> date:
    """The first of the month that many months after that of `day`."""
    number = day.year * 12 + day.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def _asynchronous(request: Request, form: Form) -> bool:
    return request.headers.get("x-microsoftajax") == "Delta=true" and form.get("__ASYNCPOST") == "true"


def _page(text: str, status: int = 200, headers: Form | None = None) -> Answer:
    return Answer(text.encode(), status, HTML, headers or {})


def _delta(text: str) -> Answer:
    return Answer(text.encode(), content_type="text/plain; charset=utf-8")
