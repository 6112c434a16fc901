"""The running appliance: start, memory, processor, and how fast a telegram is on the screen.

The appliance runs as its own process and is looked at by a real Chromium. MINUTES=60 in the environment
makes the soak as long as the figure in the README.
"""

import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from selenium import webdriver

Row = tuple[str, float, str, str]
ZONE = ZoneInfo("Europe/Stockholm")
WATCH = """
window.seen = [];
new MutationObserver(() => {
  const text = document.body.innerText;
  for (const [w] of text.matchAll(/\\b[1-9]\\d\\d(?=\\s*W\\b)/g)) window.seen.push([w, Date.now()]);
}).observe(document.body, {subtree: true, childList: true, characterData: true});
"""


class Meter:
    """A meter on the network that says what it is told to: a DSMR 5 telegram of a chosen power."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._connection: socket.socket | None = None
        self._register = 48713.4
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            self._connection, _ = self._listener.accept()

    def say(self, watts: int) -> float:
        """Send a telegram; epoch seconds at which its last byte was handed over."""
        self._register += watts / 3.6e6
        now = datetime.now(ZONE)
        lines = [
            "/TWB5\\2BENCH", "", "1-3:0.2.8(50)",
            f"0-0:1.0.0({now:%y%m%d%H%M%S}{'S' if now.dst() else 'W'})",
            f"1-0:1.8.0({self._register:010.3f}*kWh)", "1-0:2.8.0(000012.000*kWh)",
            f"1-0:1.7.0({watts / 1000:06.3f}*kW)", "1-0:2.7.0(00.000*kW)",
            "1-0:32.7.0(231.8*V)", "1-0:52.7.0(231.7*V)", "1-0:72.7.0(232.0*V)",
            "1-0:31.7.0(001.1*A)", "1-0:51.7.0(000.7*A)", "1-0:71.7.0(000.4*A)",
        ]  # fmt: skip
        text = ("\r\n".join(lines) + "\r\n!").encode()
        crc = 0
        for byte in text:
            crc ^= byte
            for _ in range(8):
                crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.sendall(text + b"%04X\r\n" % crc)
        return time.time()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


@contextlib.contextmanager
def appliance(*arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], str, float]]:
    """The process, its address, and seconds from its start to the first page served."""
    port = free_port()
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "appliance", *arguments, "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process, f"http://127.0.0.1:{port}", _first_answer(f"http://127.0.0.1:{port}", process) - began
    finally:
        process.terminate()
        process.wait(30)


def _first_answer(url: str, process: subprocess.Popen[bytes]) -> float:
    for path in ("/", "/health"):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            try:
                with urllib.request.urlopen(url + path, timeout=10):
                    return time.monotonic()
            except urllib.error.HTTPError:
                break
            except OSError:
                time.sleep(0.02)
    raise SystemExit("the appliance did not start; run `tallywatt demo` to see why")


@contextlib.contextmanager
def browser(url: str) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    for flag in (
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--window-size=800,480",
    ):  # fmt: skip
        options.add_argument(flag)
    options.binary_location = "/usr/bin/chromium"
    chrome = webdriver.Chrome(options, webdriver.ChromeService("/usr/bin/chromedriver"))
    try:
        chrome.get(url)
        time.sleep(3)
        yield chrome
    finally:
        chrome.quit()


def rss_mb(pid: int) -> float:
    """Resident memory, MB."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Rss:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise ValueError("no Rss")


def cpu_s(pid: int) -> float:
    """Processor seconds used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rows() -> Iterator[Row]:
    minutes = float(os.environ.get("MINUTES", "2"))
    starts = []
    for _ in range(3):
        with appliance("demo") as (_, _, seconds):
            starts.append(seconds)
    yield "start to first page, demo", statistics.median(starts), "s", "goal 3; median of 3"
    with appliance("demo") as (process, url, _), browser(url):
        time.sleep(minutes * 60)
        yield "memory, demo with a browser", rss_mb(process.pid), "MB RSS", f"goal 170; after {minutes:g} min"
    yield from _on_a_meter()
    yield from _reader_without_screen()


def _config(folder: Path, screen: bool, port: int) -> Path:
    path = folder / "config.json"
    source = {"type": "p1_serial", "name": "p1", "port": f"socket://127.0.0.1:{port}"}
    config = {"version": 2, "display": {"enabled": screen}, "sources": [source]}
    path.write_text(json.dumps({**config, "web": {"host": "127.0.0.1"}}))
    return path


def _on_a_meter() -> Iterator[Row]:
    meter = Meter()
    with tempfile.TemporaryDirectory() as folder:
        config = _config(Path(folder), True, meter.port)
        with (
            appliance("run", "--config", str(config), "--data", folder) as (process, url, _),
            browser(url) as chrome,
        ):
            for _ in range(5):
                meter.say(100)
                time.sleep(1)
            chrome.execute_script(WATCH)
            used, began, said = cpu_s(process.pid), time.monotonic(), {}
            # The screen shows two figures: only tens of watts can be told apart there.
            for watts in range(110, 1000, 10):
                said[str(watts)] = meter.say(watts)
                time.sleep(1)
            share = (cpu_s(process.pid) - used) / (time.monotonic() - began)
            first: dict[str, float] = {}
            for watts, at in chrome.execute_script("return window.seen"):
                first.setdefault(watts, at / 1000)
            late = sorted((first[w] - at) * 1000 for w, at in said.items() if w in first)
            assert not late or late[0] >= 0, "a value was on the screen before it was sent"
            yield "processor, a telegram a second, a browser", share * 100, "% of a core", "goal 4"
            if late:
                p95 = late[int(len(late) * 0.95)]
                seen = f"goal 100; median {statistics.median(late):.0f}, {len(late)} of {len(said)} seen"
                yield "telegram to screen, p95", p95, "ms", seen


def _reader_without_screen() -> Iterator[Row]:
    meter = Meter()
    with tempfile.TemporaryDirectory() as folder:
        config = _config(Path(folder), False, meter.port)
        with appliance("run", "--config", str(config), "--data", folder) as (process, _, _):
            for _ in range(60):
                meter.say(500)
                time.sleep(1)
            yield (
                "memory, reader without a screen",
                rss_mb(process.pid),
                "MB RSS",
                "goal 110; P1, after 1 min",
            )


if __name__ == "__main__":
    for row in rows():
        print(*row, sep=" | ", flush=True)
