"""From frame to passage: detect, track, read, vote."""

import os

# Read when ONNX Runtime is loaded: its wheels for Linux write a device id below the home folder and report over HTTPS.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
