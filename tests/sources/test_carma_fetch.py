"""Fetching from the virtual CARMA portal: true, polite, resumable, and clear when the portal changed."""

import asyncio
import errno
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from unittest.mock import Mock

import pytest

from appliance import http
from appliance.demo import carma_pages
from appliance.demo.carma import LOGIN, PASSWORD, USERNAME, CarmaPortal
from appliance.demo.carma_meter import CarmaMeter
from appliance.demo.http_device import Answer, Fault, Request
from appliance.errors import AuthError, SourceError, StoreError
from appliance.sources._carma_fetch import AlreadyError, Plan
from appliance.sources._carma_link import Account, Link
from appliance.store import Changes
from tests.sources.carma_peer import (
    NOON,
    Hurried,
    book_of,
    clock_at,
    fetched,
    known,
    portal_at,
    truth,
    two_meters,
)

KWH, HEAT = "1203", "T0003203"


@pytest.fixture
def clock() -> Hurried:
    return clock_at()


@pytest.fixture
def portal(clock: Hurried) -> Iterator[CarmaPortal]:
    with portal_at(clock) as portal:
        yield portal


def same(folder: Path, portal: CarmaPortal, id_: str, first: date, last: date) -> bool:
    return known(folder, id_) == truth(portal, id_, first, last)


async def test_what_is_fetched_is_the_truth(portal: CarmaPortal, tmp_path: Path, clock: Hurried) -> None:
    done = await fetched(portal, tmp_path, clock, Plan(4))
    # Heat stands still in summer: the register proves those days of 0. April has no register before it.
    assert same(tmp_path, portal, KWH, date(2026, 4, 1), date(2026, 7, 12))
    heat = known(tmp_path, HEAT)
    assert heat.items() <= truth(portal, HEAT, date(2026, 4, 1), date(2026, 7, 12)).items()
    still = [
        day for day, value in truth(portal, HEAT, date(2026, 5, 1), date(2026, 7, 12)).items() if not value
    ]
    assert len(still) > 20
    assert {heat[day] for day in still} == {0.0}
    assert done.changes.new == len(heat) + 103
    assert done.text == f"4 months of 2 meters: {done.changes.new} days new, 0 changed, 0 as they were"
    book = book_of(tmp_path)
    assert book.sources() == ["carma.1203", "carma.t0003203"]
    row = book.days("carma.1203", date(2026, 7, 12))[0]
    assert (row.unit, row.location, row.flagged) == ("kWh", portal.location, True)  # a Sunday
    registers = book.registers("carma.1203")
    assert [(r.day, r.value) for r in registers] == [
        (day, portal.register(KWH, day))
        for day in (date(2026, 4, 30), date(2026, 5, 31), date(2026, 6, 30), date(2026, 7, 12))
    ]


async def test_a_second_fetch_changes_nothing(portal: CarmaPortal, tmp_path: Path, clock: Hurried) -> None:
    first = await fetched(portal, tmp_path, clock, Plan(3))
    before = portal.requests
    again = await fetched(portal, tmp_path, clock, Plan(3))
    assert again.changes.new == again.changes.changed == 0
    assert again.changes.kept > 0
    assert portal.requests - before < before
    history = book_of(tmp_path).fetches("carma")
    assert [fetch.outcome for fetch in history] == ["done", "done"]
    assert history[1].changes == first.changes
    assert history[1].months == 3


async def test_a_day_not_yet_read_is_unknown_and_comes_later(
    portal: CarmaPortal, tmp_path: Path, clock: Hurried
) -> None:
    late, wrong = date(2026, 7, 10), date(2026, 7, 11)
    portal.unread.add((KWH, late))
    portal.estimated[KWH, wrong] = 3.25
    await fetched(portal, tmp_path, clock, Plan(1))
    assert late not in known(tmp_path, KWH)
    assert known(tmp_path, KWH)[wrong] == 3.25
    portal.unread.clear()
    portal.estimated.clear()
    done = await fetched(portal, tmp_path, clock, Plan(1))
    assert (done.changes.new, done.changes.changed) == (1, 1)
    assert same(tmp_path, portal, KWH, date(2026, 7, 1), date(2026, 7, 12))


async def test_a_good_value_never_gives_way_to_0(portal: CarmaPortal, tmp_path: Path, clock: Hurried) -> None:
    await fetched(portal, tmp_path, clock, Plan(2))
    portal.unread |= {(KWH, date(2026, 7, day)) for day in range(1, 13)}
    done = await fetched(portal, tmp_path, clock, Plan(2))
    assert done.changes.new == done.changes.changed == 0
    assert same(tmp_path, portal, KWH, date(2026, 6, 1), date(2026, 7, 12))


async def test_it_is_polite(portal: CarmaPortal, tmp_path: Path, clock: Hurried) -> None:
    await fetched(portal, tmp_path, clock, Plan(9, pause_interval=4, pause_s=30))
    times = [at for at, _ in portal.log]
    gaps = [(b - a) / 1000 for a, b in pairwise(times)]
    assert min(gaps) >= 1
    assert len([gap for gap in gaps if gap >= 30]) == 2
    assert len(times) == 3 + 2 + 2 * 8  # sign in, go to July, its second meter; two clicks a month


# --- twenty years


async def test_twenty_years_of_four_meters_with_faults_stopped_and_carried_on(tmp_path: Path) -> None:
    clock = clock_at()
    with portal_at(clock, meters=(), years=20) as portal:
        portal.fail_share, portal.delta_lengths = 0.02, "characters"
        seen: list[date] = []

        def told(months: int, month: date) -> None:
            seen.append(month)
            if months == 20:
                portal.expire()
            if months == 24:
                task.cancel()

        plan = Plan(240, stop=False, pause_s=0)
        task = asyncio.ensure_future(fetched(portal, tmp_path, clock, plan, told))
        with pytest.raises(asyncio.CancelledError):
            await task
        assert book_of(tmp_path).fetches("carma")[0].outcome == "stopped"
        first_part, before = len(known(tmp_path, KWH)), portal.requests
        assert first_part > 22 * 28
        # What was there is stepped over, a click a month, and not asked for again, four clicks a month.
        await fetched(portal, tmp_path, clock, replace(plan, months=30))
        assert portal.requests - before < 22 + 2 * 4 + 6 * 4 + 20
        portal.all_charts = True  # four clicks a month would take this test too long
        done = await fetched(portal, tmp_path, clock, plan)
        assert done.months == 240
        assert book_of(tmp_path).fetches("carma")[0].outcome == "done"
        last = portal.last_day
        for meter in portal.meters:
            day_one = date(2006, 8, 1)
            got, real = known(tmp_path, meter.id), truth(portal, meter.id, day_one, last)
            assert got.items() <= real.items()
            # The oldest month has no register before it: its days of 0 are not proven.
            missing = [day for day in real if day not in got]
            assert all(day < date(2006, 9, 1) and real[day] == 0 for day in missing)


async def test_a_vacant_flat_is_not_the_end(tmp_path: Path, clock: Hurried) -> None:
    vacant = ((date(2025, 8, 1), date(2026, 2, 28)),)
    meters = (replace_vacant(two_meters()[0], vacant),)
    with portal_at(clock, meters=meters) as portal:
        done = await fetched(portal, tmp_path, clock, Plan(240))
        assert done.text.endswith("; the portal has nothing older")
        assert done.months == 17  # March 2025 to July 2026
        assert known(tmp_path, KWH)[date(2025, 12, 24)] == 0.0
        assert same(tmp_path, portal, KWH, date(2025, 3, 1), date(2026, 7, 12))


def replace_vacant(meter: CarmaMeter, vacant: tuple[tuple[date, date], ...]) -> CarmaMeter:
    return replace(meter, vacant=vacant, _days=[], _registers=[])


@pytest.mark.parametrize(("stop", "months"), [(True, 6), (False, 17)])
async def test_three_months_of_nothing_stop_it(
    portal: CarmaPortal, tmp_path: Path, clock: Hurried, stop: bool, months: int
) -> None:
    portal.empty_months = {date(2026, month, 1) for month in (2, 3, 4)} | {date(2025, 12, 1)}
    done = await fetched(portal, tmp_path, clock, Plan(100, stop=stop))
    assert done.months == months
    assert ("three" in done.text or "3 months" in done.text) == stop


# --- what goes wrong


async def test_a_session_that_ends_is_begun_anew(portal: CarmaPortal, tmp_path: Path, clock: Hurried) -> None:
    def told(months: int, month: date) -> None:
        portal.expire()

    await fetched(portal, tmp_path, clock, Plan(4), told)
    assert same(tmp_path, portal, KWH, date(2026, 4, 1), date(2026, 7, 12))
    assert len([1 for _, r in portal.log if r.method == "POST" and r.path.endswith("login.aspx")]) == 4


async def test_a_portal_that_signs_us_out_at_once(
    portal: CarmaPortal, tmp_path: Path, clock: Hurried
) -> None:
    portal.session_minutes = -1  # every session has ended by the next request
    with pytest.raises(SourceError, match=r"has a fault of its own|signs us out"):
        await fetched(portal, tmp_path, clock, Plan(1))


async def test_wrong_credentials(portal: CarmaPortal, tmp_path: Path, clock: Hurried) -> None:
    with pytest.raises(
        AuthError, match="does not take this user name and password: username is your service"
    ):
        await fetched(portal, tmp_path, clock, Plan(1), password="wrong")
    assert portal.requests == 2
    assert book_of(tmp_path).fetches("carma")[0].outcome == "failed"


async def test_faults_are_waited_for(portal: CarmaPortal, tmp_path: Path, clock: Hurried) -> None:
    portal.fail_every = 3
    await fetched(portal, tmp_path, clock, Plan(3))
    assert same(tmp_path, portal, KWH, date(2026, 5, 1), date(2026, 7, 12))
    times = [at for at, _ in portal.log]
    assert len([1 for a, b in pairwise(times) if b - a >= 10_000]) == portal.requests // 3


@pytest.mark.parametrize(
    "fault", [Fault(cut=True), Fault(cut=True, lost=True), Fault(status=503, lost=True)], ids=str
)
async def test_whether_a_lost_answer_was_acted_on_is_looked_up(
    portal: CarmaPortal, tmp_path: Path, clock: Hurried, fault: Fault
) -> None:
    portal.noticed = lambda request: fault if portal.requests % 4 == 0 else None  # type: ignore[method-assign]
    await fetched(portal, tmp_path, clock, Plan(5))
    assert same(tmp_path, portal, KWH, date(2026, 3, 1), date(2026, 7, 12))
    assert len(book_of(tmp_path).asked("carma.1203")) == 5


async def test_a_portal_that_is_down_is_not_asked_for_ever(
    portal: CarmaPortal, tmp_path: Path, clock: Hurried
) -> None:
    portal.fault = Fault(status=500)
    with pytest.raises(SourceError, match=r"fault of its own \(500\); so it went 5 times in a row"):
        await fetched(portal, tmp_path, clock, Plan(1))
    assert portal.requests == 5


async def test_an_address_where_nothing_is(portal: CarmaPortal, tmp_path: Path, clock: Hurried) -> None:
    with pytest.raises(SourceError, match="404"):
        await fetched(portal, tmp_path, clock, Plan(1), url=f"{portal.url}/elsewhere/")
    portal.stop()
    with pytest.raises(SourceError, match="connection refused"):
        await fetched(portal, tmp_path, clock, Plan(1))


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        ("chart", r"The page after sign-in has no chart: 'new Highcharts\.Chart\(' was not found"),
        ("categories", r"without xAxis\.categories"),
        ("unit", r"without yAxis\.title\.text"),
        ("series", "without the series 'Daily Consumption'"),
        ("prevMonth_btn", "has no input 'prevMonth_btn'"),
        ("username_txt", "The page to sign in has no input 'username_txt'"),
        ("password_txt", "The page to sign in has no input 'password_txt'"),
        ("login_btn", "The page to sign in has no input 'login_btn'"),
        ("__VIEWSTATE", "The page to sign in has no input '__VIEWSTATE'"),
    ],
)
async def test_a_page_that_changed_is_named_and_kept(
    portal: CarmaPortal, tmp_path: Path, clock: Hurried, gone: str, said: str
) -> None:
    portal.without = frozenset({gone})
    with pytest.raises(SourceError, match=said) as caught:
        await fetched(portal, tmp_path, clock, Plan(2))
    (page,) = (tmp_path / "sources").glob("carma-page-*.html")
    assert str(page) in str(caught.value)
    text = page.read_text()
    assert "<form" in text
    for secret in (USERNAME, PASSWORD, "Étoile", "Rear", "/wEP"):
        assert secret not in text
    assert book_of(tmp_path).fetches("carma")[0].outcome == "failed"


@pytest.mark.parametrize("gone", ["title", "subtitle", "currMonth_btn", "signout", "tab headers"])
async def test_what_can_be_done_without_is(
    portal: CarmaPortal, tmp_path: Path, clock: Hurried, gone: str
) -> None:
    portal.without = frozenset({gone})
    await fetched(portal, tmp_path, clock, Plan(2), meters=["1203", "T0003203"])
    assert same(tmp_path, portal, KWH, date(2026, 6, 1), date(2026, 7, 12))


@pytest.mark.parametrize("viewed", [date(2025, 3, 1), date(2026, 7, 1)])
async def test_a_button_may_be_gone_where_there_is_nothing_further(
    portal: CarmaPortal, tmp_path: Path, clock: Hurried, monkeypatch: pytest.MonkeyPatch, viewed: date
) -> None:
    portal.month_viewed = viewed
    whole = carma_pages.panel

    def panel(page: carma_pages.Page) -> str:
        return whole(replace(page, without=page.without | page.disabled))

    monkeypatch.setattr(carma_pages, "panel", panel)
    done = await fetched(portal, tmp_path, clock, Plan(24))
    assert (done.months, done.why) == (17, "; the portal has nothing older")


async def test_a_page_of_welcome_after_signing_in_leads_on(
    portal: CarmaPortal, tmp_path: Path, clock: Hurried, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = portal.answer

    def answer(request: Request) -> Answer:
        said = whole(request)
        signed_in = said.status == 302 and request.path == LOGIN
        return Answer(b"<h1>Welcome</h1><a>Sign Out</a>") if signed_in else said

    monkeypatch.setattr(portal, "answer", answer)
    assert (await fetched(portal, tmp_path, clock, Plan(1))).months == 1


@pytest.mark.parametrize("status", [301, 308])
async def test_a_portal_that_moved_to_https_is_asked_there(clock: Hurried, status: int) -> None:
    link = Link(Account("me", "secret"), clock)
    asked: list[tuple[str, str, bool]] = []

    def request(session: object, method: str, url: str, **more: object) -> http.Answer:
        asked.append((method, url.partition("/Direct")[0], more["data"] is not None))
        to = {"location": url.replace("http://", "https://")}
        return http.Answer(status, to, b"") if url.startswith("http://") else http.Answer(200, {}, b"x")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(http, "request", request)
        await link.ask("GET", "login.aspx")
        await link.ask("POST", "login.aspx", {"password_txt": "secret"})
    link.close()
    assert asked[0][1] == "http://www.carmasmartmetering.com"
    assert asked[1:] == [
        ("GET", "https://www.carmasmartmetering.com", False),
        ("POST", "https://www.carmasmartmetering.com", True),
    ]


async def test_meters_without_names_are_numbered(portal: CarmaPortal, tmp_path: Path, clock: Hurried) -> None:
    portal.without = frozenset({"tab headers"})
    await fetched(portal, tmp_path, clock, Plan(1))
    assert book_of(tmp_path).sources() == ["carma.meter1", "carma.meter2"]


async def test_names_that_are_alike_stay_apart(portal: CarmaPortal, tmp_path: Path, clock: Hurried) -> None:
    await fetched(portal, tmp_path, clock, Plan(1), meters=["Unit 1", "unit 1"])
    assert book_of(tmp_path).sources() == ["carma.unit_1_1", "carma.unit_1_2"]


# --- where the portal stands is never assumed


async def test_somebody_looks_at_another_month_meanwhile(
    portal: CarmaPortal, tmp_path: Path, clock: Hurried
) -> None:
    def told(months: int, month: date) -> None:
        for session in portal._sessions.values():
            session.month = date(2025, 11, 1)  # a second tab of the same browser

    await fetched(portal, tmp_path, clock, Plan(4), told)
    assert same(tmp_path, portal, KWH, date(2026, 4, 1), date(2026, 7, 12))


async def test_somebody_looks_at_another_month_between_two_meters(
    portal: CarmaPortal, tmp_path: Path, clock: Hurried
) -> None:
    answer = portal.answer

    def elsewhere(request):  # type: ignore[no-untyped-def]
        if b"__ASYNCPOST" in request.body and portal.requests < 6:
            for session in portal._sessions.values():
                session.month = date(2025, 11, 1)
        return answer(request)

    portal.answer = elsewhere  # type: ignore[method-assign]
    await fetched(portal, tmp_path, clock, Plan(2))
    assert min(known(tmp_path, HEAT)) >= date(2026, 6, 1)
    assert date(2026, 7, 12) in known(tmp_path, HEAT)
    assert same(tmp_path, portal, KWH, date(2026, 6, 1), date(2026, 7, 12))


async def test_the_tab_in_front_brings_no_chart(portal: CarmaPortal, tmp_path: Path, clock: Hurried) -> None:
    chosen: list[int] = []
    answer = portal.answer

    def behind(request):  # type: ignore[no-untyped-def]
        if b"__ASYNCPOST" in request.body and len(chosen) < 2:
            for session in portal._sessions.values():
                chosen.append(session.tab)
                session.tab = 1  # the server sees the meter in front already
        return answer(request)

    portal.answer = behind  # type: ignore[method-assign]
    await fetched(portal, tmp_path, clock, Plan(2))
    assert len(chosen) == 2
    assert len(known(tmp_path, HEAT)) > 0
    assert same(tmp_path, portal, KWH, date(2026, 6, 1), date(2026, 7, 12))


@pytest.mark.parametrize("viewed", [date(2025, 3, 1), date(2026, 7, 1)])
async def test_it_begins_where_the_account_was_left(
    portal: CarmaPortal, tmp_path: Path, clock: Hurried, viewed: date
) -> None:
    portal.month_viewed = viewed
    await fetched(portal, tmp_path, clock, Plan(2))
    assert same(tmp_path, portal, KWH, date(2026, 6, 1), date(2026, 7, 12))


async def test_whatever_its_answers_look_like(portal: CarmaPortal, tmp_path: Path, clock: Hurried) -> None:
    portal.all_charts, portal.version_segment, portal.button = True, True, "Login"
    before = portal.requests
    await fetched(portal, tmp_path, clock, Plan(3))
    assert portal.requests - before == 3 + 1 + 2  # all meters are on each page
    assert same(tmp_path, portal, KWH, date(2026, 5, 1), date(2026, 7, 12))


# --- two at once, a full card


async def test_two_fetches_keep_out_of_each_other_s_way(
    portal: CarmaPortal, tmp_path: Path, clock: Hurried
) -> None:
    first = asyncio.ensure_future(fetched(portal, tmp_path, clock, Plan(3)))
    await asyncio.sleep(0.05)  # it waits for its first answer
    with pytest.raises(AlreadyError, match="being fetched already"):
        await fetched(portal, tmp_path, clock, Plan(1))
    await first
    assert len(book_of(tmp_path).fetches("carma")) == 1


async def test_days_after_today_are_not_taken(portal: CarmaPortal, tmp_path: Path) -> None:
    behind = clock_at(NOON - timedelta(days=5))  # a clock that was not set yet
    await fetched(portal, tmp_path, behind, Plan(1))
    assert max(known(tmp_path, KWH)) == date(2026, 7, 8) < portal.last_day
    assert book_of(tmp_path).registers("carma.1203") == []


async def test_a_day_book_that_cannot_be_written(portal: CarmaPortal, tmp_path: Path, clock: Hurried) -> None:
    (tmp_path / "daily.db").mkdir()
    with pytest.raises(StoreError, match="cannot be used"):
        await fetched(portal, tmp_path, clock, Plan(1))
    assert portal.requests == 0


async def test_a_folder_that_cannot_be_written_is_said(
    portal: CarmaPortal, tmp_path: Path, clock: Hurried, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, said in ((errno.EACCES, r"sudo -u tallywatt"), (errno.EROFS, "read-only")):
        error = OSError(number, "no")
        monkeypatch.setattr("appliance.sources._carma_fetch.os.open", Mock(side_effect=error))
        with pytest.raises(StoreError, match=said):
            await fetched(portal, tmp_path, clock, Plan(1))
    assert not portal.requests


async def test_what_sudo_makes_belongs_to_the_appliance_s_user(
    portal: CarmaPortal, tmp_path: Path, clock: Hurried, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: set[str] = set()
    monkeypatch.setattr("config.files.os.geteuid", lambda: 0)
    monkeypatch.setattr("config.files.os.chown", lambda path, user, group: given.add(path.name))
    await fetched(portal, tmp_path, clock, Plan(1))
    assert given == {"sources", "carma.lock", "daily.db"}


def test_changes_add_up() -> None:
    assert Changes(1, 2, 3) + Changes(1, 0, 1) == Changes(2, 2, 4)
