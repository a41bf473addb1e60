"""Do the walls hold? Processes wall themselves in as each of the three does, and try what they must not."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from edge.categories import Sandbox
from edge.config import load
from edge.policy_text import Words
from edge.proof.claims import Claim, Outcome, judged, listed
from edge.proof.processes import ProofError

Attempt = tuple[str | int, ...]

DONE: Final = "done"
NOBODY: Final = "nobody"
"""A process without walls, which shows that what was tried can be done."""
_LOCAL: Final = "127.0.0.1"
_TIMEOUT: Final = 60
_BY: Final = "by-"
_LEVEL: Final[Attempt] = ("level",)
_IN_DUTCH: Final = {Sandbox.FULL: "volledig", Sandbox.PARTIAL: "deels", Sandbox.NONE: "niet"}
_PROMISE: Final = Words(
    "Vision reaches no machine but its network camera, where it has one; gate reaches none",
    "Herkenning (vision) bereikt geen apparaat dan haar netwerkcamera, als die er is; poort (gate) geen enkel",
)


def network(file: Path) -> Claim:
    """Try to reach a server from vision and gate, whose configuration is ``file``."""
    with echo() as port:
        attempts: list[Attempt] = [("tcp", _LOCAL, port), ("udp", _LOCAL, port), ("packet",)]
        outside = _possible(file, attempts)
        through = [f"{name}: {what[0]}" for name in ("vision", "gate") for what in _through(file, name, outside)]
    return Claim(
        _PROMISE,
        Words(
            "A process with the walls of each tried to reach a server on this machine, by TCP, UDP and raw packets; "
            "one without walls could.",
            "Een proces met de muren van elk probeerde een server op dit apparaat te bereiken, met TCP, UDP en rauwe "
            "pakketten; een zonder muren kon het.",
        ),
        _outcome_of(2 * len(outside), through),
        judged(good=not through) if outside else Outcome.UNCHECKED,
    )


def files(file: Path) -> Claim:
    """Try to read secrets, to write elsewhere, and to look into other processes."""
    tried, through = 0, list[str]()
    with tempfile.NamedTemporaryFile() as other:
        for name, attempts in _forbidden(file, Path(other.name)).items():
            outside = _possible(file, attempts)
            tried += len(outside)
            through += [f"{name}: {' '.join(map(str, what))}" for what in _through(file, name, outside)]
    return Claim(
        Words(
            "Each process reaches its own files and no others, nor other processes",
            "Elk proces komt alleen bij zijn eigen bestanden, niet bij andere en niet bij andere processen",
        ),
        Words(
            "Likewise: reading the keys of the others, what waits below the threshold and the register; writing "
            "elsewhere; starting programs; reading memory of another process.",
            "Op dezelfde manier: sleutels van de andere lezen, wat onder de drempel wacht en het register; elders "
            "schrijven; programma's starten; het geheugen van een ander proces lezen.",
        ),
        _outcome_of(tried, through),
        judged(good=not through) if tried else Outcome.UNCHECKED,
    )


def levels(file: Path) -> Claim:
    """Ask each process how well the kernel walls it in."""
    said = {name: _asked(file, name) for name in ("vision", "gate", "uplink")}
    return Claim(
        Words("The kernel of this machine enforces all of it", "De kernel van dit apparaat dwingt alles af"),
        Words(
            "Each process walls itself in as with this camera's own source, and tells what the kernel keeps from it "
            "(Landlock, seccomp). What is missing, its log says at its start.",
            "Elk proces sluit zich af als bij de eigen bron van deze camera, en zegt wat de kernel ervoor afsluit "
            "(Landlock, seccomp). Wat ontbreekt, zegt zijn log bij de start.",
        ),
        Words(
            ", ".join(f"{name} {level.value}" for name, level in said.items()),
            ", ".join(f"{name} {_IN_DUTCH[level]}" for name, level in said.items()),
        ),
        judged(good=all(level is Sandbox.FULL for level in said.values())),
    )


def _outcome_of(tried: int, through: list[str]) -> Words:
    if not tried:
        return Words("nothing could be tried here", "hier viel niets te proberen")
    names = f": {listed(through)}" if through else ""
    return Words(
        f"of {tried} attempts {len(through)} succeeded{names}",
        f"van {tried} pogingen slaagden er {len(through)}{names}",
    )


def _forbidden(file: Path, other: Path) -> dict[str, list[Attempt]]:
    """List what each process must not do."""
    config = load(file)
    own, gate, state = config.paths.runtime / "vision", config.socket.parent, config.paths.state
    secrets = {
        "vision": [config.gate.signing_key, config.uplink.key],
        "gate": [config.registry.sealing_key, config.uplink.key, config.registry.pack],
        "uplink": [config.gate.signing_key, config.registry.sealing_key, config.registry.pack],
    }
    common: list[Attempt] = [
        ("read", str(other)), ("read", "/etc/shadow"), ("write", str(other)), ("run", "/bin/true"),
        ("memory", os.getpid()),
    ]  # fmt: skip
    folders: dict[str, list[Attempt]] = {
        "vision": [("list", str(gate)), ("list", str(state)), ("write", str(state / f"{_BY}vision"))],
        "gate": [("list", str(own)), ("write", str(own / f"{_BY}gate"))],
        "uplink": [("list", str(own)), ("list", str(gate)), ("write", str(config.audit_folder / f"{_BY}uplink"))],
    }
    return {name: [*common, *folders[name], *(("read", str(one)) for one in secrets[name])] for name in secrets}


def _possible(file: Path, attempts: Sequence[Attempt]) -> list[Attempt]:
    """Return what can be done without walls: only that says anything. What was written on the way is removed."""
    done = _through(file, NOBODY, attempts)
    for name, *arguments in done:
        if name == "write" and Path(str(arguments[0])).name.startswith(_BY):
            Path(str(arguments[0])).unlink()
    return done


def _through(file: Path, name: str, attempts: Sequence[Attempt]) -> list[Attempt]:
    """Return which attempts succeed inside the walls of a process."""
    outcomes = _outcomes(file, name, attempts)
    return [attempt for attempt, outcome in zip(attempts, outcomes, strict=True) if outcome == DONE]


def _asked(file: Path, name: str) -> Sandbox:
    """Return how well a process is walled in."""
    return Sandbox(_outcomes(file, name, [_LEVEL])[0])


def _outcomes(file: Path, name: str, attempts: Sequence[Attempt]) -> list[str]:
    """Let a process wall itself in and try; return what came of each attempt.

    Raises:
        ProofError: it can't be started.
    """
    done = subprocess.run(  # noqa: S603  (our own command)
        [sys.executable, "-m", "edge.proof.probe", name, str(file)],
        input=json.dumps(attempts), capture_output=True, text=True, timeout=_TIMEOUT, check=False,
    )  # fmt: skip
    if done.returncode:
        raise ProofError(f"the walls of {name} could not be tried: {done.stderr.strip().splitlines()[-1]}")
    outcomes: list[str] = json.loads(done.stdout.splitlines()[-1])
    return outcomes


@contextmanager
def echo() -> Iterator[int]:
    """Serve on a port of this machine what `edge.proof.probe` asks for: its own words back."""
    with socket.create_server((_LOCAL, 0)) as server:
        threading.Thread(target=_serve, args=(server,), daemon=True).start()
        yield int(server.getsockname()[1])
        server.shutdown(socket.SHUT_RDWR)


def _serve(server: socket.socket) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            connection.sendall(connection.recv(64))
