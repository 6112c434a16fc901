"""Pages and updates of the CARMA portal (ASP.NET Web Forms): hidden fields, buttons, tabs. Pure.

A click on a button is a form posted back with every hidden field. With `X-MicrosoftAjax` the answer is no
page but `length|type|id|content|` again and again. Lengths are characters in stock ASP.NET and, as one
scraper of this portal says, UTF-8 bytes here: what fits is taken, and where neither does the next header is
looked for.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import unquote

from appliance.sources._carma_chart import ShapeError

STATE, SIGN_IN, PASSWORD, LOGIN = "__VIEWSTATE", "username_txt", "password_txt", "login_btn"
PREVIOUS, CURRENT, NEXT = "prevMonth_btn", "currMonth_btn", "nextMonth_btn"
TABS = "tabMeters"
TAB_STATE = f"{TABS}_ClientState"
_ESCAPE = re.compile(r"\\(.)", re.S)
_TAB_ID = re.compile(rf"__tab_{TABS}", re.I)
_HEADER = re.compile(r"(\d{1,9})\|([#A-Za-z]\w*)\|([^|\n]{0,200})\|")
_NEXT = re.compile(
    r"\|(?=\d{1,9}\|(?:#|updatePanel|hiddenField|scriptBlock|scriptStartupBlock|scriptDispose|expando|onSubmit|"
    r"arrayDeclaration|asyncPostBackControlIDs|postBackControlIDs|updatePanelIDs|asyncPostBackTimeout|"
    r"childUpdatePanelIDs|panelsToRefreshIDs|formAction|pageTitle|pageRedirect|dataItem|dataItemJson|focus|"
    r"error|version)\|)"
)


class Input(NamedTuple):
    """An input of the form."""

    kind: str
    value: str
    disabled: bool


@dataclass(frozen=True)
class Page:
    """A page, or what an update changed of it.

    `inputs` by name; `tab_names` are the meters in order, as far as the page names them; `scripts` is where
    charts are looked for.
    """

    inputs: Mapping[str, Input]
    tab_names: tuple[str, ...]
    scripts: str

    @property
    def hidden(self) -> dict[str, str]:
        """The fields that every post has to bring back."""
        return {name: one.value for name, one in self.inputs.items() if one.kind == "hidden"}

    def chosen(self, tab: int) -> dict[str, str]:
        """The hidden fields once a tab was clicked: its script says so in a field of its own."""
        state = _tab_state(self) | {"ActiveTabIndex": tab}
        empty = {"ToolkitScriptManager1_HiddenField": "", "HiddenField": ""}
        return empty | self.hidden | {TAB_STATE: json.dumps(state, separators=(",", ":"))}

    def can(self, button: str) -> bool:
        """Whether the button is there to be clicked."""
        return button in self.inputs and not self.inputs[button].disabled

    @property
    def asks_who(self) -> bool:
        """Whether this is the page to sign in."""
        return SIGN_IN in self.inputs

    @property
    def tabs(self) -> tuple[bool, ...]:
        """Which tabs there are, and whether each can be chosen; one where the page does not say."""
        enabled = _tab_state(self).get("TabEnabledState")
        if isinstance(enabled, list) and enabled:
            return tuple(one is not False for one in enabled)
        return (True,) * max(1, len(self.tab_names))

    @property
    def active(self) -> int:
        """The tab in front."""
        number = _tab_state(self).get("ActiveTabIndex")
        return number if isinstance(number, int) and number >= 0 else 0

    def updated(self, by: "Page") -> "Page":
        """This page after an update."""
        inputs = {**self.inputs, **by.inputs}
        return Page(inputs, by.tab_names or self.tab_names, f"{self.scripts}\n{by.scripts}")


@dataclass
class _Reading(HTMLParser):
    """Collects inputs and the headers of tabs; forgiving as browsers are."""

    inputs: dict[str, Input] = field(default_factory=dict)
    tabs: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._within = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag in ("input", "button") and (name := found.get("name") or found.get("id")):
            kind = (found.get("type") or "text").strip().lower()
            off = "aspnetdisabled" in found.get("class", "").lower().split()
            off = off or found.get("aria-disabled", "").lower() == "true" or "disabled" in found
            self.inputs[name] = Input(kind, found.get("value", ""), off)
        if _TAB_ID.match(found.get("id", "")):
            self._within = tag
            self.tabs.append("")

    def handle_data(self, data: str) -> None:
        if self._within:
            self.tabs[-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == self._within:
            self._within = ""


def page(text: str) -> Page:
    """A page as it was sent. Never raises: what is missing is for those to say who need it."""
    reading = _read(text)
    return Page(reading.inputs, tuple(name.strip() for name in reading.tabs), text)


class Update(NamedTuple):
    """An answer to a click that changes part of a page: what it changed, or why it did not.

    `error` is the server's own fault (its number, such as 500); `moved` the page it wants to be asked for.
    """

    page: Page
    error: str = ""
    moved: str = ""


def update(text: str) -> Update:
    """The answer to a click. Raises ShapeError when it is none."""
    inputs: dict[str, Input] = {}
    tabs: tuple[str, ...] = ()
    scripts: list[str] = []
    for kind, id_, content in segments(text):
        if kind == "error":
            return Update(Page({}, (), ""), error=id_ or "500")
        if kind == "pageRedirect":
            return Update(Page({}, (), ""), moved=unquote(content))
        if kind == "updatePanel":
            reading = _read(content)
            inputs |= reading.inputs
            tabs = tuple(name.strip() for name in reading.tabs) or tabs
        elif kind == "hiddenField":
            inputs[id_] = Input("hidden", content, False)
        elif kind in ("scriptBlock", "scriptStartupBlock"):
            scripts.append(_script(content))
    return Update(Page(inputs, tabs, "\n".join(scripts)))


def segments(text: str) -> list[tuple[str, str, str]]:
    """(type, id, content) of every part of an update. Raises ShapeError when it has none."""
    found = []
    at = 0
    while header := _HEADER.match(text, at):
        length, start = int(header[1]), header.end()
        end = _end(text, start, length)
        found.append((header[2], header[3], text[start:end]))
        at = end + 1
    if not found:
        raise ShapeError(f"is no update of a page: it begins with {text[:30]!r}")
    return found


def _end(text: str, start: int, length: int) -> int:
    """Where the content that begins at `start` ends: its length in bytes, in characters, or by looking."""
    content = text[start : start + length].encode()[:length].decode(errors="ignore")
    for end in (start + len(content), start + length):
        if text[end : end + 1] == "|" and (end + 1 == len(text.rstrip()) or _HEADER.match(text, end + 1)):
            return end
    following = _NEXT.search(text, start)
    if following is not None:
        return following.start()
    return len(text.rstrip().removesuffix("|"))


def _script(content: str) -> str:
    """A script in an update: as it is, or wrapped in JSON, which may have a \\' that JSON does not know."""
    try:
        said = json.loads(_ESCAPE.sub(_known_escape, content), strict=False)
    except ValueError:
        return content
    return str(said["text"]) if isinstance(said, dict) and "text" in said else content


def _known_escape(match: re.Match[str]) -> str:
    return match[0] if match[1] in '"\\/bfnrtu' else f"\\{match[0]}"


def _read(text: str) -> _Reading:
    reading = _Reading()
    reading.feed(text)
    reading.close()
    return reading


def _tab_state(page: Page) -> dict[str, object]:
    try:
        said = json.loads(page.inputs[TAB_STATE].value)
    except (KeyError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}
