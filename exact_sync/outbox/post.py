"""Posts letters to one target, and says how it took them. Never follows a redirect, never uses a proxy."""

import math
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

import httpx

from exact_sync import __version__, logs
from exact_sync.errors import one_line
from exact_sync.outbox import address
from exact_sync.outbox.letter import Letter, headers
from exact_sync.outbox_settings import TargetSettings

_CONNECT, _READ, _WHOLE = 5.0, 10.0, 15.0
"""Seconds: for a connection, for the next bytes, until the rest of an answer is not waited for."""
_ADDRESSES = 3
"""So many of a name's addresses are tried."""
_HEARD, _SHOWN = 1_000, 200
"""Bytes of an answer that are read, characters of it that are shown."""
_LONGEST_RETRY_AFTER = 24 * 3600.0
_AWAY = {408, 425, 429}

Outcome = Literal["delivered", "refused", "away", "gone"]


@dataclass(frozen=True)
class Answer:
    """How a target took a letter."""

    outcome: Outcome
    """refused: it wants no such letter; away: it may well want it later; gone: it wants no more of them."""
    trouble: str = ""
    retry_after: float = 0.0
    """Seconds that it wants us to wait."""


class NotAllowed(Exception):
    """The target's address is none of the internet, and its settings don't allow that."""


class Post:
    """The way to one target."""

    def __init__(
        self,
        settings: TargetSettings,
        now: Callable[[], datetime],
        *,
        resolve: Callable[[str, int], list[str]] = address.resolve,
        certificates: ssl.SSLContext | None = None,
    ) -> None:
        """``resolve``: the addresses of a name. ``certificates``: instead of those everybody trusts."""
        self._settings = settings
        self._now = now
        transport = _Checked(resolve, certificates, allow_private=settings.allow_private)
        self._http = httpx.Client(
            transport=transport,
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(_READ, connect=_CONNECT),
            headers={"User-Agent": f"exact-sync/{__version__}"},
        )

    def close(self) -> None:
        self._http.close()

    def send(self, letter: Letter) -> Answer:
        """Post a letter. Nothing of what is wrong with it is raised."""
        try:
            return self._send(letter)
        except NotAllowed as error:
            return Answer("away", str(error))
        except httpx.InvalidURL:
            return Answer("away", "the url is none")
        except (httpx.HTTPError, OSError, ValueError) as error:
            return Answer("away", _in_words(error))

    def _send(self, letter: Letter) -> Answer:
        began = time.monotonic()
        url = self._settings.url.get_secret_value()
        signed = headers(letter, self._settings.key, self._now())
        with self._http.stream("POST", url, content=letter.body, headers=signed) as response:
            said = b""
            try:
                for chunk in response.iter_raw():
                    said += chunk
                    if len(said) > _HEARD or time.monotonic() - began > _WHOLE:
                        break
            except httpx.HTTPError:
                pass  # the status has come, and that counts
        return _judged(response, said, self._now())


def _judged(response: httpx.Response, said: bytes, now: datetime) -> Answer:
    status = response.status_code
    if 200 <= status < 300:
        return Answer("delivered")
    if 300 <= status < 400:
        return Answer("refused", f"HTTP {status}: a redirect, which is not followed; set the url it leads to")
    text = one_line(logs.clean(said[:_HEARD].decode(errors="replace"))).strip()
    trouble = f"HTTP {status}" + (f": {text[:_SHOWN]}" if text else "")
    if status == 410:
        return Answer("gone", trouble)
    if status in _AWAY or status >= 500:
        return Answer("away", trouble, _retry_after(response.headers.get("Retry-After"), now))
    return Answer("refused", trouble)


def _retry_after(value: str | None, now: datetime) -> float:
    """Seconds; 0 where it says nothing that makes sense."""
    if value is None:
        return 0.0
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            seconds = (moment - now).total_seconds()
        except (ValueError, TypeError, OverflowError):  # a year with eleven digits is an overflow
            return 0.0
    return max(0.0, min(_LONGEST_RETRY_AFTER, seconds)) if math.isfinite(seconds) else 0.0


def _in_words(error: Exception) -> str:
    """Without the URL, which may hold a secret."""
    if isinstance(error, httpx.ConnectError) and "certificate" in str(error).lower():
        return "its certificate is not trusted"
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return "no connection"
    if isinstance(error, httpx.TimeoutException):
        return "it takes too long"
    if isinstance(error, OSError):
        return "its name can't be looked up"
    return f"the connection broke ({type(error).__name__})"


class _Checked(httpx.BaseTransport):
    """Connects to the very address that was checked; certificate, SNI and Host are the name's."""

    def __init__(
        self,
        resolve: Callable[[str, int], list[str]],
        certificates: ssl.SSLContext | None,
        *,
        allow_private: bool,
    ) -> None:
        self._resolve = resolve
        self._allow_private = allow_private
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1)
        self._inner = httpx.HTTPTransport(verify=certificates or True, limits=limits)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        found = self._resolve(request.url.raw_host.decode("ascii").strip("[]"), port)
        if not self._allow_private:
            for each in found:
                if not address.is_public(each):
                    raise NotAllowed(
                        f"{host} has the address {each}, which is none of the internet; "
                        "allow_private = true would allow it"
                    )
        trouble: httpx.TransportError = httpx.ConnectError("the name has no address")
        for each in found[:_ADDRESSES]:
            try:
                return self._inner.handle_request(_directed(request, each))
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                trouble = error
        raise trouble

    def close(self) -> None:
        self._inner.close()


def _directed(request: httpx.Request, to: str) -> httpx.Request:
    """The same request, to one address of its host."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=to),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.host},
    )
