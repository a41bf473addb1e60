"""seccomp: system calls that a process gives up, for all its threads.

A filter is a program for the kernel's packet filter (bpf(4), seccomp(2)). Ours refuses: sockets other than those
allowed, other ways to a network, other processes' memory, and what changes the machine. Each is refused with an error,
so that a library that merely tries goes on.
"""

import ctypes
import errno
import platform
import struct
from collections.abc import Iterable
from enum import Enum
from typing import Final, NamedTuple

from edge.sandbox import kernel

_SET_MODE_FILTER, _SYNCHRONISE_THREADS = 1, 1

# Of struct seccomp_data; the low half of an argument comes first on both architectures.
_NUMBER, _ARCHITECTURE, _FIRST, _SECOND = 0, 4, 16, 24
_LOAD, _AND, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000
_KIND_OF_SOCKET = 0xF
_UNIX, _INET, _INET6, _NETLINK, _STREAM = 1, 2, 10, 16, 1
_X32 = 0x40000000  # x86-64's second set of numbers.


class Network(Enum):
    """Which sockets a process may make."""

    NONE = "unix"
    TCP = "tcp"
    ALL = "all"


class Numbers(NamedTuple):
    """Numbers of system calls of one architecture (AUDIT_ARCH_… of linux/audit.h)."""

    architecture: int
    seccomp: int
    socket: int
    refused: tuple[int, ...]


# On x86-64 and on aarch64.
_REFUSED: Final = {
    # Memory and descriptors of other processes.
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    # Sockets and files past this filter and Landlock.
    "io_uring_setup": (425, 425),
    "open_by_handle_at": (304, 265),
    # Other name spaces and mounts.
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    # The kernel, and what attacks on it have needed most.
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
}
_X86, _ARM = zip(*_REFUSED.values(), strict=True)
_MACHINES: Final = {
    "x86_64": Numbers(0xC000003E, 317, 41, _X86),
    "aarch64": Numbers(0xC00000B7, 277, 198, _ARM),
}


def restrict(network: Network) -> list[str]:
    """Give the calls up in every thread; say what stays open.

    The process must have given up new privileges.
    """
    numbers = _MACHINES.get(platform.machine())
    if numbers is None:
        return [f"system calls: seccomp is not known on {platform.machine()}"]
    try:
        _install(numbers, _program(numbers, network))
    except OSError as error:
        return [f"system calls: seccomp is refused ({error.strerror})"]
    return []


def _install(numbers: Numbers, program: bytes) -> None:
    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))

    length = len(program) // _INSTRUCTION.size
    # A positive answer is the id of a thread that could not follow.
    mode, flags = ctypes.c_uint(_SET_MODE_FILTER), ctypes.c_uint(_SYNCHRONISE_THREADS)
    if kernel.call(numbers.seccomp, mode, flags, ctypes.byref(Program(length, program))):
        raise OSError(errno.EBUSY, "a thread has a filter of its own")


_INSTRUCTION: Final = struct.Struct("=HBBI")  # struct sock_filter: code, jump if true, if false, operand


def _program(numbers: Numbers, network: Network) -> bytes:
    refused = _RETURN, 0, 0, _REFUSE | errno.EPERM
    steps = [(_LOAD, 0, 0, _ARCHITECTURE), (_IF_EQUAL, 1, 0, numbers.architecture), refused]
    steps += [(_LOAD, 0, 0, _NUMBER), (_IF_AT_LEAST, 0, 1, _X32), refused]
    for number in numbers.refused:
        steps += [(_IF_EQUAL, 0, 1, number), refused]
    sockets = _sockets(network)
    steps += [(_IF_EQUAL, 0, len(sockets), numbers.socket), *sockets, (_RETURN, 0, 0, _ALLOW)]
    return b"".join(_INSTRUCTION.pack(*step) for step in steps)


def _sockets(network: Network) -> list[tuple[int, int, int, int]]:
    """Return what lets the sockets of ``network`` through and refuses all others."""
    families = {Network.NONE: (), Network.TCP: (), Network.ALL: (_INET, _INET6, _NETLINK)}[network]
    steps = [(_LOAD, 0, 0, _FIRST), *_allowed((_UNIX, *families))]
    if network is Network.TCP:
        refused = _RETURN, 0, 0, _REFUSE | errno.EAFNOSUPPORT
        steps += [(_IF_EQUAL, 2, 0, _INET), (_IF_EQUAL, 1, 0, _INET6), refused]
        steps += [(_LOAD, 0, 0, _SECOND), (_AND, 0, 0, _KIND_OF_SOCKET), *_allowed((_STREAM,))]
    return [*steps, (_RETURN, 0, 0, _REFUSE | errno.EAFNOSUPPORT)]


def _allowed(values: Iterable[int]) -> list[tuple[int, int, int, int]]:
    return [step for value in values for step in ((_IF_EQUAL, 0, 1, value), (_RETURN, 0, 0, _ALLOW))]
