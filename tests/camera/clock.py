"""Time that a test holds."""

import threading


class FakeClock:
    """A clock that moves when told to, or when somebody sleeps by it."""

    def __init__(self, now: float = 1_000.0) -> None:
        self._lock = threading.Lock()
        self._now = now

    def __call__(self) -> float:
        """Return the time."""
        with self._lock:
            return self._now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        with self._lock:
            self._now += seconds
