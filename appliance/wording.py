"""Numbers and moments as an English sentence for a person has them: pure.

Texts of several facts are lines, one fact a line, so that the screen can tell each in another language.
"""

from zoneinfo import ZoneInfo

from appliance.calendar import local

ABOUT_THE_SAME = 0.02
"""Two days that differ by less are the same to a person."""


def money(amount: float, currency: str) -> str:
    """1234.5 as "1234.50 INR"."""
    return f"{amount:.2f} {currency}"


def kwh(energy: float) -> str:
    """With one decimal: "11.4 kWh"; with two below 1 kWh."""
    return f"{energy:.{1 if abs(energy) >= 1 else 2}f} kWh"


def lasts(days: float) -> str:
    """How many days a balance lasts: "2.6", and "45" where tenths would be make-believe."""
    return f"{days:.1f}" if days < 10 else f"{days:.0f}"


def power(watts: float) -> str:
    """ "850 W", "4.2 kW"."""
    return f"{watts:.0f} W" if abs(watts) < 1000 else f"{watts / 1000:.1f} kW"


def clock(at: int, zone: ZoneInfo) -> str:
    """The site's time of the day of an instant (UTC ms): "18:15"."""
    return f"{local(at, zone):%H:%M}"


def compared(value: float, other: float | None, with_what: str) -> str | None:
    """ "12 % less than yesterday"; None where there is nothing to compare with."""
    if other is None or other <= 0:
        return None
    change = value / other - 1
    if abs(change) < ABOUT_THE_SAME:
        return f"as much as {with_what}"
    if change > 1:
        return f"{value / other:.1f} times as much as {with_what}"
    return f"{abs(change) * 100:.0f} % {'more' if change > 0 else 'less'} than {with_what}"
