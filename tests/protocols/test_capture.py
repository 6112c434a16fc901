"""What `tallywatt parse` prints."""

import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sml_maker import ESCAPE
from test_envelope import FRAME as SEALED
from test_envelope import KEYS
from test_iec62056 import FRAME as READOUT
from test_sml import FILE as SML

from appliance.protocols import capture

FIXTURES = Path(__file__).parents[1] / "fixtures" / "p1_serial"
ZONE = ZoneInfo("Europe/Amsterdam")


def test_the_object_of_a_frame() -> None:
    decoded = list(capture.decode((FIXTURES / "at.txt").read_bytes(), "auto", ZONE))
    assert len(decoded) == 1
    shown = json.loads(json.dumps(capture.to_json(decoded[0], ZONE)))
    assert list(shown) == ["protocol", "meter", "at", "crc", "readings", "lines"]
    assert (shown["protocol"], shown["meter"], shown["crc"]) == ("dsmr", "TWA5\\TESTMETER_AT", "ok")
    assert shown["at"] == "2026-10-06T15:50:14+02:00"
    assert shown["readings"]["energy_import"] == 6545.766
    assert shown["lines"]["1-0:1.8.0"] == "006545766*Wh"


def test_several_telegrams_of_a_file_that_starts_and_ends_in_the_middle() -> None:
    one, two = (FIXTURES / "nl5.txt").read_bytes(), (FIXTURES / "nl3.txt").read_bytes()
    found = list(capture.decode(one[99:] + one + two + one[:99], "dsmr", ZONE))
    assert [frame.crc for frame in found] == ["ok", "none", "bad"]
    assert [bool(frame.readings) for frame in found] == [True, True, False]


def test_line_ends_of_an_editor() -> None:
    for name in ("nl5", "se", "lu"):
        data = (FIXTURES / f"{name}.txt").read_bytes().replace(b"\r\n", b"\n").rstrip()
        assert [frame.crc for frame in capture.decode(data, "auto", ZONE)] == ["ok"]


def test_a_file_without_telegrams_holds_none() -> None:
    assert list(capture.decode(b"hello\r\n", "auto", ZONE)) == []
    assert list(capture.decode(b"", "dsmr", ZONE)) == []


def test_a_meter_that_checks_always_does() -> None:
    whole = (FIXTURES / "nl5.txt").read_bytes()
    torn = whole[: whole.index(b"1-0:32.7.0")] + b"!\r\n"
    assert [frame.crc for frame in capture.decode(torn, "auto", ZONE)] == ["none"]
    found = list(capture.decode(torn + whole, "auto", ZONE))
    assert [(frame.crc, bool(frame.readings)) for frame in found] == [("bad", False), ("ok", True)]


WIRES = [
    ((FIXTURES / "nl5.txt").read_bytes(), "dsmr", "ok"),
    ((FIXTURES / "nl3.txt").read_bytes(), "dsmr", "none"),
    (SML, "sml", "ok"),
    (READOUT, "iec62056", "ok"),
    (SEALED, "dsmr", "ok"),
]


@pytest.mark.parametrize(("data", "protocol", "crc"), WIRES)
@pytest.mark.parametrize("noise", [b"", b"\r\n\0\xff", b"/?!\r\n", ESCAPE, b"\x7e\x7e"])
def test_the_protocol_finds_itself(data: bytes, protocol: str, crc: str, noise: bytes) -> None:
    for wrap in (bytes, lambda stream: stream.hex("\n", 20).encode("ascii")):
        stream = wrap(data[len(data) // 2 :] + noise + data + noise + data + noise)
        found = [t for t in capture.decode(stream, "auto", ZONE, KEYS) if t.readings]
        assert [(t.protocol, t.crc) for t in found] == [(protocol, crc)] * 2


def test_a_readout_taken_with_eight_bits() -> None:
    line = bytes(byte | (byte.bit_count() & 1) << 7 for byte in READOUT)
    assert [t.crc for t in capture.decode(line, "auto", ZONE)] == ["ok"]


def test_an_encrypted_frame_without_a_key_says_so() -> None:
    (telegram,) = capture.decode(SEALED, "auto", ZONE)
    shown = capture.to_json(telegram, ZONE)
    assert shown["readings"] == {}
    assert "encrypts" in shown["problem"]
