"""What a call of the Bot API brings with it, and how the virtual Telegram refuses it."""

import json
import re
from collections.abc import Mapping
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl

from appliance.demo.http_device import Answer, Request, json_answer

PICTURES = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
COMMAND = re.compile(r"[a-z0-9_]{1,32}")


class RefusedError(Exception):
    """An answer that is no: HTTP status, Telegram's words and what it adds for programs."""

    def __init__(
        self,
        status: int,
        description: str,
        parameters: Mapping[str, int] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(description)
        self.status, self.parameters, self.headers = status, parameters, headers

    def answer(self) -> Answer:
        """As it goes out."""
        told: dict[str, Any] = {"ok": False, "error_code": self.status, "description": str(self)}
        if self.parameters:
            told["parameters"] = dict(self.parameters)
        return json_answer(told, self.status, self.headers)


def parameters(request: Request) -> dict[str, Any]:
    """All that a call says, however it says it; files as bytes."""
    kind = request.headers.get("content-type", "")
    found: dict[str, Any] = dict(request.query)
    if kind.startswith("application/json"):
        try:
            told = json.loads(request.body or b"{}")
        except ValueError:
            raise RefusedError(400, "Bad Request: can't parse JSON object") from None
        if not isinstance(told, dict):
            raise RefusedError(400, "Bad Request: can't parse JSON object")
        found |= told
    elif kind.startswith("multipart/form-data"):
        head = f"Content-Type: {kind}\r\n\r\n".encode()
        for part in BytesParser(policy=HTTP).parsebytes(head + request.body).iter_parts():
            name = part.get_param("name", header="content-disposition")
            payload = part.get_payload(decode=True)
            content = payload if isinstance(payload, bytes) else b""
            found[str(name)] = content if part.get_filename() is not None else content.decode()
    elif kind.startswith("application/x-www-form-urlencoded"):
        found |= parse_qsl(request.body.decode(), keep_blank_values=True)
    return found


def chat_name(asked: Mapping[str, Any]) -> int | str:
    """Whom a call means: an id, or `@username`."""
    name = str(asked.get("chat_id", "")).strip()
    if not name:
        raise RefusedError(400, "Bad Request: chat_id is empty")
    try:
        return int(name)
    except ValueError:
        return name


def whole(asked: Mapping[str, Any], name: str, otherwise: int) -> int:
    """A whole number of a call."""
    try:
        return int(asked.get(name, otherwise))
    except (TypeError, ValueError):
        raise RefusedError(400, f"Bad Request: invalid {name} specified") from None


def photo_of(asked: Mapping[str, Any]) -> bytes:
    """The picture of a call, uploaded with it: PNG or JPEG."""
    photo = asked.get("photo")
    if photo is None or photo == "":
        raise RefusedError(400, "Bad Request: there is no photo in the request")
    if isinstance(photo, str):
        raise RefusedError(400, "Bad Request: wrong file identifier/HTTP URL specified")
    if not photo:
        raise RefusedError(400, "Bad Request: file must be non-empty")
    if not bytes(photo).startswith(PICTURES):
        raise RefusedError(400, "Bad Request: IMAGE_PROCESS_FAILED")
    return bytes(photo)


def commands_of(asked: Mapping[str, Any]) -> list[dict[str, str]]:
    """The menu of a call; as JSON in a text when it comes by form."""
    told = asked.get("commands", [])
    try:
        listed = json.loads(told) if isinstance(told, str) else told
        found = [{"command": str(one["command"]), "description": str(one["description"])} for one in listed]
    except (ValueError, TypeError, KeyError):
        raise RefusedError(400, "Bad Request: can't parse BotCommand: expected an Array of Object") from None
    for one in found:
        if not COMMAND.fullmatch(one["command"]):
            raise RefusedError(400, "Bad Request: BOT_COMMAND_INVALID")
        if not 1 <= len(one["description"]) <= 256:
            raise RefusedError(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
    if len(found) > 100:
        raise RefusedError(400, "Bad Request: BOT_COMMANDS_TOO_MUCH")
    return found
