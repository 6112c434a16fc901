"""Day-ahead prices of every European area from the ENTSO-E Transparency Platform; needs a free token.

https://transparencyplatform.zendesk.com (Web API guide): /api?documentType=A44&in_Domain=&out_Domain=&
periodStart=&periodEnd=yyyyMMddHHmm(UTC)&securityToken= answers a Publication_MarketDocument, or an
Acknowledgement_MarketDocument whose reason 999 means that there is nothing (yet). At most 400 questions a
minute; one a day is enough. The data may be used, publishing it again is restricted. The areas' codes (EIC)
agree with those of entsoe-py.

- Curve type A03 leaves out a position whose price is that of the one before: it is filled in up to the end of
  its period. With any other curve type a position that is missing is missing.
- Germany and Austria have several auctions: sequence 1 is the day-ahead market, 2 that of EXAA, which is
  there hours before and must not stand for it. Spain lists intraday contracts (A07) beside.
"""

import math
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

import requests
from pydantic import AnyHttpUrl, Field, SecretStr

from appliance import calendar, http
from appliance.calendar import QUARTER_MS
from appliance.errors import AuthError, SourceError
from appliance.model import Price
from appliance.sources import _slots, _xml
from appliance.sources._price_service import EUR, EuroOptions
from appliance.sources._prices import PriceSource
from appliance.sources.base import Context

ATTRIBUTION = "ENTSO-E Transparency Platform, https://transparency.entsoe.eu"
STEPS_MS = {"PT15M": QUARTER_MS, "PT30M": 2 * QUARTER_MS, "PT60M": 4 * QUARTER_MS, "PT1H": 4 * QUARTER_MS}
DAY_AHEAD = "A01"
FILLED_IN = "A03"
LONGEST_MS = 400 * 86_400_000
NOTHING_YET = "999"
AREAS = {
    "AT": "10YAT-APG------L",
    "BE": "10YBE----------2",
    "BG": "10YCA-BULGARIA-R",
    "CH": "10YCH-SWISSGRIDZ",
    "CZ": "10YCZ-CEPS-----N",
    "DE-LU": "10Y1001A1001A82H",
    "DK1": "10YDK-1--------W",
    "DK2": "10YDK-2--------M",
    "EE": "10Y1001A1001A39I",
    "ES": "10YES-REE------0",
    "FI": "10YFI-1--------U",
    "FR": "10YFR-RTE------C",
    "GR": "10YGR-HTSO-----Y",
    "HR": "10YHR-HEP------M",
    "HU": "10YHU-MAVIR----U",
    "IT-North": "10Y1001A1001A73I",
    "LT": "10YLT-1001A0008Q",
    "LV": "10YLV-1001A00074",
    "NL": "10YNL----------L",
    "NO1": "10YNO-1--------2",
    "NO2": "10YNO-2--------T",
    "NO3": "10YNO-3--------J",
    "NO4": "10YNO-4--------9",
    "NO5": "10Y1001A1001A48H",
    "PL": "10YPL-AREA-----S",
    "PT": "10YPT-REN------W",
    "RO": "10YRO-TEL------P",
    "SE1": "10Y1001A1001A44P",
    "SE2": "10Y1001A1001A45N",
    "SE3": "10Y1001A1001A46L",
    "SE4": "10Y1001A1001A47J",
    "SI": "10YSI-ELES-----O",
    "SK": "10YSK-SEPS-----K",
}


class Options(EuroOptions):
    """Market prices of every European area; needs a token, which is free."""

    type: Literal["entsoe"] = "entsoe"
    area: str = Field(pattern=r"^[A-Za-z0-9-]{2,16}$", examples=["SE3", "DE-LU"])
    """The bidding zone, such as SE3, FI, DE-LU or PT, or its EIC code (16 characters)."""
    token: SecretStr
    """Your security token: register at transparency.entsoe.eu, then ask transparency@entsoe.eu for access."""
    url: AnyHttpUrl = AnyHttpUrl("https://web-api.tp.entsoe.eu")
    """Address of the service."""


def parse(body: bytes, source: str) -> list[Price]:
    """The day-ahead prices in EUR per kWh; none where the platform has none yet. Raises SourceError."""
    root = _xml.parse(body, source)
    if root.tag == "Acknowledgement_MarketDocument":
        reason, text = _xml.text(root, ".//Reason/code"), _xml.text(root, ".//Reason/text")
        if reason == NOTHING_YET and "no matching data" in text.lower():
            return []
        raise SourceError(f"{source} does not answer with prices: {text or 'it gives no reason'}")
    if root.tag != "Publication_MarketDocument":
        raise SourceError(f"{source} answers with {root.tag}, not with prices; is the address right?")
    with _slots.understood(source):
        slots = [
            slot
            for series in root.iter("TimeSeries")
            if _wanted(series)
            for slot in _of_series(series, source)
        ]
    return _slots.quarters(slots, source, "wholesale", EUR)


def _wanted(series: _xml.Element) -> bool:
    contract = _xml.text(series, "contract_MarketAgreement.type") or DAY_AHEAD
    sequence = _xml.text(series, "classificationSequence_AttributeInstanceComponent.position") or "1"
    return contract == DAY_AHEAD and int(sequence) == 1


def _of_series(series: _xml.Element, source: str) -> list[_slots.Slot]:
    currency, unit = _xml.text(series, "currency_Unit.name"), _xml.text(series, "price_Measure_Unit.name")
    if (currency, unit) != (EUR, "MWH"):
        raise SourceError(f"{source} answers in {currency or '?'} per {unit or '?'}, not in EUR per MWH")
    filled = _xml.text(series, "curveType") == FILLED_IN
    return [slot for period in series.iter("Period") for slot in _of_period(period, filled)]


def _of_period(period: _xml.Element, filled: bool) -> list[_slots.Slot]:
    """The slots of a period. Raises ValueError for positions outside it."""
    start = _slots.moment(_xml.text(period, "timeInterval/start"))
    end = _slots.moment(_xml.text(period, "timeInterval/end"))
    step = STEPS_MS[_xml.text(period, "resolution")]
    if not start < end <= start + LONGEST_MS:
        raise ValueError("a period ends before it begins, or after more than a year")
    count = math.ceil((end - start) / step)
    points = [
        (int(_xml.text(point, "position")), _slots.number(_xml.text(point, "price.amount")) / 1000)
        for point in period.iter("Point")
    ]
    told = dict(points)
    if len(told) != len(points) or any(not 1 <= position <= count for position in told):
        raise ValueError(f"a position is there twice, or outside its period of {count}")
    slots, price = [], None
    for position in range(1, count + 1):
        price = told.get(position, price if filled else None)
        if price is not None:
            at = start + (position - 1) * step
            slots.append(_slots.Slot(at, at + step, price))
    return slots


class Source(PriceSource):
    """Asks for a market day."""

    attribution = ATTRIBUTION

    def __init__(self, options: Options, context: Context) -> None:
        super().__init__(options, context, options.url, options.area)
        self._domain = AREAS.get(options.area, options.area)
        if len(self._domain) != 16:
            raise SourceError(f"{options.area} is no area: give one of {', '.join(AREAS)} or its EIC code")
        self._token = options.token

    def fetch(self, session: requests.Session, day: date, currency: str) -> list[Price]:
        start, end = (_utc(at) for at in calendar.day_span(day, self.zone))
        url = self.address(
            "/api",
            documentType="A44",
            in_Domain=self._domain,
            out_Domain=self._domain,
            periodStart=start,
            periodEnd=end,
            securityToken=self._token.get_secret_value(),
        )
        answer = http.request(session, "GET", url, timeout_s=self._timeout_s)
        if answer.status in http.AUTH_STATUS:
            raise AuthError(f"{self.who}: the platform refuses the token ({answer.status}); give a valid one")
        if answer.status not in (200, 400):  # a refusal's reason is in the document that comes with 400
            http.expect_ok(answer, url)
        return parse(answer.body, self.who)


def _utc(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000, ZoneInfo('UTC')):%Y%m%d%H%M}"
