"""Where pictures come from: a file, a folder, an address; beside them the USB and the Pi camera.

All of it blocks and runs on the source's own thread. `grab` raises SourceError when there is no camera and
BadImageError when there is a picture that cannot be used.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import Protocol

import requests
from requests.auth import AuthBase, HTTPBasicAuth, HTTPDigestAuth

from appliance import http
from appliance.errors import AuthError, SourceError
from appliance.sources._image import LARGEST_FILE, BadImageError, check_size, decode
from ocr import Picture

AHEAD_MS = 60_000
"""The clock of who writes files may be ahead of ours by so much."""
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp"})


@dataclass(frozen=True)
class Shot:
    """A picture; `at` (UTC ms) only where the picture knows better than the clock when it was taken."""

    picture: Picture
    at: int | None = None


class Camera(Protocol):
    """One picture after another."""

    live: bool
    """Whether it takes pictures when it is asked, as many as wanted."""
    settle_s: float
    """Seconds its automatics need to find exposure, focus and white balance in new light."""

    def open(self) -> None:
        """Get ready; every picture is new again. Raises SourceError."""

    def grab(self) -> Shot | None:
        """The present picture; None when nothing new was taken since the last."""

    def more(self) -> Shot | None:
        """One more of the same scene, right after `grab`."""

    def brighten(self, factor: float) -> None:
        """Expose `factor` times as long as now, where this camera can be told."""

    def hold(self) -> None:
        """Keep exposure, focus and white balance as they are now, where this camera can be told."""

    def free(self) -> None:
        """Let the camera find them again."""

    def close(self) -> None:
        """Let go of the device."""


class _Passive:
    """A camera that looks after itself."""

    live = False
    settle_s = 0.0

    def open(self) -> None:
        return None

    def brighten(self, factor: float) -> None:
        return None

    def hold(self) -> None:
        return None

    def free(self) -> None:
        return None

    def close(self) -> None:
        return None


class FileCamera(_Passive):
    """A picture that something else writes, again and again, to the same place."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[Path, int, int] | None = None

    def open(self) -> None:
        self._seen = None

    def more(self) -> Shot | None:
        return None

    def _newest(self) -> Path:
        return self._path

    def grab(self) -> Shot | None:
        try:
            path = self._newest()
            stat = path.stat()
            mark = (path, stat.st_mtime_ns, stat.st_size)
            if mark == self._seen:
                return None
            self._seen = mark
            check_size(stat.st_size)
            data = path.read_bytes()
        except OSError as error:
            raise SourceError(f"{self._path} cannot be read: {error.strerror}; check the path") from error
        return Shot(decode(data), stat.st_mtime_ns // 1_000_000)


class FolderCamera(FileCamera):
    """The newest picture in a folder that something else fills; `now` is the present instant, UTC ms."""

    def __init__(self, path: Path, now: Callable[[], int]) -> None:
        super().__init__(path)
        self._now = now

    def _newest(self) -> Path:
        dated = []
        for path in self._path.iterdir():
            if path.suffix.lower() in SUFFIXES:
                with suppress(FileNotFoundError):  # whoever fills the folder may tidy it up meanwhile
                    about = path.stat()
                    dated += [(about.st_mtime_ns, path)] if S_ISREG(about.st_mode) else []
        if not dated:
            raise SourceError(f"{self._path} holds no .jpg, .png or .bmp picture: does a camera write there?")
        # One written while a clock was wrong would be the newest until that time has come.
        latest = (self._now() + AHEAD_MS) * 1_000_000
        return max(dated, key=lambda each: (each[0] <= latest, *each))[1]


class UrlCamera(_Passive):
    """A network camera that answers with a picture; Basic or Digest login, as it asks for."""

    live = True

    def __init__(self, url: str, timeout_s: float, user: str = "", password: str = "") -> None:
        self._url, self._timeout_s = url, timeout_s
        self._login = (user, password)
        self._auth: AuthBase | None = None
        self._session = http.session()

    def grab(self) -> Shot:
        try:
            response = self._get()
            if response.status_code == 401 and any(self._login):
                asked = response.headers.get("WWW-Authenticate", "").lower()
                self._auth = (HTTPDigestAuth if "digest" in asked else HTTPBasicAuth)(*self._login)
                response = self._get()
            with response:
                self._check(response)
                data = self._body(response)
        except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError) as error:
            raise SourceError(
                "The camera breaks off in the middle of its picture: check its power and its reception"
            ) from error
        except requests.RequestException as error:
            raise SourceError(
                f"The camera does not answer ({type(error).__name__}): check its address, power and network"
            ) from error
        return Shot(decode(data))

    def more(self) -> Shot:
        return self.grab()

    def _get(self) -> requests.Response:
        return self._session.get(
            self._url, timeout=self._timeout_s, auth=self._auth, stream=True, allow_redirects=False
        )

    @staticmethod
    def _check(response: requests.Response) -> None:
        if response.status_code in (401, 403):
            raise AuthError("The camera refuses the login: set user and password of the camera")
        if response.status_code != requests.codes.ok:
            said = f"{response.status_code} {response.reason}"
            raise SourceError(f"The camera answers {said}: check the address of its picture")
        if response.headers.get("Content-Type", "").lower().startswith("multipart/"):
            raise BadImageError("The camera sends a video stream: set the address of its picture (snapshot)")

    def _body(self, response: requests.Response) -> bytes:
        data = bytearray()
        deadline = time.monotonic() + self._timeout_s
        # In small parts: the time is looked at after each, however slowly it comes.
        for part in response.iter_content(1024):
            data += part
            if len(data) > LARGEST_FILE:
                size = LARGEST_FILE // 10**6
                raise BadImageError(f"The camera sends more than {size} MB: is this its video stream?")
            if time.monotonic() > deadline:
                raise SourceError(f"The camera did not send its picture within {self._timeout_s:g} s")
        return bytes(data)

    def close(self) -> None:
        self._session.close()
