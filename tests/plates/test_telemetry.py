"""What ONNX Runtime does beside running models."""

import os
import subprocess
import sys
from pathlib import Path

CODE = """
import os
import edge.plates.inference
print(len(os.listdir("/proc/self/task")))
"""


def test_onnxruntime_reports_nothing(tmp_path: Path) -> None:
    """Loaded through this package it starts no thread of its own and leaves no device id below the home folder."""
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    environment |= {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache"), "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "1\n"
    assert not list(tmp_path.rglob("*"))
