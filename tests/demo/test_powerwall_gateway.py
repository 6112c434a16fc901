"""The virtual gateway is taken for a real one by pypowerwall, and fails as real ones do."""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypowerwall import Powerwall
from pypowerwall.local import tesla_pb2
from pypowerwall.local.exceptions import LoginError

from appliance.clock import DAY_MS, FakeClock
from appliance.demo import VirtualHouse
from appliance.demo.battery import Battery
from appliance.demo.house import House, HouseState
from appliance.demo.http_device import Fault
from appliance.demo.outages import Outage, Outages
from appliance.demo.powerwall_gateway import (
    AGGREGATES,
    FIRMWARE_WITHOUT_VITALS,
    GRID_STATUS,
    LOGIN,
    VITALS,
    PowerwallGateway,
)
from appliance.demo.powerwall_vitals import encode, vitals

pytestmark = pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
START = int(datetime(2026, 6, 14, 6, tzinfo=UTC).timestamp() * 1000)
NOON = START + 6 * 3_600_000
OUTAGE = Outage(START + 12 * 3_600_000, START + 13 * 3_600_000)
SOE = "/api/system_status/soe"
Connect = Callable[..., Powerwall]


@pytest.fixture(scope="module")
def house() -> House:
    battery = Battery(27.0, 10_000, reserve=0.2, fade=0.03)
    return House(FakeClock(START), battery=battery, outages=Outages((OUTAGE,)))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOON)


@pytest.fixture
def gateway(house: House, clock: FakeClock) -> Iterator[PowerwallGateway]:
    gateway = PowerwallGateway(house, clock, reserve=20)
    gateway.start()
    yield gateway
    gateway.stop()


@pytest.fixture
def connect(gateway: PowerwallGateway, tmp_path: Path) -> Iterator[Connect]:
    """A new pypowerwall that knows no session; nothing is kept from one call to the next."""
    made: list[Powerwall] = []

    def build(password: str = "", **more: Any) -> Powerwall:
        how = {"pwcacheexpire": 0, "timeout": 2, "failover": False, **more}
        cache = tmp_path / f"session{len(made)}"
        zone, email = "Europe/Stockholm", "nobody@example.org"
        made.append(
            Powerwall(gateway.address, password or gateway.password, email, zone, cachefile=str(cache), **how)
        )
        return made[-1]

    yield build
    for each in made:
        each.client.session.close()


def truth(gateway: PowerwallGateway) -> HouseState:
    return gateway.site.state()


@pytest.mark.parametrize("authmode", ["cookie", "token"])
def test_pypowerwall_reads_powers_and_charge(
    gateway: PowerwallGateway, connect: Connect, authmode: str
) -> None:
    pw, state = connect(authmode=authmode), truth(gateway)
    assert pw.is_connected()
    power = pw.power()
    assert power == {
        "site": state.grid_w,
        "solar": state.solar_w,
        "battery": state.battery_w,
        "load": state.load_w,
    }
    assert power["load"] == power["site"] + power["battery"] + power["solar"]
    assert power["solar"] > 1000
    assert pw.level(scale=True) == pytest.approx(state.soc)
    assert pw.level() == pytest.approx(state.soc * 0.95 + 5)
    assert (pw.grid_status(), pw.grid_status("numeric")) == ("UP", 1)


def test_registers_are_wh_of_the_house(gateway: PowerwallGateway, connect: Connect) -> None:
    pw, state = connect(), truth(gateway)
    site, battery, solar, load = (
        getattr(pw, name)(verbose=True) for name in ("site", "battery", "solar", "load")
    )
    assert site["energy_imported"] == pytest.approx(state.import_kwh * 1000, abs=0.01)
    assert site["energy_exported"] == pytest.approx(state.export_kwh * 1000, abs=0.01)
    assert battery["energy_imported"] == pytest.approx(state.charged_kwh * 1000, abs=0.01)
    assert battery["energy_exported"] == pytest.approx(state.discharged_kwh * 1000, abs=0.01)
    assert solar["energy_exported"] == pytest.approx(state.solar_kwh * 1000, abs=0.01)
    assert load["energy_imported"] == pytest.approx(state.load_kwh * 1000, abs=0.01)


def test_pypowerwall_reads_who_and_how_it_is(gateway: PowerwallGateway, connect: Connect) -> None:
    pw = connect()
    assert pw.din() == "1232100-00-E--TGVH00000000G"
    assert pw.version() == gateway.firmware
    assert pw.version(int_value=True) == 232802
    assert pw.uptime() == "10h45m53.000000s"
    assert pw.site_name() == "Virtual house"
    assert pw.get_mode() == "self_consumption"
    assert pw.get_reserve() == pytest.approx(20)
    assert pw.get_reserve(scale=False) == pytest.approx(24)
    assert pw.poll("/api/sitemaster")["status"] == "StatusUp"
    assert pw.poll("/api/site_info")["nominal_system_energy_kWh"] == 27
    assert len(pw.poll("/api/powerwalls")["powerwalls"]) == 2
    assert pw.poll("/api/customer/registration")["registered"]
    assert pw.poll("/api/meters/site")[0]["Cached_readings"]["instant_power"] == truth(gateway).grid_w
    assert pw.get_grid_charging() is None


def test_pypowerwall_reads_the_units(gateway: PowerwallGateway, connect: Connect) -> None:
    pw, state = connect(), truth(gateway)
    status, blocks = pw.system_status(), pw.battery_blocks()
    full = status["nominal_full_pack_energy"]
    assert full == pytest.approx(state.capacity_kwh * 1000 / 0.95, abs=0.1)
    assert status["nominal_energy_remaining"] == pytest.approx(full * pw.level() / 100, abs=0.1)
    assert pw.get_time_remaining() == pytest.approx(status["nominal_energy_remaining"] / state.load_w)
    assert status["available_blocks"] == len(blocks) == 2
    for key, whole in (
        ("nominal_full_pack_energy", full),
        ("nominal_energy_remaining", status["nominal_energy_remaining"]),
        ("p_out", state.battery_w),
    ):
        assert sum(block[key] for block in blocks.values()) == pytest.approx(whole, abs=0.2)
    assert {block["temperature"] for block in blocks.values()} == set(pw.temps().values())
    assert all(5 < degrees < 45 for degrees in pw.temps().values())


def test_vitals_come_through_protobuf_as_they_were_meant(gateway: PowerwallGateway, connect: Connect) -> None:
    assert connect().vitals() == vitals(gateway.site, truth(gateway))


def test_strings_add_up_to_the_sun(gateway: PowerwallGateway, connect: Connect) -> None:
    strings = connect().strings()
    assert list(strings) == ["A", "B", "C", "D"]
    assert sum(string["Power"] for string in strings.values()) == truth(gateway).solar_w
    assert strings["B"] == {
        "Connected": False,
        "Current": 0,
        "Power": 0,
        "State": "PV_Active",
        "Voltage": -2.1,
    }
    for letter in "ACD":
        string = strings[letter]
        assert string["Connected"]
        assert string["Power"] == pytest.approx(string["Voltage"] * string["Current"], rel=0.01)


def test_new_firmware_has_no_vitals_but_strings_and_alerts(
    gateway: PowerwallGateway, connect: Connect
) -> None:
    gateway.firmware = FIRMWARE_WITHOUT_VITALS
    pw = connect()
    assert pw.vitals() is None
    assert pw.temps() == {}
    assert sum(string["Power"] for string in pw.strings().values()) == truth(gateway).solar_w
    assert {"PVS_a018_MciStringB", "SystemConnectedToGrid"} <= set(pw.alerts())
    gateway.clear()
    assert connect().temps()


def test_alerts_come_and_go(gateway: PowerwallGateway, clock: FakeClock) -> None:
    seen = []
    for _ in range(7 * 24 * 6):
        clock.jump(600_000)
        seen.append({alert for _, alert in gateway.site.alerts(truth(gateway))})
    always, ever = set.intersection(*seen), set.union(*seen)
    assert "PVS_a018_MciStringB" in always
    passing = ever - always
    assert {"SystemIslandedActive", "UnscheduledIslandContactorOpen", "POD_w110_SW_EOC"} <= passing
    assert len(passing) > 6
    again = PowerwallGateway(gateway.site.house, clock).site
    assert again.alerts(truth(gateway)) == gateway.site.alerts(truth(gateway))


def test_operation_keeps_what_is_posted_raw(gateway: PowerwallGateway, connect: Connect) -> None:
    pw = connect()
    assert pw.set_operation(level=62, mode="backup")["real_mode"] == "backup"
    assert (pw.get_mode(), pw.get_reserve()) == ("backup", pytest.approx(60))
    pw.set_reserve(24)
    assert (pw.get_mode(), pw.get_reserve(scale=False)) == ("backup", 24)
    assert pw.set_operation(mode="party") is None
    assert gateway.operation["real_mode"] == "backup"


@pytest.mark.parametrize(
    ("into_ms", "word", "text"),
    [
        (0, "SystemIslandedActive", "DOWN"),
        (3_590_000, "SystemTransitionToGrid", "SYNCING"),
        (3_600_000, "SystemGridConnected", "UP"),
    ],
)
def test_an_outage_is_told(
    gateway: PowerwallGateway, connect: Connect, clock: FakeClock, into_ms: int, word: str, text: str
) -> None:
    clock.jump(OUTAGE.start + into_ms - clock.now())
    pw = connect()
    assert pw.poll(GRID_STATUS)["grid_status"] == pw.system_status()["system_island_state"] == word
    assert pw.grid_status() == text
    power = pw.power()
    assert power["load"] == power["solar"] + power["battery"] + power["site"]
    assert power["site"] == 0 or text == "UP"
    assert ("SystemConnectedToGrid" in pw.alerts()) == (text == "UP")
    assert pw.poll(AGGREGATES)["site"]["instant_average_voltage"] > 200 or text == "DOWN"


def test_capacity_fades_over_the_months(house: House) -> None:
    clock = FakeClock(NOON)
    gateway = PowerwallGateway(house, clock)

    def sizes() -> list[float]:
        return [unit.full_wh for unit in gateway.site.units(truth(gateway))]

    new = sizes()
    clock.jump(120 * DAY_MS)
    old = sizes()
    assert [before > after for before, after in zip(new, old, strict=True)] == [True, True]
    assert sum(old) / sum(new) == pytest.approx(1 - 0.03 * 120 / 365.25, abs=1e-3)
    assert new[0] - old[0] > new[1] - old[1]


def test_what_went_through_a_unit_only_rises(gateway: PowerwallGateway, clock: FakeClock) -> None:
    before = gateway.site.units(truth(gateway))
    for _ in range(200):
        clock.jump(1_800_000)
        after = gateway.site.units(truth(gateway))
        for old, new in zip(before, after, strict=True):
            assert new.charged_wh >= old.charged_wh
            assert new.discharged_wh >= old.discharged_wh
        assert sum(unit.charged_wh for unit in after) == pytest.approx(truth(gateway).charged_kwh * 1000)
        before = after


def test_the_virtual_house_has_two_of_them_and_a_street_that_fails(clock: FakeClock, tmp_path: Path) -> None:
    with VirtualHouse(clock, tmp_path) as virtual:
        (said,) = (source for source in virtual.config()["sources"] if source["type"] == "powerwall")
        cache, zone = str(tmp_path / "session"), "Europe/Stockholm"
        host, password = said["host"], said["password"]
        pw = Powerwall(host, password, "nobody@example.org", zone, cachefile=cache, failover=False)
        assert len(pw.battery_blocks()) == 2
        assert pw.get_reserve() == pytest.approx(20)
        assert pw.power()["load"] == virtual.house.state().load_w
        pw.client.session.close()
        first, *later = virtual.house.outages.between(NOON, NOON + 31 * DAY_MS)
        assert first.start - NOON == 1_800_000
        assert 9 <= len(later) <= 12
        assert virtual.house.state_at(first.start).grid == "down"


# Failures


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=500),
        Fault(status=503),
        Fault(status=404),
        Fault(status=403),
        Fault(truncated=True),
        Fault(cut=True),
    ],
    ids=["500", "503", "404", "403", "truncated", "cut"],
)
def test_a_failing_path_is_zero_to_pypowerwall_and_no_other_path_is(
    gateway: PowerwallGateway, connect: Connect, fault: Fault
) -> None:
    gateway.faults[AGGREGATES] = fault
    pw = connect()
    assert pw.power() == {"site": 0.0, "solar": 0.0, "battery": 0.0, "load": 0.0}
    assert pw.poll(AGGREGATES, force=True) is None
    assert pw.level() is not None
    gateway.clear()
    assert connect().power()["load"] == truth(gateway).load_w


def test_the_whole_gateway_fails_and_recovers(gateway: PowerwallGateway, connect: Connect) -> None:
    gateway.fault = Fault(status=500)
    pw = connect()
    assert (pw.is_connected(), pw.level(), pw.poll(AGGREGATES)) == (False, None, None)
    gateway.clear()
    assert pw.is_connected()
    gateway.stop()
    assert (pw.is_connected(), pw.level()) == (False, None)
    gateway.start()
    assert pw.is_connected()


def test_too_many_requests_silence_pypowerwall(gateway: PowerwallGateway, connect: Connect) -> None:
    pw = connect()
    assert pw.is_connected()
    gateway.faults[SOE] = Fault(status=429)
    assert pw.level() is None
    asked = gateway.requests
    assert pw.poll(AGGREGATES) is None, "pypowerwall asks nothing for five minutes"
    assert gateway.requests == asked


def test_a_page_instead_of_an_answer(gateway: PowerwallGateway, connect: Connect) -> None:
    gateway.fault = Fault(page="<html>Bad gateway</html>")
    pw = connect()
    assert pw.poll(AGGREGATES) == "<html>Bad gateway</html>"
    assert pw.is_connected()
    with pytest.raises(TypeError):
        pw.grid_status()


@pytest.mark.parametrize("how", ["missing_blocks", "null_blocks"])
def test_a_block_is_missing(gateway: PowerwallGateway, connect: Connect, how: str) -> None:
    setattr(gateway, how, frozenset({"battery"}))
    pw = connect()
    assert pw.poll(AGGREGATES).get("battery") is None
    assert ("battery" in pw.poll(AGGREGATES)) == (how == "null_blocks")
    assert pw.power()["site"] == truth(gateway).grid_w
    assert pw.battery() == 0.0


def test_a_word_nobody_knows(gateway: PowerwallGateway, connect: Connect) -> None:
    gateway.grid_says = "SystemDreaming"
    pw = connect()
    assert pw.poll(GRID_STATUS)["grid_status"] == "SystemDreaming"
    assert pw.grid_status() is None


@pytest.mark.parametrize("slow", [True, False], ids=["slow", "tls hangs"])
def test_who_waits_too_long_gets_nothing(gateway: PowerwallGateway, connect: Connect, slow: bool) -> None:
    if slow:
        gateway.fault = Fault(wait_s=1)
    else:
        gateway.tls_hangs = True
    pw = connect(timeout=0.2)
    assert pw.poll(AGGREGATES) is None
    gateway.clear()
    assert pw.poll(AGGREGATES) is not None


def test_wrong_password_and_a_login_that_is_limited(gateway: PowerwallGateway, connect: Connect) -> None:
    with pytest.raises(LoginError, match="check password"):
        connect("wrong").power()
    gateway.faults[LOGIN] = Fault(status=429)
    pw = connect()
    with pytest.raises(LoginError, match="429"):
        pw.level()
    with pytest.raises(TypeError):
        pw.grid_status()
    gateway.clear()
    assert pw.level()
    gateway.password = "other"
    gateway.log_out()
    with pytest.raises(LoginError):
        pw.level()


def test_a_lost_session_is_renewed_by_itself(gateway: PowerwallGateway, connect: Connect) -> None:
    pw = connect()
    assert pw.level()
    gateway.log_out()
    assert pw.level()
    assert [request.path for request in gateway.log].count(LOGIN) == 2


def test_what_is_not_there_and_who_is_not_known(gateway: PowerwallGateway, connect: Connect) -> None:
    assert connect().poll("/api/unheard/of") is None
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    for url, context, status in (
        (f"https://{gateway.address}{VITALS}", trusting, 401),
        (f"http://{gateway.address}{VITALS}", None, 400),
    ):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(url, context=context)
        with refused.value as answer:
            assert answer.status == status
            assert status == 400 or json.load(answer)["code"] == 401
    with pytest.raises(urllib.error.URLError, match="self-signed"):
        urllib.request.urlopen(f"https://{gateway.address}/api/status")


@given(
    values=st.dictionaries(
        st.text(min_size=1).map(lambda name: "V_" + name),
        st.booleans() | st.text() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False),
    ),
    alerts=st.lists(st.text()),
    at=st.integers(0, 2**40),
)
@settings(max_examples=60, deadline=None)
def test_any_vitals_survive_the_message(values: dict[str, Any], alerts: list[str], at: int) -> None:
    said = {**values, "serialNumber": "S1", "lastCommunicationTime": at, "alerts": alerts}
    device = tesla_pb2.DevicesWithVitals.FromString(encode({"PVAC--1--S1": said})).devices[0]
    assert device.device.device.din.value == "PVAC--1--S1"
    assert device.device.device.lastCommunicationTime.seconds == at
    assert list(device.alerts) == alerts
    kinds = ("intValue", "boolValue", "stringValue", "floatValue")
    found = {
        vital.name: next(getattr(vital, kind) for kind in kinds if vital.HasField(kind))
        for vital in device.vitals
    }
    assert found == values
    assert {name: type(value) for name, value in found.items()} == {
        name: type(value) for name, value in values.items()
    }
