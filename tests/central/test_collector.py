"""The collector, as a process, at a real broker."""

import random
import resource
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from nacl.signing import SigningKey

from central.listener import Broker as BrokerAddress
from central.listener import Session
from edge.gate.signing import Signer
from edge.proof.broker import Broker
from edge.proof.pki import Pki
from edge.uplink.contract import Address, Receipt, Sequences, Status
from edge.uplink.outbox import Entry
from edge.uplink.tls import client_context
from tests.brokers import CAMERA, OTHER, until, uplink_config
from tests.central.collecting import Collecting, collecting, rows, sequences, write_key
from tests.central.test_subscriber import send, sender
from tests.messages import CELL, checkpoint, health, report, signed, state


@pytest.fixture
def collector(mosquitto: Broker, pki: Pki, tmp_path: Path) -> Iterator[Collecting]:
    """Run one with the keys of two cameras."""
    with collecting(mosquitto, pki, tmp_path) as running:
        yield running


def receipts(broker: Broker, pki: Pki, camera: str = CAMERA, seconds: float = 2) -> list[Sequences]:
    """Return what a camera hears of receipts, the retained one first."""
    identity = pki.cameras[camera]
    tls = client_context(pki.ca, identity.certificate, identity.key)
    session = Session(BrokerAddress(broker.host, broker.port, tls), f"anpr/1/zez-demo/{camera}/receipt/+")
    deadline = time.monotonic() + seconds
    session.open(deadline)
    heard = [msgspec.json.decode(one.payload, type=Receipt) for one in session.messages(deadline)]
    session.close()
    return [one.data.stored for one in heard]


def test_everything_that_a_camera_publishes_is_stored_once(mosquitto: Broker, pki: Pki, collector: Collecting) -> None:
    """Reports with their cells and signatures, presence, health and checkpoints; repeated ones change nothing."""
    messages = [signed(report(1)), signed(report(2)), signed(report(1)), signed(report(2))]
    with sender(uplink_config(mosquitto, pki)) as camera:
        send(camera, *[signed(state(Status.ONLINE)), signed(health(1)), signed(checkpoint(5))] * 2, retain=True)
        send(camera, *messages)
        until(lambda: sequences(collector.store) == [1, 2])
        until(lambda: rows(collector.store, "select size from checkpoints") == [(5,)])
    kept = rows(collector.store, "select payload, signature from reports order by sequence")
    assert kept == [(one.payload, one.signature) for one in messages[:2]]
    cells = rows(collector.store, "select n, direction, plate, vehicle_type, drive, rest from cells")
    assert cells == [(37, "in", "nl", "van", "electric", None)] * 2
    assert rows(collector.store, "select status from states")[0] == ("online",)
    assert len(rows(collector.store, "select 1 from health")) == 1


def test_a_camera_hears_what_is_stored(mosquitto: Broker, pki: Pki, collector: Collecting) -> None:
    """The receipt is retained, and stays at a gap until what is missing comes."""
    with sender(uplink_config(mosquitto, pki)) as camera:
        send(camera, signed(report(1)), signed(report(2)), signed(report(5)))
        until(lambda: sequences(collector.store) == [1, 2, 5])
        until(lambda: receipts(mosquitto, pki)[-1:] == [Sequences(hour=2, day=0)])
        send(camera, signed(report(3)), signed(report(4)))
        until(lambda: receipts(mosquitto, pki)[-1:] == [Sequences(hour=5, day=0)])
    assert "missing: sequence 3 to 4 of cam-017" in collector.text
    assert rows(collector.store, "select * from gaps") == []


def test_what_comes_while_it_is_down_is_not_lost(mosquitto: Broker, pki: Pki, collector: Collecting) -> None:
    """The broker keeps its session, over restarts of its own too."""
    assert collector.stop() == 0
    with sender(uplink_config(mosquitto, pki)) as camera:
        send(camera, *map(signed, map(report, range(1, 30))))
    mosquitto.restart()
    collector.start()
    until(lambda: sequences(collector.store) == list(range(1, 30)))


def test_killed_at_any_moment_it_loses_and_doubles_nothing(mosquitto: Broker, pki: Pki, collector: Collecting) -> None:
    """A hundred and twenty reports, eight kills in between: each is stored once, with its cell."""
    moments = random.Random(5)
    with sender(uplink_config(mosquitto, pki)) as camera:
        for first in range(1, 121, 15):
            send(camera, *map(signed, map(report, range(first, first + 15))))
            time.sleep(moments.uniform(0.0, 0.3))
            collector.kill()
            collector.start()
        until(lambda: len(sequences(collector.store)) == 120)
    assert sorted(sequences(collector.store)) == list(range(1, 121))
    assert rows(collector.store, "select count(*), sum(n) from cells") == [(120, 120 * 37)]


def test_a_key_signs_for_its_own_camera_only(
    mosquitto: Broker, pki: Pki, collector: Collecting, tmp_path: Path
) -> None:
    """Another camera's key, and an unknown one, are refused by a line; a new key is read while it runs."""
    stranger = SigningKey(bytes(range(2, 34)))
    other = Address("zez-demo", OTHER, bench=False)
    with sender(uplink_config(mosquitto, pki, pki.cameras[OTHER]), OTHER) as camera:
        send(camera, signed(report(1, address=other), other))  # with the key of cam-017
        until(lambda: f"refused: {other.root}/counts/hour: was signed with an unknown key" in collector.text)
        first = report(1, address=other)
        topic, payload = signed(first, other).topic, signed(first, other).payload
        write_key(collector.keys, f"{OTHER}.new", stranger)
        until(lambda: f"{tmp_path / 'keys'}: 3 keys of cameras" in collector.text)
        send(camera, Entry(topic, payload, Signer(stranger).sign(topic, payload), 0))
        until(lambda: sequences(collector.store, OTHER) == [1])
    assert rows(collector.store, "select number from refusals") == [(1,)]


def test_a_store_that_is_locked_delays_and_loses_nothing(mosquitto: Broker, pki: Pki, collector: Collecting) -> None:
    """While somebody holds the write lock nothing is confirmed; afterwards all of it is stored."""
    with closing(sqlite3.connect(collector.store)) as holder, sender(uplink_config(mosquitto, pki)) as camera:
        holder.execute("begin immediate")
        send(camera, signed(report(1)), signed(report(2)))
        until(lambda: "the store can't be written: database is locked" in collector.text)
        holder.rollback()
        until(lambda: sequences(collector.store) == [1, 2])
    until(lambda: "the store can be written again" in collector.text)


def test_a_full_disk_delays_and_loses_nothing(mosquitto: Broker, pki: Pki, collector: Collecting) -> None:
    """Where files can't grow nothing is confirmed; with room again all of it is stored."""
    assert collector.process is not None
    pid, endless = collector.process.pid, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    log = collector.store.with_name("counts.db-wal")
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (log.stat().st_size + 8192, resource.RLIM_INFINITY))
    with sender(uplink_config(mosquitto, pki)) as camera:
        for first in (1, 21, 41):
            send(camera, *map(signed, map(report, range(first, first + 20))))
        until(lambda: "the store can't be written: " in collector.text)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, endless)
        until(lambda: sorted(sequences(collector.store)) == list(range(1, 61)))
    assert "the store can be written again" in collector.text


def test_what_was_heard_and_not_stored_comes_again(mosquitto: Broker, pki: Pki, collector: Collecting) -> None:
    """Killed while it can't write, it has confirmed nothing: the broker gives it to the next one."""
    with closing(sqlite3.connect(collector.store)) as holder, sender(uplink_config(mosquitto, pki)) as camera:
        holder.execute("begin immediate")
        send(camera, signed(report(1)), signed(report(2)))
        until(lambda: "the store can't be written" in collector.text)
        collector.kill()
        holder.rollback()
    collector.start()
    until(lambda: sequences(collector.store) == [1, 2])


def test_it_comes_back_with_the_broker(mosquitto: Broker, pki: Pki, collector: Collecting) -> None:
    """A broker that is killed is said, and collecting goes on when it is back."""
    mosquitto.kill()
    until(lambda: "not connected" in collector.text)
    mosquitto.start()
    until(lambda: collector.text.count(" connected; collecting") == 2)
    with sender(uplink_config(mosquitto, pki)) as camera:
        send(camera, signed(report(1)))
        until(lambda: sequences(collector.store) == [1])


def test_there_is_one_collector_for_a_store(mosquitto: Broker, pki: Pki, collector: Collecting, tmp_path: Path) -> None:
    """A second one says so and ends."""
    second = Collecting(mosquitto, pki, tmp_path)
    second.log = tmp_path / "second.log"
    second.spawn()
    assert second.process is not None
    assert second.process.wait(20) == 78
    assert f"{collector.store}: another collector writes it" in second.text


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly(collector: Collecting, how: signal.Signals) -> None:
    """On Ctrl-C and SIGTERM, at once, without a traceback."""
    begun = time.monotonic()
    assert collector.stop(how) == 0
    assert time.monotonic() - begun < 5
    assert "Traceback" not in collector.text


def test_it_does_not_wait_for_its_end(collector: Collecting) -> None:
    """Ctrl-C ends it at once also where it was to run for an hour."""
    collector.stop()
    collector.start("--seconds", "3600")
    begun = time.monotonic()
    assert collector.stop(signal.SIGINT) == 0
    assert time.monotonic() - begun < 5


def test_a_topic_without_end_stops_nothing(mosquitto: Broker, pki: Pki, collector: Collecting) -> None:
    """A camera's certificate may write it; it is counted and said once, and the next report is stored."""
    with sender(uplink_config(mosquitto, pki)) as camera:
        topic = f"anpr/1/{'z' * 400}/{CAMERA}/counts/hour"
        for _ in range(2):
            send(camera, Entry(topic, b"{}", "", 0))
        send(camera, signed(report(1)))
        until(lambda: sequences(collector.store) == [1])
    assert rows(collector.store, "select number, length(topic) from refusals") == [(2, 300)]
    assert collector.text.count("refused: anpr/1/zzz") == 1


@pytest.mark.parametrize("table", ["cells", "refusals"])
def test_what_the_store_does_not_take_stops_nothing_else(
    mosquitto: Broker, pki: Pki, collector: Collecting, table: str
) -> None:
    """One report that breaks a rule of the store is refused, leaves nothing, and is not tried again for ever."""
    with closing(sqlite3.connect(collector.store)) as other:
        other.execute(
            "create trigger no_cell before insert on cells when new.n = 99 begin select raise(abort, 'not this'); end"
        )
        if table == "refusals":  # Then it can't be counted either.
            other.execute(
                "create trigger no_count before insert on refusals begin select raise(abort, 'nor this'); end"
            )
        other.commit()
    spoilt = report(2, cells=(CELL, msgspec.structs.replace(CELL, n=99)))
    with sender(uplink_config(mosquitto, pki)) as camera:
        send(camera, signed(report(1)), signed(spoilt), signed(report(3)))
        until(lambda: sequences(collector.store) == [1, 3])
    assert rows(collector.store, "select count(*) from cells") == [(2,)]
    assert rows(collector.store, "select count(*) from refusals") == [(1 if table == "cells" else 0,)]
    assert rows(collector.store, "select first, last from gaps") == [(2, 2)]
    until(lambda: "can't be stored: not this" in collector.text)
    assert "the store can't be written" not in collector.text


def test_receipts_of_others_are_none_of_its_business(mosquitto: Broker, pki: Pki, collector: Collecting) -> None:
    """Its own come back from the broker, and are not refused."""
    with sender(uplink_config(mosquitto, pki)) as camera:
        send(camera, signed(report(1)))
        until(lambda: receipts(mosquitto, pki) != [])
        send(camera, signed(report(2)))
        until(lambda: sequences(collector.store) == [1, 2])
    assert "refused" not in collector.text
