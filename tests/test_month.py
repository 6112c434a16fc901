"""A month in the virtual flat, through the whole appliance: exactly the messages that it should, once.

Power cuts that the generator bridges, silences of the portal, recharges and deductions, the owner's quiet
hours, a night without Telegram and an appliance that is switched off and on again. EVERY_S in the environment
asks the portal so often instead of every ten minutes (which takes longer), SEED makes it another month.
"""

import asyncio
import io
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest
import requests
from appliances import made
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from appliance import alert_watch, phase_watch
from appliance import clock as clock_module
from appliance.app import Appliance
from appliance.calendar import day_of, day_span, iso
from appliance.clock import DAY_MS, HOUR_MS, MINUTE_MS, FakeClock
from appliance.demo.flat import CONTRACT, ZONE, VirtualFlat
from appliance.demo.flat_plan import Plan
from appliance.demo.http_device import HttpDevice, Request
from appliance.demo.telegram import PERSON
from appliance.model import Event, Quantity
from appliance.news import topic_of
from appliance.worker import Worker

T = TypeVar("T")
START = 1_784_399_400_000  # 2026-07-19T00:00 in India; the month ends within
DAYS = 30
EVERY_S = float(os.environ.get("EVERY_S", "600"))
SEED = int(os.environ.get("SEED", "1"))
INDIA = ZoneInfo(ZONE)
SHORTEST_MS = 3 * EVERY_S * 1000
"""A cut of less than three looks at the portal may pass unseen."""
PLAY_MS = max(4 * MINUTE_MS, 0.7 * EVERY_S * 1000)
LOW, HIGH_KWH = 1500.0, 13.5
TOLD = {
    "generator_on", "generator_off", "recharge", "deduction", "low_balance", "high_day", "daily_summary",
    "source_silent", "source_back",
}  # fmt: skip


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> dict[int | None, HttpDevice]:
    """Whoever asks one of these devices (by port), or has a thread work for him, has his answer in the same
    moment of the held clock, and without a socket: a month has ten thousand questions."""
    devices: dict[int | None, HttpDevice] = {}

    def send(self: HTTPAdapter, asked: requests.PreparedRequest, **how: Any) -> requests.Response:
        url = urlsplit(str(asked.url))
        device, body = devices[url.port], asked.body or b""
        if device._server is None:
            raise requests.ConnectionError("connection refused")
        headers = {name.lower(): value for name, value in asked.headers.items()}
        content = body if isinstance(body, bytes) else body.encode()
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        answer = device.answer(Request(str(asked.method), url.path, content, query, headers))
        raw = HTTPResponse(
            io.BytesIO(answer.body),
            {"Content-Type": answer.content_type},
            answer.status,
            preload_content=False,
        )
        return self.build_response(asked, raw)

    async def call(self: Worker, work: Callable[[], T], deadline_s: float) -> T:
        return work()

    async def settle() -> None:
        for _ in range(6):
            await asyncio.sleep(0)

    def in_executor(
        loop: asyncio.AbstractEventLoop, executor: Any, work: Callable[..., T], *given: Any
    ) -> "asyncio.Future[T]":
        done: asyncio.Future[T] = loop.create_future()
        try:
            done.set_result(work(*given))
        except Exception as error:
            done.set_exception(error)
        return done

    monkeypatch.setattr(asyncio.BaseEventLoop, "run_in_executor", in_executor)
    monkeypatch.setattr(Worker, "call", call)
    monkeypatch.setattr(HTTPAdapter, "send", send)
    monkeypatch.setattr(clock_module, "_settle", settle)
    monkeypatch.setattr(phase_watch, "JUDGE_S", 3600.0)  # there are no phases, and a month has many seconds
    monkeypatch.setattr(alert_watch, "DAY_LOOK_MS", EVERY_S * 1000)  # the portal has nothing new more often
    return devices


def config(flat: VirtualFlat) -> dict[str, Any]:
    source = flat.elnet.source_config() | {"every_s": EVERY_S}
    chat = {"id": PERSON, "commands": False, "quiet": {"start": "22:00", "end": "06:30"}}
    sink = flat.telegram.sink_config() | {"chats": [chat], "pictures": False}
    return {
        "site": {"time_zone": ZONE, "currency": "INR", "language": "en", "name": "Flat"},
        "display": {"enabled": False},
        "sources": [source],
        "sinks": [sink],
        "contracts": [CONTRACT],
        "store": {"commit_every_s": 3600},
        "messages": {"low_balance": LOW, "low_days": None, "high_day_kwh": HIGH_KWH, "silent_minutes": 30},
    }


@asynccontextmanager
async def living(folder: Path, clock: FakeClock, flat: VirtualFlat) -> AsyncIterator[Appliance]:
    async with made(folder, clock, **config(flat)) as appliance:
        yield appliance


async def live(appliance: Appliance, clock: FakeClock, until: int) -> None:
    """Let time pass until then, and whoever writes keep up with what happens."""
    with appliance.hub.subscribe() as news:
        while clock.now() < until:
            await clock.forward(min(EVERY_S, (until - clock.now()) / 1000))
            facts = []
            while not news.queue.empty():
                facts += news.queue.get_nowait()
            if any(isinstance(fact, Event) for fact in facts):
                await appliance.store.flush()
                for _ in range(3):
                    await clock.forward(1)


async def test_a_month_is_told_once(tmp_path: Path, at_once: dict[int | None, HttpDevice]) -> None:
    clock = FakeClock(START)
    plan = Plan.month(START, SEED, days=DAYS, cuts=12, stale=4, recharges=3, deductions=3, balance=1900.0)
    end = START + DAYS * DAY_MS
    with VirtualFlat(clock, tmp_path / "flat", plan=plan) as flat:
        at_once |= {device.port: device for device in flat.devices()}
        night = START + 11 * DAY_MS + 20 * HOUR_MS
        async with living(tmp_path, clock, flat) as appliance:
            await live(appliance, clock, night)
            flat.telegram.stop()
            await live(appliance, clock, night + 13 * HOUR_MS)
            flat.telegram.start()
            await live(appliance, clock, START + 16 * DAY_MS + 9 * HOUR_MS)
        clock.jump(40 * MINUTE_MS)  # switched off meanwhile
        async with living(tmp_path, clock, flat) as appliance:
            await live(appliance, clock, end + MINUTE_MS)
            await the_last_day_is_summed_up(appliance, clock)
            events = [stored.event for stored in await appliance.store.events(limit=10_000)][::-1]
            what_happened_is_what_was_told(events, flat, end)
            await its_registers_are_the_flat_s(appliance, flat)
        each_was_written_once(events, flat)


async def the_last_day_is_summed_up(appliance: Appliance, clock: FakeClock) -> None:
    """Sums are worked out in threads, for which the held clock does not wait."""
    for _ in range(500):
        stored = await appliance.store.events(names=["daily_summary"], limit=1)
        if stored and stored[0].event.at > clock.now() - 2 * HOUR_MS:
            break
        await asyncio.sleep(0.02)
    await live(appliance, clock, clock.now() + 7 * HOUR_MS)  # in quiet hours nothing is written


def what_happened_is_what_was_told(events: list[Event], flat: VirtualFlat, end: int) -> None:
    told = {name: [event for event in events if event.name == name] for name in TOLD}
    the_generator(told, flat, end)
    for name, truth in (
        ("recharge", flat.flat.recharges(START, end)),
        ("deduction", flat.flat.deductions(START, end)),
    ):
        amounts = [abs(event.data["amount"]) for event in told[name]]
        assert amounts == pytest.approx([abs(one.amount) for one in truth], abs=2.0), name
    days = [day_of(START + n * DAY_MS, INDIA) for n in range(DAYS)]
    assert [event.data["day"] for event in told["daily_summary"]] == [str(day) for day in days]
    for event, day in zip(told["daily_summary"], days, strict=True):
        start, stop = day_span(day, INDIA)
        used = sum(flat.flat.used(start, stop - MINUTE_MS))
        # The portal is asked every few minutes: so much may lie before the first answer and after the last.
        assert event.data["kwh"] == pytest.approx(used, abs=0.5), day
    once_a_day(told["low_balance"], days, lambda start, stop: LOW - lowest(flat, start, stop), 5.0)
    once_a_day(told["high_day"], days, lambda *day: sum(flat.flat.used(*day)) - HIGH_KWH, 0.5)
    long = [one for one in flat.flat.plan.stale if one.end - one.start > 40 * MINUTE_MS]
    # The last answer before a silence may be as old as two questions are apart, and is dated by the minute.
    least = 30 * MINUTE_MS - EVERY_S * 1000 - 2 * MINUTE_MS
    some = [one for one in flat.flat.plan.stale if one.end - one.start > least]
    # It is heard of when the portal is asked again, and told at the next look after that.
    latest = (EVERY_S + 2 * alert_watch.LOOK_S) * 1000
    for name in ("source_silent", "source_back"):
        assert len(long) <= len(told[name]) <= len(some), name
        for event in told[name]:
            assert any(one.start <= event.at <= one.end + latest for one in some), event


def the_generator(told: dict[str, list[Event]], flat: VirtualFlat, end: int) -> None:
    all_ = flat.flat.episodes(START, end)
    long = [one for one in all_ if one.end - one.start > SHORTEST_MS]
    assert len(long) >= 8
    assert len(long) <= len(told["generator_on"]) <= len(told["generator_off"]) <= len(all_)
    for event in told["generator_off"]:
        [truth] = [one for one in all_ if abs(one.end - event.at) < 30 * MINUTE_MS]
        assert event.data["kwh"] == pytest.approx(truth.kwh, abs=0.02)
        assert event.data["cost"] == pytest.approx(truth.cost, abs=1.5)
        if not event.data.get("not_watched"):
            # The registers count hundredths of a kWh, of which a sleeping flat uses one in five minutes.
            assert abs(event.data["start"] - truth.start) < PLAY_MS
            assert abs(event.data["end"] - truth.end) < PLAY_MS
    for one in long:
        assert sum(abs(event.at - one.start) < 30 * MINUTE_MS for event in told["generator_on"]) == 1, one


def lowest(flat: VirtualFlat, start: int, stop: int) -> float:
    return min(flat.flat.balance_at(at) for at in range(start + 10 * MINUTE_MS, stop, 5 * MINUTE_MS))


def once_a_day(told: list[Event], days: list[Any], over: Callable[[int, int], float], play: float) -> None:
    """Told on each day on which `over` is above 0, and on no other; within `play` of it either is right."""
    times = Counter(day_of(event.at, INDIA) for event in told)
    beyond = {day: over(*day_span(day, INDIA)) for day in days}
    assert any(value > play for value in beyond.values()), "it never came to that"
    for day, value in beyond.items():
        if abs(value) > play:
            assert times[day] == (value > 0), (day, value)
        assert times[day] <= 1


async def its_registers_are_the_flat_s(appliance: Appliance, flat: VirtualFlat) -> None:
    for quantity, name in ((Quantity.ENERGY_IMPORT, "eb_kwh"), (Quantity.ENERGY_GENERATOR, "dg_kwh")):
        at, value, _ = await appliance.store.raw("elnet", quantity, START, 2**52)
        assert len(at) > 0.8 * DAYS * DAY_MS / EVERY_S / 1000
        for when, kwh in zip(at.tolist(), value.tolist(), strict=True):
            assert kwh == pytest.approx(getattr(flat.flat.state_at(when), name), abs=0.006), iso(when)


def each_was_written_once(events: list[Event], flat: VirtualFlat) -> None:
    sent = flat.telegram.sent
    lines = [line for message in sent for line in message.text.splitlines()]
    told = [event for event in events if topic_of(event)]
    assert {event.name for event in told} == TOLD
    for text, times in Counter(event.text.splitlines()[0] for event in told).items():
        assert sum(line == text or line.endswith(f" {text}") for line in lines) == times, text
    night = [one for one in sent if "News that could not be sent" in one.text]
    assert len(night) == 1, "what could not be sent is summed up in one message"
    for message in sent:
        clock = iso(message.at + 5 * HOUR_MS + 30 * MINUTE_MS)[11:16]
        asleep = clock >= "22:00" or clock < "06:30"
        urgent = any(event.text in message.text for event in told if event.name == "generator_on")
        assert not asleep or urgent, (clock, message.text)
