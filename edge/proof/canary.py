"""The canary: what is known to have passed is searched for in the memory of each process and in every other place."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from edge.counting.tags import TagKey
from edge.proof import forms, places
from edge.proof.processes import Moment
from edge.proof.search import Find, Searcher

AFTER: Final = 2.0
"""Seconds after a crossing from which vision holds nothing of its plate."""
BEFORE: Final = 15.0
"""Seconds before a crossing in which the vehicle may be in the picture already."""


_PICTURE: Final = re.compile(rb"\xff\xd8\xff[\xe0\xe1]..(JFIF|Exif)|\x89PNG\r\n\x1a\n", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Passing:
    """A vehicle with this plate crosses the line at ``time``, Unix seconds."""

    time: float
    plate: str


def moments(passings: Sequence[Passing], gap: float = 3.0) -> list[float]:
    """Return when vision is to be held: once as the first vehicle crosses, then ``AFTER`` a crossing, ``gap`` apart."""
    times = sorted(passing.time for passing in passings)
    chosen = [times[0]]
    for time in (time + AFTER for time in times):
        if time - chosen[-1] >= gap:
            chosen.append(time)
    return [*chosen, max(chosen[-1], times[-1] + AFTER + gap)]


@dataclass
class Canary:
    """Searches for the plates of ``passings`` and their tags under a policy.

    ``memory`` are finds by process where it must hold nothing; ``held`` are plates that vision held, and was allowed
    to, ``tagged`` those of which it held a tag before the end of the day; ``looks`` says how often each process was
    searched.
    """

    passings: Sequence[Passing]
    policy_id: str
    memory: dict[str, list[Find]] = field(default_factory=dict)
    held: set[int] = field(default_factory=set)
    tagged: set[int] = field(default_factory=set)
    looks: Counter[str] = field(default_factory=Counter)
    tags: dict[bytes, int] = field(default_factory=dict)

    @property
    def plates(self) -> list[str]:
        """All plates, each once."""
        return list(dict.fromkeys(passing.plate for passing in self.passings))

    def look(self, moment: Moment) -> None:
        """Search the memory of each process at a moment."""
        for name, found in self.finds(moment).items():
            self.looks[name] += 1
            self.memory.setdefault(name, []).extend(self._forbidden(name, found, moment.time))

    def finds(self, moment: Moment) -> dict[str, list[Find]]:
        """Return all that the memory of each process holds at a moment, whether it may or not."""
        self._note_tags(moment.keys)
        searcher = self.searcher()
        return {name: places.memory(searcher, name, pid) for name, pid in moment.pids.items()}

    def searcher(self) -> Searcher:
        """Return what looks for all plates and tags, in any place."""
        return Searcher([*forms.needles(self.plates), *self._tag_needles()])

    def _forbidden(self, name: str, found: Iterable[Find], time: float) -> list[Find]:
        """Leave out what vision may hold at a time: plates in the picture, and tags before the end of their day."""
        if name != "vision" or time == math.inf:
            return list(found)
        self.tagged |= {find.plate for find in found if find.form.startswith("tag")}
        seen = {find.plate for find in found if not find.form.startswith("tag")}
        allowed = {at for at, plate in enumerate(self.plates) if self._may_hold(plate, time)}
        self.held |= seen & allowed
        return [find for find in found if find.plate not in allowed and not find.form.startswith("tag")]

    def _may_hold(self, plate: str, time: float) -> bool:
        return any(
            passing.plate == plate and passing.time - BEFORE <= time < passing.time + AFTER for passing in self.passings
        )

    def _note_tags(self, keys: Iterable[str]) -> None:
        for key in keys:
            of = TagKey(self.policy_id, partial(_fill, bytes.fromhex(key)))
            self.tags |= {
                of.tag(bytearray(plate.replace("-", ""), "ascii")): at for at, plate in enumerate(self.plates)
            }

    def _tag_needles(self) -> list[forms.Needle]:
        return [needle._replace(plate=at) for tag, at in self.tags.items() for needle in forms.tag_needles([tag])]


def _fill(key: bytes, buffer: bytearray) -> None:
    buffer[:] = key


def everywhere(searcher: Searcher, folders: Iterable[Path], databases: Iterable[Path]) -> list[Find]:
    """Search folders with all that is in them, and databases value by value, once their process has made them."""
    found = [find for folder in folders for find in places.folder(searcher, folder)]
    return found + [find for file in databases if file.exists() for find in places.database(searcher, file)]


def pictures(folders: Iterable[Path]) -> list[str]:
    """Return the files in which a picture begins anywhere (JPEG with its usual headers, or PNG)."""
    files = [file for folder in folders for file in sorted(folder.rglob("*")) if file.is_file()]
    return [file.name for file in files if _PICTURE.search(file.read_bytes())]
