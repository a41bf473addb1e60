#!/usr/bin/env bash
# From nothing to models/*.onnx: fonts, photographs, renderings, training, export. Takes hours on two cores.
# ANPR_STREET_RO may name a folder of real street scenes (train_*.jpg with labels.csv); without it the detector
# trains on renderings alone. What is there already is continued: stop it with Ctrl-C and start it again.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=${ANPR_TRAINING:-var/training}
python=$work/venv/bin/python
mkdir -p "$work"

if [ ! -x "$python" ]; then
    echo "setting up the training environment in $work/venv"
    python3 -m venv "$work/venv"
    "$python" -m pip install --quiet torch==2.13.0
    "$python" -m pip install --quiet numpy opencv-python-headless onnx onnxruntime fonttools brotli msgspec click structlog
fi
[ -d "$work/fonts" ] || ./models/training/get_fonts.sh "$work/fonts"
[ -d "$work/backgrounds" ] || ./models/training/get_backgrounds.sh "$work/backgrounds"

echo "reader: renderings, training, export"
"$python" -m models.training.reader pool --folder "$work/reader-pool" --fonts "$work/fonts" --count 60
"$python" -m models.training.reader train --folder "$work/reader-pool" --checkpoint "$work/reader.pt" --minutes 90
"$python" -m models.training.reader export --checkpoint "$work/reader.pt"

echo "detector: renderings, training, export"
"$python" -m models.training.scenes "$work/detector-pool" --seed 11 --first 200 --shards 180 --backgrounds "$work/backgrounds"
"$python" -m models.training.detector train "$work/detector-pool" "$work/detector.pt" --steps 6000
"$python" -m models.training.detector export "$work/detector.pt" models/detector.onnx

(cd models && sha256sum detector.onnx reader.onnx > MODELS.sha256)
echo "models/MODELS.sha256 is new; the figures of the model cards are those of the old files"
