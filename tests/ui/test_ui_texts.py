"""Every sentence has its translation, numbers and times are written as people there write them."""

import ast
import string
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ui
from appliance.model import Picture
from tests.ui import said_lines
from ui.catalogues import compiled, read, template
from ui.judgement import judgement
from ui.sentences import SENTENCES, recognised, told
from ui.text import DOMAIN, FOLDER, LANGUAGES, Texts

CODE = Path(ui.__file__).parent
ZONE = ZoneInfo("Europe/Stockholm")
AT = 1_778_761_930_000  # 2026-05-14 14:32:10 in Stockholm
CATALOGUES = sorted(FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


def said_in_code() -> set[str]:
    """Every literal given to _() or N_(), found by parsing and not by the extractor under test."""
    found = set()
    for path in CODE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = (
                    node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                )
                if name in ("_", "N_"):
                    found.add(str(node.args[0].value))
    return found


def test_the_extractor_finds_all_that_is_said() -> None:
    assert {message.id for message in template() if message.id} == said_in_code()


def test_every_language_but_english_has_a_catalogue() -> None:
    assert {path.parts[-3] for path in CATALOGUES} == set(LANGUAGES) - {"en"}


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_nothing_is_untranslated_and_nothing_is_left_over(path: Path) -> None:
    catalogue = {message.id: message.string for message in read(path) if message.id}
    assert set(catalogue) == said_in_code()
    assert [text for text, translated in catalogue.items() if not translated] == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_the_compiled_catalogue_is_the_written_one(path: Path) -> None:
    assert path.with_suffix(".mo").read_bytes() == compiled(read(path))


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_translations_keep_their_placeholders(path: Path) -> None:
    def holes(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for message in read(path):
        if message.id:
            assert holes(str(message.string)) == holes(str(message.id)), message.id


def swedish() -> Texts:
    return Texts("sv", ZONE, "SEK")


def english() -> Texts:
    return Texts("en", ZONE, "EUR")


@pytest.mark.parametrize(
    ("watts", "said"),
    [(None, "–"), (0.0, "0 W"), (-0.4, "0 W"), (47.0, "47 W"), (374.0, "370 W"), (994.0, "990 W"),
     (996.0, "1.0 kW"), (4712.0, "4.7 kW"), (12_340.0, "12.3 kW"), (104_000.0, "104 kW")],
)  # fmt: skip
def test_power(watts: float | None, said: str) -> None:
    assert english().powered(watts) == said


def test_swedish_writes_commas_and_its_own_days() -> None:
    texts = swedish()
    assert texts.powered(4712.0) == "4,7 kW"
    assert f"{texts.price(0.31)} {texts.money_unit}" == "0,31 kr/kWh"
    assert texts.day(AT) == "tors 14 maj"
    assert texts.ago(AT - 240_000, AT) == "för 4 min sedan"


def test_english_writes_points_and_the_site_has_its_clock() -> None:
    texts = english()
    assert texts.money_unit == "€/kWh"
    assert (texts.clock(AT), texts.day(AT)) == ("14:32", "Thu 14 May")
    assert texts.moment(AT - 86_400_000, AT) == "13 May 14:32"
    assert texts.register(48_713.4, 3) == "48,713.4"
    assert texts.register(3.0, 0) == "3"


def test_an_unknown_language_is_english() -> None:
    assert Texts("xx", ZONE, "EUR").language == "en"


@pytest.mark.parametrize(
    ("seconds", "said"), [(-3, "0 s"), (59, "59 s"), (60, "1 min"), (7300, "2 h"), (200_000, "2 d")]
)
def test_age(seconds: float, said: str) -> None:
    assert english().age(seconds) == said


def bare(text: str) -> str:
    """A sentence with its holes unnamed."""
    return "".join(
        literal + ("" if hole is None else "{}") for literal, hole, _, _ in string.Formatter().parse(text)
    )


def unfilled(text: str) -> str:
    """A text that is filled with str.format, holes unnamed; any other as it is."""
    try:
        return bare(text)
    except ValueError:  # braces of its own
        return text


def said_by_the_daemon(*patterns: str) -> set[str]:
    """Every text and f-string of these files but docstrings, with holes unnamed."""
    found = set()
    for path in (path for pattern in patterns for path in CODE.parent.glob(pattern)):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        nodes = list(ast.walk(tree))
        filled = [n for n in nodes if isinstance(n, ast.JoinedStr)]
        aside: set[ast.AST] = {n.value for n in nodes if isinstance(n, ast.Expr)}
        aside |= {part for whole in filled for part in ast.walk(whole)} - set(filled)
        for node in nodes:
            if node in aside:
                continue
            if isinstance(node, ast.JoinedStr):
                parts = [p.value if isinstance(p, ast.Constant) else "{}" for p in node.values]
                found.add("".join(str(part) for part in parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(unfilled(node.value))
    return found


READER = (
    "ocr/*.py", "appliance/gate.py", "appliance/corrections.py", "appliance/sources/_bearings.py",
    "appliance/sources/_[!bj]*.py",
)  # fmt: skip
"""Not the file that shows how a source is written, nor what JSON says."""
NOT_FOR_OWNERS = {
    # Of config.json, said with the place of the mistake.
    "A picture is an array of height x width x 3, not {}",
    "A picture is an array of numbers, height x width x 3 or height x width, not {} of {}",
    "A counter has 1 to 16 digits and dials, this calibration has {}",
    "The kind of a counter is wheel or lcd, not {}",
    "The box of {} is too small or leaves the picture: move it inside",
    "This is no calibration of a counter ({}): set the meter up again",
    "The reference is {}x{}, its boxes are for {}x{}: save the set-up again",
    "The crop {} lies outside the picture: set it again",
    "{} is no unit known; choose one of {}",
    "{} is counted in {}, not in {}",
    "{} decimals do not fit a counter of {} figures",
    "{} decimals do not fit {} expected_digits",
    "{} gives {} prices and cannot stand in for {}, which gives {} prices",
    "{} is no time zone; write it like Asia/Kolkata",
    # Of the command line, and of programs.
    "That is no question: ask one of {}",
    "{} days new, {} changed, {} as they were",
    # What a service's answer lacks, in the brackets of a sentence that is told.
    "{} is not a number",
    "{} is not a finite number",
    "{} does not say its time zone",
    "{} does not exist in {}: the clock is put forward then",
    # A name as its owner wants to be named.
    "Exchange rates: European Central Bank, euro foreign exchange reference rates",
    # Of the library, to whoever calls it wrongly.
    "A digit stands at 0 to 9.99 in place 0 to 99, not at {} in place {}",
    "{} does not fit a counter of {} digits, {} of them decimals",
    "A reading needs at least one digit or dial",
}


def test_what_is_translated_of_the_daemon_is_still_what_it_says() -> None:
    """A text changed there would silently be shown in English again."""
    everything = said_by_the_daemon("appliance/**/*.py", "ocr/*.py") | {bare(one) for one in heard()}
    assert [sentence for sentence in SENTENCES if bare(sentence) not in everything] == []


WRITERS = (
    "appliance/alerts/*.py", "appliance/answers.py", "appliance/source_watch.py", "appliance/sinks/_news*.py",
    "appliance/sinks/_telegram*.py", "appliance/sinks/telegram.py", "appliance/sinks/messages.py",
)  # fmt: skip
IN_PARTS = {
    "Battery{}, at rest", "Battery{}, {} {}", "Cheapest from {} to {}: {} {}/kWh",
    "Cost {} for the {} % whose price is known", "From the generator", "From the grid",
    "Nothing was read this day{}", "On the generator{}", "On the grid{}", "Self-sufficient to {} %",
    "To the grid", "Tomorrow is dear from {} to {}: up to {} {}/kWh", "{} at {}", "{} from {} to {}",
    "{} {} at all times", "{} {} until {}", "{} {} {}", "{} {}, {}", "{}{}: power not known just now",
    "{} · {}", "{} of {}",
}  # fmt: skip
"""Of these the lines are made that `said_lines` holds to what is translated."""


def test_every_sentence_of_a_message_is_known_to_the_screens() -> None:
    said = {t for t in said_by_the_daemon(*WRITERS) if len(t.split()) > 2 and "%s" not in t}
    sentences = {t for t in said if t[0].isupper() or t.startswith("{}")} - NOT_FOR_OWNERS
    assert sentences - {bare(sentence) for sentence in SENTENCES} - IN_PARTS == set()


def heard() -> set[str]:
    """The sentences that the lines put together of parts are taken for, those in their holes too."""
    found: set[str] = set()
    texts = list(said_lines.lines())
    while texts:
        if known := recognised(texts.pop()):
            found.add(known[0])
            texts += known[1].values()
    return found


def test_every_line_that_is_put_together_of_parts_is_known() -> None:
    assert [line for line in sorted(said_lines.lines()) if recognised(line) is None] == []


def test_every_sentence_about_a_meter_is_known_to_the_screens() -> None:
    """A new one belongs into `ui.sentences`, or above among those no owner meets."""
    said = {t for t in said_by_the_daemon(*READER) if len(t.split()) > 4}
    said = {t for t in said if "%s" not in t and "|" not in t}  # neither log lines nor patterns
    sentences = {text for text in said if text[0].isupper() or text.startswith("{}")}
    assert sentences - {bare(sentence) for sentence in SENTENCES} - NOT_FOR_OWNERS == set()


def test_a_sentence_is_told_with_what_stands_in_it() -> None:
    texts = swedish()
    assert told(texts, "Digit 4 is unsure, 71%: line its box up, and look for a reflection, dirt or "
                "too little light.") == (
        "Siffra 4 är osäker, 71%: passa in dess ruta och se efter spegling, smuts eller för lite ljus."
    )  # fmt: skip
    gate = "48999.9 kWh is 286.5 kWh above 48713.4 kWh after only 30 minutes: at most 26 kWh an hour are "
    assert told(texts, gate + "possible") == (
        "48999.9 kWh är 286.5 kWh över 48713.4 kWh efter bara 30 minuter: högst 26 kWh i timmen är möjligt"
    )
    assert told(texts, "Import register: the box of digit 2 is too small") == (
        "Import: rutan för siffra 2 är för liten"
    )


@given(st.text(max_size=80))
def test_what_a_device_says_itself_is_shown_as_it_came(text: str) -> None:
    assert told(english(), text) == text


@pytest.mark.parametrize("text", ["3 minutes", "It takes 3 minutes", "Cellar: no answer", "{count} minutes"])
def test_words_of_a_device_are_not_mistaken_for_ours(text: str) -> None:
    assert told(english(), text) == text
    assert (told(swedish(), text) != text) == (text == "3 minutes")


def test_a_reason_of_the_daemon_is_told_in_the_tongue_of_the_browser() -> None:
    swedish = Texts("sv", ZONE, "SEK")
    picture = Picture("Cellar", AT, b"", None, 0.0, (), "Not sure enough: line the boxes up", 0, 0)
    assert judgement(swedish, picture) == "Inte säker nog: passa in rutorna"
