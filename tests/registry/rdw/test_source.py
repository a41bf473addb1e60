"""Where the register's bytes come from."""

import gzip
import io
import logging
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import csv

from edge.errors import AnprError, ConfigError
from edge.proof.pki import Pki, make_pki
from edge.registry.rdw import unpack
from edge.registry.rdw.source import TAIL_BYTES, Source, open_source
from edge.registry.rdw.unpack import unpacked
from edge.registry.rdw.web import Patience
from tests.registry.rdw.servers import Answer, Request, serving

TEXT = b"Kenteken,Voertuigsoort\n" + b"".join(b"V%02dBDF,Bedrijfsauto\n" % (n % 100) for n in range(200_000))
GZIP = gzip.compress(TEXT, 1)
MODIFIED = datetime(2026, 11, 22, 3, 0, 0, tzinfo=UTC)
LAST_MODIFIED = {"Last-Modified": "Sun, 22 Nov 2026 03:00:00 GMT"}


class Told:
    """Keeps the progress."""

    def __init__(self) -> None:
        self.steps: list[tuple[int, int | None]] = []

    def __call__(self, done: int, total: int | None) -> None:
        """Note one step."""
        self.steps.append((done, total))


def quiet(_done: int, _total: int | None) -> None:
    """Take no notice."""


def hasty(waits: list[float]) -> Patience:
    """Note the waits instead of waiting."""
    return Patience(tries=5, seconds=300, sleep=waits.append, clock=lambda: 0.0, jitter=lambda: 1.0)


def read(spec: object, told: Told | None = None, waits: list[float] | None = None) -> bytes:
    """Return the whole text of a source."""
    with open_source(str(spec), told or quiet, hasty([] if waits is None else waits)) as source:
        return source.read() or b""


def written(file: Path, content: bytes) -> Path:
    """Return a file with this content, changed on a Sunday."""
    file.write_bytes(content)
    os.utime(file, (MODIFIED.timestamp(), MODIFIED.timestamp()))
    return file


@pytest.mark.parametrize("content", [TEXT, GZIP, GZIP + gzip.compress(b"V99BDF,Bus\n") + bytes(512)])
@pytest.mark.parametrize("name", ["vehicles.csv", "vehicles.csv.gz"])
def test_a_file_is_read_whatever_its_name(tmp_path: Path, content: bytes, name: str) -> None:
    """Plain, gzip, and members with padding; the progress counts what is stored, the date is the file's."""
    told, file = Told(), written(tmp_path / name, content)
    expected = TEXT if content in {TEXT, GZIP} else TEXT + b"V99BDF,Bus\n"
    with open_source(str(file), told) as source:
        assert source.readable()
        assert source.read() == expected
        assert source.tail == expected[-TAIL_BYTES:]
        assert source.modified == MODIFIED
        assert source.read(10) == b""
    assert source.closed
    assert told.steps == sorted(told.steps)
    assert told.steps[-1] == (len(content), len(content))


def test_a_file_that_was_cut_off_shows_in_its_tail(tmp_path: Path) -> None:
    """A plain file that ends within a line has a tail that does."""
    with open_source(str(written(tmp_path / "vehicles.csv", TEXT[:-7])), quiet) as source:
        source.read()
        assert source.tail.endswith(b",Bedrij")


def test_arrow_reads_it(tmp_path: Path) -> None:
    """A reader of CSV takes the stream as it is, and hands its error on."""
    with open_source(str(written(tmp_path / "vehicles.csv", GZIP)), quiet) as source:
        assert sum(batch.num_rows for batch in csv.open_csv(source)) == 200_000
    cut = written(tmp_path / "cut.csv", GZIP[:-100])
    with open_source(str(cut), quiet) as source, pytest.raises(ConfigError, match=r"cut\.csv: its gzip is cut off"):
        sum(batch.num_rows for batch in csv.open_csv(source))


@given(st.integers(1, len(gzip.compress(TEXT[:2000])) - 1))
def test_gzip_cut_at_any_byte_is_refused(cut: int) -> None:
    """Wherever it ends too early, that is said, never a shorter text given."""
    with pytest.raises(ConfigError, match=r"^vehicles: its gzip is cut off; fetch it again$"):
        list(unpacked("vehicles", [gzip.compress(TEXT[:2000])[:cut]]))


@given(st.integers(2, len(gzip.compress(TEXT[:2000])) - 1), st.integers(1, 255))
def test_damaged_gzip_gives_no_other_text(place: int, change: int) -> None:
    """A changed byte is refused; in the header, where file name and date stand, it may change nothing."""
    packed = bytearray(gzip.compress(TEXT[:2000]))
    packed[place] ^= change
    try:
        assert b"".join(unpacked("vehicles", [bytes(packed)])) == TEXT[:2000]
    except ConfigError as error:
        assert str(error).startswith("vehicles: ")  # noqa: PT017  (either may be)


def test_what_follows_gzip_must_be_gzip() -> None:
    """Text behind the last member is not dropped in silence."""
    with pytest.raises(ConfigError, match="vehicles: is damaged gzip: incorrect header check"):
        list(unpacked("vehicles", [gzip.compress(b"text"), b"more text"]))


@given(st.lists(st.binary(max_size=300), min_size=1), st.integers(1, 40), st.integers(1, 50))
def test_gzip_in_any_pieces_is_the_text(members: list[bytes], step: int, piece: int) -> None:
    """However it is cut on the way and out of whichever members, in pieces that stay small."""
    packed = b"".join(gzip.compress(member) for member in members)
    chunks = [packed[at : at + step] for at in range(0, len(packed), step)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unpack, "PIECE_BYTES", piece)
        pieces = list(unpacked("vehicles", chunks))
    assert b"".join(pieces) == b"".join(members)
    assert all(0 < len(each) <= piece for each in pieces)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Missing, a folder, empty: one line each, status 78."""
    with pytest.raises(ConfigError, match=r"absent\.csv: can't be read: No such file"):
        read(tmp_path / "absent.csv")
    with pytest.raises(ConfigError, match=f"^{tmp_path}: can't be read: Is a directory$"):
        read(tmp_path)
    for empty in (b"", gzip.compress(b"")):
        with pytest.raises(ConfigError, match=r"empty\.csv: is empty"):
            read(written(tmp_path / "empty.csv", empty))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_named(tmp_path: Path) -> None:
    """One line, status 78."""
    file = written(tmp_path / "vehicles.csv", TEXT)
    file.chmod(0)
    with pytest.raises(ConfigError, match=r"vehicles\.csv: can't be read: Permission denied"):
        read(file)


@pytest.mark.parametrize("content", [TEXT[:100], TEXT + TEXT])
def test_a_file_that_changes_meanwhile_is_refused(tmp_path: Path, content: bytes) -> None:
    """Shorter or longer than when it was opened: somebody is still writing it."""
    file = written(tmp_path / "vehicles.csv", b"\n" * (20 << 20))
    with open_source(str(file), quiet) as source:
        source.read(1)
        # In place, as a download does.
        os.truncate(file, len(content) if len(content) < len(TEXT) else 21 << 20)
        with pytest.raises(AnprError, match=r"vehicles\.csv: ended after .* of 20,971,520 bytes; nothing was written"):
            source.read()


def test_leaving_early_ends_the_thread(tmp_path: Path) -> None:
    """Nothing is read on once the stream is closed, however much there is."""
    with open_source(str(written(tmp_path / "vehicles.csv", b"\n" * (40 << 20))), quiet) as source:
        source.read(1)
    assert "source" not in {thread.name for thread in threading.enumerate()}


@pytest.fixture
def trusted(pki: Pki, monkeypatch: pytest.MonkeyPatch) -> Pki:
    """An authority that the system trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(pki.ca))
    return pki


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (TEXT, None),
        (GZIP, None),
        (GZIP, "gzip"),
        (gzip.compress(GZIP), "x-gzip"),
        (TEXT, "identity"),
    ],
)
def test_an_address_is_read_over_tls(trusted: Pki, body: bytes, encoding: str | None) -> None:
    """Plain or gzip, packed for the way or not; the progress counts what is sent, the date is the server's."""
    headers = LAST_MODIFIED | ({"Content-Encoding": encoding} if encoding else {})
    told = Told()
    with serving(lambda _: Answer(body, headers=headers), trusted.server) as server:
        with open_source(f"{server.url}/vehicles.csv", told) as source:
            assert source.read() == TEXT
            assert source.modified == MODIFIED
        assert server.requests[0].headers["Accept-Encoding"] == "gzip"
    assert told.steps[-1] == (len(body), len(body))


def test_a_server_that_tells_no_length_is_read_too() -> None:
    """The total is then None, and a date that is none is left out."""
    told = Told()
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(TEXT), TEXT)
    headers = {"Transfer-Encoding": "chunked", "Last-Modified": "yesterday"}
    with (
        serving(lambda _: Answer(chunked, headers=headers, length=None)) as server,
        open_source(server.url, told) as source,
    ):
        assert source.read() == TEXT
        assert source.modified is None
    assert told.steps[-1] == (len(TEXT), None)


@pytest.mark.parametrize("body", [TEXT, GZIP])
def test_a_connection_lost_in_the_middle_is_told(body: bytes) -> None:
    """What came is given, then an error says how far it came; asking again is left to the user."""
    half = len(body) // 2
    with serving(lambda _: Answer(body[:half], length=len(body))) as server:
        told = f"/vehicles.csv: the connection was lost .* after {half:,} of {len(body):,} bytes; nothing was written"
        with open_source(f"{server.url}/vehicles.csv?$$app_token=secret", quiet) as source:
            with pytest.raises(AnprError, match=told) as lost:
                read_all(source)
            with pytest.raises(AnprError, match="the connection was lost"):
                source.read(1)
        assert len(server.requests) == 1
    assert not isinstance(lost.value, ConfigError)
    assert "secret" not in str(lost.value)


def test_a_chunked_answer_that_breaks_off_is_told() -> None:
    """Also where no length was announced."""
    headers = {"Transfer-Encoding": "chunked"}
    with (
        serving(lambda _: Answer(b"ff\r\nKenteken", headers=headers, length=None)) as server,
        pytest.raises(AnprError, match=r"the connection was lost .* after 0 bytes; nothing was written, run it again"),
    ):
        read(server.url)


def read_all(source: Source) -> None:
    """Read in the steps of a reader of CSV."""
    while source.read(1 << 16):
        pass


def test_a_busy_server_is_asked_again() -> None:
    """After what it asks, or ever longer; also one that hangs up."""
    answers = iter([Answer(status=429, headers={"Retry-After": "7"}), Answer(status=503), None, Answer(TEXT)])
    waits: list[float] = []
    with serving(lambda _: next(answers)) as server:
        assert read(server.url, waits=waits) == TEXT
    assert waits == [7, 2, 4]


def test_a_server_that_stays_busy_is_given_up() -> None:
    """After five tries, or at once where it asks for more patience than there is."""
    waits: list[float] = []
    with serving(lambda _: Answer(status=503)) as server:
        with pytest.raises(AnprError, match=r"/a\.csv: answers 503 Service Unavailable; given up at try 5") as busy:
            read(f"{server.url}/a.csv", waits=waits)
        assert len(server.requests) == 5
    assert busy.value.exit_status == 1
    assert waits == [1, 2, 4, 8]
    later = Answer(status=429, headers={"Retry-After": "Fri, 31 Dec 2100 23:59:59 GMT"})
    with (
        serving(lambda _: later) as server,
        pytest.raises(AnprError, match="429 Too Many Requests, to be asked again in 21600 s; given up at try 1"),
    ):
        read(server.url)


def test_a_wait_that_makes_no_sense_is_ours() -> None:
    """A Retry-After that is neither a number nor a date is not heeded."""
    answers = iter([Answer(status=429, headers={"Retry-After": "soon"}), Answer(TEXT)])
    waits: list[float] = []
    with serving(lambda _: next(answers)) as server:
        assert read(server.url, waits=waits) == TEXT
    assert waits == [1]


def test_nobody_there_is_told() -> None:
    """A refused connection and a name that nobody has are tried again, then named."""
    with serving(lambda _: None) as server:
        url = server.url
    waits: list[float] = []
    with pytest.raises(AnprError, match="no connection: Connection refused; given up at try 5"):
        read(url, waits=waits)
    assert len(waits) == 4
    with pytest.raises(AnprError, match=r"https://register\.invalid/a: no connection: .*; given up at try 5"):
        read("https://register.invalid/a")


@pytest.mark.parametrize(
    ("status", "message"),
    [(404, "/a.csv: answers 404 Not Found$"), (403, "answers 403 Forbidden$"), (206, "answers 206 Partial Content$")],
)
def test_another_answer_is_refused(status: int, message: str) -> None:
    """At once, with the status, 78."""
    with serving(lambda _: Answer(b"no", status=status)) as server:
        with pytest.raises(ConfigError, match=message) as refused:
            read(f"{server.url}/a.csv?x=secret")
        assert len(server.requests) == 1
    assert "secret" not in str(refused.value)


def test_an_unknown_packing_is_refused() -> None:
    """It was not asked for, and can't be read."""
    packed = Answer(TEXT, headers={"Content-Encoding": "br"})
    with serving(lambda _: packed) as server, pytest.raises(ConfigError, match="Content-Encoding br; allowed: gzip"):
        read(server.url)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("http://register.example/a.csv", "^http://register.example/a.csv: allowed: https, or http to this machine"),
        ("http://127.0.0.1.register.example/a", "allowed: https"),
        ("ftp://localhost/a.csv", "allowed: https"),
        ("https://", "is no address; allowed: https://HOST/"),
        ("https://host:port/a", "is no address"),
        ("https://me:secret@register.example/a", r"^https://register.example/\.\.\.: a user name or password"),
    ],
)
def test_other_addresses_are_refused(spec: str, message: str) -> None:
    """Nothing but https, except to this machine itself; a password is not repeated."""
    with pytest.raises(ConfigError, match=message) as refused:
        read(spec)
    assert "secret" not in str(refused.value)


def test_redirects_are_followed_within_reason() -> None:
    """To the same or another server, not for ever, and not out of TLS."""

    def answering(request: Request) -> Answer:
        target = {"/a": "/b", "/b": "c", "/loop": "/loop", "/out": "http://register.example/a"}.get(request.path)
        return Answer(status=302, headers={"Location": target}) if target else Answer(TEXT)

    with serving(answering) as server:
        assert read(f"{server.url}/a") == TEXT
        with pytest.raises(ConfigError, match="/loop: redirects more than 5 times"):
            read(f"{server.url}/loop")
        with pytest.raises(ConfigError, match=r"http://register\.example/a: allowed: https"):
            read(f"{server.url}/out")


def test_a_certificate_must_be_trusted(pki: Pki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an authority that the system trusts, for this name; and there must be TLS at all; none is asked twice."""
    with serving(lambda _: Answer(TEXT), pki.server) as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(make_pki(tmp_path, []).ca))
        with pytest.raises(ConfigError, match=r"/a: its certificate is not trusted: .*certificate"):
            read(f"{server.url}/a")
    monkeypatch.setenv("SSL_CERT_FILE", str(pki.ca))
    with (
        serving(lambda _: Answer(TEXT), pki.server, "127.0.0.2") as server,
        pytest.raises(ConfigError, match=r"not trusted: .*127\.0\.0\.2"),
    ):
        read(server.url)
    with serving(lambda _: Answer(TEXT)) as server, pytest.raises(ConfigError, match="/a: no TLS: WRONG_VERSION"):
        read(f"{server.url.replace('http', 'https')}/a")


@pytest.fixture
def hanging() -> Iterator[str]:
    """A server that sends a little and then nothing."""
    gone = threading.Event()
    with serving(lambda _: Answer(TEXT[:5], length=len(TEXT), after=lambda: gone.wait(30))) as server:
        yield server.url
        gone.set()


def test_leaving_a_silent_server_takes_no_time(hanging: str) -> None:
    """A reader that gives up (Ctrl-C) does not wait for the network."""
    began = datetime.now(UTC)
    with open_source(hanging, quiet):
        pass
    assert (datetime.now(UTC) - began).total_seconds() < 5
    assert "source" not in {thread.name for thread in threading.enumerate()}


def test_no_log_shows_the_query(caplog: pytest.LogCaptureFixture) -> None:
    """The HTTP client would log whole addresses: a token or a plate may stand in them."""
    with serving(lambda _: Answer(TEXT)) as server, caplog.at_level(logging.DEBUG):
        read(f"{server.url}/a.csv?$where=V12BDF")
    assert "V12BDF" not in caplog.text


def test_it_is_a_stream_like_others(tmp_path: Path) -> None:
    """Python's own readers take it too."""
    with open_source(str(written(tmp_path / "vehicles.csv", GZIP)), quiet) as source:
        lines = io.TextIOWrapper(io.BufferedReader(source))
        assert next(lines) == "Kenteken,Voertuigsoort\n"
        assert sum(1 for _ in lines) == 200_000
