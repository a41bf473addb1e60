"""Train the plate detector and write it as ONNX.

    python -m models.training.detector train POOL CHECKPOINT [--threads 1]
    python -m models.training.detector export CHECKPOINT models/detector.onnx

ANPR_STREET_RO names the folder of real street scenes; without it training runs on renderings alone. A checkpoint that
exists is continued. A line per 50 steps goes to CHECKPOINT with the suffix .csv: step, minutes, losses.
"""

import argparse
import copy
import math
import os
import time
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch
from torch import Tensor
from torch.nn import functional as F

from models.training.batches import Pool, Target, batches
from models.training.network import COLUMNS, HEIGHT, ROWS, WIDTH, Detector, Exported
from models.training.scenes import EXACT
from models.training.streets import load_streets

BATCH = 32
REAL = 0.25  # share of real streets in a batch
CYCLES = ((9_000, 2.5e-3), (1_500, 5e-4))  # steps and peak rate; the second is a warm restart (SGDR, arXiv:1608.03983)
WARM_UP = 150
SMOOTH = 0.998  # of the averaged weights


def score_loss(logits: Tensor, heat: Tensor, trust: Tensor) -> Tensor:
    """Focal loss on centres, softened around them (CornerNet, arXiv:1808.01244, eq. 1), per plate."""
    p = torch.sigmoid(logits).clamp(1e-4, 1 - 1e-4)
    centre = (heat >= 1).float()
    hit = -torch.log(p) * (1 - p) ** 2 * centre
    miss = -torch.log(1 - p) * p**2 * (1 - heat) ** 4 * (1 - centre)
    return ((hit + miss) * trust).sum() / centre.sum().clamp(min=1)


def corner_loss(corners: Tensor, target: Target) -> Tensor:
    """Corner errors along and across the plate over its width and height; only extremes where a box is all we know."""
    kinds, heat = torch.from_numpy(target.kinds), torch.from_numpy(target.heat)
    at = kinds > 0
    if not bool(at.any()):
        return corners.sum() * 0
    wanted, found = torch.from_numpy(target.quads)[at], corners[at]
    error = torch.where((kinds[at] == EXACT)[:, None], _turned(found, wanted), _extremes(found, wanted))
    loss = F.smooth_l1_loss(error, torch.zeros_like(error), beta=0.03, reduction="none").mean(dim=1)
    return (loss * heat[at]).sum() / heat[at].sum()


def _turned(found: Tensor, wanted: Tensor) -> Tensor:
    """Errors [n, 8] of the corners in the plate's own directions, in widths and heights."""
    along = (wanted[:, 1] + wanted[:, 2] - wanted[:, 0] - wanted[:, 3]) / 2
    down = (wanted[:, 2] + wanted[:, 3] - wanted[:, 0] - wanted[:, 1]) / 2
    away = found - wanted
    x = (away * along[:, None]).sum(2) / along.square().sum(1, keepdim=True).clamp(min=1)
    y = (away * down[:, None]).sum(2) / down.square().sum(1, keepdim=True).clamp(min=1)
    return torch.cat((x, y), dim=1)


def _extremes(found: Tensor, wanted: Tensor) -> Tensor:
    """Errors [n, 8] of the upright box around the corners, in widths and heights (each twice)."""
    size = (wanted[:, 2] - wanted[:, 0]).clamp(min=1)
    low = (found.amin(dim=1) - wanted[:, 0]) / size
    high = (found.amax(dim=1) - wanted[:, 2]) / size
    return torch.cat((low, high, low, high), dim=1)


def loss_of(net: Detector, images: np.ndarray, target: Target) -> tuple[Tensor, list[float]]:
    """The whole loss of a batch, and its three parts as numbers."""
    with torch.autocast("cpu", torch.bfloat16):
        logits, corners, mask = net(torch.from_numpy(images))
    trust = torch.from_numpy(target.trust)
    score = score_loss(logits, torch.from_numpy(target.heat), trust)
    place = corner_loss(corners, target)
    cover = F.binary_cross_entropy_with_logits(mask, torch.from_numpy(target.mask), weight=trust)
    return score + 4 * place + 2 * cover, [score.item(), place.item(), cover.item()]


def rate_at(step: int) -> float:
    """Learning rate: each cycle warms up, then half a cosine down to a hundredth."""
    for steps, peak in CYCLES:
        if step < steps:
            warm = min(1.0, (step + 1) / WARM_UP)
            return peak * warm * (0.01 + 0.99 * (1 + math.cos(math.pi * step / steps)) / 2)
        step -= steps
    return 0.0


class Trainer:
    """Network, averaged network and optimiser, with checkpoints."""

    def __init__(self, path: Path, seed: int) -> None:
        torch.manual_seed(seed)
        self.path, self.step, self.minutes = path, 0, 0.0
        self.net = Detector().to(memory_format=torch.channels_last)
        self.mean = copy.deepcopy(self.net).eval()
        weights = [p for p in self.net.parameters() if p.ndim > 1]
        rest = [p for p in self.net.parameters() if p.ndim <= 1]
        groups = [{"params": weights, "weight_decay": 0.02}, {"params": rest, "weight_decay": 0.0}]
        self.optimiser = torch.optim.AdamW(groups, lr=CYCLES[0][1])
        if path.exists():
            self._resume()

    def _resume(self) -> None:
        state = torch.load(self.path, weights_only=True)
        self.net.load_state_dict(state["net"])
        self.mean.load_state_dict(state["mean"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.minutes = state["step"], state["minutes"]

    def save(self) -> None:
        """Write the checkpoint, the old one stays until the new one is whole."""
        state = {"net": self.net.state_dict(), "mean": self.mean.state_dict(), "optimiser": self.optimiser.state_dict()}
        part = self.path.with_suffix(".part")
        torch.save(state | {"step": self.step, "minutes": self.minutes}, part)
        part.rename(self.path)

    def learn(self, images: np.ndarray, target: Target) -> list[float]:
        """One step; returns the parts of the loss."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate_at(self.step)
        self.optimiser.zero_grad(set_to_none=True)
        loss, parts = loss_of(self.net, images, target)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimiser.step()
        self.step += 1
        self._average()
        return parts

    @torch.no_grad()
    def _average(self) -> None:
        keep = min(SMOOTH, self.step / (self.step + 10))
        mine = self.net.state_dict()
        for name, value in self.mean.state_dict().items():
            if value.is_floating_point():
                value.lerp_(mine[name], 1 - keep)
            else:
                value.copy_(mine[name])


def train(pool: Path, checkpoint: Path, seed: int) -> None:
    """Train through all cycles, saving every 100 steps."""
    trainer, steps = Trainer(checkpoint, seed), sum(length for length, _ in CYCLES)
    folder = os.environ.get("ANPR_STREET_RO")
    streets = load_streets(Path(folder) if folder else None)
    started, before, sums = time.monotonic(), trainer.minutes, np.zeros(3)
    for images, target in batches(Pool(pool), streets, BATCH, REAL, seed, range(trainer.step, steps)):
        sums += trainer.learn(images, target)
        trainer.minutes = before + (time.monotonic() - started) / 60
        if trainer.step % 50 == 0:
            _note(checkpoint, trainer, sums / 50)
            sums[:] = 0
        if trainer.step % 100 == 0 or trainer.step == steps:
            trainer.save()


def _note(checkpoint: Path, trainer: Trainer, losses: np.ndarray) -> None:
    """A line of the learning curve."""
    line = f"{trainer.step},{trainer.minutes:.1f}," + ",".join(f"{v:.4f}" for v in losses)
    with checkpoint.with_suffix(".csv").open("a") as curve:
        curve.write(line + "\n")
    print(line, flush=True)


def export(checkpoint: Path, target: Path) -> None:
    """Write the averaged network as ONNX, opset 17, any batch size."""
    net = Detector()
    net.load_state_dict(torch.load(checkpoint, weights_only=True)["mean"])
    sample = torch.zeros(1, HEIGHT, WIDTH, dtype=torch.uint8)
    names = {"input_names": ["image"], "output_names": ["score", "corners"]}
    free = {name: {0: "N"} for name in ("image", "score", "corners")}
    model = Exported(net.eval())
    torch.onnx.export(model, (sample,), str(target), opset_version=17, dynamic_axes=free, dynamo=False, **names)
    _name_sizes(target)


def _name_sizes(target: Path) -> None:
    """Write the output sizes, which tracing leaves open, into the file."""
    model = onnx.load(target)
    for output in model.graph.output:
        for size, dim in zip((ROWS, COLUMNS, 4, 2), list(output.type.tensor_type.shape.dim)[1:], strict=False):
            dim.dim_value = size
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, target)


def main() -> None:
    """Train or export."""
    parser = argparse.ArgumentParser(description="Train the plate detector, or write it as ONNX.")
    parser.add_argument("what", choices=("train", "export"))
    parser.add_argument("source", type=Path, help="pool (train) or checkpoint (export)")
    parser.add_argument("target", type=Path, help="checkpoint (train) or ONNX file (export)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=4)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(1)
    if args.what == "train":
        train(args.source, args.target, args.seed)
    else:
        export(args.source, args.target)


if __name__ == "__main__":
    main()
