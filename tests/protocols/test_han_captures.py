"""Messages of real HAN ports, kept beside the checkout: skipped where they are not."""

import json
import re
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from appliance.model import Quantity as Q  # noqa: N817
from appliance.protocols import han
from appliance.protocols.links import HanReader
from appliance.protocols.telegram import NO_KEYS, Keys, Telegram

OSLO = ZoneInfo("Europe/Oslo")
ATHOM = Keys(
    bytes.fromhex("0123456789abcdef0123456789abcdef"), bytes.fromhex("ffeeddccbbaa99887766554433221100")
)
"""Of the set's encrypted examples (tests/test-utils.ts of athombv/node-dsmr-parser)."""
AUSTRIA = Keys(bytes.fromhex("36C66639E48A8CA4D6BC8B282A793BBB"))
"""Stands at the end of the Austrian example."""


@pytest.fixture(scope="module")
def p1(shared: Path) -> Path:
    return shared / "data" / "p1"


def read(path: Path, keys: Keys = NO_KEYS) -> list[Telegram]:
    raw = bytes.fromhex(re.sub(r"\s", "", path.read_text(encoding="ascii")))
    reader = HanReader()
    frames = reader.feed(raw) + reader.flush()
    if frames:
        return [han.parse(frame.data, OSLO, None, keys) for frame in frames]
    body = han.parse_body(raw, OSLO, None, keys)
    return [] if body is None else [body]


def test_every_plain_message_with_a_sound_checksum_is_understood(p1: Path) -> None:
    read_of = {}
    for path in [*(p1 / "node-dsmr-parser" / "dlms").glob("*.txt"), *(p1 / "amshan").glob("*.hex")]:
        telegrams = read(path)
        assert len(telegrams) == 1, path.name
        if telegrams[0].crc != "bad":
            assert telegrams[0].readings, path.name
            assert telegrams[0].problem == "", path.name
        read_of[path.name] = telegrams[0].crc
    assert sorted(read_of.values()) == ["bad"] + ["none"] * 6 + ["ok"] * 7
    assert read_of["described-list.txt"] == "bad"


def expected(electricity: dict[str, Any]) -> dict[Q, float]:
    """The peer's numbers under our names (its registers are in Wh)."""
    out: dict[Q, float] = {}
    if "powerReceivedTotal" in electricity:
        out[Q.POWER_GRID] = electricity["powerReceivedTotal"] - electricity.get("powerReturnedTotal", 0)
    for kind in ("voltage", "current"):
        for phase, value in electricity.get(kind, {}).items():
            out[Q(f"{kind}_{phase}")] = value
    for phase, value in electricity.get("powerReceived", {}).items():
        out[Q(f"power_{phase}")] = value - electricity["powerReturned"][phase]
    registers = {"": electricity.get("total", {})}
    registers |= {f"_t{tariff}": told for tariff, told in electricity.get("tariffs", {}).items()}
    for name, told in registers.items():
        if told:
            out[Q(f"energy_import{name}")] = told["received"] / 1000
            out[Q(f"energy_export{name}")] = told["returned"] / 1000
    if "currentTariff" in electricity:
        out[Q.TARIFF] = electricity["currentTariff"]
    return out


def test_our_numbers_are_those_of_a_peer(p1: Path) -> None:
    compared = 0
    for path in sorted((p1 / "node-dsmr-parser" / "dlms").glob("*.json")):
        peer = json.loads(path.read_text(encoding="utf-8"))
        (telegram,) = read(path.with_suffix(".txt"))
        assert (telegram.crc == "ok") == peer["crcValid"]
        for quantity, value in expected(peer["electricity"]).items():
            if telegram.crc == "ok":
                assert telegram.readings[quantity] == pytest.approx(value), (path.name, quantity)
                compared += 1
        said = [*peer["cosem"]["knownObjects"], *peer["cosem"]["unknownObjects"]]
        named = {line.partition("(")[0] for line in said if not line.endswith("(null)")}
        assert named <= set(telegram.lines), path.name
    assert compared == 35


def test_volts_times_amperes_carry_the_power(p1: Path) -> None:
    seen = 0
    for path in (p1 / "amshan").glob("*REAL*.hex"):
        (telegram,) = read(path)
        has = telegram.readings
        phases = [(Q(f"voltage_l{n}"), Q(f"current_l{n}")) for n in (1, 2, 3)]
        apparent = sum(has[volts] * has[amps] for volts, amps in phases if volts in has and amps in has)
        real = (has[Q.POWER_GRID] ** 2 + has[Q.REACTIVE_GRID] ** 2) ** 0.5
        assert apparent == pytest.approx(real, rel=0.15), path.name
        seen += 1
    assert seen == 3


@pytest.mark.parametrize(
    ("name", "keys", "meter"),
    [
        ("dlms/encrypted/aidon-example-2-with-aad.txt", ATHOM, "sys"),
        ("m-bus/austria-example-1.txt", AUSTRIA, "KFM"),
        ("m-bus/austria-example-1 copy.txt", AUSTRIA, "KFM"),
    ],
)
def test_encrypted_messages_need_their_key(p1: Path, name: str, keys: Keys, meter: str) -> None:
    path = p1 / "node-dsmr-parser" / name
    (locked,) = read(path)
    assert (locked.problem, locked.readings, locked.meter) == (han.NO_KEY, {}, meter)
    assert read(path, Keys(bytes(16)))[0].problem == han.WRONG_KEY
    (telegram,) = read(path, keys)
    assert telegram.problem == ""
    if meter == "KFM":
        assert telegram.readings[Q.ENERGY_IMPORT] == 12.937
        assert telegram.readings[Q.VOLTAGE_L1] == 233.7
    else:
        assert telegram.readings[Q.POWER_GRID] == 1122
        assert telegram.readings[Q.ENERGY_IMPORT] == 10049.926


def test_a_tag_made_with_another_key_is_seen(p1: Path) -> None:
    """Made without the authentication key: the contents are there, but who wrote them is not proved."""
    path = p1 / "node-dsmr-parser" / "dlms" / "encrypted" / "aidon-example-2-without-aad.txt"
    assert read(path, ATHOM)[0].problem == han.WRONG_AUTHENTICATION
    assert read(path, Keys(ATHOM.encryption))[0].readings[Q.POWER_GRID] == 1122


def test_what_is_no_push_is_no_reading(p1: Path) -> None:
    for path in (p1 / "dlms-cosem").glob("*.hex"):
        assert all(telegram.readings == {} for telegram in read(path)), path.name
