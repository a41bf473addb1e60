"""HTTP for the register's sources: https only, redirects followed by hand, patience with a busy server."""

import ipaddress
import logging
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from random import SystemRandom
from typing import TypeVar
from urllib.parse import urljoin

import urllib3
from urllib3.exceptions import HTTPError, InvalidHeader, LocationValueError, NameResolutionError, SSLError
from urllib3.exceptions import TimeoutError as NoAnswerError
from urllib3.util import Url, parse_url

from edge.errors import AnprError, ConfigError

T = TypeVar("T")
Response = urllib3.BaseHTTPResponse

CONNECT_SECONDS = 30.0
# A server that packs a whole register first is silent for a while.
SILENCE_SECONDS = 120.0
FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 60.0
REDIRECTS = 5
# Socrata answers 202 while it still works on a question that it had before.
BUSY = (HTTPStatus.ACCEPTED, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)
ENOUGH_TO_EXPLAIN = 4096


class PassingError(AnprError):
    """A failure that may pass: a busy server, a lost connection; ``after`` is the wait in s that the server asks."""

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


class RefusedError(ConfigError):
    """An answer that asking again would not change, with the beginning of its body."""

    def __init__(self, message: str, status: int, body: bytes) -> None:
        super().__init__(message)
        self.status, self.body = status, body


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long to try; the wait doubles from 1 s to 60 s, or is what the server asks."""

    tries: float
    seconds: float
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = SystemRandom().random

    def keep_trying(self, attempt: Callable[[], T]) -> T:
        """Return what ``attempt`` gives, trying again after each PassingError.

        Raises:
            AnprError: it still fails after the last try, or waiting once more would take longer than ``seconds``.
        """
        tries, spent = 0, 0.0
        while True:
            began = self.clock()
            try:
                return attempt()
            except PassingError as failure:
                tries += 1
                wait = max(self._wait(tries), failure.after or 0.0)
                spent += self.clock() - began + wait
                if tries >= self.tries or spent > self.seconds:
                    raise AnprError(f"{failure}; given up at try {tries}") from failure
            self.sleep(wait)

    def _wait(self, tries: int) -> float:
        # Without the jitter all who were cut off together would come back together.
        longest = min(FIRST_WAIT_SECONDS * 2.0 ** (tries - 1), LONGEST_WAIT_SECONDS)
        return longest * (0.5 + 0.5 * self.jitter())


def connect() -> urllib3.PoolManager:
    """Return a client that trusts the system's authorities, or those of SSL_CERT_FILE and SSL_CERT_DIR."""
    # Its log lines hold whole addresses, and the question for a page holds a plate.
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=SILENCE_SECONDS)
    return urllib3.PoolManager(ssl_context=ssl.create_default_context(), timeout=timeout, retries=False)


def get(client: urllib3.PoolManager, url: str, headers: Mapping[str, str] = {}) -> Response:
    """Ask once and return the answer 200, its body unread and packed as it was sent: plain or gzip.

    ``headers`` go to the address's own host only, not where a redirect leads.

    Raises:
        PassingError: no connection, or an answer such as 429 or 503.
        ConfigError: not https, no trusted certificate, an endless redirect; RefusedError: another answer.
    """
    asked = url
    for _ in range(REDIRECTS + 1):
        response = _ask(client, url, headers)
        target = response.get_redirect_location()
        if not target:
            return _accepted(response, shown(url))
        response.close()
        origin, url = url, urljoin(url, target)
        headers = headers if _host(origin) == _host(url) else {}
    raise ConfigError(f"{shown(asked)}: redirects more than {REDIRECTS} times")


def shown(url: str) -> str:
    """Return the address as errors show it: without its query, which may hold a token or a plate."""
    return url.partition("?")[0]


def reason(error: BaseException) -> str:
    """Say in a few words why a connection failed."""
    if isinstance(error, NameResolutionError):
        return "its name is not known"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    return "no answer in time" if isinstance(error, NoAnswerError) else "closed by the other side"


def _ask(client: urllib3.PoolManager, url: str, headers: Mapping[str, str]) -> Response:
    _check(url)
    headers = {"Accept-Encoding": "gzip", **headers}
    try:
        return client.request("GET", url, headers=headers, preload_content=False, redirect=False)
    except SSLError as error:
        raise _without_tls(shown(url), error.args[0]) from error
    except HTTPError as error:
        raise PassingError(f"{shown(url)}: no connection: {reason(error)}") from error


def _check(url: str) -> None:
    parsed = _parsed(url)
    if not parsed.host:
        raise ConfigError(f"{shown(url)}: is no address; allowed: https://HOST/...")
    if parsed.auth:
        # Not shown: it is a password.
        raise ConfigError(f"https://{parsed.host}/...: a user name or password in the address is not supported")
    if parsed.scheme != "https" and not (parsed.scheme == "http" and _is_here(parsed.host)):
        raise ConfigError(f"{shown(url)}: allowed: https, or http to this machine itself")


def _parsed(url: str) -> Url:
    try:
        return parse_url(url)
    except LocationValueError as error:
        raise ConfigError(f"{shown(url)}: is no address; allowed: https://HOST/...") from error


def _host(url: str) -> tuple[str | None, str | None, int | None]:
    parsed = _parsed(url)
    return parsed.scheme, parsed.host, parsed.port


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _without_tls(name: str, error: object) -> AnprError:
    if isinstance(error, ssl.SSLEOFError):
        return PassingError(f"{name}: no connection: closed by the other side")
    if isinstance(error, ssl.SSLCertVerificationError):
        return ConfigError(f"{name}: its certificate is not trusted: {error.verify_message}")
    return ConfigError(f"{name}: no TLS: {getattr(error, 'reason', None) or error}")


def _accepted(response: Response, name: str) -> Response:
    if response.status == HTTPStatus.OK:
        return response
    message = f"{name}: answers {response.status} {response.reason or ''}".rstrip()
    body = b""
    with suppress(HTTPError):
        body = response.read(ENOUGH_TO_EXPLAIN, decode_content=True)
    response.close()
    if response.status in BUSY or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        wait = _asked_wait(response)
        raise PassingError(message if wait is None else f"{message}, to be asked again in {wait:.0f} s", wait)
    raise RefusedError(message, response.status, body)


def _asked_wait(response: Response) -> float | None:
    """Return the seconds of Retry-After, a number or a date, where there is one."""
    try:
        return urllib3.Retry(0).get_retry_after(response)
    except InvalidHeader:
        return None
