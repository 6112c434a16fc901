"""Telegram's MarkdownV2, as strict as its servers are (core.telegram.org/bots/api#markdownv2-style).

Any of `_*[]()~`>#+-=|{}.!` has to be escaped with a backslash wherever it is not markup, inside code and pre
only the backquote and the backslash, inside a link's address only `)` and the backslash. Entities nest but
do not overlap. Offsets and lengths are in UTF-16 units. Quotations, custom emoji and times are not known
here: their marks are refused like any other.
"""

from dataclasses import dataclass
from typing import Any

RESERVED = "_*[]()~`>#+-=|{}.!"
MARKS = {
    "```": "pre",
    "__": "underline",
    "||": "spoiler",
    "*": "bold",
    "_": "italic",
    "~": "strikethrough",
    "`": "code",
    "[": "text_link",
}
"""What begins an entity, the longer first; what ends it is the same but for links."""
ENDS = {kind: mark for mark, kind in MARKS.items()} | {"text_link": "]"}
CODE = ("code", "pre")


class MarkupError(ValueError):
    """Why Telegram does not take a text, in its own words."""


@dataclass
class _Open:
    kind: str
    at_byte: int
    offset: int


def utf16_length(text: str) -> int:
    """How long Telegram takes `text` to be."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def read(text: str) -> tuple[str, list[dict[str, Any]]]:
    """What a reader sees of MarkdownV2 `text`, and its entities. MarkupError when Telegram refuses it."""
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.plain = ""
        self.open: list[_Open] = []
        self.entities: list[dict[str, Any]] = []

    def read(self) -> tuple[str, list[dict[str, Any]]]:
        while self.at < len(self.text):
            self._step()
        if self.open:
            last = self.open[-1]
            title = "TextUrl" if last.kind == "text_link" else last.kind.capitalize()
            raise MarkupError(f"Can't find end of {title} entity at byte offset {last.at_byte}")
        return self.plain, [one for one in self.entities if one["length"]]

    def _step(self) -> None:
        char, following = self.text[self.at], self.text[self.at + 1 : self.at + 2]
        inner = self.open[-1].kind if self.open else ""
        if char == "\\" and following and 0 < ord(following) <= 126:
            self.plain += following
            self.at += 2
        elif inner and self._ends(inner):
            self._close()
        elif char not in RESERVED or (inner in CODE and char != "`"):
            self.plain += char
            self.at += 1
        else:
            self._begin(inner)

    def _ends(self, kind: str) -> bool:
        underline = kind == "italic" and self.text.startswith("__", self.at)  # never two ends of italic
        return self.text.startswith(ENDS[kind], self.at) and not underline

    def _begin(self, inner: str) -> None:
        mark = next((mark for mark in MARKS if self.text.startswith(mark, self.at)), None)
        if mark is None or inner in CODE:
            char = self.text[self.at]
            raise MarkupError(f"Character '{char}' is reserved and must be escaped with the preceding '\\'")
        self.open.append(_Open(MARKS[mark], self._byte(self.at), utf16_length(self.plain)))
        self.at += len(mark)
        if mark == "```":  # the rest of its first line names the language
            language, newline, _ = self.text[self.at :].partition("\n")
            if newline and not set(language) & set("` "):
                self.at += len(language) + 1

    def _close(self) -> None:
        entity = self.open.pop()
        self.at += len(ENDS[entity.kind])
        length = utf16_length(self.plain) - entity.offset
        told: dict[str, Any] = {"type": entity.kind, "offset": entity.offset, "length": length}
        if entity.kind == "text_link":
            told["url"] = self._address()
        self.entities.append(told)

    def _address(self) -> str:
        """The address behind a link's text, in brackets; none without them."""
        if not self.text.startswith("(", self.at):
            return ""
        begin, url = self.at + 1, ""
        self.at = begin
        while self.at < len(self.text) and self.text[self.at] != ")":
            self.at += self.text[self.at] == "\\" and self.at + 1 < len(self.text)
            url += self.text[self.at]
            self.at += 1
        if self.at == len(self.text):
            raise MarkupError(f"Can't find end of a URL at byte offset {self._byte(begin)}")
        self.at += 1
        return url

    def _byte(self, place: int) -> int:
        return len(self.text[:place].encode("utf-8", "surrogatepass"))
