"""python -m hil.scenes.clip: make the clip that `anpr-edge prove` brings along anew; needs ffmpeg, takes minutes."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import cv2

from edge.proof import clip
from edge.proof.clip import Clip, ClipPassage
from hil.register.packing import make_pack
from hil.scenes import truth as truths
from hil.scenes.__main__ import main as render
from hil.scenes.traffic import Truth

SCENE = ("--vehicles", "30", "--hours", "0.025", "--seed", "3")
# Grey, as plates are read; H.264 in a quality at which all of them still are. Frames keep their own times.
ENCODER = ("-fps_mode", "passthrough", "-c:v", "libx264", "-preset", "slower", "-crf", "30", "-g", "50",
           "-pix_fmt", "yuv420p", "-fflags", "+bitexact", "-flags:v", "+bitexact")  # fmt: skip
# The last frame, of an empty street, comes at the end of the hour: a shorter one would be withheld as a stump.
FILTER = "format=gray,setpts=if(gte(N\\,{last})\\,3599/TB\\,PTS)"


def main() -> None:
    """Render, compress, build the register."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        raise SystemExit("ffmpeg is not installed; on Debian: apt-get install ffmpeg")
    with tempfile.TemporaryDirectory(prefix="anpr-edge-clip-") as name:
        scene = Path(name)
        render(["--out", str(scene), *SCENE], standalone_mode=False)
        clip.FOLDER.mkdir(exist_ok=True)
        street = scene / "street.mkv"
        chosen = FILTER.format(last=_frames(street) - 1)
        film = ["-v", "error", "-y", "-i", str(street), "-vf", chosen, *ENCODER, str(clip.STREET)]
        subprocess.run([ffmpeg, *film], check=True)
        make_pack(scene, scene / clip.PACK.name)
        for file in (clip.PACK, clip.PACK_KEY):
            shutil.copy(scene / file.name, file)
        clip.save(_known(truths.load(scene / "truth.json")))


def _frames(file: Path) -> int:
    """Count them: the container knows its duration only."""
    video, frames = cv2.VideoCapture(str(file)), 0
    while video.grab():
        frames += 1
    video.release()
    return frames


def _known(truth: Truth) -> Clip:
    start = truth.start.timestamp()
    return Clip(
        truth.line,
        tuple(ClipPassage(round(one.time - start, 3), one.plate) for one in truth.passages),
    )


if __name__ == "__main__":
    main()
