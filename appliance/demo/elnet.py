"""The ELNET server of the virtual flat's building: POST /api/Dashboard/<name>, questions encrypted by AES.

The meter reaches the server every 60 to 120 seconds; HomeData is renewed every five minutes, so it lags and
is yesterday's for a while after midnight; the list of recharges is not the meter's and is always new. How the
real server refuses a question is not known; here it is Status "Failed".
"""

import json
import secrets
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple
from zlib import crc32

from appliance.demo import elnet_answers
from appliance.demo.elnet_answers import METER, QUESTIONS, USERNAME
from appliance.demo.elnet_crypto import InputError, opened, sealed
from appliance.demo.flat_truth import Flat
from appliance.demo.house import HouseClock
from appliance.demo.http_device import Answer, Fault, HttpDevice, Request, json_answer

PATH = "/api/Dashboard/"
KEY = "a-virtual-building-has-this-key!"
IV = "and this vector, of which sixteen characters count"
PASSWORD = "monsoon"  # noqa: S105 - opens nothing but the virtual server
SLOT_MS, JITTER_S = 90_000, 30
"""The meter calls once in each slot, up to so many seconds into it: 60 to 120 seconds apart."""
HOME_MS, HOME_AT_MS = 300_000, 180_000
"""HomeData is renewed three minutes after every five."""
AHEAD_MS = 20 * 60_000
TOKEN_S = 86_400.0
FOR_EVER = 2**62

Trick = Literal[
    "stale", "zeros", "ahead", "stuck", "flicker", "old_balance", "missing", "garbage", "nan", "refuse"
]  # fmt: skip
"""stale: the meter does not reach the server; zeros: the server has lost its numbers; ahead: the meter's
clock is 20 minutes fast; stuck: Supply is 0 whatever supplies; flicker: Supply is wrong in every other
message; old_balance: every other Balance is ten minutes old; missing: EB is not told; garbage: words and
null instead of numbers; nan: NaN, which is no JSON; refuse: nothing succeeds."""


class _Exchange(NamedTuple):
    """Since `at` another meter hangs there, whose registers then stood at these kWh."""

    at: int
    eb: float
    dg: float


@dataclass(frozen=True)
class _Play:
    trick: Trick
    start: int
    end: int

    def covers(self, at: int) -> bool:
        return self.start <= at < self.end


class ElnetServer(HttpDevice):
    """What goes wrong, besides `fault` of every device: `play` (tricks), `exchange` (of the meter), `faults`
    (of one call), `fail_next` (the next call of a name), `expire` (tokens). `strict` wants each question to
    be exactly the one its call has in the app. `calls` lists what was asked last, `logins` counts."""

    def __init__(self, flat: Flat, clock: HouseClock, *, port: int = 0) -> None:
        super().__init__(port)
        self.flat, self.clock = flat, clock
        self.strict = False
        self.token_life_s = TOKEN_S
        self.captured = secrets.token_urlsafe(48)
        self.faults: dict[str, Fault] = {}
        self.calls: deque[str] = deque(maxlen=1000)
        self.logins = 0
        self._next: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._tokens: dict[str, int] = {self.captured: FOR_EVER}
        self._plays = self._planned()
        self._exchange: _Exchange | None = None

    # --- what a test does

    def play(self, trick: Trick, start: int | None = None, end: int = FOR_EVER) -> None:
        """A trick from `start` (UTC ms; now, if left out) until `end` or `clear`."""
        self._plays.append(_Play(trick, self.clock.now() if start is None else start, end))

    def exchange(self, eb: float = 0.0, dg: float = 0.0) -> None:
        """From now on another meter hangs there, with its registers at these kWh."""
        self._exchange = _Exchange(self.clock.now(), eb, dg)

    def expire(self) -> None:
        """No token opens anything any more, not even the captured one."""
        self._tokens.clear()

    def fail_next(self, name: str, *faults: Fault) -> None:
        """The next calls of a name fail so, each once."""
        self._next[name].extend(faults)

    def clear(self) -> None:
        """End every fault and every trick; planned silences stay."""
        self.fault = None
        self.faults.clear()
        self._next.clear()
        self._plays = self._planned()

    def input_type(self, name: str = "GetLiveUpdates") -> str:
        """What the app sends as InputType with a call: what an owner would capture."""
        return sealed(QUESTIONS[name], KEY, IV)

    def source_config(self, *, captured: bool = False) -> dict[str, Any]:
        """The entry of config.json's `sources` for this server, signing in or with what was captured."""
        every = max(30.0, min(0.5 * getattr(self.clock, "speed", 1.0), 300.0))
        entry = {"type": "elnet", "name": "elnet", "url": self.url, "every_s": every}
        if captured:
            return entry | {"token": self.captured, "input_type": self.input_type()}
        return entry | {"username": USERNAME, "password": PASSWORD, "key": KEY, "iv": IV}

    def _planned(self) -> list[_Play]:
        return [_Play("stale", *span) for span in self.flat.plan.stale]

    # --- who may ask what

    def noticed(self, request: Request) -> Fault | None:
        name = request.path.removeprefix(PATH)
        if waiting := self._next.get(name):
            return waiting.popleft()
        return self.faults.get(name, self.fault)

    def answer(self, request: Request) -> Answer:
        name = request.path.removeprefix(PATH)
        self.calls.append(name)
        if not request.path.startswith(PATH) or name not in QUESTIONS:
            return json_answer({"Message": f"No HTTP resource was found that matches {request.path}"}, 404)
        if request.method != "POST":
            return json_answer({"Message": f"The resource does not support {request.method}"}, 405)
        if name != "login" and not self._allowed(request):
            return json_answer({"Message": "Authorization has been denied for this request."}, 401)
        try:
            if self._plays_now("refuse"):
                raise InputError("Something went wrong, please try again")
            data = self._tell(name, self._question(name, request))
        except InputError as error:
            return json_answer({"Status": "Failed", "Message": str(error), "Data": None})
        message = "Password Not Expired" if name == "PasswordExpired" else "Data Available"
        return json_answer({"Status": "Success", "Message": message, "Data": data})

    def _allowed(self, request: Request) -> bool:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        return kind == "Bearer" and self.clock.now() < self._tokens.get(token, 0)

    def _question(self, name: str, request: Request) -> Mapping[str, Any]:
        try:
            asked = opened(json.loads(request.body)["InputType"], KEY, IV)
        except (TypeError, KeyError, ValueError):
            raise InputError("Invalid Input") from None
        wanted = QUESTIONS[name]
        if self.strict and _kinds(asked) != _kinds(wanted):
            raise InputError("Invalid Input")
        if name != "login" and str(asked.get("MeterID")) != str(METER):
            raise InputError("No Data Available")
        return asked

    # --- the answers

    def _tell(self, name: str, asked: Mapping[str, Any]) -> Any:
        now = self.clock.now()
        match name:
            case "login":
                return self._login(asked, now)
            case "GetLiveUpdates":
                return self._live(now)
            case "HomeData":
                renewed = (now - HOME_AT_MS) // HOME_MS * HOME_MS + HOME_AT_MS
                seen = self._seen(now)
                return elnet_answers.home(self.flat, min(renewed, seen), self._supply(seen))
            case "RechargeHistory":
                return elnet_answers.recharge_history(self.flat, now)
            case "GetDashboardDetails":
                return elnet_answers.dashboard(self.flat, self._seen(now))
            case "GetResourcesDetails":
                return elnet_answers.resources()
        return False  # PasswordExpired

    def _login(self, asked: Mapping[str, Any], now: int) -> dict[str, Any]:
        if (asked.get("UserName"), asked.get("Password")) != (USERNAME, PASSWORD):
            raise InputError("Invalid username or password")
        token = secrets.token_urlsafe(48)
        self._tokens[token] = now + round(1000 * self.token_life_s)
        self.logins += 1
        return elnet_answers.login(token, secrets.token_urlsafe(32))

    def _live(self, now: int) -> dict[str, Any]:
        seen = self._seen(now)
        state = self.flat.state_at(seen)
        said = elnet_answers.live(state, *self._registers(seen)) | {"Supply": self._supply(seen)}
        if self._plays_now("ahead"):
            said["UpdatedOn"] = f"{elnet_answers.wall(seen + AHEAD_MS):%d-%m-%Y %H:%M:%S}"
        if self._plays_now("old_balance") and _odd(seen):
            said["Balance"] = round(self.flat.balance_at(seen - 600_000), 2)
        if self._plays_now("zeros"):
            said |= dict.fromkeys(("Supply", "PresentLoad", "Balance", "EB", "DG"), 0)
        if self._plays_now("missing"):
            del said["EB"]
        if self._plays_now("garbage"):
            said |= {"Balance": "n/a", "EB": "16128.94", "DG": None}
        if self._plays_now("nan"):
            said["EB"] = float("nan")
        return said

    def _supply(self, seen: int) -> int:
        supply = int(self.flat.state_at(seen).supply == "dg")
        if self._plays_now("stuck"):
            return 0
        return 1 - supply if self._plays_now("flicker") and _odd(seen) else supply

    def _seen(self, now: int) -> int:
        """When the meter last reached the server: not while it was stale, and not without power."""
        at = _call_before(now)
        while at > self.flat.start:
            silent = next((one for one in self._plays if one.trick == "stale" and one.covers(at)), None)
            if silent is None and self.flat.state_at(at).supply != "none":
                return at
            at = _call_before(silent.start - 1 if silent else at - 1)
        return self.flat.start

    def _registers(self, at: int) -> tuple[float, float]:
        other = self._exchange
        if other is None or at < other.at:
            state = self.flat.state_at(at)
            return state.eb_kwh, state.dg_kwh
        eb, dg = self.flat.used(other.at, at)
        return other.eb + eb, other.dg + dg

    def _plays_now(self, trick: Trick) -> bool:
        return any(one.trick == trick and one.covers(self.clock.now()) for one in self._plays)


def _call_before(at: int) -> int:
    """When the meter last called at `at` or before."""
    slot = at // SLOT_MS
    called = _call(slot)
    return called if called <= at else _call(slot - 1)


def _call(slot: int) -> int:
    return slot * SLOT_MS + crc32(slot.to_bytes(8, "big")) % JITTER_S * 1000


def _odd(seen: int) -> bool:
    return seen // SLOT_MS % 2 == 1


def _kinds(question: Mapping[str, Any]) -> dict[str, type]:
    return {name: type(value) for name, value in question.items()}
