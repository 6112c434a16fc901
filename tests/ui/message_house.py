"""A real appliance that tells people what happens, through the virtual Telegram and a webhook that is not
there, for the Messages page.

`python -m tests.ui.message_house --port 8096` serves it; `--scene` is people or nobody.
"""

import argparse
import asyncio
import shutil
import socket
import tempfile
from pathlib import Path
from typing import Any

import uvicorn

import ui
from appliance.app import Appliance
from appliance.clock import HOUR_MS, ScaledClock
from appliance.demo.telegram import PERSON, Telegram
from appliance.demo.telegram_chats import Chat
from appliance.model import Event, Fact, Price, Quantity, Reading
from appliance.web import create_app
from tests.appliances import made
from tests.ui.filled import NOW, ZONE

Q = Quantity
ERIK, NINA = PERSON + 1, PERSON + 2
FACTS: list[Fact] = [
    Reading("p1", Q.POWER_GRID, 640, NOW),
    Reading("p1", Q.ENERGY_IMPORT, 18_204.3, NOW),
    Reading("p1", Q.CURRENT_L1, 3, NOW),
    Reading("p1", Q.CURRENT_L2, 7, NOW),
    Reading("p1", Q.CURRENT_L3, 5, NOW),
    Reading("powerwall", Q.STATE_OF_CHARGE, 62, NOW),
    Reading("powerwall", Q.GRID_STATE, 1, NOW),
    Price("spot", "import", NOW - HOUR_MS, NOW + HOUR_MS, 0.9),
    Event("powerwall", "grid_down", NOW - 30 * HOUR_MS, "The grid is lost"),
    Event("powerwall", "grid_up", NOW - 29 * HOUR_MS, "The grid is back after 58 min"),
]
LATELY = Event(
    "p1", "fuse_overload", NOW,
    "L2 carried 21.3 A over a minute, the main fuse is 20 A: switch something off on that phase",
    {"phase": 2, "amps": 21.3, "fuse_a": 20},
)  # fmt: skip


def nowhere() -> str:
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return f"127.0.0.1:{probe.getsockname()[1]}"


def sinks(telegram: Telegram) -> list[dict[str, Any]]:
    """Asha is told everything, Erik what is urgent and not at night; a webhook that does not answer."""
    wants = {"topics": ["outage", "phases", "appliance"], "quiet": {"start": "22:00", "end": "07:00"}}
    chats = [{"id": PERSON, "name": "Asha"}, {"id": ERIK, "name": "Erik", **wants}]
    hook = {"url": f"json://{nowhere()}", "name": "House board", "topics": ["outage", "phases"]}
    return [
        telegram.sink_config() | {"chats": chats},
        {"type": "messages", "name": "webhook", "urls": [hook]},
    ]


async def serve(here: Appliance, telegram: Telegram, port: int) -> None:
    """Pages and API; once it runs something happens, and a stranger writes to the bot."""
    app = create_app(here)
    ui.mount(app, here)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
    serving = asyncio.create_task(server.serve())
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.02)
    await here.accept(FACTS)
    if here.sinks:
        await here.accept([LATELY])
        telegram.write(NINA, "/start", "Nina")
    await serving


def main() -> None:
    """Serve it."""
    asking = argparse.ArgumentParser(description=__doc__)
    asking.add_argument("--port", type=int, default=8096)
    asking.add_argument("--scene", choices=("people", "nobody"), default="people")
    asking.add_argument("--language", default="en")
    asked = asking.parse_args()
    folder, clock = Path(tempfile.mkdtemp()), ScaledClock(1.0, NOW)
    telegram = Telegram(clock)
    telegram.add(Chat(ERIK, "Erik"))
    telegram.start()
    try:
        site = {"time_zone": str(ZONE), "language": asked.language, "main_fuse_a": 20, "currency": "SEK"}
        people = sinks(telegram) if asked.scene == "people" else []
        here = made(folder, clock, site=site, web={"port": asked.port}, sinks=people)
        asyncio.run(serve(here, telegram, asked.port))
    finally:
        telegram.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
