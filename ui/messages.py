"""What the Messages page shows: each topic with its switch and thresholds, and who gets messages. Pure."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from appliance.connections import Connection
from appliance.messaging import FIELDS, Heard, TopicNow, nullable
from appliance.model import Event
from appliance.sinks.base import Recipient
from config.messages import Messages, Topic

from .connections import TROUBLE, Said
from .sentences import told
from .text import N_, Texts
from .words import STATES

TOPICS: dict[Topic, tuple[str, str]] = {
    "summary": (
        N_("Summary of the day"),
        N_("What the day used and cost, its peak, compared with yesterday and the week."),
    ),
    "balance": (N_("Low balance"), N_("The prepaid meter's money runs low. Told once a day.")),
    "recharge": (N_("Recharges"), N_("Money was put on the prepaid meter, or taken off it.")),
    "generator": (
        N_("Generator"),
        N_("The building's generator takes over; at its end how long it ran and what it cost."),
    ),
    "battery": (N_("Battery low"), N_("The battery has little left, and when it has recovered.")),
    "outage": (N_("Power cut"), N_("The grid is lost, and when it is back.")),
    "high_use": (N_("High use"), N_("Much power for long, or a day that uses much.")),
    "phases": (N_("Phases"), N_("More than the main fuse bears on a phase, or phases far apart.")),
    "prices": (N_("Price peaks"), N_("The dear hours of tomorrow, as soon as its prices are known.")),
    "meter": (N_("Meter not read"), N_("Every reading was refused, or the camera gives no picture.")),
    "source": (N_("Silent source"), N_("A device or service gives no readings any more, and when it does.")),
    "appliance": (
        N_("Appliance needs you"),
        N_("Something only you can put right: a password, a card, a disk."),
    ),
}
"""Name, and what it tells."""
LACKS: dict[Topic, str] = {
    "balance": N_("No prepaid meter is read here."),
    "recharge": N_("No prepaid meter is read here."),
    "generator": N_("No generator is known here."),
    "battery": N_("No battery is read here."),
    "outage": N_("Nothing here says whether the grid is there."),
    "high_use": N_("Nothing here measures what the house draws."),
    "phases": N_("Nothing here measures the phases."),
    "prices": N_("No prices are fetched here."),
    "meter": N_("No meter is read here."),
}
"""Why a topic cannot come up in this house."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """How a setting is named, asked for, shown; `unit` may hold {money}, `never` is what null is called."""

    label: str
    question: str
    unit: str
    decimals: int = 0
    never: str = N_("Never")


MINUTES, DAYS = N_("min"), N_("days")
THRESHOLDS = {
    "summary_at": Threshold(N_("At"), N_("When is the day summed up?"), ""),
    "low_balance": Threshold(N_("Below"), N_("Below which balance?"), "{money}", 2),
    "low_days": Threshold(N_("For less than"), N_("When it lasts for fewer days than?"), DAYS, 1),
    "battery_low_percent": Threshold(N_("Below"), N_("Below which state of charge?"), "%"),
    "high_power_kw": Threshold(N_("Above"), N_("Above which power?"), "kW", 2),
    "high_power_minutes": Threshold(N_("For longer than"), N_("For how long?"), MINUTES, 1),
    "high_day_kwh": Threshold(N_("A day above"), N_("Above how much in a day?"), "kWh", 1),
    "peak_price": Threshold(
        N_("From"), N_("From which price on?"), "{money}/kWh", 3, N_("1.5 × the day's mean")
    ),
    "meter_minutes": Threshold(N_("After"), N_("After how long without a reading?"), MINUTES, 1),
    "silent_minutes": Threshold(N_("After"), N_("After how long a silence?"), MINUTES, 1),
}

OF = {"high_power_minutes": "high_power_kw"}
"""A setting that says nothing while another is null."""


def unit(texts: Texts, name: str) -> str:
    """What a threshold is in: kr, min, kWh."""
    said = THRESHOLDS[name].unit
    return said.format(money=texts.money) if "{" in said else texts._(said) if said else ""


def never(texts: Texts, name: str) -> str:
    """What having no such threshold is called; empty where there has to be one."""
    return texts._(THRESHOLDS[name].never) if nullable(name) else ""


def value(texts: Texts, name: str, settings: Messages) -> str:
    """A threshold as it is in force: 500 kr, 23:59, Never."""
    known = getattr(settings, name)
    if known is None:
        return never(texts, name)
    if name == "summary_at":
        return f"{known:%H:%M}"
    decimals = 0 if float(known).is_integer() else THRESHOLDS[name].decimals
    if name == "low_balance":
        return texts.amount(known, decimals)
    amount = texts.register(known, decimals)
    return f"{amount} {unit(texts, name)}"


class Tries(NamedTuple):
    """What came of the tests since the page was opened, by topic, which are under way, and whether anybody
    gets messages at all."""

    heard: Mapping[str, Sequence[Heard]]
    busy: Collection[str]
    anybody: bool


GROUPS = ((True, N_("What you are told")), (False, N_("Cannot come up here")))


def topics(texts: Texts, found: Sequence[TopicNow], settings: Messages, tries: Tries) -> dict[str, Any]:
    """Every topic; those that cannot come up here come last."""
    groups = []
    for possible, title in GROUPS:
        rows = [_topic(texts, one, settings, tries) for one in found if one.possible is possible]
        if rows:
            groups.append({"title": texts._(title), "possible": possible, "rows": rows})
    return {"groups": groups, "test": texts._("Test")}


def _topic(texts: Texts, one: TopicNow, settings: Messages, tries: Tries) -> dict[str, Any]:
    topic = one.topic
    name, text = TOPICS[topic]
    return {
        "key": topic, "name": texts._(name), "text": texts._(text), "on": one.on,
        "why": "" if one.possible else texts._(LACKS[topic]),
        "test": tries.anybody, "busy": topic in tries.busy,
        "tag": texts._("Changed here") if one.changed else "",
        "reset": texts._("As in config.json") if one.changed else "",
        "fields": [
            _field(texts, field, settings, field in one.changed)
            for field in FIELDS[topic]
            if OF.get(field) is None or getattr(settings, OF[field]) is not None
        ],
        "said": [said for each in tries.heard.get(topic, ()) for said in _heard(texts, each)],
    }  # fmt: skip


def _heard(texts: Texts, heard: Heard) -> list[dict[str, str]]:
    """A line for who got it and one for each who did not."""
    first, *others = heard.text.splitlines() or [""]
    lines = [(first, "ok" if heard.ok else "bad"), *((other, "bad") for other in others)]
    return [{"text": f"{heard.sink}: {by_name(texts, text)}", "level": level} for text, level in lines]


def by_name(texts: Texts, text: str) -> str:
    """A sentence, or somebody's name and a sentence, in this tongue."""
    if (whole := told(texts, text)) != text:
        return whole
    name, colon, rest = text.partition(": ")
    return f"{name}{colon}{told(texts, rest)}"


def _field(texts: Texts, name: str, settings: Messages, changed: bool) -> dict[str, Any]:
    label = texts._(THRESHOLDS[name].label)
    return {"key": name, "name": label, "value": value(texts, name, settings), "changed": changed}


def people(
    texts: Texts,
    found: Sequence[Connection],
    known: Mapping[str, Sequence[Recipient]],
    now: int,
    said: Mapping[str, Said],
    busy: Collection[str],
) -> dict[str, Any]:
    """Each sink that writes to people, with whom it writes to."""
    rows = [
        _sink(texts, one, known.get(one.name, ()), now, said.get(one.name), one.name in busy) for one in found
    ]
    none = texts._("Nobody gets messages yet. Choose a way below; it takes three steps.")
    return {"title": texts._("Who is told"), "rows": rows, "none": none}


def _sink(
    texts: Texts, one: Connection, known: Sequence[Recipient], now: int, said: Said | None, busy: bool
) -> dict[str, Any]:
    word, level = STATES[one.state]
    # Whose problem it is says it with the person.
    general = one.state in TROUBLE and not any(each.problem for each in known)
    return {
        "key": one.name, "name": one.name, "kind": one.type, "word": texts._(word), "level": level,
        "texts": [told(texts, one.text)] if general else [],
        "people": [_person(texts, each, now) for each in known],
        "button": texts._("Test") if one.testable else "", "busy": busy,
        "said": _heard(texts, Heard(one.name, said.ok, said.text)) if said else [],
    }  # fmt: skip


def _person(texts: Texts, one: Recipient, now: int) -> dict[str, Any]:
    wants = texts._("Every topic")
    if one.topics is not None:
        wants = ", ".join(texts._(TOPICS[topic][0]) for topic in one.topics) or texts._("No topic")
    facts: list[str] = []
    if one.quiet is not None:
        facts.append(texts._("quiet {start} to {end}").format(start=one.quiet[0], end=one.quiet[1]))
    if one.muted_until is not None and one.muted_until > now:
        facts.append(texts._("muted until {time}").format(time=texts.moment(one.muted_until, now)))
    side = []
    if one.waiting:
        side.append(texts._("{count} waiting").format(count=texts.number(one.waiting)))
    if one.last_ok is not None:
        side.append(texts.ago(one.last_ok, now))
    return {
        "key": f"{one.kind}/{one.name}", "name": one.name, "kind": one.kind,
        "facts": [text for text in (wants, " · ".join(facts)) if text],
        "side": side, "problem": told(texts, one.problem) if one.problem else "",
    }  # fmt: skip


def strangers(texts: Texts, found: Iterable[Event], now: int) -> dict[str, Any]:
    """Chats that wrote to a bot without being in config.json, with what to write there to let them in."""
    let_in = texts._("To let this chat in, add this to chats of {sink} in config.json:")
    rows = []
    for event in found:
        chat, name = event.data.get("chat"), str(event.data.get("name") or "")
        rows.append(
            {
                "key": f"{event.source}/{chat}", "name": name or str(chat), "level": "warn",
                "kind": event.source,
                "texts": [let_in.format(sink=event.source)],
                "code": json.dumps({"id": chat, "name": name} if name else {"id": chat}, ensure_ascii=False),
                "side": [texts.moment(event.at, now)],
            }
        )  # fmt: skip
    return {"title": texts._("Wrote to your bot"), "rows": rows, "none": ""}
