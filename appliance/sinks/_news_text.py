"""What is told, as plain text: pure. Every line of ours is one whole text, so that it can be told in the
site's language; times are those of the site's wall clock."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from appliance.calendar import local
from appliance.model import Event, parent
from appliance.news import URGENT, topic_of
from appliance.sinks._news_people import Place
from appliance.sinks._news_queue import OLD_MS, Item, Parcel
from config.messages import Topic

MOST_ITEMS = 20
TITLES: dict[Topic, str] = {
    "summary": "The day",
    "balance": "Balance",
    "recharge": "Recharge",
    "generator": "Generator",
    "battery": "Battery",
    "outage": "Power cut",
    "high_use": "High use",
    "phases": "Phases",
    "prices": "Prices tomorrow",
    "meter": "Meter",
    "source": "No readings",
    "appliance": "The appliance",
}
LATE, HELD, SEVERAL = "News that could not be sent", "News of the quiet hours", "News"
TEST_LINE = "This is a test: it did not happen"


@dataclass(frozen=True, slots=True)
class Message:
    """A title and lines of plain text. `summary` is the event a chart may go with."""

    title: str
    lines: tuple[str, ...]
    urgent: bool = False
    summary: Event | None = None

    @property
    def body(self) -> str:
        """The lines."""
        return "\n".join(self.lines)


Fits = Callable[[Message], bool]


def told(parcel: Parcel, now: int, place: Place, fits: Fits = lambda message: True) -> Message:
    """One message for all of it: the last `MOST_ITEMS`, oldest first, and how many more there are. It is
    made shorter until it `fits`."""
    items = tuple(sorted(parcel.items, key=lambda item: item.stored.event.at))[-MOST_ITEMS:]
    total = len(parcel.items) + parcel.left_out
    while True:
        left_out = total - len(items)
        if len(items) == 1 and not left_out:
            made = _one(items[0], now, place)
        else:
            made = _several(items, left_out, parcel, now, place)
        if fits(made):
            return made
        if len(items) == 1:
            return _shortened(made, fits)
        items = items[1:]


def example(event: Event, now: int, place: Place, fits: Fits = lambda message: True) -> Message:
    """The event as it would be told, and that it is a test."""
    made = _one_of(event, now, place)
    made = replace(made, lines=(*made.lines, place.say(TEST_LINE)))
    return made if fits(made) else _shortened(made, fits)


def _one(item: Item, now: int, place: Place) -> Message:
    made = _one_of(item.stored.event, now, place)
    if item.times == 1:
        return made
    return replace(made, lines=(*made.lines[:-1], _times(item, now, place), made.lines[-1]))


def _one_of(event: Event, now: int, place: Place) -> Message:
    topic = topic_of(event)
    title = _titled(TITLES[topic] if topic else SEVERAL, place)
    source = _source(event, place)
    foot = f"{_clock(event.at, now, place)} · {source}" if source else _clock(event.at, now, place)
    return Message(
        title,
        (*_lines(event, place), foot),
        urgent=event.name in URGENT,
        summary=event if event.name == "daily_summary" else None,
    )


def _several(items: tuple[Item, ...], left_out: int, parcel: Parcel, now: int, place: Place) -> Message:
    lines: list[str] = []
    for item in items:
        event = item.stored.event
        source = _source(event, place)
        first, *rest = _lines(event, place)
        lines.append(f"{_clock(event.at, now, place)} {f'{source}: ' if source else ''}{first}")
        lines += rest
        if item.times > 1:
            lines.append(_times(item, now, place))
    if left_out:
        lines.append(place.say(f"and {left_out} more"))
    events = [item.stored.event for item in items]
    summaries = [event for event in events if event.name == "daily_summary"]
    return Message(
        _titled(_about(events, parcel, now), place),
        tuple(lines),
        urgent=any(event.name in URGENT and now - event.at < OLD_MS for event in events),
        summary=summaries[-1] if summaries else None,
    )


def _about(events: list[Event], parcel: Parcel, now: int) -> str:
    if parcel.held:
        return HELD
    if any(now - event.at >= OLD_MS for event in events):
        return LATE
    titles = {TITLES[topic] for event in events if (topic := topic_of(event)) is not None}
    return titles.pop() if len(titles) == 1 else SEVERAL


def _titled(text: str, place: Place) -> str:
    return f"{place.site}: {place.say(text)}"


def _times(item: Item, now: int, place: Place) -> str:
    return place.say(f"{item.times} times since {_clock(item.since, now, place)}")


def _lines(event: Event, place: Place) -> list[str]:
    return [line for line in place.say(event.text).splitlines() if line.strip()] or [event.name]


def _source(event: Event, place: Place) -> str:
    """The source's name, where there is more than one to tell apart."""
    return event.source if len(place.sources) > 1 and parent(event.source) in place.sources else ""


def _clock(at: int, now: int, place: Place) -> str:
    """14:05, with the day unless it is today."""
    then, today = local(at, place.zone), local(now, place.zone)
    return f"{then:%H:%M}" if then.date() == today.date() else f"{then:%Y-%m-%d %H:%M}"


def _shortened(message: Message, fits: Fits) -> Message:
    """The longest beginning of it that fits; the last line stays."""
    *above, last = message.lines
    text = "\n".join(above)
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if fits(replace(message, lines=(text[:middle] + "…", last))):
            low = middle
        else:
            high = middle - 1
    return replace(message, lines=(text[:low] + "…", last))
