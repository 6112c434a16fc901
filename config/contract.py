"""What electricity costs by contract: options only; the arithmetic is in `appliance.money`."""

import re
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from config.section import Section


def _clock_time(text: str) -> str:
    found = re.fullmatch(r"([01]?[0-9]|2[0-4]):([0-5][0-9])", text)
    if found is None or minutes(text) > 24 * 60:
        raise ValueError("must be a time of day such as 06:00, at the latest 24:00")
    return text


def _calendar_day(text: str) -> str:
    try:
        date.fromisoformat(text if len(text) > 5 else f"2024-{text}")
    except ValueError:
        raise ValueError("must be a day such as 12-25 (every year) or 2027-03-26") from None
    return text


def minutes(text: str) -> int:
    """Minutes after midnight of "06:30"."""
    hours, _, rest = text.partition(":")
    return int(hours) * 60 + int(rest)


ClockTime = Annotated[str, AfterValidator(_clock_time)]


class When(Section):
    """A time of day and season, by the site's clock."""

    months: tuple[Annotated[int, Field(ge=1, le=12)], ...] = ()
    """Only in these months, 1 to 12; every month if left out."""
    weekdays: tuple[Annotated[int, Field(ge=1, le=7)], ...] = ()
    """Only on these days, 1 is Monday and 7 Sunday; every day if left out."""
    start: ClockTime = "00:00"
    """From this time of day on."""
    end: ClockTime = "24:00"
    """Until this time of day; one before `start` is on the next morning, which counts to its own day."""
    not_on: tuple[Annotated[str, AfterValidator(_calendar_day)], ...] = ()
    """Not on these days, such as 12-25 every year or 2027-03-26 once: holidays."""


class Component(Section):
    """A part of the price of a kWh. What its parts give is added up, then tax comes on top."""

    name: str = Field(min_length=1, max_length=60)
    """What it is called on the bill, such as Grid fee."""
    per_kwh: float = Field(default=0, ge=-100, le=100_000)
    """Money for a kWh, in the site's currency; negative is taken off."""
    market: float = Field(default=0, ge=-10, le=10)
    """How much of the market price it is: 1 is all of it, 0.9 is 90 %."""
    supplier: float = Field(default=0, ge=-10, le=10)
    """How much of a complete price it is, as Tibber or Octopus tell it for every quarter."""
    when: tuple[When, ...] = ()
    """The times at which it is paid; always if left out."""
    tariff: Literal[1, 2] | None = None
    """Only for what the meter counts in its register T1 or T2 (day and night); null for all."""
    vat: bool = True
    """Whether value added tax comes on top; false where the amount holds it already or none is due."""


class Fee(Section):
    """Money that is paid whatever is used."""

    name: str = Field(min_length=1, max_length=60)
    """What it is called on the bill, such as Subscription."""
    amount: float = Field(ge=-1_000_000, le=1_000_000)
    """Money, in the site's currency; negative is taken off."""
    per: Literal["day", "month", "year"] = "month"
    """For how long that amount is."""
    vat: bool = True
    """Whether value added tax comes on top."""


class Step(Section):
    """A step of a capacity tariff."""

    up_to_kw: float = Field(gt=0, le=10_000)
    """Highest power of this step in kW; a power above all steps pays the last."""
    amount: float = Field(ge=0, le=1_000_000)
    """Money for this step."""


class Weight(Section):
    """At these times a peak counts more or less."""

    factor: float = Field(ge=0, le=10)
    """What the power is multiplied by: 0.5 is half."""
    when: tuple[When, ...] = Field(min_length=1)
    """The times."""


class Capacity(Section):
    """A charge for the highest power drawn, as in Flanders, Norway and parts of Sweden."""

    name: str = Field(default="Capacity", min_length=1, max_length=60)
    """What it is called on the bill."""
    window_min: Literal[15, 30, 60] = 60
    """Minutes over which the power is averaged, on the clock: 15 in Flanders, 60 in Norway."""
    peaks: int = Field(default=3, ge=1, le=366)
    """How many of the highest powers are averaged."""
    apart: Literal["window", "day", "week", "month"] = "day"
    """At most one peak is taken from the same window, day, week or month."""
    months: int = Field(default=1, ge=1, le=24)
    """Over how many months, the present one last: 1 in Norway, 12 in Flanders."""
    floor_kw: float = Field(default=0, ge=0, le=1000)
    """Each peak counts for at least this: 2.5 in Flanders."""
    weights: tuple[Weight, ...] = ()
    """Times at which a power counts more or less; the first that fits is taken."""
    per_kw: float = Field(default=0, ge=0, le=100_000)
    """Money for each kW."""
    steps: tuple[Step, ...] = ()
    """Or money by steps, the smallest power first."""
    per: Literal["month", "year"] = "month"
    """Whether that money is for a month or a year."""
    vat: bool = True
    """Whether value added tax comes on top."""

    @model_validator(mode="after")
    def _either(self) -> Self:
        if bool(self.per_kw) == bool(self.steps):
            raise ValueError("needs either per_kw or steps")
        limits = [step.up_to_kw for step in self.steps]
        if limits != sorted(set(limits)):
            raise ValueError("steps must rise: the smallest power first, none twice")
        return self


class Contract(Section):
    """What is paid for electricity from a day on, until the next contract begins."""

    name: str = Field(default="", max_length=60)
    """Supplier or product, as shown on screen."""
    since: date = date(2000, 1, 1)
    """The first day it is in force, such as 2027-01-01."""
    vat_percent: float = Field(default=0, ge=0, le=100)
    """Value added tax in percent, for the parts that say `vat`."""
    buying: tuple[Component, ...] = ()
    """What a kWh from the grid costs: market price, markup, energy tax, grid fee."""
    selling: tuple[Component, ...] = ()
    """What a kWh to the grid brings; not known if left out. One part of 0 is nothing."""
    fees: tuple[Fee, ...] = ()
    """What is paid every day, month or year whatever is used."""
    capacity: Capacity | None = None
    """A charge for the highest power; null where there is none."""

    @model_validator(mode="after")
    def _holds_a_price(self) -> Self:
        if not self.buying and not self.selling and not self.fees:
            raise ValueError("holds no price: give it at least `buying`")
        return self
