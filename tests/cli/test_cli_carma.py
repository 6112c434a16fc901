"""`tallywatt carma fetch` against the virtual portal: what it says, and what Ctrl-C and kill -9 leave."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from appliance.__main__ import main
from appliance.clock import RealClock
from appliance.demo.carma import CarmaPortal
from appliance.sources import _carma_link
from appliance.store import DayBook
from tests.sources.carma_peer import portal_at


@pytest.fixture
def portal() -> Iterator[CarmaPortal]:
    with portal_at(RealClock(), meters=(), years=1) as portal:  # type: ignore[arg-type]
        portal.all_charts = True
        yield portal


@pytest.fixture
def config(portal: CarmaPortal, tmp_path: Path) -> Path:
    return written(tmp_path, [portal.source_config()])


def written(folder: Path, sources: list[dict[str, object]]) -> Path:
    path = folder / "config.json"
    site = {"name": "Flat", "time_zone": "America/Toronto", "currency": "CAD"}
    path.write_text(json.dumps({"version": 2, "site": site, "sources": sources}))
    return path


def fetch(config: Path, *more: str, name: str = "carma") -> Result:
    args = [name, "fetch", "--config", str(config), "--data", str(config.parent), *more]
    return CliRunner().invoke(main, args)


HURRIED = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a suite in the background was started without
from appliance.__main__ import main
from appliance.sources import _carma_link
_carma_link.PAUSE_S = 0.2
main()
"""
"""The program, less polite."""


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_carma_link, "PAUSE_S", 0.0)


@pytest.mark.usefixtures("hurried")
def test_it_says_what_it_brought(portal: CarmaPortal, config: Path) -> None:
    result = fetch(config, "--months", "3", "--pause-interval", "2", "--pause-duration", "0.01")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("3 months of 4 meters: ")
    assert " days new, 0 changed, 0 as they were" in result.stdout
    assert [line[:6] for line in result.stderr.splitlines()] == ["1 of 3", "2 of 3", "3 of 3"]
    book = DayBook(config.parent / "daily.db", read_only=True)
    assert [row.value for row in book.days("carma.1203", portal.last_day)] == [
        pytest.approx(portal.value("1203", portal.last_day))
    ]
    again = fetch(config, "--months", "3")
    assert "months of 4 meters: 0 days new, 0 changed" in again.stdout
    told = CliRunner().invoke(
        main, ["query", "--config", str(config), "--data", str(config.parent), "--format", "json"]
    )
    assert json.loads(told.stdout)["source"] == "carma.1203"


@pytest.mark.usefixtures("hurried")
def test_the_oldest_month_ends_it(config: Path) -> None:
    result = fetch(config, "--months", "240", "--no-stop", "--pause-duration", "0")
    assert result.exit_code == 0
    assert "; the portal has nothing older" in result.stdout
    assert result.stdout.startswith("13 months")


@pytest.mark.usefixtures("hurried")
def test_carman_is_the_same(portal: CarmaPortal, tmp_path: Path) -> None:
    config = written(tmp_path, [portal.source_config(type="carman")])
    assert fetch(config, "--months", "1", name="carman").exit_code == 0
    assert DayBook(tmp_path / "daily.db").sources()[0] == "carman.1203"


@pytest.mark.usefixtures("hurried")
def test_what_is_wrong_is_said(portal: CarmaPortal, config: Path, tmp_path: Path) -> None:
    portal.password = "another"
    result = fetch(config, "--months", "1")
    assert result.exit_code == 1
    assert "does not take this user name and password" in result.stderr
    assert "run it again" not in result.stderr  # accounts may be locked
    for mistake in ([], [portal.source_config(pasword="x")]):
        written(tmp_path, mistake)
        said = fetch(config).stderr
        assert "no usable source of type carma" in said
        assert f"tallywatt check {config}" in said
    two = [portal.source_config(name="flat"), portal.source_config(name="shop")]
    written(tmp_path, two)
    assert "say with --source which one is meant: flat, shop" in fetch(config).stderr
    assert "there is no carma source barn; there is flat, shop" in fetch(config, "--source", "barn").stderr
    assert fetch(config, "--months", "0").exit_code == 2
    gone = CliRunner().invoke(main, ["carma", "fetch", "--data", str(tmp_path / "none")])
    assert "there is no data folder" in gone.stderr


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_what_was_fetched_stays_and_is_not_asked_for_again(
    portal: CarmaPortal, config: Path, how: signal.Signals
) -> None:
    command = [sys.executable, "-c", HURRIED, "carma", "fetch", "--months", "12"]
    ours, theirs = pty.openpty()
    running = subprocess.Popen(
        [*command, "--config", str(config), "--data", str(config.parent)], stderr=theirs, stdout=theirs
    )
    os.close(theirs)
    seen = ""
    for chunk in _chunks(ours):
        if "2/12" in seen + chunk and "2/12" not in seen:
            running.send_signal(how)
        seen += chunk
    os.close(ours)
    assert running.wait(20) == (1 if how is signal.SIGINT else -signal.SIGKILL)
    assert "Months" in seen  # a person watches: there is a bar
    assert ("Stopped. What was fetched is kept" in seen) == (how is signal.SIGINT)
    book = DayBook(config.parent / "daily.db")
    assert len(book.asked("carma.1203")) in (2, 3)
    first = portal.requests
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_carma_link, "PAUSE_S", 0.0)
        result = fetch(config, "--months", "12", "--pause-duration", "0")
    assert result.exit_code == 0
    assert portal.requests - first < 16  # signing in, and a page a month: none is asked for twice
    assert [one.outcome for one in book.fetches("carma")] == ["done", "stopped"]
    days = book.days("carma.1203")
    assert len(days) > 330
    assert all(row.value == pytest.approx(portal.value("1203", row.day)) for row in days)


def _chunks(terminal: int) -> Iterator[str]:
    """What a program writes to its terminal, until it is gone."""
    while True:
        try:
            chunk = os.read(terminal, 4096)
        except OSError:
            return
        if not chunk:
            return
        yield chunk.decode(errors="replace")
