"""Prices of the owner's own: fixed and by time of use, and those of a CSV file."""

import os
from collections.abc import Callable
from contextlib import aclosing, suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from price_watch import STOCKHOLM, Patient, Watch, at
from pydantic import ValidationError

from appliance.calendar import QUARTER_MS, day_span
from appliance.demo.price_service import PriceService
from appliance.errors import SourceError
from appliance.model import Price
from appliance.money.moments import Moments
from appliance.sources import _slots, fixed_price, price_csv
from appliance.sources.base import Context

HOUR = 4 * QUARTER_MS
LOW_AT_NIGHT = {"per_kwh": 0.4, "when": [{"start": "22:00", "end": "06:00"}]}
WINTER_PEAK = {
    "per_kwh": 1.2,
    "when": [{"months": [11, 12, 1, 2, 3], "weekdays": [1, 2, 3, 4, 5], "start": "06:00", "end": "22:00"}],
}


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    clock = Patient(at("2026-05-13 08:00"))
    return Watch(PriceService(clock), clock, tmp_path)


def build(watch: Watch, module: Any, **said: Any) -> None:
    context = Context(watch.clock, watch.folder, STOCKHOLM, currency="SEK", prices=watch.known)
    watch.source = module.Source(module.Options(**said), context)


def table(*tables: dict[str, Any]) -> Callable[[int], float | None]:
    """The price at an instant by tables, as the source works it out."""
    options = fixed_price.Options(tables=tables)

    def price(start: int) -> float | None:
        moments = Moments(np.array([start], np.int64), STOCKHOLM)
        found = fixed_price.prices(options.tables, moments, "own", "import")
        return found[0].per_kwh if found else None

    return price


# Fixed and by time of use


def test_the_first_rate_that_fits_and_the_table_in_force() -> None:
    price = table(
        {"since": "2026-01-01", "per_kwh": 0.8, "rates": [LOW_AT_NIGHT, WINTER_PEAK]},
        {"since": "2026-07-01", "per_kwh": 0.9},
    )
    assert price(at("2025-12-31 23:45")) is None  # before the first table nobody said anything
    assert price(at("2026-01-01 00:00")) == 0.4
    assert price(at("2026-01-05 05:45")) == 0.4
    assert price(at("2026-01-05 06:00")) == 1.2
    assert price(at("2026-01-05 22:00")) == 0.4
    assert price(at("2026-01-10 12:00")) == 0.8  # a Saturday
    assert price(at("2026-06-30 12:00")) == 0.8
    assert price(at("2026-07-01 00:00")) == 0.9


def test_where_two_rates_fit_the_first_is_taken() -> None:
    both = [{"per_kwh": n, "when": [{"start": "10:00", "end": "12:00"}]} for n in (1, 2)]
    assert table({"per_kwh": 0, "rates": both})(at("2026-01-05 11:00")) == 1


@pytest.mark.parametrize(
    ("day", "quarters", "low"), [("2026-03-29", 92, 28), ("2026-10-25", 100, 36), ("2026-05-13", 96, 32)]
)
def test_a_night_of_nine_or_eleven_hours(day: str, quarters: int, low: int) -> None:
    start, end = day_span(date.fromisoformat(day), STOCKHOLM)
    moments = Moments(np.arange(start, end, QUARTER_MS, dtype=np.int64), STOCKHOLM)
    options = fixed_price.Options(tables=[{"per_kwh": 0.8, "rates": [LOW_AT_NIGHT]}])
    prices = fixed_price.prices(options.tables, moments, "own", "import")
    assert len(prices) == quarters
    assert [p.per_kwh for p in prices].count(0.4) == low


async def test_today_and_tomorrow_are_told_and_each_midnight_the_next_day(watch: Watch) -> None:
    build(watch, fixed_price, tables=[{"per_kwh": 0.8}], days_back=1, channel="export")
    async with watch:
        await watch.until(at("2026-05-13 08:01"))
        assert len(watch.kept) == 3 * 96
        assert min(start for _, start in watch.kept) == at("2026-05-12 00:00")
        assert {channel for channel, _ in watch.kept} == {"export"}
        await watch.until(at("2026-05-14 00:16"))
        assert max(start for _, start in watch.kept) == at("2026-05-15 23:45")
    assert watch.fine == 2
    assert watch.told == 4 * 96  # none of them twice


async def test_a_changed_table_replaces_what_it_said_before(watch: Watch) -> None:
    build(watch, fixed_price, tables=[{"per_kwh": 0.8}], days_back=0)
    async with watch:
        await watch.until(at("2026-05-13 08:01"))
    build(watch, fixed_price, tables=[{"per_kwh": 0.8, "rates": [LOW_AT_NIGHT]}], days_back=0)
    async with watch:
        await watch.until(at("2026-05-13 08:02"))
    assert [p.per_kwh for p in watch.day(at("2026-05-13 00:00"), channel="import")].count(0.4) == 32
    assert watch.told == 2 * 96 + 2 * 32


def test_no_table_and_no_rate_without_a_time() -> None:
    with pytest.raises(ValidationError):
        fixed_price.Options(tables=[])
    with pytest.raises(ValidationError):
        fixed_price.Options(tables=[{"per_kwh": 1, "rates": [{"per_kwh": 2}]}])


# CSV


def parse(text: str, zone: ZoneInfo = STOCKHOLM, **said: Any) -> list[Price]:
    return price_csv.parse(text, price_csv.Options(path="own.csv", **said), zone, "SEK")


FOUR = (0.1, -0.05, 0.0, 12.5)


@pytest.mark.parametrize(
    "times",
    [
        [
            "2026-05-13T14:00+02:00",
            "2026-05-13T14:15+02:00",
            "2026-05-13T14:30+02:00",
            "2026-05-13T14:45+02:00",
        ],
        ["2026-05-13T12:00:00Z", "2026-05-13T12:15:00Z", "2026-05-13T12:30:00Z", "2026-05-13T12:45:00Z"],
        ["2026-05-13 14:00", "2026-05-13 14:15", "2026-05-13 14:30", "2026-05-13 14:45"],
        ["13.05.2026 14:00", "13.05.2026 14:15", "13.05.2026 14:30", "13.05.2026 14:45"],
        ["13/05/2026 14:00:00", "13/05/2026 14:15:00", "13/05/2026 14:30:00", "13/05/2026 14:45:00"],
        ["13-05-2026 14:00", "13-05-2026 14:15", "13-05-2026 14:30", "13-05-2026 14:45"],
        ["2026/05/13 14:00", "2026/05/13 14:15", "2026/05/13 14:30", "2026/05/13 14:45"],
        ["1778673600", "1778674500", "1778675400", "1778676300"],
        ["1778673600000", "1778674500000", "1778675400000", "1778676300000"],
        [f"13.05.2026 14:{n:02} - 13.05.2026 14:{n + 14:02}" for n in (0, 15, 30, 45)],
    ],
)
@pytest.mark.parametrize(("separator", "comma"), [(";", True), (";", False), (",", False), ("\t", True)])
@pytest.mark.parametrize("header", ["", "start{}price\n", "\ufeffZeit{}öre\n"])
def test_forms_of_dates_numbers_and_columns(
    times: list[str], separator: str, comma: bool, header: str
) -> None:
    numbers = [str(value).replace(".", ",") if comma else str(value) for value in FOUR]
    text = header.format(separator) + "\r\n".join(
        f"{time}{separator}{number}" for time, number in zip(times, numbers, strict=True)
    )
    prices = parse(text)
    assert [p.per_kwh for p in prices] == list(FOUR)
    assert prices[0].start == at("2026-05-13 14:00")
    assert prices[-1].end == at("2026-05-13 15:00")


def test_columns_by_name_per_mwh_and_blanks() -> None:
    rows = ["SE3;1 050,5;13.05.2026 14:00", ";;", "SE3; ;13.05.2026 15:00", "SE3;-7;13.05.2026 16:00"]
    text = "\n".join(['area;"Day-ahead, EUR";MTU', "", *rows])
    prices = parse(text, start_column="MTU", price_column="Day-ahead, EUR", per="MWh", channel="wholesale")
    assert [(p.start, p.per_kwh, p.channel) for p in prices[::4]] == [
        (at("2026-05-13 14:00"), 1.0505, "wholesale"),
        (at("2026-05-13 16:00"), -0.007, "wholesale"),
    ]
    assert len(prices) == 8  # the hour without a price has none


def test_hours_until_a_day_and_quarters_since() -> None:
    hours = [f"2025-09-30 {hour:02}:00,1" for hour in range(24)]
    quarters = [f"2025-10-01 {n // 4:02}:{n % 4 * 15:02},2" for n in range(96)]
    prices = parse("\n".join(hours + quarters))
    assert [p.per_kwh for p in prices] == [1.0] * 96 + [2.0] * 96


@given(
    day=st.dates(date(2026, 1, 1), date(2028, 12, 31)),
    newest_first=st.booleans(),
    step=st.sampled_from([1, 2, 4]),
    zone=st.sampled_from(["Europe/Stockholm", "Europe/London", "America/New_York"]),
)
def test_a_file_of_local_times_is_the_days_it_tells(
    day: date, newest_first: bool, step: int, zone: str
) -> None:
    place = ZoneInfo(zone)
    starts = [s for n in range(2) for s in _slots.quarters_of(day + timedelta(days=n), place)][::step]
    lines = [f"{datetime.fromtimestamp(s / 1000, place):%d.%m.%Y %H:%M};{n}" for n, s in enumerate(starts)]
    prices = parse("\n".join(lines[::-1] if newest_first else lines), place, channel="wholesale", per="MWh")
    assert [p.start for p in prices] == list(range(starts[0], starts[-1] + step * QUARTER_MS, QUARTER_MS))
    assert [p.per_kwh for p in prices[::step]] == [round(n / 1000, 6) for n in range(len(starts))]


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_both_clock_changes(day: date) -> None:
    starts = list(_slots.quarters_of(day, STOCKHOLM))
    lines = [f"{datetime.fromtimestamp(s / 1000, STOCKHOLM):%Y-%m-%d %H:%M},1.5" for s in starts]
    assert [p.start for p in parse("\n".join(lines))] == starts


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "own.csv is empty"),
        ("\n \n", "own.csv is empty"),
        ("2026-05-13 14:00", "no column 2"),
        ("2026-05-13 14:00,1\n2026-05-13 15:00", "line 2 of own.csv has only 1 columns"),
        ("2026-05-13 14:00,1\nsoon,2", "line 2 of own.csv cannot be read: 'soon' is no date"),
        ("2026-05-13 14:00,1\n2026-05-13 15:00,x", "line 2 of own.csv cannot be read: 'x' is no price"),
        ("2026-05-13 14:00,1\n2026-05-13 15:00,nan", "'nan' is no price"),
        ("2026-05-13 14:00,1\n2026-05-13T15:00Z,2", "with and without an offset"),
        ("2026-03-29 02:15,1\n2026-03-29 03:15,1", "does not exist"),
        ("2026-05-13 14:00,1\n2026-05-13 16:00,1", "not for a quarter, half or full hour"),
        ("2026-05-13 14:05,1\n2026-05-13 14:20,1", "no full quarter hour"),
        ("2026-05-13T14:00Z,1\n2026-05-13T15:00Z,1\n2026-05-13T14:00Z,2", "two prices"),
        ("2026-05-13 14:00,1\n2026-05-13 15:00,50000", "cannot be"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(text: str, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        parse(text)


def test_a_column_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(SourceError, match="no column 'pris'; its columns are start, price"):
        parse("start,price\n2026-05-13 14:00,1", price_column="pris")


@given(st.text(st.sampled_from('0123456789-:.,; \tT+Z\n"abc\x00é'), max_size=60))
def test_no_text_is_an_accident(text: str) -> None:
    with suppress(SourceError):
        prices = parse(text)
        assert all(p.end - p.start == QUARTER_MS for p in prices)


async def test_a_changed_file_is_read_again_and_only_what_changed_is_told(watch: Watch) -> None:
    path = watch.folder / "own.csv"
    path.write_text("".join(f"2026-05-13 {hour:02}:00,1.5\n" for hour in range(24)))
    build(watch, price_csv, path=path, every_s=60)
    async with watch:
        await watch.until(at("2026-05-13 09:00"))
        assert watch.told == 96
        path.write_text(
            "".join(f"2026-05-13 {hour:02}:00,{2 if hour == 23 else 1.5}\n" for hour in range(24))
        )
        os.utime(path, ns=(1, 2))  # also a file that says it is older is another one
        await watch.until(at("2026-05-13 09:05"))
    assert watch.told == 100
    assert watch.kept["import", at("2026-05-13 23:15")].per_kwh == 2
    build(watch, price_csv, path=path)
    async with watch:
        await watch.until(at("2026-05-13 09:10"))
        assert watch.fine == 3
    assert watch.told == 100  # after a restart nothing is told again


async def test_no_file_a_file_too_large_and_one_in_other_letters(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = watch.folder / "own.csv"
    build(watch, price_csv, path=path)
    async with aclosing(watch.source.batches()) as batches:
        with pytest.raises(SourceError, match=r"own\.csv cannot be read: No such file"):
            await anext(batches)
    path.write_bytes("Öre;x\n2026-05-13 14:00;1\n2026-05-13 15:00;1\n".encode("cp1252"))
    async with aclosing(watch.source.batches()) as batches:
        assert len(await anext(batches)) == 8
    monkeypatch.setattr(price_csv, "LARGEST_BYTES", 10)
    with pytest.raises(SourceError, match="is it a price list"):
        price_csv.read(path)
