"""Sending through apprise (github.com/caronc/apprise), which knows more than a hundred services by URL.

Imported in the thread that sends, and only where the sink is used: it costs about 20 MB. Addresses hold
passwords: what apprise logs goes nowhere but into our own words, with every part of the address taken out.
"""

import logging
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from appliance.errors import SourceError
from appliance.sinks._news_text import Message

TIMEOUT_S = 60.0
SCHEME = re.compile(r"^\s*([A-Za-z][A-Za-z0-9+.-]*)://")
HIDDEN = "…"
SHORTEST_SECRET = 4


def scheme(url: str) -> str | None:
    """The service an address is of ("ntfy", "mailto"); None where it is no address."""
    found = SCHEME.match(url)
    return None if found is None else found[1].lower()


def problem(url: str) -> str | None:
    """What is wrong with an address, without a word of it but its scheme; None where apprise knows it."""
    kind = scheme(url)
    if kind is None:
        return "it has to begin with the service, such as ntfy:// or mailto://"
    apprise = _library()
    made = apprise.Apprise.instantiate(url, asset=_asset(apprise))
    if made is not None and len(made) > 1:
        # Apprise tells of all at once: where one of them failed, the others would get it again and again.
        return f"this {kind}:// address goes to {len(made)} at once: give each an address of its own"
    if made is None:
        return (
            f"apprise cannot use this {kind}:// address: see how it is written on github.com/caronc/apprise"
        )
    return None


@dataclass
class Service:
    """One address, made ready at first use."""

    url: str
    _made: Any = None

    def send(self, message: Message, picture: bytes | None) -> None:
        """Blocks. SourceError with apprise's reason."""
        apprise = _library()
        if self._made is None:
            if (wrong := problem(self.url)) is not None:
                raise SourceError(wrong[:1].upper() + wrong[1:])
            self._made = apprise.Apprise(asset=_asset(apprise))
            self._made.add(self.url)
        kind = apprise.NotifyType.WARNING if message.urgent else apprise.NotifyType.INFO
        asked = {"body": message.body, "title": message.title, "notify_type": kind, "timeout": TIMEOUT_S}
        if picture is not None and self._made[0].attachment_support:
            from apprise.attachment.memory import AttachMemory

            make: Any = AttachMemory  # without types of its own
            chart = make(content=picture, name="chart.png", mimetype="image/png")
            if self._made.notify(**asked, attach=chart):
                return
        result = self._made.notify(**asked)
        if not result:
            raise SourceError(self._reason(result))

    def _reason(self, result: Any) -> str:
        said = [entry.message for entry in result.logs() if entry.level in ("WARNING", "ERROR")]
        words = _plain(said[-1], self.url) if said else ""
        why = f" ({words})" if words else ""
        return f"{scheme(self.url)} did not take the message{why}; check the address and the network"


def _plain(text: str, url: str) -> str:
    """What apprise said, without anything that stands in the address but its host."""
    for secret in sorted(_secrets(url), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return " ".join(text.split())[:200]


def _secrets(url: str) -> set[str]:
    """Every part of an address that may be one: all but scheme, host and port."""
    _, _, rest = url.strip().partition("://")
    place, *others = re.split(r"[/?#]", rest)
    user, _, host = place.rpartition("@")
    found = {*user.split(":"), *(piece for other in others for piece in re.split(r"[&=?/]", other))}
    # In many services a token stands where a host would.
    name = host.partition(":")[0]
    found |= {name} if "." not in name and name != "localhost" else set()
    found |= {unquote(part) for part in found}
    return {part for part in found if len(part) >= SHORTEST_SECRET}


def _library() -> Any:
    logger = logging.getLogger("apprise")
    logger.propagate = False  # its words may quote addresses
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    import apprise

    return apprise


def _asset(apprise: Any) -> Any:
    return apprise.AppriseAsset(
        app_id="Tallywatt",
        app_desc="Tallywatt",
        app_url="",
        async_mode=False,
        secure_logging=True,
    )
