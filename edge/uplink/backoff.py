"""Delays between attempts."""

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 60.0


class Backoff:
    """Delays that double from 1 s to 60 s."""

    def __init__(self) -> None:
        self._next = FIRST_SECONDS

    @property
    def failing(self) -> bool:
        """Whether an attempt failed since the last reset."""
        return self._next > FIRST_SECONDS

    def fail(self) -> float:
        """Note a failure; return the seconds to wait."""
        delay, self._next = self._next, min(self._next * 2, LONGEST_SECONDS)
        return delay

    def reset(self) -> None:
        """Note a success."""
        self._next = FIRST_SECONDS
