"""A source that is opened again when it breaks."""

import dataclasses
import time
from collections.abc import Callable
from typing import Final

import structlog

from edge.camera.frame import EndOfSource, Frame, Source, SourceStats
from edge.camera.live import POLL_S, LiveSource
from edge.categories import CameraState
from edge.errors import SourceError

BACKOFF_S: Final = (1, 2, 4, 8, 16, 30)
# A driver that stays stuck needs a new process.
GIVE_UP_S: Final = 60.0


class SteadySource:
    """Frames of what ``open_one`` opens: a live source is closed and opened again when it stalls or breaks.

    ``state`` is how it is doing: a source is stalled until its first frame. Files pass straight through.
    """

    def __init__(
        self,
        open_one: Callable[[], Source],
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.state = CameraState.STALLED
        self._open_one = open_one
        self._monotonic = monotonic
        self._sleep = sleep
        self._log = structlog.get_logger()
        self._source: Source | None = open_one()
        self._past = SourceStats()
        self._live = self._source.live
        self._failures = 0
        self._retry_at = monotonic()
        self._lost_at: float | None = None

    @property
    def live(self) -> bool:
        """Whether frames carry the wall clock, and may be dropped."""
        return self._live

    @property
    def stats(self) -> SourceStats:
        """The counters over all openings."""
        now = SourceStats() if self._source is None else self._source.stats
        return SourceStats(
            delivered=self._past.delivered + now.delivered,
            dropped=self._past.dropped + now.dropped,
            corrupt=self._past.corrupt + now.corrupt,
            reopened=self._past.reopened,
        )

    def read(self) -> Frame | None:
        """Return the next frame, or None when there is none within a second, so that signals can be looked at.

        Raises:
            EndOfSource: a file has no more frames.
            ConfigError: the source can never work as it is written.
            SourceError: it broke and delivered nothing for a minute; the process should start anew.
        """
        try:
            frame = self._next()
        except EndOfSource:
            self.state = CameraState.ENDED
            raise
        except SourceError as error:
            self._lose(error)
            return None
        return None if frame is None else self._deliver(frame)

    def close(self) -> None:
        """Release the device; safe to call twice."""
        if self._source is not None:
            self._past = self.stats
            self._source.close()
            self._source = None

    def _next(self) -> Frame | None:
        if self._source is None:
            wait = self._retry_at - self._monotonic()
            if wait > 0:
                self._sleep(min(wait, POLL_S))
                return None
            self._source = self._open_one()
        return self._source.poll(POLL_S) if isinstance(self._source, LiveSource) else self._source.read()

    def _deliver(self, frame: Frame) -> Frame:
        if self.state is not CameraState.DELIVERING:
            self._past.reopened += self._failures > 0
            height, width = frame.full.shape
            self._log.info("camera_delivering", width=width, height=height, reopened=self._past.reopened)
        self.state = CameraState.DELIVERING
        self._failures = 0
        self._lost_at = None
        return dataclasses.replace(frame, index=self.stats.delivered - 1)

    def _lose(self, error: SourceError) -> None:
        """Close what broke, say so, and decide when to try again, or not to."""
        self.close()
        self.state = CameraState.STALLED
        now = self._monotonic()
        self._lost_at = now if self._lost_at is None else self._lost_at
        if not self._live or now - self._lost_at >= GIVE_UP_S:
            raise error
        wait = BACKOFF_S[min(self._failures, len(BACKOFF_S) - 1)]
        self._failures += 1
        self._retry_at = now + wait
        self._log.warning("camera_lost", error=str(error), retry_in_s=wait)
