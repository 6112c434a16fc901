"""meter_endpoint: another reader that answers GET /meter."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from appliances import NOON, made, served
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from appliance.clock import HOUR_MS, Clock, FakeClock, ScaledClock
from appliance.demo.http_device import Answer, Fault, HttpDevice, Request, json_answer
from appliance.errors import AuthError, SourceError
from appliance.model import Batch, Quantity, Reading
from appliance.sources.base import Context
from appliance.sources.meter_endpoint import Options, Source, parse

ZONE = ZoneInfo("Europe/Stockholm")
IMPORT = Quantity.ENERGY_IMPORT


class Reader(HttpDevice):
    """A second reader; `says` is its answer, `tokens` what it was shown."""

    def __init__(self) -> None:
        super().__init__()
        self.says: Answer = Answer(b"{}")

    def answer(self, request: Request) -> Answer:
        assert (request.method, request.path) == ("GET", "/meter")
        return self.says

    def has(self, kwh: float, at: Any, **more: Any) -> None:
        self.says = json_answer({"reading_kwh": kwh, "last_update": at, "confidence": 0.9} | more)


@pytest.fixture
def reader() -> Iterator[Reader]:
    device = Reader()
    device.start()
    yield device
    device.stop()


def options(**more: Any) -> Options:
    return Options.model_validate({"url": "http://cupboard.local:8080/meter"} | more)


def source(reader: Reader, clock: Clock, tmp_path: Path, **more: Any) -> Source:
    return Source(options(url=f"{reader.url}/meter", **more), Context(clock, tmp_path, ZONE))


async def first(made: Source) -> Batch:
    async with aclosing(made.batches()) as batches:
        return await asyncio.wait_for(anext(batches), 10)


# What is read out of an answer


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("2026-05-05T16:53:20.000Z", NOON),
        ("2026-05-05T18:53:20+02:00", NOON),
        ("2026-05-05T18:53:20", NOON),
        (NOON, NOON),
        (NOON / 1000, NOON),
    ],
)
def test_an_answer(said: Any, at: int) -> None:
    payload = {"reading_kwh": 48713.4, "last_update": said, "confidence": 0.5, "method": "ocr", "digits": [4]}
    assert parse(payload, options(), ZONE) == [Reading("meter_endpoint", IMPORT, 48713.4, at, 0.5)]


@pytest.mark.parametrize("confidence", [None, "high", 7, -1, True, float("nan")])
def test_a_confidence_that_is_none_counts_as_sure(confidence: Any) -> None:
    payload = {"reading_kwh": 1, "last_update": NOON, "confidence": confidence}
    assert parse(payload, options(), ZONE)[0].confidence == 1.0


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ([], "answers without reading_kwh; is it the address of a meter reader?"),
        ({"reading": 1}, "answers without reading_kwh; is it the address of a meter reader?"),
        ({"reading_kwh": None, "last_update": NOON}, "has no reading yet; look at that reader's own Health"),
        ({"reading_kwh": 1, "last_update": None}, "has no reading yet"),
        ({"reading_kwh": 1}, "has no reading yet"),
        ({"reading_kwh": "1", "last_update": NOON}, "answers reading_kwh '1', which is no number"),
        ({"reading_kwh": True, "last_update": NOON}, "answers reading_kwh True, which is no number"),
        ({"reading_kwh": 10**400, "last_update": NOON}, "which is no number"),
        ({"reading_kwh": 1, "last_update": "soon"}, "answers last_update 'soon', which is no ISO 8601 time"),
        ({"reading_kwh": 1, "last_update": True}, "answers last_update True, which is no ISO 8601 time"),
        ({"reading_kwh": 1, "last_update": 10**400}, "which is no ISO 8601 time"),
    ],
)
def test_answers_that_are_none(payload: Any, said: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse(payload, options(url="http://u:hunter2@cupboard/meter?key=hunter2"), ZONE)
    assert str(caught.value).startswith(f"http://cupboard/meter {said}" if said[0] == "a" else "http://cupb")
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)


JSON = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers())


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(("reading_kwh", "last_update", "confidence"), JSON))
    | JSON
)
def test_whatever_it_answers_it_is_a_reading_or_a_sentence(payload: Any) -> None:
    try:
        (reading,) = parse(payload, options(), ZONE)
    except SourceError:
        return
    assert 0 <= reading.confidence <= 1


def test_only_a_register_in_kwh() -> None:
    assert options(quantity="energy_export").quantity is Quantity.ENERGY_EXPORT
    with pytest.raises(ValidationError, match="the answer is in kWh"):
        options(quantity="gas")


# On the wire


async def test_each_reading_is_passed_on_once(reader: Reader, tmp_path: Path) -> None:
    clock = ScaledClock(1000, NOON)
    reader.has(100, NOON)
    made_source = source(reader, clock, tmp_path, every_s=10)
    async with aclosing(made_source.batches()) as batches:
        assert await anext(batches) == [Reading("meter_endpoint", IMPORT, 100, NOON, 0.9)]
        coming = asyncio.ensure_future(anext(batches))
        asked = reader.requests
        await asyncio.wait([coming], timeout=0.3)
        assert not coming.done()
        assert reader.requests > asked + 2, "it was asked again and again"
        reader.has(101, NOON + 60_000)
        assert await coming == [Reading("meter_endpoint", IMPORT, 101, NOON + 60_000, 0.9)]


async def test_a_reader_that_has_fallen_silent_is_trouble(reader: Reader, tmp_path: Path) -> None:
    clock = FakeClock(NOON)
    reader.has(100, NOON - HOUR_MS)
    assert len(await first(source(reader, clock, tmp_path))) == 1
    clock.tick(1)
    with pytest.raises(SourceError, match="answers, but its last reading is 60 minutes old; look at that"):
        await first(source(reader, clock, tmp_path))


@pytest.mark.parametrize(
    ("says", "kind", "said"),
    [
        (Answer(b"{}", 401), AuthError, r"refuses us \(401\)"),
        (Answer(b"", 404), SourceError, "check the path of the address"),
        (Answer(b'{"message', 404), SourceError, "check the path of the address"),
        (json_answer({"message": "not read yet"}, 404), SourceError, "meter says: not read yet"),
        (Answer(b"<html>"), SourceError, "did not answer JSON"),
        (Answer(b'{"reading_kwh": NaN}'), SourceError, "did not answer JSON"),
        (
            Answer(b'{"reading_kwh": 1e400, "last_update": 1}'),
            SourceError,
            "reading_kwh inf, which is no number",
        ),
    ],
)
async def test_answers_that_are_trouble(
    reader: Reader, tmp_path: Path, says: Answer, kind: type[SourceError], said: str
) -> None:
    reader.says = says
    with pytest.raises(kind, match=said):
        await first(source(reader, FakeClock(NOON), tmp_path))


async def test_nobody_answers_in_time_or_at_all(reader: Reader, tmp_path: Path) -> None:
    clock = FakeClock(NOON)
    reader.fault = Fault(wait_s=10)
    with pytest.raises(SourceError, match=r"did not answer within 0\.1 s"):
        await first(source(reader, clock, tmp_path, timeout_s=0.1))
    reader.stop()
    with pytest.raises(SourceError, match="connection refused"):
        await first(source(reader, clock, tmp_path))


async def test_what_another_tallywatt_answers_is_understood(reader: Reader, tmp_path: Path) -> None:
    """The very bytes of GET /meter, before and after its first reading."""
    clock = FakeClock(NOON)
    other = made(tmp_path / "other", clock)
    async with served(other) as api:
        answer = await api.get("/meter")
        reader.says = Answer(answer.content, answer.status_code)
        with pytest.raises(SourceError, match="says: The meter has not been read yet"):
            await first(source(reader, clock, tmp_path))
        await other.accept([Reading("p1", IMPORT, 48713.429, NOON - 1234, 0.75)])
        answer = await api.get("/meter")
        reader.says = Answer(answer.content, answer.status_code)
    assert json.loads(reader.says.body)["reading_kwh"] == 48713.429
    found = await first(source(reader, clock, tmp_path, name="cupboard"))
    assert found == [Reading("cupboard", IMPORT, 48713.429, NOON - 1234, 0.75)]
