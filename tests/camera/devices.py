"""Cameras that a test directs."""

import queue
from collections.abc import Callable

import numpy as np

from edge.camera.live import Shot
from edge.errors import AnprError

Event = Shot | Exception | None


def shot(level: int = 0, time: float = 5.0) -> Shot:
    """Return a shot of one grey."""
    gray = np.full((12, 16), level, np.uint8)
    return Shot(time, gray, gray)


class ScriptedDevice:
    """Delivers what it is told to, raises the errors among it, and waits for more."""

    def __init__(self, *events: Event) -> None:
        self.events: queue.Queue[Event] = queue.Queue()
        self.closed = 0
        self._pending = False
        for event in events:
            self.events.put(event)

    def grab(self) -> Shot | None:
        """Return the next event; the one before has then been dealt with, which ``events.join()`` waits for."""
        self._settle()
        try:
            event = self.events.get(timeout=0.02)
        except queue.Empty:
            return None
        self._pending = True
        if isinstance(event, Exception):
            raise event
        return event

    def close(self) -> None:
        """Count the closing."""
        self.closed += 1
        self._settle()

    def _settle(self) -> None:
        if self._pending:
            self._pending = False
            self.events.task_done()


def refusing(error: AnprError) -> Callable[[], ScriptedDevice]:
    """Return a way to open that fails."""

    def refuse() -> ScriptedDevice:
        raise error

    return refuse
