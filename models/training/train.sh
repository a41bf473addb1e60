#!/usr/bin/env bash
# From nothing to models/*.onnx: fonts, photographs, renderings, training, eight-bit models. An hour or two on two cores.
# ANPR_STREET_RO may name a folder of real street scenes (train_*.jpg with labels.csv); without it both models train
# on renderings alone. What is there already is kept and continued: stop it with Ctrl-C and start it again.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=${ANPR_TRAINING:-var/training}
python=$work/venv/bin/python
cores=$(nproc)
threads=$(((cores + 1) / 2))
mkdir -p "$work"

if [ ! -f "$work/venv/.ready" ]; then
    echo "setting up the training environment in $work/venv"
    python3 -m venv "$work/venv"
    "$python" -m pip install --quiet --disable-pip-version-check torch==2.13.0
    "$python" -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/train.txt
    touch "$work/venv/.ready"
fi
[ -d "$work/fonts" ] || ./models/training/get_fonts.sh "$work/fonts"
[ -d "$work/backgrounds" ] || ./models/training/get_backgrounds.sh "$work/backgrounds"

echo "renderings for the reader, and for the detector"
"$python" -m models.training.reader pool --folder "$work/reader-pool" --fonts "$work/fonts" --processes "$cores"
"$python" -m models.training.scenes "$work/detector-pool" --backgrounds "$work/backgrounds" --processes "$cores"

echo "training both at the same time, $threads thread(s) each; learning curves: $work/reader.csv, $work/detector.csv"
"$python" -m models.training.reader train --folder "$work/reader-pool" --checkpoint "$work/reader.pt" --threads "$threads" &
reader=$!
"$python" -m models.training.detector train "$work/detector-pool" "$work/detector.pt" --threads "$threads"
wait "$reader"
"$python" -m models.training.reader export --checkpoint "$work/reader.pt" --out models/reader.onnx
"$python" -m models.training.detector export "$work/detector.pt" models/detector.onnx

for model in detector reader; do
    "$python" -m models.training.quantise "$model" "$work/$model-pool" "models/$model.onnx" "models/$model.int8.onnx"
done
(cd models && sha256sum ./*.onnx | sed "s| \./| |" > MODELS.sha256)
echo "models/MODELS.sha256 is new; the figures of the model cards are those of the old files"
