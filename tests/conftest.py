"""Fixtures every part may use."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.peers.home_assistant import home_assistant, home_assistant_python  # noqa: F401 - fixtures

# Small matrices: threads beyond the first only wait for one another. Read when numpy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def need() -> Callable[[str, str], str]:
    """`need(program, debian_package)`: the path of a real program a test talks to."""
    return _need


def _need(program: str, debian_package: str) -> str:
    """Skips without the program, but fails where CI runs."""
    found = shutil.which(program)
    if found:
        return found
    text = f"{program} is not installed (sudo apt-get install {debian_package})"
    if os.environ.get("CI") == "true":
        pytest.fail(text)
    pytest.skip(text)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Captures and pictures of real meters, beside the checkout; tests without them are skipped."""
    if not SHARED.is_dir():
        pytest.skip(f"the reference captures are not here ({SHARED})")
    return SHARED


@pytest.fixture(scope="session", autouse=True)
def _groups(request: pytest.FixtureRequest) -> None:
    """A pytest that pytest-xdist does not know leaves groups out without a word: real parts then start in
    every worker, and tests that share one meet each other's changes."""
    if request.config.getoption("loadgroup", False):
        assert all("@" in item.nodeid for item in request.session.items), "pytest-xdist has lost the groups"


LONG = (
    "test_month",
    "test_ui_",
    "test_ha_",
    "test_mqtt_home",
    "test_whole",
    "test_meter_year",
    "test_camera_meter",
)
"""Files that take longest: begun first, so that no worker has one of them left when the others are done."""


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks at the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With several workers (`-n`) a file stays with one of them, and so do files that share a real peer:
    their module and session fixtures are then made once."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(str(item.path)))
    items.sort(key=lambda item: not item.path.name.startswith(LONG))
