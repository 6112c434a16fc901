"""A page on which a newcomer reads what the virtual Telegram was sent, and writes to the bot.

`/` holds the box to write in and a frame with `/messages`, which renews itself; `/photo/<n>` is a picture.
"""

from datetime import datetime
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from appliance.demo.http_device import Answer, Request, json_answer
from appliance.demo.telegram_chats import Sent, Written

if TYPE_CHECKING:
    from appliance.demo.telegram import Telegram

SHOWN = 60
STYLE = """
:root { color-scheme: light dark; font: 16px/1.45 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 42rem; padding: 1rem; }
form { display: flex; gap: .5rem; margin: 1rem 0; flex-wrap: wrap; }
input { flex: 1 1 12rem; font: inherit; padding: .6rem; }
button, select { font: inherit; padding: .6rem 1rem; }
iframe { border: 0; width: 100%; height: 75vh; }
article { white-space: pre-wrap; border-radius: 1rem; padding: .6rem .9rem; margin: .6rem 3rem .6rem 0;
  background: color-mix(in srgb, CanvasText 8%, Canvas); overflow-wrap: anywhere; }
article.written { margin: .6rem 0 .6rem 3rem; background: color-mix(in srgb, LinkText 22%, Canvas); }
small { opacity: .7; display: block; }
img { max-width: 100%; border-radius: .5rem; }
"""


def page(bot: "Telegram", request: Request) -> Answer:
    """What the virtual Telegram says outside of its API."""
    path = request.path.rstrip("/") or "/"
    if path == "/" and request.method == "POST":
        _write(bot, request)
        return Answer(b"", 303, "text/plain", {"Location": "/"})
    if path == "/":
        return _html(_front(bot))
    if path == "/messages":
        return _html(_messages(bot), refresh=3)
    number = path.removeprefix("/photo/")
    if number.isdecimal() and int(number) < len(bot.sent) and (photo := bot.sent[int(number)].photo):
        return Answer(photo, content_type="image/png" if photo.startswith(b"\x89PNG") else "image/jpeg")
    return json_answer({"ok": False, "error_code": 404, "description": "Not Found"}, 404)


def _write(bot: "Telegram", request: Request) -> None:
    form = parse_qs(request.body.decode("utf-8", "replace"))
    chat, text = form.get("chat", [""])[0], form.get("text", [""])[0].strip()
    known = {str(one.id): one for one in bot.chats.values()}.get(chat)
    if known is not None and text:
        bot.write(known.id, text)


def _front(bot: "Telegram") -> str:
    chats = "".join(f'<option value="{one.id}">{escape(one.name)}</option>' for one in bot.chats.values())
    return (
        "<h1>Virtual Telegram</h1><p>What the appliance sends to its owner. Write to it as the owner would: "
        "/now, /today, /month, /balance, /price, /mute 2h.</p>"
        f'<form method="post" action="/"><select name="chat" aria-label="Chat">{chats}</select>'
        '<input name="text" aria-label="Message" placeholder="/now" autofocus autocomplete="off">'
        '<button>Send</button></form><iframe src="/messages" title="Messages"></iframe>'
    )


def _messages(bot: "Telegram") -> str:
    sent = list(enumerate(bot.sent))[-SHOWN:]
    told: list[tuple[int, str]] = [(one.at, _sent(bot, number, one)) for number, one in sent]
    told += [(one.at, _written(bot, one)) for one in bot.written[-SHOWN:]]
    newest = sorted(told, key=lambda one: one[0], reverse=True)[:SHOWN]
    return "".join(html for _, html in newest) or "<p>Nothing has been sent yet.</p>"


def _sent(bot: "Telegram", number: int, one: Sent) -> str:
    chat = bot.chats.get(one.chat)
    picture = f'<img src="/photo/{number}" alt="">' if one.photo else ""
    head = f"{_time(bot, one.at)} to {escape(chat.name if chat else str(one.chat))}"
    return f"<article><small>{head}</small>{picture}{escape(one.text)}</article>"


def _written(bot: "Telegram", one: Written) -> str:
    head = f"{_time(bot, one.at)} {escape(one.name)}"
    return f'<article class="written"><small>{head}</small>{escape(one.text)}</article>'


def _time(bot: "Telegram", at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000, bot.zone):%d %b %H:%M:%S}"


def _html(content: str, refresh: int = 0) -> Answer:
    again = f'<meta http-equiv="refresh" content="{refresh}">' if refresh else ""
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width">{again}'
    whole = f'<!doctype html><html lang="en"><head>{head}<title>Virtual Telegram</title>'
    whole += f"<style>{STYLE}</style></head><body>{content}</body></html>"
    return Answer(whole.encode(), content_type="text/html; charset=utf-8")
