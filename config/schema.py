"""What can be said in config.json, apart from the options of each kind of source and sink.

The docstring under an option is its help text on screen, in schema.json and in docs/CONFIGURATION.md.
"""

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field

from config.contract import Contract
from config.messages import Messages
from config.section import Section

VERSION = 2


def system_zone(localtime: Path = Path("/etc/localtime"), timezone: Path = Path("/etc/timezone")) -> str:
    """The IANA name of this machine's time zone; "UTC" where it has none."""
    candidates = [os.path.realpath(localtime).partition("/zoneinfo/")[2]]
    if timezone.is_file():
        candidates.append(timezone.read_text(encoding="utf-8", errors="replace").strip())
    known = available_timezones()
    return next((name for name in candidates if name in known and not name.endswith("UTC")), "UTC")


def system_language() -> Literal["en", "sv"]:
    """The language this machine is set to, English where it is one we do not speak."""
    said = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "sv" if said.lower().startswith("sv") else "en"


ZONE_CURRENCY = {
    "Asia/Kolkata": "INR",
    "Asia/Calcutta": "INR",
    "Europe/Stockholm": "SEK",
    "Europe/Oslo": "NOK",
    "Europe/Copenhagen": "DKK",
    "Europe/London": "GBP",
    "Europe/Zurich": "CHF",
    "Europe/Warsaw": "PLN",
    "Europe/Prague": "CZK",
    "Europe/Budapest": "HUF",
    "Europe/Bucharest": "RON",
    "Atlantic/Reykjavik": "ISK",
    "Africa/Johannesburg": "ZAR",
    "Pacific/Auckland": "NZD",
}
CONTINENT_CURRENCY = {"Australia": "AUD", "America": "USD", "US": "USD", "Canada": "CAD"}


def usual_currency(zone: str, language: str) -> str:
    """The currency electricity is most likely paid in where the clock shows `zone`."""
    if zone in ZONE_CURRENCY:
        return ZONE_CURRENCY[zone]
    if language == "sv" and not zone.startswith("Europe/"):
        return "SEK"
    return CONTINENT_CURRENCY.get(zone.partition("/")[0], "EUR")


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise ValueError(
            "must be an IANA time zone name such as Europe/Stockholm or Australia/Brisbane"
        ) from None
    return name


def _origin(text: str) -> str:
    if not re.fullmatch(r"https?://[^/*\s]+", text):
        raise ValueError("must be an address without a path, such as http://wall.example:8080")
    return text.lower()


Port = Annotated[int, Field(ge=1, le=65535)]


def _level(value: Any) -> Any:
    name = value.upper() if isinstance(value, str) else value
    return "WARNING" if name == "WARN" else name


def _empty_is_none(value: Any) -> Any:
    return None if value == "" else value


class Site(Section):
    """The house and what is usual where it stands."""

    name: str = Field(default="Home", min_length=1, max_length=60)
    """What the house is called on screen."""
    time_zone: Annotated[str, AfterValidator(_known_zone)] = Field(default_factory=system_zone)
    """IANA name of the time zone, such as Europe/Stockholm; that of this machine if left out."""
    language: Literal["en", "sv"] = Field(default_factory=system_language)
    """Language of the screen: en or sv; that of this machine if left out."""
    currency: str = Field(
        default_factory=lambda said: usual_currency(said.get("time_zone", "UTC"), said.get("language", "en")),
        pattern=r"^[A-Z]{3}$",
    )
    """ISO 4217 code of the money electricity is paid in, such as SEK or EUR; guessed from the time zone."""
    main_fuse_a: int | None = Field(default=None, ge=6, le=200)
    """Main fuse in ampere per phase (16, 20, 25, 35, 50, 63 are usual); null when not known."""
    grid_meters: tuple[str, ...] = ()
    """Names of the sources that read the house's own grid meter, the best first; found if left out."""
    accuracy_percent: dict[str, Annotated[float, Field(gt=0, le=20)] | None] = Field(default_factory=dict)
    """For the bill check, how far a source's meter may err either way: 2 for class A or 2, 1 for B or 1, 0.5
    for C (on the meter's face); null leaves a source out of it. What is usual where nothing is said."""
    latitude: float | None = Field(default=None, ge=-90, le=90)
    """Degrees north, for sunrise and sunset; null when not told."""
    longitude: float | None = Field(default=None, ge=-180, le=180)
    """Degrees east, for sunrise and sunset; null when not told."""


class Display(Section):
    """The screen."""

    enabled: bool = True
    """Serve the pages. false for a reader without a screen: only the API runs, in much less memory."""
    theme: Literal["auto", "dark", "light", "sunset"] = "auto"
    """auto follows the viewing device, sunset is light by day and dark by night."""


class Web(Section):
    """The address of the pages and the API."""

    host: str = Field(default="0.0.0.0", min_length=1)  # noqa: S104 - an appliance is there to be seen at home
    """Address to listen on: 0.0.0.0 is the whole local network, 127.0.0.1 this machine alone."""
    port: int = Field(default=8080, ge=1, le=65535)
    """TCP port of pages and API."""
    also_ports: Annotated[tuple[Port, ...], Field(max_length=8)] = ()
    """Further ports with the same pages and API: 8000 (classic energy API), 8675 (pypowerwall proxy)."""
    open_reads: bool = True
    """Let programs read without a token. false: the API wants it for reading too; the pages, with the
    pictures and files they offer, stay open, and so does /health."""
    local_only: bool = True
    """Turn away addresses of the internet, as after a mistake in the router; the API lets them in by its
    token."""
    classic_open_writes: bool = False
    """Take POST /meter_reading without a token, for old readers that cannot send one."""
    allowed_origins: tuple[Annotated[str, AfterValidator(_origin)], ...] = ()
    """Other web addresses whose pages may talk to this appliance, such as https://home.example."""


class Store(Section):
    """How readings are kept."""

    commit_every_s: float = Field(default=60, ge=1, le=3600)
    """Seconds between writes to the card: fewer writes let it live longer, a power cut loses no more."""


class Logging(Section):
    """What is written to the journal and to a file."""

    level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(_level)] = (
        "INFO"
    )
    """The least important message still written."""
    log_file: Annotated[Path | None, BeforeValidator(_empty_is_none)] = None
    """Also write to this file, changed at 2 MB and kept five times; null for the journal alone."""


class Config(Section):
    """The whole of config.json, checked and frozen."""

    version: Literal[2] = 2
    """Form of this file; 2 is the present one."""
    site: Site = Field(default_factory=Site)
    """The house: name, time zone, language, money, main fuse, place."""
    display: Display = Field(default_factory=Display)
    """The screen."""
    web: Web = Field(default_factory=Web)
    """Address of pages and API."""
    sources: tuple[Any, ...] = ()
    """Where readings come from: a list told apart by `type`."""
    sinks: tuple[Any, ...] = ()
    """Where readings go: a list told apart by `type`."""
    contracts: tuple[Contract, ...] = ()
    """What electricity costs: each contract is in force from its `since` until the next one's."""
    offers: tuple[Contract, ...] = ()
    """Other contracts to compare with: what would last month have cost?"""
    messages: Messages = Field(default_factory=Messages)
    """What is worth a message, and from which value on."""
    store: Store = Field(default_factory=Store)
    """How readings are kept."""
    logging: Logging = Field(default_factory=Logging)
    """What is written to the journal and to a file."""
