"""The clip that a proof runs on: a rendered street on which thirty vehicles pass, all with made-up plates.

`python -m hil.scenes.clip` made it. Its register knows these vehicles and no other.
"""

from pathlib import Path
from typing import Final

import msgspec

FOLDER: Final = Path(__file__).with_name("clip")
STREET: Final = FOLDER / "street.mkv"
PACK: Final = FOLDER / "register.db"
PACK_KEY: Final = FOLDER / "registry.pub"
_TRUTH: Final = FOLDER / "truth.json"


class ClipPassage(msgspec.Struct, frozen=True):
    """A vehicle with this made-up plate crosses the line ``second`` seconds after the first frame."""

    second: float
    plate: str


class Clip(msgspec.Struct, frozen=True):
    """What is known of the clip; ``line`` as shares of the picture, as camera.toml wants it."""

    line: tuple[tuple[float, float], tuple[float, float]]
    passages: tuple[ClipPassage, ...]


def truth() -> Clip:
    """Read what is known."""
    return msgspec.json.decode(_TRUTH.read_bytes(), type=Clip)


def save(clip: Clip) -> None:
    """Write what is known, when the clip is made."""
    _TRUTH.write_bytes(msgspec.json.format(msgspec.json.encode(clip), indent=1) + b"\n")
