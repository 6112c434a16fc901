"""The pages, in the order of the navigation. A new page is one file here and one line below."""

from ..shell import Page
from . import health, home, meter, meter_setup, more

PAGES: tuple[Page, ...] = (home.PAGE, meter.PAGE, health.PAGE, more.PAGE)
INNER: tuple[Page, ...] = (meter_setup.PAGE,)
"""Reached from the page above them in the address, which stays marked in the navigation."""
