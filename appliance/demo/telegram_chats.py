"""Who talks to the bot of the virtual Telegram, and what was said."""

from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["private", "group", "supergroup", "channel"]


@dataclass
class Chat:
    """A conversation the bot is in. `blocked`: by its person, or thrown out of a group. `migrated_to`: the
    group has become a supergroup with that id."""

    id: int
    name: str
    kind: Kind = "private"
    username: str | None = None
    blocked: bool = False
    migrated_to: int | None = None

    def told(self) -> dict[str, Any]:
        """As the API tells it."""
        named = {"first_name" if self.kind == "private" else "title": self.name}
        username = {"username": self.username} if self.username else {}
        return {"id": self.id, "type": self.kind, **named, **username}


@dataclass(frozen=True)
class Sent:
    """What the bot sent: `text` as its reader sees it, `raw` as it came, `at` UTC ms."""

    chat: int
    text: str
    raw: str
    at: int
    photo: bytes | None = None
    silent: bool = False
    entities: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Written:
    """What a person wrote in a chat the bot is in, at `at` (UTC ms)."""

    chat: int
    text: str
    at: int
    name: str
