"""JSON text to a document, with every mistake at its line and column, and the line of every option."""

import json
import re
from typing import Any, NoReturn

from config.mistakes import Mistake, Path, written

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
WORDS = {"True": "true", "False": "false", "None": "null", "NaN": "null", "Infinity": "null"}


class TextMistake(Exception):  # noqa: N818 - see ConfigProblem
    """The text is not the JSON it should be."""

    def __init__(self, mistake: Mistake) -> None:
        self.mistake = mistake
        super().__init__(str(mistake))


class _NoNumberError(ValueError):
    """NaN or Infinity, which Python would take and nothing else."""


def decoded(content: bytes) -> str:
    """The bytes of a configuration as text (UTF-8, with or without a mark). Raises TextMistake."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise TextMistake(
            Mistake("", "a character here is not UTF-8; save the file with the encoding UTF-8", line)
        ) from None


def parsed(text: str) -> dict[str, Any]:
    """The document in `text`. Raises TextMistake with line, column and the line itself."""
    if not text.strip():
        raise TextMistake(Mistake("", "the file is empty; the smallest configuration is {}"))
    try:
        document = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        position, sentence = _understood(text, error)
        raise TextMistake(_at(text, position, sentence)) from None
    except RecursionError:
        raise TextMistake(Mistake("", "brackets are nested far too deep")) from None
    except _NoNumberError as error:
        raise TextMistake(Mistake("", str(error))) from None
    except ValueError:
        raise TextMistake(Mistake("", "a number in it has thousands of digits")) from None
    if not isinstance(document, dict):
        raise TextMistake(Mistake("", "the whole file must be one group of options in { }", 1))
    return document


def _no_constant(name: str) -> NoReturn:
    raise _NoNumberError(f"{name} is not a number JSON knows; write null where a value is not known")


def _at(text: str, position: int, sentence: str) -> Mistake:
    start = text.rfind("\n", 0, position) + 1
    row = text[start:].partition("\n")[0].rstrip("\r")
    column = position - start
    # A tab before the caret is copied so that the caret stays below its character.
    caret = "".join(c if c == "\t" else " " for c in row[:column]) + "^"
    return Mistake("", sentence, text.count("\n", 0, position) + 1, column + 1, f"{row}\n{caret}")


def _understood(text: str, error: json.JSONDecodeError) -> tuple[int, str]:
    """Position and sentence: the parser's own words name what it expected, not what to do."""
    position = error.pos
    rest = text[position:]
    before = text[:position].rstrip()
    if rest.startswith((",", "}", "]")) and (before + rest[:1]).endswith((",}", ",]")):
        return len(before) - 1, "this comma has nothing after it; remove it"
    if error.msg.startswith("Illegal trailing comma"):
        return position, "this comma has nothing after it; remove it"
    if rest.startswith(("//", "/*", "#")):
        return position, "JSON has no comments; remove it"
    if rest.startswith("'"):
        return position, "text stands in double quotes: write \"…\" instead of '…'"
    word = re.match(r"-?\w+", rest)
    if word and word[0].lstrip("-") in WORDS:
        return position, f"write {WORDS[word[0].lstrip('-')]} instead of {word[0]}"
    if not rest.strip():
        return len(before), "the file ends too early; a closing } or ] is missing"
    return _by_message(error.msg, position, before, word[0] if word else "")


def _by_message(message: str, position: int, before: str, word: str) -> tuple[int, str]:
    if message.startswith("Expecting ',' delimiter"):
        return len(before), "a comma is missing here"
    if message.startswith("Expecting ':' delimiter"):
        return len(before), "a colon is missing between the option and its value"
    if message.startswith("Expecting property name"):
        return position, 'the name of an option in "double quotes" is expected here'
    if message.startswith("Expecting value"):
        hint = f'; text needs quotes: "{word}"' if word else ""
        return position, f"a value is expected here{hint}"
    if message.startswith("Extra data"):
        return position, "the configuration has ended before this; remove what follows, or a bracket too many"
    if message.startswith("Unterminated string"):
        return position, 'this text has no closing "'
    if message.startswith("Invalid control character"):
        return position, 'a line ends inside a text; close it with " first'
    if message.startswith("Invalid \\"):
        return position, 'after \\ only " \\ / b f n r t or uXXXX may follow; write \\\\ for a backslash'
    return position, message


def placed(text: str) -> tuple[dict[Path, int], list[Mistake]]:
    """The line of every option in valid JSON `text`, and the options that are given twice."""
    lines: dict[Path, int] = {}
    twice: list[Mistake] = []
    # One entry per open bracket: the key or index reached in it; None in a { } that waits for a key.
    stack: list[str | int | None] = []
    line, end = 1, 0
    for token in TOKEN.finditer(text):
        line += text.count("\n", end, token.start())
        end = token.start()
        mark = token[0]
        if mark in ("}", "]"):
            stack.pop()
        elif mark == ",":
            top = stack[-1]
            stack[-1] = top + 1 if isinstance(top, int) else None
        elif stack and stack[-1] is None and mark != ":":
            stack[-1] = json.loads(mark)
            path: Path = tuple(part for part in stack if part is not None)
            if path in lines:
                twice.append(Mistake(written(path), f"is given twice, first in line {lines[path]}", line))
            lines[path] = line
        elif mark != ":":
            lines.setdefault(tuple(part for part in stack if part is not None), line)
        if mark in ("{", "["):
            stack.append(None if mark == "{" else 0)
    return lines, twice
