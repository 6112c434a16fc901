"""A browser for each module, and stand-ins with a camera before a meter."""

from collections.abc import Iterator

import pytest
from selenium import webdriver

from tests.ui.browser import browser, served
from tests.ui.checked import year


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.Chrome]:
    with browser() as made:
        yield made


@pytest.fixture(scope="module")
def home() -> Iterator[str]:
    """A stand-in for tests that save nothing."""
    with served("camera") as url:
        yield url


@pytest.fixture
def fresh() -> Iterator[str]:
    with served("camera") as url:
        yield url


@pytest.fixture(scope="session")
def counted() -> Iterator[str]:
    """An appliance with months of three registers and two destinations."""
    with year(70) as url:
        yield url
