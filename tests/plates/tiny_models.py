"""Models of a few nodes with the interface of the real ones.

The detector sees a plate of 40 x 24 pixels around the middle of every bright cell of 8 x 8 pixels; the reader sees in
every 4 columns the character whose class is their brightness divided by ``SHADES``.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.config import ModelsConfig
from edge.plates.inference import SUFFIXES

onnx = pytest.importorskip("onnx", reason="the package onnx builds the models for these tests")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402  (after the check that it is there)

SHADES = 6


def folder(place: Path) -> Path:
    """Write both models, the same for every precision, and their checksums."""
    for name, model in (("detector", detector()), ("reader", reader())):
        for suffix in SUFFIXES.values():
            (place / f"{name}{suffix}").write_bytes(model)
    write_sums(place)
    return place


def write_sums(place: Path) -> None:
    """List the checksums of what is there, as sha256sum does."""
    lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in sorted(place.glob("*.onnx"))]
    (place / "MODELS.sha256").write_text("".join(lines), encoding="ascii")


def config(place: Path, provider: str = "cpu") -> ModelsConfig:
    """Configure one thread and no engines."""
    return ModelsConfig(directory=place, provider=provider, threads=1, engine_cache=place / "engines")  # type: ignore[arg-type]  # any text


def detector() -> bytes:
    """Build the detector: squared brightness of each cell as score, so that the letterbox is none."""
    rows, columns = np.mgrid[0:36, 0:48] * 8 + 4
    corners = [np.stack([columns + x, rows + y], axis=-1) for x, y in ((-20, -12), (20, -12), (20, 12), (-20, 12))]
    grid = np.stack(corners, axis=2).astype(np.float32)[None]
    nodes = [
        helper.make_node("Cast", ["image"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["float", "one"], ["plane"]),
        helper.make_node("AveragePool", ["plane"], ["cells"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("Squeeze", ["cells", "one"], ["flat"]),
        helper.make_node("Div", ["flat", "white"], ["bright"]),
        helper.make_node("Mul", ["bright", "bright"], ["score"]),
        helper.make_node("Identity", ["grid"], ["corners"]),
    ]
    constants = {"one": np.array([1], np.int64), "white": np.float32(255), "grid": grid}
    outputs: dict[str, list[Any]] = {"score": ["N", 36, 48], "corners": [1, 36, 48, 4, 2]}
    return _model(nodes, constants, ("image", ["N", 288, 384]), outputs)


def reader() -> bytes:
    """Build the reader: brightness of each column as class; the second row is blank."""
    nodes = [
        helper.make_node("Cast", ["plates"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["float"], ["line"], axes=[1], keepdims=1),
        helper.make_node("AveragePool", ["line"], ["columns"], kernel_shape=[4], strides=[4]),
        helper.make_node("Div", ["columns", "shades"], ["shade"]),
        helper.make_node("Round", ["shade"], ["whole"]),
        helper.make_node("Cast", ["whole"], ["classes"], to=TensorProto.INT64),
        helper.make_node("Mul", ["classes", "none"], ["blanks"]),
        helper.make_node("Concat", ["classes", "blanks"], ["both"], axis=1),
        helper.make_node("Reshape", ["both", "wanted"], ["rows"]),
        helper.make_node("OneHot", ["rows", "depth", "values"], ["chars"]),
        helper.make_node("ReduceMean", ["float"], ["mean"], axes=[1, 2], keepdims=0),
        helper.make_node("Unsqueeze", ["mean", "one"], ["column"]),
        helper.make_node("Concat", ["column", "column", "column"], ["three"], axis=1),
        helper.make_node("Softmax", ["three"], ["kind"], axis=1),
    ]
    constants = {
        "shades": np.float32(SHADES),
        "none": np.array(0, np.int64),
        "wanted": np.array([-1, 72], np.int64),
        "depth": np.array(37, np.int64),
        "values": np.array([0, 1], np.float32),
        "one": np.array([1], np.int64),
    }
    return _model(nodes, constants, ("plates", ["N", 48, 144]), {"chars": ["N", 72, 37], "kind": ["N", 3]})


def _model(
    nodes: Sequence[Any],
    constants: Mapping[str, Any],
    given: tuple[str, Sequence[Any]],
    outputs: Mapping[str, Sequence[Any]],
) -> bytes:
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(given[0], TensorProto.UINT8, given[1])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(model.SerializeToString())
