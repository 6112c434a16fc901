"""The virtual ELNET server: what it says agrees with the flat, and it is hard to please."""

import json
import math
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import requests

from appliance.clock import FakeClock
from appliance.demo import elnet_crypto
from appliance.demo.elnet import HOME_AT_MS, IV, KEY, PASSWORD, ElnetServer
from appliance.demo.elnet_answers import METER, QUESTIONS, USERNAME
from appliance.demo.flat_plan import DAY_MS, IST_MS, MINUTE_MS, Movement, Plan, Span
from appliance.demo.flat_truth import DG_RATE, EB_RATE, Flat
from appliance.demo.http_device import Fault
from appliance.demo.outages import Outage

START = int(datetime(2026, 4, 8, 3, 30, tzinfo=UTC).timestamp() * 1000)
"""Nine in the morning in Bengaluru."""
HOUR_MS = 60 * MINUTE_MS
MIDNIGHT = START + 15 * HOUR_MS
CUT = Outage(START + 2 * HOUR_MS, START + 3 * HOUR_MS)
SILENT = Span(START + 5 * HOUR_MS, START + 6 * HOUR_MS)
PLAN = Plan(
    cuts=(CUT,),
    stale=(SILENT,),
    movements=(Movement(START + HOUR_MS, 2500.0), Movement(START + 4 * HOUR_MS, -246.0)),
    disconnected=(Span(START + 8 * HOUR_MS, START + 9 * HOUR_MS),),
    chance=False,
)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START)


@pytest.fixture
def server(clock: FakeClock) -> Iterator[ElnetServer]:
    device = ElnetServer(Flat(clock, plan=PLAN), clock)
    device.start()
    yield device
    device.stop()


def post(server: ElnetServer, name: str, input_type: object, token: str | None = None) -> requests.Response:
    headers = {"User-Agent": "okhttp/3.14.9"} | ({"Authorization": f"Bearer {token}"} if token else {})
    url = f"{server.url}/api/Dashboard/{name}"
    return requests.post(url, json={"InputType": input_type}, headers=headers, timeout=5)


def ask(server: ElnetServer, name: str) -> Any:
    """The Data of an answer, asked for with what was captured."""
    answer = post(server, name, server.input_type(name), server.captured).json()
    assert answer["Status"] == "Success", answer
    return answer["Data"]


def at(server: ElnetServer, clock: FakeClock, instant: int, name: str = "GetLiveUpdates") -> Any:
    """As `ask`, at an instant."""
    clock.jump(instant - clock.now())
    return ask(server, name)


def updated(live: Any) -> int:
    """UTC ms of UpdatedOn."""
    wall = datetime.strptime(live["UpdatedOn"], "%d-%m-%Y %H:%M:%S").replace(tzinfo=UTC)
    return int((wall - timedelta(milliseconds=IST_MS)).timestamp() * 1000)


def sign_in(server: ElnetServer, **wrong: str) -> Any:
    who = QUESTIONS["login"] | {"UserName": USERNAME, "Password": PASSWORD} | wrong
    return post(server, "login", elnet_crypto.sealed(who, KEY, IV)).json()


def test_the_live_numbers_are_the_flats(server: ElnetServer, clock: FakeClock) -> None:
    seen = set()
    for instant in range(START + HOUR_MS, CUT.end + HOUR_MS, 10 * MINUTE_MS):
        live = at(server, clock, instant)
        truth = server.flat.state_at(updated(live))
        assert 0 <= instant - truth.at <= 120_000
        assert live["Supply"] == (truth.supply == "dg")
        assert live["PresentLoad"] * 1000 == pytest.approx(truth.load_w, abs=6)
        told = [live[name] for name in ("EB", "DG", "Balance")]
        assert told == pytest.approx([truth.eb_kwh, truth.dg_kwh, truth.balance], abs=0.006)
        seen.add(live["Supply"])
    assert seen == {0, 1}


def test_the_meter_calls_every_minute_or_two(server: ElnetServer, clock: FakeClock) -> None:
    instants = sorted({updated(at(server, clock, START + s * 5000)) for s in range(300)})[1:]
    gaps = [later - earlier for earlier, later in pairwise(instants)]
    assert min(gaps) >= 60_000
    assert max(gaps) <= 120_000
    assert len(set(gaps)) > 5


def test_the_day_and_the_month_in_kwh_and_rupees(server: ElnetServer, clock: FakeClock) -> None:
    home = at(server, clock, CUT.end + HOUR_MS, "HomeData")
    flat, now = server.flat, CUT.end + HOUR_MS
    day, month = (flat.used(since, now) for since in (MIDNIGHT - DAY_MS, MIDNIGHT - 8 * DAY_MS))
    told = [home[name] for name in ("kWhRecToday", "kWhDelToday", "kWhRecMonth", "kWhDelMonth")]
    assert told == pytest.approx([*day, *month], abs=0.5)
    for kwh, rupees, rate in (
        ("kWhRecMonth", "CurrentMonth_EB", EB_RATE),
        ("kWhDelMonth", "CurrentMonth_DG", DG_RATE),
        ("kWhRecToday", "CurrentDay_EB", EB_RATE),
        ("kWhDelToday", "CurrentDay_DG", DG_RATE),
    ):
        assert home[rupees] == pytest.approx(home[kwh] * rate, abs=0.12)
    assert home["kWhDelToday"] > 0
    assert (home["EBDGStatus"], home["RelStatus"], home["IsDG"], home["IsSolar"]) == (0, "ON", True, False)
    assert at(server, clock, PLAN.disconnected[0].start + 10 * MINUTE_MS, "HomeData")["RelStatus"] == "OFF"


def test_panels_on_the_roof(clock: FakeClock) -> None:
    server = ElnetServer(Flat(clock, plan=Plan(panel_w=1500, chance=False)), clock)
    server.start()
    try:
        live, home = (at(server, clock, MIDNIGHT - HOUR_MS, name) for name in ("GetLiveUpdates", "HomeData"))
    finally:
        server.stop()
    assert home["IsSolar"] is True
    assert 0.5 < home["SolarToday"] < home["SolarMonth"]
    assert live["Solar"] == pytest.approx(server.flat.sunned(START, MIDNIGHT), abs=0.006)


def test_home_lags_and_the_day_begins_late(server: ElnetServer, clock: FakeClock) -> None:
    before = at(server, clock, MIDNIGHT - MINUTE_MS, "HomeData")
    still = at(server, clock, MIDNIGHT + HOME_AT_MS - 1000, "HomeData")
    after = at(server, clock, MIDNIGHT + 12 * MINUTE_MS, "HomeData")
    assert still["kWhRecToday"] >= before["kWhRecToday"] > 1
    assert after["kWhRecToday"] < 1
    assert after["kWhRecMonth"] > still["kWhRecMonth"]
    first_of_may = START + 23 * DAY_MS
    assert at(server, clock, first_of_may, "HomeData")["kWhRecMonth"] < 10


def test_recharges_newest_first_in_indias_time(server: ElnetServer, clock: FakeClock) -> None:
    told = at(server, clock, START + 5 * HOUR_MS, "RechargeHistory")
    rows = told["RechargeHistory"]
    assert told["TotalRecharge"] == len(rows) == min(30, len(server.flat.movements(0, clock.now())))
    assert [one["DateTime"] for one in rows[:2]] == ["2026-04-08T13:00:00", "2026-04-08T10:00:00"]
    assert [one["Amount"] for one in rows[:2]] == [-246.0, 2500.0]
    assert rows == sorted(rows, key=lambda one: one["DateTime"], reverse=True)
    upkeep = [one for one in rows if one["Amount"] == -5568]
    assert all("-10T01:10:" in one["DateTime"] for one in upkeep)
    assert len(upkeep) >= 3


def test_the_other_calls(server: ElnetServer) -> None:
    told = ask(server, "GetDashboardDetails")
    assert told["AvgCost"] / told["AvgEnergy"] == pytest.approx(8.4, abs=0.3)
    assert told["ExpRechargeDays"] == int(told["Balance"] / (told["AvgCost"] / 30))
    assert [one["Name"] for one in ask(server, "GetResourcesDetails")["DigitalInputs"]] == [
        "EB",
        "DG",
        "Solar",
    ]
    assert ask(server, "PasswordExpired") is False


def test_signing_in(server: ElnetServer, clock: FakeClock) -> None:
    data = sign_in(server)["Data"]
    assert (data["FlatId"], data["FlatName"]) == (METER, USERNAME)
    live = server.input_type()
    assert post(server, "GetLiveUpdates", live, data["AuthToken"]).json()["Status"] == "Success"
    clock.tick(server.token_life_s)
    assert post(server, "GetLiveUpdates", live, data["AuthToken"]).status_code == 401
    assert post(server, "GetLiveUpdates", live).status_code == 401
    assert post(server, "GetLiveUpdates", live, server.captured).ok, "what was captured lasts"
    server.expire()
    assert post(server, "GetLiveUpdates", live, server.captured).status_code == 401
    refused = sign_in(server, Password="wrong")
    assert (refused["Status"], refused["Message"]) == ("Failed", "Invalid username or password")
    assert server.logins == 1


@pytest.mark.parametrize(
    "input_type",
    [
        "no base64!",
        b64encode(b"sixteen or not?!").decode(),
        b64encode(b"short").decode(),
        elnet_crypto.sealed(QUESTIONS["GetLiveUpdates"], KEY[::-1], IV),
        elnet_crypto.sealed({"MeterID": 479}, KEY, IV),
        elnet_crypto.sealed({}, KEY, IV),
        None,
    ],
)
def test_a_question_must_be_encrypted_and_of_this_meter(server: ElnetServer, input_type: object) -> None:
    answer = post(server, "GetLiveUpdates", input_type, server.captured).json()
    assert answer["Status"] == "Failed"
    assert answer["Data"] is None


def test_one_captured_question_serves_all_but_where_it_is_strict(server: ElnetServer) -> None:
    names = ("GetLiveUpdates", "HomeData", "RechargeHistory")
    for name in names:
        answer = post(server, name, server.input_type("GetLiveUpdates"), server.captured)
        assert answer.json()["Status"] == "Success"
    server.strict = True
    said = [post(server, name, server.input_type("GetLiveUpdates"), server.captured).json() for name in names]
    assert [one["Status"] for one in said] == ["Success", "Failed", "Failed"]
    assert all(ask(server, name) is not None for name in names)


def test_the_portal_is_silent_as_planned_and_as_told(server: ElnetServer, clock: FakeClock) -> None:
    last = updated(at(server, clock, SILENT.start))
    assert SILENT.start - 120_000 < last < SILENT.start
    silent = at(server, clock, SILENT.end - 1000)
    assert updated(silent) == last
    assert at(server, clock, SILENT.end - 1000, "HomeData")["MeterBal"] >= silent["Balance"]
    assert updated(at(server, clock, SILENT.end + 121_000)) > SILENT.end
    server.play("stale")
    stood = updated(ask(server, "GetLiveUpdates"))
    assert updated(at(server, clock, clock.now() + DAY_MS)) == stood
    server.clear()
    assert updated(ask(server, "GetLiveUpdates")) > stood


def test_without_power_the_meter_says_nothing(clock: FakeClock) -> None:
    cuts = tuple(Outage(START + n * 600_000, START + n * 600_000 + 120_000) for n in range(1, 100))
    server = ElnetServer(Flat(clock, plan=Plan(cuts=cuts, chance=False)), clock)
    server.start()
    try:
        words = {server.flat.state_at(updated(at(server, clock, cut.start + 25_000))).supply for cut in cuts}
    finally:
        server.stop()
    assert words == {"eb", "dg"}


def test_tricks(server: ElnetServer, clock: FakeClock) -> None:
    clock.jump(CUT.start + 10 * MINUTE_MS - START)
    live = ask(server, "GetLiveUpdates")
    assert live["Supply"] == 1
    server.play("stuck", end=clock.now() + MINUTE_MS)
    assert ask(server, "GetLiveUpdates")["Supply"] == ask(server, "HomeData")["EBDGStatus"] == 0
    clock.tick(60)
    assert ask(server, "GetLiveUpdates")["Supply"] == 1, "it ended by itself"
    server.play("ahead")
    assert updated(ask(server, "GetLiveUpdates")) - clock.now() > 15 * MINUTE_MS
    server.play("zeros")
    zeros = ask(server, "GetLiveUpdates")
    assert [zeros[name] for name in ("Balance", "EB", "DG")] == [0, 0, 0]
    server.clear()
    server.play("garbage")
    assert ask(server, "GetLiveUpdates")["Balance"] == "n/a"
    server.clear()
    server.play("nan")
    assert math.isnan(ask(server, "GetLiveUpdates")["EB"])
    server.clear()
    server.play("missing")
    assert "EB" not in ask(server, "GetLiveUpdates")
    server.clear()
    server.play("flicker")
    now = clock.now()
    words = [at(server, clock, now + n * 90_000)["Supply"] for n in range(20)]
    assert set(words) == {0, 1}
    server.clear()
    server.play("refuse")
    assert post(server, "HomeData", server.input_type(), server.captured).json()["Status"] == "Failed"


def test_a_balance_that_flaps_back(server: ElnetServer, clock: FakeClock) -> None:
    paid = START + HOUR_MS
    server.play("old_balance")
    told = [at(server, clock, paid + n * 90_000)["Balance"] for n in range(-2, 7)]
    steps = [later - earlier > 2000 for earlier, later in pairwise(told)]
    assert sum(steps) > 1, "it rises more than once"


def test_another_meter(server: ElnetServer, clock: FakeClock) -> None:
    old = at(server, clock, CUT.start)
    server.exchange(eb=5.0)
    new = at(server, clock, CUT.end + 2 * MINUTE_MS)
    eb, dg = server.flat.used(CUT.start, updated(new))
    assert (new["EB"], new["DG"]) == pytest.approx((5 + eb, dg), abs=0.006)
    assert new["EB"] < old["EB"]
    home = ask(server, "HomeData")
    assert home["kWhRecToday"] > eb, "the portal's own sums go on"


def test_it_fails_as_it_is_told(server: ElnetServer) -> None:
    server.fail_next("HomeData", Fault(status=500), Fault(truncated=True))
    assert post(server, "HomeData", server.input_type(), server.captured).status_code == 500
    with pytest.raises(requests.JSONDecodeError):
        post(server, "HomeData", server.input_type(), server.captured).json()
    assert ask(server, "HomeData")
    server.faults["GetLiveUpdates"] = Fault(cut=True)
    assert ask(server, "HomeData")
    with pytest.raises(requests.ConnectionError):
        ask(server, "GetLiveUpdates")
    url = f"{server.url}/api/Dashboard/HomeData"
    assert requests.get(url, timeout=5).status_code == 405
    assert post(server, "Elsewhere", "", server.captured).status_code == 404


def test_a_real_recording_has_the_same_members(server: ElnetServer, shared: Path) -> None:
    for name in ("GetLiveUpdates", "HomeData", "GetDashboardDetails", "GetResourcesDetails"):
        real = json.loads((shared / f"data/portals/elnet_{name}.json").read_text())["Data"]
        assert ask(server, name).keys() == real.keys(), name
    rows = json.loads((shared / "data/portals/elnet_RechargeHistory.json").read_text())["Data"]
    told = ask(server, "RechargeHistory")
    assert told.keys() == rows.keys()
    assert told["RechargeHistory"][0].keys() == rows["RechargeHistory"][0].keys()
    shape = json.loads((shared / "data/portals/elnet_login_shape.json").read_text())["Data"]
    assert sign_in(server)["Data"].keys() == shape.keys()


def test_questions_are_encrypted_as_the_app_does(shared: Path) -> None:
    known = json.loads((shared / "data/portals/elnet_crypto_vectors_dummy_key.json").read_text())
    key, iv = known["key_ascii32"], known["iv_string_first16_used"]
    for vector in known["vectors"]:
        question = json.loads(vector["plaintext"])
        assert elnet_crypto.sealed(question, key, iv) == vector["InputType"]
        assert elnet_crypto.opened(vector["InputType"], key, iv) == question


def test_the_appliance_is_told_both_ways_of_signing_in(server: ElnetServer) -> None:
    login, captured = server.source_config(), server.source_config(captured=True)
    assert login["type"] == captured["type"] == "elnet"
    assert (len(login["key"]), login["username"], login["url"]) == (32, USERNAME, server.url)
    assert (captured["token"], captured["input_type"]) == (server.captured, server.input_type())
