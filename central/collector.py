"""What `anpr-edge central collect` does: receive, check, store, and tell cameras what is stored.

The broker keeps a session for the collector: a message is confirmed only when it is on the disk, and what was not
confirmed comes again, also after a kill. So nothing is lost, and the store counts nothing twice.
"""

import fcntl
import secrets
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TextIO

import msgspec
from rich.console import Console
from sqlite_utils import Database

from central import store, terms
from central.book import Book
from central.checks import Checker
from central.events import Event, Received, Refused, Report, StateChange
from central.keyring import Folder
from central.listener import Broker, ListenError, Session, Terms
from central.receipts import Receipts, name_of
from central.show import print_event, printable
from edge.errors import ConfigError
from edge.uplink import tls
from edge.uplink.backoff import Backoff
from edge.uplink.contract import BENCH_ROOT, CONTENT_TYPE, PRODUCTION_ROOT

# So long the broker keeps what comes while the collector is down; what it loses the cameras send again.
SESSION_SECONDS = 30 * 86_400
MOST_AT_ONCE = 100
MOST_REFUSED = 1_000
KEYS_SECONDS = 10.0
TERMS_SECONDS = 60.0
HOUR = 3_600.0
PLAIN_WIDTH = 120
# Errors of one message. Any other, such as a lock, a full disk or a damaged file, is of the store: that one is tried
# again, and nothing is confirmed.
UNFIT = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
    OverflowError,
)


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Where to listen, whom to believe (a folder of CAMERA.pub), and where to keep it.

    With ``seconds`` it ends by itself after that time.
    """

    store: Path
    camera_keys: Path
    host: str
    port: int
    ca: Path
    certificate: Path
    key: Path
    bench: bool = False
    seconds: float | None = None


class Collector:
    """Listens at one broker and writes one store; used by one thread."""

    def __init__(
        self, options: Options, database: Database, say: Callable[[str], None], tell: Callable[[Event], None]
    ) -> None:
        """Read keys and certificates; ``say`` gets lines about the collector, ``tell`` what cameras said.

        Raises:
            ConfigError: a file is missing or wrong.
        """
        self._database, self._say, self._tell = database, say, tell
        context = tls.client_context(options.ca, options.certificate, options.key)
        self._broker = Broker(options.host, options.port, context)
        self._keys = Folder(options.camera_keys, say)
        self._book = Book(database, time.time)
        self._checker = Checker(self._keys, self._book, bench=options.bench)
        name = name_of(options.certificate.read_bytes())
        self._receipts = Receipts(database, name, bench=options.bench)
        self._session_terms = Terms(f"{name}-{store.about(database, 'name')}", SESSION_SECONDS)
        self._topics = f"{BENCH_ROOT if options.bench else PRODUCTION_ROOT}/+/+/#"
        self._chores = (
            _Chore(KEYS_SECONDS, self._keys.reload),
            _Chore(HOUR, self._expire),
            _Chore(TERMS_SECONDS, self._expire_what_is_due),
            _Chore(HOUR, self._look_at_clock),
        )
        self._refused, self._forget_at = set[Refused](), 0.0
        self._complaints = dict[str, str]()

    def run(self, stopped: threading.Event) -> None:
        """Collect until told to stop; connect again where needed."""
        backoff = Backoff()
        self._do_chores()  # A store from a backup holds what should be gone.
        while not stopped.is_set():
            session = Session(self._broker, self._topics, self._session_terms)
            try:
                session.open(time.monotonic() + HOUR)
                backoff.reset()
                self._say(f"{self._name} connected; collecting {self._topics}")
                self._serve(session, stopped)
            except (ListenError, OSError) as error:
                delay = backoff.fail()
                self._say(f"{self._name} not connected: {error}; trying again in {delay:.0f} s")
                self._wait(delay, stopped)
            finally:
                session.close()

    @property
    def _name(self) -> str:
        return f"{self._broker.host}:{self._broker.port}"

    def _wait(self, seconds: float, stopped: threading.Event) -> None:
        """Wait between connections; terms end also without a broker."""
        self._do_chores()
        stopped.wait(seconds)

    def _serve(self, session: Session, stopped: threading.Event) -> None:
        self._receipts.connected()
        while not stopped.is_set():
            if batch := _batch(session):
                self._take(batch, session, stopped)
            self._send_receipts(session)
            self._do_chores()

    def _take(self, batch: Sequence[Received], session: Session, stopped: threading.Event) -> None:
        """Store a batch, then confirm it; where the store can't be written, keep trying and confirm nothing."""
        backoff = Backoff()
        while (events := self._stored(batch)) is None:
            until = time.monotonic() + backoff.fail()
            while time.monotonic() < until:
                session.turn()
                if stopped.is_set():
                    return
        for received in batch:
            session.confirm(received)
        self._receipts.came(batch)
        for event in filter(self._is_news, events):
            self._tell(event)

    def _stored(self, batch: Sequence[Received]) -> list[Event] | None:
        """Return what is new, all of it on the disk; None where that failed."""
        try:
            with store.transaction(self._database):
                events = [self._judged(received) for received in batch]
        except sqlite3.Error as error:
            self._complain("store", f"the store can't be written: {error}; nothing is confirmed until it can")
            return None
        if self._complaints.pop("store", None):
            self._say("the store can be written again")
        return events

    def _judged(self, received: Received) -> Event:
        event = self._checked(received)
        if isinstance(event, Refused):
            with suppress(*UNFIT), store.part(self._database):
                self._book.note_refusal(event.topic, event.reason)
        return event

    def _checked(self, received: Received) -> Event:
        """Check and store a message; one that the store can't hold is refused, or it would come again for ever."""
        try:
            with store.part(self._database):
                return self._checker.check(received)
        except UNFIT as error:
            return Refused(received.topic, f"can't be stored: {error}")

    def _is_news(self, event: Event) -> bool:
        """Tell whether to say it: what is refused for the same reason again and again is said once an hour."""
        if not isinstance(event, Refused):
            return True
        if (now := time.monotonic()) > self._forget_at:
            self._forget_at, self._refused = now + HOUR, set()
        news = event not in self._refused
        if len(self._refused) < MOST_REFUSED:
            self._refused.add(event)
        return news

    def _send_receipts(self, session: Session) -> None:
        for one in self._receipts.due(time.monotonic()):
            session.publish(one.topic, one.payload, CONTENT_TYPE)
        while session.answers:
            if refusal := session.answers.popleft():
                self._complain(
                    "receipts",
                    f"the broker refuses receipts ({refusal}): cameras that wait for them will send everything "
                    "again; let this certificate write to .../receipt/ and its own name",
                )

    def _do_chores(self) -> None:
        for chore in self._chores:
            try:
                chore.do_when_due()
            except sqlite3.Error as error:
                self._complain("store", f"the store can't be written: {error}")

    def _expire_what_is_due(self) -> None:
        """Delete what is past its term within a minute; its time is not the full hour of this process."""
        if terms.due(self._database, int(time.time())):
            self._expire()

    def _expire(self) -> None:
        if deleted := terms.expire(self._database, int(time.time())):
            self._say(f"{deleted} items were past their term, and are deleted")

    def _look_at_clock(self) -> None:
        if terms.clock_is_behind(self._database):
            self._say("reports come from more than a day ahead: if this machine's clock is behind, nothing expires")

    def _complain(self, subject: str, text: str) -> None:
        """Say a lasting trouble once."""
        if self._complaints.get(subject) != text:
            self._complaints[subject] = text
            self._say(text)


class _Chore:
    """Something that is done again after some seconds."""

    def __init__(self, seconds: float, action: Callable[[], None]) -> None:
        self._seconds, self._action = seconds, action
        self._due = 0.0

    def do_when_due(self) -> None:
        """Do it, where its time has come."""
        if (now := time.monotonic()) >= self._due:
            self._due = now + self._seconds
            self._action()


def run(options: Options, out: TextIO) -> int:
    """Collect until Ctrl-C or SIGTERM; return the exit status."""
    console = Console(file=out, width=None if out.isatty() else PLAIN_WIDTH, emoji=False)

    def say(line: str) -> None:
        console.print(printable(line), style="dim", markup=False, highlight=False, soft_wrap=True)

    def tell(event: Event) -> None:
        if isinstance(event, Refused | StateChange):
            print_event(event, console)
        elif isinstance(event, Report):
            say(_line(event))

    with _alone(options.store), closing(_open(options)) as database, _stop_on_signals() as stopped:
        collector = Collector(options, database, say, tell)
        with _stop_after(options.seconds, stopped):
            collector.run(stopped)
    return 0


def _open(options: Options) -> Database:
    return store.make(options.store, bench=options.bench, name=secrets.token_hex(4))


def _line(event: Report) -> str:
    zone, camera = event.message.source.split(":")[-2:]
    cells = len(event.message.data.cells)
    notes = [f"stored {event.message.id} in {zone}, {cells} cells", *(["late"] if event.late else [])]
    if event.gap:
        notes.append(f"missing: sequence {event.gap} of {camera}")
    return "; ".join(notes)


def _batch(session: Session) -> list[Received]:
    """Wait a moment for messages, and take what is there, so that many share one sync of the disk."""
    session.turn()
    known = 0
    while known < len(session.inbox) < MOST_AT_ONCE:
        known = len(session.inbox)
        session.turn(0.0)
    return [session.inbox.popleft() for _ in range(len(session.inbox))]


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Hold the store against a second collector.

    Raises:
        ConfigError: there is one, or the folder can't be written.
    """
    place = file.with_name(f"{file.name}.lock")
    try:
        with place.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
    except BlockingIOError as error:
        raise ConfigError(f"{file}: another collector writes it; stop that one first") from error
    except OSError as error:
        if error.filename != str(place):
            raise
        raise ConfigError(f"{place}: can't be written: {error.strerror}") from error


@contextmanager
def _stop_after(seconds: float | None, stopped: threading.Event) -> Iterator[None]:
    """Set an event after so many seconds, where there are any; who ends before does not wait for them."""
    timer = threading.Timer(seconds or 0.0, stopped.set)
    if seconds is not None:
        timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def _stop_on_signals() -> Iterator[threading.Event]:
    """Set an event on Ctrl-C and SIGTERM: what is being stored is stored, then it ends."""
    stopped = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
