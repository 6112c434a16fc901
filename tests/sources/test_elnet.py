"""The elnet source against the virtual building's server: sign-in, faults, silences, episodes, restarts."""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from virtual_meter import EagerClock

from appliance.calendar import day_start, local
from appliance.clock import DAY_MS, MINUTE_MS
from appliance.demo.elnet import ElnetServer
from appliance.demo.flat_plan import Movement, Plan
from appliance.demo.flat_truth import Flat
from appliance.demo.http_device import Answer, Fault, HttpDevice, Request, json_answer
from appliance.demo.outages import Outage
from appliance.errors import AuthError, ConfigError, SourceError
from appliance.gate import Gate
from appliance.model import Event, Quantity, Reading
from appliance.sources.base import Context, discover
from appliance.sources.elnet import Options, Source

IST = ZoneInfo("Asia/Kolkata")
START = 1_794_486_600_000
"""2026-11-12 18:00 in India."""
CUT = Outage(START + 30 * MINUTE_MS, START + 55 * MINUTE_MS)
PLAN = Plan(
    balance=900.0,
    cuts=(CUT,),
    movements=(Movement(START + 100 * MINUTE_MS, 3000.0), Movement(START + 150 * MINUTE_MS, -246.0)),
    chance=False,
)
Make = Callable[..., Source]


@pytest.fixture
def clock() -> EagerClock:
    return EagerClock(START)


@pytest.fixture
def context(clock: EagerClock, tmp_path: Path) -> Context:
    return Context(clock, tmp_path / "sources", ZoneInfo("Europe/Stockholm"), currency="INR")


@pytest.fixture(scope="module")
def flat() -> Flat:
    """The truth; the same for all, since it depends on nothing but the instant asked for."""
    return Flat(EagerClock(START), start=START, plan=PLAN)


@pytest.fixture
def server(flat: Flat, clock: EagerClock) -> Iterator[ElnetServer]:
    server = ElnetServer(flat, clock)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def make(server: ElnetServer, context: Context) -> Make:
    def build(*, captured: bool = False, **more: Any) -> Source:
        return Source(Options.model_validate(server.source_config(captured=captured) | more), context)

    return build


class Heard:
    """What a source yields until an instant, and how it failed meanwhile."""

    def __init__(self, clock: EagerClock) -> None:
        self.clock = clock
        self.readings: list[Reading] = []
        self.events: list[Event] = []
        self.failures: list[SourceError] = []

    async def until(self, source: Source, at: int) -> "Heard":
        while self.clock.now() < at:
            try:
                async with aclosing(source.batches()) as batches:
                    async for batch in batches:
                        self.readings += [fact for fact in batch if isinstance(fact, Reading)]
                        self.events += [fact for fact in batch if isinstance(fact, Event)]
                        if self.clock.now() >= at:
                            break
            except SourceError as error:
                self.failures.append(error)
                self.clock.tick((error.again_s or 3600) if isinstance(error, AuthError) else 120)
        return self

    def of(self, quantity: Quantity) -> list[Reading]:
        return [reading for reading in self.readings if reading.quantity is quantity]

    @property
    def names(self) -> list[str]:
        return [event.name for event in self.events]


@pytest.fixture
def heard(clock: EagerClock) -> Heard:
    return Heard(clock)


@pytest.mark.parametrize("captured", [False, True])
@pytest.mark.parametrize("strict", [False, True])
async def test_both_ways_tell_what_is_true_when_it_was(
    server: ElnetServer, make: Make, heard: Heard, captured: bool, strict: bool
) -> None:
    server.strict = strict
    asked = {"home_input_type": "HomeData", "recharge_input_type": "RechargeHistory"} if captured else {}
    more = {option: server.input_type(name) for option, name in asked.items()}
    await heard.until(make(captured=captured, **more), START + 10 * MINUTE_MS)
    assert heard.failures == []
    assert len({reading.at for reading in heard.readings}) >= 5
    for reading in heard.readings:
        truth = server.flat.state_at(reading.at)
        expected = {
            Quantity.ENERGY_IMPORT: truth.eb_kwh,
            Quantity.ENERGY_GENERATOR: truth.dg_kwh,
            Quantity.BALANCE: truth.balance,
            Quantity.POWER_GENERATOR: 0,
            Quantity.SUPPLY: 0,
            Quantity.RELAY: 1,
        }.get(reading.quantity)
        if expected is not None:
            assert reading.value == pytest.approx(expected, abs=0.006)
        if reading.quantity in (Quantity.POWER_LOAD, Quantity.POWER_GRID):
            assert reading.value == pytest.approx(truth.load_w, abs=5)
    seen = {reading.quantity for reading in heard.readings}
    assert {Quantity.IMPORT_TODAY, Quantity.GENERATOR_COST_MONTH, Quantity.DAYS_LEFT} <= seen
    assert Quantity.ENERGY_SOLAR not in seen


def test_it_is_found_and_counts_in_rupees(make: Make, context: Context) -> None:
    assert discover()["elnet"].problem is None
    options = make()._options
    with pytest.raises(ConfigError, match=r"set site\.currency to INR"):
        Source(options, replace(context, currency="EUR"))


def test_a_key_that_was_sealed_is_looked_at_once_open(make: Make, context: Context) -> None:
    options = make()._options.model_copy(update={"key": "short"})
    with pytest.raises(ValueError, match="`key` has 5 characters"):
        Source(options, context)


# --- signing in


async def test_a_wrong_password_is_tried_once(server: ElnetServer, make: Make, heard: Heard) -> None:
    await heard.until(make(password="wrong"), START + 30 * MINUTE_MS)
    assert isinstance(heard.failures[0], AuthError)
    assert "Invalid username or password" in str(heard.failures[0])
    assert list(server.calls) == ["login"]


async def test_a_password_that_was_changed_is_not_tried_again_and_again(
    server: ElnetServer, make: Make, heard: Heard
) -> None:
    server.token_life_s = 900
    source = make()
    await heard.until(source, START + 10 * MINUTE_MS)
    server.faults["login"] = Fault(status=401)
    await heard.until(source, START + 240 * MINUTE_MS)
    assert 4 <= len(heard.failures) <= 6
    assert all(isinstance(error, AuthError) for error in heard.failures)


async def test_who_is_refused_a_lesser_answer_does_not_sign_in_for_it(
    server: ElnetServer, make: Make, heard: Heard
) -> None:
    server.faults["HomeData"] = Fault(status=401)
    await heard.until(make(), START + 29 * MINUTE_MS)
    assert server.logins == 1
    assert heard.failures == []


async def test_a_token_that_ran_out_is_renewed(server: ElnetServer, make: Make, heard: Heard) -> None:
    server.token_life_s = 900
    await heard.until(make(), START + 28 * MINUTE_MS)
    assert heard.failures == []
    assert server.logins == 2


async def test_a_captured_token_that_ran_out_needs_the_owner(
    server: ElnetServer, make: Make, heard: Heard
) -> None:
    source = make(captured=True)
    await heard.until(source, START + 5 * MINUTE_MS)
    server.expire()
    await heard.until(source, START + 9 * MINUTE_MS)
    assert isinstance(heard.failures[0], AuthError)
    assert "capture token and InputType anew" in str(heard.failures[0])
    assert server.captured not in str(heard.failures[0])


async def test_a_server_that_refuses_everything_is_not_signed_in_to_for_ever(
    server: ElnetServer, make: Make, heard: Heard
) -> None:
    server.faults["GetLiveUpdates"] = Fault(status=401)
    await heard.until(make(), START + 25 * MINUTE_MS)
    assert len(heard.failures) >= 5
    assert server.logins <= 3
    assert not any(isinstance(error, AuthError) for error in heard.failures)


async def test_the_wrong_input_type(server: ElnetServer, make: Make, heard: Heard) -> None:
    await heard.until(make(captured=True, input_type="bm90aGluZw=="), START + MINUTE_MS)
    assert "capture token and InputType anew" in str(heard.failures[0])


# --- faults


async def test_three_tries(server: ElnetServer, make: Make, heard: Heard) -> None:
    source = make()
    server.fail_next("GetLiveUpdates", Fault(status=500), Fault(cut=True))
    await heard.until(source, START + MINUTE_MS)
    assert heard.failures == []
    server.fail_next("GetLiveUpdates", *[Fault(status=500)] * 3)
    await heard.until(source, START + 3 * MINUTE_MS)
    assert len(heard.failures) == 1


async def test_the_live_values_do_without_the_rest(
    server: ElnetServer, make: Make, heard: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("HomeData", "RechargeHistory", "GetDashboardDetails"):
        server.faults[name] = Fault(status=500)
    with caplog.at_level(logging.WARNING):
        await heard.until(make(), START + 70 * MINUTE_MS)
    assert heard.failures == []
    assert heard.names == ["generator_on", "generator_off"]
    assert not {Quantity.IMPORT_TODAY, Quantity.RELAY} & {reading.quantity for reading in heard.readings}
    off = heard.events[1]
    (truth,) = server.flat.episodes(START, START + DAY_MS)
    assert off.data["cost"] == pytest.approx(truth.cost, abs=2)  # by the balance
    assert sum("HomeData is missing for now" in record.message for record in caplog.records) == 1


@pytest.mark.parametrize(
    ("trick", "said"),
    [
        ("zeros", "zero for everything"),
        ("missing", "no usable EB"),
        ("garbage", "no usable Balance"),
        ("refuse", "Something went wrong"),
    ],
)
async def test_nonsense_is_told_and_makes_nothing(
    server: ElnetServer, make: Make, heard: Heard, trick: Any, said: str
) -> None:
    source = make()
    await heard.until(source, START + 5 * MINUTE_MS)
    before = len(heard.readings)
    server.play(trick, end=START + 20 * MINUTE_MS)
    await heard.until(source, START + 17 * MINUTE_MS)
    assert said in str(heard.failures[0])
    assert len(heard.readings) == before
    await heard.until(source, START + 29 * MINUTE_MS)
    assert len(heard.readings) > before
    assert heard.events == []


async def test_silence_is_told_with_how_long_and_is_no_event(
    server: ElnetServer, make: Make, heard: Heard
) -> None:
    source = make()
    await heard.until(source, START + 5 * MINUTE_MS)
    before = len(heard.readings)
    server.play("stale", end=START + 29 * MINUTE_MS)
    await heard.until(source, START + 29 * MINUTE_MS)
    told = [str(error) for error in heard.failures]
    assert 2 <= len(told) <= 4  # asking goes on; it is said anew now and then
    assert all("has told nothing new since 2026-11-12 18:0" in text for text in told)
    assert told[0] != told[-1]
    assert len(heard.readings) == before
    assert source.prepaid.stale_s > 20 * 60
    await heard.until(source, START + 33 * MINUTE_MS)
    assert source.prepaid.stale_s == 0
    assert heard.events == []


async def test_a_clock_ahead_is_told_once(server: ElnetServer, make: Make, heard: Heard) -> None:
    server.play("ahead", end=START + 15 * MINUTE_MS)
    await heard.until(make(), START + 5 * MINUTE_MS)
    await heard.until(make(), START + 14 * MINUTE_MS)
    assert heard.names == ["portal_clock"]
    assert 900 < heard.events[0].data["ahead_s"] <= 1200
    assert heard.readings == []
    source = make()
    await heard.until(source, START + 20 * MINUTE_MS)
    assert heard.readings
    server.play("ahead", end=START + 28 * MINUTE_MS)
    await heard.until(source, START + 25 * MINUTE_MS)
    assert heard.names == ["portal_clock", "portal_clock"]


async def test_before_our_own_clock_is_set_nothing_is_judged(make: Make, clock: EagerClock) -> None:
    clock.jump(-START)
    with pytest.raises(SourceError, match="clock is not set yet"):
        await anext(make().batches())


async def test_another_meter(server: ElnetServer, make: Make, heard: Heard) -> None:
    source = make()
    await heard.until(source, START + 12 * MINUTE_MS)
    server.exchange(eb=2.0, dg=0.0)
    await heard.until(source, START + 29 * MINUTE_MS)
    assert heard.names == ["meter_changed"]
    assert heard.of(Quantity.ENERGY_IMPORT)[-1].value < 3
    assert all("do not go on" in str(error) for error in heard.failures)


# --- what happens


async def test_an_evening_with_the_generator_and_money(
    server: ElnetServer, make: Make, heard: Heard, clock: EagerClock
) -> None:
    """The source is started anew every seven minutes: nothing is told twice, nothing is lost."""
    for minute in range(7, 200, 7):
        source = make()
        await heard.until(source, START + minute * MINUTE_MS)
    assert heard.failures == []
    assert heard.names == ["generator_on", "generator_off", "recharge", "deduction"]
    on, off, recharge, deduction = heard.events
    (truth,) = server.flat.episodes(START, START + DAY_MS)
    assert abs(on.at - truth.start) < 2 * MINUTE_MS
    assert abs(off.at - truth.end) < 2 * MINUTE_MS
    assert off.data["kwh"] == pytest.approx(truth.kwh, abs=0.02)
    assert off.data["cost"] == pytest.approx(truth.cost, abs=0.5)
    assert (recharge.data["amount"], deduction.data["amount"]) == (3000.0, 246.0)
    assert recharge.data["balance"] == pytest.approx(server.flat.balance_at(recharge.at), abs=30)
    account = source.prepaid
    assert account.supply == "grid"
    assert account.since == off.at
    assert [(move.amount, move.confirmed) for move in account.movements[:2]] == [
        (-246.0, True),
        (3000.0, True),
    ]
    assert account.sessions[0].kwh == off.data["kwh"]
    assert account.relay is True
    assert account.balance_at == heard.readings[-1].at
    assert account.days_left is not None
    gate = Gate()
    assert all(gate.judge(reading, clock.now()).event is None for reading in heard.readings)


async def test_a_balance_that_lags_in_every_other_answer(
    server: ElnetServer, make: Make, heard: Heard
) -> None:
    server.play("old_balance")
    source = make()
    await heard.until(source, START + 200 * MINUTE_MS)
    assert [event.name for event in heard.events[2:]] == ["recharge", "deduction"]
    assert [event.data["amount"] for event in heard.events[2:]] == [3000.0, 246.0]


@pytest.mark.parametrize("trick", ["stuck", "flicker"])
async def test_a_supply_that_is_wrong_makes_no_episode_and_hides_none(
    server: ElnetServer, make: Make, heard: Heard, trick: Any
) -> None:
    server.play(trick)
    await heard.until(make(), START + 90 * MINUTE_MS)
    assert heard.names == ["generator_on", "generator_off"]
    (truth,) = server.flat.episodes(START, START + DAY_MS)
    assert heard.events[1].data["kwh"] == pytest.approx(truth.kwh, abs=0.02)


async def test_days_left_follow_a_recharge_at_once(server: ElnetServer, make: Make, heard: Heard) -> None:
    heard.clock.tick(95 * 60)
    source = make()
    await heard.until(source, START + 99 * MINUTE_MS)
    before = source.prepaid.days_left
    await heard.until(source, START + 106 * MINUTE_MS)
    assert source.prepaid.days_left > 2 * before  # type: ignore[operator]


async def test_what_happened_while_we_were_off(server: ElnetServer, make: Make, heard: Heard) -> None:
    await heard.until(make(), START + 20 * MINUTE_MS)
    heard.clock.tick(3 * 3600)
    await heard.until(make(), START + 215 * MINUTE_MS)
    assert sorted(heard.names) == ["deduction", "generator_off", "recharge"]
    off = next(event for event in heard.events if event.name == "generator_off")
    assert "at most 3 h" in off.text
    assert off.data["kwh"] == pytest.approx(server.flat.episodes(START, START + DAY_MS)[0].kwh, abs=0.02)
    at = {event.name: event.at for event in heard.events}
    assert (at["recharge"], at["deduction"]) == (START + 100 * MINUTE_MS, START + 150 * MINUTE_MS)


async def test_what_was_paid_before_the_first_start_is_no_news(
    server: ElnetServer, make: Make, heard: Heard
) -> None:
    heard.clock.tick(200 * 60)
    source = make()
    await heard.until(source, START + 230 * MINUTE_MS)
    assert heard.events == []
    assert [move.amount for move in source.prepaid.movements[:2]] == [-246.0, 3000.0]


async def test_todays_numbers_are_never_yesterdays(server: ElnetServer, make: Make, heard: Heard) -> None:
    midnight = day_start(local(START + DAY_MS, IST).date(), IST)
    heard.clock.tick((midnight - START) / 1000 - 600)
    await heard.until(make(), midnight + 20 * MINUTE_MS)
    for reading in heard.of(Quantity.IMPORT_TODAY):
        begun = day_start(local(reading.at, IST).date(), IST)
        assert reading.value <= server.flat.used(begun, reading.at)[0] + 0.3
    after = [reading for reading in heard.of(Quantity.IMPORT_TODAY) if reading.at >= midnight]
    assert after
    assert server.flat.used(midnight - DAY_MS, midnight)[0] > 1


async def test_a_leap_of_the_load_goes_to_the_log(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    source = make()
    with caplog.at_level(logging.INFO):
        for load in (0.5, 0.5, 0.5, 0.5, 0.5, 4.0, 0.4, 4.0, 1.9):
            source._watch_load(load)
    assert [record.message for record in caplog.records] == [
        "elnet: the load leapt to 4.00 kW from 0.99 on average"
    ]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"account": 7}', b'{"supply": {"running": 3}}'])
async def test_a_damaged_memory_begins_anew(
    make: Make, context: Context, heard: Heard, content: bytes
) -> None:
    await heard.until(make(), START + 5 * MINUTE_MS)
    file = context.folder / "elnet" / "elnet.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"monsoon" not in file.read_bytes()
    file.write_bytes(content)
    await heard.until(make(), START + 10 * MINUTE_MS)
    assert heard.failures == []
    assert heard.events == []


async def test_another_flat_does_not_inherit(make: Make, heard: Heard) -> None:
    await heard.until(make(), START + 5 * MINUTE_MS)
    assert make(url="http://203.0.113.9:1")._memory.kept.newest is not None  # the server has moved
    assert make(captured=True)._memory.kept.newest is None


async def test_a_relay_is_told_only_as_long_as_the_portal_tells_it(
    server: ElnetServer, make: Make, heard: Heard
) -> None:
    source = make()
    await heard.until(source, START + 5 * MINUTE_MS)
    server.faults["HomeData"] = Fault(status=500)
    at = heard.clock.now()
    await heard.until(source, START + 15 * MINUTE_MS)
    assert heard.of(Quantity.POWER_LOAD)[-1].at > at
    assert START < heard.of(Quantity.RELAY)[-1].at <= at
    assert source.prepaid.relay is True  # as last known


# --- a server that says what no virtual building does


class Canned(HttpDevice):
    """Answers each call with what a test put there."""

    def __init__(self) -> None:
        super().__init__()
        self.said: dict[str, Any] = {}
        self.asked: list[Request] = []

    def answer(self, request: Request) -> Answer:
        self.asked.append(request)
        return json_answer(self.said.get(request.path.rsplit("/", 1)[-1], {"Status": "Failed"}))


@pytest.fixture
def canned() -> Iterator[Canned]:
    device = Canned()
    device.start()
    yield device
    device.stop()


async def test_what_people_copy_along(canned: Canned, context: Context) -> None:
    options = {"url": f"{canned.url}/api/Dashboard/GetLiveUpdates", "token": " Bearer abc\n"}
    options |= {"type": "elnet", "input_type": "Zm9v\n"}
    with pytest.raises(SourceError, match="does not answer GetLiveUpdates"):
        await anext(Source(Options.model_validate(options), context).batches())
    assert canned.asked[0].path == "/api/Dashboard/GetLiveUpdates"
    assert canned.asked[0].headers["authorization"] == "Bearer abc"
    assert json.loads(canned.asked[0].body) == {"InputType": "Zm9v"}


async def test_what_goes_over_the_wire(canned: Canned, context: Context) -> None:
    moment = f"{local(START, IST):%d-%m-%Y %H:%M:%S}"
    live = {"Supply": 0, "PresentLoad": 0.5, "Balance": 5, "EB": 7.0, "DG": 0, "UpdatedOn": moment}
    canned.said["GetLiveUpdates"] = {"Status": "Success", "Data": live}
    options = {"type": "elnet", "url": canned.url + "/", "token": "abc", "input_type": "Zm9v"}
    options["recharge_input_type"] = "YmFy"
    async with aclosing(Source(Options.model_validate(options), context).batches()) as batches:
        batch = await anext(batches)
    first, *rest = canned.asked
    assert (first.method, first.path) == ("POST", "/api/Dashboard/GetLiveUpdates")
    assert json.loads(first.body) == {"InputType": "Zm9v"}
    assert first.headers["authorization"] == "Bearer abc"
    assert first.headers["content-type"] == "application/json; charset=UTF-8"
    inputs = {request.path.rsplit("/", 1)[-1]: json.loads(request.body)["InputType"] for request in rest}
    assert inputs == {"HomeData": "Zm9v", "RechargeHistory": "YmFy", "GetDashboardDetails": "Zm9v"}
    assert {fact.quantity for fact in batch if isinstance(fact, Reading)} == {
        Quantity.POWER_LOAD,
        Quantity.POWER_GRID,
        Quantity.ENERGY_IMPORT,
        Quantity.BALANCE,
        Quantity.SUPPLY,
    }


@pytest.mark.parametrize(
    "answer",
    [
        [],
        "Success",
        {"Status": "Success"},
        {"Status": "Success", "Data": []},
        {"Status": "Success", "Data": {"EB": float("nan")}},
    ],
)
async def test_an_answer_of_another_shape(canned: Canned, context: Context, answer: Any) -> None:
    canned.said["GetLiveUpdates"] = answer
    options = {"type": "elnet", "url": canned.url, "token": "abc", "input_type": "Zm9v"}
    with pytest.raises(SourceError):
        await anext(Source(Options.model_validate(options), context).batches())


@pytest.mark.parametrize(
    ("data", "kind", "said"),
    [
        ({}, SourceError, "without a token"),
        (None, SourceError, "without a token"),
        ({"AuthToken": "t"}, AuthError, "set `meter_id`"),
        ({"AuthToken": "t", "FlatId": "A-101"}, AuthError, "set `meter_id`"),
        ({"AuthToken": "t", "FlatId": "478"}, SourceError, "does not answer GetLiveUpdates"),
    ],
)
async def test_signing_in_without_what_is_needed(
    canned: Canned, context: Context, data: Any, kind: type[SourceError], said: str
) -> None:
    canned.said["login"] = {"Status": "Success", "Data": data}
    options = {"username": "u", "password": "p", "key": "k" * 32, "iv": "i" * 16}
    source = Source(Options.model_validate({"type": "elnet", "url": canned.url, **options}), context)
    with pytest.raises(kind, match=said):
        await anext(source.batches())


async def test_a_portal_whose_clock_is_behind(canned: Canned, context: Context, heard: Heard) -> None:
    options = {"type": "elnet", "url": canned.url, "token": "abc", "input_type": "Zm9v"}
    source = Source(Options.model_validate(options), context)
    said = []
    for _ in range(20):
        moment = f"{local(heard.clock.now() - 12 * MINUTE_MS, IST):%d-%m-%Y %H:%M:%S}"
        live = {"Supply": 0, "PresentLoad": 0.5, "Balance": 5, "EB": 7.0, "DG": 0, "UpdatedOn": moment}
        canned.said["GetLiveUpdates"] = {"Status": "Success", "Data": live}
        _, trouble = await source._round()
        said.append(trouble or "")
        heard.clock.tick(120)
    assert "has told nothing new" in said[0]
    assert all("12 min ago: its clock is behind" in text for text in said[1:])
