"""Opening models."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from edge.errors import ConfigError
from edge.plates.inference import choose_provider, load_models
from tests.plates import tiny_models

ALL = ["TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"]


def test_both_models_open_and_run(tmp_path: Path) -> None:
    """With the checksums as identity, on the processor that was asked for."""
    models = load_models(tiny_models.config(tiny_models.folder(tmp_path)))
    assert models.provider == "cpu"
    assert sorted(models.identity) == ["detector", "reader"]
    assert all(len(sum_) == 64 for sum_ in models.identity.values())
    score, corners = models.detector.run(("score", "corners"), {"image": np.zeros((1, 288, 384), np.uint8)})
    assert (score.shape, corners.shape) == ((1, 36, 48), (1, 36, 48, 4, 2))


@pytest.mark.parametrize("name", ["detector.int8.onnx", "reader.int8.onnx", "MODELS.sha256"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    """Model or list of checksums."""
    tiny_models.folder(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(ConfigError, match=name):
        load_models(tiny_models.config(tmp_path))


def test_a_wrong_checksum_is_refused(tmp_path: Path) -> None:
    """One flipped bit, and nothing runs."""
    file = tiny_models.folder(tmp_path) / "reader.int8.onnx"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"reader\.int8\.onnx: wrong checksum"):
        load_models(tiny_models.config(tmp_path))


def test_a_model_without_checksum_is_refused(tmp_path: Path) -> None:
    """The list must name it."""
    sums = tiny_models.folder(tmp_path) / "MODELS.sha256"
    sums.write_text(sums.read_text(encoding="ascii").splitlines()[0], encoding="ascii")
    with pytest.raises(ConfigError, match=r"no line for reader\.int8\.onnx"):
        load_models(tiny_models.config(tmp_path))


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    """Also if its checksum is right."""
    (tiny_models.folder(tmp_path) / "detector.int8.onnx").write_bytes(b"no model")
    tiny_models.write_sums(tmp_path)
    with pytest.raises(ConfigError, match=r"detector\.int8\.onnx: onnxruntime can't load"):
        load_models(tiny_models.config(tmp_path))


def test_another_kind_of_model_is_refused(tmp_path: Path) -> None:
    """A reader under the detector's name."""
    (tiny_models.folder(tmp_path) / "detector.int8.onnx").write_bytes(tiny_models.reader())
    tiny_models.write_sums(tmp_path)
    with pytest.raises(ConfigError, match=r"detector\.int8\.onnx: is another kind of model; expected image"):
        load_models(tiny_models.config(tmp_path))


def test_a_cpu_runs_eight_bits_unless_floats_are_asked_for(tmp_path: Path) -> None:
    """What runs is what the identity says."""
    config = tiny_models.config(tiny_models.folder(tmp_path))
    (tmp_path / "detector.onnx").write_bytes(tiny_models.detector() + b"\x12\x01x")  # Another producer's name.
    tiny_models.write_sums(tmp_path)
    eight, floats = load_models(config), load_models(config, "fp32")
    assert eight.identity["reader"] == floats.identity["reader"]
    assert floats.identity["detector"] == hashlib.sha256((tmp_path / "detector.onnx").read_bytes()).hexdigest()
    assert eight.identity["detector"] == hashlib.sha256((tmp_path / "detector.int8.onnx").read_bytes()).hexdigest()


def test_auto_takes_the_fastest_that_is_there(tmp_path: Path) -> None:
    """TensorRT counts only with prepared engines."""
    auto = tiny_models.config(tmp_path, "auto")
    assert choose_provider(auto, ["CPUExecutionProvider"]) == "cpu"
    assert choose_provider(auto, ALL) == "cuda"
    (tmp_path / "engines").mkdir()
    (tmp_path / "engines" / "detector.engine").touch()
    assert choose_provider(auto, ALL) == "tensorrt"


def test_a_provider_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """The error says what the device has; TensorRT without engines names their folder."""
    with pytest.raises(ConfigError, match="'cuda': this device has auto, cpu"):
        choose_provider(tiny_models.config(tmp_path, "cuda"), ["CPUExecutionProvider"])
    with pytest.raises(ConfigError, match="engine_cache"):
        choose_provider(tiny_models.config(tmp_path, "tensorrt"), ALL)
    assert choose_provider(tiny_models.config(tmp_path, "cpu"), ALL) == "cpu"
