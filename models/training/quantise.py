"""Turn a trained model into eight bits: weights signed, per channel; activations unsigned, ranges from calibration.

    python -m models.training.quantise detector POOL models/detector.onnx models/detector.int8.onnx
    python -m models.training.quantise reader POOL models/reader.onnx models/reader.int8.onnx

POOL holds the renderings that the model was trained on; ANPR_STREET_RO adds real streets, as in training. What comes
after the last convolutions, such as sizes and corners, stays in floats: eight bits for 384 pixels would move every
corner. The files hold QuantizeLinear and DequantizeLinear nodes at opset 17.
"""

import argparse
import os
import tempfile
from collections.abc import Iterator  # noqa: TC003  (of the class below)
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from models.training.batches import real_scene
from models.training.streets import load_streets

FRAMES = 512
SHARDS = 16
REAL = 0.25  # share of real streets, as in training
BATCH = 8
SEED = 6
QUANTISED = {"Conv", "Add", "Relu", "Resize"}
INPUTS = {"detector": "image", "reader": "plates"}
KEYS = {"detector": "images", "reader": "image"}

Frames = NDArray[np.uint8]


class Calibration(CalibrationDataReader):
    """Frames in batches, as onnxruntime asks for them."""

    def __init__(self, name: str, frames: Frames) -> None:
        self._batches: Iterator[dict[str, Frames]] = iter(
            {name: frames[at : at + BATCH]} for at in range(0, len(frames) - BATCH + 1, BATCH)
        )

    def get_next(self) -> dict[str, Frames] | None:
        """The next batch, None after the last."""
        return next(self._batches, None)


def calibration_frames(what: str, pool: Path) -> Frames:
    """Frames of the pool's first shards; for the detector a share of real streets instead, where there are any."""
    paths = sorted(pool.glob("[0-9s]*.npz"))[:SHARDS]
    if not paths:
        raise SystemExit(f"{pool}: holds no renderings; models/training/train.sh makes them")
    frames = np.concatenate([_first(path, KEYS[what], FRAMES // len(paths)) for path in paths])
    folder = os.environ.get("ANPR_STREET_RO")
    streets = load_streets(Path(folder)) if folder and what == "detector" else ()
    rng = np.random.default_rng(SEED)
    for at in range(int(REAL * len(frames)) if streets else 0):
        frames[at] = real_scene(rng, streets[int(rng.integers(len(streets)))]).image
    return frames


def _first(path: Path, key: str, count: int) -> Frames:
    with np.load(path) as data:
        return np.asarray(data[key][:count], np.uint8)


def nodes_before_heads(model: onnx.ModelProto) -> list[str]:
    """Names of the quantisable nodes up to and including those whose result reaches an output through no other Conv."""
    producers = {output: node for node in model.graph.node for output in node.output}
    found: dict[str, onnx.NodeProto] = {}

    def walk(tensor: str, *, behind: bool) -> None:
        node = producers.get(tensor)
        if node is None or node.name in found:
            return
        if behind:
            found[node.name] = node
        for source in node.input:
            walk(source, behind=behind or node.op_type in {"Conv", "Gemm"})

    for output in model.graph.output:
        walk(output.name, behind=False)
    return [name for name, node in found.items() if node.op_type in QUANTISED]


def quantise(what: str, pool: Path, source: Path, target: Path) -> None:
    """Write the eight-bit model."""
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        quantize_static(
            str(prepared),
            str(target),
            Calibration(INPUTS[what], calibration_frames(what, pool)),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=sorted(QUANTISED),
            nodes_to_quantize=nodes_before_heads(onnx.load(prepared)),
        )
    onnx.checker.check_model(onnx.load(target), full_check=True)


def main() -> None:
    """Quantise one model."""
    parser = argparse.ArgumentParser(description="Turn a trained model into eight bits.")
    parser.add_argument("what", choices=sorted(INPUTS))
    parser.add_argument("pool", type=Path, help="the renderings that it was trained on")
    parser.add_argument("source", type=Path, help="ONNX file in floats")
    parser.add_argument("target", type=Path, help="ONNX file to write")
    args = parser.parse_args()
    quantise(args.what, args.pool, args.source, args.target)
    print(f"{args.target}: {args.target.stat().st_size:,} bytes, {args.source.stat().st_size:,} in floats")


if __name__ == "__main__":
    main()
