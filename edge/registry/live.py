"""The register pack of a running camera, which may be replaced at any time."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import structlog

from edge import keys
from edge.errors import ConfigError
from edge.keys import Role
from edge.registry.manifest import Manifest, check_successor
from edge.registry.pack import Pack
from edge.registry.vehicle import VehicleClass

log = structlog.get_logger()

CHECK_SECONDS = 5.0

Identity = tuple[int, int, int]


class Registry:
    """Looks vehicles up in the newest good pack that lies at one place.

    A pack that takes the place of another is verified in a thread, so that no frame waits; until it is found good,
    and for ever if it is not, the one in use stays in use. ``monotonic`` is the clock, in seconds.
    """

    def __init__(self, file: Path, public_key: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Open the pack at ``file``.

        Raises:
            ConfigError: pack or key are missing, damaged or wrong.
        """
        _, self._key = keys.read_public(public_key, Role.REGISTRY)
        self._file = file
        self._monotonic = monotonic
        self._seen = _identity(file)
        self._pack = Pack(file, self._key)
        self._next: Pack | None = None
        self._thread: threading.Thread | None = None
        self._due = monotonic() + CHECK_SECONDS
        self._tell(self._pack.manifest)

    @property
    def manifest(self) -> Manifest:
        """The facts of the pack in use."""
        return self._pack.manifest

    def lookup(self, plate: bytes | bytearray) -> VehicleClass | None:
        """Return the class of the vehicle with this plate, None where the register does not know it.

        Raises:
            AnprError: the pack is damaged.
        """
        return self._pack.lookup(plate)

    def refresh(self) -> None:
        """Take a new pack into use if one has been found good; look for one every few seconds. Never waits."""
        if self._next is not None:
            self._pack.close()
            self._pack, self._next = self._next, None
            self._tell(self._pack.manifest)
        if self._monotonic() >= self._due and (self._thread is None or not self._thread.is_alive()):
            self._due = self._monotonic() + CHECK_SECONDS
            self._look()

    def close(self) -> None:
        """Close the pack."""
        if self._thread is not None:
            self._thread.join()
        for pack in filter(None, (self._pack, self._next)):
            pack.close()

    def _look(self) -> None:
        """Have the file verified if it is another one than when it was last looked at."""
        found = _identity(self._file)
        if found is not None and found != self._seen:
            self._seen = found
            self._thread = threading.Thread(target=self._verify, name="register", daemon=True)
            self._thread.start()

    def _verify(self) -> None:
        try:
            pack = Pack(self._file, self._key)
            try:
                check_successor(self._file, self._pack.manifest, pack.manifest)
            except ConfigError:
                pack.close()
                raise
            self._next = pack
        except ConfigError as error:
            log.warning("register_refused", reason=str(error), kept=f"the one of {self.manifest.day}")

    def _tell(self, manifest: Manifest) -> None:
        log.info("register_in_use", day=manifest.day.isoformat(), vehicles=manifest.vehicles)


def _identity(file: Path) -> Identity | None:
    """Return what changes when another file takes this place; None while there is none."""
    with suppress(OSError):
        found = file.stat()
        return found.st_ino, found.st_size, found.st_mtime_ns
    return None
