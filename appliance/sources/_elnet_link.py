"""Talking to an ELNET server: POST /api/Dashboard/<name> with {"InputType": ...} and a bearer token.

The service's call to renew a token is not known, so where one has run out we sign in again.
"""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from appliance import http
from appliance.clock import Clock
from appliance.errors import AuthError, SourceError
from appliance.sources._elnet_crypto import plaintext, sealed
from appliance.sources._elnet_data import number
from appliance.sources._elnet_options import Options
from appliance.worker import Worker

TRIES = 3
BACK_OFF_S = 0.5
SPARE_S = 5.0
"""What a call may take beyond its time-out."""
YOUNG_S = 600.0
"""A token younger than this has not run out: signing in again would not help."""
HEADERS = {"Content-Type": "application/json; charset=UTF-8", "User-Agent": "okhttp/3.14.9"}
PATH = "/api/Dashboard"
LIVE, HOME, RECHARGES, DASHBOARD = "GetLiveUpdates", "HomeData", "RechargeHistory", "GetDashboardDetails"


class _TokenError(SourceError):
    """The server does not take the token, or does not do what is asked with it."""

    def __init__(self, text: str, refused: bool) -> None:
        super().__init__(text)
        self.refused = refused


class Link:
    """One meter at one server. The token outlives failures: only a server that refuses it costs a sign-in."""

    def __init__(self, options: Options, clock: Clock, worker: Worker) -> None:
        self._options = options
        self._clock = clock
        self._worker = worker
        self._http = http.session()
        self._base = str(options.url).split(PATH)[0].rstrip("/") + PATH
        self._token = _plain(options.token).strip().removeprefix("Bearer ")
        self._meter = options.meter_id
        self._signed_in_at: float | None = None

    async def ask(self, name: str) -> Any:
        """The Data of LIVE, HOME, RECHARGES or DASHBOARD. Raises SourceError or AuthError."""
        if not self._token:
            await self._sign_in()
        try:
            return await self._asked(name)
        except _TokenError as error:
            if not self._options.signs_in:
                raise self._captured_refused(error) from None
            # The live values are asked for first: what they get the others are refused for another reason.
            if name != LIVE or not self._run_out():
                raise SourceError(str(error)) from None
        await self._sign_in()
        return await self._asked(name)

    async def _asked(self, name: str) -> Any:
        timeout_s = self._options.home_timeout_s if name == HOME else self._options.timeout_s
        token = {"Authorization": f"Bearer {self._token}"}
        answer = await self._post(name, self._input(name), timeout_s, token)
        if answer.status in http.AUTH_STATUS:
            raise _TokenError(f"The portal refuses our token ({answer.status}) for {name}", refused=True)
        envelope = _envelope(answer, f"{self._base}/{name}")
        if envelope.get("Status") != "Success":
            raise _TokenError(f"The portal does not answer {name}: {_message(envelope)}", refused=False)
        return envelope.get("Data")

    async def _sign_in(self) -> None:
        """Raises AuthError where user name or password is wrong: only a person can set that right."""
        options = self._options
        question = {
            "Password": _plain(options.password),
            "Access": "Live",
            "FCMID": "",
            "UserName": options.username,
        }
        self._token = ""
        answer = await self._post("login", self._sealed(question), options.timeout_s, {})
        if answer.status in (400, *http.AUTH_STATUS):
            raise self._refused(f"The portal refuses user name and password ({answer.status}); check them")
        envelope = _envelope(answer, f"{self._base}/login")
        if envelope.get("Status") != "Success":
            raise self._refused(
                f"The portal does not sign us in: {_message(envelope)}; check user name, password, key and IV"
            )
        data = envelope.get("Data")
        if not isinstance(data, Mapping):
            data = {}
        token = data.get("AuthToken")
        if not isinstance(token, str) or not token:
            raise SourceError("The portal signed us in without a token; it will be asked again")
        flat = number(data, "FlatId")
        if not self._meter and flat is None:
            raise AuthError("The portal does not say which meter is yours; set `meter_id`")
        self._meter = self._meter or f"{flat:.0f}"
        self._token, self._signed_in_at = token, self._clock.monotonic()

    def _refused(self, text: str) -> AuthError:
        """A portal that signed us in before may refuse everybody for a while: once it is tried again soon."""
        error = AuthError(text)
        if self._signed_in_at is not None:
            error.again_s, self._signed_in_at = YOUNG_S, None
        return error

    def _run_out(self) -> bool:
        since = self._signed_in_at
        return since is None or self._clock.monotonic() - since >= YOUNG_S

    def _captured_refused(self, error: _TokenError) -> SourceError:
        if error.refused:
            return AuthError(f"{error}; it has run out: capture token and InputType anew")
        return SourceError(f"{error}; if that stays, capture token and InputType anew")

    def _input(self, name: str) -> str:
        options = self._options
        if not options.signs_in:
            home, recharges = options.home_input_type, options.recharge_input_type
            own = {HOME: home, DASHBOARD: home, RECHARGES: recharges}.get(name)
            return (_plain(own) or _plain(options.input_type)).strip()
        if name == LIVE:
            return self._sealed({"MeterID": int(self._meter)})
        if name == RECHARGES:
            return self._sealed({"Month": 0, "MeterID": self._meter, "Year": 0})
        return self._sealed({"MeterID": self._meter})

    def _sealed(self, question: Mapping[str, Any]) -> str:
        return sealed(plaintext(question), _plain(self._options.key), _plain(self._options.iv))

    async def _post(
        self, name: str, input_type: str, timeout_s: float, headers: Mapping[str, str]
    ) -> http.Answer:
        """The answer of three tries; raises what the last one met."""
        url = f"{self._base}/{name}"
        body = json.dumps({"InputType": input_type}).encode()

        def once() -> http.Answer:
            answer = http.request(
                self._http, "POST", url, timeout_s=timeout_s, headers={**HEADERS, **headers}, data=body
            )
            return answer if answer.status in (400, *http.AUTH_STATUS) else http.expect_ok(answer, url)

        for attempt in range(1, TRIES + 1):
            try:
                return await self._worker.call(once, timeout_s + SPARE_S)
            except SourceError:
                if attempt == TRIES:
                    raise
            await self._clock.sleep(BACK_OFF_S * attempt)
        raise AssertionError("the last try returns or raises")


def _envelope(answer: http.Answer, url: str) -> Mapping[str, Any]:
    said = http.decode(http.expect_ok(answer, url), url)
    if not isinstance(said, Mapping):
        raise SourceError(f"{http.shown(url)} did not answer as an ELNET server does; is the address right?")
    return said


def _message(envelope: Mapping[str, Any]) -> str:
    message = envelope.get("Message")
    return message[:120] if isinstance(message, str) and message else "without a reason"


def _plain(value: SecretStr | None) -> str:
    return value.get_secret_value() if value else ""
