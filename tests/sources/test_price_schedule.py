"""When a price service is asked, and what is done when it fails: against the virtual services."""

import random
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from price_watch import Patient, Watch, at

from appliance import __version__
from appliance.demo.http_device import Fault
from appliance.demo.price_market import euro_per_mwh
from appliance.demo.price_service import PriceService, Trick
from appliance.errors import AuthError, SourceError

MORNING = at("2026-05-13 08:00")
TODAY, TOMORROW, AFTER = (at(f"2026-05-{day} 00:00") for day in (13, 14, 15))
MINUTE = 60_000
HOUR = 60 * MINUTE


@pytest.fixture
def clock() -> Patient:
    return Patient(MORNING)


@pytest.fixture
def service(clock: Patient) -> Iterator[PriceService]:
    service = PriceService(clock)
    service.start()
    yield service
    service.stop()


@pytest.fixture
def watch(service: PriceService, clock: Patient, tmp_path: Path) -> Watch:
    watch = Watch(service, clock, tmp_path)
    watch.build("elprisetjustnu")
    return watch


async def test_today_at_once_tomorrow_when_it_is_there_and_nothing_twice(watch: Watch) -> None:
    async with watch:
        await watch.until(MORNING + 60_000)
        assert len(watch.day(TODAY)) == 96
        assert len(watch.service.asked) == 1
        await watch.until(at("2026-05-13 12:44"))
        assert len(watch.service.asked) == 1
        await watch.until(at("2026-05-13 13:30"))
        assert len(watch.day(TOMORROW)) == 96
        before = len(watch.service.asked)
        assert 2 <= before <= 4  # some come before 12:50
        await watch.until(at("2026-05-14 12:44"))
        assert len(watch.service.asked) == before
        await watch.until(at("2026-05-14 13:30"))
        assert len(watch.day(AFTER)) == 96
    assert watch.errors == []
    assert watch.fine >= 3  # the Health page hears that all is well also while nothing is new


async def test_what_is_known_is_not_asked_for_after_a_restart(watch: Watch) -> None:
    async with watch:
        await watch.until(at("2026-05-13 14:00"))
    asked = len(watch.service.asked)
    watch.build("elprisetjustnu")
    async with watch:
        await watch.until(at("2026-05-14 12:44"))
        assert watch.fine
    assert len(watch.service.asked) == asked


async def test_another_area_is_not_what_was_known(watch: Watch) -> None:
    async with watch:
        await watch.until(MORNING + 60_000)
    before = watch.day(TODAY)
    watch.build("elprisetjustnu", area="SE4")
    async with watch:
        await watch.until(MORNING + 120_000)
    after = watch.day(TODAY)
    assert {price.source for price in after} == {"elprisetjustnu SE4"}
    assert [p.per_kwh for p in after] != [p.per_kwh for p in before]


async def test_unpublished_prices_are_asked_for_every_5_to_15_minutes_until_midnight(watch: Watch) -> None:
    async with watch:
        await watch.until(MORNING + 60_000)
        watch.service.trick = "never"
        watch.asked.clear()
        await watch.until(at("2026-05-14 01:00"))
        gaps = [b - a for a, b in zip(watch.asked, watch.asked[1:], strict=False)]
        assert watch.asked[0] >= at("2026-05-13 12:45")
        assert min(gaps) >= 5 * MINUTE - 2, "but for what is lost when seconds become milliseconds"
        assert max(gaps) <= 16 * MINUTE
        told = [when for when, _ in watch.errors]
        assert told[0] >= at("2026-05-13 14:45")  # late is news two hours after publication
        assert "has no prices of 2026-05-14" in str(watch.errors[0][1])
        days = {path.rpartition("/")[2] for path in watch.service.asked}
        assert days == {"05-13_SE3.json", "05-14_SE3.json"}  # the next day but one is never asked for
        watch.service.trick = None
        await watch.until(at("2026-05-14 02:00"))
        assert len(watch.day(TOMORROW)) == 96


async def test_a_part_of_a_day_is_kept_and_only_the_rest_awaited(watch: Watch) -> None:
    watch.service.trick = "missing"
    async with watch:
        await watch.until(MORNING + 60_000)
        first = dict(watch.kept)
        assert len(first) == 95
        assert ("wholesale", TODAY + HOUR) not in first  # nothing is invented
        assert "gave 95 of the 96 quarter hours of 2026-05-13" in str(watch.errors[0][1])
        assert "2026-05-12T23:00:00.000Z" in str(watch.errors[0][1])
        watch.service.trick = None
        await watch.until(MORNING + 20 * MINUTE)
    assert len(watch.day(TODAY)) == 96
    assert first.items() <= watch.kept.items()


@pytest.mark.parametrize(
    ("trick", "said"),
    [
        ("wrong_day", "was asked for 2026-05-13 and answers with 2026-05-12"),
        ("twice", "has two prices for"),
        ("garbage", "did not answer JSON but"),
        ("cut_short", "did not answer JSON but"),
        ("money", "no 'SEK_per_kWh'"),
        ("empty", "has no prices of 2026-05-13"),
        ("never", "has no prices of 2026-05-13"),
    ],
)
async def test_an_answer_that_is_wrong_gives_no_price_and_says_why(
    watch: Watch, trick: Trick, said: str
) -> None:
    watch.service.trick = trick
    async with watch:
        await watch.until(MORNING + 60_000)
    assert watch.kept == {}
    assert said in str(watch.errors[0][1])


@pytest.mark.parametrize("fault", [Fault(status=500), Fault(cut=True), Fault(status=503, retry_after_s=3600)])
async def test_a_service_in_trouble_is_left_alone_for_a_while(watch: Watch, fault: Fault) -> None:
    watch.service.fault = fault
    async with watch:
        await watch.until(MORNING + HOUR - MINUTE)
        assert watch.kept == {}
        assert watch.errors
        least = 1 if fault.retry_after_s else 4
        assert least <= watch.service.requests <= (1 if fault.retry_after_s else 13)
        watch.service.fault = None
        await watch.until(MORNING + HOUR + 20 * MINUTE)
    assert len(watch.day(TODAY)) == 96


async def test_a_service_that_hangs_is_left_after_its_time(watch: Watch) -> None:
    watch.service.fault = Fault(wait_s=30)
    watch.build("elprisetjustnu", timeout_s=0.2)
    async with watch:
        await watch.until(MORNING + MINUTE)
    assert "did not answer within 0.2 s" in str(watch.errors[0][1])


async def test_the_holes_of_the_last_days_are_filled(watch: Watch) -> None:
    watch.build("elprisetjustnu", days_back=3)
    async with watch:
        await watch.until(MORNING + 60_000)
        assert [len(watch.day(TODAY - n * 24 * HOUR)) for n in range(5)] == [96, 96, 96, 96, 0]
        assert len(watch.service.asked) == 4
        del watch.kept["wholesale", TODAY - 5 * HOUR]
        await watch.until(at("2026-05-13 13:30"))
    assert len(watch.day(TODAY - 24 * HOUR)) == 96


async def test_past_days_that_nobody_has_are_asked_for_once_a_day_in_turn(watch: Watch) -> None:
    watch.service.trick = "never"
    watch.build("elprisetjustnu", days_back=7)
    watch.kept = {
        ("wholesale", start): price for start, price in (await _whole(watch, date(2026, 5, 13))).items()
    }
    watch.service.asked.clear()
    async with watch:
        await watch.until(at("2026-05-13 12:44"))
        assert _days(watch) == ["05-12", "05-11"]
        await watch.until(at("2026-05-13 13:30"))
        past = [day for day in _days(watch) if day < "05-14"]
    assert len(past) >= 4
    assert past == [f"05-{n:02}" for n in range(12, 5, -1)][: len(past)]
    assert watch.errors == []


def _days(watch: Watch) -> list[str]:
    return [path.rpartition("/")[2][:5] for path in watch.service.asked]


async def _whole(watch: Watch, day: date) -> dict[int, Any]:
    watch.service.trick, trick = None, watch.service.trick
    prices, _ = await watch.source.ask(day)
    watch.service.trick = trick
    return {price.start: price for price in prices}


async def test_nothing_is_asked_before_the_clock_is_set(watch: Watch, clock: Patient) -> None:
    clock.jump(-MORNING + 1_000_000)
    async with watch:
        await watch.until(clock.now() + HOUR)
        assert watch.service.asked == []
        clock.jump(MORNING - clock.now())
        await watch.until(MORNING + 20 * MINUTE)
    assert len(watch.day(TODAY)) == 96


async def test_a_clock_that_was_far_ahead_does_not_keep_it_waiting(watch: Watch, clock: Patient) -> None:
    clock.jump(910 * 24 * HOUR)
    async with watch:
        await watch.until(clock.now() + MINUTE)
        assert len(watch.kept) == 96
        clock.jump(MORNING - clock.now())
        await watch.until(MORNING + 20 * MINUTE)
    assert len(watch.day(TODAY)) == 96


@pytest.mark.parametrize(
    ("day", "quarters"), [("2026-03-27", 96 + 96 + 92 + 96), ("2026-10-23", 96 + 96 + 100 + 96)]
)
async def test_over_a_clock_change_no_quarter_is_missing(
    watch: Watch, clock: Patient, day: str, quarters: int
) -> None:
    begin = at(f"{day} 08:00")
    clock.jump(begin - clock.now())
    async with watch:
        await watch.until(begin + 2 * 24 * HOUR + 8 * HOUR)
    starts = sorted(start for _, start in watch.kept)
    assert starts == [at(f"{day} 00:00") + n * 15 * MINUTE for n in range(quarters)]
    assert watch.errors == []


TRICKS: tuple[Trick | None, ...] = (
    None,
    None,
    "never",
    "wrong_day",
    "missing",
    "twice",
    "garbage",
    "cut_short",
)


@pytest.mark.parametrize("seed", range(3))
async def test_a_week_of_every_kind_of_trouble(watch: Watch, clock: Patient, seed: int) -> None:
    """Whatever the service does, what is kept is what the market said, and it is not asked too often."""
    dice = random.Random(seed)
    watch.build("elprisetjustnu", days_back=7)
    async with watch:
        while clock.now() < MORNING + 5 * 24 * HOUR:
            watch.service.trick = dice.choice(TRICKS)
            watch.service.fault = dice.choice([None, None, Fault(status=503), Fault(cut=True)])
            await watch.until(clock.now() + dice.randrange(HOUR, 8 * HOUR))
        watch.service.trick = watch.service.fault = None
        await watch.until(clock.now() + 2 * 24 * HOUR)
    for (_, start), price in watch.kept.items():
        said = euro_per_mwh(start, "SE3") * 11.05 / 1000
        assert price.per_kwh == pytest.approx(said, abs=6e-6)
    assert len(watch.day(TODAY, 7 * 96)) == 7 * 96
    assert watch.service.requests < 7 * 96


async def test_the_service_is_told_who_asks(watch: Watch) -> None:
    async with watch:
        await watch.until(MORNING + MINUTE)
    assert watch.service.agents == {f"Tallywatt/{__version__}"}


# Stand-in


def _standing_in(watch: Watch, service: PriceService, **said: Any) -> None:
    other = {"type": "energy_charts", "name": "spare", "area": "SE3", "url": service.url, "per_eur": 11.0}
    watch.build("elprisetjustnu", stand_in=other, **said)


async def test_the_stand_in_is_asked_at_once_for_today_and_says_so(
    watch: Watch, service: PriceService, clock: Patient
) -> None:
    broken = PriceService(clock)
    broken.start()
    broken.trick = "garbage"
    _standing_in(watch, service)
    watch.source._base = broken.url
    async with watch:
        await watch.until(MORNING + 60_000)
        assert {price.source for price in watch.day(TODAY)} == {"spare SE3"}
        assert len(watch.day(TODAY)) == 96
        assert watch.errors == []
        (event,) = watch.events
        assert (event.name, event.source) == ("price_stand_in", "elprisetjustnu")
        assert event.data["provider"] == "spare SE3"
        assert event.data["quarters"] == 96
        assert "did not answer JSON" in event.text
        await watch.until(at("2026-05-13 14:40"))
        assert watch.day(TOMORROW) == []  # tomorrow the first may still come
        await watch.until(at("2026-05-13 15:30"))
        assert {price.source for price in watch.day(TOMORROW)} == {"spare SE3"}
        asked = len(broken.asked)
        await watch.until(at("2026-05-14 12:44"))
        assert len(broken.asked) == asked
    broken.stop()


async def test_a_stand_in_fills_only_what_is_missing(
    watch: Watch, service: PriceService, clock: Patient
) -> None:
    patchy = PriceService(clock)
    patchy.start()
    patchy.trick = "missing"
    _standing_in(watch, service)
    watch.source._base = patchy.url
    async with watch:
        await watch.until(MORNING + 60_000)
    patchy.stop()
    sources = [price.source for price in watch.day(TODAY)]
    assert (sources.count("elprisetjustnu SE3"), sources.count("spare SE3")) == (95, 1)
    assert sources.index("spare SE3") == 4


async def test_when_both_fail_both_are_named(watch: Watch, service: PriceService) -> None:
    _standing_in(watch, service)
    service.trick = "garbage"
    async with watch:
        await watch.until(MORNING + 60_000)
    assert watch.kept == {}
    assert "/api/v1/prices/2026/05-13_SE3.json did not answer JSON" in str(watch.errors[0][1])
    assert "The stand-in: " in str(watch.errors[0][1])
    assert "/price did not answer JSON" in str(watch.errors[0][1])


def test_a_stand_in_must_give_the_same_kind_of_price(watch: Watch, service: PriceService) -> None:
    other = {"type": "tibber", "token": "x", "url": service.url}
    with pytest.raises(SourceError, match="gives import prices and cannot stand in"):
        watch.build("elprisetjustnu", stand_in=other)


@pytest.mark.parametrize(
    ("stand_in", "said"),
    [
        ({"type": "json_http"}, "needs a `type`, one of awattar"),
        ({}, "needs a `type`"),
        ({"type": "awattar"}, "area"),
        ({"type": "awattar", "area": "AT", "stand_in": {"type": "energyzero"}}, "a stand-in of its own"),
    ],
)
def test_what_cannot_stand_in_is_refused(watch: Watch, stand_in: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        watch.build("elprisetjustnu", stand_in=stand_in)


# Keys and money


@pytest.mark.parametrize("type_", ["tibber", "entsoe"])
async def test_a_wrong_token_calls_for_the_owner_without_showing_it(watch: Watch, type_: str) -> None:
    watch.build(type_, token="not-the-one")
    async with watch:
        await watch.until(MORNING + 60_000)
    error = watch.errors[0][1]
    assert isinstance(error, AuthError)
    assert "not-the-one" not in str(error)
    assert watch.kept == {}


async def test_euro_are_converted_at_the_bank_s_rate_of_the_day_once(watch: Watch) -> None:
    watch.build("energy_charts", money="SEK", area="SE3")
    async with watch:
        await watch.until(at("2026-05-14 14:00"))
        assert watch.service.rates_asked == 2  # one question a day
    in_euro = [price.per_kwh for price in watch.day(TODAY)]
    watch.kept.clear()
    watch.build("energy_charts", money="EUR", area="SE3")
    watch.clock.jump(MORNING - watch.clock.now())
    async with watch:
        await watch.until(MORNING + 60_000)
    assert in_euro == pytest.approx([price.per_kwh * 11.05 for price in watch.day(TODAY)], abs=1e-6)
    told = [event for event in watch.events if event.name == "exchange_rate"]
    assert [event.data["day"] for event in told] == ["2026-05-13", "2026-05-14"]
    assert told[0].data == {"currency": "SEK", "per_eur": 11.05, "day": "2026-05-13"}


async def test_a_rate_of_the_owner_s_goes_before_the_bank_s(watch: Watch) -> None:
    watch.build("energy_charts", money="SEK", per_eur=10)
    async with watch:
        await watch.until(MORNING + 60_000)
    assert watch.service.rates_asked == 0
    assert len(watch.day(TODAY)) == 96


async def test_what_cannot_be_converted_is_not_kept(watch: Watch) -> None:
    watch.build("energy_charts", money="ISK")
    async with watch:
        await watch.until(MORNING + 60_000)
    assert watch.kept == {}
    assert "no rate for ISK: give `per_eur`" in str(watch.errors[0][1])
    watch.errors.clear()
    watch.build("octopus_agile", money="EUR")
    async with watch:
        await watch.until(MORNING + 120_000)
    assert watch.kept == {}
    assert "tells its prices in GBP, and this site's money is EUR" in str(watch.errors[0][1])


async def test_without_the_bank_the_last_rate_serves_for_some_days(watch: Watch) -> None:
    watch.build("energy_charts", money="SEK")
    async with watch:
        await watch.until(MORNING + 60_000)
    watch.kept.clear()
    watch.clock.jump(24 * HOUR)
    watch.build("energy_charts", money="SEK", rates_url="http://127.0.0.1:9/x")
    async with watch:
        await watch.until(watch.clock.now() + 60_000)
        assert len(watch.kept) == 96
    watch.kept.clear()
    watch.errors.clear()
    watch.clock.jump(20 * 24 * HOUR)
    watch.build("energy_charts", money="SEK", rates_url="http://127.0.0.1:9/x")
    async with watch:
        await watch.until(watch.clock.now() + 60_000)
    assert watch.kept == {}
    assert "no exchange rate is known, so they cannot be kept" in str(watch.errors[0][1])
