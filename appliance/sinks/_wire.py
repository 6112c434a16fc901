"""HTTP as a sink speaks it: one request at a time, in a thread of its own, gzip where it is wanted."""

import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from appliance import http
from appliance.errors import SourceError
from appliance.http import Answer
from appliance.worker import Worker


class Wire(Protocol):
    """Carries a request to the receiver and its answer back."""

    async def send(self, method: str, url: str, headers: Mapping[str, str], data: bytes | None) -> Answer:
        """The answer, whatever its status. Raises SourceError where there is none."""

    def close(self) -> None:
        """No more is sent."""


class HttpWire:
    """The real one. `verify` is False for any certificate, or the file of an authority of one's own."""

    def __init__(self, name: str, timeout_s: float, verify: bool | Path = True) -> None:
        self._session = http.session()
        self._session.verify = str(verify) if isinstance(verify, Path) else verify
        self._worker = Worker(name)
        self._timeout_s = timeout_s
        self._authority = verify if isinstance(verify, Path) else None

    async def send(self, method: str, url: str, headers: Mapping[str, str], data: bytes | None) -> Answer:
        if self._authority is not None and not self._authority.is_file():
            raise SourceError(f"There is no file {self._authority} (ca_file); write where the authority's is")
        return await self._worker.call(
            lambda: http.request(
                self._session, method, url, timeout_s=self._timeout_s, headers=headers, data=data
            ),
            3 * self._timeout_s + 5,
        )

    def close(self) -> None:
        self._worker.close()


def packed(text: str, headers: Mapping[str, str], compress: bool) -> tuple[dict[str, str], bytes]:
    """Headers and body of a text, compressed if it shall be."""
    named = {"Content-Type": "text/plain; charset=utf-8", **headers}
    body = text.encode()
    if not compress:
        return named, body
    return {**named, "Content-Encoding": "gzip"}, gzip.compress(body, 6, mtime=0)
