"""What `tallywatt parse` prints."""

import json
from pathlib import Path
from zoneinfo import ZoneInfo

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
