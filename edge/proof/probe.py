"""python -m edge.proof.probe PROCESS CONFIG: walls itself in as one of the three, tries what it reads, tells.

As `nobody` it has no walls, to show what can be done without.

Standard input is a JSON list of attempts, each a list of a name and its arguments; standard output a list of what came
of them: "done", or the error's name. The attempt "level" tells how well it is walled in.
"""

import ctypes
import errno
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from edge.categories import Sandbox
from edge.config import Config, load
from edge.service import walls

ECHO = b"echo"


def _tcp(host: str, port: int) -> None:
    with socket.create_connection((host, port), 5) as connection:
        connection.sendall(ECHO)
        if connection.recv(len(ECHO)) != ECHO:
            raise OSError(errno.ENOMSG, "no echo")


def _udp(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(ECHO, (host, port))


def _unix_datagram() -> None:
    socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).close()


def _packet() -> None:
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close()


def _read(path: str) -> None:
    Path(path).read_bytes()


def _list(path: str) -> None:
    list(Path(path).iterdir())


def _write(path: str) -> None:
    Path(path).write_bytes(b"")


def _run(path: str) -> None:
    subprocess.run([path], check=False, stdout=subprocess.DEVNULL)  # noqa: S603  (to be refused)


def _memory(pid: int) -> None:
    Path(f"/proc/{pid}/mem").open("rb").close()


def _trace(pid: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(16, pid, None, None) < 0:  # PTRACE_ATTACH
        raise OSError(ctypes.get_errno(), "")


def _kill(pid: int) -> None:
    os.kill(pid, 0)


_ATTEMPTS: dict[str, Callable[..., None]] = {
    "tcp": _tcp,
    "udp": _udp,
    "unix": _unix_datagram,
    "packet": _packet,
    "read": _read,
    "list": _list,
    "write": _write,
    "run": _run,
    "memory": _memory,
    "trace": _trace,
    "kill": _kill,
}


def _enter(name: str, config: Config) -> Sandbox:
    """Wall in as a process does; return how well."""
    if name == "vision":
        return walls.enter_vision(config)[1]
    if name == "setup":
        return walls.enter_setup(config)[1]
    if name == "gate":
        return walls.enter_gate(config)
    return walls.enter_uplink(config) if name == "uplink" else Sandbox.NONE


def _tried(name: str, *arguments: str | int) -> str:
    try:
        _ATTEMPTS[name](*arguments)
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))
    return "done"


if __name__ == "__main__":
    attempts = json.load(sys.stdin)
    level = _enter(sys.argv[1], load(Path(sys.argv[2])))
    json.dump([level.value if attempt == ["level"] else _tried(*attempt) for attempt in attempts], sys.stdout)
