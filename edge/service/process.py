"""What every process does around its work: logs, signals, the exit status."""

import ctypes
import logging
import os
import pwd
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

import structlog

from edge import __version__
from edge.errors import AnprError, ConfigError
from edge.service.succession import PolicyChangedError

PR_SET_PDEATHSIG = 1  # prctl(2)

Work = Callable[[threading.Event], None]


def run(name: str, work: Work) -> int:
    """Run ``work`` until it returns or a signal asks for the end; return the exit status.

    ``work`` gets an event that SIGTERM and SIGINT set. An expected error becomes one line and its exit status.
    """
    log_to_stderr(name)
    stop = _stop_on_signals()
    log = structlog.get_logger()
    log.info("process_started", software=__version__)
    try:
        work(stop)
    except PolicyChangedError as change:
        log.info("process_restarts", reason=str(change))
        return change.exit_status
    except AnprError as error:
        log.error("process_failed", reason=str(error), exit_status=error.exit_status)  # noqa: TRY400  (one line)
        return error.exit_status
    log.info("process_ended")
    return 0


def end_with(supervisor: int | None) -> None:
    """Ask the kernel for SIGTERM when the supervisor of that process id dies, so that no child is left alone."""
    if supervisor is None:
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != supervisor:  # It died before it could be asked for.
        os.kill(os.getpid(), signal.SIGTERM)


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
    return stop


def log_to_stderr(name: str, level: int = logging.INFO) -> None:
    """Write JSON lines for the journal, or readable lines for a terminal."""
    terminal = sys.stderr.isatty()
    renderer = structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            lambda _logger, _method, entry: {"process": name, **entry},
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )


def uid_of(user: str, option: str) -> int:
    """Return the number of a user of this machine, or this process's own for an empty name.

    Raises:
        ConfigError: there is no such user; ``option`` of [gate] names it.
    """
    try:
        return pwd.getpwnam(user).pw_uid if user else os.getuid()
    except KeyError as error:
        raise ConfigError(f'[gate] {option} = "{user}": there is no such user on this machine') from error
