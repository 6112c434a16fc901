"""Pages of the portal kept for a bug report, with all that is somebody's own taken out."""

import html
import os
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from config.files import hand_over, write_atomic

MOST = 5
GONE = "REMOVED"
_GAP = r"(?:\s|&nbsp;|&#160;|&#xa0;|\\u00a0)+"
_FOR = re.compile(
    rf"(During{_GAP}[A-Za-z]+\.?{_GAP}\d{{4}}{_GAP}for{_GAP}).{{0,300}}?(?=(?:['\"]|\\u0027)\s*[}},]|[\n<]|$)",
    re.I,
)
_INPUT = re.compile(r"<input\b(?:\"[^\"]*\"|'[^']*'|[^>\"'])*>", re.I)
_VALUE = re.compile(r"(<input\b[^>]*?\bvalue\s*=\s*)(\"[^\"]*\"|'[^']*'|[^\s>]+)", re.I)
_KIND = re.compile(r"\btype\s*=\s*[\"']?(?:submit|button)\b", re.I)
_FIELD = re.compile(r"(\|hiddenField\|[^|]*\|)[^|]*\|")
_LONG = re.compile(r"[A-Za-z0-9+/_%=-]{40,}")
_REGISTER = re.compile(rf"(Reading{_GAP}as{_GAP}of[^'\"<]*?{_GAP}is{_GAP})((?:\\'|[^'\"<\\])*)", re.I)


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    """The page without `secrets` (in whatever way they are escaped, and their longer words), values of
    fields, long tokens, the name of the place and what the register shows."""
    text = _FOR.sub(rf"\1{GONE}", text)
    text = _REGISTER.sub(lambda match: match[1] + re.sub(r"\d", "0", match[2]), text)
    text = _INPUT.sub(_emptied, text)
    text = _FIELD.sub(rf"\1{GONE}|", text)
    text = _LONG.sub(GONE, text)
    for secret in sorted(_forms(secrets), key=len, reverse=True):
        text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(secret)}(?![A-Za-z0-9])", GONE, text, flags=re.I)
    return text


def keep(folder: Path, text: str, secrets: Iterable[str], now: int) -> Path:
    """Write the page without secrets to `carma-page-<time>.html` in `folder`, readable by the owner alone;
    the oldest beyond five go. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"carma-page-{datetime.fromtimestamp(now / 1000, UTC):%Y%m%dT%H%M%SZ}.html"
    write_atomic(path, without_secrets(text, secrets).encode(), 0o600)
    hand_over(path)
    for old in sorted(folder.glob("carma-page-*.html"))[:-MOST]:
        os.unlink(old)
    return path


def _emptied(match: re.Match[str]) -> str:
    """An input without its value, unless it is a button, whose value is its face."""
    tag = match.group()
    return tag if _KIND.search(tag) else _VALUE.sub(rf'\1"{GONE}"', tag)


def _forms(secrets: Iterable[str]) -> set[str]:
    """The secrets and their words, plain and as HTML, JavaScript and JSON write them."""
    words = {word for secret in secrets for word in (secret, *re.split(r"[\s,;]+", secret)) if len(word) >= 4}
    forms = set()
    for word in words:
        forms |= {word, html.escape(word), html.escape(word).replace("&#x27;", "&#39;")}
        forms |= {re.sub(r"(['\"])", r"\\\1", word), word.replace("'", "\\u0027").replace('"', '\\"')}
    return forms
