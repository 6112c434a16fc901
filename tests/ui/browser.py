"""A real browser and a served stand-in, for tests and for pictures."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium import webdriver

CHROMIUM = Path("/usr/bin/chromium")
DRIVER = Path("/usr/bin/chromedriver")
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
    "--hide-scrollbars",
)  # fmt: skip
SIZES = {"wall": (800, 480), "portrait": (720, 1280), "phone": (390, 844), "desk": (1440, 900)}
PAGES = (
    "/", "/prices", "/history", "/battery", "/phases", "/meters", "/meters/setup", "/status", "/more",
)  # fmt: skip
ROOT = Path(__file__).parents[2]


def missing() -> str | None:
    """Why there is no browser here, or None."""
    lacking = [str(path) for path in (CHROMIUM, DRIVER) if not path.exists()]
    return f"{' and '.join(lacking)} not installed" if lacking else None


@contextmanager
def browser() -> Iterator[webdriver.Chrome]:
    """A fresh Chromium that logs its console and its requests."""
    profile = tempfile.mkdtemp()
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(str(DRIVER)))
    try:
        yield driver
    finally:
        driver.quit()
        shutil.rmtree(profile, ignore_errors=True)


def shape(driver: webdriver.Chrome, size: tuple[int, int], dark: bool = True) -> None:
    """Make the page as large as a screen and say which theme the device prefers."""
    metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    prefers = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": prefers})


def load(driver: webdriver.Chrome, url: str) -> None:
    """Open a page and wait until it is drawn and connected."""
    driver.get(url)
    until(lambda: driver.execute_script("return !!window.did_handshake && !!document.querySelector('.bar')"))


def until(true: "object", seconds: float = 10.0) -> None:
    """Wait for a condition. Raises AssertionError when it does not come."""
    assert callable(true)
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "It did not happen in time"
        time.sleep(0.05)


@contextmanager
def served(
    scene: str = "sunny", language: str = "en", house: str = "standin", more: tuple[str, ...] = ()
) -> Iterator[str]:
    """The address of a stand-in (or of another `house` of this folder) that runs in a process of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", f"tests.ui.{house}", "--port", str(port), "--scene", scene, *more]
    # NiceGUI behaves differently where it believes to be inside pytest.
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    process = subprocess.Popen([*command, "--language", language], cwd=ROOT, env=env)
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert process.poll() is None, "The stand-in ended by itself"
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    try:
        until(answers, 30)
        yield url
    finally:
        process.terminate()
        process.wait(10)
