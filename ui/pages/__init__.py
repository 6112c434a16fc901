"""The pages, in the order of the navigation. A new page is one file here and one line below."""

from ..shell import Page
from . import (
    battery,
    check,
    connections,
    health,
    history,
    home,
    messages,
    meter,
    meter_setup,
    more,
    phases,
    prepaid,
    prices,
)

PAGES: tuple[Page, ...] = (
    home.PAGE,
    prices.PAGE,
    history.PAGE,
    battery.PAGE,
    prepaid.PAGE,
    phases.PAGE,
    meter.PAGE,
    health.PAGE,
    more.PAGE,
)
INNER: tuple[Page, ...] = (meter_setup.PAGE, check.PAGE, connections.PAGE, messages.PAGE)
"""Reached from other pages; the page above them in the address stays marked in the navigation."""
