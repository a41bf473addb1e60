"""A network with one other machine in it.

The process moves into a network name space of its own, in which the loopback interface has the other machine's address.
What connects there is accepted by a second process, which has stayed outside and connects to that address and nothing
else. So no URL changes, and whatever becomes of the first process, it reaches one port of one machine.
"""

import fcntl
import os
import select
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from edge.sandbox import kernel

_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000  # unshare(2)
_SET_ADDRESS, _SET_FLAGS = 0x8916, 0x8914  # netdevice(7)
_UP = 0x1
_LOOPBACK_INDEX = 1
_BACKLOG = 8
_CHUNK = 1 << 16
_CONNECT_S = 10.0


class Peer(NamedTuple):
    """The other machine: a numeric address, and its TCP port."""

    address: str
    port: int

    @property
    def family(self) -> socket.AddressFamily:
        """IPv4 or IPv6."""
        return socket.AF_INET6 if ":" in self.address else socket.AF_INET


def move_in(peer: Peer, wall_in: Callable[[], None]) -> None:
    """Leave the network for one in which ``peer`` alone is; the process must have one thread.

    ``wall_in`` is what the process outside calls before it goes to work.

    Raises:
        OSError: the kernel refused; the process is where it was.
    """
    inside, outside = socket.socketpair()
    if os.fork() == 0:
        inside.close()
        _stay_outside(outside, peer, wall_in)
    outside.close()
    with inside:
        _leave()
        with _listen(peer) as listener:
            socket.send_fds(inside, [b"!"], [listener.fileno()])
        inside.detach()  # It stays open as long as this process lives: by its end the other one notices.


def _leave() -> None:
    """Enter new name spaces, in which this user is the only one."""
    user, group = os.getuid(), os.getgid()
    kernel.unshare(_NEW_USER | _NEW_NETWORK)
    for file, line in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        Path("/proc/self", file).write_text(line, encoding="ascii")


def _listen(peer: Peer) -> socket.socket:
    """Give the loopback interface the peer's address, and listen there."""
    listener = socket.socket(peer.family, socket.SOCK_STREAM)
    raw = socket.inet_pton(peer.family, peer.address)
    if peer.family is socket.AF_INET:
        fcntl.ioctl(listener, _SET_ADDRESS, struct.pack("16sHH4s8x", b"lo", peer.family, 0, raw))
    fcntl.ioctl(listener, _SET_FLAGS, struct.pack("16sH14x", b"lo", _UP))
    if peer.family is socket.AF_INET6:
        fcntl.ioctl(listener, _SET_ADDRESS, struct.pack("16sIi", raw, 128, _LOOPBACK_INDEX))
    listener.bind((peer.address, peer.port))
    listener.listen(_BACKLOG)
    return listener


def _stay_outside(outside: socket.socket, peer: Peer, wall_in: Callable[[], None]) -> None:
    """Serve as the second process until the first is gone."""
    try:
        _, handles, _, _ = socket.recv_fds(outside, 1, 1)
        wall_in()
        listener = socket.socket(fileno=handles[0])
        while outside not in select.select([listener, outside], [], [])[0]:
            connection, _ = listener.accept()
            threading.Thread(target=_serve, args=(connection, peer), daemon=True).start()
    finally:
        os._exit(0)  # Nothing of the first process's is ours to tidy up.


def _serve(near: socket.socket, peer: Peer) -> None:
    """Carry bytes between the first process and the peer until either ends."""
    with near, suppress(OSError), socket.create_connection(peer, _CONNECT_S) as far:
        far.settimeout(None)
        other = {near: far, far: near}
        while True:
            for ready in select.select([near, far], [], [])[0]:
                if not (chunk := ready.recv(_CHUNK)):
                    return
                other[ready].sendall(chunk)
