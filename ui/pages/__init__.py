"""The pages, in the order of the navigation. A new page is one file here and one line below."""

from ..shell import Page
from . import health, history, home, meter, meter_setup, more, phases, prices

PAGES: tuple[Page, ...] = (
    home.PAGE,
    prices.PAGE,
    history.PAGE,
    phases.PAGE,
    meter.PAGE,
    health.PAGE,
    more.PAGE,
)
INNER: tuple[Page, ...] = (meter_setup.PAGE,)
"""Reached from the page above them in the address, which stays marked in the navigation."""
