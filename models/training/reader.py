"""The reader: its network, its training on the pool of renderings, and its export to ONNX.

    python -m models.training.reader pool      # render
    python -m models.training.reader train     # goes on from its checkpoint
    python -m models.training.reader export

A line per 200 steps goes to the checkpoint's name with the suffix .csv: step, minutes, losses, and the shares of crops
held out that are read exactly and whose kind is told right.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
import numpy as np
import onnx
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from edge.plates.read import collapse
from edge.plates.syntax import decode
from models.training.degrade import COLUMNS, HEIGHT, IGNORE, KINDS, WIDTH
from models.training.pool import HELD_OUT, fill

CLASSES: Final = 37
BATCH: Final = 128
CYCLES: Final = ((12_000, 2e-3), (2_000, 4e-4))
"""Steps and peak rate of each cosine cycle; the second is a warm restart (SGDR, arXiv:1608.03983)."""
SEED: Final = 20
KEYS: Final = ("image", "target", "text", "kind")
CTC_WEIGHT: Final = 0.3
EDGE_WEIGHT: Final = 0.15
KIND_WEIGHT: Final = 0.3


def _unit(inside: int, outside: int, stride: int | tuple[int, int] = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inside, outside, 3, stride, 1, bias=False), nn.BatchNorm2d(outside), nn.ReLU(inplace=True)
    )


class Residual(nn.Module):
    """Two 3x3 convolutions round a shortcut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _unit(width, width)
        self.second = nn.Sequential(nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        return F.relu(x + self.second(self.first(x)))


class Reader(nn.Module):
    """Gray crops (N, 48, 144) to character logits (N, 72, 37) and kind logits (N, 3)."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            _unit(1, 16, 2),  # 24 x 72
            _unit(16, 32),
            _unit(32, 48, 2),  # 12 x 36
            _unit(48, 48),
            _unit(48, 72, (2, 1)),  # 6 x 36
            Residual(72),
        )
        self.fold = nn.Sequential(nn.Conv1d(72 * 6, 160, 1, bias=False), nn.BatchNorm1d(160), nn.ReLU(inplace=True))
        self.context = nn.Sequential(
            nn.Conv1d(160, 160, 5, 1, 2, bias=False), nn.BatchNorm1d(160), nn.ReLU(inplace=True)
        )
        self.mix = nn.Sequential(nn.Conv1d(160, 192, 1, bias=False), nn.BatchNorm1d(192), nn.ReLU(inplace=True))
        self.chars = nn.Conv1d(192, 2 * CLASSES, 1)
        self.kind = nn.Linear(2 * 192, len(KINDS))

    def forward(self, plates: Tensor) -> tuple[Tensor, Tensor]:
        """Plates are 0-255 of any type; each crop is normalised by its own mean and spread."""
        x = plates.float().unsqueeze(1)
        mean = x.mean(dim=(2, 3), keepdim=True)
        spread = (x - mean).square().mean(dim=(2, 3), keepdim=True).sqrt()
        x = self.trunk((x - mean) / (spread + 4.0))
        x = self.fold(x.flatten(1, 2))
        x = self.mix(x + self.context(x))
        chars = self.chars(x).reshape(-1, 2, CLASSES, COLUMNS).transpose(2, 3).reshape(-1, 2 * COLUMNS, CLASSES)
        return chars, self.kind(torch.cat([x.mean(dim=2), x.amax(dim=2)], dim=1))


class Exported(nn.Module):
    """The reader as the camera runs it: probabilities instead of logits."""

    def __init__(self, reader: nn.Module) -> None:
        super().__init__()
        self.reader = reader

    def forward(self, plates: Tensor) -> tuple[Tensor, Tensor]:
        """uint8 (N, 48, 144) to (N, 72, 37) and (N, 3)."""
        chars, kind = self.reader(plates)
        return chars.softmax(dim=2), kind.softmax(dim=1)


@dataclass(slots=True)
class Batch:
    """Tensors of one step."""

    image: Tensor
    target: Tensor
    text: Tensor
    kind: Tensor


class Pool:
    """The shards in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.shards = [self._load(path.name) for path in sorted(folder.glob("shard_?????.npz"))]

    def _load(self, name: str) -> dict[str, NDArray[np.generic]]:
        with np.load(self.folder / name) as data:
            return {key: data[key] for key in data.files}

    def draw(self, rng: np.random.Generator, size: int) -> Batch:
        """A random batch: equal parts of eight random shards."""
        shards = [self.shards[at] for at in rng.integers(len(self.shards), size=8)]
        picks = [(shard, rng.integers(0, len(shard["kind"]), size // 8)) for shard in shards]
        return _batch({key: np.concatenate([shard[key][pick] for shard, pick in picks]) for key in KEYS})

    def held_out(self, size: int) -> Batch:
        """The first `size` crops of the shard that training never sees."""
        with np.load(self.folder / HELD_OUT) as data:
            return _batch({key: data[key][:size] for key in KEYS})


def _batch(parts: dict[str, NDArray[np.generic]]) -> Batch:
    image, *labels = (torch.from_numpy(parts[key]) for key in KEYS)
    return Batch(image.float(), *(label.long() for label in labels))


def vary(image: Tensor) -> Tensor:
    """Cheap variety, so that a crop drawn again is a little different: noise, now and then a small patch."""
    image = image + torch.randn_like(image) * torch.rand(len(image), 1, 1).square() * 14
    for i in torch.randint(0, len(image), (len(image) // 12,)).tolist():
        x, y = int(torch.randint(0, WIDTH - 8, ())), int(torch.randint(0, HEIGHT - 8, ()))
        image[i, y : y + 7, x : x + 7] = float(torch.rand(()) * 255)
    return image.clamp(0, 255)


def losses(reader: Reader, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """Cross-entropy at the known columns (weakly blank at edges), CTC over both rows, cross-entropy of the kind."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        chars, kind = reader(vary(batch.image))
    chars, kind = chars.float(), kind.float()
    edge = batch.target == IGNORE
    each = F.cross_entropy(chars.transpose(1, 2), batch.target.clamp(min=0), reduction="none")
    dense = torch.where(edge, each * EDGE_WEIGHT, each).mean()
    lengths = (batch.text > 0).sum(dim=1)
    times = torch.full((len(chars),), 2 * COLUMNS)
    ctc = F.ctc_loss(chars.log_softmax(2).transpose(0, 1), batch.text, times, lengths, zero_infinity=True)
    return dense, ctc, F.cross_entropy(kind, batch.kind)


def exact(reader: nn.Module, batch: Batch) -> tuple[float, float]:
    """Share of plates read exactly, and share of kinds told right."""
    reader.eval()
    with torch.no_grad():
        chars, kind = reader(batch.image)
    reader.train()
    read = [decode(collapse(columns).argmax(axis=1)).decode() for columns in chars.softmax(2).numpy()]
    true = ["".join("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[c - 1] for c in row if c) for row in batch.text.numpy()]
    plates = [r == t for r, t in zip(read, true, strict=True) if t]
    return float(np.mean(plates)), float((kind.argmax(1) == batch.kind).float().mean())


@dataclass(slots=True)
class Run:
    """What a checkpoint holds."""

    reader: Reader
    average: torch.optim.swa_utils.AveragedModel
    optimizer: torch.optim.Optimizer
    step: int = 0
    seconds: float = 0.0

    def save(self, path: Path) -> None:
        """Write the checkpoint in one go."""
        state: dict[str, Any] = {"reader": self.reader.state_dict(), "average": self.average.state_dict()}
        state |= {"optimizer": self.optimizer.state_dict(), "step": self.step, "seconds": self.seconds}
        torch.save(state, path.with_suffix(".part"))
        path.with_suffix(".part").rename(path)

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint, if there is one."""
        if path.exists():
            state = torch.load(path, weights_only=True)
            self.reader.load_state_dict(state["reader"])
            self.average.load_state_dict(state["average"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.step, self.seconds = state["step"], state["seconds"]


def new_run() -> Run:
    """A fresh reader with its moving average and optimizer; the seed is fixed."""
    torch.manual_seed(SEED)
    reader = Reader().to(memory_format=torch.channels_last)
    average = torch.optim.swa_utils.AveragedModel(
        reader, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.997), use_buffers=True
    )
    return Run(reader, average, torch.optim.AdamW(reader.parameters(), CYCLES[0][1], weight_decay=0.02))


def rate(step: int) -> float:
    """Learning rate: each cycle warms up for a hundredth of its steps, then half a cosine down to a hundredth."""
    for steps, peak in CYCLES:
        if step < steps:
            done = step / steps
            return peak * min(1.0, done / 0.01 + 0.05) * (0.505 + 0.495 * float(np.cos(np.pi * done)))
        step -= steps
    return 0.0


def step_of(run: Run, pool: Pool) -> list[float]:
    """One step, whose batch depends on the pool and the step's number only; returns the parts of the loss."""
    torch.manual_seed(SEED + run.step)
    for group in run.optimizer.param_groups:
        group["lr"] = rate(run.step)
    dense, ctc, kind = losses(run.reader, pool.draw(np.random.default_rng([SEED, run.step]), BATCH))
    run.optimizer.zero_grad()
    (dense + CTC_WEIGHT * ctc + KIND_WEIGHT * kind).backward()
    nn.utils.clip_grad_norm_(run.reader.parameters(), 2.0)
    run.optimizer.step()
    run.average.update_parameters(run.reader)
    run.step += 1
    return [dense.item(), ctc.item(), kind.item()]


def train(run: Run, pool: Pool, checkpoint: Path) -> None:
    """Train through all cycles; a line of the learning curve and a checkpoint every 200 steps."""
    steps, held, sums = sum(length for length, _ in CYCLES), pool.held_out(2048), np.zeros(3)
    started, before = time.monotonic(), run.seconds
    while run.step < steps:
        sums += step_of(run, pool)
        if run.step % 200 == 0 or run.step == steps:
            run.seconds = before + time.monotonic() - started
            note(run, checkpoint, [*(sums / 200), *exact(run.average.module, held)])
            sums[:] = 0
            run.save(checkpoint)


def note(run: Run, checkpoint: Path, figures: list[float]) -> None:
    """Write a line of the learning curve."""
    line = f"{run.step},{run.seconds / 60:.1f}," + ",".join(f"{value:.4f}" for value in figures)
    with checkpoint.with_suffix(".csv").open("a") as curve:
        curve.write(line + "\n")
    print(line, flush=True)


@click.group()
def main() -> None:
    """Train the reader."""


@main.command("pool")
@click.option("--folder", type=click.Path(path_type=Path), default=Path("build/reader_pool"))
@click.option("--fonts", type=click.Path(path_type=Path), default=Path("build/fonts"))
@click.option("--first", default=0)
@click.option("--count", default=110)
@click.option("--processes", default=1)
def pool_command(folder: Path, fonts: Path, first: int, count: int, processes: int) -> None:
    """Render shards of 4096 crops."""
    fill(folder, fonts, first, count, processes)


@main.command("train")
@click.option("--folder", type=click.Path(path_type=Path), default=Path("build/reader_pool"))
@click.option("--checkpoint", type=click.Path(path_type=Path), default=Path("build/reader.pt"))
@click.option("--threads", default=1)
def train_command(folder: Path, checkpoint: Path, threads: int) -> None:
    """Train on the pool, or go on training."""
    torch.set_num_threads(threads)
    run = new_run()
    run.resume(checkpoint)
    train(run, Pool(folder), checkpoint)


@main.command("export")
@click.option("--checkpoint", type=click.Path(path_type=Path), default=Path("build/reader.pt"))
@click.option("--out", type=click.Path(path_type=Path), default=Path("models/reader.onnx"))
def export_command(checkpoint: Path, out: Path) -> None:
    """Write the averaged weights as ONNX, opset 17, any batch size."""
    run = new_run()
    run.resume(checkpoint)
    model = Exported(run.average.module).eval()
    torch.onnx.export(
        model,
        (torch.zeros(2, HEIGHT, WIDTH, dtype=torch.uint8),),
        str(out),
        input_names=["plates"],
        output_names=["chars", "kind"],
        dynamic_axes={"plates": {0: "N"}, "chars": {0: "N"}, "kind": {0: "N"}},
        opset_version=17,
        dynamo=False,
    )
    _name_shapes(out)


def _name_shapes(path: Path) -> None:
    """State the outputs' fixed sizes, which the exporter loses on the way through the transposition."""
    model = onnx.load(path)
    for output, shape in zip(model.graph.output, ((2 * COLUMNS, CLASSES), (len(KINDS),)), strict=True):
        for dim, size in zip(output.type.tensor_type.shape.dim[1:], shape, strict=True):
            dim.dim_value = size
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


if __name__ == "__main__":
    main()
