"""The price services of the virtual house: each answers in its own form, on paths that are its own.

`elprisetjustnu`, `hvakosterstrommen`, `energy_charts`, `energyzero`, `easyenergy`, `energidataservice`,
`awattar`, `octopus_agile`, `entsoe`, `tibber` and the European Central Bank, all at one address. Tomorrow's
prices are there from 12:50 Central European Time, Octopus's from 17:05; set `trick` to make them wrong.
"""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal, Protocol
from zoneinfo import ZoneInfo

from appliance.demo import price_market
from appliance.demo.http_device import Answer, HttpDevice, Request, json_answer
from appliance.demo.price_market import EURO, QUARTER_MS

CET = ZoneInfo("Europe/Brussels")
PUBLISHED = time(12, 50)
PUBLISHED_LATE = time(17, 5)
HOUR_MS = 3_600_000
TOKEN = "demo-token"  # noqa: S105 - opens nothing but the virtual services
HOME = "96a14971-525a-4420-aae9-e5aedaa129ff"
NOT_FOUND = json_answer({"error": "not found"}, 404)

Trick = Literal["never", "wrong_day", "missing", "twice", "garbage", "cut_short", "money", "empty"]
"""never: nothing is published; wrong_day: yesterday's; missing: the fifth quarter is not there; twice: the
fifth slot twice, at two prices; money: another currency or unit; the others as they say."""


class Clock(Protocol):
    """All the services need of a clock."""

    def now(self) -> int: ...


class PriceService(HttpDevice):
    """All services at one address; `asked` lists the services' paths in order, `agents` who asked."""

    def __init__(self, clock: Clock, port: int = 0, *, season_days: int = 0) -> None:
        super().__init__(port)
        self._clock = clock
        self._season_days = season_days
        self.trick: Trick | None = None
        self.asked: list[str] = []
        self.rates_asked = 0
        self.agents: set[str] = set()

    def source_config(self) -> dict[str, Any]:
        """The entry of config.json under `sources` that asks for prices here."""
        return {"type": "elprisetjustnu", "name": "spot", "area": "SE3", "url": f"{self.url}/"}

    def euro_per_mwh(self, at: int, area: str) -> float:
        """What the market says of the quarter hour that holds the instant (UTC ms)."""
        return price_market.euro_per_mwh(at, area, self._season_days)

    def answer(self, request: Request) -> Answer:
        self.agents.add(request.headers.get("user-agent", ""))
        if request.path.startswith("/stats/eurofxref/"):
            self.rates_asked += 1
            return _bank(self._today())
        if request.path == "/":
            return Answer(b"The virtual house's price services", content_type="text/plain")
        self.asked.append(request.path)
        if self.trick == "garbage":
            return Answer(b"<html>maintenance</html>", content_type="text/html")
        for start, serve in self._services().items():
            if request.path.startswith(start):
                answer = serve(request)
                return Answer(answer.body[: len(answer.body) // 2]) if self.trick == "cut_short" else answer
        return NOT_FOUND

    def _services(self) -> dict[str, Callable[[Request], Answer]]:
        return {
            "/api/v1/prices/": self._day_file,
            "/price": self._energy_charts,
            "/public/v1/prices": self._energyzero,
            "/api/prices": self._easyenergy,
            "/dataset/DayAheadPrices": self._energidataservice,
            "/v1/marketdata": self._awattar,
            "/v1/products/": self._octopus,
            "/api": self._entsoe,
            "/v1-beta/gql": self._tibber,
        }

    # --- what there is

    def _today(self) -> date:
        return datetime.fromtimestamp(self._clock.now() / 1000, CET).date()

    def slots(
        self, start: int, end: int, area: str, length_ms: int = QUARTER_MS, published: time = PUBLISHED
    ) -> list[tuple[int, float]]:
        """Start and EUR per MWh of what is published of `[start, end)`, with the trick's faults."""
        if self.trick == "wrong_day":
            start, end = start - 24 * HOUR_MS, end - 24 * HOUR_MS
        end = min(end, self._published_until(published))
        if self.trick in ("never", "empty"):
            return []
        slots = [(at, self.euro_per_mwh(at, area)) for at in range(start, end, length_ms)]
        if self.trick == "missing":
            del slots[4:5]
        if self.trick == "twice" and len(slots) > 4:
            slots.insert(5, (slots[4][0], slots[4][1] + 1))
        return slots

    def _published_until(self, published: time) -> int:
        now = datetime.fromtimestamp(self._clock.now() / 1000, CET)
        days = 2 if now.time() >= published else 1
        return _midnight(now.date() + timedelta(days=days))

    # --- each service's own form

    def _day_file(self, request: Request) -> Answer:
        year, name = request.path.removeprefix("/api/v1/prices/").split("/")
        day_text, area = name.removesuffix(".json").split("_")
        day = date.fromisoformat(f"{year}-{day_text}")
        slots = self.slots(_midnight(day), _midnight(day + timedelta(days=1)), area)
        if not slots and self.trick != "empty":
            return NOT_FOUND
        money = "XXX" if self.trick == "money" else "SEK" if area.startswith("SE") else "NOK"
        rate = EURO.get(money, 1.0)
        return json_answer(
            [
                {
                    f"{money}_per_kWh": round(price * rate / 1000, 5),
                    "EUR_per_kWh": round(price / 1000, 5),
                    "EXR": rate,
                    "time_start": _local(at),
                    "time_end": _local(at + QUARTER_MS),
                }
                for at, price in slots
            ]
        )

    def _energy_charts(self, request: Request) -> Answer:
        first, last = date.fromisoformat(request.query["start"]), date.fromisoformat(request.query["end"])
        slots = self.slots(_midnight(first), _midnight(last + timedelta(days=1)), request.query["bzn"])
        return json_answer(
            {
                "license_info": "CC BY 4.0 (creativecommons.org/licenses/by/4.0) from SMARD.de",
                "unix_seconds": [at // 1000 for at, _ in slots],
                "price": [price for _, price in slots],
                "unit": "GBP / MWh" if self.trick == "money" else "EUR / MWh",
                "deprecated": False,
            }
        )

    def _energyzero(self, request: Request) -> Answer:
        day = datetime.strptime(request.query["date"], "%d-%m-%Y").date()
        slots = self.slots(_midnight(day), _midnight(day + timedelta(days=1)), "NL")

        def entries(per_kwh: Callable[[float], float]) -> list[dict[str, Any]]:
            return [
                {
                    "start": _utc(at),
                    "end": _utc(at + QUARTER_MS),
                    "price": {"value": f"{per_kwh(price / 1000):.5f}"},
                }
                for at, price in slots
            ]

        answer = {
            "interval": 1,
            "base": entries(lambda price: price),
            "base_with_vat": entries(lambda price: price * 1.21),
            "all_in": entries(lambda price: price + 0.12),
            "all_in_with_vat": entries(lambda price: (price + 0.12) * 1.21),
        }
        return json_answer({"error": "none"} if self.trick == "money" else answer)

    def _easyenergy(self, request: Request) -> Answer:
        first, end = date.fromisoformat(request.query["start"]), date.fromisoformat(request.query["end"])
        slots = self.slots(_midnight(first), _midnight(end), "NL")
        prices = [
            {
                "from": _wall(at),
                "until": _wall(at + QUARTER_MS),
                "price": price / 1000,
                "unit": "m3" if self.trick == "money" else "kWh",
                "invoicePrice": round((price / 1000 + 0.12) * 1.21, 5),
                "granularity": "quarter",
            }
            for at, price in slots
        ]
        return json_answer({"prices": prices})

    def _energidataservice(self, request: Request) -> Answer:
        (area,) = json.loads(request.query["filter"])["PriceArea"]
        first, end = date.fromisoformat(request.query["start"]), date.fromisoformat(request.query["end"])
        money = "XXX" if self.trick == "money" else "DKK"
        records = [
            {
                "TimeUTC": _utc(at).removesuffix("Z"),
                "TimeDK": _wall(at)[:19],
                "PriceArea": area,
                "DayAheadPriceEUR": price,
                f"DayAheadPrice{money}": price * EURO["DKK"],
            }
            for at, price in self.slots(_midnight(first), _midnight(end), area)
        ]
        return json_answer({"total": len(records), "dataset": "DayAheadPrices", "records": records})

    def _awattar(self, request: Request) -> Answer:
        slots = self.slots(int(request.query["start"]), int(request.query["end"]), "AT", HOUR_MS)
        unit = "Eur/kWh" if self.trick == "money" else "Eur/MWh"
        data = [
            {
                "start_timestamp": at,
                "end_timestamp": at + HOUR_MS,
                "marketprice": price,
                "unit": unit,
            }
            for at, price in slots
        ]
        return json_answer({"object": "list", "data": data})

    def _octopus(self, request: Request) -> Answer:
        start, end = (_instant(request.query[name]) for name in ("period_from", "period_to"))
        slots = self.slots(start, end, "GB", HOUR_MS // 2, PUBLISHED_LATE)
        results = [
            {
                "value_exc_vat": round(price * EURO["GBP"] / 10, 4),
                "value_inc_vat": round(price * EURO["GBP"] / 10 * 1.05, 5),
                "valid_from": _utc(at),
                "valid_to": _utc(at + HOUR_MS // 2),
                "payment_method": None,
            }
            for at, price in reversed(slots)
        ]
        return json_answer({"count": len(results), "next": None, "previous": None, "results": results})

    def _entsoe(self, request: Request) -> Answer:
        if request.query.get("securityToken") != TOKEN:
            return _xml("<Acknowledgement_MarketDocument/>", 401)
        start, end = (_instant(_entsoe_time(request.query[name])) for name in ("periodStart", "periodEnd"))
        slots = self.slots(start, end, request.query["in_Domain"])
        if not slots:
            reason = "<code>999</code><text>No matching data found for Data item</text>"
            return _xml(
                f"<Acknowledgement_MarketDocument><Reason>{reason}</Reason></Acknowledgement_MarketDocument>"
            )
        money = "GBP" if self.trick == "money" else "EUR"
        exaa = [(at, price + 3) for at, price in slots]
        series = (
            _series(2, "A01", exaa, money) + _series(1, "A01", slots, money) + _series(1, "A07", exaa, money)
        )
        return _xml(f'<Publication_MarketDocument xmlns="urn:iec62325">{series}</Publication_MarketDocument>')

    def _tibber(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            error = {"message": "No valid access token in request", "extensions": {"code": "UNAUTHENTICATED"}}
            return json_answer({"errors": [error], "data": None})
        today = self._today()
        lists = {}
        for name, day in (("today", today), ("tomorrow", today + timedelta(days=1))):
            lists[name] = [
                {
                    "total": round(price * EURO["SEK"] / 1000 * 1.25 + 0.9, 4),
                    "startsAt": _local(at),
                    "currency": "NOK" if self.trick == "money" else "SEK",
                }
                for at, price in self.slots(_midnight(day), _midnight(day + timedelta(days=1)), "SE3")
            ]
        home = {"id": HOME, "timeZone": "Europe/Stockholm", "currentSubscription": {"priceInfo": lists}}
        empty = {"id": HOME[::-1], "timeZone": "Europe/Stockholm", "currentSubscription": None}
        return json_answer({"data": {"viewer": {"homes": [empty, home]}}})


def _bank(day: date) -> Answer:
    cubes = "".join(
        f'<Cube currency="{name}" rate="{rate}"/>' for name, rate in EURO.items() if name != "EUR"
    )
    names = (
        'xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01"'
    )
    return _xml(f'<gesmes:Envelope {names}><Cube><Cube time="{day}">{cubes}</Cube></Cube></gesmes:Envelope>')


def _series(sequence: int, contract: str, slots: list[tuple[int, float]], money: str) -> str:
    """A time series of curve type A03: what repeats the price before it is left out."""
    start, end = slots[0][0], slots[-1][0] + QUARTER_MS
    points, before = "", None
    for at, price in slots:
        if price != before:
            position = (at - start) // QUARTER_MS + 1
            points += f"<Point><position>{position}</position><price.amount>{price}</price.amount></Point>"
        before = price
    name = "classificationSequence_AttributeInstanceComponent.position"
    return (
        f"<TimeSeries><contract_MarketAgreement.type>{contract}</contract_MarketAgreement.type>"
        f"<currency_Unit.name>{money}</currency_Unit.name><price_Measure_Unit.name>MWH</price_Measure_Unit.name>"
        f"<{name}>{sequence}</{name}><curveType>A03</curveType><Period><timeInterval><start>{_utc(start)[:16]}Z"
        f"</start><end>{_utc(end)[:16]}Z</end></timeInterval><resolution>PT15M</resolution>{points}</Period></TimeSeries>"
    )


def _xml(text: str, status: int = 200) -> Answer:
    return Answer(f'<?xml version="1.0" encoding="utf-8"?>{text}'.encode(), status, "application/xml")


def _midnight(day: date) -> int:
    return round(datetime.combine(day, time.min, CET).timestamp() * 1000)


def _local(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, CET).isoformat()


def _wall(at: int) -> str:
    """The wall clock, without saying which: 2026-04-19T00:00:00.0000000."""
    return f"{datetime.fromtimestamp(at / 1000, CET):%Y-%m-%dT%H:%M:%S}.0000000"


def _utc(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _instant(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def _entsoe_time(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}T{text[8:10]}:{text[10:]}Z"
