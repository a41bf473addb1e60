"""The page of set-up mode, asked as a browser asks."""

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from edge.errors import ConfigError
from edge.service.setup_page import Numbers, Page, listening

NUMBERS = Numbers((1280, 720), 1, 90, 120, 300, 320, "good", 61)


@pytest.fixture
def page() -> Iterator[Page]:
    """A page with a picture, on a free port."""
    with listening(0) as made, made.served():
        made.put(b"a picture", NUMBERS)
        yield made


def _ask(page: Page, name: str, method: str = "GET", host: str = "127.0.0.1") -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(host, page.server_address[1], timeout=5)
    connection.request(method, name)
    answer = connection.getresponse()
    answer.body = answer.read()  # type: ignore[attr-defined]
    connection.close()
    return answer


def _body(answer: http.client.HTTPResponse) -> bytes:
    body: bytes = answer.body  # type: ignore[attr-defined]
    return body


def test_the_link_leads_to_the_page_the_picture_and_the_numbers(page: Page) -> None:
    """The browser stores none of them, and loads nothing from elsewhere."""
    place = f"/{page.word}/"
    answers = [_ask(page, place + name) for name in ("", "picture?1", "numbers")]
    assert [answer.status for answer in answers] == [200] * 3
    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}
    assert all("default-src 'none'" in answer.headers["Content-Security-Policy"] for answer in answers)
    assert _body(answers[1]) == b"a picture"
    assert json.loads(_body(answers[2]))["width"] == 90
    assert b"http://" not in _body(answers[0])
    assert b"https://" not in _body(answers[0])


@pytest.mark.parametrize("name", ["", "picture", "x/picture", "{word}x/picture", "{word}/picture/x", "{word}/../x"])
def test_without_its_word_there_is_nothing(page: Page, name: str) -> None:
    """Other processes of this machine reach the port, and see no picture."""
    answer = _ask(page, f"/{name.format(word=page.word)}")
    assert answer.status == 404
    assert b"a picture" not in _body(answer)


def test_nothing_is_changed_by_a_browser(page: Page) -> None:
    """It can only look."""
    assert {_ask(page, f"/{page.word}/", method).status for method in ("POST", "PUT", "DELETE", "HEAD")} == {501}


def test_it_is_served_on_this_machine_only(page: Page) -> None:
    """The socket has the one address 127.0.0.1, not even the others of the loopback interface."""
    with pytest.raises(ConnectionRefusedError):
        _ask(page, "/", host="127.0.0.2")


def test_nothing_is_shown_before_the_first_picture_nor_after_the_end() -> None:
    """The page says so while it waits."""
    with listening(0) as made:
        with made.served():
            assert _ask(made, f"/{made.word}/picture").status == 503
            made.put(b"a picture", NUMBERS)
        assert made.shown() is None


def test_an_old_picture_is_shown_no_longer() -> None:
    """After five seconds: whatever is stuck, no view of the street stays on the screen."""
    now = [0.0]
    with Page(0, lambda: now[0]) as made:
        made.put(b"a picture", NUMBERS)
        now[0] = 5.0
        assert made.shown() is not None
        now[0] = 5.1
        assert made.shown() is None


def test_a_port_that_is_taken_is_named() -> None:
    """As a mistake of the command line."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"--port {port}: can't be listened on"), listening(port):
            pass


def test_each_link_has_another_word() -> None:
    """Of 128 bits."""
    words = set()
    for _ in range(3):
        with listening(0) as made:
            words.add(made.word)
    assert {len(word) for word in words} == {22}
    assert len(words) == 3
