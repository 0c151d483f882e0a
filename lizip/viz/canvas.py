"""The one place that talks to matplotlib: figures that are not shown but returned as PNG."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def new_figure(rows: int, columns: int, width: float, height: float) -> tuple[Figure, Any]:
    """A figure of width x height inches with rows x columns axes ((rows, columns) array of them).

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
    return figure, figure.subplots(rows, columns, squeeze=False)


def to_png(figure: Figure, dpi: int = 110) -> bytes:
    """The figure as PNG; the same figure gives the same bytes with the same matplotlib."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=dpi, metadata={"Software": None})
    return stream.getvalue()
