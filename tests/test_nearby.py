"""Devices found by mDNS, with a real responder on the loopback."""

import asyncio
import secrets
import socket
import sys
from collections.abc import AsyncIterator

import pytest
from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from appliance.nearby import Nearby, Neighbourhood

LOOPBACK = "127.0.0.1"
SERIAL = "5c2faf0a0b0c"


@pytest.fixture(autouse=True)
def own_serial(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests may run on this loopback, and what one announced may still be remembered."""
    monkeypatch.setattr(sys.modules[__name__], "SERIAL", secrets.token_hex(6))


def service(kind: str, port: int, address: str = LOOPBACK, **said: str) -> AsyncServiceInfo:
    name = f"p1meter-{SERIAL[-6:]}.{kind}.local."
    return AsyncServiceInfo(
        f"{kind}.local.",
        name,
        addresses=[socket.inet_aton(address)],
        port=port,
        server=f"p1meter-{SERIAL[-6:]}.local.",
        properties={"product_type": "HWE-P1", "product_name": "P1 Meter", "serial": SERIAL, **said},
    )


def old(port: int = 80, address: str = LOOPBACK, enabled: str = "1") -> AsyncServiceInfo:
    return service("_hwenergy._tcp", port, address, path="/api/v1", api_enabled=enabled)


def new(port: int = 443) -> AsyncServiceInfo:
    return service("_homewizard._tcp", port, api_version="2.2.0", id=f"appliance/p1dongle/{SERIAL}")


@pytest.fixture
async def responder() -> AsyncIterator[AsyncZeroconf]:
    try:
        made = AsyncZeroconf(interfaces=[LOOPBACK], ip_version=IPVersion.V4Only)
    except OSError as error:
        pytest.skip(f"no multicast on the loopback here ({error})")
    yield made
    await made.async_close()


@pytest.fixture
async def around() -> AsyncIterator[Neighbourhood]:
    made = Neighbourhood([LOOPBACK])
    yield made
    await made.close()


async def tell(responder: AsyncZeroconf, info: AsyncServiceInfo) -> None:
    await (await responder.async_register_service(info, cooperating_responders=True))


async def test_a_device_is_found_with_both_its_apis(responder: AsyncZeroconf, around: Neighbourhood) -> None:
    await tell(responder, old(enabled="0"))
    await tell(responder, new(8443))
    found = await around.find(SERIAL, 10)
    assert found["v1"] == LOOPBACK
    both = {"v1": LOOPBACK, "v2": f"{LOOPBACK}:8443"}
    assert Nearby(SERIAL, "HWE-P1", "P1 Meter", False, both) in await around.devices()


async def test_it_is_followed_when_its_address_changes(
    responder: AsyncZeroconf, around: Neighbourhood
) -> None:
    await tell(responder, old(8080))
    assert await around.find(SERIAL, 10) == {"v1": f"{LOOPBACK}:8080"}
    await (await responder.async_update_service(old(8081, "127.0.0.2")))
    async with asyncio.timeout(10):
        while await around.find(SERIAL) != {"v1": "127.0.0.2:8081"}:  # noqa: ASYNC110
            await asyncio.sleep(0.1)  # the announcement is on its way


async def test_who_is_not_there_is_not_found(responder: AsyncZeroconf, around: Neighbourhood) -> None:
    assert await around.find("5c2fafffffff", 0.2) == {}


async def test_what_says_no_serial_number_is_passed_over(
    responder: AsyncZeroconf, around: Neighbourhood
) -> None:
    stranger = service("_hwenergy._tcp", 80, serial="?")
    await tell(responder, stranger)
    await tell(responder, new())
    await around.find(SERIAL, 10)
    found = {device.serial: device.addresses for device in await around.devices()}
    assert found[SERIAL] == {"v2": LOOPBACK}
    assert "?" not in found
