"""HomeWizard devices of the virtual house: local API v1 (HTTP) and v2 (HTTPS, button, WebSocket) on one port.

Fields, paths and errors after https://api-documentation.homewizard.com; the client library python-homewizard-
energy 10 takes it for the real thing. The certificate is signed by an authority of its own, `ca_pem`.
"""

import json
import secrets
import threading
from socket import socket
from typing import Any

from appliance.demo import homewizard_push, p1
from appliance.demo.homewizard_certificate import server_context
from appliance.demo.homewizard_measured import MEASURED, Fields, in_v1
from appliance.demo.house import House, HouseClock
from appliance.demo.http_device import Answer, HttpDevice, Request, json_answer

BUTTON_MS = 30_000
"""For so long after its button was pressed a device gives tokens."""
NAMES = {
    "HWE-P1": ("P1 Meter", "p1dongle"),
    "HWE-SKT": ("Energy Socket", "energysocket"),
    "HWE-WTR": ("Watermeter", "watermeter"),
    "HWE-KWH1": ("kWh Meter 1-phase", "energymeter"),
    "HWE-KWH3": ("kWh Meter 3-phase", "energymeter"),
    "SDM230-wifi": ("kWh Meter 1-phase", "energymeter"),
    "SDM630-wifi": ("kWh Meter 3-phase", "energymeter"),
    "HWE-BAT": ("Plug-In Battery", "battery"),
}


class HomeWizard(HttpDevice):
    """One device. What goes wrong is set from outside, besides `fault`:

    `api_enabled` (the app's switch for v1), `frozen_at` (UTC ms; no telegram since), `fallen_kwh` (how
    far the registers are below the truth), `without` (names of v2 that are missing), `truncated`, `silent`
    (nothing is pushed), and the methods `press`, `revoke` and `move`. `pushed` counts what it sent by itself.
    """

    def __init__(
        self,
        house: House,
        clock: HouseClock,
        product_type: str = "HWE-P1",
        *,
        serial: str = "5c2faf0a0b0c",
        port: int = 0,
    ) -> None:
        super().__init__(port)
        self.house, self.clock = house, clock
        self.product_type, self.serial = product_type, serial
        self.product_name, kind = NAMES[product_type]
        self.identity = f"appliance/{kind}/{serial}"
        self.tls, self.ca_pem = server_context(self.identity)
        self.api_enabled = product_type != "HWE-BAT"
        self.frozen_at: int | None = None
        self.fallen_kwh = 0.0
        self.without: frozenset[str] = frozenset()
        self.truncated = False
        self.silent = False
        self.pushed = 0
        self.users: dict[str, str] = {}
        self._pressed_at: int | None = None

    # What is done to it

    def press(self) -> None:
        """Press the button."""
        self._pressed_at = self.clock.now()

    def revoke(self) -> None:
        """Forget every user and their tokens."""
        self.users.clear()

    def move(self) -> None:
        """Go to another address."""
        self.stop()
        self.port = 0
        self.start()

    def source_config(self, name: str, **more: Any) -> Fields:
        """The entry of config.json's `sources` that asks this device, by v1."""
        every_s = max(1.0, 0.5 * getattr(self.clock, "speed", 1.0))
        address = f"127.0.0.1:{self.port}"
        return {"type": "homewizard", "name": name, "host": address, "api": "v1", "every_s": every_s, **more}

    # What it says

    def measurement(self) -> Fields:
        """The newest measurement in the names of v2."""
        now = self.clock.now() if self.frozen_at is None else self.frozen_at
        said = MEASURED[self.product_type](self.house, now)
        for name in said:
            if name.startswith("energy_"):
                said[name] = round(said[name] - self.fallen_kwh, 3)
        return {name: value for name, value in said.items() if name not in self.without}

    def answer(self, request: Request) -> Answer:
        said = self._v2(request) if request.secure else self._v1(request)
        if self.truncated and said.status == 200:
            return Answer(said.body[: len(said.body) // 2])
        return said

    def talk(self, request: Request, connection: socket, gone: threading.Event) -> bool:
        if request.path != "/api/ws" or not request.secure or "upgrade" not in request.headers:
            return False
        homewizard_push.serve(self, request, connection, gone)
        return True

    def knows(self, token: str) -> bool:
        """Whether a user has this token."""
        return token in self.users.values()

    def about(self, api: str) -> Fields:
        """Who it is."""
        return {
            "product_type": self.product_type,
            "product_name": self.product_name,
            "serial": self.serial,
            "firmware_version": "6.0307",
            "api_version": api,
        }

    def system(self) -> Fields:
        """Its own state."""
        return {
            "wifi_ssid": "Virtual",
            "wifi_rssi_db": -52,
            "cloud_enabled": True,
            "uptime_s": (self.clock.now() - self.house.start) // 1000,
            "status_led_brightness_pct": 100,
            "api_v1_enabled": self.api_enabled,
        }

    def batteries(self) -> Fields:
        """The plug-in batteries it directs."""
        state = self.house.state_at(self.clock.now())
        return {
            "mode": "zero",
            "permissions": ["charge_allowed", "discharge_allowed"],
            "power_w": -state.battery_w,
            "target_power_w": -state.battery_w,
            "max_consumption_w": 5000,
            "max_production_w": 5000,
            "battery_count": 1,
        }

    def _v1(self, request: Request) -> Answer:
        if not self.api_enabled:
            return json_answer({"error": {"id": 202, "description": "API not enabled"}}, 403)
        match request.method, request.path:
            case "GET", "/api":
                return json_answer(self.about("v1"))
            case "GET", "/api/v1/data":
                return json_answer(in_v1(self.measurement()))
            case "GET", "/api/v1/telegram" if self.product_type == "HWE-P1":
                return self._telegram()
            case (("GET" | "PUT"), "/api/v1/system"):
                return json_answer({"cloud_enabled": True})
            case "PUT", "/api/v1/identify":
                return json_answer({"identify": "ok"})
            case (("GET" | "PUT"), "/api/v1/state") if self.product_type == "HWE-SKT":
                return json_answer({"power_on": True, "switch_lock": False, "brightness": 255})
        return json_answer({"error": {"id": 404, "description": "not found"}}, 404)

    def _v2(self, request: Request) -> Answer:
        if request.headers.get("x-api-version", "2") != "2":
            return _error("request:api-version-not-supported", 400)
        if (request.method, request.path) == ("POST", "/api/user"):
            return self._new_user(request)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not self.knows(token):
            return _error("user:unauthorized", 401)
        match request.method, request.path:
            case "GET", "/api":
                return json_answer(self.about("2.2.0"))
            case "GET", "/api/measurement":
                return json_answer(self.measurement())
            case (("GET" | "PUT"), "/api/system"):
                return json_answer(self.system())
            case (("GET" | "PUT"), "/api/batteries") if self.product_type != "HWE-BAT":
                return json_answer(self.batteries())
            case "GET", "/api/telegram" if self.product_type == "HWE-P1":
                return self._telegram()
            case "PUT", "/api/system/identify" | "/api/system/reboot":
                return Answer(b"", 204)
            case "GET", "/api/user":
                return json_answer(
                    [{"name": name, "current": self.users[name] == token} for name in self.users]
                )
            case "DELETE", "/api/user":
                self.users.pop(
                    _name_in(request) or next(n for n, t in self.users.items() if t == token), None
                )
                return Answer(b"", 204)
        return _error("request:not-found", 404)

    def _new_user(self, request: Request) -> Answer:
        now, name = self.clock.now(), _name_in(request)
        if not name.startswith("local/"):
            return _error("user:invalid-prefix", 400)
        if self._pressed_at is None or now - self._pressed_at > BUTTON_MS:
            return _error("user:creation-not-enabled", 403)
        self._pressed_at = None
        self.users[name] = secrets.token_hex(16).upper()
        return json_answer({"token": self.users[name], "name": name})

    def _telegram(self) -> Answer:
        if "telegram" in self.without:
            return _error("telegram:no-telegram-received", 503)
        state = self.house.state_at(self.clock.now() if self.frozen_at is None else self.frozen_at)
        return Answer(
            p1.telegram(state, self.house.zone, failures=self.house.power_failures(state.at)),
            content_type="text/plain",
        )


def _error(code: str, status: int) -> Answer:
    return json_answer({"error": code}, status)


def _name_in(request: Request) -> str:
    try:
        return str(json.loads(request.body)["name"])
    except (ValueError, KeyError, TypeError):
        return ""
