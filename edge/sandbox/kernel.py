"""System calls that Python has no function for."""

import ctypes
import os
from typing import Final

LIBC: Final = ctypes.CDLL(None, use_errno=True)

PR_SET_DUMPABLE: Final = 4
PR_SET_NO_NEW_PRIVS: Final = 38


def call(number: int, *arguments: object) -> int:
    """Make system call ``number``.

    Raises:
        OSError: the kernel refused.
    """
    return _checked(LIBC.syscall(ctypes.c_long(number), *arguments))


def prctl(option: int, value: int) -> None:
    """Change one property of the process (prctl(2)).

    Raises:
        OSError: the kernel refused.
    """
    _checked(LIBC.prctl(option, ctypes.c_ulong(value), 0, 0, 0))


def unshare(flags: int) -> None:
    """Leave name spaces for new ones (unshare(2)).

    Raises:
        OSError: the kernel refused.
    """
    _checked(LIBC.unshare(flags))


def lock_memory(flags: int) -> None:
    """Keep memory out of the swap (mlockall(2)).

    Raises:
        OSError: the kernel refused.
    """
    _checked(LIBC.mlockall(flags))


def _checked(result: int) -> int:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result
