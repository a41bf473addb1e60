"""ONNX models as sessions: which file, which processor, checked before use."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from edge.config import ModelsConfig
from edge.errors import ConfigError

SUMS = "MODELS.sha256"
DETECTOR, READER = "detector", "reader"
Precision = Literal["int8", "fp32"]
SUFFIXES: dict[Precision, str] = {"int8": ".int8.onnx", "fp32": ".onnx"}
_SIGNATURES: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    DETECTOR: (frozenset({"image"}), frozenset({"score", "corners"})),
    READER: (frozenset({"plates"}), frozenset({"chars", "kind"})),
}
_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider", "tensorrt": "TensorrtExecutionProvider"}
# One engine for every number of plates in a frame: without it each new number would take minutes to build another.
_SHAPES = {DETECTOR: "image:{}x288x384", READER: "plates:{}x48x144"}
_BATCHES = {DETECTOR: (1, 1, 1), READER: (1, 4, 16)}
_QUIET = 3  # ERROR: onnxruntime's warnings name nodes and optimisations, nothing that an operator can change.


class Session(Protocol):
    """What is used of onnxruntime's InferenceSession."""

    def run(self, output_names: Sequence[str], input_feed: Mapping[str, NDArray[np.uint8]]) -> Sequence[Any]:
        """Return the named outputs for one input."""


@dataclass(frozen=True, slots=True)
class Models:
    """Both models, ready to run.

    ``identity`` is the SHA-256 of each file in lower-case hexadecimal, by model: it tells in ``state`` what counted.
    ``provider`` is where they run: cpu, cuda or tensorrt.
    """

    detector: Session
    reader: Session
    identity: Mapping[str, str]
    provider: str


def load_models(config: ModelsConfig, precision: Precision | None = None) -> Models:
    """Check and open both models: eight bits on a CPU, floats on a GPU, unless ``precision`` says otherwise.

    Eight bits are twice as fast on a CPU and read as well (models/*.md). TensorRT takes no unsigned activations, and
    makes its own sixteen bits of floats.

    Raises:
        ConfigError: naming the file or the option; nothing unchecked is ever run.
    """
    provider = choose_provider(config, ort.get_available_providers())
    suffix = SUFFIXES[precision or ("int8" if provider == "cpu" else "fp32")]
    files = {model: config.directory / f"{model}{suffix}" for model in (DETECTOR, READER)}
    contents = {model: _checked(file) for model, file in files.items()}
    sessions = {model: _open(model, files[model], content, config, provider) for model, content in contents.items()}
    identity = {model: hashlib.sha256(content).hexdigest() for model, content in contents.items()}
    return Models(sessions[DETECTOR], sessions[READER], identity, provider)


def choose_provider(config: ModelsConfig, available: Sequence[str]) -> str:
    """Return cpu, cuda or tensorrt: the fastest that the device has for ``auto``, else what was asked.

    TensorRT takes minutes to build an engine, and the folder is read only in the field: it counts as there only once
    engines were prepared.

    Raises:
        ConfigError: the one that was asked for is not there.
    """
    present = [name for name, full in _PROVIDERS.items() if full in available]
    engines = any(config.engine_cache.glob("*.engine"))
    if config.provider == "auto":
        usable = [name for name in ("tensorrt", "cuda") if name in present and (name != "tensorrt" or engines)]
        return usable[0] if usable else "cpu"
    if config.provider not in present:
        raise ConfigError(f"[models] provider = {config.provider!r}: this device has {', '.join(['auto', *present])}")
    if config.provider == "tensorrt" and not engines:
        raise ConfigError(f"[models] engine_cache = {str(config.engine_cache)!r}: no prepared engine (*.engine) in it")
    return config.provider


def _checked(file: Path) -> bytes:
    """Read a model file, whose checksum must be the one listed beside it."""
    listed = _listed(file.parent / SUMS)
    if file.name not in listed:
        raise ConfigError(f"{file.parent / SUMS}: has no line for {file.name}")
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file}: model can't be read: {error.strerror}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != listed[file.name]:
        raise ConfigError(f"{file}: wrong checksum: {SUMS} says {listed[file.name]}, the file has {found}")
    return content


def _listed(sums: Path) -> dict[str, str]:
    """Read a file as sha256sum writes it."""
    try:
        lines = sums.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{sums}: list of model checksums can't be read") from error
    pairs = [line.split() for line in lines if line.strip()]
    return {pair[-1].removeprefix("*"): pair[0].lower() for pair in pairs}


def _open(model: str, file: Path, content: bytes, config: ModelsConfig, provider: str) -> Session:
    try:
        session = ort.InferenceSession(content, _options(config), providers=_provider_list(config, provider, model))
    except Exception as error:  # onnxruntime's errors have no common base but this.
        raise ConfigError(f"{file}: onnxruntime can't load this model on {provider}") from error
    _check_signature(model, file, session)
    if session.get_providers()[0] != _PROVIDERS[provider]:
        # onnxruntime falls back in silence, to a processor that can't keep up.
        raise ConfigError(f"{file}: {provider} was chosen, but onnxruntime fell back to {session.get_providers()[0]}")
    return session  # type: ignore[no-any-return]  # onnxruntime ships no types.


def _check_signature(model: str, file: Path, session: Any) -> None:
    """Refuse a model of another kind, such as a reader under the detector's name."""
    inputs = {entry.name for entry in session.get_inputs()}
    outputs = {entry.name for entry in session.get_outputs()}
    wanted_in, wanted_out = _SIGNATURES[model]
    if inputs != wanted_in or not wanted_out <= outputs:
        expected = f"{', '.join(sorted(wanted_in))} -> {', '.join(sorted(wanted_out))}"
        raise ConfigError(f"{file}: is another kind of model; expected {expected}")


def _options(config: ModelsConfig) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = config.threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _QUIET
    options.enable_mem_pattern = False  # It keeps a plan for every number of plates in a batch, for no gain in speed.
    # Threads that spin between frames burn a core of a device that idles most of the time.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _provider_list(config: ModelsConfig, provider: str, model: str) -> list[str | tuple[str, dict[str, str]]]:
    if provider == "cpu":
        return [_PROVIDERS["cpu"]]
    # The GPU arena would grow in powers of two and never shrink.
    cuda = (_PROVIDERS["cuda"], {"arena_extend_strategy": "kSameAsRequested"})
    cached = {"trt_engine_cache_enable": "1", "trt_engine_cache_path": str(config.engine_cache), **_profile(model)}
    first = [(_PROVIDERS["tensorrt"], cached)] if provider == "tensorrt" else []
    return [*first, cuda, _PROVIDERS["cpu"]]


def _profile(model: str) -> dict[str, str]:
    """Return TensorRT's smallest, usual and largest input shape."""
    sizes = zip(("min", "opt", "max"), _BATCHES[model], strict=True)
    return {f"trt_profile_{name}_shapes": _SHAPES[model].format(batch) for name, batch in sizes}
