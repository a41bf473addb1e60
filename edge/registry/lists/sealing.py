"""Sealing a list to one camera, where it is imported."""

import base64
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from pathlib import Path

from nacl.public import PublicKey, SealedBox
from nacl.signing import SigningKey

from edge import keys
from edge.errors import ConfigError
from edge.keys import Role
from edge.randomness import Fill, fill_randomly
from edge.registry.lists.files import replace
from edge.registry.lists.hashing import PlateHash
from edge.registry.lists.importing import Imported, Summary
from edge.registry.lists.kinds import ListKind
from edge.registry.lists.layout import pack
from edge.registry.lists.sealed import PURPOSE, Header, Segment, encode, key_id, write

# A camera opens one segment at a time: this bounds what lies open in its memory, to a megabyte.
ROWS_PER_SEGMENT = 1 << 16


@dataclass(frozen=True, slots=True)
class Envelope:
    """Which camera can open a list, who vouches for it, and when it was made (UTC)."""

    camera: PublicKey
    registry: SigningKey
    created: datetime


def seal(
    kind: ListKind,
    envelope: Envelope,
    read: Callable[[PlateHash], Imported],
    out: Path,
    fill: Fill = fill_randomly,
) -> Summary:
    """Write what ``read`` imports to ``out``, in the place of an older list; return what became of its rows.

    Raises:
        ConfigError: the import is refused, nothing is left of it, or ``out`` can't be written; an older list stays.
    """
    plates = PlateHash.new(fill)
    imported = read(plates)
    if not imported.rows:
        raise ConfigError(f"{out}: not written, for nothing is left to seal: {'; '.join(imported.summary.lines())}")
    box = SealedBox(envelope.camera)
    segments = [(until, box.encrypt(rows)) for until, rows in _segments(imported)]
    header = Header(
        kind,
        envelope.created,
        key_id(envelope.camera),
        base64.b64encode(box.encrypt(plates.key)).decode(),
        tuple(Segment(until, hashlib.sha256(sealed).hexdigest(), len(sealed)) for until, sealed in segments),
    )
    signature = keys.sign_file(Role.REGISTRY, envelope.registry, PURPOSE, encode(header))
    replace(out, write(header, signature, [sealed for _, sealed in segments]))
    return imported.summary


def _segments(imported: Imported) -> Iterator[tuple[date, bytes]]:
    """Yield the plain text of each segment, by day; sorted, so that nothing tells the order of the file."""
    for until in sorted(imported.rows):
        rows = iter(sorted(imported.rows[until]))
        while part := list(islice(rows, ROWS_PER_SEGMENT)):
            yield until, pack(part)
