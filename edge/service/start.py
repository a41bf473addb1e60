"""How each of the three processes starts: it walls itself in, and only then loads what it works with.

Libraries start threads when they are imported, and Landlock binds one thread and what it starts.
"""

import threading
from datetime import datetime
from pathlib import Path

from edge.config import Config, load, replace_source
from edge.service import in_force, process, walls
from edge.service.setup_page import listening


def vision(file: Path, source: str | None, start: datetime | None, *, supervisor: int | None) -> int:
    """Run vision until a signal or the end of its source; return the exit status."""
    process.end_with(supervisor)

    def work(stop: threading.Event) -> None:
        config = load(file)
        config, level = walls.enter_vision(replace_source(config, source) if source else config)
        process.end_with(supervisor)  # The kernel forgets it where the process moves into a network of its own.
        from edge.service.vision import build  # noqa: PLC0415

        build(config, start, level).run(stop)
        in_force.forget(config.paths.runtime / "vision")  # Whoever ends it in good order may change its policy at once.

    return process.run("vision", work)


def setup(file: Path, source: str | None, start: datetime | None, port: int) -> int:
    """Show the camera's view to an installer on this machine's ``port`` for a while; return the exit status."""

    def work(stop: threading.Event) -> None:
        config = load(file)
        with listening(port) as page:  # Inside the walls no socket can be made.
            config, _ = walls.enter_setup(replace_source(config, source) if source else config)
            from edge.service.setup import run  # noqa: PLC0415

            run(config, page, start, stop)

    return process.run("setup", work)


def gate(file: Path, *, supervisor: int | None, proof: bool = False) -> int:
    """Run the gate, for a ``proof`` or in earnest, until a signal; return the exit status."""
    process.end_with(supervisor)
    return process.run("gate", lambda stop: _gate(load(file), stop, proof=proof))


def uplink(file: Path, *, supervisor: int | None) -> int:
    """Run the uplink until a signal; return the exit status."""
    process.end_with(supervisor)
    return process.run("uplink", lambda stop: _uplink(load(file), stop))


def _gate(config: Config, stop: threading.Event, *, proof: bool) -> None:
    level = walls.enter_gate(config)
    from edge.service.gate import work  # noqa: PLC0415

    work(config, level, stop, proof=proof)


def _uplink(config: Config, stop: threading.Event) -> None:
    walls.enter_uplink(config)
    from edge.service.uplink import work  # noqa: PLC0415

    work(config, stop)
