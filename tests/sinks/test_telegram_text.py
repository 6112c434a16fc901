"""Any text survives Telegram's strict parser as it is."""

from hypothesis import given
from hypothesis import strategies as st

from appliance.demo import telegram_text
from appliance.sinks._news_text import Message
from appliance.sinks._telegram_text import escaped, fits, length, marked_up, parts, plain

TEXT = st.text(st.characters(blacklist_categories=("Cs",)))
NASTY = st.text(st.sampled_from("_*[]()~`>#+-=|{}.!\\\n a1😀\u200b"), max_size=60)


@given(TEXT | NASTY)
def test_escaped_text_is_shown_as_it_was(text: str) -> None:
    assert telegram_text.read(escaped(text)) == (text, [])


@given(NASTY.filter(bool), NASTY)
def test_a_message_is_its_title_in_bold_and_its_lines(title: str, body: str) -> None:
    message = Message(title, tuple(body.split("\n")))
    text, entities = telegram_text.read(marked_up(message))
    assert text == plain(message) == f"{title}\n{body}"
    assert [(one["type"], one["offset"], one["length"]) for one in entities] == [("bold", 0, length(title))]


@given(NASTY | st.text(st.sampled_from("a.😀\n"), max_size=300), st.integers(4, 40))
def test_parts_fit_and_lose_nothing(text: str, longest: int) -> None:
    made = list(parts(text, longest))
    assert all(length(escaped(part)) <= longest for part in made)
    assert "".join("".join(made).split()) == "".join(text.split())


def test_parts_are_cut_between_lines() -> None:
    assert list(parts("one\ntwo\nthree", 8)) == ["one\ntwo", "three"]


def test_what_fits_is_reckoned_in_utf_16_with_its_markup() -> None:
    assert fits(Message("", ("😀" * 2048,)))
    assert not fits(Message("", ("😀" * 2049,)))
    assert not fits(Message("", ("." * 2049,)))
