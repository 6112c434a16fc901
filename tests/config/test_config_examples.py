"""What is shipped fits what is built: examples, schema.json, docs/CONFIGURATION.md."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from appliance.cli.about import page_text, schema_text
from appliance.cli.common import kinds
from appliance.clock import FakeClock
from appliance.demo import VirtualHouse
from config.describe import with_reference
from config.load import ConfigFile, Loaded

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "config" / "examples").glob("*.json"))
SCHEMA = json.loads((ROOT / "config" / "schema.json").read_text(encoding="utf-8"))


def load(path: Path) -> Loaded:
    return ConfigFile(path, kinds(), env={}).load()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_loads_and_fits_the_schema(path: Path) -> None:
    loaded = load(path)
    assert loaded.problems == ()
    assert loaded.config.sources
    assert loaded.migrated == (path.stem == "classic")
    jsonschema.validate(json.loads(path.read_text(encoding="utf-8")), SCHEMA)
    jsonschema.validate(loaded.document, SCHEMA)


def test_the_page_names_every_example() -> None:
    page = (ROOT / "docs" / "CONFIGURATION.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`([\w-]+\.json)`", page)) >= {path.name for path in EXAMPLES}


def test_the_classic_reader_s_own_file_means_what_it_says(shared: Path) -> None:
    loaded = load(shared / "data" / "config" / "classic-meter-reader.json")
    (camera,), (push,) = loaded.config.sources, loaded.config.sinks
    assert (camera.device_id, camera.width, camera.height, camera.fps) == (0, 1280, 720, 30)
    assert (camera.expected_digits, camera.confidence_threshold) == (7, 0.85)
    assert (camera.monotonic_check, camera.max_daily_increase_kwh) == (True, 100)
    assert (camera.lighting.enabled, camera.lighting.brightness_target) == (True, 200)
    assert (str(camera.image_path), camera.keep_days) == ("/var/log/meter-reader/images", 7)
    assert str(push.api_endpoint) == "http://192.168.1.100:8000/meter_reading"
    assert (push.interval_seconds, push.timeout_seconds) == (900, 5)
    assert str(loaded.config.logging.log_file) == "/var/log/meter-reader/meter.log"


def test_demo_json_is_what_the_virtual_house_says_of_itself(tmp_path: Path) -> None:
    example = (ROOT / "config" / "examples" / "demo.json").read_text(encoding="utf-8")
    with VirtualHouse(FakeClock(), tmp_path) as house:
        said = json.dumps(house.config())
    assert _without_ports(json.loads(example)) == _without_ports(json.loads(said))


def _without_ports(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_ports(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_ports(inner) for inner in value]
    return re.sub(r":\d+(/|$)|pts/\d+", "", value) if isinstance(value, str) else value


def test_schema_json_is_of_today() -> None:
    written = (ROOT / "config" / "schema.json").read_text(encoding="utf-8")
    assert written == schema_text(), "write it anew: tallywatt schema -o config/schema.json"


def test_the_page_has_the_options_of_today() -> None:
    page = (ROOT / "docs" / "CONFIGURATION.md").read_text(encoding="utf-8")
    assert page == page_text(page), "write them anew: tallywatt schema --markdown docs/CONFIGURATION.md"


def test_no_option_is_without_a_meaning() -> None:
    page = (ROOT / "docs" / "CONFIGURATION.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert len(rows) > 60
    assert [row for row in rows if re.search(r"\| +\|$", row)] == []


def test_a_page_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="needs the lines"):
        with_reference("# nothing", "x")


@pytest.mark.parametrize(
    "wrong",
    [
        {"web": {"port": 0}},
        {"sources": [{"port": "/dev/ttyUSB0"}]},
        {"sources": [{"type": "p1_serial"}]},
        {"sources": [{"type": "p1_serial", "port": "/dev/ttyUSB0", "prt": 1}]},
        {"camra": {}},
    ],
)
def test_the_schema_refuses_what_we_refuse(wrong: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, SCHEMA)
