"""The one place that talks to matplotlib: figures that are not shown but returned as PNG."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, RED, PALE = "#35618f", "#c1432e", "#9bb4cc"
TITLE, TEXT, SMALL = 11, 10, 9
"""Font sizes in points: figures are 9 inches wide and shown at about that size."""


def new_figure(rows: int, columns: int, width: float, height: float, **options: Any) -> tuple[Figure, Any]:
    """A figure of width x height inches with rows x columns axes ((rows, columns) array of them).

    `options` go to `matplotlib.figure.Figure.subplots`.

    Raises
    ------
    ImportError
        When matplotlib is missing; the message names the command that installs it.
    """
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as missing:
        raise ImportError("pictures need matplotlib: pip install matplotlib") from missing
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False, **options)


def label(axis: Axes, title: str, x: str, y: str) -> None:
    """Write title and axis labels in the common sizes and take the frame's idle sides away."""
    axis.set_title(title, fontsize=TITLE, loc="left")
    axis.set_xlabel(x, fontsize=TEXT)
    axis.set_ylabel(y, fontsize=TEXT)
    axis.tick_params(labelsize=SMALL)
    axis.spines[["top", "right"]].set_visible(False)


def to_png(figure: Figure, dpi: int = 110) -> bytes:
    """The figure as PNG; the same figure gives the same bytes with the same matplotlib."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=dpi, metadata={"Software": None})
    return stream.getvalue()
