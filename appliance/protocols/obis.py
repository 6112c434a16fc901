"""Lines of the form `1-0:1.8.0*255(000123.456*kWh)`: a reference (OBIS, IEC 62056-61) and its values."""

import re
from dataclasses import dataclass
from functools import lru_cache

_REFERENCE = (
    r"(?:[0-9]{1,3}-)?(?:[0-9]{1,3}:)?"  # medium and channel
    r"[0-9A-Z]{1,3}[.:][0-9A-Z]{1,3}(?:[.:][0-9]{1,3})?"  # quantity; some meters print 72:32.0
    r"(?:[.*&][0-9]{1,3})?"  # billing period
)
_LINE = re.compile(rf"^({_REFERENCE})\((.*)\)[ \t\r\0]*$", re.MULTILINE)
_PARTS = re.compile(
    r"(?:([0-9]+)-)?(?:([0-9]+):)?([0-9A-Z]+)[.:]([0-9A-Z]+)(?:[.:]([0-9]+))?(?:[.*&][0-9]+)?"
)
_NUMBER = re.compile(r"([+-]?[0-9]{1,12}(?:[.,][0-9]{1,9})?)(?:\*([^*]{0,8}))?")


@dataclass(frozen=True, slots=True)
class Code:
    """A reference taken apart: `medium` 1 is electricity, 0 general; `channel` an M-Bus child if above 0."""

    medium: int | None
    channel: int
    code: str


@lru_cache(maxsize=2048)
def code(reference: str) -> Code:
    """`1-0:1.8.0*255` and `1.8.0` both have code `1.8.0`. ValueError if it is no reference."""
    parts = _PARTS.fullmatch(reference)
    if parts is None:
        raise ValueError(f"{reference!r} is no OBIS reference")
    medium, channel, *rest = parts.groups()
    return Code(int(medium) if medium else None, int(channel or 0), ".".join(part for part in rest if part))


@lru_cache(maxsize=2048)
def current(reference: str) -> str | None:
    """The code in full, `1.8.0` for `1.8` and `1-0:1.8.0*255`; None if it is of an earlier billing period."""
    told = re.split(r"[*&]", reference)
    if told[1:] not in ([], ["255"]):
        return None
    name = code(reference).code
    return f"{name}.0" if name.count(".") == 1 else name


def shown(told: list[tuple[str, str]]) -> dict[str, str]:
    """Lines as `Telegram.lines` has them."""
    out: dict[str, str] = {}
    for reference, raw in told:
        text = f"({raw})" if ")(" in raw else raw
        out[reference] = f"{out[reference]}\n{text}" if reference in out else text
    return out


def lines(text: str) -> tuple[list[tuple[str, str]], list[str]]:
    """All OBIS lines of `text` as (reference, what stands between first and last parenthesis), in order,
    and the lines that are none. Lines that continue the one before (DSMR 2.2 gas, long texts) are joined.
    """
    text = text.replace("\r\n", "\n").replace("\n(", "(")
    found: list[tuple[str, str]] = _LINE.findall(text)
    told = [line for line in text.split("\n") if line and not line.isspace()]
    if len(found) == len(told):
        return found, []
    text = "\n".join(_joined(told))
    found = _LINE.findall(text)
    return found, [line for line in text.split("\n") if line.strip(" \t\r\0") and not _LINE.match(line)]


def _joined(told: list[str]) -> list[str]:
    """A text that was broken over several lines is one line again, if it ever closes."""
    whole: list[str] = []
    for line in told:
        is_open = bool(whole) and whole[-1].count("(") > whole[-1].count(")")
        if is_open and not re.match(rf"{_REFERENCE}\(", line):
            whole[-1] = whole[-1].rstrip("\r") + line
        else:
            whole.append(line)
    return whole


def values(raw: str) -> list[str]:
    """The values of a line: `a)(b` are a and b."""
    return raw.split(")(")


@lru_cache(maxsize=4096)
def number(value: str) -> tuple[float, str] | None:
    """`00.123*kW` is (0.123, "kw"): the number and its unit in small letters; None if it is no number."""
    match = _NUMBER.fullmatch(value)
    if match is None:
        return None
    return float(match[1].replace(",", ".")), (match[2] or "").lower()
