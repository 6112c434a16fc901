"""The commands that look and tell: help, check, parse, read, schema, version."""

import json
import subprocess
import sys
from pathlib import Path

import click
import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

from appliance.__main__ import main
from appliance.demo.faceplate import WHEELS, wheel_box
from appliance.demo.meter_picture import render
from appliance.meter_setup import CounterSetup, MeterSetup
from appliance.model import Quantity
from appliance.sources._setup import dumped
from ocr import Box, Calibration

ROOT = Path(__file__).resolve().parents[2]
TELEGRAM = ROOT / "tests" / "fixtures" / "p1_serial" / "nl5.txt"


def run(*words: object, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], input=stdin)


def outside(*words: object) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own."""
    command = [sys.executable, "-m", "appliance", *(str(word) for word in words)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


# Help


def test_help_names_every_command_and_has_examples() -> None:
    result = run("--help")
    assert result.exit_code == 0
    for name in ("run", "demo", "check", "read", "parse", "export", "schema", "version"):
        assert f"\n  {name} " in result.output
    assert "Exit codes" in result.output


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_explains_itself(name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    assert "Options:" in result.output
    assert name == "version" or "Example" in result.output
    options = [one for one in main.commands[name].params if isinstance(one, click.Option)]
    assert all(option.help for option in options)


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys, appliance.__main__\n"
        "heavy = {'cv2', 'numpy', 'fastapi', 'nicegui', 'uvicorn', 'pydantic', 'requests'}\n"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_exit_codes_of_a_real_process(tmp_path: Path) -> None:
    assert outside("version").returncode == 0
    missing = outside("check", tmp_path / "none.json")
    assert missing.returncode == 1
    assert missing.stdout == ""
    assert missing.stderr == f"Error: {tmp_path}/none.json has a mistake:\n  there is no such file\n"
    assert outside("check").returncode == 2
    assert outside("chekc", "x").returncode == 2


# check


def test_check_tells_what_was_understood() -> None:
    result = run("check", ROOT / "config" / "examples" / "classic.json")
    assert result.exit_code == 0
    assert "its classic form is understood" in result.output
    assert "  camera_meter\n" in result.output
    assert "expected_digits = 6\n" in result.output
    assert "api_endpoint = http://192.168.1.10:8000/meter_reading\n" in result.output
    assert "INFO in the journal and in /var/log/tallywatt/meter.log" in result.output


def test_check_shows_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    url = "http://anna:geheim@wall.local/meter_reading"
    path.write_text(json.dumps({"sinks": [{"type": "push", "api_endpoint": url, "token": "tyst"}]}))
    result = run("check", path)
    assert result.exit_code == 0
    assert "(a secret)" in result.output
    assert "geheim" not in result.output
    assert "tyst" not in result.output


def test_check_tells_each_mistake(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{"web": {"port": 0},\n "sources": [{"type": "p1_serial", "port": "COM1"}]}')
    result = run("check", path)
    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: {path} has 2 mistakes:\n"
        "  line 1, web.port: must be at least 1, not 0\n"
        "  line 2, sources[0].port: must be /dev/..., socket://host:port or rfc2217://host:port, "
        'not "COM1"\n'
    )


# parse


def test_parse_gives_one_object_a_frame() -> None:
    result = run("parse", "--json", TELEGRAM)
    assert result.exit_code == 0
    (line,) = result.stdout.splitlines()
    frame = json.loads(line)
    assert set(frame) == {"protocol", "meter", "at", "crc", "readings", "lines"}
    assert frame["crc"] == "ok"
    assert frame["readings"]["energy_import"] > 0
    assert "1-0:1.8.1" in frame["lines"]


def test_parse_reads_standard_input_and_every_frame() -> None:
    result = run("parse", "--json", "-", stdin=TELEGRAM.read_bytes() * 3)
    assert [json.loads(line)["crc"] for line in result.stdout.splitlines()] == ["ok"] * 3


def test_parse_tells_a_wrong_checksum() -> None:
    broken = TELEGRAM.read_bytes().replace(b"*kWh", b"*kWH", 1)
    frame = json.loads(run("parse", "--json", "-", stdin=broken).stdout)
    assert (frame["crc"], frame["readings"]) == ("bad", {})
    assert "CHECKSUM WRONG" in run("parse", "-", stdin=broken).stdout


def test_parse_for_the_eye() -> None:
    result = run("parse", TELEGRAM)
    assert result.exit_code == 0
    assert "checksum right" in result.stdout
    assert "Import register" in result.stdout


def test_the_zone_of_the_meter_can_be_said() -> None:
    here, there = (
        json.loads(run("parse", "--json", "--zone", zone, TELEGRAM).stdout)["at"]
        for zone in ("Europe/Amsterdam", "Europe/Dublin")
    )
    assert here[-6:] in ("+01:00", "+02:00")
    assert there[-6:] in ("+00:00", "+01:00")
    assert here[:19] == there[:19]
    assert run("parse", "--zone", "Mars", TELEGRAM).exit_code == 2


def test_parse_refuses_what_holds_no_telegram(tmp_path: Path) -> None:
    result = run("parse", "-", stdin=b"hello")
    assert result.exit_code == 1
    assert "no telegram in what was piped in; a DSMR telegram begins with /" in result.stderr
    result = run("parse", tmp_path / "none")
    assert result.exit_code == 1
    assert "cannot be read: No such file or directory" in result.stderr


# read


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pictures") / "meter.png"
    cv2.imwrite(str(path), render(48713.4))
    return path


def test_read_gives_one_object_a_picture(picture: Path) -> None:
    result = run("read", "--json", picture)
    assert result.exit_code == 0
    (text,) = result.stdout.splitlines()
    line = json.loads(text)
    assert set(line) == {
        "file", "text", "reading_kwh", "figures", "decimals", "confidence", "digits", "milliseconds"
    }  # fmt: skip
    assert (line["figures"], line["decimals"]) == ("0487134", 1)
    assert (line["file"], line["text"], line["reading_kwh"]) == (str(picture), "048713.4", 48713.4)
    assert 0.5 <= line["confidence"] <= 1
    assert len(line["digits"]) == 7
    assert all(len(digit["box"]) == 4 for digit in line["digits"])


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_picture_that_lies_on_its_side_is_turned(picture: Path, tmp_path: Path, turn: int) -> None:
    back = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}[turn]
    cv2.imwrite(str(tmp_path / "lying.png"), cv2.rotate(cv2.imread(str(picture)), back))
    line = json.loads(run("read", "--json", tmp_path / "lying.png").stdout)
    assert (line["text"], line["rotate"]) == ("048713.4", turn)
    told = run("read", tmp_path / "lying.png").stdout
    assert f": 048713.4, confidence {line['confidence']:.0%}, turned by {turn} degrees" in told


def test_a_picture_without_a_counter_is_not_turned(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(90, 160, (360, 640, 3), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / "noise.png"), cv2.GaussianBlur(noise, (0, 0), 2))
    result = run("read", "--json", tmp_path / "noise.png")
    assert result.exit_code == 1
    assert "rotate" not in json.loads(result.stdout)


def test_what_is_no_picture_gets_a_reason_and_the_others_are_read(picture: Path, tmp_path: Path) -> None:
    (empty, words, huge, torn) = (tmp_path / name for name in ("empty", "words", "huge", "torn.png"))
    empty.write_bytes(b"")
    words.write_text("not a picture")
    with huge.open("wb") as file:
        file.truncate(60_000_000)
    torn.write_bytes(picture.read_bytes()[:3000])
    wrong = [empty, words, huge, torn, tmp_path, tmp_path / "missing"]
    result = run("read", "--json", *wrong, picture)
    assert result.exit_code == 0
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["reading_kwh"] for line in lines] == [None] * 6 + [48713.4]
    assert [line["reason"] for line in lines[:6]] == [
        "The file is empty.",
        "It is no picture that is known here; save it as JPEG or PNG.",
        "The file has 60 MB, more than a picture of a meter needs.",
        "The picture is damaged or was cut off: copy it once more.",
        f"It is a folder: name the pictures in it, such as {tmp_path}/*.jpg.",
        "The file cannot be read: No such file or directory.",
    ]
    assert run("read", *wrong).exit_code == 1


def test_a_small_file_that_claims_to_be_gigantic(tmp_path: Path) -> None:
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 30000, 30000, 8, 2, 0, 0, 0)
    bomb = tmp_path / "bomb.png"
    bomb.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(99))))
    done = outside("read", bomb)
    assert done.returncode == 1
    assert "damaged picture, or one of more than 50 megapixels" in done.stdout


def test_read_takes_a_calibration_and_refuses_a_broken_one(picture: Path, tmp_path: Path) -> None:
    boxes = json.loads(run("read", "--json", picture).stdout)["digits"]
    saved = tmp_path / "meter.json"
    data = {"width": 1280, "height": 720, "digits": [digit["box"] for digit in boxes], "decimals": 1}
    saved.write_text(json.dumps(data))
    Calibration.from_json(saved.read_text())
    assert ": 048713.4, confidence" in run("read", "--meter", saved, picture).stdout  # nobody said of what
    saved.write_text("{}")
    result = run("read", "--meter", saved, picture)
    assert result.exit_code == 1
    assert "no calibration of a counter" in result.stderr
    result = run("read", "--meter", picture, picture)
    assert result.exit_code == 1
    assert "no setup.json or calibration.json" in result.stderr


def test_with_the_picture_beside_the_calibration_others_are_set_straight(tmp_path: Path) -> None:
    place = Calibration(1280, 720, tuple(Box(*wheel_box(i)) for i in range(WHEELS)), 1)
    (tmp_path / "meter.json").write_text(place.to_json())
    moved = np.float32([[1, 0, 90], [0, 1, 30]])
    shot = cv2.warpAffine(render(48713.4), moved, (1280, 720), borderMode=cv2.BORDER_REPLICATE)
    cv2.imwrite(str(tmp_path / "shot.png"), shot)
    result = run("read", "--meter", tmp_path / "meter.json", tmp_path / "shot.png")
    assert "048713.4" not in result.stdout
    cv2.imwrite(str(tmp_path / "meter.jpg"), render(48700.1, seed=1))
    result = run("read", "--meter", tmp_path / "meter.json", tmp_path / "shot.png")
    assert "048713.4, confidence" in result.stdout


def test_a_set_up_of_several_counters_reads_them_all_in_their_units(tmp_path: Path) -> None:
    rows = [tuple((x, y + down, w, h) for x, y, w, h in map(wheel_box, range(WHEELS))) for down in (0, 720)]
    told = ((Quantity.ENERGY_EXPORT, "MWh"), (Quantity.WATER, "m³"))
    counters = [
        CounterSetup(what, unit, digits=row, decimals=1) for (what, unit), row in zip(told, rows, strict=True)
    ]
    saved, picture = tmp_path / "setup.json", tmp_path / "both.png"
    saved.write_bytes(dumped(MeterSetup(1280, 1440, tuple(counters))))
    cv2.imwrite(str(picture), np.vstack([render(48713.4), render(1234.5, seed=1)]))
    result = run("read", "--json", "--meter", saved, picture)
    first, second = (json.loads(line) for line in result.stdout.splitlines())
    assert (first["counter"], first["unit"], first["reading"]) == ("energy_export", "MWh", 48713.4)
    assert (second["counter"], second["unit"], second["reading"]) == ("water", "m³", 1234.5)
    assert (first["reading_kwh"], second["reading_kwh"]) == (48_713_400, None)
    assert "water: 001234.5 m³" in run("read", "--meter", saved, picture).stdout
    assert run("read", "--meter", saved, "--decimals", 2, picture).exit_code == 1
    unsure = run("read", "--meter", saved, "--threshold", 1, picture).stdout.splitlines()
    assert [line.count(number) for line, number in zip(unsure, ("048713.4", "001234.5"), strict=True)] == [
        1,
        1,
    ]
    guessed = run("read", "--json", "--meter", saved, "--threshold", 1, picture).stdout.splitlines()
    assert [json.loads(line)["guess"] for line in guessed] == ["048713.4", "001234.5"]


def test_the_number_of_decimals_and_the_least_confidence_can_be_said(picture: Path) -> None:
    assert "0487134, confidence" in run("read", "--digits", 7, "--decimals", 0, picture).stdout
    result = run("read", "--threshold", 1, picture)
    assert result.exit_code == 1
    assert "no reading. Perhaps 048713.4, confidence " in result.stdout
    told = json.loads(run("read", "--json", "--threshold", 1, picture).stdout)
    assert (told["text"], told["reading_kwh"], told["guess"]) == (None, None, "048713.4")


# schema, version


def test_schema_and_its_files(tmp_path: Path) -> None:
    shipped = (ROOT / "config" / "schema.json").read_text(encoding="utf-8")
    assert run("schema").output == shipped
    copy = tmp_path / "schema.json"
    assert run("schema", "-o", copy).exit_code == 0
    assert copy.read_text(encoding="utf-8") == shipped
    assert run("schema", "-o", tmp_path / "no" / "where").exit_code == 1
    assert run("schema", "--markdown", copy).exit_code == 1


def test_version() -> None:
    assert run("version").output.startswith("tallywatt 0.")


def test_check_tells_what_is_paid_and_from_when(tmp_path: Path) -> None:
    contract = {
        "name": "Quarter price", "since": "2027-01-01", "vat_percent": 25,
        "buying": [{"name": "Spot", "market": 1}, {"name": "Tax", "per_kwh": 0.4}],
        "selling": [{"name": "Spot", "market": 1}],
    }  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps({"version": 2, "contracts": [contract]}))
    told = CliRunner().invoke(main, ["check", str(tmp_path / "config.json")])
    assert told.exit_code == 0
    assert "  from 2027-01-01  Quarter price: Spot, Tax and 25 % tax; sold: Spot" in told.output
    contract["buying"] = [{"name": "Spot", "markt": 1}]
    (tmp_path / "config.json").write_text(json.dumps({"version": 2, "contracts": [contract]}))
    told = CliRunner().invoke(main, ["check", str(tmp_path / "config.json")])
    assert told.exit_code == 1
    assert "contracts[0].buying[0].markt" in told.output
    assert "market" in told.output
