"""Why ranges and not floats: how much is left to tell of the next number, by what one predicts it from."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.pictures.canvas import PALE, RED, SMALL, label, new_figure, to_png
from benchmarks.pictures.grid import load_grid, points_of
from lizip.errors import FormatError
from lizip.formats import split


def residual_histogram(path: str | Path, name: str | None = None, reach: int = 100) -> bytes:
    """Draw histograms of two residuals of a sweep: of x to the point before, of the range to the beam's last.

    Parameters
    ----------
    path : path
        A sweep that one of the solvers explains.
    name : str, optional
        Shown in place of the file's name.
    reach : int
        Residuals up to this many steps are drawn.

    Returns
    -------
    bytes
        PNG.

    Raises
    ------
    FormatError
        When no solver fits, so that there are no ticks.
    """
    grid = load_grid(path)
    if grid.ticks is None:
        raise FormatError(f"{path}: no solver explains this sweep, so nothing is known of its ticks")
    steps = np.rint(np.diff(points_of(split(Path(path).read_bytes())), axis=0) * 1000).T
    together = sum(entropy(axis) for axis in steps)
    last = residuals(grid.ticks)
    figure, axes = new_figure(1, 1, 9.0, 3.4)
    axis = axes[0, 0]
    edges = np.arange(-reach - 0.5, reach + 1)
    for values, text, colour in (
        (steps[0], f"x minus the last point's x, to the mm\nx, y and z cost {together:.1f} bits together", PALE),
        (last, f"range minus the beam's last range, in ticks\n{entropy(last):.1f} bits, and x, y, z follow", RED),
    ):
        share, _ = np.histogram(values, edges)
        axis.stairs(100 * share / len(values), edges, label=text, color=colour, linewidth=1.6)
    label(axis, name or Path(path).name, "residual (mm or ticks)", "% of the points")
    axis.set_xlim(-reach, reach)
    axis.set_ylim(bottom=0)
    axis.legend(fontsize=SMALL, frameon=False, loc="upper right")
    return to_png(figure)


def residuals(ticks: np.ndarray) -> np.ndarray:
    """Differences (ticks) of ranges (beams, firings) to the range in the firing before, where both are there."""
    here, before = ticks[:, 1:].astype(np.int64), ticks[:, :-1].astype(np.int64)
    return (here - before)[(here > 0) & (before > 0)]


def entropy(values: np.ndarray) -> float:
    """Bits a value under its own histogram, large values by their bit length."""
    values = values.astype(np.int64)
    magnitude = np.abs(values)
    length = np.ceil(np.log2(magnitude + 1.0)).astype(np.int64)
    raw = np.maximum(length - 8, 0)
    symbols = np.where(raw > 0, np.sign(values) * (256 + length), values)
    counts = np.unique(symbols, return_counts=True)[1] / len(values)
    return float(-(counts * np.log2(counts)).sum() + raw.mean())
