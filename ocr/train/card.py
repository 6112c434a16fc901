"""Model cards: the table of scores every card ends with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ocr.train.score import Share


def scores(rows: Sequence[tuple[str, Mapping[str, Share]]]) -> str:
    """Markdown of (meter, measures): a bold name, then a list of shares with their intervals."""
    text = ""
    for name, found in rows:
        text += f"**{name}**\n\n" + "".join(f"- {k}: {v}\n" for k, v in found.items()) + "\n"
    return text.rstrip() + "\n"
