"""Every sentence has its translation, numbers and times are written as people there write them."""

import ast
import string
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import ui
from appliance.model import Picture
from ui.catalogues import compiled, read, template
from ui.judgement import judgement
from ui.text import DOMAIN, FOLDER, LANGUAGES, Texts
from ui.words import TEXTS

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


def test_what_is_translated_of_the_daemon_is_still_what_it_says() -> None:
    """A text changed there would silently be shown in English again."""
    sources = [path for part in ("appliance", "ocr") for path in (CODE.parent / part).rglob("*.py")]
    everything = "".join(path.read_text(encoding="utf-8") for path in sources)
    assert [text for text in TEXTS if f'"{text}"' not in everything] == []


def test_a_reason_of_the_daemon_is_told_in_the_tongue_of_the_browser() -> None:
    swedish = Texts("sv", ZONE, "SEK")
    picture = Picture("Cellar", AT, b"", None, 0.0, (), "Not sure enough: line the boxes up", 0, 0)
    assert judgement(swedish, picture) == "Inte säker nog: passa in rutorna"
