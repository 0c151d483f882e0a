"""Where the bits go: the streams of compressed files as bars."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lizip.viz.canvas import new_figure, to_png

COLOURS = ("#35618f", "#c1432e", "#d9a441", "#5b8c5a", "#8667a4", "#4ba3a8", "#b0687f", "#6b5b4b")
REST = "#c8c8c8"
SMALL = 0.01
"""Streams below this share of every file are drawn together."""


def bits_by_stream(paths: Sequence[str | Path]) -> bytes:
    """Draw bits a point by stream, one bar a file.

    Parameters
    ----------
    paths : sequence of path
        `.lizip` files.

    Returns
    -------
    bytes
        PNG.
    """
    import lizip

    names = [Path(path).name.removesuffix(".lizip") for path in paths]
    tables = [bits_of(lizip.info(path)) for path in paths]
    streams = sorted(
        {name for table in tables for name in table}, key=lambda name: -sum(t.get(name, 0) for t in tables)
    )
    large = [name for name in streams if any(table.get(name, 0) > SMALL * sum(table.values()) for table in tables)]
    rest = [sum(bits for name, bits in table.items() if name not in large) for table in tables]
    figure, axes = new_figure(1, 1, 8.0, 1.2 + 0.45 * len(paths))
    axis = axes[0, 0]
    start = [0.0] * len(paths)
    bars = [(name, [table.get(name, 0.0) for table in tables]) for name in large]
    colours = [COLOURS[number % len(COLOURS)] for number in range(len(bars))]
    for (name, widths), colour in zip([*bars, ("everything else", rest)], [*colours, REST], strict=True):
        axis.barh(names, widths, left=start, label=name, color=colour)
        start = [left + width for left, width in zip(start, widths, strict=True)]
    for place, total in enumerate(start):
        axis.text(total, place, f" {total:.2f}", va="center", fontsize=8)
    axis.invert_yaxis()
    axis.set_xlabel("bits a point", fontsize=8)
    axis.margins(x=0.1)
    axis.tick_params(labelsize=8)
    axis.legend(fontsize=7, ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return to_png(figure)


def bits_of(info: dict) -> dict[str, float]:
    """Bits a point by stream from what `lizip.info` says, with what belongs to no stream as "container"."""
    points = max(info["points"], 1)
    streams = {name: 8.0 * size / points for name, size in info.get("streams", {}).items()}
    left = 8.0 * info["compressed_bytes"] / points - sum(streams.values())
    return streams | ({"container": left} if left > 0 else {})
