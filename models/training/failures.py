"""A picture of what goes wrong near the limit: plates missed or read wrongly, and boxes where no plate is."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, TypeAlias

import cv2
import numpy as np

from benchmarks.plates import MEETS, Sight
from edge.camera.frame import Luma
from edge.plates.geometry import Floats
from edge.plates.syntax import sidecode
from models.training.sweep import Watch, box_of, meets
from models.training.views import EASY, Form, take, take_bare

Kind: TypeAlias = Literal["missed", "misread", "false"]

MADE_UP: Final = 12
"""Our plates' sidecode; a wrong reading that says a plate of another one isn't shown, for it may be somebody's."""
ROWS: Final[dict[Kind, int]] = {"missed": 1, "misread": 2, "false": 1}
COLUMNS: Final = 6
_PICTURES: Final = 700
_FIRST: Final = 100_000  # Numbers that the curves don't use.
_EVERY: Final = 4  # Of so many pictures one shows no plate.
_APART: Final = 0.1  # A box that overlaps the plate less is meant for something else.
_TILE: Final = (192, 108)
_CAPTION: Final = 38
_SHADES: Final = 8  # Gray values that are taken as one: grain is most of a file and says nothing.


@dataclass(frozen=True, slots=True)
class _Limit:
    """Conditions under which about half of the plates are read."""

    word: str
    condition: str
    least: float
    most: float
    form: Form = "one line"


_LIMITS: Final = (
    _Limit("small", "width", 28, 45),
    _Limit("two lines", "width", 28, 50, "two lines"),
    _Limit("motorcycle", "width", 35, 60, "motorcycle"),
    _Limit("moving across", "sideways", 0.055, 0.08),
    _Limit("moving down", "ahead", 0.065, 0.1),
    _Limit("out of focus", "defocus", 0.055, 0.075),
    _Limit("tilted", "roll", 15, 35),
    _Limit("from the side", "yaw", 45, 62),
    _Limit("dark", "lux", 2.5, 5),
    _Limit("muddy", "mud", 0.6, 0.85),
    _Limit("overexposed", "infrared", 4, 12),
)


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that went wrong; ``word`` names the condition, ``tile`` (h, w) shows it with its caption."""

    kind: Kind
    word: str
    tile: Luma


def draw_failures(watch: Watch, file: Path) -> None:
    """Look at difficult pictures and write a grid of failures, of each kind a few under each condition."""
    found = list(_search(watch))
    tiles = [tile for kind in ROWS for tile in _chosen(found, kind)]
    rows = [np.hstack(tiles[at : at + COLUMNS]) for at in range(0, len(tiles), COLUMNS)]
    cv2.imwrite(str(file), np.vstack(rows), [cv2.IMWRITE_PNG_COMPRESSION, 9])


def _chosen(found: Sequence[Failure], kind: Kind) -> list[Luma]:
    """Return the tiles of one kind: the first under each condition, then the second, and so on; white fills up."""
    wanted, seen = ROWS[kind] * COLUMNS, Counter[str]()
    rounds: defaultdict[int, list[Luma]] = defaultdict(list)
    for failure in found:
        if failure.kind == kind:
            rounds[seen[failure.word]].append(failure.tile)
            seen[failure.word] += 1
    tiles = [tile for number in sorted(rounds) for tile in rounds[number]]
    blank = np.full((_TILE[1] + _CAPTION, _TILE[0]), 255, np.uint8)
    return (tiles + [blank] * wanted)[:wanted]


def _search(watch: Watch) -> Iterator[Failure]:
    for number in range(_PICTURES):
        if number % _EVERY == 0:
            image = take_bare(_FIRST + number)
            yield from _false("street", image, watch.sights(image))
        else:
            yield from _difficult(watch, _FIRST + number)
        if (number + 1) % 100 == 0:
            print(f"failures: picture {number + 1} of {_PICTURES}", flush=True)


def _difficult(watch: Watch, number: int) -> Iterator[Failure]:
    """Look at one plate near a limit: what is wrong with it, if anything, and boxes beside it."""
    rng = np.random.default_rng([number, 2])
    limit = _LIMITS[int(rng.integers(len(_LIMITS)))]
    value = float(rng.uniform(limit.least, limit.most))
    conditions = replace(EASY, form=limit.form).but(limit.condition, value)
    view = take(number, conditions)
    sights = watch.sights(view.image)
    about = f"{view.text[0]}-{view.text[1:3]}-{view.text[3:]}, {conditions.width:.0f} px, {limit.word}"
    if all(meets(view, seen) < _APART for seen in sights):
        yield Failure("missed", limit.word, _tile(view.image, box_of(view), about, "not found"))
    if all(seen.text != view.text for seen in sights):
        wrong = [seen for seen in sights if meets(view, seen) >= MEETS and may_be_shown(seen.text)]
        for seen in wrong:
            yield Failure("misread", limit.word, _tile(view.image, seen.box, about, f"read {seen.text}", outline=True))
    yield from _false(limit.word, view.image, [seen for seen in sights if meets(view, seen) < _APART])


def _false(word: str, image: Luma, sights: Sequence[Sight]) -> Iterator[Failure]:
    for seen in sights:
        says = f"read {seen.text}" if may_be_shown(seen.text) else "taken for a plate, not read"
        if not seen.text or may_be_shown(seen.text):
            yield Failure("false", word, _tile(image, seen.box, f"no plate, {word}", says, outline=True))


def may_be_shown(text: str) -> bool:
    """Tell whether a wrong reading can be nobody's plate: of no series, or of the one that we make up."""
    return bool(text) and sidecode(text) in {None, MADE_UP}


def _tile(image: Luma, box: Floats, about: str, says: str, *, outline: bool = False) -> Luma:
    """Enlarge what is around a box (4,), with two lines of caption below."""
    scale = _TILE[0] / (2 * max(box[2] - box[0], 2 * (box[3] - box[1])))
    middle = (box[:2] + box[2:]) / 2
    matrix = np.array([[scale, 0, _TILE[0] / 2 - scale * middle[0]], [0, scale, _TILE[1] / 2 - scale * middle[1]]])
    seen = cv2.warpAffine(image, matrix, _TILE, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    seen = cv2.GaussianBlur(seen, (0, 0), 0.8) // _SHADES * _SHADES
    if outline:
        left, top, right, bottom = np.rint(np.concatenate([matrix @ [*box[:2], 1], matrix @ [*box[2:], 1]])).astype(int)
        cv2.rectangle(seen, (left, top), (right, bottom), 255, 1)
    tile = np.full((_TILE[1] + _CAPTION, _TILE[0]), 255, np.uint8)
    tile[: _TILE[1], 2:-2] = seen[:, 2:-2]
    for line, words in enumerate((about, says)):
        cv2.putText(tile, words, (4, _TILE[1] + 14 + 16 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.4, 0, 1, cv2.LINE_AA)
    return tile
