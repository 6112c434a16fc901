"""What is worth a message as it is now: `messages` of config.json with what the owner changed on the page."""

import logging
from typing import Any

from pydantic import ValidationError

from appliance.store.documents import Documents
from config.messages import TOPICS, Messages, Topic
from config.mistakes import explain, written

log = logging.getLogger(__name__)

TABLE, KEY = "messages", "changed"


class MessageSettings:
    """The settings in force. `documents` are asked once, at the first question."""

    def __init__(self, configured: Messages, documents: Documents) -> None:
        self.configured = configured
        """What config.json says."""
        self._documents = documents
        self._changed: dict[str, Any] | None = None
        self._now = configured

    @property
    def now(self) -> Messages:
        """What is in force. Raises StoreError while the documents cannot be read for the first time."""
        self._load()
        return self._now

    @property
    def changed(self) -> frozenset[str]:
        """The names of those that the owner changed here: config.json does not count for them."""
        return frozenset(self._load())

    @property
    def topics(self) -> frozenset[Topic]:
        """The topics that are not switched off."""
        return frozenset(TOPICS) - set(self.now.off)

    def change(self, **fields: Any) -> None:
        """Put these in force, as config.json would have them: at once and for good; waits for the medium.

        Raises ValueError with a sentence for people when one of them is not right (none is changed then) and
        StoreError when they cannot be kept.
        """
        wanted = {**self._load(), **fields}
        try:
            found = _merged(self.configured, wanted)
        except ValidationError as error:
            reasons = explain(error.errors(), Messages, wanted)
            raise ValueError(
                "; ".join(f"{written(path)}: {text}" for path, text in reasons.items())
            ) from None
        self._keep({name: _plain(found, name) for name in wanted}, found)

    def reset(self, name: str) -> None:
        """What config.json says of it counts again. Raises ValueError for an unknown name, and StoreError."""
        if name not in Messages.model_fields:
            raise ValueError(f"{name}: there is no such option")
        left = {each: value for each, value in self._load().items() if each != name}
        self._keep(left, _merged(self.configured, left))

    def _keep(self, changed: dict[str, Any], found: Messages) -> None:
        self._documents.put(TABLE, KEY, changed)
        self._changed, self._now = changed, found

    def _load(self) -> dict[str, Any]:
        if self._changed is None:
            known = self._documents.get(TABLE, KEY) or {}
            self._changed = {name: known[name] for name in known if self._holds(name, known[name])}
            self._now = _merged(self.configured, self._changed)
        return self._changed

    def _holds(self, name: str, value: Any) -> bool:
        """An older or newer version may have kept what this one does not know."""
        try:
            _merged(self.configured, {name: value})
        except ValidationError:
            log.warning("messages.%s, as it was set on the Messages page, is not used any more", name)
            return False
        return True


def _merged(configured: Messages, changed: dict[str, Any]) -> Messages:
    return Messages.model_validate({**configured.model_dump(), **changed})


def _plain(settings: Messages, name: str) -> Any:
    return settings.model_dump(mode="json", include={name})[name]
