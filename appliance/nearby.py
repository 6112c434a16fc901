"""Devices that tell the local network where they are (mDNS, RFC 6762 and 6763): HomeWizard's, so far.

https://api-documentation.homewizard.com/docs/discovery: `_hwenergy._tcp` stands for the local API v1,
`_homewizard._tcp` for v2. Nothing is listened for until somebody asks.
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING

from appliance.errors import SourceError

if TYPE_CHECKING:
    from zeroconf import ServiceStateChange, Zeroconf
    from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

SERVICES: Mapping[str, tuple[str, int]] = {
    "_hwenergy._tcp.local.": ("v1", 80),
    "_homewizard._tcp.local.": ("v2", 443),
}
"""Service -> API, and the port that need not be said."""
ASK_MS = 3000
PATIENCE_S = 3.0
"""A device answers within a second; a sleepy access point takes longer."""


@dataclass(frozen=True, slots=True)
class Service:
    """One service of a device as it was told last; `address` is "host", or "host:port" where that differs."""

    api: str
    address: str
    serial: str
    product_type: str
    product_name: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class Nearby:
    """A device on the network. `addresses` is by API; `enabled` is false where its app keeps API v1 shut."""

    serial: str
    product_type: str
    product_name: str
    enabled: bool
    addresses: Mapping[str, str] = field(default_factory=dict)


class Neighbourhood:
    """Who is on the network. `interfaces` are addresses to listen at, all where nothing is said."""

    def __init__(self, interfaces: Sequence[str] = ()) -> None:
        self._interfaces = list(interfaces)
        self._zeroconf: AsyncZeroconf | None = None
        self._browser: AsyncServiceBrowser | None = None
        self._services: dict[tuple[str, str], Service] = {}
        self._asking: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()

    async def devices(self, wait_s: float = PATIENCE_S) -> list[Nearby]:
        """Every device heard of, by serial number; the first time after `wait_s`. Raises SourceError."""
        if await self._listen():
            await asyncio.sleep(wait_s)
        by_serial: dict[str, list[Service]] = {}
        for service in self._services.values():
            by_serial.setdefault(service.serial, []).append(service)
        return [_device(serial, by_serial[serial]) for serial in sorted(by_serial)]

    async def find(self, serial: str, wait_s: float = PATIENCE_S) -> Mapping[str, str]:
        """Where a device is now, "host" or "host:port" by API; empty when it is not heard within `wait_s`.

        Raises SourceError where nothing can be heard at all.
        """
        await self._listen()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                while not self._of(serial):
                    self._news.clear()
                    await self._news.wait()
        for kind, name in self._of(serial):
            await self._ask(kind, name)
        found = (self._services[key] for key in self._of(serial))
        return {service.api: service.address for service in found}

    async def close(self) -> None:
        """Listen no more."""
        for task in self._asking:
            task.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)
        if self._browser is not None:
            await self._browser.async_cancel()
        if self._zeroconf is not None:
            await self._zeroconf.async_close()
        self._browser = self._zeroconf = None
        self._services.clear()

    def _of(self, serial: str) -> list[tuple[str, str]]:
        return [key for key, service in self._services.items() if service.serial == serial]

    async def _listen(self) -> bool:
        """Begin to listen; False if that has been done."""
        # Most appliances never ask, and save the library's 3 MB; to load it would hold the loop up.
        await asyncio.to_thread(import_module, "zeroconf.asyncio")
        from zeroconf import InterfaceChoice, IPVersion
        from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

        if self._zeroconf is not None:
            return False
        try:
            where = self._interfaces or InterfaceChoice.All
            self._zeroconf = AsyncZeroconf(interfaces=where, ip_version=IPVersion.V4Only)
        except OSError as error:
            raise SourceError(
                f"The network cannot be listened to for devices ({error.strerror or error}): give `host`"
            ) from None
        self._browser = AsyncServiceBrowser(self._zeroconf.zeroconf, list(SERVICES), handlers=[self._changed])
        return True

    def _changed(
        self, zeroconf: "Zeroconf", service_type: str, name: str, state_change: "ServiceStateChange"
    ) -> None:
        """Called by zeroconf, which names its arguments so."""
        if state_change.name == "Removed":
            self._services.pop((service_type, name), None)
            return
        task = asyncio.get_running_loop().create_task(self._ask(service_type, name))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _ask(self, kind: str, name: str) -> None:
        if self._zeroconf is None:
            return
        from zeroconf.asyncio import AsyncServiceInfo

        info = AsyncServiceInfo(kind, name)
        if not await info.async_request(self._zeroconf.zeroconf, ASK_MS):
            return
        service = _service(kind, info)
        if service is not None:
            self._services[kind, name] = service
            self._news.set()


def _service(kind: str, info: "AsyncServiceInfo") -> Service | None:
    """What a service says, None for one that is none of ours."""
    from zeroconf import IPVersion

    said = {key: value or "" for key, value in info.decoded_properties.items()}
    hosts, serial = info.parsed_addresses(IPVersion.V4Only), said.get("serial", "").lower()
    if not hosts or len(serial) != 12 or not serial.isalnum():
        return None
    api, usual = SERVICES[kind]
    port = "" if info.port in (usual, None) else f":{info.port}"
    product = said.get("product_type", ""), said.get("product_name", "")
    return Service(api, f"{hosts[0]}{port}", serial, *product, said.get("api_enabled", "1") != "0")


def _device(serial: str, services: Sequence[Service]) -> Nearby:
    product = max((s.product_type for s in services), default="")
    name = max((s.product_name for s in services), default="")
    enabled = all(service.enabled for service in services)
    return Nearby(serial, product, name, enabled, {s.api: s.address for s in services})
