"""Telegram's Bot API (core.telegram.org/bots/api): one call, and what its refusals mean.

The token is part of every address, so no error here quotes one. Calls block; they are made in a thread.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from urllib3.filepost import encode_multipart_formdata

from appliance import http
from appliance.errors import AuthError, SourceError
from appliance.sinks._news_box import NotTakenError

SHORTEST_WISH_S, LONGEST_WISH_S = 1.0, 86_400.0
TOKEN_TEXT = "Telegram does not know this bot's token: copy it anew from @BotFather"  # noqa: S105 - a sentence
CHAT_TEXTS = {
    "bot was blocked": "the bot was blocked there: open the chat with it and press Start",
    "bot was kicked": "the bot was removed from the group: add it again",
    "bot is not a member": "the bot is not in that chat: add it there",
    "user is deactivated": "that Telegram account is gone: take it out of config.json",
    "can't initiate conversation": "nobody wrote to the bot there yet: open the chat with it and press Start",
    "chat not found": "Telegram knows no such chat of this bot: write /start to it there, and check the id",
    "group chat was deleted": "that group is gone: take it out of config.json",
    "not enough rights": "the bot may not write there: let it, in the group's or channel's settings",
    "need administrator rights": "the bot may not write there: make it an administrator of the channel",
    "chat_write_forbidden": "the bot may not write there: let it, in the group's settings",
}
"""What Telegram's words about a chat mean, by what they hold."""


class ChatError(AuthError):
    """This chat cannot be written to until a person acts; others can."""


class MarkupError(SourceError):
    """Telegram stumbled over the markup."""


class BusyError(SourceError):
    """Too many requests: nothing before `retry_after_s`."""

    def __init__(self, text: str, retry_after_s: float) -> None:
        super().__init__(text)
        self.retry_after_s = retry_after_s


class MigratedError(SourceError):
    """The group has become a supergroup, whose id is `to`."""

    def __init__(self, to: int) -> None:
        super().__init__("The group has a new id")
        self.to = to


class ConflictError(SourceError):
    """Somebody else fetches what is written to the bot; `webhook`: a service that is told by Telegram."""

    def __init__(self, text: str, webhook: bool) -> None:
        super().__init__(text)
        self.webhook = webhook


class Api:
    """One connection to a bot's API at `url`."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._secret = f"/bot{quote(token.strip(), safe=':')}"
        self._http = http.session()

    def call(
        self, method: str, asked: Mapping[str, Any], timeout_s: float, photo: bytes | None = None
    ) -> Any:
        """The result of a method. Raises the errors above, AuthError for the token, NotTakenError for what
        will never be taken, SourceError for all else."""
        url = f"{self._url}{self._secret}/{method}"
        headers, body, data = {}, None, None
        if photo is None:
            body = dict(asked)
        else:
            fields = {name: str(value) for name, value in asked.items()}
            data, kind = encode_multipart_formdata({**fields, "photo": ("chart.png", photo, "image/png")})
            headers = {"Content-Type": kind}
        try:
            answer = http.request(
                self._http, "POST", url, timeout_s=timeout_s, headers=headers, body=body, data=data
            )
        except SourceError as error:
            raise SourceError(str(error).replace(f"{self._secret}/{method}", "")) from None
        return result(answer)


def result(answer: http.Answer) -> Any:
    """What an answer gives. Raises as `Api.call`."""
    try:
        told = http.loads(answer.body)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or not isinstance(told.get("ok"), bool):
        if answer.status == 429:  # of something before Telegram: its wish is in the header alone
            raise _busy(answer, {})
        raise SourceError(
            f"Telegram's address did not answer as Telegram does ({answer.status}): check url and network"
        )
    if told["ok"] and "result" in told:
        return told["result"]
    raise _refusal(answer, told)


def _refusal(answer: http.Answer, told: dict[str, Any]) -> SourceError:
    code = told.get("error_code", answer.status)
    words = str(told.get("description", "no reason given"))[:300]
    more = told.get("parameters")
    more = more if isinstance(more, dict) else {}
    if isinstance(to := more.get("migrate_to_chat_id"), int):
        return MigratedError(to)
    if code == 429:
        return _busy(answer, more)
    for sign, text in CHAT_TEXTS.items():
        if code in (400, 403) and sign in words.lower():
            return ChatError(text)
    if code in (401, 404):
        return AuthError(TOKEN_TEXT)
    if code == 403:
        return ChatError(f"Telegram does not let the bot write there ({words})")
    if code == 409:
        return _conflict(words)
    if code == 400 and "can't parse entities" in words:
        return MarkupError(f"Telegram cannot read the markup ({words})")
    if code in (400, 413):
        return NotTakenError(f"Telegram will not take it ({words})")
    return SourceError(f"Telegram has a fault of its own ({code}); it will be asked again later")


def _busy(answer: http.Answer, more: dict[str, Any]) -> BusyError:
    wished = [
        float(wish)
        for wish in (more.get("retry_after"), http.retry_after_s(answer.headers.get("retry-after"), 0.0))
        if isinstance(wish, int | float) and wish >= SHORTEST_WISH_S
    ]
    wait = min(max(wished, default=SHORTEST_WISH_S), LONGEST_WISH_S)
    return BusyError(f"Telegram wants no more messages for {wait:g} s", wait)


def _conflict(words: str) -> ConflictError:
    if "webhook" in words.lower():
        text = (
            "A webhook is set for this bot, so what is written to it goes elsewhere: give Tallywatt a bot of "
            "its own, or remove the webhook. Messages are still sent"
        )
        return ConflictError(text, webhook=True)
    text = (
        "Another program fetches what is written to this bot: give Tallywatt a bot of its own. Messages are "
        "still sent"
    )
    return ConflictError(text, webhook=False)
