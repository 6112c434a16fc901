"""The homewizard source against emulated devices: both APIs, pairing, tokens, faults, moves."""

import json
import ssl
import stat
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from pydantic import ValidationError

from appliance.clock import Clock, FakeClock, ScaledClock
from appliance.demo.homewizard import HomeWizard
from appliance.demo.homewizard_certificate import server_context
from appliance.demo.house import House
from appliance.demo.http_device import Fault
from appliance.errors import AuthError, SourceError
from appliance.gate import Gate
from appliance.model import Batch, Event, Quantity, Reading
from appliance.sources import _homewizard_ca
from appliance.sources._homewizard_link import ButtonError, TokenError
from appliance.sources.base import Context, Finder
from appliance.sources.homewizard import Options, Source
from config.secrets import SecretBox

START = 1_792_836_000_000
SERIAL = "5c2faf0a0b0c"

Device = Callable[..., HomeWizard]
Make = Callable[..., Source]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START)


@pytest.fixture
def device(clock: FakeClock) -> Iterator[Device]:
    running: list[HomeWizard] = []

    def build(kind: str = "HWE-P1", time: Clock | None = None, **more: Any) -> HomeWizard:
        time = time or clock
        made = HomeWizard(House(time), time, kind, **more)
        made.start()
        running.append(made)
        return made

    yield build
    for each in running:
        each.stop()


@pytest.fixture
def make(clock: FakeClock, tmp_path: Path) -> Make:
    def build(
        target: HomeWizard, find: Finder | None = None, time: Clock | None = None, **more: Any
    ) -> Source:
        ca = tmp_path / f"ca-{target.port}.pem"
        ca.write_text(target.ca_pem)
        where = {} if "serial" in more and find else {"host": f"127.0.0.1:{target.port}"}
        asked = Options.model_validate({"timeout_s": 2, "ca_file": ca, "name": "hw", **where, **more})
        lent: dict[str, Any] = {"find": find} if find else {}
        context = Context(
            time or clock, tmp_path / "sources", target.house.zone, secrets=SecretBox(tmp_path, {}), **lent
        )
        return Source(asked, context)

    return build


@asynccontextmanager
async def running(source: Source) -> AsyncIterator[AsyncIterator[Batch]]:
    async with aclosing(source.batches()) as batches:
        yield batches


async def first(source: Source) -> dict[Quantity, float]:
    async with running(source) as batches:
        return of(await anext(batches))


def of(batch: Batch) -> dict[Quantity, float]:
    return {fact.quantity: fact.value for fact in batch if isinstance(fact, Reading)}


async def until_refused(batches: AsyncIterator[Batch]) -> list[Batch]:
    """Listen on until it raises."""
    return [batch async for batch in batches]


def files_with(text: str, folder: Path) -> list[Path]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return [path for path in files if text.encode() in path.read_bytes()]


def texts(batch: Batch) -> list[str]:
    return [fact.name for fact in batch if isinstance(fact, Event)]


async def batch(source: Source) -> list[Reading]:
    async with running(source) as batches:
        return [fact for fact in await anext(batches) if isinstance(fact, Reading)]


async def refused(source: Source) -> SourceError:
    with pytest.raises(SourceError) as caught:
        await first(source)
    return caught.value


# API v1


async def test_v1_gives_the_house(device: Device, make: Make, clock: FakeClock) -> None:
    p1 = device()
    got, state = await first(make(p1)), p1.house.state()
    assert got[Quantity.POWER_GRID] == state.grid_w
    assert got[Quantity.ENERGY_IMPORT] == pytest.approx(state.import_kwh, abs=0.001)
    assert got[Quantity.GAS] == pytest.approx(state.gas_m3, abs=0.01)
    assert len(got) > 20
    assert p1.users == {}


async def test_it_is_asked_as_often_as_said_and_no_sooner(
    device: Device, make: Make, clock: FakeClock
) -> None:
    p1 = device()
    async with running(make(p1, api="v1", time=ScaledClock(10, START), every_s=2)) as batches:
        await anext(batches)
        before = p1.requests
        for _ in range(3):
            await anext(batches)
        assert p1.requests == before + 3
    with pytest.raises(ValidationError, match="every_s"):
        Options(host="x", every_s=0.4)


async def test_gas_is_told_when_it_was_read_anew(device: Device, make: Make) -> None:
    time = ScaledClock(600, START)
    p1 = device(time=time)
    told = []
    async with running(make(p1, api="v1", time=time, every_s=60)) as batches:
        for _ in range(12):
            told += [fact.at for fact in await anext(batches) if getattr(fact, "quantity", "") == "gas"]
    assert len(told) == len(set(told))
    assert 2 <= len(told) <= 4


async def test_every_kind_of_device(device: Device, make: Make) -> None:
    wanted = {
        "HWE-SKT": ({"measures": "load"}, Quantity.POWER_LOAD),
        "HWE-KWH1": ({"measures": "load"}, Quantity.POWER_LOAD),
        "SDM230-wifi": ({"measures": "grid"}, Quantity.POWER_GRID),
        "HWE-KWH3": ({"measures": "solar"}, Quantity.POWER_SOLAR),
        "SDM630-wifi": ({"measures": "solar", "reverse": True}, Quantity.POWER_SOLAR),
        "HWE-WTR": ({}, Quantity.WATER),
    }
    for number, (kind, (more, quantity)) in enumerate(wanted.items()):
        made = device(kind, serial=f"5c2faf00000{number}")
        got = await first(make(made, name=f"hw{number}", **more))
        assert quantity in got, kind
    assert "measures" in str(await refused(make(device("HWE-SKT"), name="socket")))


async def test_the_whole_telegram(device: Device, make: Make, clock: FakeClock) -> None:
    p1 = device()
    got = await first(make(p1, telegram=True))
    assert got[Quantity.POWER_GRID] == p1.house.state().grid_w
    assert Quantity.GAS in got
    p1.without = frozenset({"telegram"})
    assert "P1 port" in str(await refused(make(p1, telegram=True)))
    assert "no P1 meter" in str(
        await refused(make(device("HWE-WTR", serial="5c2faf000001"), name="w", telegram=True))
    )


# What goes wrong, and what is said of it


async def test_a_switched_off_api_is_explained(device: Device, make: Make) -> None:
    p1 = device()
    p1.api_enabled = False
    error = await refused(make(p1, api="v1"))
    assert isinstance(error, AuthError)
    assert "Local API" in str(error)
    assert "Settings > Meters > your meter" in str(error)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault(status=500), "fault of its own"),
        (Fault(cut=True), "cannot be reached"),
        (Fault(wait_s=5), "did not answer within 0.3 s"),
        (Fault(status=503), "busy"),
    ],
)
async def test_faults_have_a_sentence_each(device: Device, make: Make, fault: Fault, said: str) -> None:
    p1 = device()
    p1.fault = fault
    assert said in str(await refused(make(p1, api="v1", timeout_s=0.3)))


async def test_a_part_of_an_answer_is_no_answer(device: Device, make: Make) -> None:
    p1 = device()
    p1.truncated = True
    assert "only a part" in str(await refused(make(p1, api="v1")))


async def test_nobody_there(device: Device, make: Make) -> None:
    p1 = device()
    p1.stop()
    for api in ("auto", "v1", "v2"):
        assert not isinstance(await refused(make(p1, api=api)), AuthError)


async def test_missing_phases_are_not_zero(device: Device, make: Make) -> None:
    p1 = device()
    p1.without = frozenset({"power_l2_w", "current_l2_a", "voltage_l2_v", "external"})
    got = await first(make(p1))
    assert Quantity.POWER_L1 in got
    assert not {Quantity.POWER_L2, Quantity.CURRENT_L2, Quantity.VOLTAGE_L2, Quantity.GAS} & set(got)


async def test_another_device_at_the_address_is_not_taken_for_it(device: Device, make: Make) -> None:
    await first(make(device()))
    other = device(serial="5c2faf999999")
    for api in ("v1", "auto"):
        error = str(await refused(make(other, api=api)))
        assert "5c2faf999999" in error
        assert SERIAL in error
    assert await first(make(other, serial="5c2faf999999"))
    assert SERIAL in str(await refused(make(other, serial=SERIAL)))


# API v2


async def test_paired_by_the_button_and_the_token_kept_sealed(
    device: Device, make: Make, clock: FakeClock, tmp_path: Path
) -> None:
    p1 = device()
    waiting = await refused(make(p1, api="v2"))
    assert isinstance(waiting, ButtonError)
    assert waiting.again_s is not None
    assert waiting.again_s <= 10
    assert "Press the button" in str(waiting)
    clock.tick(60)
    p1.press()
    clock.tick(29)
    got = await first(make(p1, api="v2"))
    assert got[Quantity.POWER_GRID] == p1.house.state().grid_w
    ((user, token),) = p1.users.items()
    assert user.startswith("local/tallywatt-")
    kept = tmp_path / "sources" / "hw" / "homewizard.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert files_with(token, tmp_path) == []
    # A restart takes the same token, and auto prefers it.
    assert await first(make(p1, api="auto"))
    assert p1.users == {user: token}


async def test_the_window_after_the_button_closes(device: Device, make: Make, clock: FakeClock) -> None:
    p1 = device()
    p1.press()
    clock.tick(31)
    assert isinstance(await refused(make(p1, api="v2")), ButtonError)


async def test_auto_offers_both_ways_where_v1_is_off(device: Device, make: Make) -> None:
    p1 = device()
    p1.api_enabled = False
    error = await refused(make(p1))
    assert isinstance(error, ButtonError)
    assert "Press the button" in str(error)
    assert "Local API" in str(error)
    p1.press()
    assert await first(make(p1))


async def test_the_battery_speaks_v2_alone(device: Device, make: Make) -> None:
    battery = device("HWE-BAT")
    battery.press()
    got = await first(make(battery))
    assert got[Quantity.POWER_BATTERY] == battery.house.state().battery_w
    assert got[Quantity.STATE_OF_CHARGE] == battery.house.state().soc


async def test_a_revoked_token_is_explained_and_another_one_had(device: Device, make: Make) -> None:
    p1 = device()
    p1.press()
    await first(make(p1, api="v2"))
    user = next(iter(p1.users))
    p1.revoke()
    error = await refused(make(p1, api="v2"))
    assert isinstance(error, ButtonError)
    assert "revoked" in str(error)
    assert "Press the button" in str(error)
    p1.press()
    assert await first(make(p1, api="v2"))
    assert list(p1.users) == [user]  # one name, one token: none is left behind


async def test_revoked_in_the_middle(device: Device, make: Make) -> None:
    time = ScaledClock(50, START)
    p1 = device(time=time)
    p1.press()
    async with running(make(p1, time=time, api="v2")) as batches:
        await anext(batches)
        p1.revoke()
        with pytest.raises(TokenError, match="revoked"):
            await until_refused(batches)


async def test_a_token_of_the_owner_s(device: Device, make: Make) -> None:
    p1 = device()
    p1.users["local/owner"] = "A" * 32
    assert await first(make(p1, api="v2", token="A" * 32))
    p1.press()
    error = await refused(make(p1, api="v2", token="B" * 32))
    assert isinstance(error, AuthError)
    assert error.again_s is None
    assert "token" in str(error)
    assert list(p1.users) == ["local/owner"]


async def test_a_lost_key_means_pairing_again(device: Device, make: Make, tmp_path: Path) -> None:
    p1 = device()
    p1.press()
    await first(make(p1, api="v2"))
    (tmp_path / "tallywatt.key").unlink()
    assert isinstance(await refused(make(p1, api="v2")), ButtonError)
    p1.press()
    assert await first(make(p1, api="v2"))


async def test_no_token_for_a_stranger(device: Device, make: Make) -> None:
    """Signed by somebody else, or called by another name: nothing is sent to it."""
    p1 = device()
    p1.press()
    p1.tls, _ = server_context(p1.identity)
    assert "did not sign" in str(await refused(make(p1, api="v2")))
    assert p1.users == {}
    odd = device()
    odd.press()
    odd.tls, odd.ca_pem = server_context("www.example.com")
    assert "no HomeWizard device" in str(await refused(make(odd, api="v2", name="odd")))
    assert odd.users == {}


async def test_homewizard_s_own_authority_is_believed_by_default(device: Device, make: Make) -> None:
    p1 = device()
    assert "did not sign" in str(await refused(make(p1, api="v2", ca_file=None)))


OLD_STYLE = """
set -e
printf '[req]\\ndistinguished_name = dn\\n[dn]\\n' > plain.cnf
new() { openssl req -config plain.cnf -newkey rsa:2048 -nodes "$@"; }
device='/CN=appliance\\/p1dongle\\/5c2faf0a0b0c'
if openssl req -help 2>&1 | grep -q x509v1; then  # OpenSSL 3.3 and later make version 3 unless asked
    new -x509v1 -keyout ca.key -subj '/CN=Appliance Access CA' -days 30 -out ca.pem
    new -x509v1 -keyout d.key -subj "$device" -CA ca.pem -CAkey ca.key -days 30 -out d.pem
else
    new -keyout ca.key -subj '/CN=Appliance Access CA' -out ca.csr
    openssl x509 -req -in ca.csr -signkey ca.key -days 30 -out ca.pem
    new -keyout d.key -subj "$device" -out d.csr
    openssl x509 -req -in d.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -out d.pem
fi
cat d.key d.pem > both.pem
"""


@pytest.fixture
def old_style(tmp_path: Path, need: Callable[[str, str], str]) -> Path:
    """A folder with `ca.pem` and, of a device, `both.pem`: certificates of version 1."""
    need("openssl", "openssl")
    done = subprocess.run(["sh", "-c", OLD_STYLE], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    authority = x509.load_pem_x509_certificate((tmp_path / "ca.pem").read_bytes())
    assert authority.version is x509.Version.v1
    return tmp_path


async def test_certificates_of_version_1_are_understood(device: Device, make: Make, old_style: Path) -> None:
    """HomeWizard's authority has such a one: without the extensions that stricter rules want."""
    assert x509.load_pem_x509_certificate(_homewizard_ca.PEM.encode()).version is x509.Version.v1
    p1 = device()
    p1.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    p1.tls.load_cert_chain(old_style / "both.pem")
    p1.ca_pem = (old_style / "ca.pem").read_text()
    p1.users["local/owner"] = "A" * 32
    assert await first(make(p1, api="v2", token="A" * 32))


# Push


async def test_measurements_come_by_themselves(device: Device, make: Make) -> None:
    time = ScaledClock(20, START)
    p1 = device(time=time)
    p1.press()
    async with running(make(p1, time=time, api="v2", every_s=5)) as batches:
        await anext(batches)
        asked, ats = p1.requests, []
        for _ in range(4):
            ats += [fact.at for fact in await anext(batches) if getattr(fact, "quantity", "") == "power_grid"]
        assert p1.requests == asked
    gaps = [later - earlier for earlier, later in pairwise(ats)]
    assert all(gap >= 4000 for gap in gaps), gaps


async def test_a_silent_device_is_asked_instead(device: Device, make: Make) -> None:
    time = ScaledClock(100, START)
    p1 = device(time=time)
    p1.press()
    p1.silent = True
    source = make(p1, time=time, api="v2")
    async with running(source) as batches:
        began = time.monotonic()
        assert texts(await anext(batches)) == ["push_silent"]
        assert time.monotonic() - began >= 3 * source.cadence_s
        assert of(await anext(batches))[Quantity.POWER_GRID] == pytest.approx(
            p1.house.state().grid_w, abs=9000
        )


async def test_silence_is_told_once_and_tried_more_and_more_seldom(device: Device, make: Make) -> None:
    time = ScaledClock(1000, START)
    p1 = device(time=time)
    p1.users["local/owner"] = "A" * 32
    p1.silent = True
    told, heard = 0, 0
    async with running(make(p1, time=time, api="v2", token="A" * 32, every_s=60)) as batches:
        while time.now() < START + 1_500_000:
            batch = await anext(batches)
            told += len(texts(batch))
            heard += bool(of(batch))
        assert (told, heard >= 5) == (1, True)
        p1.silent = False
        while not p1.pushed:
            await anext(batches)


# Old measurements


async def test_a_meter_that_went_silent_is_told(device: Device, make: Make) -> None:
    time = ScaledClock(100, START)
    p1 = device("HWE-P1", time=time)
    p1.press()
    p1.silent = True
    async with running(make(p1, time=time, api="v2", telegram=True)) as batches:
        assert of(await anext(batches))
        p1.frozen_at = time.now()
        with pytest.raises(SourceError, match=r"sent nothing since .*P1 port"):
            await until_refused(batches)


async def test_an_old_measurement_is_no_present_one(device: Device, make: Make, clock: FakeClock) -> None:
    """Believed only once the meter's clock has been seen to go on: then it merely runs wrong."""
    p1 = device()
    p1.users["local/owner"] = "A" * 32
    clock.tick(7200)
    p1.frozen_at = clock.now() - 3_600_000
    source = make(p1, api="v2", token="A" * 32, telegram=True)
    assert await first(source) == {}
    p1.frozen_at += 1000
    assert await first(source)


async def test_a_register_that_falls_is_not_believed(device: Device, make: Make, clock: FakeClock) -> None:
    p1, gate = device(), Gate()
    good = [r for r in await batch(make(p1)) if r.quantity is Quantity.ENERGY_IMPORT]
    p1.fallen_kwh = 100
    clock.tick(10)
    bad = [r for r in await batch(make(p1)) if r.quantity is Quantity.ENERGY_IMPORT]
    assert gate.judge(good[0], clock.now()).reading is not None
    verdict = gate.judge(bad[0], clock.now())
    assert verdict.reading is None
    assert verdict.event is not None
    assert "never runs backwards" in verdict.event.text


# Followed by its serial number


async def test_found_by_its_serial_and_followed(device: Device, make: Make) -> None:
    p1 = device()

    async def find(serial: str) -> Mapping[str, str]:
        assert serial == SERIAL
        return {"v1": f"127.0.0.1:{p1.port}"} if p1.port else {}

    source = make(p1, find=find, serial=SERIAL.upper())
    assert await first(source)
    old = p1.port
    p1.move()
    assert p1.port != old
    assert await first(source)


async def test_not_heard_of(device: Device, make: Make) -> None:
    async def find(serial: str) -> Mapping[str, str]:
        return {}

    assert "is heard" in str(await refused(make(device(), find=find, serial=SERIAL)))

    async def only_v1(serial: str) -> Mapping[str, str]:
        return {"v1": "127.0.0.1:1"}

    assert "API v2" in str(await refused(make(device(), find=only_v1, serial=SERIAL, api="v2")))


# Options


@pytest.mark.parametrize("wrong", [{}, {"host": "http://x"}, {"serial": "12"}, {"host": "x", "api": "v3"}])
def test_options_that_cannot_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Options(**wrong)


@pytest.mark.parametrize("host", ["192.168.1.20", "p1meter-ddeeff.local", "127.0.0.1:8080", "[fe80::1]"])
def test_addresses(host: str) -> None:
    assert Options(host=host).host == host


def test_the_token_is_not_shown() -> None:
    said = Options(host="x", token="A" * 32)
    assert "AAAA" not in repr(said) + json.dumps(said.model_dump(mode="json"))
