"""The MQTT sink's connection to a real Mosquitto: who may, TLS, what goes away and comes back, what dies."""

import asyncio
import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from appliance.errors import AuthError, SourceError
from appliance.sinks import _mqtt_link
from tests.peers.mosquitto import Broker, certificates, eventually, prepared
from tests.peers.process import running
from tests.peers.telling import Telling, telling, until

ROOT = Path(__file__).resolve().parents[2]
CONFIG = "homeassistant/device/tallywatt-1/config"
STATUS = "tallywatt/tallywatt-1/status"
USERS = {"one": "first", "two": "second", "all": "everything"}
ACL = """
user all
topic readwrite #

user one
topic readwrite tallywatt/tallywatt-1/#
topic write homeassistant/device/tallywatt-1/config
topic read homeassistant/status

user two
topic write tallywatt/tallywatt-2/#
"""


@pytest.fixture(scope="module")
def mosquitto(need: Callable[[str, str], str]) -> str:
    return need("mosquitto", "mosquitto")


async def works(made: Telling) -> None:
    await until(lambda: made.report.said and made.report.said[-1][0] == "ok")


async def fails(made: Telling, state: str, *texts: str) -> None:
    """It says that it does not work, and all of this."""
    await until(lambda: made.report.said)
    assert made.report.said[0][0] == state
    for text in texts:
        assert text in made.report.said[0][1]
    assert made.sink.delivery.last_error == made.report.said[0][1]
    assert made.sink.delivery.last_error_at is not None


# Who may


async def test_a_password(mosquitto: str, tmp_path: Path) -> None:
    with prepared(mosquitto, tmp_path / "broker", users=USERS).running() as broker:
        async with telling(tmp_path / "a", port=broker.port, username="one", password="first") as made:
            await works(made)
            said = await made.sink.test()
            assert said == f"The broker at 127.0.0.1:{broker.port} took a message (MQTT 5)"
        async with telling(tmp_path / "b", port=broker.port, username="one", password="wrong") as made:
            await fails(made, "needs_you", "refuses the user one", "check username and password")
            assert "wrong" not in made.report.said[0][1].replace("wrong password", "")
            with pytest.raises(AuthError, match="refuses the user one"):
                await made.sink.test()
        async with telling(tmp_path / "c", port=broker.port) as made:
            await fails(made, "needs_you", "refuses anyone without a user")


async def test_two_appliances_and_their_access_lists(mosquitto: str, tmp_path: Path) -> None:
    with prepared(mosquitto, tmp_path / "broker", users=USERS, acl=ACL).running() as broker:
        one = {"port": broker.port, "username": "one", "password": "first"}
        two = {"port": broker.port, "username": "two", "password": "second"}
        async with (
            telling(tmp_path / "1", id_="tallywatt-1", **one) as first,
            telling(tmp_path / "2", id_="tallywatt-2", **two) as second,
        ):
            first.tell("p1", power_grid=1)
            second.tell("p1", power_grid=2)
            # The second may not announce itself, and says so; its values arrive all the same.
            text = "publish to homeassistant/device/tallywatt-2/config"
            await until(lambda: any(text in said for _, said in second.report.said))
            assert [state for state, said in second.report.said if text in said] == ["needs_you"]
            assert second.sink.delivery.set_aside == 1
            await until(lambda: first.store.documents.get("mqtt", "mqtt"))
            assert {state for state, _ in first.report.said} == {"ok"}
            kept = await asyncio.to_thread(broker.retained, "all", "everything")
            assert kept["tallywatt/tallywatt-1/p1/power_grid"].payload == b"1"
            assert kept["tallywatt/tallywatt-2/p1/power_grid"].payload == b"2"
            assert CONFIG in kept
        async with telling(tmp_path / "3", id_="tallywatt-3", **two) as third:
            await fails(
                third, "needs_you", "does not let the user two publish to tallywatt/tallywatt-3/status"
            )


async def test_the_same_appliance_twice_does_not_kick_itself_out(mosquitto: str, tmp_path: Path) -> None:
    with prepared(mosquitto, tmp_path / "broker").running() as broker:
        async with (
            telling(tmp_path / "1", port=broker.port) as first,
            telling(tmp_path / "2", port=broker.port) as second,
        ):
            await works(first)
            await works(second)
            await asyncio.sleep(0.3)
            assert {state for state, _ in first.report.said + second.report.said} == {"ok"}


# TLS


async def test_tls(mosquitto: str, tmp_path: Path) -> None:
    with prepared(mosquitto, tmp_path / "broker", tls=True).running() as broker:
        tls = {"port": broker.port, "tls": True}
        async with telling(tmp_path / "a", ca_file=str(broker.folder / "ca.pem"), **tls) as made:
            await works(made)
            assert (await made.sink.test()).endswith("took a message (MQTT 5 with TLS)")
        async with telling(tmp_path / "b", insecure=True, **tls) as made:
            await works(made)
        async with telling(tmp_path / "c", **tls) as made:
            await fails(made, "needs_you", "cannot be trusted", "set ca_file")
        certificates(tmp_path / "others")
        async with telling(tmp_path / "d", ca_file=str(tmp_path / "others" / "ca.pem"), **tls) as made:
            await fails(made, "needs_you", "cannot be trusted")
        for file in (tmp_path / "no.pem", broker.folder / "mosquitto.conf"):
            async with telling(tmp_path / file.stem, ca_file=str(file), **tls) as made:
                await fails(made, "needs_you", f"{file.name} cannot be used", "a certificate in PEM form")
        async with telling(tmp_path / "f", port=broker.port) as made:
            await fails(made, "waiting", "check whether that port wants TLS")


async def test_tls_where_there_is_none(mosquitto: str, tmp_path: Path) -> None:
    with prepared(mosquitto, tmp_path / "broker").running() as broker:
        async with telling(tmp_path, port=broker.port, tls=True) as made:
            await fails(made, "waiting", "No TLS with the MQTT broker")


# What goes away


async def test_a_broker_that_is_away_and_comes(mosquitto: str, tmp_path: Path) -> None:
    broker = prepared(mosquitto, tmp_path / "broker")
    async with telling(tmp_path, port=broker.port) as made:
        await fails(
            made, "waiting", f"No MQTT broker answers at 127.0.0.1:{broker.port}", "check that it runs"
        )
        with pytest.raises(SourceError, match="No MQTT broker answers"):
            await made.sink.test()
        with broker.running():
            await works(made)


async def test_all_is_said_again_to_a_broker_that_forgot(mosquitto: str, tmp_path: Path) -> None:
    broker = prepared(mosquitto, tmp_path / "broker")
    wanted = {STATUS, CONFIG, "tallywatt/tallywatt-1/p1/power_grid", "tallywatt/tallywatt-1/p1/status"}
    async with telling(tmp_path, port=broker.port, cadences={"p1": 900.0}) as made:
        made.tell("p1", power_grid=7)
        for _ in range(2):
            with broker.running(), broker.listener() as listener:
                await until(lambda there=listener: wanted <= set(there.topics()))
                assert listener.topics()[STATUS] == "online"
            await until(lambda: made.report.said[-1][0] == "waiting")


async def test_old_states_are_never_replayed(mosquitto: str, tmp_path: Path) -> None:
    broker = prepared(mosquitto, tmp_path / "broker")
    async with telling(tmp_path, port=broker.port) as made:
        for watts in range(100):
            made.tell("p1", power_grid=watts, backup_reserve=watts)
        # Past the minute a power is true, within the half hour a reserve is.
        await asyncio.sleep(70 / 30)
        with broker.running(), broker.listener() as listener:
            await until(lambda: CONFIG in listener.topics())
            assert listener.heard("tallywatt/tallywatt-1/p1/power_grid") == []
            assert listener.heard("tallywatt/tallywatt-1/p1/backup_reserve") == ["99.0"]
            assert listener.topics()["tallywatt/tallywatt-1/p1/status"] == "offline"


async def test_nothing_waits_for_a_broker_that_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_mqtt_link, "ANSWER_S", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        async with telling(tmp_path, port=deaf.getsockname()[1]) as made:
            turns = 0
            while not made.report.said:
                await asyncio.sleep(0.01)
                turns += 1
            assert turns > 10
            text = "takes connections but answers no MQTT: check the port"
            assert made.report.said[0] == ("waiting", f"127.0.0.1:{deaf.getsockname()[1]} {text}")


# What dies


def test_a_killed_appliance_is_offline(mosquitto: str, tmp_path: Path) -> None:
    with prepared(mosquitto, tmp_path / "broker").running() as broker, broker.listener() as listener:
        command = [
            sys.executable,
            "-m",
            "tests.peers.telling",
            str(tmp_path),
            json.dumps({"port": broker.port}),
        ]
        there = lambda: listener.topics().get(STATUS) == "online"  # noqa: E731 - asked twice
        with running(command, tmp_path, there, env={"PYTHONPATH": str(ROOT)}) as process:
            assert there()
            process.kill()
            eventually(lambda: listener.topics()[STATUS] == "offline")
        assert broker.retained()[STATUS].payload == b"offline"


async def test_the_will_of_a_run_before_is_contradicted(mosquitto: str, tmp_path: Path) -> None:
    with prepared(mosquitto, tmp_path / "broker").running() as broker, broker.listener() as listener:
        before = Client(CallbackAPIVersion.VERSION2)
        before.will_set(STATUS, "offline", qos=1, retain=True)
        before.connect("127.0.0.1", broker.port)
        before.loop_start()
        await until(before.is_connected)
        async with telling(tmp_path, port=broker.port) as made:
            await works(made)
            cut = before.socket()
            assert cut is not None
            cut.shutdown(socket.SHUT_RDWR)
            await until(lambda: listener.heard(STATUS) == ["online", "offline", "online"])
        before.loop_stop()


# MQTT 3.1.1


class Elder:
    """Stands before a broker and lets only MQTT 3.1.1 through: refuses MQTT 5 as 3.1.1 says, or hangs up."""

    def __init__(self, broker: Broker, *, polite: bool) -> None:
        self._broker, self._polite = broker, polite
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self.versions: list[int] = []

    @contextmanager
    def running(self) -> Iterator["Elder"]:
        threading.Thread(target=self._serve, daemon=True).start()
        try:
            yield self
        finally:
            self._server.shutdown(socket.SHUT_RDWR)
            self._server.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            hello = client.recv(4096)
            version = hello[hello.index(b"MQTT") + 4]
            self.versions.append(version)
            if version == 4:
                there = socket.create_connection(("127.0.0.1", self._broker.port))
                there.sendall(hello)
                for pair in ((client, there), (there, client)):
                    threading.Thread(target=_pass_on, args=pair, daemon=True).start()
                continue
            if self._polite:
                client.sendall(b"\x20\x02\x00\x01")
            client.close()


def _pass_on(from_: socket.socket, to: socket.socket) -> None:
    try:
        while data := from_.recv(4096):
            to.sendall(data)
        to.shutdown(socket.SHUT_WR)
    except OSError:
        return


@pytest.mark.parametrize("polite", [True, False])
async def test_an_old_broker_is_spoken_to_in_its_own_tongue(
    mosquitto: str, tmp_path: Path, polite: bool
) -> None:
    with (
        prepared(mosquitto, tmp_path / "broker").running() as broker,
        Elder(broker, polite=polite).running() as old,
    ):
        async with telling(tmp_path / "a", port=old.port) as made:
            made.tell("p1", power_grid=3)
            await works(made)
            await until(lambda: made.store.documents.get("mqtt", "mqtt"))
            assert old.versions == [5, 4]
            assert (await made.sink.test()).endswith("(MQTT 3.1.1)")
            assert "waiting" not in {state for state, _ in made.report.said}
            kept = await asyncio.to_thread(broker.retained)
            assert kept["tallywatt/tallywatt-1/p1/power_grid"].payload == b"3"
        assert (await asyncio.to_thread(broker.retained))[STATUS].payload == b"offline"
        async with telling(tmp_path / "b", port=old.port, protocol="5") as made:
            await fails(made, "waiting", "does not speak MQTT 5" if polite else "hung up")
