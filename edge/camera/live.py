"""Live cameras: a thread takes what comes, the reader gets the newest frame."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from edge.camera.frame import Frame, Luma, SourceStalledError, SourceStats
from edge.errors import AnprError, SourceError

STALL_S: Final = 5.0
# Longer before the first frame: a stream may begin up to ten seconds before its next key frame.
FIRST_FRAME_S: Final = 20.0
CLOSE_S: Final = 2.0
POLL_S: Final = 1.0


class CorruptFrameError(Exception):
    """One frame of a device can't be decoded; the next may be."""


@dataclass(frozen=True, slots=True)
class Shot:
    """What a device saw at one instant; fields as in ``Frame``."""

    time: float
    gray: Luma
    full: Luma


class Device(Protocol):
    """An opened camera; one thread opens, uses and closes it."""

    def grab(self) -> Shot | None:
        """Wait for the next frame; None when none came within about a second.

        Raises:
            CorruptFrameError: this frame can't be decoded.
            SourceError: the device broke.
        """

    def close(self) -> None:
        """Release the device."""


class LiveSource:
    """The newest frame of a device; ``stats.dropped`` counts those that nobody read in time.

    ``name`` is the source as messages may show it. Opening happens in the thread too, since a driver may take long:
    its errors come from the first ``poll`` or ``read``.
    """

    live = True

    def __init__(
        self,
        name: str,
        open_device: Callable[[], Device],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.stats = SourceStats()
        self._name = name
        self._open_device = open_device
        self._monotonic = monotonic
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._shot: Shot | None = None
        self._error: AnprError | None = None
        self._patience = FIRST_FRAME_S
        self._heard = monotonic()
        # A daemon: a driver that hangs must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._thread.start()

    def read(self) -> Frame:
        """Return the newest frame, waiting for it.

        Raises:
            SourceStalledError: none came for 5 s (20 s before the first one).
            AnprError: the device can't be opened, or broke.
        """
        while True:
            if frame := self.poll(POLL_S):
                return frame

    def poll(self, wait_s: float) -> Frame | None:
        """Return the newest frame, or None when none comes within ``wait_s`` seconds.

        Raises:
            SourceStalledError: none came for 5 s (20 s before the first one).
            AnprError: the device can't be opened, or broke.
        """
        with self._changed:
            patience = max(0.0, self._heard + self._patience - self._monotonic())
            self._changed.wait_for(lambda: self._shot or self._error, timeout=min(wait_s, patience))
            shot, self._shot = self._shot, None
        if shot is not None:
            return self._frame(shot)
        self._check()
        return None

    def close(self) -> None:
        """Ask the thread to release the device, and wait for it for 2 s: a hanging driver keeps its thread."""
        self._closing.set()
        self._thread.join(CLOSE_S)

    def _frame(self, shot: Shot) -> Frame:
        frame = Frame(self.stats.delivered, shot.time, shot.gray, shot.full)
        self.stats.delivered += 1
        return frame

    def _check(self) -> None:
        if self._error is not None:
            raise self._error
        if self._monotonic() - self._heard >= self._patience:
            raise SourceStalledError(f"source {self._name}: no frame for {self._patience:g} s")

    def _run(self) -> None:
        try:
            device = self._open_device()
            try:
                self._take_all(device)
            finally:
                device.close()
        except AnprError as error:
            self._fail(error)
        except Exception as error:  # noqa: BLE001  (whatever a driver throws, the reader must hear of it)
            self._fail(SourceError(f"source {self._name}: {type(error).__name__}: {error}"))

    def _take_all(self, device: Device) -> None:
        while not self._closing.is_set():
            try:
                shot = device.grab()
            except CorruptFrameError:
                self.stats.corrupt += 1
            else:
                self._keep(shot)

    def _keep(self, shot: Shot | None) -> None:
        if shot is None:
            return
        with self._changed:
            self.stats.dropped += self._shot is not None
            self._shot = shot
            self._heard = self._monotonic()
            self._patience = STALL_S
            self._changed.notify_all()

    def _fail(self, error: AnprError) -> None:
        with self._changed:
            self._error = error
            self._changed.notify_all()
