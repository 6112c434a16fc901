"""The classic reader's file goes on meaning what it says."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

CLASSIC = {
    "camera": {"device_id": 0},
    "ocr": {"expected_digits": 6},
    "lighting": {"brightness_target": 180},
    "upload": {"api_endpoint": "http://wall:8000/meter_reading", "interval_seconds": 600},
    "storage": {"keep_days": 3},
    "logging": {"level": "warn", "log_file": "/var/log/meter.log"},
}


def test_one_camera_and_one_central_store(make: Any) -> None:
    loaded = make(CLASSIC).load()
    (camera,), (push,) = loaded.config.sources, loaded.config.sinks
    assert (camera.type, camera.device_id, camera.expected_digits, camera.keep_days) == (
        "camera_meter",
        0,
        6,
        3,
    )
    assert camera.lighting.brightness_target == 180
    assert (push.api_endpoint, push.interval_seconds) == ("http://wall:8000/meter_reading", 600)
    assert loaded.config.logging.level == "WARNING"
    assert str(loaded.config.logging.log_file) == "/var/log/meter.log"
    assert loaded.migrated


def test_saving_writes_the_new_form_and_keeps_the_old_file(make: Any, tmp_path: Path) -> None:
    file = make(CLASSIC)
    old = file.path.read_bytes()
    before = file.load()
    after = file.save(before.document)
    assert after.config == before.config
    assert not after.migrated
    saved = json.loads(file.path.read_text())
    assert saved["version"] == 2
    assert set(saved) == {"version", "sources", "sinks", "logging"}
    (copy,) = tmp_path.glob("config.json.v1-*")
    assert copy.read_bytes() == old
    file.save(after.document)
    assert len(list(tmp_path.glob("config.json.*"))) == 1


def test_mistakes_are_told_at_the_classic_place(mistakes: Callable[..., list[str]]) -> None:
    wrong = CLASSIC | {"ocr": {"expected_digits": 0, "expected_digit": 7}, "upload": {}, "storage": 5}
    assert mistakes(wrong) == [
        "line 6, ocr.expected_digits: must be at least 1, not 0",
        "line 7, ocr.expected_digit: there is no such option; did you mean expected_digits?",
        "line 12, upload.api_endpoint: is missing: where to send it",
        "line 13, storage: must be a group of options in { }, not 5",
    ]


def test_next_to_new_sections_they_speak_of_the_cameras_listed(make: Any) -> None:
    document = {
        "version": 2,
        "sources": [{"type": "wire", "port": "a"}, {"type": "camera_meter", "keep_days": 9}],
        "ocr": {"expected_digits": 5},
        "storage": {"keep_days": 3},
    }
    _, camera = make(document).load().config.sources
    assert (camera.expected_digits, camera.keep_days) == (5, 9)


def test_a_camera_section_next_to_a_camera_is_one_more(make: Any) -> None:
    document = {
        "sources": [{"type": "camera_meter"}],
        "camera": {"device_id": 2},
        "ocr": {"expected_digits": 5},
    }
    first, second = make(document).load().config.sources
    assert (first.device_id, first.expected_digits) == (None, 7)
    assert (second.name, second.device_id, second.expected_digits) == ("camera", 2, 5)


def test_upload_next_to_a_push_is_one_more(make: Any) -> None:
    document = {
        "sinks": [{"type": "push", "api_endpoint": "http://a/"}],
        "upload": {"api_endpoint": "http://b/"},
    }
    assert [(s.name, s.api_endpoint) for s in make(document).load().config.sinks] == [
        ("", "http://a/"),
        ("upload", "http://b/"),
    ]


def test_lighting_without_any_camera_says_that_it_does_nothing(make: Any) -> None:
    loaded = make({"sources": [{"type": "wire", "port": "a"}], "lighting": {"brightness_target": 1}}).load()
    assert [part.type for part in loaded.config.sources] == ["wire"]
    assert loaded.notes == ("lighting: there is no camera these options could be about; they do nothing",)


def test_version_1_alone_is_an_older_form(make: Any) -> None:
    assert make({"version": 1}).load().migrated
