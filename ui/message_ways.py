"""How messages are set up: each way with its steps, and the entry of config.json. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .text import N_


@dataclass(frozen=True, slots=True)
class Way:
    """A way of getting messages: its steps, and the entry of config.json."""

    name: str
    about: str
    steps: tuple[str, ...]
    entry: Mapping[str, Any]


LAST = N_("Start Tallywatt again. The Test buttons on this page show whether it works.")
WAYS = {
    "telegram": Way(
        "Telegram",
        N_("Messages on your phone, and answers: /now, /today, /month, /balance, /price, /mute 2h."),
        (
            N_("In Telegram open @BotFather, send `/newbot`, and copy the token it gives you."),
            N_("Put this among the sinks of config.json, with your token, and start Tallywatt again."),
            N_("Write `/start` to your bot. The number of your chat appears here: put it into `chats`."),
        ),
        {"type": "telegram", "token": "123456789:AAE…", "chats": []},
    ),
    "ntfy": Way(
        "ntfy",
        N_("Push messages without an account: the name of the topic is the only key, so choose a long one."),
        (
            N_("Install the app ntfy on your phone and subscribe to a topic with a name nobody guesses."),
            N_("Put this among the sinks of config.json, with that name."),
            LAST,
        ),
        {"type": "messages", "urls": [{"url": "ntfy://tallywatt-7f3k9q2x"}]},
    ),
    "mail": Way(
        N_("E-mail"),
        N_("From a mailbox of yours to any address; most providers want a password made for programs."),
        (
            N_("At your mail provider make a password for programs (app password)."),
            N_("Put this among the sinks of config.json, with your mailbox, its password and who gets it."),
            LAST,
        ),
        {"type": "messages", "urls": [{"url": "mailtos://user:password@example.com?to=you@example.com"}]},
    ),
    "other": Way(
        N_("Others"),
        N_("Pushover, Slack, Discord, Signal, a webhook: about a hundred services, by one address each."),
        (
            N_("Look up the address of your service at github.com/caronc/apprise/wiki."),
            N_("Put this among the sinks of config.json, one address for each who is told."),
            LAST,
        ),
        {
            "type": "messages",
            "urls": [{"url": "pover://user@token", "name": "Anna"}, {"url": "json://192.168.1.20/hook"}],
        },
    ),
}


def entry(way: Way) -> str:
    """The sink as it stands in config.json."""
    return json.dumps(way.entry, indent=2, ensure_ascii=False)
