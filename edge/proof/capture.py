"""A packet capture of the loopback interface, for whoever may."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_EVERYTHING = 0x0003  # ETH_P_ALL of linux/if_ether.h
_SNAP = 1 << 16


@contextmanager
def loopback() -> Iterator[bytearray]:
    """Collect what goes over the loopback interface, packet after packet.

    Raises:
        PermissionError: this user may not capture.
    """
    packets, ended = bytearray(), threading.Event()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EVERYTHING)) as listener:
        listener.bind(("lo", 0))
        listener.settimeout(0.2)
        thread = threading.Thread(target=_collect, args=(listener, packets, ended))
        thread.start()
        try:
            yield packets
        finally:
            ended.set()
            thread.join()


def _collect(listener: socket.socket, packets: bytearray, ended: threading.Event) -> None:
    while not ended.is_set():
        try:
            packets += listener.recv(_SNAP)
        except TimeoutError:
            continue
