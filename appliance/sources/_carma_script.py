"""A JavaScript literal out of a page's script: strings of either quote, trailing commas, comments. Pure.

Charts are written as JavaScript, not as JSON: `{ text: 'Unit 1203, 100 Rue de l\\'Étoile', data: [1.5, {y: 2,
color: '#99B7DB'}, null, ], }`. What is no literal (a call, a function, a sum) is stepped over and stands as
None: nothing is run.
"""

import re
from typing import Any

OPENING, CLOSING = "([{", ")]}"
DEEPEST = 50
_SPACE = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_NUMBER = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)")
_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_WORDS = {"true": True, "false": False, "null": None, "undefined": None}
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": ""}


class LiteralError(ValueError):
    """The text ends, or goes on, where a literal does not."""


def literals(text: str, at: int) -> list[Any]:
    """The arguments of the call whose opening bracket is just before `at`. Raises LiteralError."""
    scanner = _Scanner(text, at)
    try:
        return scanner.items(")", 0)
    except (IndexError, RecursionError) as error:
        raise LiteralError("the script ends within it") from error


class _Scanner:
    """Reads one value after the other from `at` on."""

    def __init__(self, text: str, at: int) -> None:
        self._text = text
        self._at = at

    def items(self, closing: str, depth: int) -> list[Any]:
        """Values up to the closing bracket, which is passed."""
        found: list[Any] = []
        while not self._took(closing):
            if self._took(","):
                found.append(None)  # [1, , 2]
                continue
            found.append(self._value(depth + 1))
            if not self._took(",") and self._look() != closing:
                raise LiteralError(f"no {closing} where one should be")
        return found

    def _members(self, depth: int) -> dict[str, Any]:
        found = {}
        while not self._took("}"):
            key = self._key()
            if not self._took(":"):
                raise LiteralError(f"no value for {key[:40]}")
            found[key] = self._value(depth + 1)
            if not self._took(",") and self._look() != "}":
                raise LiteralError("no } where one should be")
        return found

    def _key(self) -> str:
        if self._look() in "'\"":
            return self._string()
        match = _NAME.match(self._text, self._at) or _NUMBER.match(self._text, self._at)
        if match is None:
            raise LiteralError(f"no name where one should be: {self._text[self._at : self._at + 20]!r}")
        self._at = match.end()
        return match.group()

    def _value(self, depth: int) -> Any:
        """One value; None where it is no literal."""
        if depth > DEEPEST:
            raise LiteralError("it is nested too deeply")
        value = self._literal(depth)
        if self._look() in ",)]}":
            return value
        self._skip()  # a sum, a call of a method and the like
        return None

    def _literal(self, depth: int) -> Any:
        letter = self._look()
        if letter == "{":
            self._at += 1
            return self._members(depth)
        if letter == "[":
            self._at += 1
            return self.items("]", depth)
        if letter in "'\"":
            return self._string()
        if match := _NUMBER.match(self._text, self._at):
            self._at = match.end()
            text = match.group()
            return float(int(text, 16)) if "x" in text.lower() else float(text)
        if match := _NAME.match(self._text, self._at):
            self._at = match.end()
            return _WORDS.get(match.group())
        return None

    def _string(self) -> str:
        quote = self._text[self._at]
        self._at += 1
        parts = []
        while (letter := self._text[self._at]) != quote:
            self._at += 1
            parts.append(self._escape() if letter == "\\" else letter)
        self._at += 1
        # \ud83c\udfe0 is one letter; half of one is none.
        return "".join(parts).encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def _escape(self) -> str:
        letter = self._text[self._at]
        self._at += 1
        digits = {"x": 2, "u": 4}.get(letter)
        if digits is None:
            return _ESCAPES.get(letter, letter)
        number = self._text[self._at : self._at + digits]
        self._at += digits
        try:
            return chr(int(number, 16))
        except ValueError:
            return number

    def _skip(self) -> None:
        """Step over what is no literal, up to the comma or bracket that ends it."""
        depth = 0
        while True:
            letter = self._look()
            if letter in "'\"`":
                self._string()
                continue
            if depth == 0 and letter in ",)]}":
                return
            depth += (letter in OPENING) - (letter in CLOSING)
            self._at += 1

    def _look(self) -> str:
        """The next letter that is neither space nor comment. IndexError at the end."""
        letter = self._text[self._at]
        if not (letter.isspace() or letter == "/"):
            return letter
        match = _SPACE.match(self._text, self._at)
        if match is not None:
            self._at = match.end()
        return self._text[self._at]

    def _took(self, letter: str) -> bool:
        if self._look() != letter:
            return False
        self._at += 1
        return True
