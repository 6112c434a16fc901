"""What the routes about days answer: the known scraper's names, with `unit` and `source` added."""

from datetime import date

from pydantic import BaseModel, Field


class Missing(BaseModel):
    """What is not known, or not understood."""

    error: str


class StatusOut(BaseModel):
    status: str = Field(examples=["online", "no data", "updating"])
    records: int = Field(description="How many days are known.")
    latest_date: date | None
    database: str = Field(description="Where they are kept, in the data folder.")
    auto_update: bool = Field(description="Whether a portal is asked by itself once a day.")
    update_hour: int | None = Field(description="When, hour of the site's clock.")
    next_update: str | None = Field(description="ISO 8601 UTC.")
    source: str | None
    sources: list[str] = Field(description="Every source that knows days.")


class CurrentOut(BaseModel):
    today_kwh: float | None = Field(description="So far; portals know yesterday at best.")
    yesterday_kwh: float | None
    month_total_kwh: float | None = Field(description="Of the days of this month that are known.")
    meter_reading: float | None
    meter_reading_date: date | None
    unit: str
    source: str


class DayOut(BaseModel):
    date: date
    consumption_kwh: float
    month: str = Field(examples=["January"])
    year: int
    location: str | None
    unit: str
    source: str
    so_far: bool = Field(description="The day has not ended yet.")


class DayKwh(BaseModel):
    date: date
    kwh: float


class DaysOut(BaseModel):
    """Known days, their sum and mean."""

    total_kwh: float | None
    average_daily_kwh: float | None
    days: int
    location: str | None
    unit: str
    source: str
    daily: list[DayKwh]


class MonthOut(DaysOut):
    year: int
    month: str = Field(examples=["January"])


class RangeOut(DaysOut):
    start: date
    end: date


class DateRange(BaseModel):
    first: date | None
    last: date | None


class StatisticsOut(BaseModel):
    """Over all days that are known and have ended."""

    total_days: int
    total_consumption_kwh: float | None
    average_daily_kwh: float | None
    max_daily_kwh: float | None
    min_daily_kwh: float | None
    date_range: DateRange
    highest_day: DayKwh | None
    lowest_day: DayKwh | None
    unit: str
    source: str


class UpdateOut(BaseModel):
    status: str = Field(examples=["update started"])
