"""The rows of a list in the memory of a camera: hashes, numbers and days, never a plate."""

import base64
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox
from numpy.typing import NDArray

from edge import keys
from edge.errors import ConfigError
from edge.keys import Role
from edge.registry.lists.hashing import PlateHash
from edge.registry.lists.kinds import ListKind
from edge.registry.lists.layout import ROW, unpack
from edge.registry.lists.sealed import PURPOSE, SealedList, Segment, key_id, opened

Number = TypeVar("Number", bound=np.unsignedinteger[Any])


class PlateRows:
    """Rows sorted by hash: arrays of the same length, of hashes, values, first and last days (ordinals)."""

    def __init__(
        self, created: datetime, today: date, plates: PlateHash, rows: NDArray[np.void], until: NDArray[np.uint32]
    ) -> None:
        self.created = created
        """When the list was sealed (UTC)."""
        self.held_from = today
        """The first day for which all rows are here; what expired before is not."""
        order = np.argsort(rows["plate"], kind="stable")
        self._plates = plates
        self._hashes: NDArray[np.uint64] = rows["plate"][order]
        self._values: NDArray[np.uint16] = rows["value"][order]
        self._since: NDArray[np.uint32] = rows["since"][order]
        self._until: NDArray[np.uint32] = until[order]

    def __len__(self) -> int:
        return len(self._hashes)

    def find(self, plate: bytes | bytearray) -> slice:
        """Return where the rows of a plate stand."""
        wanted = np.uint64(self._plates.of(plate))
        first = int(self._hashes.searchsorted(wanted))
        end = first
        while end < len(self._hashes) and self._hashes[end] == wanted:
            end += 1
        return slice(first, end)

    def value(self, plate: bytes | bytearray) -> int:
        """Return the value of a plate that has one row at most; 0 where it has none."""
        return max((int(value) for value in self._values[self.find(plate)]), default=0)

    def value_on(self, plate: bytes | bytearray, day: date) -> int:
        """Return the highest value that a plate has on a day; 0 where it has none."""
        found, number = self.find(plate), day.toordinal()
        holds = (self._since[found] <= number) & (number <= self._until[found])
        return int(self._values[found][holds].max(initial=0))

    def forget(self, today: date) -> None:
        """Overwrite and drop the rows that expired before ``today``."""
        self.held_from = max(self.held_from, today)
        kept = self._until >= today.toordinal()
        self._hashes, self._values = _only(self._hashes, kept), _only(self._values, kept)
        self._since, self._until = _only(self._since, kept), _only(self._until, kept)


def load(file: Path, kind: ListKind, sealing_key: Path, registry_key: Path, today: date) -> PlateRows:
    """Open what has not expired before ``today`` of a sealed list; nothing may be left.

    Raises:
        ConfigError: a key or the list can't be read; the list is of another kind, sealed to another camera, not
            signed by ``registry_key``, damaged or cut.
    """
    secret = keys.read_sealing_secret(sealing_key)
    with opened(file) as sealed:
        _check(sealed, kind, secret, registry_key, today)
        box = SealedBox(secret)
        plates = PlateHash(_open(sealed, box, base64.b64decode(sealed.header.hash_key)))
        return PlateRows(sealed.header.created, today, plates, *_rows(sealed, box, today))


def _check(sealed: SealedList, kind: ListKind, secret: PrivateKey, registry_key: Path, today: date) -> None:
    role, registry = keys.read_public(registry_key, Role.REGISTRY)
    file, header = sealed.file, sealed.header
    if not keys.verifies(role, registry, PURPOSE, sealed.signed, sealed.signature):
        raise ConfigError(f"{file}: is not signed by {registry_key}")
    if header.kind is not kind:
        raise ConfigError(f"{file}: is a list of {header.kind}; allowed here: {kind}")
    if header.camera != key_id(secret.public_key):
        raise ConfigError(f"{file}: is sealed to another camera, whose key is {header.camera}")
    if any(segment.until >= today for segment in header.segments[: sealed.missing]):
        raise ConfigError(f"{file}: lacks rows that have not expired on {today}; it is damaged, or the clock is wrong")


def _rows(sealed: SealedList, box: SealedBox[PrivateKey], today: date) -> tuple[NDArray[np.void], NDArray[np.uint32]]:
    tables, untils = [np.empty(0, ROW)], [np.empty(0, np.uint32)]
    for segment, rows in _opened(sealed, box, today):
        tables.append(rows)
        untils.append(np.full(len(rows), segment.until.toordinal(), np.uint32))
    return np.concatenate(tables), np.concatenate(untils)


def _opened(sealed: SealedList, box: SealedBox[PrivateKey], today: date) -> Iterator[tuple[Segment, NDArray[np.void]]]:
    """Open one segment after the other; what has expired stays closed."""
    for segment in sealed.present:
        if segment.until >= today:
            yield segment, unpack(_open(sealed, box, sealed.read(segment)))


def _open(sealed: SealedList, box: SealedBox[PrivateKey], content: bytes) -> bytes:
    try:
        return box.decrypt(content)
    except CryptoError as error:
        raise ConfigError(f"{sealed.file}: can't be opened with this camera's key") from error


def _only(column: NDArray[Number], kept: NDArray[np.bool_]) -> NDArray[Number]:
    rest = column[kept]
    column.fill(0)
    return rest
