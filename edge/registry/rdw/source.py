"""Where the register's bytes come from: a file or an https address, plain or gzip, read and unpacked ahead."""

import email.utils
import io
import os
import queue
import stat
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from urllib3.exceptions import HTTPError

from edge.errors import AnprError, ConfigError
from edge.registry.rdw.unpack import unpacked
from edge.registry.rdw.web import Patience, Response, connect, get, reason, shown

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

Told = Callable[[int, int | None], None]

PATIENCE = Patience(tries=5, seconds=300.0)
RAW_BYTES = 1 << 20
CHUNKS_AHEAD = 4
TAIL_BYTES = 64 << 10
CLOSING_SECONDS, CLOSING_STEPS = 2.0, 200


@dataclass(frozen=True, slots=True)
class _Origin:
    """Raw bytes, and what is known of them before they are read."""

    name: str
    total: int | None
    modified: datetime | None
    read: Callable[[int], bytes]
    layers: int = 1
    """How many times it may be packed: once, and once more for the way."""
    interrupt: Callable[[], None] = lambda: None
    """Make a read that waits for the network return."""


class _Piece(NamedTuple):
    chunk: bytes
    done: int
    """The raw bytes that were read so far."""
    failure: Exception | None


class Source(io.RawIOBase):
    """The text of one source as a stream of bytes, read and unpacked by a thread of its own.

    ``read`` raises ConfigError where the gzip is damaged or cut off, or the source is empty; AnprError where the
    connection is lost or the file changes meanwhile. It tells the progress in the thread that reads.
    """

    def __init__(self, origin: _Origin, told: Told) -> None:
        """Begin to read ahead."""
        self.name = origin.name
        self.modified = origin.modified
        """When the source was last changed, as far as its file or its server says."""
        self.tail = b""
        """The last 64 KiB that were read: whether they end with a line tells a file that was cut off."""
        self._rest = memoryview(b"")
        self._ended = False
        self._failure: Exception | None = None
        self._told, self._total = told, origin.total
        self._ahead = _Ahead(origin)

    def readable(self) -> bool:
        """Return True, as the protocol of streams wants it."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fill ``buffer`` as far as what is ready reaches; return the bytes, 0 at the end."""
        if not self._rest:
            self._rest = memoryview(self._next())
        view = memoryview(buffer).cast("B")
        size = min(len(view), len(self._rest))
        view[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size

    def close(self) -> None:
        """Stop reading ahead."""
        if not self.closed:
            self._ahead.close()
        super().close()

    def _next(self) -> bytes:
        chunk = b""
        if not self._ended:
            chunk, done, self._failure = self._ahead.take()
            self._ended = not chunk
            self._told(done, self._total)
            self.tail = (chunk if len(chunk) >= TAIL_BYTES else self.tail + chunk)[-TAIL_BYTES:]
        if self._failure:
            raise self._failure
        return chunk


@contextmanager
def open_source(spec: str, told: Told, patience: Patience = PATIENCE) -> Iterator[Source]:
    """Open a file, or an https address (http on this machine itself), and give its text, unpacked where it is gzip.

    ``told(done, total)`` counts bytes as they are stored or sent, so packed ones; ``total`` is None where the server
    does not say. A busy server or a refused connection is tried five times, until the first byte came.

    Raises:
        ConfigError: the file can't be read; the address is not https, its certificate not trusted, or it answers 4xx.
        AnprError: the server can't be reached or stays busy.
    """
    opener = _address(spec, patience) if "://" in spec else _file(spec)
    with opener as origin, closing(Source(origin, told)) as source:
        yield source


@contextmanager
def _file(spec: str) -> Iterator[_Origin]:
    try:
        stream = open(spec, "rb", buffering=0)  # noqa: PTH123, SIM115  (the path as it was given is its name)
    except OSError as error:
        raise ConfigError(f"{spec}: can't be read: {error.strerror}") from error
    with stream:
        status = os.fstat(stream.fileno())
        total = status.st_size if stat.S_ISREG(status.st_mode) else None
        yield _Origin(spec, total, datetime.fromtimestamp(status.st_mtime, UTC), stream.read)


@contextmanager
def _address(url: str, patience: Patience) -> Iterator[_Origin]:
    with connect() as client, closing(patience.keep_trying(lambda: get(client, url))) as response:
        yield _Origin(
            name=shown(url),
            total=_length(response),
            modified=_modified(response),
            read=lambda size: response.read(size, decode_content=False),
            layers=_layers(shown(url), response),
            interrupt=response.shutdown,
        )


def _length(response: Response) -> int | None:
    text = response.headers.get("Content-Length", "")
    return int(text) if text.isdecimal() else None


def _modified(response: Response) -> datetime | None:
    try:
        return email.utils.parsedate_to_datetime(response.headers.get("Last-Modified", "")).astimezone(UTC)
    except ValueError:
        return None


def _layers(name: str, response: Response) -> int:
    encoding = response.headers.get("Content-Encoding", "identity").lower()
    if encoding not in {"identity", "gzip", "x-gzip"}:
        raise ConfigError(f"{name}: is sent as Content-Encoding {encoding}; allowed: gzip, or none")
    return 1 if encoding == "identity" else 2


class _Raw:
    """The origin's bytes, counted; in its errors stands how far it came."""

    def __init__(self, origin: _Origin) -> None:
        self._origin = origin
        self.done = 0

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self._read():
            self.done += len(chunk)
            yield chunk
        if self._origin.total not in {None, self.done}:
            raise self._broken("ended")

    def _read(self) -> bytes:
        try:
            return self._origin.read(RAW_BYTES)
        except HTTPError as error:
            raise self._broken(f"the connection was lost ({reason(error)})") from error
        except OSError as error:
            raise self._broken(f"can't be read further ({error.strerror})") from error

    def _broken(self, what: str) -> AnprError:
        of = "" if self._origin.total is None else f" of {self._origin.total:,}"
        return AnprError(
            f"{self._origin.name}: {what} after {self.done:,}{of} bytes; nothing was written, run it again"
        )


class _Ahead:
    """A thread that keeps a few chunks ready, so that reading, unpacking and parsing overlap."""

    def __init__(self, origin: _Origin) -> None:
        self._origin = origin
        self._raw = _Raw(origin)
        self._ready: queue.Queue[_Piece] = queue.Queue(CHUNKS_AHEAD)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="source", daemon=True)
        self._thread.start()

    def take(self) -> _Piece:
        """Return the next piece; one without bytes is the last."""
        return self._ready.get()

    def close(self) -> None:
        """End the thread, unless it waits for a file that gives nothing, such as a pipe: it ends with the process."""
        self._stopped.set()
        with suppress(ValueError, RuntimeError, OSError):  # The answer was read to its end, or its connection lost.
            self._origin.interrupt()
        for _ in range(CLOSING_STEPS):
            with suppress(queue.Empty):
                self._ready.get_nowait()
            self._thread.join(CLOSING_SECONDS / CLOSING_STEPS)
            if not self._thread.is_alive():
                break

    def _run(self) -> None:
        failure: Exception | None = None
        try:
            self._pump()
        except Exception as error:  # noqa: BLE001  (raised again where it is read)
            failure = error
        self._ready.put(_Piece(b"", self._raw.done, failure))

    def _pump(self) -> None:
        chunks: Iterable[bytes] = self._raw
        for _ in range(self._origin.layers):
            chunks = unpacked(self._origin.name, chunks)
        chunk = b""
        for chunk in chunks:
            self._ready.put(_Piece(chunk, self._raw.done, None))
            if self._stopped.is_set():
                break
        if not chunk:
            raise ConfigError(f"{self._origin.name}: is empty")
