"""Topics of messages with switch, thresholds and a try; and the people who get them."""

from .board import Board


class Topics(Board, component="topics.js"):
    """Draws a message of `ui.messages.topics`; emits `switch`, `test` and `reset` with the topic and
    `threshold` with the setting that was pressed."""


class People(Board, component="people.js"):
    """Draws a message of `ui.messages.people`; emits `try` with the name of the sink that was pressed."""
