"""python -m edge.proof.paced CONFIG START SECOND ...: vision on a video file, held at some seconds of it.

It is the process of a camera, walls included, but for its source, which waits where it is told to: a line on standard
output says so and gives the keys of its tags, and a line on standard input lets it go on. It waits once more after its
end. It looks inside, which nothing but a canary may.
"""

# ruff: noqa: SLF001

import math
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.config import Config, load
from edge.errors import ConfigError
from edge.service import process, walls

if TYPE_CHECKING:  # Its libraries start threads, before which the process must be walled in.
    from edge.camera.frame import Frame

_MADE = "anpr-edge-"  # How temporary folders of proof, canary and tests are named.


class Paced:
    """A source that is held at each of ``moments``, in Unix seconds: when the first frame from then on is done with."""

    def __init__(self, source: Any, moments: Sequence[float], hold: Callable[[float], None]) -> None:
        self._source, self._moments, self._hold = source, sorted(moments), hold
        self._time = -math.inf

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)

    def read(self) -> "Frame | None":
        """Return the next frame; whoever asks for it is done with the one before."""
        while self._moments and self._time >= self._moments[0]:
            self._hold(self._moments.pop(0))
        frame: Frame | None = self._source.read()
        self._time = self._time if frame is None else frame.time
        return frame


def _of_a_proof(config: Config) -> Config:
    """Refuse an installation that is not made to be looked into: its tag keys are nobody's business.

    Raises:
        ConfigError: its source is no file, or its runtime folder none of a proof, a canary or a test.
    """
    runtime = config.paths.runtime
    if not Path(config.camera.source).is_file() or not any(part.startswith(_MADE) for part in runtime.parts):
        raise ConfigError(f"[paths] runtime = {runtime}: is not that of a proof; a camera is not looked into")
    return config


def main(file: Path, start: datetime, seconds: Sequence[float]) -> int:
    """Run it; return the exit status."""

    def work(stop: threading.Event) -> None:
        config, level = walls.enter_vision(_of_a_proof(load(file)))
        from edge.service.vision import build  # noqa: PLC0415  (its libraries start threads)

        vision = build(config, start, level)
        counter = vision._handover._counter

        def hold(moment: float) -> None:
            # In hexadecimal, so that the key itself has no second copy here.
            sys.stdout.write(" ".join([str(moment), *(day._key._key.hex() for day in counter._days.values())]) + "\n")
            sys.stdout.flush()
            sys.stdin.readline()

        moments = [start.timestamp() + one for one in seconds]
        vision._source = Paced(vision._source, moments, hold)  # type: ignore[assignment]
        vision.run(stop)
        hold(math.inf)

    return process.run("vision", work)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2]), [float(one) for one in sys.argv[3:]]))
