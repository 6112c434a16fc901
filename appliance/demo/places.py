"""What every virtual place has in common: devices that are switched on and off together, and a beginning."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self


class Device(Protocol):
    """A device of the place."""

    def start(self) -> None: ...
    def stop(self) -> None: ...


class VirtualPlace:
    """`with` (or `start` and `stop`) switches all devices on and off. Subclasses say what they are."""

    def __init__(self) -> None:
        self._running = ExitStack()

    def devices(self) -> Sequence[Device]:
        """All that is switched on, in order."""
        raise NotImplementedError

    def config(self) -> dict[str, Any]:
        """The content of config.json of an appliance there; known once the devices run."""
        raise NotImplementedError

    def notes(self) -> list[str]:
        """What a newcomer should know besides the appliance's own address, a sentence each."""
        return []

    def start(self) -> None:
        """Switch everything on. OSError when a port cannot be had."""
        with ExitStack() as stack:
            for device in self.devices():
                device.start()
                stack.callback(device.stop)
            self._running = stack.pop_all()

    def stop(self) -> None:
        """Switch everything off."""
        self._running.close()

    def close(self) -> None:
        """As `stop`: what ends a driver that runs in a process of its own."""
        self.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def built(folder: Path, now: int) -> int:
    """When the place of this folder was built (UTC ms): now, where none stands yet."""
    note = folder / "built"
    try:
        return min(now, int(note.read_text()))
    except (OSError, ValueError):
        folder.mkdir(parents=True, exist_ok=True)
        note.write_text(str(now))
        return now
