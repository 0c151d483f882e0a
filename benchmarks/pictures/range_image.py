"""A sweep as the sensor saw it: beams over azimuth, coloured by range."""

from __future__ import annotations

from pathlib import Path

from benchmarks.pictures.canvas import TEXT, label, new_figure, to_png
from benchmarks.pictures.grid import load_grid


def range_image(path: str | Path, name: str | None = None, nearest: float = 2.5, farthest: float = 80.0) -> bytes:
    """Draw the range image of a sweep.

    Parameters
    ----------
    path : path
        Any file lizip takes apart into coordinates.
    name : str, optional
        Shown in place of the file's name.
    nearest, farthest : float
        Ranges (m) at the ends of the colour scale, which is logarithmic.

    Returns
    -------
    bytes
        PNG.
    """
    grid = load_grid(path)
    figure, axes = new_figure(1, 1, 9.0, 2.9)
    axis = axes[0, 0]
    axis.set_facecolor("black")
    image = axis.imshow(
        grid.ranges,
        aspect="auto",
        cmap="turbo_r",
        norm="log",
        interpolation="nearest",
        clim=(nearest, farthest),
    )
    missing = float((grid.ranges != grid.ranges).mean())
    title = f"{name or Path(path).name}: one sweep, black where nothing returned ({missing:.0%})"
    label(axis, title, "firing" if grid.ticks is not None else "azimuth", "beam, highest first")
    bar = figure.colorbar(image, ax=axis, pad=0.01, ticks=[5, 10, 20, 40, 80], format="%d")
    bar.minorticks_off()
    bar.set_label("range (m)", fontsize=TEXT)
    return to_png(figure)
