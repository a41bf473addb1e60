"""Public keys of cameras."""

from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
from nacl.signing import VerifyKey

from edge import keys
from edge.errors import ConfigError
from edge.keys import Role
from edge.uplink import signature


class AnyCamera:
    """Keys that may sign for every camera: whoever looks on knows which camera it looks at."""

    def __init__(self, files: Iterable[Path]) -> None:
        """Read files of public keys.

        Raises:
            ConfigError: one can't be read, or is none.
        """
        found = [keys.read_public(file, Role.CAMERA)[1] for file in files]
        self._keys = {signature.key_id(key): key for key in found}

    def find(self, kid: str, _camera: str) -> VerifyKey | None:
        """Return the key of this id."""
        return self._keys.get(kid)


class _Known(msgspec.Struct, frozen=True):
    key: VerifyKey
    camera: str


class Folder:
    """A folder of files CAMERA.pub, each key for the camera of its file's name alone, read again when it changes.

    A second key of a camera is CAMERA.anything.pub: no camera's name has a dot.
    """

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        """Read the keys; ``say`` gets a line when they change or can't be read any more.

        Raises:
            ConfigError: the folder or a key can't be read, or there is none.
        """
        self._folder, self._say = folder, say
        self._complaint = ""
        self._seen = self._listing()
        self._keys = self._read(self._seen)
        if not self._keys:
            raise ConfigError(f"{folder}: holds no key; put the camera.pub of each camera there, named CAMERA.pub")

    def find(self, kid: str, camera: str) -> VerifyKey | None:
        """Return the key of this id, where it is this camera's."""
        known = self._keys.get(kid)
        return known.key if known and known.camera == camera else None

    def reload(self) -> None:
        """Read the folder again where it has changed; keep what was read before where that fails."""
        try:
            if (seen := self._listing()) == self._seen:
                return
            self._keys = self._read(seen)
        except ConfigError as error:
            self._complain(str(error))
        else:
            self._seen, self._complaint = seen, ""
            self._say(f"{self._folder}: {len(self._keys)} keys of cameras")

    def _complain(self, text: str) -> None:
        if text != self._complaint:
            self._complaint = text
            self._say(f"{text}; going on with the keys read before")

    def _listing(self) -> list[tuple[str, int, int]]:
        try:
            found = [(file.name, file.stat()) for file in sorted(self._folder.iterdir()) if file.suffix == ".pub"]
        except OSError as error:
            raise ConfigError(f"{self._folder}: can't be read: {error.strerror}; expected a folder of keys") from error
        return [(name, status.st_mtime_ns, status.st_size) for name, status in found]

    def _read(self, listing: list[tuple[str, int, int]]) -> dict[str, _Known]:
        found = dict[str, _Known]()
        for name, _, _ in listing:
            _, key = keys.read_public(self._folder / name, Role.CAMERA)
            camera, kid = name.split(".", maxsplit=1)[0], signature.key_id(key)
            if kid in found and found[kid].camera != camera:
                raise ConfigError(f"{self._folder / name}: is the key of {found[kid].camera} too; each has its own")
            found[kid] = _Known(key, camera)
        return found
