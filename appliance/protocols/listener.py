"""Telegrams out of a live stream, whose protocol may have to be found out first."""

from zoneinfo import ZoneInfo

from appliance.protocols.capture import Wire, candidates
from appliance.protocols.frames import Reader
from appliance.protocols.telegram import NO_KEYS, Keys, Telegram


class Listener:
    """Feeds every protocol that may be meant, until one gives a believable telegram: from then on only that.

    `found` is its name, "" before that. `bad` counts frames that were damaged or had no end. A meter that
    sends checksums always does: once one fitted, a frame without one was torn.
    """

    def __init__(self, protocol: str, zone: ZoneInfo, keys: Keys = NO_KEYS) -> None:
        self.found = ""
        self.bad = 0
        self._checking = False
        self._zone = zone
        self._keys = keys
        self._tried: list[tuple[str, Wire, Reader]] = [
            (name, wire, wire.reader()) for name, wire in candidates(protocol)
        ]

    def feed(self, data: bytes, now: int) -> list[Telegram]:
        """The telegrams that these bytes complete at `now` (UTC ms), sound or without a check."""
        worst = 0
        hints: list[Telegram] = []
        for name, wire, reader in self._tried:
            before = reader.bad
            frames = [frame.data for frame in reader.feed(data) if frame.whole]
            telegrams = [wire.parse(frame, self._zone, now, self._keys) for frame in frames]
            sound = [telegram for telegram in telegrams if self._stands(telegram)]
            damaged = reader.bad - before + len(telegrams) - len(sound)
            if self.found or any(telegram.crc == "ok" or telegram.readings for telegram in sound):
                self.found = name
                self._checking = self._checking or any(telegram.crc == "ok" for telegram in sound)
                self._tried = [(name, wire, reader)]
                self.bad += damaged
                return sound
            worst = max(worst, damaged)
            hints += sound
        self.bad += worst
        return hints

    def _stands(self, telegram: Telegram) -> bool:
        return telegram.crc == "ok" or (telegram.crc == "none" and not self._checking)
