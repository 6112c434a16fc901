"""A real appliance that tells people what happens, for the Messages page.

`python -m tests.ui.message_house --port 8096` serves it; `--scene` is people or nobody.
"""

import argparse
import asyncio
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import uvicorn

import ui
from appliance.app import Appliance
from appliance.clock import HOUR_MS, MINUTE_MS, ScaledClock
from appliance.errors import SourceError
from appliance.model import Event, Fact, Price, Quantity, Reading
from appliance.news import topic_of
from appliance.sinks.base import Recipient
from appliance.supervise import State
from appliance.web import create_app
from tests.appliances import made
from tests.ui.filled import NOW, ZONE

Q = Quantity
FACTS: list[Fact] = [
    Reading("p1", Q.POWER_GRID, 640, NOW),
    Reading("p1", Q.ENERGY_IMPORT, 18_204.3, NOW),
    Reading("p1", Q.CURRENT_L1, 3, NOW),
    Reading("p1", Q.CURRENT_L2, 7, NOW),
    Reading("p1", Q.CURRENT_L3, 5, NOW),
    Reading("powerwall", Q.STATE_OF_CHARGE, 62, NOW),
    Reading("powerwall", Q.GRID_STATE, 1, NOW),
    Price("spot", "import", NOW - HOUR_MS, NOW + HOUR_MS, 0.9),
]
NEWS = [
    Event("powerwall", "grid_down", NOW - 30 * HOUR_MS, "The grid is lost"),
    Event("powerwall", "grid_up", NOW - 29 * HOUR_MS, "The grid is back after 58 min"),
    Event("telegram", "stranger", NOW - 5 * HOUR_MS, "Nina (chat 700100300) wrote to the bot",
          {"chat": 700_100_300, "name": "Nina"}),
    Event("p1", "fuse_overload", NOW - 47 * MINUTE_MS,
          "Phase L2 carries 21.3 A, more than the 20 A of the main fuse", {"phase": 2}),
]  # fmt: skip


class Post:
    """A sink that writes to people, without a service behind it."""

    def __init__(self, name: str, recipients: Sequence[Recipient], fault: str = "") -> None:
        self.name = name
        self.recipients = recipients
        self.fault = fault
        self.sent: list[Event] = []

    async def run(self) -> None:
        """Never asked."""

    async def test(self) -> str:
        return await self._answer()

    async def send_example(self, event: Event) -> str:
        self.sent.append(event)
        return await self._answer()

    async def _answer(self) -> str:
        await asyncio.sleep(0.3)
        if self.fault:
            raise SourceError(self.fault)
        return "Sent to " + ", ".join(one.name for one in self.recipients)


def people(here: Appliance) -> None:
    """Two ways to people: one that works and one that does not."""
    chats = (
        Recipient("Asha", "telegram", last_ok=NOW - 20 * MINUTE_MS),
        Recipient(
            "Erik", "telegram", ("outage", "phases", "appliance"), ("22:00", "07:00"), 2, NOW - 2 * HOUR_MS,
            muted_until=NOW + 2 * HOUR_MS,
        ),
    )  # fmt: skip
    mail = (Recipient("example.com", "mailtos", ("summary",), None, 3),)
    refused = "The mail server refuses the password: make one for programs at your provider"
    for post in (Post("telegram", chats), Post("mail", mail, refused)):
        here.health.add(post.name, "sink", "telegram" if post.name == "telegram" else "messages")
        here.sinks[post.name] = post
    here.health.ok("telegram")
    here.health.failed("mail", refused, State.NEEDS_YOU)


async def serve(here: Appliance, scene: str, port: int) -> None:
    """Pages and API."""
    app = create_app(here)
    ui.mount(app, here)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    serving = asyncio.create_task(server.serve())
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.02)
    await here.accept(FACTS)
    if scene == "people":
        people(here)
        await here.accept([event for event in NEWS if topic_of(event) or event.name == "stranger"])
    await serving


def main() -> None:
    """Serve it."""
    asking = argparse.ArgumentParser(description=__doc__)
    asking.add_argument("--port", type=int, default=8096)
    asking.add_argument("--scene", choices=("people", "nobody"), default="people")
    asking.add_argument("--language", default="en")
    asked = asking.parse_args()
    folder = Path(tempfile.mkdtemp())
    try:
        site = {"time_zone": str(ZONE), "language": asked.language, "main_fuse_a": 20, "currency": "SEK"}
        here = made(folder, ScaledClock(1.0, NOW), site=site, web={"port": asked.port})
        asyncio.run(serve(here, asked.scene, asked.port))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
