"""Atomic writes: permissions, links, failures; a kill leaves the old content or the new."""

import os
import random
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config.files import hand_over, write_atomic


def test_a_new_file_and_its_replacement(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_atomic(path, b"one")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    path.chmod(0o640)
    write_atomic(path, b"two")
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    write_atomic(path, b"three", mode=0o600)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["a"]


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("one")
    link = tmp_path / "link"
    link.symlink_to("real")
    write_atomic(link, b"two")
    assert link.is_symlink()
    assert (tmp_path / "real").read_text() == "two"


def test_a_failure_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    write_atomic(path, b"one")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomic(path, b"two")
    assert path.read_bytes() == b"one"
    assert os.listdir(tmp_path) == ["a"]


def test_what_root_makes_belongs_to_the_owner_of_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path, user: int, group: int) -> None:
        asked.append((path, user, group))
        raise PermissionError

    asked: list[tuple[Path, int, int]] = []
    monkeypatch.setattr(os, "chown", refused)
    for user in (1000, 0):
        monkeypatch.setattr(os, "geteuid", lambda user=user: user)
        hand_over(tmp_path / "a")  # a file system may refuse: then it stays root's
    folder = tmp_path.stat()
    assert asked == [(tmp_path / "a", folder.st_uid, folder.st_gid)]


def test_killed_at_any_moment_the_content_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_atomic(path, b"0" * 50_000)
    program = (
        "import sys, pathlib; from config.files import hand_over, write_atomic\n"
        "path = pathlib.Path(sys.argv[1]); print('ready', flush=True)\n"
        "while True:\n"
        "    for digit in b'0123456789': write_atomic(path, bytes([digit]) * 50_000)\n"
    )
    dice = random.Random(1)
    for _ in range(8):
        child = subprocess.Popen(
            [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(dice.uniform(0, 0.05))
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        content = path.read_bytes()
        assert content == content[:1] * 50_000
