"""Tibber: what its customers pay for every quarter hour, all taxes of the supplier's included; needs a token.

https://developer.tibber.com/docs/reference (GraphQL, POST https://api.tibber.com/v1-beta/gql): `priceInfo(
resolution: QUARTER_HOURLY)` gives `today` and `tomorrow` as lists of `{total, startsAt, currency}`,
tomorrow's from about 13:00 and empty before. At most 100 questions in five minutes, else the
address is shut out for ten; two a day are enough. Earlier days are not given. The grid fee is not in it
everywhere.
"""

from datetime import date
from typing import Any, Literal
from zoneinfo import ZoneInfo

import requests
from pydantic import AnyHttpUrl, Field, SecretStr

from appliance import calendar, http
from appliance.errors import AuthError, SourceError
from appliance.model import Price
from appliance.sources import _slots
from appliance.sources._price_service import PriceOptions
from appliance.sources._prices import PriceSource
from appliance.sources.base import Context

ATTRIBUTION = "Tibber, https://tibber.com"
PRICE = "{ total startsAt currency }"
QUERY = (
    "{ viewer { homes { id timeZone currentSubscription { priceInfo(resolution: QUARTER_HOURLY)"
    f" {{ today {PRICE} tomorrow {PRICE} }} }} }} }} }}"
)
REFUSED = ("UNAUTHENTICATED", "FORBIDDEN")


class Options(PriceOptions):
    """Tibber's own prices, all in, every quarter hour; needs your token."""

    type: Literal["tibber"] = "tibber"
    token: SecretStr
    """Your access token from developer.tibber.com."""
    home_id: str = Field(default="", pattern=r"^[0-9a-fA-F-]{0,40}$")
    """Which home, where your account has several; left out, the only one with a contract."""
    url: AnyHttpUrl = AnyHttpUrl("https://api.tibber.com")
    """Address of the service."""


def parse(payload: Any, source: str, currency: str, home_id: str = "") -> list[Price]:
    """The prices of today and tomorrow in `currency`, as far as there are any. SourceError, AuthError."""
    with _slots.understood(source):
        _complain(payload, source)
        info = _home(payload["data"]["viewer"]["homes"], source, home_id)["currentSubscription"]["priceInfo"]
        entries = [*(info["today"] or ()), *(info["tomorrow"] or ())]
        others = {str(entry["currency"]) for entry in entries} - {currency}
        if others:
            raise SourceError(
                f"{source} tells its prices in {', '.join(sorted(others))}, and this site's money is"
                f" {currency}: change site.currency"
            )
        slots = [
            _slots.Slot(
                _slots.moment(entry["startsAt"]),
                None,
                None if entry["total"] is None else _slots.number(entry["total"]),
            )
            for entry in entries
        ]
    return _slots.quarters(slots, source, "import", currency)


def _complain(payload: Any, source: str) -> None:
    errors = payload.get("errors") or ()
    if not errors:
        return
    texts = "; ".join(str(error.get("message", "?"))[:200] for error in errors)
    codes = {str((error.get("extensions") or {}).get("code")) for error in errors}
    if codes & set(REFUSED):
        raise AuthError(f"{source} refuses the token ({texts}); give a valid one from developer.tibber.com")
    raise SourceError(f"{source} does not answer with prices: {texts}")


def _home(homes: list[Any], source: str, home_id: str) -> Any:
    under_contract = [home for home in homes if home["currentSubscription"]]
    chosen = [home for home in under_contract if home_id in ("", home["id"])]
    if len(chosen) == 1:
        return chosen[0]
    ids = ", ".join(str(home["id"]) for home in under_contract)
    if not under_contract:
        raise SourceError(f"{source}: no home of this account has a contract, so there are no prices")
    raise SourceError(f"{source}: say with `home_id` which home is meant: {ids}")


class Source(PriceSource):
    """Asks for today and tomorrow."""

    attribution = ATTRIBUTION
    channel = "import"
    currencies = ()

    def __init__(self, options: Options, context: Context) -> None:
        super().__init__(options, context, options.url)
        self.zone: ZoneInfo = context.zone
        self._options = options

    def fetch(self, session: requests.Session, day: date, currency: str) -> list[Price]:
        if day < calendar.day_of(self._clock.now(), self.zone):
            return []
        url = self.address("/v1-beta/gql")
        headers = {"Authorization": f"Bearer {self._options.token.get_secret_value()}"}
        answer = http.request(
            session, "POST", url, timeout_s=self._timeout_s, headers=headers, body={"query": QUERY}
        )
        if answer.status == 400 and any(code.encode() in answer.body for code in REFUSED):
            raise AuthError(f"{self.who} refuses the token; give a valid one from developer.tibber.com")
        payload = http.decode(http.expect_ok(answer, url), url)
        prices = parse(payload, self.who, currency, self._options.home_id)
        return _slots.within(prices, day, self.zone)
