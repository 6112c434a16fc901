"""The elnet source's pure parts: options, encryption, answers, the numbers of today, the count of rupees."""

import base64
import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from appliance.clock import DAY_MS, HOUR_MS, MINUTE_MS
from appliance.errors import SourceError
from appliance.model import Event, Quantity, Reading
from appliance.sources import _elnet_data as data
from appliance.sources import _elnet_rupees as rupees
from appliance.sources._elnet_crypto import plaintext, sealed
from appliance.sources._elnet_data import GENERATOR, GRID, Home, Live
from appliance.sources._elnet_options import Options
from appliance.sources._elnet_readings import Judged, readings
from appliance.sources._elnet_registers import CONVINCED, Registers, State

IST = ZoneInfo("Asia/Kolkata")
MIDNIGHT = 1_794_508_200_000
"""2026-11-13 00:00 in India."""
URL = "http://203.0.113.7:8085"
LOGIN = {"username": "A-101", "password": "p", "key": "k" * 32, "iv": "i" * 20}

SAID: dict[str, Any] = {
    "Supply": 1,
    "PresentLoad": 0.74,
    "Balance": 812.4,
    "EB": 1204.31,
    "DG": 17.05,
    "SanctionEB": 5.0,
    "SanctionDG": 2.0,
    "UpdatedOn": "13-11-2026 09:30:15",
    "Solar": 0.0,
}
AT = MIDNIGHT + 9 * HOUR_MS + 30 * MINUTE_MS + 15_000


def options(**more: Any) -> Options:
    return Options.model_validate({"type": "elnet", "url": URL, **more})


def complaint(**more: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        options(**more)
    return str(caught.value)


# --- options


def test_there_are_two_ways_of_signing_in() -> None:
    assert not options(token="t", input_type="abc").signs_in
    assert options(**LOGIN).signs_in


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "needs a way of signing in"),
        ({"token": "t"}, "a captured sign-in needs `input_type`"),
        ({"input_type": "t"}, "a captured sign-in needs `token`"),
        ({"username": "u", "password": "p"}, "signing in with a user name needs `key`"),
        (LOGIN | {"password": ""}, "needs `password`"),
        (LOGIN | {"token": "t"}, "needs one way of signing in"),
        (LOGIN | {"key": "short"}, "`key` has 5 characters; it needs 32"),
        (LOGIN | {"key": "ä" * 32}, "all of them ASCII"),
        (LOGIN | {"iv": "short"}, "`iv` has 5 characters; it needs 16 or more"),
        (LOGIN | {"meter_zone": "Asia/Nowhere"}, "is no time zone"),
        ({"token": "ab…", "input_type": "Zm9v"}, "`token` has characters that no token has"),
        ({"token": "a\nb", "input_type": "Zm9v"}, "`token` has characters that no token has"),
        (
            {"token": "t", "input_type": '{"InputType": "Zm9v"}'},
            "`input_type` is the text between the quotes",
        ),
        (
            {"token": "t", "input_type": "Zm9v", "recharge_input_type": "{"},
            "`recharge_input_type` is the text between the quotes",
        ),
        (LOGIN | {"meter_id": "A-101"}, "meter_id"),
    ],
)
def test_what_is_missing_is_said(given: dict[str, Any], said: str) -> None:
    assert said in complaint(**given)


def test_no_secret_is_told_and_a_sealed_key_is_looked_at_when_it_is_open() -> None:
    assert "kkkk" not in repr(options(**LOGIN))
    sealed_key = options(**LOGIN | {"key": "enc:not-of-32", "iv": "enc:neither"})
    sealed_key.check_secrets()
    with pytest.raises(ValueError, match="`key` has 3 characters"):
        sealed_key.model_copy(update={"key": "abc"}).check_secrets()
    sealed_token = options(token="enc:any…", input_type="enc:{")
    with pytest.raises(ValueError, match="`token` has characters"):
        sealed_token.model_copy(update={"token": "ab…"}).check_secrets()


# --- encryption


def test_the_reference_vectors(shared: Path) -> None:
    said = json.loads((shared / "data/portals/elnet_crypto_vectors_dummy_key.json").read_text())
    for vector in said["vectors"]:
        assert plaintext(json.loads(vector["plaintext"])) == vector["plaintext"]
        key, iv = said["key_ascii32"], said["iv_string_first16_used"]
        assert sealed(vector["plaintext"], key, iv) == vector["InputType"]


@given(st.text(max_size=80), st.text("abcdef0123456789", min_size=32, max_size=32))
def test_whoever_has_the_key_reads_the_question(text: str, key: str) -> None:
    iv = key[::-1]
    cipher = Cipher(algorithms.AES(key.encode()), modes.CBC(iv[:16].encode())).decryptor()
    raw = cipher.update(base64.b64decode(sealed(text, key, iv))) + cipher.finalize()
    assert raw[: -raw[-1]].decode() == text
    assert 1 <= raw[-1] <= 16


def test_a_question_is_written_as_the_app_does() -> None:
    assert plaintext({"Month": 0, "MeterID": "7"}) == '{\n  "Month" : 0,\n  "MeterID" : "7"\n}'


# --- answers


def test_live_values() -> None:
    live = data.live(SAID, IST)
    assert (live.at, live.supply, live.load_kw) == (AT, GENERATOR, 0.74)
    assert (live.balance, live.eb, live.dg, live.solar) == (812.4, 1204.31, 17.05, 0.0)
    assert data.live(SAID | {"Supply": 0}, IST).supply == GRID
    assert data.live(SAID | {"Supply": 3}, IST).supply == GENERATOR


@pytest.mark.parametrize("name", ["Supply", "PresentLoad", "Balance", "EB", "DG", "UpdatedOn"])
@pytest.mark.parametrize("value", [None, "", "1,787.42", "n/a", "nan", float("nan"), float("inf"), True, [1]])
def test_what_is_no_number_is_named(name: str, value: Any) -> None:
    with pytest.raises(SourceError, match=f"no usable {name}"):
        data.live(SAID | {name: value}, IST)
    with pytest.raises(SourceError, match=f"no usable {name}"):
        data.live({key: said for key, said in SAID.items() if key != name}, IST)


def test_a_number_written_as_text_is_one() -> None:
    texts = {name: str(SAID[name]) for name in ("Supply", "PresentLoad", "Balance", "EB", "DG")}
    assert data.live(SAID | texts, IST) == data.live(SAID, IST)


@pytest.mark.parametrize("answer", [None, [], "Success", 7])
def test_no_answer_at_all(answer: Any) -> None:
    for understood in (lambda d: data.live(d, IST), data.home, lambda d: data.rows(d, IST)):
        with pytest.raises(SourceError):
            understood(answer)
    assert data.recharge_days(answer) is None


def test_home_takes_numbers_alone() -> None:
    home = data.home(
        {"kWhRecToday": 2.0, "CurrentDay_EB": "-", "kWhDelMonth": None, "RelStatus": "off", "IsDG": True}
    )
    assert home.today == {Quantity.IMPORT_TODAY: 2.0}
    assert home.month == {}
    assert (home.relay, home.generator, home.solar) == (False, True, None)
    assert (home.rates.eb, home.rates.dg) == (None, None)


def test_prices_are_seen_where_enough_was_counted() -> None:
    month = {"kWhRecMonth": 100.0, "CurrentMonth_EB": 833.0, "kWhDelMonth": 0.1, "CurrentMonth_DG": 2.2}
    rates = data.home(month).rates
    assert rates.eb == pytest.approx(8.33)
    assert rates.dg is None


def test_rows_come_oldest_first_and_failed_payments_do_not() -> None:
    rows = data.rows(
        {
            "RechargeHistory": [
                {"DateTime": "2026-11-13T01:10:05", "Amount": -5568.0, "Status": "success"},
                {"DateTime": "2026-11-12T20:00:00", "Amount": 7500, "Status": "Success"},
                {"DateTime": "2026-11-12T19:00:00", "Amount": 40, "Status": None},
                {"DateTime": "2026-11-12T19:59:00", "Amount": 7500, "Status": "failed"},
                {"DateTime": "yesterday", "Amount": 5},
                {"DateTime": "2026-11-01T00:00:00", "Amount": "nine"},
                None,
            ]
        },
        IST,
    )
    assert [row.amount for row in rows] == [40, 7500, -5568]
    assert rows[2].at == MIDNIGHT + 70 * MINUTE_MS + 5000


def test_recorded_answers(shared: Path) -> None:
    folder = shared / "data/portals"

    def said(name: str) -> Any:
        return json.loads((folder / f"elnet_{name}.json").read_text())["Data"]

    live = data.live(said("GetLiveUpdates"), IST)
    assert (live.supply, live.eb, live.dg) == (GRID, 48808.72, 477.24)
    home = data.home(said("HomeData"))
    assert home.rates.eb == pytest.approx(8.33, abs=0.001)
    assert home.rates.dg == pytest.approx(22.0, abs=0.01)
    assert (home.relay, home.generator, home.solar) == (True, True, False)
    assert [row.amount for row in data.rows(said("RechargeHistory"), IST)][-1] == -5568
    assert data.recharge_days(said("GetDashboardDetails")) == 13


# --- readings

NO_HOME = Home()


def told(home: Home = NO_HOME, supply: int | None = GRID, **live: Any) -> dict[Quantity, float]:
    found = readings("elnet", data.live(SAID | live, IST), Judged(home, home.relay, supply, {}, None))
    assert all(isinstance(reading, Reading) and reading.at == AT for reading in found)
    return {reading.quantity: reading.value for reading in found}


def test_who_does_not_supply_gives_truly_nothing() -> None:
    grid, generator = told(supply=GRID), told(supply=GENERATOR)
    assert (grid[Quantity.POWER_GRID], grid[Quantity.POWER_GENERATOR]) == (740, 0)
    assert (generator[Quantity.POWER_GRID], generator[Quantity.POWER_GENERATOR]) == (0, 740)
    assert generator[Quantity.POWER_LOAD] == 740


def test_what_is_not_known_is_not_there() -> None:
    doubt = told(supply=None)
    assert not {Quantity.POWER_GRID, Quantity.POWER_GENERATOR, Quantity.SUPPLY} & doubt.keys()
    assert not {Quantity.RELAY, Quantity.DAYS_LEFT, Quantity.ENERGY_SOLAR} & doubt.keys()
    solar = told(Home(solar=True, generator=True), Solar=4.5)
    assert solar[Quantity.ENERGY_SOLAR] == 4.5
    assert not {Quantity.POWER_GRID, Quantity.POWER_GENERATOR} & solar.keys()
    assert Quantity.ENERGY_SOLAR not in told(Home(solar=False), Solar=0.0)


def test_a_flat_without_a_generator_has_no_generator() -> None:
    assert Quantity.ENERGY_GENERATOR not in told(Home(generator=False), DG=0.0)
    assert Quantity.ENERGY_GENERATOR in told(Home(generator=True), DG=0.0)
    assert Quantity.ENERGY_GENERATOR in told(Home(generator=None), DG=3.0)


# --- registers and days


def sample(at: int, eb: float, dg: float = 5.0) -> Live:
    return Live(at, GRID, 0.5, 100.0, eb, dg)


def test_one_strange_answer_is_not_another_meter() -> None:
    registers = Registers("elnet", IST, State())
    assert registers.take(sample(AT, 1000)) is True
    assert registers.take(sample(AT + 60_000, 3.0)) is False
    assert registers.take(sample(AT + 120_000, 1000.1)) is True
    assert registers.state.doubts == 0


@pytest.mark.parametrize("first", [3.0, 5000.0])
def test_another_meter_is_told_once(first: float) -> None:
    registers = Registers("elnet", IST, State())
    registers.take(sample(AT, 1000))
    said = [registers.take(sample(AT + n * 60_000, first + n / 100)) for n in range(1, CONVINCED + 4)]
    assert said[: CONVINCED - 1] == [False] * (CONVINCED - 1)
    event = said[CONVINCED - 1]
    assert isinstance(event, Event)
    assert event.name == "meter_changed"
    assert "on the Meter page" in event.text
    assert said[CONVINCED:] == [True] * 3


def today_of(kwh: float) -> Home:
    return Home(
        today={Quantity.IMPORT_TODAY: kwh, Quantity.GENERATOR_TODAY: 0.0}, month={Quantity.IMPORT_MONTH: kwh}
    )


def test_yesterdays_numbers_are_not_todays() -> None:
    registers = Registers("elnet", IST, State())
    registers.take(sample(MIDNIGHT - MINUTE_MS, 1000.0))
    after = sample(MIDNIGHT + MINUTE_MS, 1000.02)
    registers.take(after)
    assert not registers.today(today_of(11.4), after)
    assert registers.today(today_of(0.02), after)
    later = sample(MIDNIGHT + 12 * HOUR_MS, 1006.0)
    registers.take(later)
    assert registers.today(today_of(6.0), later)
    assert not registers.today(today_of(17.4), later)


def test_who_did_not_see_midnight_waits_an_hour() -> None:
    registers = Registers("elnet", IST, State())
    registers.take(sample(MIDNIGHT - 5 * HOUR_MS, 990.0))
    early, late = sample(MIDNIGHT + MINUTE_MS, 995.0), sample(MIDNIGHT + HOUR_MS, 995.4)
    registers.take(early)
    assert not registers.today(today_of(0.0), early)
    registers.take(late)
    assert registers.today(today_of(0.4), late)


def test_last_months_numbers_are_not_this_months() -> None:
    first = MIDNIGHT + 18 * DAY_MS  # the first of December
    registers = Registers("elnet", IST, State())
    registers.take(sample(first - MINUTE_MS, 1300.0))
    after = sample(first + MINUTE_MS, 1300.0)
    registers.take(after)
    assert not registers.this_month(today_of(310.0), after)
    assert registers.this_month(today_of(0.0), after)


def test_the_generators_rupees_go_on_over_midnight() -> None:
    state = rupees.State()
    for at, today, kwh in (
        (MIDNIGHT - 30 * MINUTE_MS, 40.0, 2.0),
        (MIDNIGHT - MINUTE_MS, 62.0, 3.0),
        (MIDNIGHT + 4 * MINUTE_MS, 3.0, 0.2),
        (MIDNIGHT + 20 * MINUTE_MS, 11.0, 0.5),
    ):
        rupees.take(state, at, today, kwh, IST)
    assert (state.total, round(state.kwh, 6)) == (33.0, 1.5)
    era = state.era
    rupees.take(state, MIDNIGHT + 2 * DAY_MS, 5.0, 0.2, IST)
    assert state.era > era
