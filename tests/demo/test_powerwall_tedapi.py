"""The virtual installer's interface, read by pypowerwall: Powerwall 2 and 3, by Wi-Fi and by cable."""

import json
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st
from pypowerwall import Powerwall

from appliance.clock import FakeClock
from appliance.demo.battery import Battery
from appliance.demo.house import House, HouseState
from appliance.demo.http_device import Fault, Request
from appliance.demo.outages import Outage, Outages
from appliance.demo.powerwall_protobuf import block, fields, inside, number, text
from appliance.demo.powerwall_tedapi import PowerwallTedapi

pytestmark = pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
START = int(datetime(2026, 6, 14, 6, tzinfo=UTC).timestamp() * 1000)
NOON = START + 6 * 3_600_000
OUTAGE = Outage(START + 12 * 3_600_000, START + 13 * 3_600_000)
SOE, GRID_STATUS, AGGREGATES = (
    "/api/system_status/soe",
    "/api/system_status/grid_status",
    "/api/meters/aggregates",
)
Start = Callable[..., PowerwallTedapi]
Connect = Callable[..., Powerwall]


@pytest.fixture(scope="module")
def house() -> House:
    return House(FakeClock(START), battery=Battery(27.0, 10_000), outages=Outages((OUTAGE,)))


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    # Half the size of a registered one: it is made anew for every run, and 4096 bits take a second.
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def start(house: House) -> Iterator[Start]:
    running: list[PowerwallTedapi] = []

    def build(kind: Any = "powerwall2", at: int = NOON) -> PowerwallTedapi:
        running.append(PowerwallTedapi(house, FakeClock(at), kind, reserve=20))
        running[-1].start()
        return running[-1]

    yield build
    for each in running:
        each.stop()


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Iterator[Connect]:
    """pypowerwall in one of its TEDAPI modes."""
    # requests would take these before verify=False.
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    made: list[Powerwall] = []

    def build(gateway: PowerwallTedapi, **how: Any) -> Powerwall:
        how = how or {"gw_pwd": gateway.sticker}
        made.append(Powerwall(gateway.address, failover=False, timeout=3, pwcacheexpire=5, **how))
        return made[-1]

    yield build
    for each in made:
        if each.client is not None and each.client.tedapi is not None:
            each.client.tedapi.close_session()


def check_powers(pw: Powerwall, state: HouseState) -> None:
    assert pw.power() == {
        "site": state.grid_w,
        "solar": state.solar_w,
        "battery": state.battery_w,
        "load": state.load_w,
    }
    assert pw.poll(SOE)["percentage"] == pytest.approx(state.soc * 0.95 + 5, abs=0.01)


def public(key: rsa.RSAPrivateKey) -> bytes:
    form = serialization.PublicFormat.PKCS1
    return key.public_key().public_bytes(serialization.Encoding.DER, form)


def file_of(key: rsa.RSAPrivateKey, folder: Path) -> str:
    file = folder / "key.pem"
    form = serialization.PrivateFormat.PKCS8
    file.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return str(file)


@pytest.mark.parametrize("gzipped", [False, True])
def test_a_powerwall_2_on_the_wifi(start: Start, connect: Connect, gzipped: bool) -> None:
    gateway = start()
    gateway.gzipped = gzipped
    pw, state = connect(gateway), gateway.site.state()
    assert (pw.tedapi_mode, pw.din()) == ("full", gateway.din)
    assert not pw.client.tedapi.pw3
    check_powers(pw, state)
    assert pw.poll(GRID_STATUS)["grid_status"] == "SystemGridConnected"
    assert pw.version() == gateway.firmware
    assert pw.site_name() == "Virtual house"
    assert (pw.get_mode(), pw.get_reserve()) == ("self_consumption", pytest.approx(20))
    assert pw.get_grid_charging() is False
    assert pw.get_grid_export() == "battery_ok"
    assert pw.uptime().startswith("10h45m53")


def test_registers_come_from_the_owners_interface(start: Start, connect: Connect) -> None:
    gateway = start()
    blocks, state = connect(gateway).poll(AGGREGATES), gateway.site.state()
    assert blocks["site"]["energy_imported"] == pytest.approx(state.import_kwh * 1000, abs=0.01)
    assert blocks["battery"]["energy_exported"] == pytest.approx(state.discharged_kwh * 1000, abs=0.01)
    assert blocks["solar"]["energy_exported"] == pytest.approx(state.solar_kwh * 1000, abs=0.01)


def test_vitals_of_a_powerwall_2(start: Start, connect: Connect) -> None:
    gateway = start()
    pw, state = connect(gateway), gateway.site.state()
    units, strings = gateway.site.units(state), pw.strings()
    assert list(pw.temps().values()) == [unit.temperature_c for unit in units]
    assert sum(string["Power"] for string in strings.values()) == pytest.approx(state.solar_w, rel=0.01)
    assert (strings["B"]["Connected"], strings["B"]["Voltage"]) == (False, -2.1)
    assert {"SystemConnectedToGrid", "PVS_a018_MciStringB"} <= set(pw.alerts())
    blocks = pw.system_status()["battery_blocks"]
    assert [block["nominal_full_pack_energy"] for block in blocks] == pytest.approx(
        [unit.full_wh for unit in units], abs=0.1
    )
    said = pw.vitals()
    inverters = [name for name in said if name.startswith("TEPINV")]
    assert [said[name]["PINV_EnergyCharged"] for name in inverters] == [round(u.charged_wh) for u in units]


def test_an_outage_is_told(start: Start, connect: Connect) -> None:
    gateway = start(at=OUTAGE.start)
    pw = connect(gateway)
    assert pw.poll(GRID_STATUS)["grid_status"] == "SystemIslandedActive"
    check_powers(pw, gateway.site.state())


def test_the_wrong_password_and_a_lost_gateway(start: Start, connect: Connect) -> None:
    gateway = start()
    assert (
        connect(gateway, gw_pwd="WRONGWRONG").client is None
        or not connect(gateway, gw_pwd="WRONG12345").din()
    )
    pw = connect(gateway)
    gateway.faults["/tedapi/v1"] = Fault(status=403)
    assert pw.poll(AGGREGATES) is None
    gateway.faults["/tedapi/v1"] = Fault(truncated=True)
    assert not pw.poll(SOE, force=True)
    gateway.clear()
    assert pw.poll(SOE, force=True)["percentage"] > 0


def test_a_powerwall_3_on_the_wifi(start: Start, connect: Connect) -> None:
    gateway = start("powerwall3")
    pw, state = connect(gateway), gateway.site.state()
    assert pw.client.tedapi.pw3
    check_powers(pw, state)
    check_powerwall_3(pw, gateway)


def check_powerwall_3(pw: Powerwall, gateway: PowerwallTedapi) -> None:
    state = gateway.site.state()
    units, strings = gateway.site.units(state), pw.strings()
    assert list(strings) == list("ABCDEF")
    assert sum(string["Power"] for string in strings.values()) == pytest.approx(state.solar_w, rel=0.01)
    assert [strings[letter]["Connected"] for letter in "ABCDEF"] == [True, False, True, True, False, False]
    assert list(pw.temps().values()) == [unit.temperature_c for unit in units]
    blocks = pw.system_status()["battery_blocks"]
    assert [block["nominal_full_pack_energy"] for block in blocks] == pytest.approx(
        [unit.full_wh for unit in units], abs=1
    )
    assert "PVS_a018_MciStringB" in pw.alerts()


def test_a_powerwall_3_by_cable(
    start: Start, connect: Connect, key: rsa.RSAPrivateKey, tmp_path: Path
) -> None:
    gateway = start("powerwall3")
    gateway.keys[public(key)] = True
    pw = connect(gateway, password=gateway.password, rsa_key_path=file_of(key, tmp_path))
    assert (pw.tedapi_mode, pw.din()) == ("v1r", gateway.din)
    check_powers(pw, gateway.site.state())
    check_powerwall_3(pw, gateway)
    assert pw.version() == gateway.firmware
    assert pw.set_reserve(40)
    assert gateway.operation["backup_reserve_percent"] == pytest.approx(43)
    assert pw.get_reserve(force=True) == pytest.approx(40)
    assert pw.set_mode("backup")
    assert (gateway.operation["real_mode"], pw.get_mode(force=True)) == ("backup", "backup")


@pytest.mark.parametrize(
    ("registered", "flag"),
    [(None, "key_unknown"), (False, "pending_verification")],
    ids=["unknown", "unconfirmed"],
)
def test_a_key_that_is_not_trusted(
    start: Start, connect: Connect, key: rsa.RSAPrivateKey, tmp_path: Path, registered: bool | None, flag: str
) -> None:
    gateway = start("powerwall3")
    if registered is not None:
        gateway.keys[public(key)] = registered
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        pw = connect(gateway, password=gateway.password, rsa_key_path=file_of(key, tmp_path))
        assert pw.poll(AGGREGATES) is None
    assert getattr(pw.client.tedapi.v1r_transport, flag)
    gateway.keys[public(key)] = True
    assert pw.poll(AGGREGATES, force=True)["load"]["instant_power"] == gateway.site.state().load_w


def test_a_signature_is_for_one_message_one_gateway_and_some_seconds(
    start: Start, connect: Connect, key: rsa.RSAPrivateKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = start("powerwall3")
    gateway.keys[public(key)] = True
    transport = connect(
        gateway, password=gateway.password, rsa_key_path=file_of(key, tmp_path)
    ).client.tedapi.v1r_transport
    envelope = block(16, b"")
    good = transport._signed_payload(envelope, gateway.din)

    def fault(routable: bytes) -> Any:
        return fields(inside(gateway._signed(routable), 12) or b"").get(1, 0)

    assert fault(good) == 0
    assert fault(good + block(10, envelope + b"\x00\x00")) == 5
    assert fault(transport._signed_payload(envelope, "1707000-11-J--OTHER")) == 5
    monkeypatch.setattr("pypowerwall.tedapi.tedapi_v1r.time.time", lambda: 1_000_000.0)
    stale = transport._signed_payload(envelope, gateway.din)
    monkeypatch.undo()
    assert fault(stale) == 17
    assert fault(b"") == 3


def test_config_is_written_only_over_what_was_read(start: Start) -> None:
    gateway = start("powerwall3")
    changed = json.loads(gateway._config())
    changed["site_info"]["backup_reserve_percent"] = 62
    blob = block(2, text(1, "config.json") + block(100, json.dumps(changed).encode()))
    mark = inside(gateway._file(block(1, b"")), 2, 2)
    assert mark is not None
    assert 6 not in fields(gateway._file(block(5, blob + block(3, b"older"))))
    assert gateway.operation["backup_reserve_percent"] == pytest.approx(24)
    assert 6 in fields(gateway._file(block(5, blob + block(3, mark))))
    assert gateway.operation["backup_reserve_percent"] == 62
    spoiled = block(2, block(100, b"{}")) + block(3, inside(gateway._file(b""), 2, 2) or b"")
    assert 6 not in fields(gateway._file(block(5, spoiled)))


def test_what_is_no_message_is_refused(start: Start) -> None:
    request = Request("POST", "/tedapi/v1r", b"\xff\xff", secure=True)
    assert start("powerwall3").answer(request).status == 400


@given(st.binary(max_size=60))
def test_whatever_comes_is_read_or_refused(message: bytes) -> None:
    try:
        found = fields(message)
    except ValueError:
        return
    assert all(isinstance(value, int | bytes) for value in found.values())


@given(st.integers(1, 2**29 - 1), st.integers(0, 2**64 - 1), st.binary(), st.text())
def test_fields_come_back(field: int, value: int, content: bytes, words: str) -> None:
    message = number(field, value) + block(field + 1, content) + text(field + 2, words)
    assert fields(message) == {field: value, field + 1: content, field + 2: words.encode()}
    assert inside(block(7, block(8, content)), 7, 8) == content
    assert inside(message, field, 1) is None
