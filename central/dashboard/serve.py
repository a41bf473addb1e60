"""The page in a browser of this machine, or in a file."""

import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from central.dashboard.page import page, view
from central.dashboard.words import Language
from central.store import reading
from edge.errors import AnprError, ConfigError

HOST = "127.0.0.1"
# Other names that lead here are a stranger's (DNS rebinding), whose site is not to read the page.
HOSTS = {HOST, "localhost"}
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def made(store: Path, language: Language, *, served: bool, clock: Callable[[], float] = time.time) -> str:
    """Return the page of a store as it is now.

    Raises:
        ConfigError, StoreError: it can't be read.
    """
    with reading(store) as database:
        seen = view(database, clock())
    return page(seen, language, served=served)


def write(store: Path, file: Path, language: Language) -> None:
    """Write the page into ``file``, which readers see whole at any moment.

    Raises:
        ConfigError, StoreError: the store can't be read, or the file not written.
    """
    content, beside = made(store, language, served=False), file.with_name(f".{file.name}.new")
    try:
        beside.write_text(content, encoding="utf-8")
        beside.replace(file)
    except OSError as error:
        raise ConfigError(f"{file}: can't be written: {error.strerror}") from error


def server(store: Path, port: int, language: Language) -> ThreadingHTTPServer:
    """Return a server of the page at 127.0.0.1, which reads the store anew for each request.

    Raises:
        ConfigError: the store can't be read, or the port is taken.
    """
    made(store, language, served=True)

    class Handler(BaseHTTPRequestHandler):
        """Answers GET / with the page, and nothing else."""

        server_version, sys_version = "anpr-edge", ""

        def do_GET(self) -> None:
            """Answer."""
            url = urlsplit(self.path)
            if self.headers.get("Host", "").rsplit(":", 1)[0] not in HOSTS or url.path != "/":
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            try:
                content = made(store, _language(url.query, language), served=True)
            except AnprError as error:
                self.send_error(HTTPStatus.SERVICE_UNAVAILABLE, explain=str(error))
                return
            self._answer(content.encode())

        def _answer(self, content: bytes) -> None:
            self.send_response(HTTPStatus.OK)
            for name, value in {**HEADERS, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_values: object) -> None:
            """Log nothing: who looks at the page is nobody's business."""

    try:
        return ThreadingHTTPServer((HOST, port), Handler)
    except OSError as error:
        raise ConfigError(f"--port {port}: {error.strerror}; give another one") from error


def _language(query: str, default: Language) -> Language:
    match parse_qs(query).get("language"):
        case ["nl"]:
            return "nl"
        case ["en"]:
            return "en"
    return default
