"""Curves as SVG for the model cards: small panels on white, the same bytes for the same numbers."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from models.training.sweep import PANELS, Curve, Panel, Point

Share: TypeAlias = Callable[[Point], float | None]
_COLOURS = ("#0b62c4", "#c4420b", "#2f7d32")
_STYLE = {
    "svg.hashsalt": "anpr-edge",
    "svg.fonttype": "none",
    "font.size": 9,
    "font.family": "sans-serif",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
}


def draw_detector(curves: Sequence[Curve], note: str, file: Path) -> None:
    """Draw the share of plates that are found."""
    _draw(curves, {"-": lambda point: point.found}, "plates found, %", note, file)


def draw_reader(curves: Sequence[Curve], note: str, file: Path) -> None:
    """Draw the share of plates that are read: of all, and dotted of those found."""
    _draw(curves, {"-": lambda point: point.read, ":": lambda point: point.read_of_found}, "plates read, %", note, file)


def _draw(curves: Sequence[Curve], shares: dict[str, Share], label: str, note: str, file: Path) -> None:
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(9.6, 7.6), layout="constrained", facecolor="white")
        places = figure.add_gridspec(3, 3)
        cells = [
            places[0, :2],
            *(places[row, column] for row in range(3) for column in range(3) if (row, column) > (0, 1)),
        ]
        for panel, cell in zip(PANELS, cells, strict=False):
            axes = figure.add_subplot(cell)
            _panel(axes, panel, [curve for curve in curves if curve.panel == panel.title], shares)
            axes.set_ylabel(label)
        _write(figure.add_subplot(cells[len(PANELS)]), note)
        figure.savefig(file, metadata={"Date": None})


def _panel(axes: Axes, panel: Panel, curves: Sequence[Curve], shares: dict[str, Share]) -> None:
    unit = 100 if panel.relative else 1
    for colour, curve in zip(_COLOURS, curves, strict=False):
        for style, share in shares.items():
            name = curve.line if style == "-" and len(curves) > 1 else None
            values, heights = zip(*_points(curve, share, unit), strict=True)
            axes.plot(values, heights, style, color=colour, label=name, marker="o", markersize=3)
    if panel.ticks:
        axes.set_xscale("log")
        axes.set_xticks(panel.ticks, [f"{tick:g}" for tick in panel.ticks])
        axes.set_xticks([], minor=True)
    axes.set_ylim(-3, 103)
    axes.set_title(panel.title, loc="left", fontweight="bold")
    axes.set_xlabel(panel.axis)
    if len(curves) > 1:
        axes.legend(frameon=False, loc=panel.legend)


def _points(curve: Curve, share: Share, unit: float) -> Iterator[tuple[float, float]]:
    for point in curve.points:
        height = share(point)
        if height is not None:
            yield unit * point.value, 100 * height


def _write(axes: Axes, note: str) -> None:
    axes.axis("off")
    axes.text(0, 1, note, va="top", linespacing=1.4, fontsize=8)
