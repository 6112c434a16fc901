"""The tongue of one browser: translated sentences, numbers, powers, ages and times of the site's clock."""

import gettext
from datetime import date
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal, get_currency_symbol

from appliance.calendar import day_of, local

DOMAIN = "tallywatt"
FOLDER = Path(__file__).parent / "locales"
LANGUAGES = {"en": "English", "sv": "Svenska"}
"""Code and own name of every language, as offered on the More page."""
UNKNOWN = "–"
KRONOR = ("SEK", "NOK", "DKK", "ISK")
"""Abroad they are written by their code; on a bill at home they are kr."""
_LOCALES = {"en": "en_GB", "sv": "sv_SE"}


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for it
    """Mark a text for translation where it stands; it is translated where it is shown."""
    return text


class Texts:
    """Everything said to one browser. `zone` and `currency` are the site's."""

    def __init__(self, language: str, zone: ZoneInfo, currency: str) -> None:
        self.language = language if language in LANGUAGES else "en"
        self.zone = zone
        self.currency = currency
        self._catalogue = gettext.translation(DOMAIN, FOLDER, [self.language], fallback=True)

    @cached_property
    def locale(self) -> Locale:
        return Locale.parse(_LOCALES[self.language])

    def _(self, text: str) -> str:
        """The text in this tongue."""
        return self._catalogue.gettext(text)

    def number(self, value: float | None, decimals: int = 0) -> str:
        """Rounded to so many decimals, grouped as the tongue does; a dash when unknown."""
        if value is None:
            return UNKNOWN
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        shown = format_decimal(round(value, decimals) + 0.0, pattern, locale=self.locale)
        return shown.replace("-", "−")

    def register(self, value: float, decimals: int) -> str:
        """A register as a meter would show it: at least one decimal if it has any, no empty ones after it."""
        pattern = "#,##0" + (".0" + "#" * (decimals - 1) if decimals else "")
        return format_decimal(round(value, decimals), pattern, locale=self.locale)

    def power(self, watts: float | None) -> tuple[str, str]:
        """Number and unit of a power: 370 W, 4.7 kW, 12 kW. The noise of the last digits is rounded away."""
        if watts is None:
            return UNKNOWN, ""
        size = abs(watts)
        if size < 995:
            return self.number(round(watts, -1) if size >= 100 else watts), "W"
        return self.number(watts / 1000, 1 if size < 99_950 else 0), "kW"

    def powered(self, watts: float | None) -> str:
        """A power in a sentence: 1.4 kW."""
        return " ".join(self.power(watts)).strip()

    def kwh(self, value: float | None) -> str:
        """An energy without its unit: 18.4, 148."""
        return self.number(value, 1 if value is None or abs(value) < 99.95 else 0)

    @property
    def money(self) -> str:
        """The money's sign: kr, €."""
        if self.currency in KRONOR:
            return "kr"
        own = get_currency_symbol(self.currency, locale=self.locale)
        # Where the tongue has no sign for it, and would write INR, the sign is ₹ all the same.
        return own if own != self.currency else get_currency_symbol(self.currency, locale="en")

    @property
    def money_unit(self) -> str:
        """What a price is in: kr/kWh, €/kWh."""
        return f"{self.money}/kWh"

    def price(self, per_kwh: float | None) -> str:
        """A price without its unit, in currency units: 0.31."""
        return self.number(per_kwh, 2)

    def amount(self, value: float | None, decimals: int = 2) -> str:
        """An amount of money with the site's sign, as the tongue writes it: ₹1,234.50; 1 234,50 kr."""
        if value is None:
            return UNKNOWN
        number = self.number(abs(value), decimals)
        size = f"{number}\xa0{self.money}"
        if self.currency not in KRONOR and self.locale.currency_formats["standard"].pattern.startswith("¤"):
            size = f"{self.money}{number}"
        return f"−{size}" if round(value, decimals) < 0 else size

    def clock(self, at: int) -> str:
        """14:32 on the site's wall."""
        return format_time(local(at, self.zone), "HH:mm", locale=self.locale)

    def day(self, at: int) -> str:
        """Thu 14 May."""
        return format_date(day_of(at, self.zone), "EEE d MMM", locale=self.locale).replace(".", "")

    def day_short(self, day: date) -> str:
        """14 May."""
        return format_date(day, "d MMM", locale=self.locale).replace(".", "")

    @property
    def calendar(self) -> dict[str, list[str]]:
        """Names of days, from Sunday on, and of months, as a calendar of Quasar takes them."""
        days, months = self.locale.days["stand-alone"], self.locale.months["stand-alone"]
        sunday_first = (6, 0, 1, 2, 3, 4, 5)
        return {
            "days": [days["wide"][n] for n in sunday_first],
            "daysShort": [days["abbreviated"][n].replace(".", "") for n in sunday_first],
            "months": [months["wide"][n].capitalize() for n in range(1, 13)],
            "monthsShort": [months["abbreviated"][n].replace(".", "") for n in range(1, 13)],
        }

    def moment(self, at: int, now: int) -> str:
        """14:28 when it is today, else 13 May 14:28."""
        if day_of(at, self.zone) == day_of(now, self.zone):
            return self.clock(at)
        return format_datetime(local(at, self.zone), "d MMM HH:mm", locale=self.locale)

    def age(self, seconds: float) -> str:
        """How long: 40 s, 4 min, 3 h, 2 d."""
        seconds = max(0.0, seconds)
        for size, unit in ((86_400, self._("d")), (3_600, self._("h")), (60, self._("min"))):
            if seconds >= size:
                return f"{int(seconds // size)} {unit}"
        return f"{int(seconds)} s"

    def ago(self, at: int, now: int) -> str:
        """4 min ago."""
        if now - at < 5_000:
            return self._("just now")
        return self._("{age} ago").format(age=self.age((now - at) / 1000))
