"""What a Powerwall, its gateway and the grid have the owner know, and the ways to set one up.

Holes are as in `ui.sentences`.
"""

from .text import N_

TAILS = (
    N_("; the last five characters are the owner's password"),
    N_(": it makes a key and registers it with Tesla"),
    N_(": you log in to Tesla in a browser once"),
)
"""What a step of a way ends with after a sentence that others have too."""
WAYS = (
    N_("Gateway on your network"),
    N_("Powerwall 1, 2 and + whose gateway is on your home network by cable or Wi-Fi"),
    N_("Gateway, with everything its devices tell"),
    N_("Powerwall 2 and + with firmware 23.44 or later, where you want temperatures, alerts and strings too"),
    N_("Gateway's own Wi-Fi"),
    N_("Powerwall 3 and every other with the gateway's whole password, on the gateway's own Wi-Fi"),
    N_("Powerwall 3 by cable"),
    N_("Powerwall 3, and some Powerwall 2, wired to your home network; no Wi-Fi of the gateway is needed"),
    N_("Tesla account"),
    N_("any Powerwall, and solar panels of Tesla alone, when nothing local can be reached"),
    N_("Tesla's official FleetAPI"),
    N_("any Powerwall, with a developer account at Tesla"),
    N_("A pypowerwall proxy that runs already"),
    N_("a home where Powerwall-Dashboard or the pypowerwall proxy runs already, on port 8675"),
)
STEPS = (
    N_(
        "Find the gateway's address in your router's list of devices (its name begins with 1232100, 1152100 "
        "or 1118431), and let the router give it that address for good"
    ),
    N_(
        "Find the gateway's password on the sticker inside the gateway's door or behind the Powerwall's "
        "glass front, beside the QR code"
    ),
    N_(
        "Connect this appliance to the gateway's own Wi-Fi (TEG-xxx, name and password are on the sticker): "
        "the gateway answers at 192.168.91.1 there, and since firmware 25.10 nowhere else"
    ),
    N_("On the appliance, run `{command}` as the user tallywatt and follow what it says"),
    N_("Set `host` to the address and `password` to those five characters"),
    N_(
        "Set `host` to 192.168.91.1, `gateway_password` to the whole password and `password` to its last "
        "five characters"
    ),
    N_("Set `host` to 192.168.91.1 and `gateway_password` to the whole password"),
    N_("Within ten minutes switch the Powerwall off for 15 seconds and on again: that confirms the key"),
    N_("Set `host` to the address, `gateway_password` to the whole password and `rsa_key` to the key's file"),
    N_("Set `email` to that of your Tesla account and `auth_folder` to FOLDER"),
    N_("With several sites in your account set `site_id`"),
    N_(
        "Register an application at developer.tesla.com, with a web address of yours that holds its public "
        "key"
    ),
    N_("Set `auth_folder` to FOLDER; with several sites in your account set `site_id`"),
    N_("Set `host` to the address of the machine it runs on, such as 192.168.1.5:8675"),
    N_("In a browser, open http://192.168.1.5:8675/aggregates: it shows numbers"),
)
LIMITS = (
    N_("A Powerwall 3 does not answer here: use v1r, tedapi or cloud"),
    N_("A Powerwall 3 does not answer here: use tedapi or v1r"),
    N_(
        "Since firmware 23.44 there are no strings, temperatures or alerts of each device this way; where "
        "the solar inverter is part of the Powerwall, its strings and alerts are still told"
    ),
    N_("Whether the battery may charge from the grid and what it may export is not told"),
    N_(
        "The appliance has to be within reach of the gateway's Wi-Fi, and needs another way (a cable) to "
        "your own network"
    ),
    N_(
        "Energy registers come only from firmware that tells them; where they are missing, nothing is stored "
        "in their place"
    ),
    N_("The key is registered once, through your Tesla account; after that nothing goes over the internet"),
    N_(
        "Some gateways answer only in the installer's network 10.42.1.x; with `wifi_host` those behind the "
        "first Powerwall are asked over the gateway's Wi-Fi"
    ),
    N_("Without internet there are no readings; they are some seconds to a minute old"),
    N_("Energy registers, strings, temperatures, frequency and voltage are not told"),
    N_("Tesla may change or end this way without notice"),
    N_("Tesla counts the requests and may bill them: ask every five minutes, as is the default"),
    N_("Without internet there are no readings"),
    N_("What the proxy is told, it tells: its own mode decides what there is"),
    N_("While the gateway is silent, the proxy may repeat its last answer for half a minute"),
)
GATEWAY = (
    N_("The gateway at {host}"),
    N_("{where} cannot be reached; check address, cable and power"),
    N_("{where} refuses the connection; is the address right, is the gateway on?"),
    N_("{where} cannot be talked to in TLS; is this a gateway's address?"),
    N_("{where} refuses the password: {password}"),
    N_("set `password` to the last five characters of the password on the gateway's sticker"),
    N_("set `gateway_password` to the whole password on the gateway's sticker"),
    N_("check `gateway_password`, the whole password on the gateway's sticker"),
    N_("{where} answered something cut short; it is asked again soon"),
    N_("{where} gave no powers; it is asked again soon"),
    N_("{where} has a fault of its own; it is asked again soon"),
    N_("{where} is busy or starting (503); it is asked again soon"),
    N_("{where} is asked too often (429) and is left alone for a minute; do other programs ask it too?"),
    N_(
        "{where} does not allow what was asked (403): its firmware may have closed this way; try mode v1r, "
        "tedapi or cloud"
    ),
    N_("{where} does not know what was asked (404): is it a gateway? A Powerwall 3 needs mode v1r or tedapi"),
    N_(
        "{where} does not know the key: register it with `python -m pypowerwall setup -v1r`, or set "
        "`rsa_key` to the one that was registered"
    ),
    N_(
        "The key is registered but not confirmed: switch the Powerwall off for 15 seconds and on again; more "
        "than ten minutes after registering, register it anew first"
    ),
    N_(
        "The Powerwall answers, but tells no power ({why}); is this a gateway's address, and is the gateway "
        "set up?"
    ),
    N_("The Powerwall does not tell its {what} ({why}); the rest goes on"),
    N_("The Powerwall reports {what}{where}"),
    N_("The Powerwall no longer reports {what}{where}"),
    N_("The powerwall source needs {name}: pip install pypowerwall"),
    N_("There is no key {key}: run `python -m pypowerwall setup -v1r`, set `rsa_key`"),
    N_(
        "There is no login to Tesla in {folder}: on the appliance, run `python -m pypowerwall setup {way} "
        "-authpath {path}`, then restart"
    ),
    N_("Tesla refuses the login: run `python -m pypowerwall setup` again"),
    N_("Your Tesla account has no such site: check `site_id` and `email`"),
    N_(
        "Tesla has heard nothing from the gateway for {count} minutes: are it and its internet connection on?"
    ),
    N_("pypowerwall cannot be set up: {why}"),
    N_("it is not JSON"),
    N_("its word for it is new: {what}"),
    N_("state of charge"),
    N_("state of the grid"),
    N_("Tesla's servers"),
    N_("The proxy at {address} does not know it"),
    N_("The proxy at {address} hears nothing from its gateway; look at {again}/health"),
    N_("{folder} cannot be made: {why}"),
)
GRID = (
    N_("The grid is lost"),
    N_("The grid is lost; it was not watched from {since} to {until}"),
    N_("The grid is back after {lasted}"),
    N_("The grid is back after {lasted}; it was not watched from {since} to {until}"),
    N_("about {lasted}"),
    N_("at least {lasted}"),
    N_("at most {lasted}"),
    N_("This source is no longer set up; it last saw the grid lost at {time}"),
)
"""The grid as a gateway sees it."""
POWERWALL = (*WAYS, *STEPS, *TAILS, *LIMITS, *GATEWAY, *GRID)
