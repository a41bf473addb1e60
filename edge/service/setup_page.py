"""The page of set-up mode: a blurred picture and numbers, for whoever has the link, on this machine only.

Nothing is kept: browsers are told to store nothing, and the page loads nothing from elsewhere.
"""

import hmac
import math
import secrets
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, NamedTuple

import msgspec

from edge.errors import ConfigError

HOST: Final = "127.0.0.1"
_TIMEOUT_S: Final = 5.0
# What is older is shown no longer: the camera is silent, or whoever should end it is stuck.
_FRESH_S: Final = 5.0


class Numbers(msgspec.Struct, frozen=True):
    """What an installer goes by; none of it says which vehicles pass.

    ``size`` of the picture, ``width`` of the latest plates near the line (0: none yet) and what is ``wanted`` are in
    pixels; ``plates`` are in sight now. ``sharpness`` is a number without unit, of the last three seconds without what
    passed meanwhile; ``best`` is the highest of the last minute.
    """

    size: tuple[int, int]
    plates: int
    width: int
    wanted: int
    sharpness: int
    best: int
    light: str
    seconds_left: int


class Shown(NamedTuple):
    """A picture (JPEG), its numbers (JSON), and the second since when they are shown."""

    picture: bytes
    numbers: bytes
    since: float


class Page(ThreadingHTTPServer):
    """A server on the loopback interface; what it shows is put there from another thread."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Listen; the link has a word that nobody can guess, for other processes are on this machine too.

        Raises:
            OSError: the port is taken.
        """
        self.word = secrets.token_urlsafe(16)
        self._monotonic = monotonic
        self._shown = Shown(b"", b"", -math.inf)
        super().__init__((HOST, port), _Handler)

    def server_bind(self) -> None:
        """Bind without looking a name up."""
        socketserver.TCPServer.server_bind(self)

    def handle_error(self, *_: Any) -> None:
        """A browser that goes away is none."""

    @property
    def link(self) -> str:
        """Where a browser on this machine finds it."""
        return f"http://{HOST}:{self.server_address[1]}/{self.word}/"

    def put(self, picture: bytes, numbers: Numbers) -> None:
        """Show another picture (JPEG)."""
        self._shown = Shown(picture, msgspec.json.encode(numbers), self._monotonic())

    def shown(self) -> "Shown | None":
        """Return what is to be seen now."""
        return self._shown if self._monotonic() - self._shown.since <= _FRESH_S else None

    @contextmanager
    def served(self) -> Iterator[None]:
        """Serve in a thread until the end of the block; from then on nothing is shown."""
        thread = threading.Thread(target=self.serve_forever, args=(0.1,), name="page", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._shown = Shown(b"", b"", -math.inf)
            self.shutdown()
            thread.join()


@contextmanager
def listening(port: int) -> Iterator[Page]:
    """Listen on a port of this machine until the end of the block.

    Raises:
        ConfigError: the port is taken.
    """
    try:
        page = Page(port)
    except OSError as error:
        raise ConfigError(f"--port {port}: can't be listened on: {error.strerror}") from error
    with page:
        yield page


class _Handler(BaseHTTPRequestHandler):
    """Answers one browser."""

    server: Page
    server_version, sys_version = "anpr-edge", ""
    timeout = _TIMEOUT_S

    def do_GET(self) -> None:
        """Answer with the page, the picture or the numbers."""
        _, word, name, *more = [*self.path.partition("?")[0].split("/"), "", ""]
        shown = self.server.shown()
        if not hmac.compare_digest(word.encode(), self.server.word.encode()) or any(more):
            self._answer(404, "text/plain", b"no such page: use the whole link that anpr-edge setup has printed")
        elif not name:
            self._answer(200, "text/html; charset=utf-8", PAGE)
        elif shown is None or name not in {"picture", "numbers"}:
            self._answer(503, "text/plain", b"no picture")
        elif name == "picture":
            self._answer(200, "image/jpeg", shown.picture)
        else:
            self._answer(200, "application/json", shown.numbers)

    def log_message(self, *_: Any) -> None:
        """Write nothing: the link is a secret."""

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **_HEADERS}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; connect-src 'self'; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
PAGE: Final = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Aiming the camera</title>
<style>
  body { margin: 0 auto; max-width: 60rem; background: #111; color: #eee; font: 1.05rem/1.4 system-ui, sans-serif }
  img { display: block; width: 100%; background: #333; min-height: 8rem }
  dl { display: grid; grid-template-columns: 1fr 1fr; gap: .5rem; margin: .5rem }
  dl > div { background: #222; border-radius: .5rem; padding: .5rem .75rem; border-left: .4rem solid #555 }
  dt { color: #aaa; font-size: .85rem }
  dd { margin: 0; font-size: 1.5rem; font-weight: 600 }
  small { display: block; color: #aaa; font-size: .85rem; font-weight: 400 }
  .good { border-color: #4c5 } .poor { border-color: #fb3 } .bad { border-color: #f54 }
  p { margin: .5rem .75rem; color: #aaa; font-size: .85rem }
</style>
<img id="picture" alt="What the camera sees, blurred">
<dl>
  <div id="width"><dt data-nl="Kentekens bij de lijn">Plates near the line</dt><dd></dd></div>
  <div id="sharpness"><dt data-nl="Scherpte">Sharpness</dt><dd></dd></div>
  <div id="light"><dt data-nl="Licht">Light</dt><dd></dd></div>
  <div id="plates"><dt data-nl="Kentekens in beeld">Plates in sight</dt><dd></dd></div>
</dl>
<p id="left" data-nl="Wacht op het eerste beeld …">Waiting for the first picture …</p>
<p data-nl="Oranje: de tellijn; groen: in; rood: uit (out). Donker: hier wordt niets gezocht. Met opzet onscherp: er is
geen kenteken te lezen, en er wordt niets bewaard.">Orange: the counting line; green: in; red: out. Dark: where
nothing is looked for. Blurred on purpose: no plate can be read, and nothing is kept.</p>
<script>
  const dutch = navigator.language.startsWith("nl"), picture = document.getElementById("picture");
  const say = (english, nl) => dutch ? nl : english;
  const DUTCH = { good: "goed", dark: "donker", "too bright": "te fel" };
  if (dutch) {
    document.documentElement.lang = "nl";
    for (const one of document.querySelectorAll("[data-nl]")) one.textContent = one.dataset.nl;
  }
  const show = (id, state, value, hint) => {
    const tile = document.getElementById(id), place = tile.querySelector("dd"), small = document.createElement("small");
    tile.className = state;
    small.textContent = hint;
    place.replaceChildren(value, small);
  };
  const grade = share => share >= 1 ? "good" : share >= 0.6 ? "poor" : "bad";
  const tell = n => {
    const none = say("none yet", "nog geen"), wanted = n.wanted + say(" px or more is good", " px of meer is goed");
    show("width", n.width ? grade(n.width / n.wanted) : "", n.width ? n.width + " px" : none, wanted);
    const turn = say(": turn the lens to the highest", ": draai de lens naar het hoogste");
    const best = say("best of this minute ", "beste van deze minuut ") + n.best + turn;
    show("sharpness", grade(n.sharpness / n.best / 0.9), n.sharpness, best);
    const light = n.light === "good" ? "good" : n.light === "dark" ? "poor" : "bad";
    show("light", light, say(n.light, DUTCH[n.light]), n.size.join(" \u00d7 ") + " pixels");
    show("plates", "", n.plates, say("found now", "nu gevonden"));
    const left = Math.floor(n.seconds_left / 60) + ":" + String(n.seconds_left % 60).padStart(2, "0");
    foot(say("Ends by itself in ", "Stopt vanzelf over ") + left + ".");
  };
  const foot = text => document.getElementById("left").textContent = text;
  const without = text => { picture.removeAttribute("src"); foot(text); };
  const renew = async () => {
    try {
      const answer = await fetch("numbers");
      if (answer.ok) {
        tell(await answer.json());
        picture.src = "picture?" + Date.now();
      } else {
        without(say("No picture comes from the camera.", "Er komt geen beeld van de camera."));
      }
    } catch {
      without(say("No connection: set-up mode has ended, or the link is cut.",
                  "Geen verbinding: het instellen is afgelopen, of de verbinding is verbroken."));
    }
    setTimeout(renew, 1000);
  };
  renew();
</script>
""".encode()
