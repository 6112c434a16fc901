"""`tallywatt parse` on captures of every protocol; the files are made up, their checksums are right."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from appliance.__main__ import main

WIRES = Path(__file__).parents[1] / "fixtures" / "wires"
KEY = bytes(range(16)).hex()


def run(*arguments: object, env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(main, ["parse", *map(str, arguments)], env=env)


def frames(*arguments: object, env: dict[str, str] | None = None) -> list[dict[str, Any]]:
    result = run("--json", *arguments, env=env)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.parametrize(
    ("name", "protocol", "meter", "quantity", "value"),
    [
        ("sml.hex", "sml", "1TWN0000000007", "power_grid", -1234.56),
        ("han.hex", "han", "AIDON_V0001 6534", "voltage_l1", 227.4),
        ("readout.bin", "iec62056", "TWE5\\2Test-E350", "energy_import", 1122.334),
    ],
)
def test_every_protocol(name: str, protocol: str, meter: str, quantity: str, value: float) -> None:
    for chosen in ("auto", protocol):
        (frame,) = frames("--protocol", chosen, WIRES / name)
        assert (frame["protocol"], frame["meter"], frame["crc"]) == (protocol, meter, "ok")
        assert frame["readings"][quantity] == value
        assert "problem" not in frame


def test_an_encrypted_telegram_with_and_without_its_key() -> None:
    file = WIRES / "luxembourg.bin"
    (locked,) = frames(file)
    assert locked["readings"] == {}
    assert "encrypts" in locked["problem"]
    assert locked["problem"] in run(file).stdout
    for given, env in ((["--key", KEY], None), ([], {"TALLYWATT_KEY": KEY.upper()})):
        (opened,) = frames(*given, file, env=env)
        assert (opened["crc"], opened["readings"]["gas"]) == ("ok", 100.25)
    (wrong,) = frames("--key", KEY[::-1], file)
    assert "does not fit" in wrong["problem"]


def test_a_key_that_is_none_is_refused_and_not_repeated() -> None:
    result = run("--key", "secret", WIRES / "luxembourg.bin")
    assert result.exit_code == 2
    assert "32 digits" in result.output
    assert "secret" not in result.output
