"""An appliance that listens on a real port, in a thread of its own, for programs that ask it over HTTP."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import uvicorn

from appliance.app import Appliance
from appliance.model import Quantity, Reading
from appliance.web import create_app
from tests.peers.process import free_port

T = TypeVar("T")


class Served:
    """The appliance at `url`; what is asked of it is done in its own loop."""

    def __init__(self, appliance: Appliance, port: int, loop: asyncio.AbstractEventLoop) -> None:
        self.appliance = appliance
        self.url = f"http://127.0.0.1:{port}"
        self._loop = loop

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """What the coroutine gives."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def tell(self, source: str, *, ago_s: float = 0, cadence_s: float = 3600, **values: float) -> None:
        """It reads these values (by quantity), from a source that is heard of every `cadence_s`."""
        self.do(self._tell(source, ago_s, cadence_s, values))

    async def _tell(self, source: str, ago_s: float, cadence_s: float, values: Mapping[str, float]) -> None:
        here = self.appliance
        here.cadences[source] = cadence_s
        at = here.clock.now() - int(ago_s * 1000)
        refused = await here.accept([Reading(source, Quantity(q), v, at) for q, v in values.items()])
        assert not refused, refused


@contextmanager
def serving(appliance: Appliance) -> Iterator[Served]:
    """The appliance from the moment it answers until the end of the block."""
    port = free_port()
    loop = asyncio.new_event_loop()
    config = uvicorn.Config(create_app(appliance), host="127.0.0.1", port=port, log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=loop.run_until_complete, args=[server.serve()], daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the appliance did not start"
            thread.join(0.02)
        yield Served(appliance, port, loop)
    finally:
        server.should_exit = True
        thread.join(30)
        loop.close()
