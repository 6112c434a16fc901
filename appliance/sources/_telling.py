"""What one capture means for others: the picture, readings, and now and then an event that says why not."""

import re
from pathlib import Path

from appliance.clock import HOUR_MS
from appliance.errors import SourceError
from appliance.model import Batch, DigitSeen, Event, Fact, Picture, Quantity, Reading
from appliance.sources import _album, _image, _setup
from appliance.sources._camera_options import Options
from appliance.sources._meter_reader import Look, Seen
from ocr import Box
from ocr import Picture as Pixels

KEPT_LARGEST, KEPT_QUALITY = 1920, 88
UNSEEN_MS = 2 * HOUR_MS
"""A register that a display has not shown for so long is asked about."""


def reading(seen: Seen, source: str, threshold: float, at: int) -> Reading | None:
    """The reading of one counter in a picture taken at `at` (UTC ms); None when it is not sure enough."""
    result = seen.result
    if seen.waiting or result.value is None or result.confidence < threshold:
        return None
    value = round(result.value * _setup.factor(seen.counter.unit), 6)
    return Reading(source, seen.counter.quantity, value, at, result.confidence)


def refusal(seen: Seen, threshold: float) -> str:
    """Why a counter gave no reading, in a sentence."""
    result = seen.result
    if result.reason is not None or result.text is None or not result.digits:
        return result.reason or "The counter cannot be read"
    worst = min(range(len(result.digits)), key=lambda i: result.digits[i].confidence)
    return (
        f"It looks like {result.text}, but that is only {result.confidence:.0%} sure where "
        f"{threshold:.0%} is asked for; the least sure is digit {worst + 1}"
    )


class Told:
    """Each kind of trouble is told at once and then once an hour, with how often it happened since."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[int, int]] = {}

    def due(self, text: str, at: int) -> int:
        """How often it happened since it was last told, 0 while there is no need to tell."""
        kind = re.sub(r"\d+", "#", text)
        told, count = self._last.get(kind, (None, 0))
        if told is not None and 0 <= at - told < HOUR_MS:
            self._last[kind] = told, count + 1
            return 0
        self._last[kind] = at, 0
        return count + 1


class Teller:
    """Used by one thread. Pictures are kept in the source's `folder`."""

    def __init__(self, options: Options, folder: Path, refusals: _album.Refusals) -> None:
        self._options, self._folder, self._refusals = options, folder, refusals
        self._name, self._threshold = options.label, options.confidence_threshold
        self._told = Told()
        self._last: tuple[int, Pixels, str | None] | None = None
        self._unseen: dict[Quantity, int] = {}

    def facts(self, look: Look, picture: Pixels, at: int) -> Batch:
        """What is told of a picture taken at `at` (UTC ms) and what was made out in it."""
        shown = look.upright if look.upright is not None else picture
        jpeg, factor = _image.encode(shown)
        readings = [r for s in look.seen if (r := reading(s, self._name, self._threshold, at))]
        reason = look.reason or self._reason(look)
        asked = [s.result for s in look.seen if not s.waiting]
        text = " · ".join(r.text for r in asked if r.text is not None) or None
        seen = Picture(
            self._name,
            at,
            jpeg,
            text,
            min((r.confidence for r in asked), default=0.0),
            tuple(DigitSeen(d.value, d.confidence, _scaled(d.box, factor)) for r in asked for d in r.digits),
            reason if asked or not look.seen else self._waiting(look),
            round(shown.shape[1] * factor),
            round(shown.shape[0] * factor),
        )
        self._last = at, picture, text
        events = self._keep(jpeg, at) + self._overdue(look, at)
        if reason is not None:
            events += self._refused(reason, min((r.confidence for r in asked if r.digits), default=None))
        facts: list[Fact] = [seen, *readings, *events]
        return facts

    def bad(self, reason: str, at: int) -> Batch:
        """There was no picture at all, for this reason."""
        self._last = None
        seen = Picture(self._name, at, b"", None, 0.0, reason=reason)
        return [seen, *self._unreadable(reason, at)]

    def disbelieved(self, reason: str) -> None:
        """The gate refused what the last picture was read as: it belongs among the refused ones.

        Raises SourceError when it cannot be kept."""
        if self._last is None:
            return
        try:
            self._keep_refused(reason, figures=True)
        except OSError as error:
            raise SourceError(f"The refused picture cannot be kept: {error.strerror}") from error

    def _reason(self, look: Look) -> str | None:
        """Why the first counter that could not be read could not."""
        for s in look.seen:
            if not s.waiting and reading(s, self._name, self._threshold, 0) is None:
                why = refusal(s, self._threshold)
                return f"{s.counter.quantity.spec.label}: {why}" if len(look.seen) > 1 else why
        return None

    def _waiting(self, look: Look) -> str:
        wanted = ", ".join(s.counter.register for s in look.seen)
        now = f"the display shows {', '.join(look.codes)}" if look.codes else "no register code is seen"
        return f"Waiting for register {wanted}; now {now}"

    def _overdue(self, look: Look, at: int) -> list[Event]:
        """Registers that the display has not shown for hours."""
        events = []
        for seen in look.seen:
            quantity = seen.counter.quantity
            since = self._unseen.setdefault(quantity, at)
            if not seen.waiting or at < since:
                self._unseen[quantity] = at
            elif at - since >= UNSEEN_MS:
                text = (
                    f"The display has not shown register {seen.counter.register} for hours: set the code of "
                    f"{quantity.spec.label} as the display shows it"
                )
                events += self._unreadable(text, at)
        return events

    def _unreadable(self, text: str, at: int) -> list[Event]:
        count = self._told.due(text, at)
        return [Event(self._name, "unreadable", at, text, {"count": count})] if count else []

    def _refused(self, reason: str, confidence: float | None) -> list[Event]:
        """Nothing was read: the picture is kept for the owner to look at. Without figures (`confidence` None)
        it is merely unreadable."""
        assert self._last is not None, "there is a picture"
        at, _, text = self._last
        kept, events = None, []
        try:
            kept = str(self._keep_refused(reason, figures=confidence is not None).relative_to(self._folder))
        except OSError as error:
            events = self._not_kept(self._folder, error, "free some of the disk", at)
        if confidence is None:
            return self._unreadable(reason, at) + events
        count = self._told.due(reason, at)
        data = {"text": text, "confidence": confidence, "picture": kept, "count": count}
        return ([Event(self._name, "rejected", at, reason, data)] if count else []) + events

    def _keep_refused(self, reason: str, *, figures: bool) -> Path:
        """Where the last picture is kept among the refused ones. Raises OSError."""
        assert self._last is not None, "there is a picture"
        at, picture, text = self._last
        jpeg = _image.encode(picture, KEPT_LARGEST, KEPT_QUALITY)[0]
        return self._refusals.keep(at, jpeg, text, reason, figures)

    def _keep(self, jpeg: bytes, at: int) -> list[Event]:
        o = self._options
        if not o.save_images:
            return []
        folder = o.image_path or self._folder / "images"
        try:
            _album.keep(folder, at, jpeg, o.keep_days, o.keep_mb, o.keep_free_mb)
        except OSError as error:
            return self._not_kept(folder, error, "check image_path and the disk", at)
        return []

    def _not_kept(self, folder: Path, error: OSError, remedy: str, at: int) -> list[Event]:
        text = f"Pictures cannot be kept in {folder}: {error.strerror}; {remedy}"
        return [Event(self._name, "picture_not_kept", at, text)] if self._told.due(text, at) else []


def _scaled(box: Box, factor: float) -> tuple[int, int, int, int]:
    return (round(box.x * factor), round(box.y * factor), round(box.w * factor), round(box.h * factor))
