"""What is told, word by word."""

from zoneinfo import ZoneInfo

from appliances import NOON

from appliance.clock import DAY_MS, HOUR_MS, MINUTE_MS
from appliance.model import Event
from appliance.sinks._news_people import Place
from appliance.sinks._news_queue import OLD_MS, Item, Lane, Parcel
from appliance.sinks._news_text import MOST_ITEMS, Message, example, told
from appliance.store import Stored

PLACE = Place("Home", ZoneInfo("Europe/Stockholm"), {"elnet"})
TWO = Place("Home", ZoneInfo("Europe/Stockholm"), {"elnet", "p1"})
BOTH = (Lane.URGENT, Lane.REST)


def item(name: str, text: str, at: int = NOON, times: int = 1, since: int = 0, source: str = "elnet") -> Item:
    return Item(Stored(1, Event(source, name, at, text)), times, since)


def parcel(*items: Item, left_out: int = 0, held: bool = False) -> Parcel:
    return Parcel(items, left_out, BOTH, 1, held)


def test_one_event_is_title_sentence_and_time() -> None:
    made = told(parcel(item("recharge", "Recharged with 500.00 INR")), NOON, PLACE)
    assert made == Message("Home: Recharge", ("Recharged with 500.00 INR", "18:53"))


def test_the_source_is_named_where_there_are_several() -> None:
    made = told(parcel(item("recharge", "Recharged", source="elnet.unit1")), NOON, TWO)
    assert made.lines == ("Recharged", "18:53 · elnet.unit1")
    assert told(parcel(item("grid_down", "No grid", source="grid")), NOON, TWO).lines == ("No grid", "18:53")


def test_repeats_say_since_when() -> None:
    made = told(
        parcel(item("source_silent", "Silent for 30 min", times=3, since=NOON - HOUR_MS)), NOON, PLACE
    )
    assert made.lines == ("Silent for 30 min", "3 times since 17:53", "18:53")


def test_several_are_a_list_with_times_oldest_first() -> None:
    items = (
        item("grid_down", "The grid is lost", NOON - MINUTE_MS),
        item("daily_summary", "Used 3 kWh\nCost 4 SEK", NOON),
    )
    made = told(parcel(*items), NOON, TWO)
    assert made.title == "Home: News"
    assert made.lines == ("18:52 elnet: The grid is lost", "18:53 elnet: Used 3 kWh", "Cost 4 SEK")
    assert made.urgent
    assert made.summary == items[1].stored.event


def test_the_list_goes_by_when_it_happened() -> None:
    """A portal may tell of the past."""
    items = (item("generator_on", "DG", NOON), item("recharge", "Money", NOON - HOUR_MS))
    assert told(parcel(*items), NOON, PLACE).lines == ("17:53 Money", "18:53 DG")


def test_an_alarm_and_its_end_in_one() -> None:
    items = (item("grid_down", "The grid is lost"), item("grid_up", "The grid is back", NOON + MINUTE_MS))
    made = told(parcel(*items), NOON + MINUTE_MS, PLACE)
    assert made.title == "Home: Power cut"
    assert made.lines == ("18:53 The grid is lost", "18:54 The grid is back")


def test_old_news_says_that_it_is_old_and_of_which_day() -> None:
    items = (item("grid_down", "Lost", NOON - DAY_MS), item("recharge", "Recharged", NOON))
    made = told(parcel(*items), NOON, PLACE)
    assert made.title == "Home: News that could not be sent"
    assert made.lines == ("2026-05-04 18:53 Lost", "18:53 Recharged")
    assert not made.urgent
    alone = told(parcel(item("grid_down", "Lost", NOON - OLD_MS)), NOON, PLACE)
    assert alone.lines == ("Lost", "18:23")


def test_what_waited_for_quiet_hours_says_so() -> None:
    items = (item("grid_up", "a", NOON - 8 * HOUR_MS), item("recharge", "b"))
    assert told(parcel(*items, held=True), NOON, PLACE).title == "Home: News of the quiet hours"


def test_a_long_row_is_capped_to_the_newest_and_counted() -> None:
    items = [item("recharge", f"number {n}") for n in range(50)]
    made = told(parcel(*items, left_out=7), NOON, PLACE)
    assert len(made.lines) == MOST_ITEMS + 1
    assert made.lines[0] == "18:53 number 30"
    assert made.lines[-2:] == ("18:53 number 49", "and 37 more")


def test_it_is_made_to_fit() -> None:
    items = [item("recharge", f"{n} " + "x" * 30) for n in range(10)]
    made = told(parcel(*items), NOON, PLACE, lambda message: len(message.body) < 120)
    assert len(made.body) < 120
    assert made.lines[-1] == "and 8 more"
    long = told(parcel(item("recharge", "y" * 1000)), NOON, PLACE, lambda message: len(message.body) < 120)
    assert long.lines == ("y" * 112 + "…", "18:53")
    shown = example(items[0].stored.event, NOON, PLACE, lambda message: len(message.body) < 60)
    assert len(shown.body) < 60
    assert shown.lines[-1] == "This is a test: it did not happen"


def test_texts_are_told_in_the_site_s_language_line_by_line() -> None:
    said: list[str] = []

    def say(text: str) -> str:
        said.append(text)
        return text.upper()

    place = Place("Home", ZoneInfo("Europe/Stockholm"), {"elnet"}, say)
    made = told(parcel(item("recharge", "recharged", times=2, since=NOON)), NOON, place)
    assert made == Message("Home: RECHARGE", ("RECHARGED", "2 TIMES SINCE 18:53", "18:53"))
    assert said == ["Recharge", "recharged", "2 times since 18:53"]


def test_an_example_is_marked() -> None:
    made = example(Event("example", "grid_down", NOON, "The grid is lost"), NOON, PLACE)
    assert made.title == "Home: Power cut"
    assert made.lines == ("The grid is lost", "18:53", "This is a test: it did not happen")


def test_a_text_of_nothing_is_still_told() -> None:
    assert told(parcel(item("recharge", " \n")), NOON, PLACE).lines == ("recharge", "18:53")
