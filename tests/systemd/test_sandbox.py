"""What the unit forbids, the appliance does not need: a camera is read under its system call filter."""

import ctypes
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

from appliance.demo.meter_picture import render

UNIT = Path(__file__).resolve().parents[2] / "systemd" / "tallywatt.service"
ENTER = """
import ctypes, errno, os, sys
seccomp = ctypes.CDLL("libseccomp.so.2")
seccomp.seccomp_init.restype = ctypes.c_void_p
allow, refuse = 0x7FFF0000, 0x00050000 | errno.EPERM
rules = ctypes.c_void_p(seccomp.seccomp_init(refuse))
for name in sys.argv[1].split(","):
    number = seccomp.seccomp_syscall_resolve_name(name.encode())
    if number >= 0:
        assert seccomp.seccomp_rule_add(rules, allow, number, 0) == 0, name
assert seccomp.seccomp_load(rules) == 0
os.execv(sys.executable, [sys.executable, "-c", sys.argv[2], *sys.argv[3:]])
"""
READ = """
import os, sys
from pathlib import Path
from appliance.apart import NICE, Apart
from appliance.clock import RealClock
from appliance.model import Reading
from appliance.sources.camera_meter import Options
options = Options(name="meter", file=Path(sys.argv[1]), initial_reading="048713.4")
eye = Apart("camera", "appliance.sources._eye:Eye", options, Path(sys.argv[2]), RealClock())
print(*(fact.value for fact in eye.ask("look", 60) if isinstance(fact, Reading)))
print(os.getpriority(os.PRIO_PROCESS, eye._process.pid) == NICE)
eye.close()
"""


def allowed(analyze: str) -> list[str]:
    """The system calls of the unit's SystemCallFilter= lines, in their order, groups resolved by systemd."""

    def members(name: str) -> set[str]:
        if not name.startswith("@"):
            return {name}
        told = subprocess.run(
            [analyze, "syscall-filter", name], capture_output=True, text=True, timeout=60, check=True
        )
        names = [line.strip() for line in told.stdout.splitlines()[1:]]
        return set().union(*(members(each) for each in names if each and not each.startswith("#")))

    calls: set[str] = set()
    for line in UNIT.read_text().splitlines():
        if line.startswith("SystemCallFilter="):
            said = line.partition("=")[2]
            found = set().union(*(members(name) for name in said.removeprefix("~").split()))
            calls = calls - found if said.startswith("~") else calls | found
    return sorted(calls)


@pytest.fixture(scope="module")
def calls(need: Callable[[str, str], str]) -> str:
    try:
        ctypes.CDLL("libseccomp.so.2")
    except OSError:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip("libseccomp is not installed (sudo apt-get install libseccomp2)")
    return ",".join(allowed(need("systemd-analyze", "systemd")))


def test_a_camera_is_read_and_steps_back(calls: str, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "m.png"), render(48713.4))
    command = [sys.executable, "-c", ENTER, calls, READ, str(tmp_path / "m.png"), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.split() == ["48713.4", "True"], done.stderr


def test_the_filter_is_in_force(calls: str) -> None:
    """Else the other test could not fail."""
    program = "import os; os.sched_setaffinity(0, os.sched_getaffinity(0))"
    command = [sys.executable, "-c", ENTER, calls, program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "Operation not permitted" in done.stderr
