"""Each price service's own form: days of 92, 96 and 100 quarters, and what is wrong with an answer."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from price_watch import PROVIDERS, Patient, Watch, at

from appliance.calendar import QUARTER_MS, day_span
from appliance.clock import DAY_MS, HOUR_MS
from appliance.demo import price_market
from appliance.demo.http_device import Fault
from appliance.demo.price_service import PriceService
from appliance.errors import AuthError, SourceError
from appliance.model import Price
from appliance.sources import (
    _rates,
    _slots,
    _xml,
    awattar,
    easyenergy,
    elprisetjustnu,
    energidataservice,
    energy_charts,
    energyzero,
    entsoe,
    octopus_agile,
    tibber,
)
from appliance.sources._price_service import PriceOptions
from appliance.sources.base import discover
from config.secrets import secrets_in

SPRING, AUTUMN, PLAIN = date(2026, 3, 29), date(2026, 10, 25), date(2026, 1, 15)
BRUSSELS = ZoneInfo("Europe/Brussels")


@pytest.fixture
def clock() -> Patient:
    return Patient(at("2026-12-01 12:00"))


@pytest.fixture
def service(clock: Patient) -> Iterator[PriceService]:
    service = PriceService(clock)
    service.start()
    yield service
    service.stop()


@pytest.fixture
def watch(service: PriceService, clock: Patient, tmp_path: Path) -> Watch:
    return Watch(service, clock, tmp_path)


def follows(prices: list[Price], day: date, zone: ZoneInfo = BRUSSELS) -> bool:
    """Whether they are the quarters of the day, each beginning where the one before ends."""
    return [p.start for p in prices] == list(_slots.quarters_of(day, zone)) and all(
        p.end - p.start == QUARTER_MS for p in prices
    )


# Every service against the virtual market

PER_EUR: dict[str, Callable[[float], float]] = {
    "elprisetjustnu": lambda price: price * 11.05,
    "hvakosterstrommen": lambda price: price * 11.6,
    "energidataservice": lambda price: price * 7.46,
    "octopus_agile": lambda price: price * 0.86 * 1.05,
    "tibber": lambda price: price * 11.05 * 1.25 + 0.9,
}
AREA = {
    "energyzero": "NL",
    "easyenergy": "NL",
    "octopus_agile": "GB",
    "entsoe": entsoe.AREAS["SE3"],
    "tibber": "SE3",
}
LENGTH = {"awattar": HOUR_MS, "octopus_agile": HOUR_MS // 2}


@pytest.mark.parametrize("type_", PROVIDERS)
@pytest.mark.parametrize(("day", "quarters"), [(SPRING, 92), (PLAIN, 96), (AUTUMN, 100)])
async def test_a_day_is_what_the_market_made_it(
    watch: Watch, clock: Patient, type_: str, day: date, quarters: int
) -> None:
    clock.jump(day_span(day, BRUSSELS)[0] + 12 * HOUR_MS - clock.now())
    source = watch.build(type_)
    prices, _ = await source.ask(day)
    source.close()
    assert len(prices) == quarters
    assert follows(prices, day)
    area = AREA.get(type_, PROVIDERS[type_][0].get("area", ""))
    step, money = LENGTH.get(type_, QUARTER_MS), PER_EUR.get(type_, lambda price: price)
    said = [price_market.euro_per_mwh(p.start - p.start % step, area) / 1000 for p in prices]
    assert [p.per_kwh for p in prices] == pytest.approx([money(value) for value in said], abs=6e-5)


@pytest.mark.parametrize("type_", PROVIDERS)
async def test_a_service_that_cannot_be_reached_is_an_error(
    watch: Watch, service: PriceService, type_: str
) -> None:
    service.stop()
    watch.build(type_)
    async with watch:
        await watch.until(watch.clock.now() + 60_000)
    assert watch.kept == {}
    assert "cannot be reached" in str(watch.errors[0][1])


@pytest.mark.parametrize("type_", PROVIDERS)
@pytest.mark.parametrize("fault", [Fault(status=401), Fault(status=403)])
async def test_a_refusal_calls_for_the_owner(
    watch: Watch, service: PriceService, type_: str, fault: Fault
) -> None:
    service.fault = fault
    watch.build(type_)
    async with watch:
        await watch.until(watch.clock.now() + 60_000)
    assert isinstance(watch.errors[0][1], AuthError)


TRICKS = ("money", "garbage", "cut_short", "twice", "wrong_day")
NO_TRICK = {("octopus_agile", "money"), ("tibber", "wrong_day")}
"""Octopus names no money, and Tibber's lists say themselves which day they are."""
SPANS_DAYS = {("energyzero", "wrong_day")}
"""Its answer may hold other days: what was asked for is then not there."""


@pytest.mark.parametrize(
    ("type_", "trick"),
    sorted({(type_, trick) for type_ in PROVIDERS for trick in TRICKS} - NO_TRICK - SPANS_DAYS),
)
async def test_a_wrong_answer_is_refused(watch: Watch, service: PriceService, type_: str, trick: Any) -> None:
    service.trick = trick
    source = watch.build(type_)
    with pytest.raises(SourceError, match=r".{30}"):
        await source.ask(date(2026, 12, 1))
    source.close()


async def test_an_answer_of_other_days_alone_is_none(watch: Watch, service: PriceService) -> None:
    service.trick = "wrong_day"
    source = watch.build("energyzero")
    assert await source.ask(date(2026, 12, 1)) == ([], [])
    source.close()


@pytest.mark.parametrize("type_", [name for name in PROVIDERS if name != "entsoe"])
async def test_a_missing_slot_stays_missing(watch: Watch, service: PriceService, type_: str) -> None:
    service.trick = "missing"
    source = watch.build(type_)
    prices, _ = await source.ask(date(2026, 12, 1))
    source.close()
    start = day_span(date(2026, 12, 1), BRUSSELS)[0]
    step = LENGTH.get(type_, QUARTER_MS)
    gone = set(range(start + 4 * step, start + 5 * step, QUARTER_MS))
    assert {p.start for p in prices} == set(_slots.quarters_of(date(2026, 12, 1), BRUSSELS)) - gone


# Samples of others (beside the checkout)


@pytest.mark.parametrize(
    ("name", "day", "quarters"),
    [
        ("elpris_quarter_reconstructed_2026-02-10_SE3_96", date(2026, 2, 10), 96),
        ("elpris_quarter_reconstructed_2026-03-29_SE3_92", SPRING, 92),
        ("elpris_quarter_reconstructed_2026-10-25_SE3_100", AUTUMN, 100),
        ("synthetic/elprisetjustnu_2025-09-30_SE3", date(2025, 9, 30), 96),
        ("synthetic/elprisetjustnu_2026-01-15_SE3", PLAIN, 96),
    ],
)
def test_day_files(shared: Path, name: str, day: date, quarters: int) -> None:
    payload = json.loads((shared / "data" / "prices" / f"{name}.json").read_text())
    for currency in ("SEK", "EUR"):
        prices = elprisetjustnu.parse(payload, "spot", currency)
        assert len(prices) == quarters
        assert follows(prices, day)
        assert {p.per_kwh for p in prices} == {entry[f"{currency}_per_kWh"] for entry in payload}


@pytest.mark.parametrize("day", ["2025-09-30", "2026-01-15", "2026-03-29", "2026-10-25"])
def test_energy_charts_and_entsoe_tell_the_same_day(shared: Path, day: str) -> None:
    folder = shared / "data" / "prices" / "synthetic"
    charts = energy_charts.parse(json.loads((folder / f"energycharts_{day}_SE4.json").read_text()), "a")
    platform = entsoe.parse((folder / f"entsoe_A44_A03_{day}.xml").read_bytes(), "b")
    assert follows(charts, date.fromisoformat(day))
    assert follows(platform, date.fromisoformat(day))
    # The platform's sample is rounded to whole euro, so that neighbours repeat and are left out.
    for a, b in zip(charts, platform, strict=True):
        assert a.per_kwh == pytest.approx(b.per_kwh, abs=0.00051)


@pytest.mark.parametrize("length", ["hour", "quarter"])
def test_energyzero_s_own(shared: Path, length: str) -> None:
    path = shared / "data" / "prices" / "energyzero" / f"electricity_{length}_response.json"
    payload = json.loads(path.read_text())
    for variant, name in (("market", "base"), ("all_in", "all_in_with_vat")):
        prices = energyzero.parse(payload, "nl", variant)
        assert len(prices) == 288
        assert prices[0].channel == ("wholesale" if variant == "market" else "import")
        assert prices[0].per_kwh == pytest.approx(float(payload[name][0]["price"]["value"]), abs=1e-6)
        assert follows(_slots.within(prices, date(2025, 12, 17), BRUSSELS), date(2025, 12, 17))


def test_easyenergy_s_own(shared: Path) -> None:
    folder = shared / "data" / "prices" / "easyenergy"
    payload = json.loads((folder / "energy.json").read_text())
    prices = easyenergy.parse(payload, "nl")
    assert len(prices) == 4 * len(payload["prices"])
    assert prices[0].start == at("2026-04-19 00:00", ZoneInfo("Europe/Amsterdam"))
    assert prices[0].per_kwh == payload["prices"][0]["price"]
    all_in = easyenergy.parse(json.loads((folder / "energy_quarter.json").read_text()), "nl", "all_in")
    assert all_in[0].per_kwh == 0.13053
    with pytest.raises(SourceError, match="'m3', not in kWh"):
        easyenergy.parse(json.loads((folder / "gas.json").read_text()), "nl")


# Slots


def entry(start: str, end: str, price: Any = 1.0) -> dict[str, Any]:
    return {"SEK_per_kWh": price, "time_start": start, "time_end": end}


def test_an_end_with_the_wrong_side_s_offset_does_not_stretch_a_slot() -> None:
    """Seen at clock changes: the slot before the leap ends at 03:00 by the offset of its start."""
    payload = [
        entry("2026-03-29T01:30:00+01:00", "2026-03-29T01:45:00+01:00", 1.0),
        entry("2026-03-29T01:45:00+01:00", "2026-03-29T03:00:00+01:00", 2.0),
        entry("2026-03-29T03:00:00+02:00", "2026-03-29T03:15:00+02:00", 3.0),
    ]
    assert [p.per_kwh for p in elprisetjustnu.parse(payload, "spot", "SEK")] == [1.0, 2.0, 3.0]


def test_negative_zero_and_very_high_prices_are_prices() -> None:
    starts = [f"2026-01-15T00:{minute:02}:00+01:00" for minute in (0, 15, 30, 45)]
    payload = [
        entry(start, start.replace("T00", "T01"), value)
        for start, value in zip(starts, (-0.5, 0, 12.5, "44.4"), strict=True)
    ]
    for item, end in zip(payload, [*starts[1:], "2026-01-15T01:00:00+01:00"], strict=True):
        item["time_end"] = end
    prices = elprisetjustnu.parse(payload, "spot", "SEK")
    assert [p.per_kwh for p in prices] == [-0.5, 0.0, 12.5, 44.4]


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({"error": "x"}, "answers, but not with prices"),
        (None, "answers, but not with prices"),
        ([1], "answers, but not with prices"),
        ([entry("2026-01-15T00:00:00", "2026-01-15T00:15:00")], "does not say its time zone"),
        ([entry("2026-01-15T00:00:00+01:00", "2026-01-15T00:20:00+01:00")], "not for a quarter"),
        ([entry("2026-01-15T00:05:00+01:00", "2026-01-15T00:20:00+01:00")], "no full quarter hour"),
        ([entry("2026-01-15T00:00:00+01:00", "2026-01-15T00:15:00+01:00", None)], "not a number"),
        ([entry("2026-01-15T00:00:00+01:00", "2026-01-15T00:15:00+01:00", True)], "not a number"),
        ([entry("2026-01-15T00:00:00+01:00", "2026-01-15T00:15:00+01:00", "NaN")], "not a finite number"),
        ([entry("2026-01-15T00:00:00+01:00", "2026-01-15T00:15:00+01:00", 1e30)], "which cannot be"),
        ([entry("2026-01-15T00:00:00+01:00", "2026-01-15T00:15:00+01:00", 10**400)], "not with prices"),
        ([entry("soon", "later")], "not with prices"),
    ],
)
def test_what_is_no_price_is_refused(payload: Any, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        elprisetjustnu.parse(payload, "spot", "SEK")


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "data",
                        "records",
                        "base",
                        "results",
                        "prices",
                        "price",
                        "value",
                        "unit",
                        "unix_seconds",
                        "viewer",
                        "homes",
                        "errors",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_no_answer_whatever_is_an_accident(payload: Any) -> None:
    parsers: list[Callable[[], list[Price]]] = [
        lambda: elprisetjustnu.parse(payload, "x", "SEK"),
        lambda: energy_charts.parse(payload, "x"),
        lambda: energyzero.parse(payload, "x"),
        lambda: easyenergy.parse(payload, "x"),
        lambda: energidataservice.parse(payload, "x", "DKK", "DK1"),
        lambda: awattar.parse(payload, "x"),
        lambda: octopus_agile.parse(payload, "x"),
        lambda: tibber.parse(payload, "x", "SEK"),
        lambda: entsoe.parse(json.dumps(payload).encode(), "x"),
    ]
    for parse in parsers:
        with suppress(SourceError):
            assert parse() == []


ZONES = ["Europe/Stockholm", "Europe/London", "Europe/Lisbon", "Australia/Lord_Howe", "America/New_York"]


@given(zone=st.sampled_from(ZONES), day=st.dates(date(2026, 1, 1), date(2029, 12, 31)))
def test_wall_clock_times_in_order_are_the_instants_they_were(zone: str, day: date) -> None:
    """Both clock changes of any year: quarters of a day written without an offset are told apart."""
    place = ZoneInfo(zone)
    starts = list(_slots.quarters_of(day, place))
    assert len(starts) * QUARTER_MS == day_span(day, place)[1] - day_span(day, place)[0]
    wall = [datetime.fromtimestamp(start / 1000, place).replace(tzinfo=None) for start in starts]
    assert list(_slots.local_moments(wall, place)) == starts


def test_the_clock_changes_are_among_the_days_tried() -> None:
    lengths = {len(_slots.quarters_of(day, ZoneInfo("Europe/Stockholm"))) for day in (SPRING, PLAIN, AUTUMN)}
    assert lengths == {92, 96, 100}
    assert len(_slots.quarters_of(date(2026, 4, 5), ZoneInfo("Australia/Lord_Howe"))) == 98
    with pytest.raises(ValueError, match="does not exist"):
        list(_slots.local_moments([datetime(2026, 3, 29, 2, 15)], ZoneInfo("Europe/Stockholm")))


@given(
    length=st.sampled_from([QUARTER_MS, HOUR_MS // 2, HOUR_MS]),
    day=st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    values=st.lists(st.floats(-5, 60), min_size=100, max_size=100),
)
def test_hours_and_halves_hold_for_each_of_their_quarters(
    length: int, day: date, values: list[float]
) -> None:
    start, end = day_span(day, BRUSSELS)
    told = dict(zip(range(start, end, length), values, strict=False))
    slots = [_slots.Slot(at, at + length, value) for at, value in told.items()]
    prices = _slots.quarters(slots[::-1], "x", "wholesale", "SEK")
    assert follows(prices, day)
    assert all(p.per_kwh == round(told[p.start - (p.start - start) % length], 6) for p in prices)


# ENTSO-E


def document(*series: str, root: str = "Publication_MarketDocument") -> bytes:
    return f'<?xml version="1.0"?><{root} xmlns="urn:x">{"".join(series)}</{root}>'.encode()


def series(
    points: dict[int, float],
    *,
    resolution: str = "PT60M",
    curve: str = "A03",
    sequence: int | None = 1,
    contract: str = "A01",
    currency: str = "EUR",
    start: str = "2026-01-14T23:00Z",
    end: str = "2026-01-15T23:00Z",
) -> str:
    told = "".join(
        f"<Point><position>{n}</position><price.amount>{value}</price.amount></Point>"
        for n, value in points.items()
    )
    name = "classificationSequence_AttributeInstanceComponent.position"
    place = "" if sequence is None else f"<{name}>{sequence}</{name}>"
    return (
        f"<TimeSeries><contract_MarketAgreement.type>{contract}</contract_MarketAgreement.type>"
        f"<currency_Unit.name>{currency}</currency_Unit.name><price_Measure_Unit.name>MWH</price_Measure_Unit.name>"
        f"{place}<curveType>{curve}</curveType><Period><timeInterval><start>{start}</start><end>{end}</end>"
        f"</timeInterval><resolution>{resolution}</resolution>{told}</Period></TimeSeries>"
    )


def test_left_out_positions_repeat_the_one_before_to_the_end_of_the_period() -> None:
    prices = entsoe.parse(document(series({1: 40, 3: -10, 20: 0})), "x")
    assert follows(prices, PLAIN)
    hours = [p.per_kwh for p in prices][::4]
    assert hours == [0.04] * 2 + [-0.01] * 17 + [0.0] * 5


def test_without_that_curve_type_a_missing_position_is_missing() -> None:
    prices = entsoe.parse(document(series({1: 40, 3: 30}, curve="A01")), "x")
    assert [p.per_kwh for p in prices] == [0.04] * 4 + [0.03] * 4
    assert prices[4].start - prices[3].start == 5 * QUARTER_MS
    assert entsoe.parse(document(series({5: 40})), "x")[0].start == prices[0].start + 4 * HOUR_MS


@pytest.mark.parametrize(("resolution", "count"), [("PT15M", 96), ("PT30M", 48), ("PT60M", 24)])
def test_every_resolution_gives_quarters(resolution: str, count: int) -> None:
    prices = entsoe.parse(document(series({n: n for n in range(1, count + 1)}, resolution=resolution)), "x")
    assert follows(prices, PLAIN)
    assert prices[-1].per_kwh == count / 1000


def test_only_the_day_ahead_auction_counts() -> None:
    """In Germany and Austria EXAA's come first, and hours before; Spain lists intraday contracts beside."""
    others = series({1: 99}, sequence=2), series({1: 98}, contract="A07")
    assert {p.per_kwh for p in entsoe.parse(document(*others, series({1: 40})), "x")} == {0.04}
    assert {p.per_kwh for p in entsoe.parse(document(*others, series({1: 40}, sequence=None)), "x")} == {0.04}
    assert entsoe.parse(document(*others), "x") == []


def test_several_series_make_one_day() -> None:
    first = series({1: 40}, end="2026-01-15T11:00Z")
    second = series({1: 50}, start="2026-01-15T11:00Z", resolution="PT15M")
    prices = entsoe.parse(document(first, second), "x")
    assert follows(prices, PLAIN)
    assert {p.per_kwh for p in prices[:48]} == {0.04}
    assert {p.per_kwh for p in prices[48:]} == {0.05}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "did not answer XML"),
        (b"<html><body>", "did not answer XML"),
        (b"<html></html>", "answers with html, not with prices"),
        (document(series({1: 40}, currency="GBP")), "in GBP per MWH, not in EUR"),
        (document(series({25: 40})), "outside its period of 24"),
        (document(series({0: 40})), "outside its period of 24"),
        (document(series({1: 1}, end="2046-01-15T23:00Z")), "more than a year"),
        (document(series({1: 1}, end="2026-01-14T22:00Z")), "ends before it begins"),
        (document(series({1: 1}, resolution="P1D")), "P1D"),
        (document(series({1: float("nan")})), "not a finite number"),
        (document(series({1: 1}), series({1: 2})), "has two prices"),
        (
            document(
                "<Reason><code>999</code><text>bad domain</text></Reason>",
                root="Acknowledgement_MarketDocument",
            ),
            "does not answer with prices: bad domain",
        ),
    ],
)
def test_what_is_wrong_with_a_document_is_said(body: bytes, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        entsoe.parse(body, "x")


def test_nothing_published_yet_is_no_error() -> None:
    reason = "<Reason><code>999</code><text>No matching data found for Data item X</text></Reason>"
    assert entsoe.parse(document(reason, root="Acknowledgement_MarketDocument"), "x") == []


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    "<Publication_MarketDocument>&b;</Publication_MarketDocument>"
)


@pytest.mark.parametrize(
    "body",
    [
        BOMB.encode(),
        BOMB.replace("1.0", '1.0" encoding="utf-16').encode("utf-16"),
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b"<a>\x00</a>",
    ],
)
def test_xml_with_definitions_of_its_own_is_not_read(body: bytes) -> None:
    with pytest.raises(SourceError, match="definitions of its own"):
        _xml.parse(body, "x")


def test_an_area_nobody_knows_is_refused_with_those_there_are(watch: Watch) -> None:
    with pytest.raises(SourceError, match="XX9 is no area: give one of AT, BE"):
        watch.build("entsoe", area="XX9")


# What is particular to others


def test_energy_charts_units_gaps_and_licence() -> None:
    payload = {"unix_seconds": [0, 900, 1800, 3600], "price": [10, None, 30, 50], "unit": "EUR / MWh"}
    assert [(p.start, p.per_kwh) for p in energy_charts.parse(payload, "x")] == [
        (0, 0.01),
        (1_800_000, 0.03),
        (3_600_000, 0.05),
    ]
    with pytest.raises(SourceError, match="not in EUR / MWh"):
        energy_charts.parse({**payload, "unit": "ct/kWh"}, "x")
    with pytest.raises(SourceError, match="not with prices"):
        energy_charts.parse({**payload, "price": [1]}, "x")
    assert (
        energy_charts.licence({"license_info": "CC BY 4.0 (creativecommons.org/licenses/by/4.0) from X"})
        is None
    )
    assert energy_charts.licence({"license_info": "private use only"}) == "private use only"
    assert energy_charts.licence([]) is None


def test_octopus_takes_direct_debit_and_refuses_what_is_not_half_hourly() -> None:
    rate = {"value_inc_vat": 21.0, "valid_from": "2026-01-15T00:00:00Z", "valid_to": "2026-01-15T00:30:00Z"}
    results = [
        {**rate, "payment_method": "DIRECT_DEBIT"},
        {**rate, "value_inc_vat": 30, "payment_method": "NON_DIRECT_DEBIT"},
    ]
    prices = octopus_agile.parse({"results": results, "next": None}, "x", "export")
    assert [(p.per_kwh, p.channel) for p in prices] == [(0.21, "export")] * 2
    with pytest.raises(SourceError, match="half-hourly"):
        octopus_agile.parse({"results": [], "next": "http://x"}, "x")
    with pytest.raises(SourceError, match="not for a quarter"):
        octopus_agile.parse({"results": [{**rate, "valid_to": None}], "next": None}, "x")


def home(id_: str, prices: Any = ()) -> dict[str, Any]:
    return {"id": id_, "currentSubscription": {"priceInfo": {"today": list(prices), "tomorrow": None}}}


def test_tibber_asks_which_home_and_tells_what_it_hears() -> None:
    def answer(*homes: Any) -> dict[str, Any]:
        return {"data": {"viewer": {"homes": homes}}}

    entries = [
        {"total": 1.5, "startsAt": f"2026-01-15T00:{minute:02}:00.000+01:00", "currency": "SEK"}
        for minute in (0, 15)
    ]
    assert [p.per_kwh for p in tibber.parse(answer(home("a", entries)), "x", "SEK")] == [1.5, 1.5]
    assert tibber.parse(answer(home("a"), home("b", entries)), "x", "SEK", "b")[0].channel == "import"
    with pytest.raises(SourceError, match="say with `home_id` which home is meant: a, b"):
        tibber.parse(answer(home("a"), home("b")), "x", "SEK")
    with pytest.raises(SourceError, match="no home of this account has a contract"):
        tibber.parse(answer({"id": "a", "currentSubscription": None}), "x", "SEK")
    with pytest.raises(SourceError, match="tells its prices in SEK, and this site's money is EUR"):
        tibber.parse(answer(home("a", entries)), "x", "EUR")
    with pytest.raises(SourceError, match="too many requests"):
        tibber.parse({"errors": [{"message": "too many requests"}], "data": None}, "x", "SEK")


def test_energi_data_service_takes_its_own_area_alone() -> None:
    def record(minute: int, area: str) -> dict[str, Any]:
        return {
            "TimeUTC": f"2026-01-15T00:{minute:02}:00",
            "PriceArea": area,
            "DayAheadPriceDKK": 500 + minute,
        }

    records = [record(minute, area) for minute in (15, 0) for area in ("DK1", "DK2")]
    prices = energidataservice.parse({"records": records}, "x", "DKK", "DK2")
    assert [p.per_kwh for p in prices] == [0.5, 0.515]
    assert prices[0].start == round(datetime(2026, 1, 15, tzinfo=UTC).timestamp() * 1000)


def test_the_bank_s_rates() -> None:
    body = (
        b'<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/x" xmlns="http://www.ecb.int/x"><Cube>'
        b'<Cube time="2026-11-20"><Cube currency="SEK" rate="11.0482"/>'
        b'<Cube currency="NOK" rate="11.7"/></Cube></Cube></gesmes:Envelope>'
    )
    rates = _rates.parse(body, date(2026, 11, 21))
    assert (rates.day, rates.asked, rates.per_eur["SEK"]) == ("2026-11-20", "2026-11-21", 11.0482)
    for wrong in (
        b"<a/>",
        body.replace(b"11.7", b"-1"),
        body.replace(b"11.7", b"x"),
        body.replace(b"2026-11-20", b"x"),
    ):
        with pytest.raises(SourceError, match="not with exchange rates"):
            _rates.parse(wrong, date(2026, 11, 21))


def test_the_virtual_market_is_low_at_noon_in_summer_and_below_zero_at_times() -> None:
    june = round(datetime(2026, 6, 1, tzinfo=UTC).timestamp() * 1000)
    month = [price_market.euro_per_mwh(at, "SE3") for at in range(june, june + 30 * DAY_MS, QUARTER_MS)]
    assert min(month) < 0 < max(month) < 300
    assert price_market.euro_per_mwh(june, "SE3") != price_market.euro_per_mwh(june, "SE4")


# What every kind of price source keeps to

KINDS = {
    type_: found for type_, found in discover().items() if type_ in {*PROVIDERS, "fixed_price", "price_csv"}
}


def test_every_price_service_is_tried_here() -> None:
    services = {
        t
        for t, found in discover().items()
        if issubclass(getattr(found.module, "Options", int), PriceOptions)
    }
    assert services == set(PROVIDERS)


@pytest.mark.parametrize("type_", KINDS)
def test_every_kind_has_an_example(type_: str) -> None:
    folder = Path(__file__).resolve().parents[2] / "config" / "examples"
    entries = [
        entry for path in folder.glob("*.json") for entry in json.loads(path.read_text()).get("sources", ())
    ]
    own = [entry for entry in entries if entry["type"] == type_]
    inner = [entry["stand_in"] for entry in entries if entry.get("stand_in", {}).get("type") == type_]
    assert own or inner
    for entry in [*own, *inner]:
        KINDS[type_].options.model_validate(entry)


@pytest.mark.parametrize("type_", PROVIDERS)
def test_every_service_names_whom_its_prices_are_from(watch: Watch, type_: str) -> None:
    source = watch.build(type_, stand_in=None)
    assert list(source.attributions) == [source.who]
    assert "http" in source.attributions[source.who]


@pytest.mark.parametrize("type_", ["tibber", "entsoe"])
def test_tokens_are_seen_nowhere(watch: Watch, type_: str) -> None:
    said = {"type": type_, "token": "open sesame", **({"area": "SE3"} if type_ == "entsoe" else {})}
    options = KINDS[type_].options.model_validate(said)
    assert "sesame" not in f"{options!r} {options}"
    assert "sesame" not in options.model_dump_json()
    around = KINDS["elprisetjustnu"].options.model_validate(
        {"type": "elprisetjustnu", "area": "SE3", "stand_in": said}
    )
    assert "sesame" not in f"{around!r} {around.model_dump_json()}"
    assert [place for place, _ in secrets_in(around)] == [("stand_in", "token")]
