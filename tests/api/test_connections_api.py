"""Where readings go, as programs see it, and a try at a receiver."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from appliances import NOON, made, owner

from appliance.app import Appliance
from appliance.clock import FakeClock
from appliance.connections import tried
from appliance.demo.central import Central
from appliance.demo.http_device import Fault
from appliance.errors import AuthError, SourceError
from appliance.model import Quantity, Reading


@pytest.fixture
def central() -> Iterator[Central]:
    made = Central()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def here(tmp_path: Path, clock: FakeClock, central: Central) -> Appliance:
    return made(tmp_path, clock, sinks=[central.sink_config() | {"name": "central"}])


async def test_what_waits_and_what_was_sent(
    api: httpx.AsyncClient, here: Appliance, clock: FakeClock, central: Central
) -> None:
    [before] = (await api.get("/api/v1/connections")).json()
    assert (before["name"], before["type"], before["testable"]) == ("central", "push", True)
    assert before["delivery"]["pending"] is None  # nobody has looked yet
    central.fault = Fault(status=503)
    await here.accept([Reading("p1", Quantity.ENERGY_IMPORT, 100.0, NOON)])
    await here.store.flush()
    await here.sinks["central"]._round()  # type: ignore[attr-defined]
    clock.tick(60)
    [waiting] = (await api.get("/api/v1/connections")).json()
    delivery = waiting["delivery"]
    assert (delivery["pending"], delivery["sent"], delivery["last_ok"]) == (1, 0, None)
    assert delivery["oldest_age_s"] == pytest.approx(60)
    assert delivery["oldest"] == "2026-05-05T16:53:20.000Z"
    assert "503" in delivery["last_error"]
    central.fault = Fault()
    await here.sinks["central"]._round()  # type: ignore[attr-defined]
    [after] = (await api.get("/api/v1/connections")).json()
    assert (after["delivery"]["pending"], after["delivery"]["sent"]) == (0, 1)
    assert after["delivery"]["last_ok"] == "2026-05-05T16:54:20.000Z"


async def test_a_try_needs_the_token_and_leaves_nothing(
    api: httpx.AsyncClient, here: Appliance, central: Central
) -> None:
    route = "/api/v1/connections/central/test"
    assert (await api.post(route)).status_code == 401
    api.headers.update(owner(here))
    good = (await api.post(route)).json()
    assert good["ok"] is True
    assert central.readings == []
    central.fault = Fault(status=401)
    bad = (await api.post(route)).json()
    assert bad["ok"] is False
    assert "401" in bad["text"]


async def test_a_sink_that_is_not_there(mine: httpx.AsyncClient) -> None:
    answer = await mine.post("/api/v1/connections/other/test")
    assert answer.status_code == 404
    assert "no sink 'other'" in answer.json()["message"]


class Slow:
    name = "slow"

    async def run(self) -> None:
        """Never asked."""

    async def test(self) -> str:
        await asyncio.sleep(60)
        return "too late"


class Broken(Slow):
    async def test(self) -> str:
        raise ZeroDivisionError("oops")


class Refused(Slow):
    async def test(self) -> str:
        raise AuthError("wrong password")


class Mute:
    name = "mute"

    async def run(self) -> None:
        """It cannot be tried."""


async def test_a_try_ends_whatever_the_receiver_does() -> None:
    with pytest.raises(SourceError, match="No answer within"):
        await tried(Slow(), deadline_s=0.05)
    with pytest.raises(SourceError, match="ZeroDivisionError: oops"):
        await tried(Broken())
    with pytest.raises(AuthError, match="wrong password"):
        await tried(Refused())
    for nothing in (Mute(), None):
        with pytest.raises(SourceError, match="cannot be tried"):
            await tried(nothing)


async def test_a_sink_without_accounts_is_listed_all_the_same(
    api: httpx.AsyncClient, here: Appliance
) -> None:
    here.sinks["central"] = Mute()
    [one] = (await api.get("/api/v1/connections")).json()
    assert (one["delivery"], one["testable"]) == (None, False)
