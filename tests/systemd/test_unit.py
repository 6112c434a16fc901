"""The unit is valid and hardened; the installer puts everything in its place."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "systemd" / "tallywatt.service"
INSTALL = ROOT / "systemd" / "install.sh"


def install(root: Path, *more: str) -> str:
    done = subprocess.run(
        ["sh", INSTALL, "--root", root, *more], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout


def test_systemd_understands_every_line(tmp_path: Path, need: Callable[[str, str], str]) -> None:
    analyze = need("systemd-analyze", "systemd")
    # verify insists that the program is there, so a copy names one that is.
    unit = tmp_path / UNIT.name
    text = UNIT.read_text()
    unit.write_text(re.sub(r"ExecStart=\S+", f"ExecStart={shutil.which('true')}", text))
    done = subprocess.run([analyze, "verify", unit], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_exposure_is_at_most_two_and_a_half(need: Callable[[str, str], str]) -> None:
    analyze = need("systemd-analyze", "systemd")
    done = subprocess.run(
        [analyze, "security", "--offline=true", UNIT], capture_output=True, text=True, timeout=60, check=False
    )
    level = re.search(r"Overall exposure level for tallywatt\.service: ([\d.]+)", done.stdout)
    assert level is not None, done.stdout + done.stderr
    assert float(level[1]) <= 2.5


def test_it_is_watched_and_started_again() -> None:
    text = UNIT.read_text()
    for line in ("Type=notify", "Restart=always", "User=tallywatt", "StateDirectory=tallywatt"):
        assert re.search(f"^{line}$", text, re.MULTILINE), line
    assert re.search(r"^WatchdogSec=\d+$", text, re.MULTILINE)


def test_a_lamp_can_be_lit() -> None:
    """gpiozero asks /proc which Pi this is; lgpio makes pipes where it was started, which / forbids."""
    text = UNIT.read_text()
    assert "ProcSubset=pid" not in text
    assert re.search(r"^WorkingDirectory=/tmp$", text, re.MULTILINE)
    assert re.search(r"^PrivateTmp=yes$", text, re.MULTILINE), "and no other program's pipes are there"
    assert re.search(r"^DeviceAllow=char-gpiochip rw$", text, re.MULTILINE)


def test_every_group_of_the_unit_is_made_by_the_installer() -> None:
    """systemd refuses to start a unit that names a group which does not exist."""
    groups = re.search(r"^SupplementaryGroups=(.*)$", UNIT.read_text(), re.MULTILINE)
    assert groups is not None
    made = (ROOT / "systemd" / "sysusers.conf").read_text()
    for group in groups[1].split():
        assert re.search(f"^g {group} -$", made, re.MULTILINE), group


def test_installing_twice_keeps_the_configuration_and_taking_away_does_too(tmp_path: Path) -> None:
    install(tmp_path)
    config = tmp_path / "etc/tallywatt/config.json"
    assert config.stat().st_mode & 0o777 == 0o640
    config.write_text('{"version": 2}')
    install(tmp_path)
    assert config.read_text() == '{"version": 2}'
    assert (tmp_path / "etc/systemd/system/tallywatt.service").read_text() == UNIT.read_text()
    assert "still in /etc/tallywatt" in install(tmp_path, "--uninstall")
    assert config.exists()
    assert not (tmp_path / "etc/systemd/system/tallywatt.service").exists()


def test_the_installer_says_what_it_does_not_understand(tmp_path: Path) -> None:
    done = subprocess.run(
        ["sh", INSTALL, "--frobnicate"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert "--frobnicate" in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may install")
def test_without_root_it_says_so() -> None:
    done = subprocess.run(["sh", INSTALL], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "sudo" in done.stderr
