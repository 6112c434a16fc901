"""Text as Telegram takes it (core.telegram.org/bots/api#markdownv2-style): pure."""

import re
from collections.abc import Iterator

from appliance.sinks._news_text import Message

LONGEST = 4096
"""Of a message, and of a picture's caption, in UTF-16 units; reckoned with the markup, which is stricter than
what the API asks."""
LONGEST_CAPTION = 1024
RESERVED = re.compile(r"([_*\[\]()~`>#+\-=|{}.!\\])")


def escaped(text: str) -> str:
    """`text` so that MarkdownV2 shows it as it is."""
    return RESERVED.sub(r"\\\1", text)


def length(text: str) -> int:
    """In UTF-16 units, as Telegram counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def marked_up(message: Message) -> str:
    """The title in bold, the lines below."""
    body = escaped(message.body)
    return f"*{escaped(message.title)}*\n{body}" if message.title else body


def plain(message: Message) -> str:
    """The same without markup."""
    return f"{message.title}\n{message.body}" if message.title else message.body


def fits(message: Message, longest: int = LONGEST) -> bool:
    """Whether it is short enough for one message."""
    return length(marked_up(message)) <= longest


def parts(text: str, longest: int = LONGEST) -> Iterator[str]:
    """Plain text in parts that each fit, cut between lines; a line too long for one is cut within."""
    part = ""
    for line in text.split("\n"):
        for piece in _pieces(line, longest):
            joined = f"{part}\n{piece}" if part else piece
            if part and length(escaped(joined)) > longest:
                yield part
                joined = piece
            part = joined
    if part.strip():
        yield part


def _pieces(line: str, longest: int) -> Iterator[str]:
    while length(escaped(line)) > longest:
        end, size = 0, 0
        while (size := size + length(escaped(line[end]))) <= longest:
            end += 1
        yield line[:end]
        line = line[end:]
    yield line
