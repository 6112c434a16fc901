"""A running source whose portal knows days, put into an appliance."""

from datetime import date, timedelta

from appliance.app import Appliance
from appliance.calendar import day_of, day_start
from appliance.store import DayBook, DayRegister, DayValue


class Portal:
    """A customer portal that tells of one more day each time it is asked, yesterday the first time."""

    update_hour = 5
    updating = False

    def __init__(self, appliance: Appliance) -> None:
        self.book = DayBook(appliance.folder / "daily.db")
        self.today = day_of(appliance.clock.now(), appliance.zone)
        self.next_update = day_start(self.today + timedelta(days=1), appliance.zone)
        self.values = [8.0 + number % 7 / 4 for number in range(60)]
        first = self.today - timedelta(days=61)
        days = [first + timedelta(days=number) for number in range(60)]
        self.book.put(self._value(day, value) for day, value in zip(days, self.values, strict=True))
        self.book.put_registers([DayRegister("carma.1203", days[-1], 4242.17, "kWh", 0)])

    async def update(self) -> None:
        self.book.put([self._value(self.today - timedelta(days=1), 31.5)])

    def _value(self, day: date, value: float) -> DayValue:
        return DayValue("carma.1203", day, value, "kWh", False, 0, "100 Rue de l'Étoile")
