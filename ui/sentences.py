"""Whole sentences of the daemon, with holes, so that they can be told in the tongue of a browser.

`{count}` is a number, `{kwh}`, `{kw}`, `{sum}` of money and `{rate}` one with its unit, `{clock}` a time,
`{lasted}` a span, `{register}` the name of a quantity, `{port}` that of a serial port; any other hole holds
what stands there, told in its turn. A sentence that is none of these (a device's own words) is shown as it
came.
"""

import re
import string
from functools import cache, lru_cache

from appliance.model import Quantity

from .answers_told import ANSWERS
from .carma_told import CARMA
from .carma_told import PAGES as PORTAL_PAGES
from .mqtt_told import MQTT
from .news_told import NEWS
from .powerwall import POWERWALL
from .prepaid_told import PREPAID
from .text import N_, Texts
from .wires import WIRES

PICTURES = (
    N_("There is no picture: check the camera and its cable."),
    N_("The picture is black: turn the lamp on, uncover the lens, or give more exposure."),
    N_("The picture is all white: lower the exposure or the lamp."),
    N_("The picture is an even surface (brightness {count}): is the lens covered or fogged?"),
    N_("The picture is too blurred to read: focus the camera or wipe its lens."),
    N_("The picture is too dark to find a counter: turn the lamp on or give more exposure."),
    N_("The picture is too blurred to find a counter: focus the camera or hold it further away."),
    N_("The picture is only {count}x{high} pixels: choose a larger size for the camera."),
    N_("The picture is {count}x{high} pixels, more than can be handled: choose a smaller size."),
    N_("The picture is {pixels} pixels: choose a smaller size for the camera"),
    N_("The picture is not 8-bit colour ({what}): check the camera's format."),
    N_(
        "The picture is {count}x{high}, the meter was set up at {wide}x{tall}: "
        "set the camera back or set the meter up again."
    ),
    N_(
        "The picture is {count}x{high}, the set-up was made with {wide}x{tall}: "
        "set the camera back or set the meter up again."
    ),
    N_(
        "The picture does not fit the one the meter was set up with: was the camera moved or covered? "
        "Put it back or set the meter up again."
    ),
    N_(
        "The camera was moved too far from where the meter was set up: put it back or set the meter up again."
    ),
    N_("The picture file is empty: does whatever writes it run, and is its disk full?"),
    N_("The picture file ends in the middle: it was cut off while being written or sent"),
    N_("The picture file is damaged and cannot be opened"),
    N_("The file has {count} MB: choose a smaller size for the camera"),
    N_("This is no JPEG, PNG or BMP picture (it begins with {start})"),
)
"""Why a picture cannot be used."""
CAMERAS = (
    N_("The camera sends a video stream: set the address of its picture (snapshot)"),
    N_("The camera breaks off in the middle of its picture: check its power and its reception"),
    N_("The camera has sent the very same picture for an hour: switch it off and on again"),
    N_("The counter is read as {number}, but was said to show {other}: set decimals right"),
    N_("The camera does not answer ({what}): check its address, power and network"),
    N_("The camera refuses the login: set user and password of the camera"),
    N_("The camera answers {what}: check the address of its picture"),
    N_("The camera sends more than {count} MB: is this its video stream?"),
    N_("The camera did not send its picture within {count} s"),
    N_("The camera took no picture: try again"),
    N_("The camera took no further picture"),
    N_("{path} cannot be read: {why}; check the path"),
    N_("{path} holds no .jpg, .png or .bmp picture: does a camera write there?"),
    N_("There is no {camera}: check its plug and the camera's device_id"),
    N_("The {camera} gives no picture any more: check its plug and cable"),
    N_("camera /dev/video{count}"),
    N_("The camera of {name}"),
    N_("The Pi camera cannot be used ({what}): check its ribbon cable"),
    N_("The Pi camera gives no picture ({what}): check its ribbon cable"),
    N_("GPIO {pin} cannot light a lamp ({what}): check lighting.led_pin"),
    N_("Pictures cannot be kept in {folder}: {why}; {remedy}"),
    N_("check image_path and the disk"),
    N_("free some of the disk"),
    N_("The refused picture cannot be kept: {why}"),
)
READING = (
    N_("No row of digits was found: point the camera at the counter, upright, closer, without reflections."),
    N_("{count} digits were found where {expected} are expected: set expected_digits or the boxes right."),
    N_("No number can be made out in the display's window: set the window right, mind reflections."),
    N_("The digits do not go together as wheels do (confidence {percent}): line the boxes up."),
    N_(
        "Digit {count} is unsure, {percent}: line its box up, "
        "and look for a reflection, dirt or too little light."
    ),
    N_("The counter cannot be read"),
    N_(
        "It looks like {number}, but that is only {percent} sure where {threshold} is asked for; "
        "the least sure is digit {place}"
    ),
    N_("It looks like {number}. {why}"),
    N_(
        "A counter may stand here, but this is not sure yet: say what it shows on the Meter page (Set up), "
        "or wait until it has counted on"
    ),
    N_("Waiting for register {code}; now {what}"),
    N_("the display shows {codes}"),
    N_("no register code is seen"),
    N_(
        "The display has not shown register {code} for hours: "
        "set the code of {register} as the display shows it"
    ),
    N_("{register}: {why}"),
    N_("It was refused"),
)
"""Why a picture gave no number."""
SETUP = (
    N_("Not sure enough: line the boxes up"),
    N_(
        "Nothing in the picture agrees with {number}: check the number you typed, "
        "and that all its digits can be seen."
    ),
    N_(
        "The picture lies on its side or upside down: set rotate of this camera to {degrees} "
        "in the configuration"
    ),
    N_("{typed} is not what a counter shows: type its digits, such as 048713.4"),
    N_("The counter has not been found yet: set the meter up first"),
    N_("The counter is not where it was set up: set the meter up again"),
    N_("The display does not show {code} now: wait for its turn"),
    N_("The set-up was drawn on a picture of another size: take a new picture"),
    N_(
        "The boxes were drawn on a picture of {count}x{high} pixels, the still has {wide}x{tall}: "
        "take a new picture"
    ),
    N_("The set-up has no counter: say what the meter shows, or draw boxes"),
    N_("{register} is set up twice: each counter needs a quantity of its own"),
    N_("it stands where another counter does, and no register code tells them apart"),
    N_("it has neither digits, dials nor a display window: draw its boxes"),
    N_("it is counted in {unit}, not in {other}"),
    N_("{count} digits and dials are more than the {most} a counter can have"),
    N_("{count} decimals do not fit a counter of {figures} digits and dials"),
    N_("{code} is no code of a register: write it as the display does, such as 1.8.0"),
    N_("to see whose turn it is, the window that shows the code {code} must be drawn"),
    N_("the box of {box} is too small"),
    N_("the box of {box} leaves the picture: move it inside"),
    N_("digit {count}"),
    N_("dial {count}"),
    N_("the display"),
    N_("The set-up cannot be kept ({why}): is the disk full?"),
)
TEACHING = (
    N_("Type all figures as the counter shows them, those after the point too, such as 048713.4"),
    N_("The picture clearly shows other digits: look at it again. Nothing was learned from it"),
    N_(
        "That does not fit what was read before and after: look at the picture again. "
        "Nothing was learned from it"
    ),
    N_("That picture is no longer kept; the last {count} are: choose another"),
    N_("What it teaches cannot be kept ({why}): is the disk full?"),
    N_("What was learned cannot be kept: {why}"),
    N_("It cannot be forgotten: {why}"),
)
REGISTERS = (
    N_("The clock is not set yet; readings are kept once it is (network time, or a clock battery)"),
    N_("It is dated {count} minutes in the future; check both clocks"),
    N_("{reading} is outside what is possible ({low} to {high} {unit})"),
    N_("{reading} does not fit {before} read before: a register never runs backwards"),
    N_(
        "{reading} is {rise} {unit} above {before} after only {span}: "
        "at most {most} {same} an hour are possible"
    ),
    N_(
        "{reading} is {rise} {unit} above {before}: "
        "at most {most} {same} a day were allowed (max_daily_increase_kwh)"
    ),
    N_(
        "{count} readings agree on about {reading}; {before} accepted before was wrong. "
        "If the meter was exchanged, say so on the Meter page"
    ),
    N_("{count} seconds"),
    N_("{count} minutes"),
    N_("{count} hours"),
    N_("The meter was exchanged; the new register stands at {reading}"),
    N_("The register was set right: it stands at {reading}"),
    N_("The register went past {most} and stands at {reading}; sums count on"),
    N_("The register ran back past 0 and stands at {reading}; sums count on"),
)
"""What the gate refuses and the owner puts right."""
PARTS = (
    N_("Working"),
    N_("Starting"),
    N_("Everything is delivered"),
    N_("{name} did not answer within {count} s; check its cable, power and address"),
    N_("{name} stopped unexpectedly; the journal may say why"),
    N_("{name} is no camera that runs: see the Health page"),
    N_("It ended by itself and is started again"),
    N_("It cannot start: {why}"),
    N_("{where} refuses us ({count}); check the token or password"),
    N_("{where} does not exist there (404); check the path of the address"),
    N_("{where} is busy ({count}); it will be asked again later"),
    N_("{where} has a fault of its own ({count}); it will be asked again later"),
    N_("{where} did not answer within {count} s; is it on and reachable?"),
    N_("{where} cannot be reached ({what}); check address, cable and power"),
    N_("{error}. Readings that wait: {count}{since}; nothing is lost"),
    N_(", the oldest of {time}"),
    N_("The central API answers and takes readings from here"),
    N_("No answer within {count} s: check address and network"),
    N_("This destination cannot be tried"),
)
"""How a part is."""
SENTENCES = (
    *PICTURES, *CAMERAS, *READING, *SETUP, *TEACHING, *REGISTERS, *PARTS, *WIRES, *POWERWALL, *MQTT, *NEWS,
    *PREPAID, *ANSWERS, *CARMA,
)  # fmt: skip
NAMES = frozenset(quantity.spec.label for quantity in Quantity)


def told(texts: Texts, text: str) -> str:
    """What the daemon says, in this tongue; of several lines each for itself."""
    if text in NAMES:
        return texts._(text)
    known = recognised(text)
    if known is None:
        return "\n".join(told(texts, line) for line in text.split("\n")) if "\n" in text else text
    sentence, holes = known
    return texts._(sentence).format(**{name: told(texts, held) for name, held in holes.items()})


@lru_cache(maxsize=256)
def recognised(text: str) -> tuple[str, dict[str, str]] | None:
    """The sentence and what stands in its holes; the one with most words of its own where several fit."""
    for sentence, pattern in _patterns():
        if found := pattern.fullmatch(text):
            return sentence, found.groupdict()
    return None


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    parsed = {sentence: list(string.Formatter().parse(sentence)) for sentence in SENTENCES}
    known = sorted(SENTENCES, key=lambda sentence: -sum(len(literal) for literal, *_ in parsed[sentence]))
    return [(one, re.compile("".join(_part(*part[:2]) for part in parsed[one]), re.DOTALL)) for one in known]


def _part(literal: str, hole: str | None) -> str:
    return re.escape(literal) + ("" if hole is None else f"(?P<{hole}>{_holds().get(hole, '.*?')})")


@cache
def _holds() -> dict[str, str]:
    """What may stand in holes that are not for anything."""
    clock, rate = r"(?:\d{4}-\d\d-\d\d )?\d\d:\d\d", r"-?[\d.]+ [A-Z]{3}/kWh"
    return {
        "count": r"-?\d(?:[\d.,]*\d)?",
        "register": "|".join(re.escape(name) for name in sorted(NAMES)),
        "port": r"(?:/dev/|socket://|rfc2217://)\S*?",
        "page": "|".join(re.escape(name) for name in PORTAL_PAGES),
        "lasted": r"(?:about |at least |at most )?\d+ (?:s|min|h|d)(?: \d+ (?:min|h))?",
        "kwh": r"-?[\d.]+ kWh", "kw": r"-?[\d.]+ k?W", "sum": r"-?[\d.]+ [A-Z]{3}",
        "clock": clock, "later": clock, "rate": rate, "top": rate,
    }  # fmt: skip
