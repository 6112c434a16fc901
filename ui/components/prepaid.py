"""Parts of the Prepaid page."""

from .board import Board


class Balance(Board, component="balance.js"):
    """An amount of money, how many days it lasts as a bar with the mark where that is few, and facts."""


class Supply(Board, component="supply.js"):
    """Who supplies the house, since when, and what is drawn."""
