"""A sweep as the sensor saw it: beams over azimuth, coloured by range."""

from __future__ import annotations

from pathlib import Path

from lizip.viz.canvas import new_figure, to_png
from lizip.viz.grid import load_grid


def range_image(path: str | Path, farthest: float = 60.0) -> bytes:
    """Draw the range image of a sweep.

    Parameters
    ----------
    path : path
        Any file lizip takes apart into coordinates.
    farthest : float
        Range (m) at the end of the colour scale.

    Returns
    -------
    bytes
        PNG.
    """
    grid = load_grid(path)
    figure, axes = new_figure(1, 1, 11.0, 2.6)
    axis = axes[0, 0]
    axis.set_facecolor("black")
    image = axis.imshow(grid.ranges, aspect="auto", cmap="turbo_r", vmin=0, vmax=farthest, interpolation="nearest")
    missing = float((grid.ranges != grid.ranges).mean())
    axis.set_title(f"{Path(path).name}: {grid.source}; black: no return ({missing:.0%})", fontsize=9)
    axis.set_xlabel("firing" if grid.ticks is not None else "azimuth", fontsize=8)
    axis.set_ylabel("beam, highest first", fontsize=8)
    axis.tick_params(labelsize=7)
    figure.colorbar(image, ax=axis, pad=0.01, label="range (m)")
    return to_png(figure)
