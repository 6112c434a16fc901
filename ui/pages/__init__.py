"""The pages, in the order of the navigation. A new page is one file here and one line below."""

from ..shell import Page
from . import health, home, meter, more

PAGES: tuple[Page, ...] = (home.PAGE, meter.PAGE, health.PAGE, more.PAGE)
