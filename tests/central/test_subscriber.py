"""The subscriber at a real broker."""

import base64
import io
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from central.subscriber import Options, run, topic_filter
from edge.config import UplinkConfig
from edge.errors import ConfigError
from edge.proof.broker import Broker
from edge.proof.pki import Pki
from edge.uplink.connection import Broker as BrokerAddress
from edge.uplink.connection import Connection, Will
from edge.uplink.contract import CountReport, Status
from edge.uplink.outbox import Entry
from edge.uplink.tls import client_context
from tests.brokers import CAMERA, OTHER, until, uplink_config
from tests.messages import KEY, report, signed, state, states


def options(running: Broker, pki: Pki, **changes: Any) -> Options:
    """Listen as the centre does."""
    identity = pki.subscriber
    made = Options(
        host=running.host, port=running.port, ca=pki.ca, certificate=identity.certificate, key=identity.key, seconds=30
    )
    return msgspec.structs.replace(made, **changes)


class Running:
    """A subscriber in a thread, and what it prints."""

    def __init__(self, chosen: Options) -> None:
        """Start it."""
        self.out, self.notices = io.StringIO(), io.StringIO()
        self.status: int | None = None
        self._thread = threading.Thread(target=self._run, args=(chosen,))
        self._thread.start()

    def _run(self, chosen: Options) -> None:
        self.status = run(chosen, self.out, self.notices)

    @property
    def text(self) -> str:
        """Everything that was printed."""
        return self.out.getvalue() + self.notices.getvalue()

    def join(self) -> None:
        """Wait for its end."""
        self._thread.join(40)
        assert not self._thread.is_alive()


@contextmanager
def sender(config: UplinkConfig, camera: str = CAMERA) -> Iterator[Connection]:
    """Connect as a camera."""
    tls = client_context(config.ca, config.certificate, config.key)
    connection = Connection(BrokerAddress(config.host, config.port, tls), camera, Will(states()[Status.OFFLINE], 0))
    connection.open(threading.Event())
    try:
        yield connection
    finally:
        connection.close()


def send(connection: Connection, *entries: Entry, retain: bool = False) -> None:
    """Publish, and wait until the broker has all of it."""
    numbers = {connection.publish(entry, retain=retain) for entry in entries}
    while numbers:
        numbers -= {answer.message for answer in connection.turn(0.1)}


def test_a_session_from_presence_to_the_last_report(mosquitto: Broker, pki: Pki, tmp_path: Path) -> None:
    """It prints presence, each report once, what is missing and what is refused, and ends after the count."""
    public = tmp_path / "camera.pub"
    public.write_text(f"anpr-edge camera public key\n{base64.b64encode(bytes(KEY.verify_key)).decode()}\n")
    with sender(uplink_config(mosquitto, pki)) as camera:
        send(camera, signed(state(Status.ONLINE)), retain=True)
        subscriber = Running(options(mosquitto, pki, camera_keys=(public,), count=3))
        until(lambda: "is online" in subscriber.text)
        bad = signed(report(2))
        send(camera, signed(report(1)), signed(report(1)), msgspec.structs.replace(bad, payload=b"{}"))
        send(camera, signed(report(4)), signed(report(2)))
        subscriber.join()
    text = subscriber.out.getvalue()
    assert subscriber.status == 0
    assert [text.count(f"cam-017:hour:{number}, signature verified") for number in (1, 2, 4)] == [1, 1, 1]
    assert "missing: sequence 2 to 3" in text
    assert "refused: anpr/1/zez-demo/cam-017/counts/hour: its signature is wrong" in text
    assert subscriber.notices.getvalue() == ""


def test_json_lines_are_reports_and_nothing_else(mosquitto: Broker, pki: Pki) -> None:
    """One line per accepted report on the output, everything else among the notices."""
    subscriber = Running(options(mosquitto, pki, json=True, count=2))
    until(lambda: "connected" in subscriber.text)
    with sender(uplink_config(mosquitto, pki)) as camera:
        send(camera, signed(report(1)), signed(state(Status.ONLINE)), Entry(signed(report(1)).topic, b"x", "x", 0))
        send(camera, signed(report(1)), signed(report(3)))
        subscriber.join()
    lines = subscriber.out.getvalue().splitlines()
    assert [msgspec.json.decode(line, type=CountReport) for line in lines] == [report(1), report(3)]
    for words in ("is online", "missing: sequence 2", "refused: "):
        assert words in subscriber.notices.getvalue()


def test_retained_counts_are_refused_at_once(mosquitto: Broker, pki: Pki) -> None:
    """Whether they lie there already or come while it listens."""
    with sender(uplink_config(mosquitto, pki)) as camera:
        send(camera, signed(report(1)), retain=True)
        subscriber = Running(options(mosquitto, pki, count=1))
        until(lambda: subscriber.text.count("is retained") == 1)
        send(camera, signed(report(2)), retain=True)
        until(lambda: subscriber.text.count("is retained") == 2)
        send(camera, signed(report(3)))
        subscriber.join()
    assert "cam-017:hour:3" in subscriber.text


def test_zone_and_camera_choose_what_is_heard(mosquitto: Broker, pki: Pki) -> None:
    """Another camera's reports do not come."""
    subscriber = Running(options(mosquitto, pki, zone="zez-demo", camera=OTHER, seconds=2, count=1))
    until(lambda: "connected" in subscriber.text)
    with sender(uplink_config(mosquitto, pki)) as camera:
        send(camera, signed(report(1)))
        subscriber.join()
    assert subscriber.status == 1
    assert "cam-017" not in subscriber.text


def test_it_comes_back_with_the_broker(mosquitto: Broker, pki: Pki) -> None:
    """A broker that goes is said, and reports come again when it is back."""
    subscriber = Running(options(mosquitto, pki, count=1))
    until(lambda: "connected" in subscriber.text)
    mosquitto.kill()
    until(lambda: "not connected" in subscriber.text)
    mosquitto.start()
    until(lambda: subscriber.text.count(" connected; waiting") == 2)
    with sender(uplink_config(mosquitto, pki)) as camera:
        send(camera, signed(report(1)))
        subscriber.join()
    assert subscriber.status == 0


def test_it_ends_after_its_seconds_even_without_a_broker(pki: Pki) -> None:
    """With the reason, host and port, and status 1 when reports were asked for."""
    identity = pki.subscriber
    chosen = Options(
        host="127.0.0.1", port=1, ca=pki.ca, certificate=identity.certificate, key=identity.key, seconds=1.5, count=1
    )
    begun = time.monotonic()
    subscriber = Running(chosen)
    subscriber.join()
    assert time.monotonic() - begun < 4
    assert subscriber.status == 1
    assert "127.0.0.1:1 not connected: [Errno 111] Connection refused; trying again in 1 s" in subscriber.text


def test_a_name_is_no_filter(mosquitto: Broker, pki: Pki) -> None:
    """Wildcards in a zone or camera are refused by the option's name."""
    assert topic_filter(options(mosquitto, pki)) == "anpr/1/+/+/#"
    assert topic_filter(options(mosquitto, pki, bench=True, zone="z", camera="c")) == "anpr-bench/1/z/c/#"
    for changes in ({"zone": "#"}, {"camera": "a/b"}, {"zone": ""}):
        with pytest.raises(ConfigError, match=r"--(zone|camera) '.*'; allowed: lower-case letters"):
            run(options(mosquitto, pki, **changes), io.StringIO(), io.StringIO())


def test_a_closed_pipe_is_an_end(mosquitto: Broker, pki: Pki) -> None:
    """`anpr-edge subscribe --json | head -1` ends without complaint."""
    code = "import sys; from tests.central.test_subscriber import piped; sys.exit(piped(*sys.argv[1:]))"
    identity = pki.subscriber
    arguments = [mosquitto.port, pki.ca, identity.certificate, identity.key]
    with subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert "connected" in process.stderr.readline()
        process.stdout.close()
        with sender(uplink_config(mosquitto, pki)) as camera:
            send(camera, signed(report(1)))
            assert process.wait(10) == 0
        assert process.stderr.read() == ""


def piped(port: str, *files: str) -> int:
    """Run a subscriber on this process's own output."""
    ca, certificate, key = map(Path, files)
    chosen = Options(host="127.0.0.1", port=int(port), ca=ca, certificate=certificate, key=key, json=True)
    return run(chosen, sys.stdout, sys.stderr)
