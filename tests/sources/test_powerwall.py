"""The powerwall source against the virtual gateway, through the real pypowerwall: the house's truth, every
way in which a gateway fails, alerts and outages, all local ways and the proxy."""

import os
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from virtual_meter import START, EagerClock

from appliance.demo.battery import Battery
from appliance.demo.house import House, HouseState
from appliance.demo.http_device import Fault
from appliance.demo.outages import Outage, Outages
from appliance.demo.powerwall_gateway import AGGREGATES, FIRMWARE_WITHOUT_VITALS, LOGIN, PowerwallGateway
from appliance.demo.powerwall_proxy import PowerwallProxy
from appliance.demo.powerwall_tedapi import PowerwallTedapi
from appliance.errors import AuthError, SourceError
from appliance.model import Batch, Event, Quantity, Reading
from appliance.sources import _powerwall_library as library
from appliance.sources.base import Context
from appliance.sources.powerwall import Options, Source

OUTAGE = Outage(START + 3_600_000, START + 3 * 3_600_000)
POWERS = {Quantity.POWER_GRID, Quantity.POWER_SOLAR, Quantity.POWER_BATTERY, Quantity.POWER_LOAD}
CHARGE = {Quantity.STATE_OF_CHARGE, Quantity.STATE_OF_CHARGE_RAW}
SOE, GRID = "/api/system_status/soe", "/api/system_status/grid_status"
Make = Callable[..., Source]


@pytest.fixture(autouse=True)
def _no_authorities(monkeypatch: pytest.MonkeyPatch) -> None:
    """urllib3 reads the system's 140 authorities for every connection, though nothing is verified: that is
    most of what these tests would cost, since the virtual gateway closes after each answer."""
    monkeypatch.setattr(ssl.SSLContext, "load_default_certs", lambda context, purpose=None: None)


@pytest.fixture
def house(clock: EagerClock) -> House:
    return House(clock, battery=Battery(27.0, 10_000), outages=Outages((OUTAGE,)))


@pytest.fixture
def gateway(house: House, clock: EagerClock) -> Iterator[PowerwallGateway]:
    made = PowerwallGateway(house, clock, reserve=20)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def make(gateway: PowerwallGateway, context: Context) -> Make:
    def build(**more: Any) -> Source:
        said = {"mode": "local", "host": gateway.address, "password": gateway.password, "timeout_s": 5}
        return Source(Options.model_validate({"name": "pw", **said, **more}), context)

    return build


@asynccontextmanager
async def looks(source: Source) -> AsyncIterator[AsyncIterator[Batch]]:
    async with aclosing(source.batches()) as batches:
        yield batches


async def look(source: Source) -> Batch:
    async with looks(source) as batches:
        return await anext(batches)


def of(batch: Batch, source: str = "pw") -> dict[Quantity, float]:
    return {f.quantity: f.value for f in batch if isinstance(f, Reading) and f.source == source}


def events(batch: Batch, name: str) -> list[Event]:
    return [fact for fact in batch if isinstance(fact, Event) and fact.name == name]


def truth(state: HouseState) -> dict[Quantity, float]:
    return {
        Quantity.POWER_GRID: state.grid_w,
        Quantity.POWER_SOLAR: state.solar_w,
        Quantity.POWER_BATTERY: state.battery_w,
        Quantity.POWER_LOAD: state.load_w,
        Quantity.ENERGY_IMPORT: state.import_kwh,
        Quantity.ENERGY_EXPORT: state.export_kwh,
        Quantity.ENERGY_SOLAR: state.solar_kwh,
        Quantity.ENERGY_LOAD: state.load_kwh,
        Quantity.ENERGY_CHARGED: state.charged_kwh,
        Quantity.ENERGY_DISCHARGED: state.discharged_kwh,
        Quantity.STATE_OF_CHARGE: state.soc,
        Quantity.STATE_OF_CHARGE_RAW: state.soc * 0.95 + 5,
        Quantity.GRID_STATE: {"down": 0, "up": 1, "syncing": 2}[state.grid],
    }


def is_true(batch: Batch, state: HouseState) -> set[Quantity]:
    """Which of the fast quantities came; each has to be the house's own: no zero is made up."""
    found, true = of(batch), truth(state)
    for quantity, value in found.items():
        if quantity in true:
            assert value == pytest.approx(true[quantity], abs=0.01), quantity
    return set(found) & set(true)


async def test_it_tells_the_house(make: Make, house: House) -> None:
    batch, state = await look(make()), house.state()
    assert is_true(batch, state) == set(truth(state))
    found = of(batch)
    assert found[Quantity.FREQUENCY] == state.frequency_hz
    assert found[Quantity.VOLTAGE_GRID] == pytest.approx(230, abs=8)
    assert found[Quantity.BACKUP_RESERVE] == pytest.approx(20, abs=0.01)
    assert found[Quantity.BATTERY_MODE] == 0
    assert found[Quantity.BATTERY_CAPACITY] == pytest.approx(27 / 0.95, rel=0.01)
    assert found[Quantity.BATTERY_TIME_LEFT] == pytest.approx(
        found[Quantity.BATTERY_STORED] * 1000 / state.load_w
    )
    each = [of(batch, f"pw.unit{number}") for number in (1, 2)]
    for quantity in (Quantity.BATTERY_CAPACITY, Quantity.BATTERY_STORED):
        assert sum(unit[quantity] for unit in each) == pytest.approx(found[quantity], abs=0.01)
    assert all(Quantity.TEMPERATURE in unit for unit in each)
    strings = [found[Quantity(f"string_{letter}_power")] for letter in "acd"]
    assert sum(strings) == pytest.approx(state.solar_w)
    assert Quantity.STRING_B_VOLTAGE not in found, "-2.1 V of a string that is not connected"


async def test_details_are_asked_for_more_seldom(make: Make, gateway: PowerwallGateway) -> None:
    async with looks(make(every_s=10, details_every_s=60)) as batches:
        asked = []
        for _ in range(8):
            gateway.log.clear()
            await anext(batches)
            asked.append([request.path for request in gateway.log])
    quick = [AGGREGATES, SOE, GRID]
    assert all(paths[-3:] == quick or len(paths) > 3 for paths in asked)
    assert [len(paths) > 3 for paths in asked] == [True, *[False] * 5, True, False]
    assert asked[1] == quick, "once each, nothing of it from a cache"


async def test_one_login_serves_the_next_start(make: Make, gateway: PowerwallGateway) -> None:
    await look(make())
    await look(make())
    assert [request.path for request in gateway.log].count(LOGIN) == 1
    session = make()._folder / "session.json"
    assert session.stat().st_mode & 0o777 == 0o600
    gateway.log_out()
    assert of(await look(make())), "and is made anew when it is worth nothing any more"


# Failures


@dataclass(frozen=True)
class Case:
    """What is done to the gateway, and what is to come: an error whose text holds `says`, or all fast
    quantities but those `lost`."""

    inflict: Callable[[PowerwallGateway], None]
    error: type[SourceError] | None = None
    says: str = ""
    lost: frozenset[Quantity] = frozenset()
    timeout_s: float = 5


def everywhere(**fault: Any) -> Callable[[PowerwallGateway], None]:
    return lambda gateway: setattr(gateway, "fault", Fault(**fault))


def at(path: str, **fault: Any) -> Callable[[PowerwallGateway], None]:
    return lambda gateway: gateway.faults.update({path: Fault(**fault)})


def says(**what: Any) -> Callable[[PowerwallGateway], None]:
    def inflict(gateway: PowerwallGateway) -> None:
        for name, value in what.items():
            setattr(gateway, name, value)

    return inflict


def refuses_login(gateway: PowerwallGateway) -> None:
    gateway.password = "other"
    gateway.log_out()


def login_fails(status: int) -> Callable[[PowerwallGateway], None]:
    def inflict(gateway: PowerwallGateway) -> None:
        gateway.log_out()
        gateway.faults[LOGIN] = Fault(status)

    return inflict


def registers(*names: str) -> frozenset[Quantity]:
    return frozenset(map(Quantity, names))


SOLAR = registers("power_solar", "energy_solar")
BATTERY = registers("power_battery", "energy_charged", "energy_discharged")
CASES = {
    "refused": Case(lambda gateway: gateway.stop(), SourceError, "refuses the connection"),
    "timeout": Case(everywhere(wait_s=1.5), SourceError, "did not answer within 1 s", timeout_s=1),
    "TLS hangs": Case(says(tls_hangs=True), SourceError, "did not answer within 1 s", timeout_s=1),
    "cut": Case(everywhere(cut=True), SourceError, "cannot be reached"),
    "500": Case(everywhere(status=500), SourceError, "fault of its own"),
    "truncated": Case(everywhere(truncated=True), SourceError, "cut short"),
    "HTML": Case(everywhere(page="<!DOCTYPE html><html>"), SourceError, "tells no power (<!DOCTYPE html>"),
    "no meters": Case(says(missing_blocks={"site", "solar", "battery", "load"}), SourceError, "no power"),
    "null meters": Case(says(null_blocks={"site", "solar", "battery", "load"}), SourceError, "no power"),
    "no solar": Case(says(missing_blocks={"solar"}), lost=SOLAR),
    "no battery": Case(says(missing_blocks={"battery"}), lost=BATTERY),
    "null solar": Case(says(null_blocks={"solar"}), lost=SOLAR),
    "null battery": Case(says(null_blocks={"battery"}), lost=BATTERY),
    "wrong password": Case(refuses_login, AuthError, "last five characters"),
    "login 429": Case(login_fails(429), library.BusyError, "too often (429)"),
    "login 503": Case(login_fails(503), SourceError, "busy or starting (503)"),
    "503": Case(everywhere(status=503), SourceError, "busy or starting (503)"),
    "404": Case(everywhere(status=404), SourceError, "is it a gateway?"),
    "403": Case(at(AGGREGATES, status=403), SourceError, "does not allow what was asked (403)"),
    "403 at login": Case(everywhere(status=403), AuthError, "refuses the password"),
    "429": Case(everywhere(status=429), library.BusyError, "too often (429)"),
    "429 for the charge": Case(at(SOE, status=429), library.BusyError, "too often (429)"),
    "503 for the charge": Case(at(SOE, status=503), lost=frozenset(CHARGE)),
    "404 for the charge": Case(at(SOE, status=404), lost=frozenset(CHARGE)),
    "HTML for the charge": Case(at(SOE, page="<html>"), lost=frozenset(CHARGE)),
    "500 for the grid": Case(at(GRID, status=500), lost=registers("grid_state")),
    "HTML for the grid": Case(at(GRID, page="<html>"), lost=registers("grid_state")),
    "unknown grid state": Case(says(grid_says="SystemOnTheMoon"), lost=registers("grid_state")),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_no_failure_gives_a_false_zero(
    case: Case, make: Make, gateway: PowerwallGateway, house: House
) -> None:
    source = make(details_every_s=3600, timeout_s=case.timeout_s)
    every = set(truth(house.state()))
    async with looks(source) as batches:
        assert is_true(await anext(batches), house.state()) == every
        case.inflict(gateway)
        if case.error:
            with pytest.raises(case.error) as caught:
                await anext(batches)
            assert case.says in str(caught.value)
            assert isinstance(caught.value, AuthError) == (case.error is AuthError)
        else:
            batch = await anext(batches)
            assert is_true(batch, house.state()) == every - case.lost
            gateway.clear()
            assert is_true(await anext(batches), house.state()) == every, "the next look is whole again"
    if case.error:
        gateway.clear()
        gateway.start()
        assert is_true(await look(source), house.state()) == every, "the next start is whole again"


async def test_what_is_not_told_is_said_once(make: Make, gateway: PowerwallGateway) -> None:
    async with looks(make()) as batches:
        gateway.grid_says, gateway.faults[SOE] = "SystemOnTheMoon", Fault(503)
        told = [events(await anext(batches), "value_missing") for _ in range(3)]
        assert [event.text for event in told[0]] == [
            f"The Powerwall does not tell its state of charge (The gateway at {gateway.address} is busy or "
            "starting (503); it is asked again soon); the rest goes on",
            "The Powerwall does not tell its state of the grid (its word for it is new: SystemOnTheMoon); "
            "the rest goes on",
        ]
        assert told[1:] == [[], []]
        gateway.clear()
        assert not events(await anext(batches), "value_missing")
        gateway.grid_says = "SystemOnTheMoon"
        assert len(events(await anext(batches), "value_missing")) == 1


async def test_a_gateway_that_wants_a_pause_gets_it(
    make: Make, gateway: PowerwallGateway, clock: EagerClock
) -> None:
    gateway.fault = Fault(429)
    source, begun = make(), clock.monotonic()
    with pytest.raises(library.BusyError):
        await look(source)
    asked = gateway.requests
    gateway.clear()
    assert set(of(await look(source))) >= POWERS
    assert clock.monotonic() - begun >= library.PAUSE_S
    assert asked == 1


async def test_firmware_without_vitals_is_nothing_wrong(make: Make, gateway: PowerwallGateway) -> None:
    gateway.firmware = FIRMWARE_WITHOUT_VITALS
    async with looks(make(details_every_s=5)) as batches:
        for _ in range(3):
            batch = await anext(batches)
            assert not events(batch, "value_missing")
            assert Quantity.BATTERY_CAPACITY in of(batch, "pw.unit2")
            assert Quantity.TEMPERATURE not in of(batch, "pw.unit2")


@pytest.mark.parametrize("path", ["/api/operation", "/api/system_status", "/api/devices/vitals"])
@pytest.mark.parametrize("fault", [Fault(404), Fault(500), Fault(page="<html>")], ids=str)
async def test_details_that_are_not_told_take_nothing_else_away(
    make: Make, gateway: PowerwallGateway, house: House, path: str, fault: Fault
) -> None:
    gateway.faults[path] = fault
    batch = await look(make())
    assert is_true(batch, house.state()) == set(truth(house.state()))
    assert not events(batch, "value_missing")
    assert (Quantity.BACKUP_RESERVE in of(batch)) == (path != "/api/operation")
    assert Quantity.BATTERY_CAPACITY in of(batch), "vitals and system status tell it both"


# What goes on for long


async def test_an_outage_is_seen_from_beginning_to_end(make: Make, clock: EagerClock, house: House) -> None:
    states = []
    async with looks(make(every_s=1800, details_every_s=3600)) as batches:
        while clock.now() <= OUTAGE.end:
            batch, state = await anext(batches), house.state()
            assert is_true(batch, state) == set(truth(state))
            states.append(of(batch)[Quantity.GRID_STATE])
            assert (Quantity.VOLTAGE_GRID in of(batch)) == (state.grid != "down")
    assert states[0] == 1
    assert 0 in states
    assert states[-1] == 1


async def test_alerts_are_told_when_they_come_and_go_also_across_starts(
    make: Make, gateway: PowerwallGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    on = [("PVS", "PVS_a018_MciStringB"), ("STSTSM", "SystemConnectedToGrid")]
    monkeypatch.setattr(type(gateway.site), "alerts", lambda site, state: list(on))
    source = make(details_every_s=5)
    first = await look(source)
    (came,) = events(first, "alert_on")
    assert came.text == "The Powerwall reports PVS_a018_MciStringB (PVS)"
    assert came.data["alert"] == "PVS_a018_MciStringB"
    assert came.data["device"].startswith("PVS--")
    written = source._memory.path.stat().st_mtime_ns
    assert not events(await look(source), "alert_on")
    assert not events(await look(make()), "alert_on"), "a new start knows what was on"
    assert source._memory.path.stat().st_mtime_ns == written, "written on change only"
    gateway.faults["/api/devices/vitals"] = Fault(500)
    assert not events(await look(make()), "alert_off"), "not told is not over"
    gateway.clear()
    on[:] = [("TESYNC", "SYNC_a001_SW_App_Boot")]
    batch = await look(make())
    assert [event.text for event in events(batch, "alert_off")] == [
        "The Powerwall no longer reports PVS_a018_MciStringB (PVS)"
    ]
    assert [event.data["alert"] for event in events(batch, "alert_on")] == ["SYNC_a001_SW_App_Boot"]


async def test_a_unit_keeps_its_number(make: Make, gateway: PowerwallGateway) -> None:
    before = await look(make())
    gateway.site.serials.reverse()
    after = await look(make())
    for number in (1, 2):
        unit = [of(batch, f"pw.unit{number}")[Quantity.BATTERY_CAPACITY] for batch in (before, after)]
        assert unit[0] != unit[1], "the same serial number, now the other share"


# Other ways


async def test_the_proxy_tells_the_same(house: House, clock: EagerClock, context: Context) -> None:
    proxy = PowerwallProxy(house, clock, reserve=20)
    proxy.start()
    source = Source(Options(name="pw", mode="proxy", host=proxy.address, details_every_s=5), context)
    try:
        async with looks(source) as batches:
            batch = await anext(batches)
            assert is_true(batch, house.state()) == set(truth(house.state()))
            found = of(batch)
            assert found[Quantity.BACKUP_RESERVE] == pytest.approx(20, abs=0.01)
            assert {Quantity.STRING_A_POWER, Quantity.BATTERY_CAPACITY} <= set(found)
            assert Quantity.TEMPERATURE in of(batch, "pw.unit2")
            assert events(batch, "alert_on")
            # An older proxy, before a gateway that has no vitals: the whole battery is told in /pod alone.
            proxy.faults |= {"/pw/system_status": Fault(404), "/vitals": Fault(404), "/temps": Fault(404)}
            capacity = of(await anext(batches))[Quantity.BATTERY_CAPACITY]
            assert capacity == pytest.approx(found[Quantity.BATTERY_CAPACITY])
            proxy.clear()
            proxy.faults[SOE.replace("/api/system_status", "")] = Fault(500)
            assert is_true(await anext(batches), house.state()) == set(truth(house.state())) - CHARGE
            proxy.clear()
            proxy.gateway_lost = True
            with pytest.raises(SourceError, match="hears nothing from its gateway"):
                await anext(batches)
        proxy.clear()
        assert set(of(await look(source))) >= POWERS
    finally:
        proxy.stop()


@pytest.fixture
def tedapi(house: House, clock: EagerClock) -> Iterator[Callable[[Any], PowerwallTedapi]]:
    running: list[PowerwallTedapi] = []

    def build(kind: Any) -> PowerwallTedapi:
        running.append(PowerwallTedapi(house, clock, kind, reserve=20))
        running[-1].start()
        return running[-1]

    yield build
    for each in running:
        each.stop()


async def test_tedapi_tells_the_house_whatever_certificates_the_environment_wants(
    tedapi: Callable[[Any], PowerwallTedapi], make: Make, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/ssl/certs/ca-certificates.crt")
    monkeypatch.setenv("CURL_CA_BUNDLE", "/etc/ssl/certs/ca-certificates.crt")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    two = tedapi("powerwall2")
    source = make(mode="tedapi", host=two.address, password=None, gateway_password=two.sticker)
    batch, state = await look(source), house.state()
    came = is_true(batch, state)
    assert {*POWERS, *CHARGE, Quantity.GRID_STATE} <= came
    assert not {quantity for quantity in of(batch) if quantity.startswith("energy_")} - came
    found = of(batch)
    assert found[Quantity.BACKUP_RESERVE] == pytest.approx(20, abs=0.01)
    assert found[Quantity.GRID_CHARGING] in (0, 1)
    assert Quantity.EXPORT_RULE in found
    assert Quantity.BATTERY_CAPACITY in of(batch, "pw.unit2")
    assert os.environ["REQUESTS_CA_BUNDLE"], "the environment is everybody's"


async def test_tedapi_with_a_wrong_password_asks_for_the_right_one(
    tedapi: Callable[[Any], PowerwallTedapi], make: Make
) -> None:
    two = tedapi("powerwall2")
    with pytest.raises(AuthError, match="`gateway_password`"):
        await look(make(mode="tedapi", host=two.address, password=None, gateway_password="wrong"))


async def test_v1r_needs_a_key_the_powerwall_knows(
    tedapi: Callable[[Any], PowerwallTedapi], make: Make, house: House, tmp_path: Path
) -> None:
    three = tedapi("powerwall3")
    key = rsa.generate_private_key(65537, 2048)
    file = tmp_path / "key.pem"
    form = serialization.PrivateFormat.PKCS8
    file.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
    said = {"mode": "v1r", "host": three.address, "password": None, "gateway_password": three.sticker}
    with pytest.raises(AuthError, match="There is no key"):
        await look(make(**said, rsa_key=tmp_path / "lost.pem"))
    source = make(**said, rsa_key=file)
    with pytest.raises(AuthError, match="does not know the key"):
        await look(source)
    three.keys[public] = False
    with pytest.raises(AuthError, match="not confirmed"):
        await look(source)
    three.keys[public] = True
    batch = await look(source)
    assert {*POWERS, *CHARGE, Quantity.GRID_STATE} <= is_true(batch, house.state())


@pytest.mark.parametrize("mode", ["cloud", "fleetapi"])
async def test_the_cloud_without_a_login_says_what_to_run(mode: str, context: Context) -> None:
    source = Source(Options.model_validate({"name": "pw", "mode": mode, "email": "me@example.com"}), context)
    with pytest.raises(AuthError, match=rf"python -m pypowerwall setup .*-authpath {context.folder / 'pw'}"):
        await look(source)
    (context.folder / "pw").mkdir(parents=True)
    (context.folder / "pw" / library.AUTH_FILES[mode]).write_text("{}")
    with pytest.raises(SourceError):
        await look(source)
