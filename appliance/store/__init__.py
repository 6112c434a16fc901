"""SQLite time series that spare the card, and TinyDB documents that survive a power cut."""

from appliance.store.day_book import Changes, DayBook, DayRegister, DayValue
from appliance.store.documents import Documents
from appliance.store.facts import Every, Row, Series, SeriesInfo, Stored
from appliance.store.store import Store

__all__ = [
    "Changes",
    "DayBook",
    "DayRegister",
    "DayValue",
    "Documents",
    "Every",
    "Row",
    "Series",
    "SeriesInfo",
    "Store",
    "Stored",
]
