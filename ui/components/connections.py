"""Destinations of readings with their numbers and a button that tries the receiver."""

from .board import Board


class Connections(Board, component="connections.js"):
    """Draws a message of `ui.connections`; emits `try` with the name of the sink that was pressed."""
