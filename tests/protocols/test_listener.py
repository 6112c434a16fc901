"""A live stream whose protocol finds itself."""

import random
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from test_envelope import FRAME as SEALED
from test_envelope import KEYS
from test_fuzz import damage
from test_iec62056 import FRAME as READOUT
from test_sml import FILE as SML

from appliance.protocols import capture
from appliance.protocols.listener import Listener
from appliance.protocols.telegram import NO_KEYS, Telegram

FIXTURES = Path(__file__).parents[1] / "fixtures" / "p1_serial"
ZONE = ZoneInfo("Europe/Berlin")
P1 = (FIXTURES / "nl5.txt").read_bytes()
STREAMS = {"dsmr": P1, "sml": SML, "iec62056": READOUT}


def heard(listener: Listener, data: bytes, size: int = 50) -> list[Telegram]:
    """What comes out of a stream that comes in chunks of `size`."""
    return [t for at in range(0, len(data), size) for t in listener.feed(data[at : at + size], 0)]


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("size", [1, 50, 5000])
def test_it_finds_the_protocol_and_stays_with_it(name: str, size: int) -> None:
    listener, data = Listener("auto", ZONE), STREAMS[name]
    telegrams = heard(listener, data[100:] + data * 3, size)
    assert [bool(t.readings) for t in telegrams] == [True] * 3
    (truth,) = {str(t.readings) for t in capture.decode(data, "auto", ZONE)}
    assert {str(t.readings) for t in telegrams} == {truth}
    assert listener.found == name
    assert heard(listener, (P1 if name == "sml" else SML) * 2) == []


@pytest.mark.parametrize("name", STREAMS)
def test_a_protocol_that_was_set_is_the_only_one(name: str) -> None:
    for other, data in STREAMS.items():
        listener = Listener(name, ZONE)
        telegrams = heard(listener, data * 2)
        if other == name:
            assert len(telegrams) == 2
            assert listener.found == name


def test_an_encrypted_meter_without_a_key_gives_its_hint_and_with_it_readings() -> None:
    hints = heard(Listener("auto", ZONE, NO_KEYS), SEALED * 3)
    assert len(hints) == 3
    assert all("encrypts" in t.problem and not t.readings for t in hints)
    listener = Listener("auto", ZONE, KEYS)
    assert all(t.readings for t in heard(listener, SEALED * 3))
    assert listener.found == "dsmr"


def test_damage_is_counted_once_whoever_sees_it() -> None:
    listener = Listener("auto", ZONE)
    hurt = P1.replace(b"1.7.0(00.0", b"1.7.0(01.0")
    assert heard(listener, hurt * 3) == []
    assert (listener.bad, listener.found) == (3, "")
    assert len(heard(listener, P1 + hurt + P1)) == 2
    assert listener.bad == 4


@pytest.mark.parametrize("data", [P1, SML, SEALED], ids=["dsmr", "sml", "luxembourg"])
@pytest.mark.parametrize("seed", range(4))
def test_a_torn_stream_never_tells_a_wrong_number(data: bytes, seed: int) -> None:
    """Whatever happens to it while the protocol is still sought; in the end it is found."""
    dice = random.Random(seed)
    truth = next(capture.decode(data, "auto", ZONE, KEYS)).readings
    for _ in range(40):
        stream = data * 4
        for _ in range(dice.randint(1, 5)):
            stream = damage(stream, dice) or b"/"
        listener = Listener("auto", ZONE, KEYS)
        telegrams = heard(listener, stream, dice.randint(1, 600))
        for telegram in telegrams:
            assert telegram.readings.items() <= truth.items()
        assert heard(listener, data * 3, 300)[-1].readings == truth
