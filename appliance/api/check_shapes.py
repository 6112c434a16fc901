"""What the bill check answers to programs: the shapes of its JSON."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, Field

from appliance.money.check import Verdict


class CounterOut(BaseModel):
    """A register that counts the energy. `same_meter`: it is read from the very meter it stands beside."""

    source: str
    type: str
    accuracy_percent: float = Field(description="How far it may err either way.")
    accuracy_from: Literal["config", "assumed"]
    resolution_kwh: float = Field(description="Its last digit.")
    same_meter: bool


class FindingOut(BaseModel):
    """A counter beside the meter. `slack_kwh` is what times and digits of the readings leave open."""

    source: str
    meter_kwh: float | None = Field(description="Of the meter on the days that could be compared.")
    kwh: float | None
    difference_kwh: float | None
    difference_percent: float | None
    running_kwh: float | None = Field(description="All differences up to here.")
    slack_kwh: float
    allowed_percent: float | None = Field(description="What the accuracy classes explain.")
    days: int
    compared_days: int
    verdict: Verdict
    reason: str | None
    money: float | None = Field(description="The difference at the period's average price.")
    text: str


class PeriodOut(BaseModel):
    first: date
    last: date
    kwh: float | None = Field(description="What the meter counted.")
    counters: list[FindingOut]


class TrendOut(BaseModel):
    source: str
    percent_per_month: float
    unsure: float = Field(description="Half the 95 % interval.")
    months: int
    drifts: bool


class CheckOut(BaseModel):
    """`meter` is null where no register is known; `counters` are empty where there is but one."""

    channel: Literal["import", "export"]
    currency: str
    meter: CounterOut | None
    counters: list[CounterOut]
    periods: list[PeriodOut]
    whole: list[FindingOut] = Field(description="All periods as one.")
    trends: list[TrendOut]
    stands_apart: str | None = Field(description="The one of three or more that the others contradict.")
    text: str


class StoodOut(BaseModel):
    """What the meter showed at the beginning or end of the bill, and when it showed what the bill says."""

    at: str
    kwh: float | None
    billed_kwh: float | None
    billed_at: str | None = Field(description="The beginning of that quarter hour; null: not within 3 days.")


class BillOut(BaseModel):
    first: date
    last: date
    channel: Literal["import", "export"]
    source: str | None
    start: StoodOut
    end: StoodOut
    billed_kwh: float
    counted_kwh: float | None
    difference_kwh: float | None
    slack_kwh: float
    verdict: Verdict
    currency: str
    amount: float | None = Field(description="What the bill asks for.")
    cost: float | None = Field(description="What the days cost by contract, fees included (export: brought).")
    covered: float | None = Field(description="Share of the energy whose price is known, 0 to 1.")
    amount_difference: float | None
    text: str
