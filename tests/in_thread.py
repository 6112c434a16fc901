"""`Apart` without a process: stand-ins for cameras and clocks held by a test reach the driver."""

from importlib import import_module
from typing import Any

from appliance.worker import Worker


class InThread:
    def __init__(self, name: str, factory: str, *args: Any) -> None:
        module, _, kind = factory.partition(":")
        self._made = getattr(import_module(module), kind)(*args)
        self._worker = Worker(name)

    async def call(self, method: str, deadline_s: float, *args: Any) -> Any:
        return await self._worker.call(lambda: getattr(self._made, method)(*args), deadline_s)

    async def stop(self) -> None:
        self.close()

    def close(self) -> None:
        self._worker.close()
        self._made.close()
