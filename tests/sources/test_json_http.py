"""json_http: any device that answers JSON."""

import json
from collections.abc import Callable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from appliance.clock import Clock, FakeClock, ScaledClock
from appliance.demo.house import House
from appliance.demo.http_device import Answer, Fault, HttpDevice, Request
from appliance.demo.inverter import Inverter, power_flow
from appliance.errors import AuthError, SourceError
from appliance.model import Event, Quantity, Reading
from appliance.sources import _jsonpath
from appliance.sources.base import Context
from appliance.sources.json_http import Options, Source, examine, parse

AT = 1_778_000_000_000


def options(*values: dict[str, Any], **more: Any) -> Options:
    return Options(url="http://127.0.0.1:9/x", values=values, **more)


def value(path: str, **more: Any) -> dict[str, Any]:
    return {"quantity": "power_solar", "path": path, **more}


# Paths


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("a", ("a",)),
        ("Body.Data.Site.P_PV", ("Body", "Data", "Site", "P_PV")),
        ("emeters.0.power", ("emeters", "0", "power")),
        ('meters."1.8.0".value', ("meters", "1.8.0", "value")),
        ('"a.b"', ("a.b",)),
    ],
)
def test_paths(path: str, parts: tuple[str, ...]) -> None:
    assert _jsonpath.split(path) == parts


@pytest.mark.parametrize("path", ["", ".", "a.", ".a", "a..b", '"a', 'a"b"', '"a"b', '""'])
def test_no_paths(path: str) -> None:
    with pytest.raises(ValueError, match=r"path|dot"):
        _jsonpath.split(path)
    with pytest.raises(ValidationError):
        options(value(path))


@given(
    keys=st.lists(st.text("abc.01 _-", min_size=1, max_size=6), min_size=1, max_size=5),
    leaf=st.integers(),
)
def test_a_quoted_path_finds_what_was_put_there(keys: list[str], leaf: int) -> None:
    payload: Any = leaf
    for key in reversed(keys):
        payload = {key: payload}
    assert _jsonpath.find(payload, ".".join(f'"{key}"' for key in keys)) == leaf


def test_lists_by_number_and_keys_that_are_numbers() -> None:
    assert _jsonpath.find({"a": [5, {"b": 7}]}, "a.1.b") == 7
    assert _jsonpath.find({"Inverters": {"1": {"SOC": 50}}}, "Inverters.1.SOC") == 50


# Reading an answer


def test_fronius_answer_agrees_with_the_house_and_its_signs() -> None:
    """P_Load is negative in the Solar API: `scale` -1 makes what is used positive, and the house balances."""
    house = House(FakeClock(AT))
    inverter = Inverter(house, FakeClock(AT))
    config = inverter.source_config()
    config["url"] = "http://127.0.0.1:9/x"
    grid = {"quantity": "power_grid", "path": "Body.Data.Site.P_Grid"}
    asked = Options(**{**config, "values": [*config["values"], grid]})
    for hour in range(0, 48, 3):
        state = house.state_at(AT + hour * 3_600_000)
        answer = json.loads(json.dumps(power_flow(state, state.solar_kwh * 1000)))
        got = {r.quantity: r.value for r in parse(answer, asked, state.at)}
        q = Quantity
        assert got[q.POWER_LOAD] == got[q.POWER_GRID] + got[q.POWER_SOLAR] + got[q.POWER_BATTERY]
        assert (got[q.POWER_LOAD], got[q.POWER_SOLAR]) == (state.load_w, state.solar_w)
        assert got[q.ENERGY_SOLAR] == pytest.approx(state.solar_kwh)
        assert got[q.STATE_OF_CHARGE] == pytest.approx(state.soc, abs=0.06)


def test_scale_offset_and_numbers_in_strings() -> None:
    asked = options(value("a", scale=0.001), value("b", scale=2, offset=-1))
    assert parse({"a": 1500, "b": " 2.5 "}, asked, AT) == [
        Reading("json_http", Quantity.POWER_SOLAR, 1.5, AT),
        Reading("json_http", Quantity.POWER_SOLAR, 4.0, AT),
    ]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (None, "b is null, not a number"),
        (True, "b is true, not a number"),
        ("on", "b is 'on', not a number"),
        ("NaN", "b is NaN, not a finite number"),
        (float("inf"), "b is inf, not a finite number"),
        ([1, 2], "b is a list (2 entries), not a number"),
        ({"c": 1}, "b is a group (the keys c), not a number"),
    ],
)
def test_what_is_no_number_is_no_reading(bad: Any, said: str) -> None:
    readings, problems = examine({"a": 1, "b": bad}, options(value("a"), value("b")), AT)
    assert [r.value for r in readings] == [1]
    assert problems == [said]


def test_huge_whole_number_is_refused_not_a_crash() -> None:
    assert examine({"a": 1, "b": 10**400}, options(value("a"), value("b")), AT)[1]


def test_null_may_be_usual() -> None:
    asked = options(value("a", skip_if_null=True))
    assert examine({"a": None}, asked, AT) == ([], [])
    with pytest.raises(SourceError):
        parse({}, asked, AT)


def test_nothing_matched_says_what_is_there() -> None:
    with pytest.raises(SourceError, match=r"a\.x\.c: there is no 'x' in a, which has the keys b, d"):
        parse({"a": {"b": 1, "d": 2}}, options(value("a.x.c")), AT)
    with pytest.raises(SourceError, match="there is no '3' in a, which has 2 entries"):
        parse({"a": [1, 2]}, options(value("a.3")), AT)
    with pytest.raises(SourceError, match="there is no 'a' in the answer, which has only the value '7'"):
        parse(7, options(value("a")), AT)


def test_no_secret_of_the_address_is_told() -> None:
    asked = Options(url="http://me:hidden@127.0.0.1:9/x?token=hidden", values=[value("a")])
    with pytest.raises(SourceError) as caught:
        parse({}, asked, AT)
    assert "hidden" not in str(caught.value)


def test_values_are_needed_and_headers_stay_secret() -> None:
    with pytest.raises(ValidationError):
        options()
    with pytest.raises(ValidationError, match="quantity"):
        options({"quantity": "volts", "path": "a"})
    assert "tok" not in repr(options(value("a"), headers={"Authorization": "tok"}))


# The whole source, against a device on the network


class Device(HttpDevice):
    """Answers the present `content`, and 401 without the right header when `key` is set."""

    def __init__(self, content: Any) -> None:
        super().__init__()
        self.content = content

    def answer(self, request: Request) -> Answer:
        raw = self.content if isinstance(self.content, bytes) else json.dumps(self.content).encode()
        return Answer(raw)


@pytest.fixture
def device() -> Iterator[Device]:
    device = Device({"a": 1})
    device.start()
    yield device
    device.stop()


Make = Callable[..., Source]


@pytest.fixture
def make(device: Device, tmp_path: Path) -> Make:
    def build(*values: dict[str, Any], clock: Clock | None = None, **more: Any) -> Source:
        asked = Options(url=device.url, values=values, **more)
        return Source(asked, Context(clock or FakeClock(), tmp_path, ZoneInfo("UTC")))

    return build


async def first(source: Source) -> Any:
    async with aclosing(source.batches()) as batches:
        return await anext(batches)


async def test_yields_readings(make: Make) -> None:
    (reading,) = await first(make(value("a"), name="roof"))
    assert (reading.source, reading.value, reading.at) == ("roof", 1, FakeClock().now())


async def test_a_missing_value_is_told_once_until_it_changes(device: Device, make: Make) -> None:
    told: list[int] = []
    async with aclosing(make(value("a"), value("b"), clock=ScaledClock(1000)).batches()) as batches:
        for content in ({"a": 1}, {"a": 1}, {"a": 1, "b": 2}, {"a": 1}):
            device.content = content
            told.append(sum(isinstance(fact, Event) for fact in await anext(batches)))
    assert told == [1, 0, 0, 1]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(status=500), SourceError),
        (Fault(cut=True), SourceError),
        (Fault(wait_s=5), SourceError),
        (Fault(status=401), AuthError),
    ],
)
async def test_faults_are_told_apart(
    device: Device, make: Make, fault: Fault, error: type[Exception]
) -> None:
    device.fault = fault
    with pytest.raises(error):
        await first(make(value("a"), timeout_s=0.3))


async def test_no_json_and_nobody_there(device: Device, make: Make) -> None:
    device.content = b"<html>"
    with pytest.raises(SourceError):
        await first(make(value("a")))
    device.stop()
    with pytest.raises(SourceError):
        await first(make(value("a")))
