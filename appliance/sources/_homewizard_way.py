"""The way to a HomeWizard device: where it is, which API it speaks, whether it is the one, and its token."""

import re
from collections.abc import Mapping

from appliance.errors import AuthError, SourceError
from appliance.http import HttpError
from appliance.sources._homewizard_link import (
    NAME,
    ButtonError,
    Link,
    TokenError,
    certificate_name,
    trust,
)
from appliance.sources._homewizard_memory import Memory
from appliance.sources._homewizard_options import Options
from appliance.sources.base import Finder

QUESTIONS = 6
"""What `open` may have to ask at most: who it is by v1 and by v2, a measurement, a token."""


class Way:
    """Leads to one device, and to no other that has come to its address."""

    def __init__(self, options: Options, memory: Memory, find: Finder) -> None:
        self._options = options
        self._memory = memory
        self._find = find

    async def addresses(self) -> Mapping[str, str]:
        host, serial = self._options.host, self._options.serial.lower()
        if host:
            return {"v1": host, "v2": host}
        found = await self._find(serial)
        if not found:
            raise SourceError(
                f"No HomeWizard device {serial} is heard on this network; is it powered and on the same "
                "Wi-Fi? If your router keeps mDNS apart, give its `host`"
            )
        return found

    def open(self, addresses: Mapping[str, str]) -> Link:
        """Blocks. By v2 where there is a token or no other way, else by v1."""
        if self._options.api == "v1":
            return self._by_v1(addresses)
        if self._options.api == "v2" or self._token():
            return self._by_v2(addresses)
        try:
            return self._by_v1(addresses)
        except SourceError as refused:
            if isinstance(refused, HttpError) and refused.status not in (403, 404):
                raise
            try:
                return self._by_v2(addresses)
            except ButtonError as button:
                raise ButtonError(f"{button}. Or: {refused}") from None
            except SourceError:
                raise refused from None

    def _by_v1(self, addresses: Mapping[str, str]) -> Link:
        link = Link(_address(addresses, "v1"), self._options.timeout_s)
        device = link.device()
        self._expect(device.serial, link.where)
        if self._options.api == "auto":
            link.measurement()  # where v1 is switched off the device may still say who it is
        return link

    def _by_v2(self, addresses: Mapping[str, str]) -> Link:
        where, timeout_s = _address(addresses, "v2"), self._options.timeout_s
        context = trust(self._options.ca_file)
        name = certificate_name(where, context, timeout_s)
        known = NAME.fullmatch(name)
        if known is None:
            raise SourceError(f"The certificate of {where} is of {name!r}, which is no HomeWizard device")
        self._expect(known[1], where)
        link = Link.secure(where, timeout_s, context, name)
        link.token = self._token()
        if not link.token:
            self._pair(link)
            return link
        try:
            link.device()
        except TokenError as refused:
            if self._options.token is not None:
                raise AuthError(
                    f"{refused}. Take `token` out and press the button, or give another"
                ) from None
            self._pair(link, f"{refused}. ")
        return link

    def _pair(self, link: Link, why: str = "") -> None:
        user = self._memory.user()
        try:
            link.token = link.pair(user)
        except ButtonError as button:
            raise ButtonError(f"{why}{button}") from None
        self._memory.remember_token(user, link.token)

    def _token(self) -> str:
        given = self._options.token
        return given.get_secret_value() if given is not None else self._memory.token()

    def _expect(self, serial: str, where: str) -> None:
        """Another device at this address would be another meter. The first one seen is remembered."""
        expected = self._options.serial.lower() or self._memory.known().serial
        if not re.fullmatch("[0-9a-f]{12}", serial):
            raise SourceError(f"{where} does not say its serial number; is it a HomeWizard device?")
        if expected and serial != expected:
            raise SourceError(
                f"At {where} there is now the device {serial}, not {expected}: give `serial` in the place of "
                f"`host` to follow that one, or `serial` {serial} if this one took its place"
            )
        self._memory.remember_device(serial)


def _address(addresses: Mapping[str, str], api: str) -> str:
    try:
        return addresses[api]
    except KeyError:
        raise SourceError(f"The device is on the network, but does not offer API {api}") from None
