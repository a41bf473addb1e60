"""Landlock: which files a process may touch, and to which TCP ports it may connect.

The numbers are those of linux/landlock.h. What a kernel does not know yet it can't forbid: `restrict` says what that
leaves open. A rule is bound to a file, not to its name: where files are replaced, the rule names their folder.
"""

import ctypes
import os
import struct
from collections.abc import Iterable, Mapping
from enum import IntFlag
from pathlib import Path
from typing import Final

from edge.sandbox import kernel

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1
_RULE_PATH, _RULE_PORT = 1, 2
_RULESET = struct.Struct("=QQQ")  # files, network, scopes
_PATH_RULE = struct.Struct("=Qi")
_PORT_RULE = struct.Struct("=QQ")
_BIND_TCP, _CONNECT_TCP = 1, 2
_ANY_FREE = 0  # A connection may ask for any free port at its own end.
_SCOPES = 3  # Abstract Unix sockets and signals of other processes.


class Access(IntFlag):
    """What may be done with a file, or with everything in a folder."""

    EXECUTE = 1 << 0
    WRITE_FILE = 1 << 1
    READ_FILE = 1 << 2
    READ_FOLDER = 1 << 3
    REMOVE_FOLDER = 1 << 4
    REMOVE_FILE = 1 << 5
    MAKE_CHARACTER_DEVICE = 1 << 6
    MAKE_FOLDER = 1 << 7
    MAKE_FILE = 1 << 8
    MAKE_SOCKET = 1 << 9
    MAKE_PIPE = 1 << 10
    MAKE_BLOCK_DEVICE = 1 << 11
    MAKE_LINK = 1 << 12
    REFER = 1 << 13  # Move between folders.
    TRUNCATE = 1 << 14
    CONTROL_DEVICE = 1 << 15


READ: Final = Access.READ_FILE | Access.READ_FOLDER
RUN: Final = READ | Access.EXECUTE
DEVICE: Final = READ | Access.WRITE_FILE | Access.CONTROL_DEVICE
WRITE: Final = (
    READ | Access.WRITE_FILE | Access.TRUNCATE | Access.MAKE_FILE | Access.MAKE_FOLDER | Access.MAKE_SOCKET
    | Access.REMOVE_FILE
)  # fmt: skip
_OF_FILES: Final = Access.EXECUTE | Access.READ_FILE | Access.WRITE_FILE | Access.TRUNCATE | Access.CONTROL_DEVICE
# From which version of the interface on a kernel knows: the rights up to it, and what is open without.
_SINCE: Final[Mapping[int, tuple[Access, str]]] = {
    2: (Access.REFER, ""),  # Without it the kernel refuses every move between folders.
    3: (Access.TRUNCATE, "truncating files"),
    5: (Access.CONTROL_DEVICE, "control of devices"),
}
_PORTS_SINCE, _SCOPES_SINCE = 4, 6


def version() -> int:
    """Return the version of the kernel's interface, 0 where it has none or it is switched off."""
    try:
        return kernel.call(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(_VERSION))
    except OSError:
        return 0


def restrict(files: Mapping[Path, Access], ports: Iterable[int] | None) -> list[str]:
    """Leave this thread, and what it starts, ``files`` and TCP connections to ``ports`` (None: any); say what is open.

    The process must have given up new privileges. Files that are absent are left out.

    Raises:
        OSError: the kernel refused.
    """
    known = version()
    if not known:
        return ["files: Landlock is off"]
    handled = _handled(known)
    walled = ports is not None and known >= _PORTS_SINCE
    ruleset = _create(handled, _BIND_TCP | _CONNECT_TCP if walled else 0, _SCOPES if known >= _SCOPES_SINCE else 0)
    try:
        for path, access in files.items():
            _allow(ruleset, path, access & handled)
        for port in ports if ports is not None and walled else ():
            _add(ruleset, _RULE_PORT, _PORT_RULE.pack(_CONNECT_TCP, port))
            _add(ruleset, _RULE_PORT, _PORT_RULE.pack(_BIND_TCP, _ANY_FREE))
        kernel.call(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint(0))
    finally:
        os.close(ruleset)
    return _open(known, ports)


def _handled(known: int) -> Access:
    rights = ~Access(0)
    for since, (right, _) in _SINCE.items():
        if known < since:
            rights &= ~right
    return rights


def _open(known: int, ports: Iterable[int] | None) -> list[str]:
    """Say what a kernel of this version leaves open."""
    names = [name for since, (_, name) in _SINCE.items() if known < since and name]
    names += ["TCP ports"] if ports is not None and known < _PORTS_SINCE else []
    return names + (["signals and abstract sockets"] if known < _SCOPES_SINCE else [])


def _create(files: Access, network: int, scopes: int) -> int:
    # Without Landlock's later fields the kernel takes a longer structure as long as they are zero.
    attributes = _RULESET.pack(files, network, scopes)
    return kernel.call(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint(0))


def _allow(ruleset: int, path: Path, access: Access) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # Whoever opens it later says so in its own words.
        return
    try:
        allowed = access if path.is_dir() else access & _OF_FILES
        _add(ruleset, _RULE_PATH, _PATH_RULE.pack(allowed, handle))
    finally:
        os.close(handle)


def _add(ruleset: int, kind: int, rule: bytes) -> None:
    kernel.call(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(kind), rule, ctypes.c_uint(0))
