"""The gateway of Tesla Powerwalls on the local network: HTTPS, a login, the paths pypowerwall 0.22 asks.

Shapes after the answers of pypowerwall's own simulator and its source; serial numbers are invented. Every
number comes from the house: powers in W (site + import, battery + discharging, solar + producing), energies
in Wh, charge on the raw scale (`powerwall_site`).
"""

import json
import secrets
from collections import deque
from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl

from appliance.demo import powerwall_answers
from appliance.demo.house import House, HouseClock
from appliance.demo.http_device import Answer, Fault, HttpDevice, Request, json_answer
from appliance.demo.powerwall_certificate import gateway_context
from appliance.demo.powerwall_site import PowerwallSite, raw_scale
from appliance.demo.powerwall_vitals import encode, vitals

LOGIN, VITALS, AGGREGATES, OPERATION = (
    *("/api/login/Basic", "/api/devices/vitals"),
    *("/api/meters/aggregates", "/api/operation"),
)
GRID_STATUS = "/api/system_status/grid_status"
FIRMWARE_WITH_VITALS = "23.28.2 7a4e01c5"
FIRMWARE_WITHOUT_VITALS = "23.44.0 9b1d22f0"
NO_VITALS_SINCE = (23, 44)
STICKER = "VIRTVH42X7"
"""The whole password on the gateway; its last five characters are the owner's."""
MODES = ("self_consumption", "autonomous", "backup")
MAX_LOG = 1000


class PowerwallGateway(HttpDevice):
    """One gateway. What goes wrong is set from outside, besides `fault`:

    `faults` (a Fault for one path alone), `missing_blocks` and `null_blocks` (names in /api/meters/aggregates
    that are left out or null), `grid_says` (another word for the state of the grid), `firmware` (from 23.44
    on there are no vitals), `password`, and the method `log_out`. `clear` makes it whole again. `log` holds
    the latest requests. Mode and reserve are kept as they were posted; the house's battery goes on as built.
    """

    def __init__(
        self,
        house: House,
        clock: HouseClock,
        *,
        password: str = STICKER[-5:],
        firmware: str = FIRMWARE_WITH_VITALS,
        reserve: float = 0.0,
        port: int = 0,
    ) -> None:
        """`reserve` is on the app's scale, in percent."""
        super().__init__(port)
        self.site = PowerwallSite(house, clock)
        self.tls = gateway_context()
        self.password = self._password = password
        self.firmware = self._firmware = firmware
        self.operation: dict[str, Any] = {
            "real_mode": "self_consumption",
            "backup_reserve_percent": round(raw_scale(reserve), 2),
            "freq_shift_load_shed_soe": 0,
            "freq_shift_load_shed_delta_f": 0,
        }
        self.log: deque[Request] = deque(maxlen=MAX_LOG)
        self._sessions: set[str] = set()
        self.clear()

    @property
    def address(self) -> str:
        """Host and port, as an owner would type them."""
        return f"127.0.0.1:{self.port}"

    # What is done to it

    def clear(self) -> None:
        """End every fault."""
        self.fault = None
        self.tls_hangs = False
        self.faults: dict[str, Fault] = {}
        self.missing_blocks: frozenset[str] = frozenset()
        self.null_blocks: frozenset[str] = frozenset()
        self.grid_says: str | None = None
        self.password, self.firmware = self._password, self._firmware

    def log_out(self) -> None:
        """Forget every session, as after a restart."""
        self._sessions.clear()

    def source_config(self) -> dict[str, Any]:
        """The entry of config.json's `sources` that asks this gateway."""
        speed = getattr(self.site.clock, "speed", 1.0)
        return {
            "type": "powerwall",
            "name": "powerwall",
            "mode": "local",
            "host": self.address,
            "password": self.password,
            "every_s": min(max(10.0, 0.5 * speed), 3600.0),
            "details_every_s": min(max(60.0, 2 * speed), 3600.0),
        }

    # What it says

    def noticed(self, request: Request) -> Fault | None:
        self.log.append(request)
        return self.faults.get(request.path, self.fault)

    def answer(self, request: Request) -> Answer:
        if not request.secure:
            return Answer(b"The plain HTTP request was sent to HTTPS port\n", 400, "text/plain")
        if request.path == LOGIN:
            return self._login(request) if request.method == "POST" else _refusal(405, "Method Not Allowed")
        if not self._known(request):
            return _refusal(401, "Authentication required")
        if request.path == "/api/logout":
            self.log_out()
            return Answer(b"", 204)
        if request.path == OPERATION and request.method == "POST":
            return self._operate(request)
        if request.path == VITALS and self._has_vitals():
            said = vitals(self.site, self.site.state())
            return Answer(encode(said), content_type="application/octet-stream")
        tell = self._pages().get(request.path)
        if tell is None or request.method != "GET":
            return _refusal(404, "File Not Found")
        return json_answer(tell())

    def _pages(self) -> dict[str, Callable[[], Any]]:
        site, state = self.site, self.site.state()
        pages = {path: lambda tell=tell: tell(site, state) for path, tell in powerwall_answers.PAGES.items()}
        return {
            **pages,
            "/api/status": lambda: powerwall_answers.status(site, state, self.firmware),
            AGGREGATES: lambda: self._aggregates(),
            GRID_STATUS: lambda: powerwall_answers.grid_status(site, state, self.grid_says),
            OPERATION: lambda: self.operation,
        }

    def _aggregates(self) -> dict[str, Any]:
        said = powerwall_answers.aggregates(self.site, self.site.state())
        return {
            name: None if name in self.null_blocks else block
            for name, block in said.items()
            if name not in self.missing_blocks
        }

    def _has_vitals(self) -> bool:
        major, minor = self.firmware.split()[0].split(".")[:2]
        return (int(major), int(minor)) < NO_VITALS_SINCE

    def _login(self, request: Request) -> Answer:
        given = _fields(request)
        if given.get("username") != "customer" or given.get("password") != self.password:
            return json_answer({"code": 401, "error": "bad credentials", "message": "Login Error"}, 401)
        token, record = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
        self._sessions.add(token)
        said = {
            "email": given.get("email", ""),
            "firstname": "Tesla",
            "lastname": "Energy",
            "roles": ["Home_Owner"],
            "token": token,
            "provider": "Basic",
            "loginTime": self.site.local(self.site.clock.now()).isoformat(),
        }
        cookies = f"AuthCookie={token}; Path=/; Secure", f"UserRecord={record}; Path=/; Secure"
        return json_answer(said, headers={"Set-Cookie": cookies})

    def _known(self, request: Request) -> bool:
        """Whether the request carries a session: both cookies, or the token."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return token in self._sessions
        cookies = SimpleCookie(request.headers.get("cookie", ""))
        return (
            "UserRecord" in cookies
            and "AuthCookie" in cookies
            and cookies["AuthCookie"].value in self._sessions
        )

    def _operate(self, request: Request) -> Answer:
        given = _fields(request)
        mode = given.get("real_mode", self.operation["real_mode"])
        reserve = given.get("backup_reserve_percent", self.operation["backup_reserve_percent"])
        if mode not in MODES or not isinstance(reserve, int | float) or not 0 <= reserve <= 100:
            return _refusal(400, "Bad Request")
        self.operation |= {"real_mode": mode, "backup_reserve_percent": reserve}
        return json_answer(self.operation)


def _fields(request: Request) -> dict[str, Any]:
    """What was sent, as a form or as JSON."""
    text = request.body.decode(errors="replace")
    if "json" not in request.headers.get("content-type", ""):
        return dict(parse_qsl(text))
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _refusal(status: int, message: str) -> Answer:
    return json_answer({"code": status, "error": message, "message": message}, status)
