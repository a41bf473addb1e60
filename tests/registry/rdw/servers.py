"""A web server whose answers a test decides, and one that speaks the register's API."""

import re
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from edge.proof.pki import Identity


@dataclass(frozen=True)
class Request:
    """What was asked."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]


@dataclass(frozen=True)
class Answer:
    """What is sent back; a ``length`` beyond the body ends in a lost connection, None announces no length."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = -1
    after: Callable[[], object] = lambda: None
    """What happens once it is sent."""


Answering = Callable[[Request], Answer | None]


class Server(ThreadingHTTPServer):
    """Answers as its function says; None hangs up without a word."""

    daemon_threads = True

    def __init__(self, answering: Answering, host: str) -> None:
        super().__init__((host, 0), _Handler)
        self.answering = answering
        self.requests: list[Request] = []
        self.scheme, self.host = "http", host

    @property
    def url(self) -> str:
        """Where it is."""
        return f"{self.scheme}://{self.host}:{self.server_port}"

    def handle_error(self, *_: Any) -> None:
        """Stay silent: clients that go away are what is tested."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body in one packet: the second of two would wait for the acknowledgement of the first.
    wbufsize = -1
    server: Server

    def do_GET(self) -> None:
        """Answer as the test says."""
        parts = urlsplit(self.path)
        request = Request(parts.path, dict(parse_qsl(parts.query)), dict(self.headers))
        self.server.requests.append(request)
        answer = self.server.answering(request)
        self.close_connection = True
        if answer is None:
            return
        self.send_response(answer.status)
        length = len(answer.body) if answer.length == -1 else answer.length
        headers = answer.headers if length is None else answer.headers | {"Content-Length": str(length)}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)
        self.wfile.flush()
        self.close_connection = length != len(answer.body)
        answer.after()

    def log_message(self, *_: Any) -> None:
        """Stay silent."""


@contextmanager
def serving(answering: Answering, identity: Identity | None = None, host: str = "127.0.0.1") -> Iterator[Server]:
    """Run a server, with TLS where it has an identity."""
    with Server(answering, host) as server:
        if identity:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(identity.certificate, identity.key)
            server.socket = context.wrap_socket(server.socket, server_side=True)
            server.scheme = "https"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


Rows = list[dict[str, str]]


def page_of(rows: Rows, request: Request) -> Answer:
    """Answer as the register's API does: sorted, cut to the limit, what is empty left out."""
    if request.query["$select"] == "count(*)":
        return Answer(msgspec.json.encode([{"count": str(len(rows))}]))
    assert request.query["$order"] == "kenteken,:id"
    columns = request.query["$select"].split(",")
    after = re.fullmatch(r"kenteken > '(.*)'", request.query.get("$where", "kenteken > ''"))
    assert after
    last = after[1].replace("''", "'")
    # A row without a kenteken comes last, and in no comparison.
    known = sorted((row for row in rows if row.get("kenteken", "") > last), key=lambda row: row["kenteken"])
    unknown = [] if "$where" in request.query else [row for row in rows if "kenteken" not in row]
    found = (known + unknown)[: int(request.query["$limit"])]
    return Answer(msgspec.json.encode([{name: row[name] for name in columns if name in row} for row in found]))
