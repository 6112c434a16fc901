"""The editor of boxes on a picture, and the buttons that nudge what is chosen in it."""

from nicegui.element import Element

from ..text import Texts
from .board import Board


class Boxes(Board, component="boxes.js"):
    """A picture with boxes to drag. Events: `placed` with [[index, x, y, w, h], ...] in pixels of the picture
    when they are let go, `picked` with [counter or null, index or null], `removed`, `undo`, `fresh`,
    and `leave` with the address of a link that was held back while something is not saved.
    """


class Nudge(Element, component="nudge.js"):
    """Arrows, minus and plus; they speak to the editor within the browser."""

    def __init__(self, boxes: Boxes, texts: Texts) -> None:
        super().__init__()
        self._props["target"] = boxes.id
        self._props["words"] = {
            "name": texts._("Move the chosen box"),
            "up": texts._("Up"),
            "down": texts._("Down"),
            "left": texts._("Left"),
            "right": texts._("Right"),
            "plus": texts._("Larger"),
            "minus": texts._("Smaller"),
        }
