"""The virtual CARMA portal: as strict as ASP.NET, and true to its meters."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
import requests

from appliance.clock import FakeClock
from appliance.demo.carma import GRAPHING, LOGIN, CarmaPortal
from appliance.demo.http_device import Fault

NOW = int(datetime(2026, 7, 13, 15, tzinfo=UTC).timestamp() * 1000)
STATE = ("__VIEWSTATE", "__VIEWSTATEGENERATOR", "__EVENTVALIDATION")
JUNE, JULY = date(2026, 6, 1), date(2026, 7, 1)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def portal(clock: FakeClock) -> Iterator[CarmaPortal]:
    portal = CarmaPortal(clock)
    portal.start()
    yield portal
    portal.stop()


class Browser:
    """As much of a browser as the portal asks for."""

    def __init__(self, portal: CarmaPortal) -> None:
        self.portal, self.http = portal, requests.Session()
        self.text = ""
        self.fields: dict[str, str] = {}

    def took(self, answer: requests.Response) -> requests.Response:
        self.text = answer.text
        found = re.findall(r'<input type="hidden" name="([^"]+)" id="[^"]+" value="([^"]*)"', answer.text)
        self.fields |= {name: unescape(value) for name, value in found}
        return answer

    def sign_in(self, password: str | None = None) -> requests.Response:
        self.took(self.http.get(self.portal.url + LOGIN))
        who = {
            "username_txt": self.portal.username,
            "password_txt": self.portal.password if password is None else password,
            "login_btn": self.portal.button,
        }
        return self.took(self.http.post(self.portal.url + LOGIN, {**self.fields, **who}))

    def click(self, name: str) -> requests.Response:
        return self.took(self.http.post(self.portal.url + GRAPHING, {**self.fields, name: "x"}))

    def update(self, named: str, fields: dict[str, str]) -> list[tuple[str, str, str]]:
        body = {
            **self.fields,
            "ToolkitScriptManager1": f"UpdatePanel|{named}",
            "__ASYNCPOST": "true",
            **fields,
        }
        headers = {"X-MicrosoftAjax": "Delta=true", "X-Requested-With": "XMLHttpRequest"}
        answer = self.http.post(self.portal.url + GRAPHING, body, headers=headers)
        found = segments(answer.content, self.portal.delta_lengths == "bytes")
        self.fields |= {id_: content for kind, id_, content in found if kind == "hiddenField"}
        return found

    def choose(self, tab: int) -> list[tuple[str, str, str]]:
        fields = {"__EVENTTARGET": "tabMeters", "__EVENTARGUMENT": f"activeTabChanged:{tab}"}
        found = self.update("tabMeters", fields)
        self.fields |= {"__EVENTTARGET": "", "__EVENTARGUMENT": ""}
        return found


def segments(body: bytes, in_bytes: bool) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    rest = body if in_bytes else body.decode()
    bar = b"|" if isinstance(rest, bytes) else "|"
    while rest:
        length, kind, id_, rest = rest.split(bar, 3)  # type: ignore[arg-type]
        content, rest = rest[: int(length)], rest[int(length) :]
        assert rest[:1] == bar
        rest = rest[1:]
        parts = [part.decode() if isinstance(part, bytes) else part for part in (kind, id_, content)]
        found.append((parts[0], parts[1], parts[2]))
    return found


def days(text: str) -> list[float]:
    data = re.search(r"name: 'Daily Consumption', data: \[(.*?)\]", text)
    assert data is not None
    return [float(point) for point in re.findall(r"(?:y: )?(\d+\.\d{4})", data[1])]


def month(text: str) -> str:
    found = re.search(r"Daily Consumption During (\w+ \d+) for", text)
    assert found is not None
    return found[1]


@pytest.fixture
def browser(portal: CarmaPortal) -> Browser:
    browser = Browser(portal)
    assert "Sign Out" in browser.sign_in().text
    return browser


def test_the_page_after_signing_in_shows_the_month_looked_at_last(
    portal: CarmaPortal, browser: Browser
) -> None:
    assert month(browser.text) == "June 2026"
    browser.click("currMonth_btn")
    again = Browser(portal)
    again.sign_in()
    assert month(again.text) == "July 2026"


def test_days_are_the_meters_and_the_future_is_0(portal: CarmaPortal, browser: Browser) -> None:
    browser.click("currMonth_btn")
    assert month(browser.text) == "July 2026"
    shown = days(browser.text)
    truth = [portal.value("1203", JULY + timedelta(days=n)) for n in range(12)]
    assert shown == [*truth, *[0.0] * 19]
    assert min(truth) > 0
    register = portal.register("1203", date(2026, 7, 12))
    assert f"Reading as of Sunday, 12 July 2026 is {register:.2f} kWh" in browser.text
    assert f"{{y: {truth[3]:.4f}, color: '#99B7DB'}}" in browser.text  # a Saturday
    assert "'31/Jul/2026'" in browser.text


def test_registers_are_the_sum_of_20_years_of_days(portal: CarmaPortal) -> None:
    for meter in portal.meters:
        first = portal.first_day
        total = sum(meter.value(first + timedelta(days=n)) for n in range(7316))
        assert meter.register(first + timedelta(days=7315)) == pytest.approx(meter.start + total, abs=1e-6)
    vacant = [portal.value("1203", date(2012, 4, day)) for day in range(1, 31)]
    assert vacant == [0.0] * 30
    assert CarmaPortal(FakeClock(NOW)).register("1203", JUNE) == portal.register("1203", JUNE)
    assert CarmaPortal(FakeClock(NOW), seed=2).register("1203", JUNE) != portal.register("1203", JUNE)


def test_the_month_belongs_to_the_session_and_not_to_a_tab(portal: CarmaPortal, browser: Browser) -> None:
    browser.click("prevMonth_btn")
    assert month(browser.text) == "May 2026"
    script = {kind: content for kind, _, content in browser.choose(2)}["scriptStartupBlock"]
    chart = json.loads(script)["text"]
    assert month(chart) == "May 2026"
    assert "yAxis: { title: { text: 'm^3-wtr' } }" in chart
    assert r"for 100 Rue de l\'Étoile \"Rear\" Unit 1203'".replace(r"\"", '"') in chart
    assert days(chart) == [portal.value("T0002203", date(2026, 5, day)) for day in range(1, 32)]


@pytest.mark.parametrize("lengths", ["bytes", "characters"])
@pytest.mark.parametrize("version", [False, True])
def test_deltas_have_lengths_in_bytes_or_characters(
    portal: CarmaPortal, browser: Browser, lengths: str, version: bool
) -> None:
    portal.delta_lengths = "bytes" if lengths == "bytes" else "characters"
    portal.version_segment = version
    found = browser.choose(1)
    assert "Température" in found[1 if version else 0][2]
    assert found[-1][0] == "scriptStartupBlock"
    assert json.loads(browser.fields["tabMeters_ClientState"])["ActiveTabIndex"] == 1
    assert "scriptStartupBlock" not in [kind for kind, *_ in browser.choose(1)]
    found = browser.update("nextMonth_btn", {"nextMonth_btn": "Next Month"})
    assert month(json.loads(found[-1][2])["text"]) == "July 2026"
    assert 'id="nextMonth_btn" disabled="disabled"' in found[1 if version else 0][2]


def test_buttons_at_the_ends_are_disabled(portal: CarmaPortal, browser: Browser) -> None:
    assert "disabled" not in browser.text
    browser.click("nextMonth_btn")
    assert 'id="nextMonth_btn" disabled="disabled"' in browser.text
    assert browser.click("nextMonth_btn").status_code == 500
    portal.month_viewed = date(2006, 8, 1)
    browser.sign_in()
    browser.click("prevMonth_btn")
    assert month(browser.text) == "July 2006"
    assert 'id="prevMonth_btn" disabled="disabled"' in browser.text


@pytest.mark.parametrize("field", STATE)
def test_state_that_is_stale_or_missing_is_an_error(
    portal: CarmaPortal, browser: Browser, field: str
) -> None:
    old = dict(browser.fields)
    browser.click("prevMonth_btn")
    fresh = dict(browser.fields)
    if field != "__VIEWSTATEGENERATOR":  # that one stays
        browser.fields = fresh | {field: old[field]}
        assert browser.click("prevMonth_btn").status_code == 500
    browser.fields = {name: value for name, value in fresh.items() if name != field}
    assert "Server Error in '/DirectConsumptionDev' Application." in browser.click("prevMonth_btn").text
    browser.fields = fresh
    assert browser.update("prevMonth_btn", {"prevMonth_btn": "", field: "x"})[0][:2] == ("error", "500")
    assert month(browser.click("prevMonth_btn").text) == "April 2026"


def test_who_may_not_enter(portal: CarmaPortal) -> None:
    browser = Browser(portal)
    refused = browser.sign_in("wrong")
    assert refused.status_code == 200
    assert "Invalid service address or account number." in refused.text
    assert browser.http.get(portal.url + GRAPHING).url.endswith("/login.aspx")
    browser.http.cookies.clear()
    assert browser.http.post(portal.url + LOGIN, browser.fields).status_code == 500
    portal.button = "Login"
    assert "Sign Out" in browser.sign_in().text


def test_sessions_end(portal: CarmaPortal, browser: Browser, clock: FakeClock) -> None:
    clock.tick(19 * 60)
    assert month(browser.click("prevMonth_btn").text) == "May 2026"
    clock.tick(21 * 60)
    assert browser.click("prevMonth_btn").url.endswith("/login.aspx")
    browser.sign_in()
    assert month(browser.text) == "May 2026"
    portal.expire()
    assert browser.update("tabMeters", {})[0][:2] == ("pageRedirect", "")
    browser.sign_in()
    out = browser.http.post(portal.url + GRAPHING, {**browser.fields, "__EVENTTARGET": "signout"})
    assert out.url.endswith("/login.aspx")


def test_failures(portal: CarmaPortal, browser: Browser) -> None:
    portal.fail_every = portal.requests + 1
    assert browser.click("prevMonth_btn").status_code == 500
    portal.fail_every = 0
    portal.fault = Fault(status=500, lost=True)
    browser.click("prevMonth_btn")
    portal.fault = None
    browser.sign_in()
    assert month(browser.text) == "May 2026"  # it had moved although it failed
    portal.fail_share = 1.0
    assert browser.click("prevMonth_btn").status_code == 500
    at, last = portal.log[-1]
    assert (at, last.method, last.path) == (NOW, "POST", GRAPHING)


def test_days_that_come_late_and_months_that_are_empty(portal: CarmaPortal, browser: Browser) -> None:
    fifth, sixth = date(2026, 6, 5), date(2026, 6, 6)
    portal.unread.add(("1203", fifth))
    portal.estimated["1203", sixth] = 7.5
    browser.took(browser.http.get(portal.url + GRAPHING))
    shown = days(browser.text)
    assert (shown[4], shown[5]) == (0.0, 7.5)
    assert portal.value("1203", fifth) > 0
    portal.empty_months.add(JUNE)
    browser.took(browser.http.get(portal.url + GRAPHING))
    assert "categories: []" in browser.text
    assert "text: 'Reading as of' }" in browser.text


@pytest.mark.parametrize(
    ("element", "word"),
    [
        ("chart", "Highcharts.Chart("),
        ("subtitle", "subtitle:"),
        ("categories", "categories:"),
        ("series", "series:"),
        ("tabMeters", "tabMeters"),
        ("tab headers", "__tab_tabMeters"),
        ("prevMonth_btn", "prevMonth_btn"),
        ("__VIEWSTATE", 'name="__VIEWSTATE"'),
    ],
)
def test_pages_that_changed_their_shape(
    portal: CarmaPortal, browser: Browser, element: str, word: str
) -> None:
    portal.all_charts = True
    get = browser.http.get
    whole = get(portal.url + GRAPHING).text
    assert word in whole
    assert whole.count("new Highcharts.Chart(") == 4
    portal.without = frozenset({element})
    assert word not in get(portal.url + GRAPHING).text


def test_what_config_json_gets(portal: CarmaPortal) -> None:
    entry = portal.source_config(name="flat")
    assert entry["type"] == "carma"
    assert entry["name"] == "flat"
    assert requests.get(entry["url"] + "login.aspx", timeout=5).ok
    assert requests.get(portal.url + "/elsewhere", timeout=5).status_code == 404
