"""A packet capture of one port on the loopback interface, for whoever may."""

import ctypes
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_EVERYTHING = 0x0003  # ETH_P_ALL of linux/if_ether.h
_SNAP = 1 << 16
_ATTACH_FILTER = 26  # SO_ATTACH_FILTER of asm-generic/socket.h
_INSTRUCTION = struct.Struct("=HBBI")


@contextmanager
def loopback(port: int) -> Iterator[bytearray]:
    """Collect what goes over the loopback interface from or to ``port`` (IPv4), packet after packet.

    Raises:
        PermissionError: this user may not capture.
    """
    packets, ended = bytearray(), threading.Event()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EVERYTHING)) as listener:
        _attach(listener, port)
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


def _attach(listener: socket.socket, port: int) -> None:
    """Let the kernel pass on packets of one port: others are nobody's business, and may be many.

    A program of the classic Berkeley packet filter: IPv4, no later fragment, source or destination port.
    """
    program = [
        (0x28, 0, 0, 12), (0x15, 0, 8, 0x0800), (0x28, 0, 0, 20), (0x45, 6, 0, 0x1FFF), (0xB1, 0, 0, 14),
        (0x48, 0, 0, 14), (0x15, 2, 0, port), (0x48, 0, 0, 16), (0x15, 0, 1, port), (0x06, 0, 0, _SNAP),
        (0x06, 0, 0, 0),
    ]  # fmt: skip
    code = ctypes.create_string_buffer(b"".join(_INSTRUCTION.pack(*one) for one in program))
    listener.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, struct.pack("HP", len(program), ctypes.addressof(code)))
