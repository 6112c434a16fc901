"""Telegrams of real meters, kept beside the checkout: skipped where they are not."""

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from appliance.model import Quantity as Q  # noqa: N817
from appliance.protocols import capture, dsmr, frames
from appliance.protocols.crc import arc
from appliance.protocols.telegram import Keys

ZONE = ZoneInfo("Europe/Amsterdam")


@pytest.fixture(scope="module")
def p1(shared: Path) -> Path:
    return shared / "data" / "p1"


def telegrams(p1: Path) -> list[tuple[Path, bytes]]:
    names = [path for path in sorted(p1.rglob("*.txt")) if not {"dlms", "m-bus"} & set(path.parts)]
    return [(path, path.read_bytes()) for path in names]


def obis_lines(data: bytes) -> int:
    """Lines with a reference, counted without our parser: a colon before the first parenthesis."""
    return sum(b":" in line.partition(b"(")[0] and b"(" in line for line in data.splitlines())


def test_every_line_of_every_telegram_is_understood(p1: Path) -> None:
    read = told = 0
    for path, data in telegrams(p1):
        reader = frames.TextReader()
        for frame in reader.feed(data) + reader.flush():
            if not frame.whole and frame.data != data:
                continue  # the torn end of a stream
            telegram = dsmr.parse(frame.data, ZONE)
            assert telegram.unknown == (), path.name
            read += sum(raw.count("\n") + 1 for raw in telegram.lines.values())
            told += obis_lines(frame.data)
    assert read == told
    assert read > 9_000


def test_the_long_stream_is_read_to_the_last_telegram(p1: Path) -> None:
    data = (p1 / "dsmr-tools" / "ttyUSB0-raw.txt").read_bytes()
    found = list(capture.decode(data, "auto", ZONE))
    assert len(found) == data.count(b"\n/ISK5")
    assert {frame.crc for frame in found} == {"ok"}
    assert {len(frame.readings) for frame in found} == {19}
    registers = [frame.readings["energy_import"] for frame in found]
    assert registers == sorted(registers)


def test_checksums_are_judged_as_the_collection_says(p1: Path) -> None:
    rows = [line.split(",") for line in (p1 / "manifest.csv").read_text(encoding="utf-8").splitlines()]
    judged = {"crc-ok": "ok", "crc-bad": "bad", "no-crc": "none"}
    seen = 0
    for file, *_, notes in rows:
        word = judged.get(notes.partition("-after")[0])
        if word and file.endswith(".txt"):
            frame = next(capture.decode((p1 / file).read_bytes(), "auto", ZONE))
            assert frame.crc == word, file
            seen += 1
    assert seen > 30


def repaired(data: bytes) -> bytes:
    """With the checksum that fits: the telegrams were made anonymous by hand."""
    text = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    end = text.rfind(b"\n!")
    if end < 0 or not text[end + 2 :].strip():
        return text
    body = text[: end + 2]
    return body + b"%04X\r\n" % arc(body)


PAIRS = {
    ("voltage", "l1"): Q.VOLTAGE_L1, ("voltage", "l2"): Q.VOLTAGE_L2, ("voltage", "l3"): Q.VOLTAGE_L3,
    ("current", "l1"): Q.CURRENT_L1, ("current", "l2"): Q.CURRENT_L2, ("current", "l3"): Q.CURRENT_L3,
}  # fmt: skip


NAMED = {quantity.value: quantity for quantity in Q}


def expected_numbers(electricity: dict[str, Any]) -> dict[Q, float]:
    """The peer's numbers under our names (its registers are in Wh)."""
    out: dict[Q, float] = {}
    if "powerReceivedTotal" in electricity:
        out[Q.POWER_GRID] = electricity["powerReceivedTotal"] - electricity.get("powerReturnedTotal", 0)
    for (kind, phase), quantity in PAIRS.items():
        if isinstance(electricity.get(kind), dict) and phase in electricity[kind]:
            out[quantity] = electricity[kind][phase]
    for phase in ("l1", "l2", "l3"):
        into, back = (electricity.get(f"power{way}", {}).get(phase) for way in ("Received", "Returned"))
        if into is not None:
            out[NAMED[f"power_{phase}"]] = into - (back or 0)
    for tariff, registers in electricity.get("tariffs", {}).items():
        out[NAMED[f"energy_import_t{tariff}"]] = registers["received"] / 1000
        out[NAMED[f"energy_export_t{tariff}"]] = registers["returned"] / 1000
    if "currentTariff" in electricity:
        out[Q.TARIFF] = electricity["currentTariff"]
    return out


def test_our_numbers_are_those_of_a_peer(p1: Path) -> None:
    compared = 0
    for path in sorted((p1 / "node-dsmr-parser" / "dsmr").glob("*.json")):
        peer = json.loads(path.read_text(encoding="utf-8"))
        ours = dsmr.parse(repaired(path.with_suffix(".txt").read_bytes()), ZONE)
        numbers = expected_numbers(peer["electricity"])
        for child in peer.get("mBus", {}).values():
            if child.get("deviceType") == 3 and child.get("unit") == "m3":
                numbers[Q.GAS] = child["value"]
        for quantity, value in numbers.items():
            assert ours.readings[quantity] == pytest.approx(value), (path.name, quantity)
            compared += 1
    assert compared > 100


def sml_numbers(path: Path) -> list[tuple[str, dict[Q, float]]]:
    return [(t.crc, t.readings) for t in capture.decode(path.read_bytes(), "auto", ZONE)]


def test_every_sound_sml_frame_gives_its_numbers(p1: Path) -> None:
    """A peer decodes 132 of these 145: it fails where a value is missing, and two are really damaged."""
    sound = damaged = 0
    for path in sorted((p1 / "libsml-testing").glob("*.bin")):
        found = sml_numbers(path)
        assert {t.protocol for t in capture.decode(path.read_bytes(), "auto", ZONE)} == {"sml"}
        sound += sum(crc == "ok" and bool(readings) for crc, readings in found)
        damaged += sum(crc == "bad" for crc, _ in found)
        assert all(not readings for crc, readings in found if crc == "bad")
        assert sml_numbers(path.with_suffix(".hex")) == found, "the dump says the same"
    assert sound == 143
    assert damaged > 2  # these two, and the torn ends of the files


@pytest.mark.parametrize(
    ("name", "watts"),
    [
        ("DZG_DVS-7412.2_jmberg", 356.24),
        ("dzg_dwsb20_2th_2byte", -306.88),
        ("dzg_dwsb20_2th_3byte", -760.47),
        ("ISKRA_MT175_D1A52-V22-K0t", -4297),
        ("EMH_eHZ361L5R", -5632.1916),
    ],
)
def test_the_sign_of_power(p1: Path, name: str, watts: float) -> None:
    readings = [
        readings for crc, readings in sml_numbers(p1 / "libsml-testing" / f"{name}.bin") if crc == "ok"
    ]
    assert readings[-1][Q.POWER_GRID] == watts


def test_a_meter_of_luxembourg(p1: Path) -> None:
    data = (p1 / "esphome-dsmr_parser" / "encrypted_packet.bin").read_bytes()
    (locked,) = capture.decode(data, "auto", ZONE)
    assert "encrypts" in locked.problem
    (opened,) = capture.decode(data, "auto", ZONE, Keys(b"\xaa" * 16))
    assert (opened.crc, len(opened.readings), opened.readings[Q.POWER_GRID]) == ("ok", 10, 286)


def test_any_capture_cut_and_torn_gives_no_other_numbers(p1: Path) -> None:
    """At every tenth offset: what is left says what the whole said, or nothing."""
    names = ["libsml-testing/ISKRA_MT691_eHZ-MS2020.bin", "libsml-testing/HOLLEY_DTZ541-ZDBA.bin"]
    for name in names:
        data = (p1 / name).read_bytes()[:1500]
        truth = [t.readings for t in capture.decode(data, "auto", ZONE)]
        for at in range(0, len(data), 10):
            for torn in (data[at:], data[:at], data[:at] + data[at + 1 :], data[:at] + b"\xff" + data[at:]):
                assert all(not t.readings or t.readings in truth for t in capture.decode(torn, "auto", ZONE))
