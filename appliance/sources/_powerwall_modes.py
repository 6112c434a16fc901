"""The ways to a Powerwall, told to a person who has to choose one: needs nothing but these words.

Facts: README and source of pypowerwall 0.22.2, Tesla's owner's manuals.
"""

from dataclasses import dataclass
from typing import Literal

ModeName = Literal["local", "hybrid", "tedapi", "v1r", "cloud", "fleetapi", "proxy"]


@dataclass(frozen=True, slots=True)
class Mode:
    """One way: its `title`, `for_whom` it is, the `steps` to set it up in order, and its `limits`."""

    title: str
    for_whom: str
    steps: tuple[str, ...]
    limits: tuple[str, ...]


FIND_ADDRESS = (
    "Find the gateway's address in your router's list of devices (its name begins with 1232100, 1152100 or "
    "1118431), and let the router give it that address for good"
)
STICKER = (
    "Find the gateway's password on the sticker inside the gateway's door or behind the Powerwall's glass "
    "front, beside the QR code"
)
GATEWAY_WIFI = (
    "Connect this appliance to the gateway's own Wi-Fi (TEG-xxx, name and password are on the sticker): the "
    "gateway answers at 192.168.91.1 there, and since firmware 25.10 nowhere else"
)
PYPOWERWALL = "/opt/tallywatt/venv/bin/python -m pypowerwall setup"
"""Where systemd/install.sh puts it; it is nowhere else."""
SETUP = "On the appliance, run `{command}` as the user tallywatt and follow what it says"

MODES: dict[str, Mode] = {
    "local": Mode(
        "Gateway on your network",
        "Powerwall 1, 2 and + whose gateway is on your home network by cable or Wi-Fi",
        (
            FIND_ADDRESS,
            STICKER + "; the last five characters are the owner's password",
            "Set `host` to the address and `password` to those five characters",
        ),
        (
            "A Powerwall 3 does not answer here: use v1r, tedapi or cloud",
            "Since firmware 23.44 there are no strings, temperatures or alerts of each device this way; "
            "where the solar inverter is part of the Powerwall, its strings and alerts are still told",
            "Whether the battery may charge from the grid and what it may export is not told",
        ),
    ),
    "hybrid": Mode(
        "Gateway, with everything its devices tell",
        "Powerwall 2 and + with firmware 23.44 or later, where you want temperatures, alerts and strings too",
        (
            GATEWAY_WIFI,
            STICKER,
            "Set `host` to 192.168.91.1, `gateway_password` to the whole password and `password` to its last "
            "five characters",
        ),
        (
            "The appliance has to be within reach of the gateway's Wi-Fi, and needs another way (a cable) to "
            "your own network",
            "A Powerwall 3 does not answer here: use tedapi or v1r",
        ),
    ),
    "tedapi": Mode(
        "Gateway's own Wi-Fi",
        "Powerwall 3 and every other with the gateway's whole password, on the gateway's own Wi-Fi",
        (
            GATEWAY_WIFI,
            STICKER,
            "Set `host` to 192.168.91.1 and `gateway_password` to the whole password",
        ),
        (
            "The appliance has to be within reach of the gateway's Wi-Fi, and needs another way (a cable) to "
            "your own network",
            "Energy registers come only from firmware that tells them; where they are missing, nothing is "
            "stored in their place",
        ),
    ),
    "v1r": Mode(
        "Powerwall 3 by cable",
        "Powerwall 3, and some Powerwall 2, wired to your home network; no Wi-Fi of the gateway is needed",
        (
            FIND_ADDRESS,
            STICKER,
            SETUP.format(command=f"{PYPOWERWALL} -v1r") + ": it makes a key and registers it with Tesla",
            "Within ten minutes switch the Powerwall off for 15 seconds and on again: that confirms the key",
            "Set `host` to the address, `gateway_password` to the whole password and `rsa_key` to the key's "
            "file",
        ),
        (
            "The key is registered once, through your Tesla account; after that nothing goes over the "
            "internet",
            "Some gateways answer only in the installer's network 10.42.1.x; with `wifi_host` those behind "
            "the first Powerwall are asked over the gateway's Wi-Fi",
        ),
    ),
    "cloud": Mode(
        "Tesla account",
        "any Powerwall, and solar panels of Tesla alone, when nothing local can be reached",
        (
            SETUP.format(command=f"{PYPOWERWALL} -headless -authpath FOLDER")
            + ": you log in to Tesla in a browser once",
            "Set `email` to that of your Tesla account and `auth_folder` to FOLDER",
            "With several sites in your account set `site_id`",
        ),
        (
            "Without internet there are no readings; they are some seconds to a minute old",
            "Energy registers, strings, temperatures, frequency and voltage are not told",
            "Tesla may change or end this way without notice",
        ),
    ),
    "fleetapi": Mode(
        "Tesla's official FleetAPI",
        "any Powerwall, with a developer account at Tesla",
        (
            "Register an application at developer.tesla.com, with a web address of yours that holds its "
            "public key",
            SETUP.format(command=f"{PYPOWERWALL} -fleetapi -authpath FOLDER"),
            "Set `auth_folder` to FOLDER; with several sites in your account set `site_id`",
        ),
        (
            "Tesla counts the requests and may bill them: ask every five minutes, as is the default",
            "Without internet there are no readings",
            "Energy registers, strings, temperatures, frequency and voltage are not told",
        ),
    ),
    "proxy": Mode(
        "A pypowerwall proxy that runs already",
        "a home where Powerwall-Dashboard or the pypowerwall proxy runs already, on port 8675",
        (
            "Set `host` to the address of the machine it runs on, such as 192.168.1.5:8675",
            "In a browser, open http://192.168.1.5:8675/aggregates: it shows numbers",
        ),
        (
            "What the proxy is told, it tells: its own mode decides what there is",
            "While the gateway is silent, the proxy may repeat its last answer for half a minute",
        ),
    ),
}
"""By the word `mode` has in config.json."""
